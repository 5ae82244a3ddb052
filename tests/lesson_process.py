"""Check a lesson's solutions: python -m tests.lesson_process NOTEBOOK

Only the cells that an exercise builds on are run, and trainings are cut to two steps; then each solution, then its check.
"""

import ast
import json
import os
import pathlib
import re
import sys
import tempfile

import keras

SOLUTION = re.compile(r"<summary>Solution</summary>\s*```python\n(.*?)```", re.S)


def two_steps(model, *arguments, fit=keras.Model.fit, **options):
    return fit(model, *arguments, **(options | {"epochs": 1, "steps_per_epoch": 2, "verbose": 0}))


def names(source):
    """The names that a piece of code makes, and those that it uses."""
    made, used = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (made if isinstance(node.ctx, ast.Store) else used).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            made |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return made, used


def main(path):
    os.environ |= {
        "SEGKIT_PROFILE": "quick",
        "SEGKIT_CLAIMS": tempfile.mkstemp()[1],
    }  # claims are noted, not judged
    keras.Model.fit = two_steps
    cells = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))["cells"]
    solutions = SOLUTION.findall(
        "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    )
    code = [
        ("".join(cell["source"]), cell["metadata"].get("tags", []))
        for cell in cells
        if cell["cell_type"] == "code"
    ]
    code = [(source, tags) for source, tags in code if "colab" not in tags]
    needed = {name for solution in solutions for name in names(solution)[1]}
    wanted = set()  # the cells that make what an exercise uses, and what they use in turn
    for number, (source, tags) in reversed(list(enumerate(code))):
        made, used = names(source)
        if "exercise-check" in tags or made & needed:
            wanted.add(number)
            needed |= used
    namespace, missing, done = {"__name__": "lesson"}, set(), 0
    for number, (source, tags) in enumerate(code):
        made, used = names(source)
        # a training, a figure or a claim that no exercise builds on
        figures = ("show.show(", "show.grid(", "show.bars(")
        beside = any(word in source for word in (".fit(", "run.claim(", "run.done(", *figures))
        if number not in wanted and (beside or used & missing):
            missing |= made
            continue
        exec(compile(source, f"cell: {source.splitlines()[0]}", "exec"), namespace)
        if "exercise-check" in tags:
            exec(compile(solutions[done], f"solution {done + 1}", "exec"), namespace)
            exec(compile(source, f"check {done + 1}", "exec"), namespace)
            done += 1
    assert done == len(solutions), "a solution without a check"
    print(f"{done} solutions right")


if __name__ == "__main__":
    main(sys.argv[1])
