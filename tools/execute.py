"""Execute lessons from top to bottom, in order, in a fresh kernel each, and store their outputs.

python tools/execute.py                lessons whose code changed since they were last executed
python tools/execute.py --all          every lesson
python tools/execute.py 01 04          these lessons
python tools/execute.py --all --pages build    leave the notebooks alone, write HTML pages with an index
"""

import argparse
import json
import math
import os
import pathlib
import re
import time

import pages
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from notebooks import LESSONS_FILE, fingerprint, lessons, paths, read, write

LONGEST_CELL = 900  # seconds


def execute(notebook, folder):
    """Run all cells; returns seconds, and what the lesson said of itself at its end."""
    started = time.monotonic()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    NotebookClient(
        notebook,
        timeout=LONGEST_CELL,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    seconds = time.monotonic() - started
    result = ""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr" and "Warning" in output.text:
                print(f"    a warning: {output.text.strip().splitlines()[0][:160]}")
            if output.get("name") == "stdout" and (
                found := re.search(r"^\S+ · (.*) · \d+ s$", output.text, re.M)
            ):
                result = found[1]
        # TensorFlow's log lines carry times and addresses, and are no part of a lesson.
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return seconds, result


def remember_minutes(lesson, profile, seconds):
    """The first screen states minutes as measured, rounded up to half a minute."""
    facts = lessons()
    if lesson in facts:
        facts[lesson]["minutes"][profile] = math.ceil(seconds / 30) / 2
        LESSONS_FILE.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--pages", type=pathlib.Path)
    options = parser.parse_args()
    os.environ.setdefault("SEGKIT_PROFILE", "quick")
    profile = os.environ["SEGKIT_PROFILE"]
    rows, failed = [], []
    for path in paths(options.lessons):
        notebook = read(path)
        if not (options.all or options.lessons) and notebook.metadata.get("executed") == fingerprint(
            notebook
        ):
            continue
        print(f"{path.stem} …", flush=True)
        try:
            seconds, result = execute(notebook, path.parent)
        except CellExecutionError as error:
            failed.append(path.stem)
            print(f"{path.stem} stopped:\n{error}", flush=True)
            seconds, result = 0, "stopped with an error"
        else:
            print(f"{path.stem}  {seconds:.0f} s  {result}", flush=True)
        rows.append((path, seconds, result))
        if options.pages:
            pages.write_page(notebook, path, options.pages)
        elif path.stem not in failed:
            notebook.metadata["executed"] = fingerprint(notebook)
            write(notebook, path)
            remember_minutes(path.stem, profile, seconds)
    if options.pages:
        print(f"open {pages.write_index(rows, options.pages)}")
    elif not rows:
        print("nothing changed; --all executes every lesson")
    if failed:
        raise SystemExit(f"{len(failed)} of {len(rows)} lessons stopped: {', '.join(failed)}")


if __name__ == "__main__":
    main()
