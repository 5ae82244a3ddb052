"""Copies of lessons for students: without solutions and without outputs.

python tools/handout.py FOLDER          every lesson
python tools/handout.py FOLDER 02 04    these lessons
"""

import pathlib
import re
import sys

from notebooks import code_cells, paths, read, write

SOLUTION = re.compile(r"<details><summary>Solution</summary>.*?</details>\s*", re.S)


def handout(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = SOLUTION.sub("", cell.source).strip()
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    notebook.cells = [cell for cell in notebook.cells if cell.source]
    return notebook


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
