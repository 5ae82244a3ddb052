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
    plan, needed = [], set()
    for cell in reversed(cells):
        source, tags = "".join(cell["source"]), cell["metadata"].get("tags", [])
        if cell["cell_type"] != "code" or "colab" in tags:
            continue
        if "exercise-check" in tags:
            solution = solutions.pop()
            plan += [source, solution, source]  # read backwards: not done yet, solved, right
            needed |= names(source)[1] | names(solution)[1]
        else:
            made, used = names(source)
            if made & needed or "segkit.start" in source:
                plan.append(source)
                needed |= used
    assert not solutions, "a solution without a check"
    namespace = {"__name__": "lesson"}
    for source in reversed(plan):
        exec(compile(source, source.splitlines()[0], "exec"), namespace)


if __name__ == "__main__":
    main(sys.argv[1])
