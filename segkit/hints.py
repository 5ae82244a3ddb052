"""When a cell is run out of order: say which cell makes the missing name."""

import ast
import json
import pathlib


def install(lesson):
    """Add a hint to every NameError of this notebook. Does nothing outside a notebook."""
    from .show import notebook

    shell = notebook()
    if shell is None:
        return

    def explain(shell, kind, error, trace, tb_offset=None):
        if sentence := hint(error.name, _cells(lesson)):
            error.add_note(sentence)
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    shell.set_custom_exc((NameError,), explain)


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
    """The names that a cell assigns, defines or imports."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a magic command
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return names


def _cells(lesson):
    """The lesson's cells, from the notebook beside the kernel or from the checkout that segkit runs from."""
    checkout = pathlib.Path(__file__).resolve().parents[1] / "notebooks"
    for folder in (pathlib.Path.cwd(), checkout, checkout / "labs"):
        path = folder / f"{lesson}.ipynb"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))["cells"]
    return []
