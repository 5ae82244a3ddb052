"""What every lesson must have and must not have; prints each fault with its cell, and fails if there is one."""

import re

from notebooks import ROOT, code_cells, fingerprint, number_of, paths, read

SECTIONS = (
    "Set up",
    "The problem",
    "By hand",
    "The layer",
    "The model",
    "Train",
    "Does it help?",
    "Break it",
    "Takeaways",
    "Exercises",
    "References",
)
OPENING_LESSON = "00_start_here"  # shows how lessons work, and has its own order
OPENING_SECTIONS = ("Set up", "By hand", "Train", "Takeaways", "Exercises", "References")
TAGS = {
    "nbval-ignore-output",
    "raises-exception",
    "nbval-raises-exception",
    "exercise-check",
    "colab",
    "hide-input",
}
LARGEST = 700_000  # bytes
LONGEST_CELL = 25  # lines, where the cell is not a source cell
FEWEST_WORDS = 1_000
MOST = {"code cells": 30, "lines of code": 350, "words": 2_000}
AVOIDED = re.compile(r"\b(just|simply|obviously)\b", re.I)
OUTSIDE = re.compile(r"(?<![\w.:/])/(?:home|root|work|tmp|usr|Users|content|mnt)/|[A-Z]:\\\\|\.\./shared")


def faults(path):
    """Every fault of one notebook, a line each."""
    notebook = read(path)
    cells = notebook.cells
    code = code_cells(notebook)
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield f"is not executed top to bottom in one go (counts are not 1…{len(code)})"
    if notebook.metadata.get("executed") != fingerprint(notebook):
        yield "has outputs of other code: run tools/execute.py"
    if path.stat().st_size > LARGEST:
        yield f"has {path.stat().st_size / 1000:.0f} kB, more than {LARGEST / 1000:.0f}"
    yield from prose_faults(path, prose_of(notebook))
    if not is_lab(path):
        yield from lesson_faults(path, notebook)
    for number, cell in enumerate(cells):
        where = f"cell {number}"
        if strange := set(cell.metadata.get("tags", [])) - TAGS:
            yield f"{where}: unknown tag {', '.join(sorted(strange))}"
        if OUTSIDE.search(cell.source):
            yield f"{where}: an absolute path"
        if cell.cell_type == "code":
            following = cells[number + 1].cell_type if number + 1 < len(cells) else ""
            yield from code_faults(where, cell, following)


def is_lab(path):
    """Labs vary a lesson, and have an order of their own."""
    return path.parent.name == "labs"


def prose_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def prose_faults(path, prose):
    """What a lab's text must have and must not have, too."""
    first = prose.splitlines()[0] if prose else ""
    if is_lab(path):
        if not re.match(r"# \S", first):
            yield f"the title is {first!r}; write '# Topic: …'"
    elif not re.match(rf"# {(number := number_of(path.stem).removeprefix('0'))} · \S", first):
        yield f"the title is {first!r}; write '# {number} · Topic: …'"
    if avoided := AVOIDED.findall(prose):
        yield f"says {', '.join(sorted(set(map(str.lower, avoided))))}, which help no reader"
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
        if not re.match(r"https?://|mailto:", target) and not (path.parent / target).exists():
            yield f"links to {target}, which does not exist"


def lesson_faults(path, notebook):
    """Sections, first screen, length and exercises."""
    prose = prose_of(notebook)
    headings = [line[3:].strip() for line in prose.splitlines() if line.startswith("## ")]
    wanted = OPENING_SECTIONS if path.stem == OPENING_LESSON else SECTIONS
    found = [
        next((i for i, heading in enumerate(headings) if heading.lower().startswith(name.lower())), None)
        for name in wanted
    ]
    for name, position in zip(wanted, found, strict=True):
        if position is None:
            yield f"has no section '## {name}'"
    positions = [position for position in found if position is not None]
    if positions != sorted(positions):
        yield f"has its sections in another order: {', '.join(headings)}"
    if "<!-- minutes -->" not in prose or "not measured" in prose:
        yield "does not state measured minutes on its first screen"
    if "able to" not in prose[:1500]:
        yield "does not say on its first screen what the reader will be able to do"
    if (words := sizes(notebook)["words"]) < FEWEST_WORDS:
        yield f"has {words} words, fewer than {FEWEST_WORDS}"
    for what, number in sizes(notebook).items():
        if number > MOST[what]:
            yield f"is long: {number:,} {what} (at most {MOST[what]:,})"
    solutions = prose.count("<summary>Solution")
    checks = len([cell for cell in notebook.cells if "exercise-check" in cell.metadata.get("tags", [])])
    if not 2 <= checks <= 5 or solutions != checks:
        yield f"has {checks} exercise checks and {solutions} solutions; give 2–5 exercises, each with both"


def sizes(notebook):
    """How much there is to read."""
    code = code_cells(notebook)
    written = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "markdown" and not {"ablation", "scoreboard"} & set(cell.metadata)
    ]
    prose = "\n".join(cell.source for cell in written)
    prose = re.sub(r"```.*?```|\$\$.*?\$\$|<[^>]+>", "", prose, flags=re.S)
    return {
        "code cells": len(code),
        "lines of code": sum(len(cell.source.splitlines()) for cell in code),
        "words": len(re.findall(r"\w+", prose)),
    }


def code_faults(where, cell, following):
    lines = len(cell.source.splitlines())
    if "segkit" not in cell.metadata and lines > LONGEST_CELL:
        yield f"{where}: {lines} lines; split it, or show the source of a piece of segkit"
    for output in cell.get("outputs", []):
        expected = {"raises-exception", "nbval-raises-exception"} & set(cell.metadata.get("tags", []))
        if output.output_type == "error" and not expected:
            yield f"{where}: a stored output is an error"
        if OUTSIDE.search(str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))):
            yield f"{where}: its output has an absolute path"
        data = output.get("data", {})
        if "image/png" in data or "image/jpeg" in data:
            alt = output.metadata.get("alt", "")
            if len(alt) < 20:
                yield f"{where}: a figure without a description; use segkit.show.show(figure, alt=…)"
            if following != "markdown":
                yield f"{where}: a figure that no sentence follows"


def main():
    found = [f"{path.relative_to(ROOT)}: {fault}" for path in paths() for fault in faults(path)]
    print("\n".join(found) or f"{len(paths())} lessons checked")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
