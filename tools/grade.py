"""Which exercises of handed-in lessons are right, wrong or not done: runs each notebook once, two at a time.

python tools/grade.py FOLDER/*.ipynb

What checks an answer is taken from this copy of the course, whatever became of it in the one that was handed in. Reasons that
students wrote into the cells of tools/handout.py are shown below each answer, to be read by a person.
"""

import pathlib
import re
import sys

import kernels

from notebooks import ROOT, read

STARTED = re.compile(r"""segkit\.start\(["'](\w+)["']""")
ASKED = re.compile(r"""globals\(\)\.get\(["'](\w+)["']\)""")
VERDICT = re.compile(r"^(exercise \d+): (right|not done yet)", re.M)


def verdicts(notebook):
    """Pairs, in the notebook's order: an exercise, and right, not done yet, or wrong with its hint; a reason, and its words."""
    found, number = [], 0
    for cell in notebook.cells:
        if "reason" in cell.metadata:
            _, _, words = cell.source.partition("\n")
            found.append((cell.metadata["reason"], " ".join(words.split())))
        elif "exercise-check" in cell.metadata.get("tags", []):
            number += 1
            said = VERDICT.findall("".join(output.get("text", "") for output in cell.outputs))
            errors = [output.evalue for output in cell.outputs if output.output_type == "error"]
            verdict = f"wrong: {errors[0]}" if errors else said[-1][1] if said else "not reached"
            found.append((f"exercise {number}", verdict))
    return found


def with_our_checks(notebook):
    """Of each exercise's cell the student's lines stay, down to the one that asks for the answer; then comes our cell, whole."""
    started = STARTED.search("\n".join(cell.source for cell in notebook.cells))
    lesson = started and ROOT / "notebooks" / f"{started[1]}.ipynb"
    if lesson and lesson.is_file():
        ours = {asked[1]: cell.source for cell in read(lesson).cells if (asked := asks(cell))}
        for cell in notebook.cells:
            if (asked := asks(cell)) and asked[1] in ours:
                answer = cell.source[: cell.source.rfind("\n", 0, asked.start()) + 1]
                cell.source = answer + ours[asked[1]]
                cell.metadata.tags = ["exercise-check"]
    return notebook


def asks(cell):
    return ASKED.search(cell.source) if cell.cell_type == "code" else None


def main():
    paths = [pathlib.Path(name) for name in sys.argv[1:]]
    if not paths or (lost := [str(path) for path in paths if not path.is_file()]):
        raise SystemExit(__doc__.strip() if not paths else f"There is no {', '.join(lost)}.")
    work = []
    for path in paths:
        notebook = with_our_checks(read(path))
        for cell in notebook.cells:
            if cell.cell_type == "code":  # what a student stored proves nothing
                cell.outputs, cell.execution_count = [], None
                if "exercise-check" in cell.metadata.get("tags", []):
                    cell.metadata.tags = [*cell.metadata.tags, "raises-exception"]  # the others are run, too
        work.append((path.resolve(), notebook, {}))
    for outcome in kernels.run(work, jobs=min(2, len(work))):
        print(f"\n{outcome.path.name}")
        for exercise, verdict in verdicts(outcome.notebook):
            print(f"  {exercise}: {verdict}")
        if outcome.error:
            print(f"  stopped: {outcome.error}")


if __name__ == "__main__":
    main()
