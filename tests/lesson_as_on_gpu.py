"""Run a lesson's cells in half precision: python -m tests.lesson_as_on_gpu NOTEBOOK

The policy is mixed_bfloat16 in every cell, also where the lesson leaves float32: stricter than a GPU, where trainings alone ask
for it. Trainings are cut to one step of two pictures and predictions to two pictures, figures are not drawn, claims are noted and not
judged. What is left are the asserts about numbers, and they must hold.
"""

import contextlib
import functools
import json
import os
import pathlib
import sys
import tempfile
import traceback

os.environ |= {"SEGKIT_PROFILE": "quick", "SEGKIT_CLAIMS": tempfile.mkstemp()[1]}

import keras  # noqa: E402
import matplotlib.figure  # noqa: E402
import numpy as np  # noqa: E402
import PIL.Image  # noqa: E402
import tensorflow as tf  # noqa: E402

from segkit import run  # noqa: E402

PRECISION = "mixed_bfloat16"


@contextlib.contextmanager
def eagerly(model):
    """Without tracing, which takes longer than the one step that is asked for."""
    model.run_eagerly = True
    yield
    model.run_eagerly = False
    model.train_function = model.predict_function = None


def one_step(model, *arguments, fit, **options):
    """Train one step the first time, and nothing when a loop asks again."""
    if not hasattr(model, "one_step"):
        arguments = [first_two(one) if isinstance(one, tf.data.Dataset) else one for one in arguments]
        cut = {"epochs": 1, "steps_per_epoch": 1, "validation_data": None}
        with eagerly(model):
            model.one_step = fit(model, *arguments, **(options | cut))
        if options.get("validation_data") is not None:  # for a lesson that reads its numbers
            history = model.one_step.history
            history |= {f"val_{name}": values for name, values in history.items()}
    return model.one_step


def first_two(batches):
    """One batch of two pictures: half precision is slow on a processor, and its mistakes do not need more."""
    return batches.take(1).map(lambda *parts: keras.tree.map_structure(lambda part: part[:2], parts)).repeat()


def few(model, pictures, predict, **options):
    """The answers for the first pictures, repeated as often as there are pictures."""
    several = isinstance(pictures, list)
    count = len(pictures[0] if several else pictures)
    with eagerly(model):
        answers = predict(model, [part[:2] for part in pictures] if several else pictures[:2], **options)
    repeat = functools.partial(np.take, indices=np.arange(count) % min(count, 2), axis=0)
    return keras.tree.map_structure(repeat, answers)


def main(path):
    keras.Model.fit = functools.partialmethod(one_step, fit=keras.Model.fit)
    keras.Model.predict = functools.partialmethod(few, predict=keras.Model.predict)
    blank = PIL.Image.new("RGB", (1, 1))
    matplotlib.figure.Figure.savefig = lambda figure, file, **options: blank.save(file, "png")
    run._precision = lambda gpus: PRECISION
    cells = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["cells"]
    namespace, failed = {"__name__": "__main__"}, 0
    for number, cell in enumerate(cells):
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] != "code" or "colab" in tags:
            continue
        source = "".join(cell["source"])
        try:
            exec(compile(source, f"cell {number}", "exec"), namespace)
        except Exception:
            if not {"raises-exception", "nbval-raises-exception"} & set(tags):
                failed += 1
                print(f"cell {number}: {traceback.format_exc(limit=-3)}", file=sys.stderr)
        if "segkit.start(" in source:
            keras.config.set_dtype_policy(PRECISION)
    raise SystemExit(failed)


if __name__ == "__main__":
    main(sys.argv[1])
