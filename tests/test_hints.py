"""Which cell makes a missing name, and one line for an interruption: as functions, and in a real kernel."""

import os
import subprocess
import sys

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from segkit import hints

from .conftest import ROOT


def code(source):
    return {"cell_type": "code", "source": source}


CELLS = [
    {"cell_type": "markdown", "source": "# 1 · A\n## Set up"},
    code("def average(values):\n    total = sum(values)\n    return [part / total for part in values]"),
    {"cell_type": "markdown", "source": "## By hand"},
    code("%matplotlib inline"),
    code("# the sum\ntotal, (mean, _) = 3, (1, 2)\nimport numpy as np\nfrom math import pi as circle"),
    code("with open('a') as file:\n    line = 1\nfor number in range(3):\n    pass"),
]


@pytest.mark.parametrize(
    "name, section, first",
    [
        ("average", "Set up", "def average(values):"),
        ("total", "By hand", "total, (mean, _) = 3, (1, 2)"),  # not the function that keeps a total to itself
        ("mean", "By hand", "total, (mean"),
        ("np", "By hand", "total, (mean"),
        ("circle", "By hand", "total, (mean"),
        ("file", "By hand", "with open"),
        ("number", "By hand", "with open"),
    ],
)
def test_the_hint_names_the_section_and_the_cell(name, section, first):
    sentence = hints.hint(name, CELLS)
    assert sentence.startswith(f"{name!r} is made under “{section}”, in the cell that begins with “{first}")


@pytest.mark.parametrize("name", ["values", "part", "elsewhere", "pi"])
def test_no_hint_for_what_no_cell_makes(name):
    assert hints.hint(name, CELLS) is None


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment with the settings that `make lab` copies into .venv."""
    place = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    settings = place / "etc" / "ipython" / "ipython_config.py"
    settings.parent.mkdir(parents=True)
    settings.write_text((ROOT / "tools" / "ipython_config.py").read_text())
    return place


def run(source, environment, folder, monkeypatch):
    """One cell in a fresh kernel of that environment, as JupyterLab starts it for folder/a.ipynb; its outputs."""
    installed = [path for path in sys.path if path.endswith("site-packages")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *installed]))
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "a.ipynb"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    kernel = AsyncKernelManager()
    start = [str(environment / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel._kernel_spec = KernelSpec(argv=start, display_name="Python 3", language="python")
    place = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, km=kernel, allow_errors=True, resources=place).execute()
    return notebook.cells[0].outputs


def test_before_start_a_missing_name_is_explained_too(environment, tmp_path, monkeypatch):
    lesson = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("pets = 1")])
    nbformat.write(lesson, tmp_path / "a.ipynb")
    (output,) = run("pets", environment, tmp_path, monkeypatch)
    assert "'pets' is made under the top, in the cell that begins with “pets = 1”" in "".join(
        output.traceback
    )


def test_the_extension_brings_in_nothing_heavy(environment, tmp_path, monkeypatch):
    source = "import sys; [name for name in ('keras', 'numpy', 'matplotlib') if name in sys.modules]"
    (output,) = run(source, environment, tmp_path, monkeypatch)
    assert output.data["text/plain"] == "[]"


def test_an_interrupted_training_says_one_line(environment, tmp_path, monkeypatch):
    stop = "threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()"
    source = f"import os, signal, threading, time\n{stop}\ntime.sleep(30)"
    (output,) = run(source, environment, tmp_path, monkeypatch)
    assert (output.output_type, output.ename) == ("error", "KeyboardInterrupt")
    assert output.traceback == [hints.STOPPED]
