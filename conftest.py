"""Lessons as tests: every cell is run once, and compared with what is stored; solutions are run where they belong.

`pytest notebooks` needs no option: each notebook is a file of tests, and each of its code cells a test.
"""

import functools
import os
import pathlib
import re
import sys

import nbformat
import pytest
from jupyter_client import KernelManager
from nbval.plugin import IPyNbCell, IPyNbFile

sys.path.append(str(pathlib.Path(__file__).parent / "tools"))

import kernels  # noqa: E402

# Two processes share two cores: one thread each costs a quarter less CPU time than two that wait for one another.
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
os.environ |= {"SEGKIT_STORED": "1", "SEGKIT_SHARPNESS": "1"}  # nobody moves a slider here, nobody looks
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SOLUTION = re.compile(r"<summary>Solution</summary>\s*```python\n(.*?)```", re.S)

# A solution sees the lesson's names and leaves none behind. Its check must then pass, and must have found something to check.
TRIED = """
import contextlib as _contextlib, io as _io
_names = dict(globals())
exec({solution!r}, _names)
with _contextlib.redirect_stdout(_io.StringIO()) as _said:
    exec({check!r}, _names)
assert "not done yet" not in _said.getvalue(), "the solution does not make what its check looks for"
"""


class Lesson(IPyNbFile):
    """A notebook as a file of tests; after each exercise's check, its solution and the check again."""

    def setup(self):
        with pytest.MonkeyPatch.context() as environment:
            # Tests draw without a screen, a notebook draws inline.
            environment.delenv("MPLBACKEND", raising=False)
            manager = functools.partial(KernelManager, **kernels.connection())
            environment.setattr("nbval.kernel.KernelManager", manager)
            super().setup()

    def collect(self):
        cells = nbformat.read(self.path, as_version=4).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        solutions = SOLUTION.findall(prose)
        checks = sum("exercise-check" in cell.metadata.get("tags", []) for cell in cells)
        if len(solutions) != checks:
            raise self.CollectError(f"{self.path.name} has {checks} checks and {len(solutions)} solutions")
        self.skip_compare += ("stderr",)  # what TensorFlow logs is not part of a lesson
        for item in super().collect():
            yield item
            if "exercise-check" in item.cell.metadata.get("tags", []):
                solution = solutions[-checks]
                checks -= 1
                cell = nbformat.v4.new_code_cell(TRIED.format(solution=solution, check=item.cell.source))
                yield IPyNbCell.from_parent(
                    self,
                    name=f"Solution {len(solutions) - checks}",
                    cell_num=item.cell_num,
                    cell=cell,
                    options={"check": False, "check_exception": False, "skip": False},
                )


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".ipynb":
        return Lesson.from_parent(parent, path=file_path)
    return None


def pytest_configure(config):
    config.option.nbval_current_env = True  # the kernel of the Python that runs the tests
    os.environ.setdefault("SEGKIT_PROFILE", "quick")


def pytest_collection_modifyitems(items):
    """The longest files first, so that no process waits for another at the end."""
    seconds = {}
    for item in items:
        if isinstance(item, IPyNbCell):
            seconds[item.path] = 1000 + item.parent.nb.metadata.get("minutes", {}).get("quick", [1])[0]
        else:  # a test that starts a process for each lesson against one that computes a few numbers
            seconds[item.path] = seconds.get(item.path, 0) + (20 if "gpus_precision" in item.name else 1)
    items.sort(key=lambda item: -seconds[item.path])
