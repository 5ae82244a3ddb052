"""Notebooks as tests (conftest.py): what is stored is compared, and every solution is tried."""

import re
import subprocess
import sys

import nbformat
import pytest

from .conftest import ROOT

CHECK = """
answer = globals().get("side")
if answer is None:
    print("not done yet")
else:
    assert answer == 3, "count again"
    print("right")
"""


def code(source, said="", tags=()):
    outputs = [nbformat.v4.new_output("stream", name="stdout", text=said)] if said else []
    cell = nbformat.v4.new_code_cell(source, execution_count=1, outputs=outputs)
    cell.metadata["tags"] = list(tags)
    return cell


def solution(source):
    return nbformat.v4.new_markdown_cell(
        f"<details><summary>Solution</summary>\n\n```python\n{source}\n```\n</details>"
    )


exercise = code(CHECK, "not done yet\n", ["exercise-check"])
NOTEBOOKS = {
    "right": [
        *(exercise, solution("side = 3")),
        code("print('side' in globals())", "False\n"),  # later cells do not see what a solution makes
        *(code("side = None"), solution("side = 3"), exercise),
        code("import os\nprint(os.environ['MPLBACKEND'])", "module://matplotlib_inline.backend_inline\n"),
    ],
    "wrong": [
        *(exercise, solution("side = 4")),
        *(exercise, solution("width = 3")),
        *(exercise, solution("side = 3 / 0")),
        code("print(1)", "2\n"),
    ],
    "missing": [exercise],
    "unchecked": [solution("side = 3")],
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """All of them in one run of pytest, as `make test` does it."""
    folder = tmp_path_factory.mktemp("lessons")
    for name, cells in NOTEBOOKS.items():
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
    pytest_command = [sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-rA"]
    options = ["--color=no", "--continue-on-collection-errors", f"--rootdir={folder}"]
    return subprocess.run(
        [*pytest_command, *options, folder], cwd=ROOT, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize(
    "result, test",
    [
        *(
            ("PASSED", f"right.ipynb::{name}")
            for name in ("Cell 0", "Solution 1", "Cell 1", "Solution 2", "Cell 4")
        ),
        *(
            ("FAILED", f"wrong.ipynb::{name}")
            for name in ("Solution 1", "Solution 2", "Solution 3", "Cell 3")
        ),
        *(("ERROR", f"{name}.ipynb") for name in ("missing", "unchecked")),
    ],
)
def test_the_report_says(report, result, test):
    assert re.search(rf"^{result} \S*{test}", report, re.M), report


def test_a_failure_shows_what_the_check_said(report):
    assert "count again" in report and "does not make what its check looks for" in report
    assert "missing.ipynb has 1 checks and 0 solutions" in report
