"""Which exercises of handed-in lessons are right, wrong or not done: runs each notebook once, two at a time.

python tools/grade.py FOLDER/*.ipynb
"""

import pathlib
import re
import sys

import kernels

from notebooks import read

VERDICT = re.compile(r"^(exercise \d+): (right|not done yet)", re.M)


def verdicts(notebook):
    """{exercise: right, not done yet, or wrong and its hint}, from the outputs of the check cells."""
    found = {}
    checks = [cell for cell in notebook.cells if "exercise-check" in cell.metadata.get("tags", [])]
    for number, cell in enumerate(checks, 1):
        said = VERDICT.search("".join(output.get("text", "") for output in cell.outputs))
        errors = [output.evalue for output in cell.outputs if output.output_type == "error"]
        verdict = said[2] if said else f"wrong: {errors[0]}" if errors else "not reached"
        found[f"exercise {number}"] = verdict
    return found


def main():
    paths = [pathlib.Path(name) for name in sys.argv[1:]]
    if not paths or (lost := [str(path) for path in paths if not path.is_file()]):
        raise SystemExit(__doc__.strip() if not paths else f"There is no {', '.join(lost)}.")
    work = []
    for path in paths:
        notebook = read(path)
        for cell in notebook.cells:
            if cell.cell_type == "code":  # what a student stored proves nothing
                cell.outputs, cell.execution_count = [], None
                if "exercise-check" in cell.metadata.get("tags", []):
                    cell.metadata.tags = [*cell.metadata.tags, "raises-exception"]  # the others are run, too
        work.append((path.resolve(), notebook, {}))
    for outcome in kernels.run(work, jobs=min(2, len(work))):
        print(f"\n{outcome.path.name}")
        for exercise, verdict in verdicts(outcome.notebook).items():
            print(f"  {exercise}: {verdict}")
        if outcome.error:
            print(f"  stopped: {outcome.error}")


if __name__ == "__main__":
    main()
