"""Every layer and model of segkit is saved here and loaded in one fresh process, which must give the same answers."""

import importlib
import pathlib
import subprocess
import sys

import keras
import numpy as np
from keras import ops

import segkit.layers
from segkit.graphs import opened
from segkit.holes import DilatedPooling2D
from segkit.losses import CrossEntropyDice
from segkit.metrics import BorderIoU, BoundaryIoU

EXAMPLES = sorted(path.stem for path in (pathlib.Path(__file__).parent / "examples").glob("[a-z]*.py"))

LOAD = """
import sys, pathlib, numpy as np
{imports}
for path in sorted(pathlib.Path(sys.argv[1]).glob("{files}.keras")):
    arrays = np.load(path.with_suffix(".npz"))
    model = keras.models.load_model(path)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(arrays["given"])), arrays["answer"], atol=1e-4, err_msg=path.stem
    )
    print("same", path.stem, *(type(part).__name__ for part in [model.loss, *model.metrics] if part))
"""


def load(folder, **words):
    """What a fresh process that knows nothing but `import segkit` says of the models in a folder."""
    code = LOAD.format(**words)
    ran = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout


def save(model, given, path):
    model.save(path.with_suffix(".keras"))
    answer = ops.convert_to_numpy(model(given))
    np.savez(path.with_suffix(".npz"), given=given, answer=answer)


def test_everything_loads_in_a_fresh_process(tmp_path):
    names, kinds = [], set()
    for module in EXAMPLES:
        models = importlib.import_module(f"tests.examples.{module}").example_models()
        for name, (model, given) in models.items():
            names.append(f"{module}-{name}")
            kinds |= {type(layer) for layer in opened(model).layers}
            save(model, given, tmp_path / names[-1])
    assert load(tmp_path, imports="import segkit, keras", files="*").count("same") == len(names)
    public = {kind for kind in vars(segkit.layers).values() if isinstance(kind, type)} | {DilatedPooling2D}
    assert public - {segkit.layers.Bilinear} <= kinds, f"no example in tests/examples saves {public - kinds}"


def test_a_compiled_model_comes_back_with_its_loss_and_metrics(tmp_path):
    """Keras was imported first here, and saves what segkit registered then."""
    model = keras.Sequential(
        [keras.Input((None, None, 3)), segkit.layers.BedOfNails(), keras.layers.Conv2D(3, 1)]
    )
    model.compile("adam", CrossEntropyDice(0.5), metrics=[BorderIoU(), BoundaryIoU(3)])
    pictures = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype("float32")
    model.train_on_batch(pictures, np.zeros((2, 10, 14), "uint8"))
    save(model, pictures, tmp_path / "compiled")
    assert "same compiled CrossEntropyDice" in load(
        tmp_path, imports="import keras, segkit", files="compiled"
    )


def test_segkit_does_not_import_keras_by_itself():
    code = "import segkit, sys; assert not {'keras', 'tensorflow', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
