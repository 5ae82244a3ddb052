"""Copies of lessons for students: without solutions and without outputs, and with room for reasons.

python tools/handout.py FOLDER          every lesson
python tools/handout.py FOLDER 02 04    these lessons
"""

import base64
import pathlib
import re
import sys
import zlib

import nbformat

from notebooks import code_cells, paths, read, write

SOLUTION = re.compile(r"<details><summary>Solution</summary>.*?</details>\s*", re.S)


REASONS = {
    "why": "**Why?** (A sentence or two, with a number or a figure of this lesson.)",
    "one wrong mask": "**One wrong mask** of this lesson: what is wrong with it, and where does that come from?",
}


def without_solutions(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = SOLUTION.sub("", cell.source).strip()
    notebook.cells = [cell for cell in notebook.cells if cell.source]
    return notebook


def handout(notebook):
    cells = []
    for cell in without_solutions(notebook).cells:
        cells.append(cell)
        if "exercise-check" in cell.metadata.get("tags", []):
            cell.source = packed(cell.source)
            cells.append(reason("why"))
    last = max((place for place, cell in enumerate(cells) if "reason" in cell.metadata), default=None)
    if last is not None:
        cells.insert(last + 1, reason("one wrong mask"))
    notebook.cells = cells
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    return notebook


def packed(check):
    """A check often computes what it looks for: below the line that asks, it is there to be run, and not to be read."""
    ask = check[: check.index("\n", check.index("globals().get("))]
    code = base64.b64encode(zlib.compress(check[len(ask) :].encode())).decode()
    return f'{ask}\nimport base64, zlib\n\nexec(zlib.decompress(base64.b64decode("{code}")))  # the check, packed: it computes the answer'


def reason(name):
    """A cell to write in, below its question; tools/grade.py shows what was written."""
    return nbformat.v4.new_markdown_cell(f"{REASONS[name]}\n\n…", metadata={"reason": name})


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__.strip())
    folder = pathlib.Path(sys.argv[1])
    chosen = paths(sys.argv[2:])
    if folder.resolve() in {path.parent for path in chosen}:
        raise SystemExit(f"{folder} holds the lessons themselves: name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for path in chosen:
        write(handout(read(path)), folder / path.name)
    print(f"{len(chosen)} lessons without solutions in {folder}")


if __name__ == "__main__":
    main()
