"""What the tools know about a lesson's file."""

import hashlib
import json
import pathlib

import nbformat

ROOT = pathlib.Path(__file__).resolve().parents[1]
LESSONS_FILE = ROOT / "segkit" / "lessons.json"


def lessons():
    """The facts about every lesson, those to come included, in reading order."""
    return json.loads(LESSONS_FILE.read_text(encoding="utf-8"))


def paths(names=()):
    """The notebooks of these lessons, or of all that exist; a lesson may be named by its number."""
    everything = sorted((ROOT / "notebooks").glob("[0-9][0-9]*_*.ipynb")) + sorted(
        (ROOT / "notebooks" / "labs").glob("*.ipynb")
    )
    chosen = [path for path in everything if not names or any(is_called(path.stem, name) for name in names)]
    if not chosen:
        raise SystemExit(
            f"No lesson is called {', '.join(names)}; there are {', '.join(path.stem for path in everything)}."
        )
    return chosen


def is_called(stem, name):
    """07 is 07_deeplab and not 07b_dense_crf; otherwise the beginning of a name is enough."""
    return stem.startswith(f"{name}_" if name.isdecimal() and len(name) == 2 else name)


def number_of(stem):
    """07b_dense_crf → 07b"""
    return stem.split("_")[0]


def read(path):
    return nbformat.read(path, as_version=4)


def write(notebook, path):
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook, indent=1) + "\n", encoding="utf-8")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def fingerprint(notebook):
    """Changes when the code changes, so that stored outputs can be told to belong to it.

    Checks of exercises are left out: without an answer they say one line, which every run of the tests compares.
    """
    lesson = [
        cell.source for cell in code_cells(notebook) if "exercise-check" not in cell.metadata.get("tags", [])
    ]
    return hashlib.sha256("\0".join(lesson).encode()).hexdigest()[:16]
