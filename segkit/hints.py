"""In a notebook: which cell makes a missing name, and one line where the student stops a training.

`segkit.start` turns this on for its kernel; `make lab` does so for every kernel of .venv, as an IPython extension.
"""

import ast
import json
import os
import pathlib

OWN_NAMES = (  # what keeps to itself the names that it makes
    ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
)  # fmt: skip
STOPPED = "Stopped. What was learned so far stays in the model; run the cell again to go on or start afresh."


def install(lesson=None):
    """Explain a NameError and an interruption of this notebook. Does nothing outside IPython."""
    shell = _shell()
    if shell is not None:
        shell.segkit_lesson = lesson
        shell.set_custom_exc((NameError, KeyboardInterrupt), _explain)


def load_ipython_extension(shell):
    """The extension "segkit.hints": before `start`, the lesson is the file that JupyterLab says is open."""
    session = os.environ.get("JPY_SESSION_NAME", "")
    shell.segkit_lesson = pathlib.Path(session).stem or None
    shell.set_custom_exc((NameError, KeyboardInterrupt), _explain)


def _shell():
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _explain(shell, kind, error, trace, tb_offset=None):
    if kind is KeyboardInterrupt:
        # Still an error, so that cells that wait are not run, but one line long.
        shell._showtraceback(kind, error, [STOPPED])
        return
    lesson = shell.segkit_lesson
    if lesson and (sentence := hint(error.name, _cells(lesson))):
        error.add_note(sentence)
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def hint(name, cells):
    """The sentence for a name, given the notebook's cells, or None if no cell makes it."""
    section = "the top"
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            headings = [line.lstrip("# ") for line in source.splitlines() if line.startswith("#")]
            section = f"“{headings[-1]}”" if headings else section
        elif name in _made_by(source):
            first = next(line for line in source.splitlines() if line.strip() and not line.startswith("#"))
            return f"{name!r} is made under {section}, in the cell that begins with “{first}”: run that cell first."
    return None


def _made_by(source):
    """The names that a cell assigns, defines or imports. What a function makes inside itself stays there."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a magic command
        return set()
    names, waiting = set(), [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, OWN_NAMES):
            waiting += ast.iter_child_nodes(node)
    return names


def find(lesson):
    """The lesson's notebook: beside the kernel, or in the checkout that segkit runs from; None if it is in neither."""
    checkout = pathlib.Path(__file__).resolve().parents[1] / "notebooks"
    for folder in (pathlib.Path.cwd(), checkout, checkout / "labs"):
        path = folder / f"{lesson}.ipynb"
        if path.is_file():
            return path
    return None


def _cells(lesson):
    notebook = find(lesson)
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"] if notebook else []
