"""Execute lessons from top to bottom in a fresh kernel each, two at a time, and store their outputs.

python tools/execute.py                lessons whose code changed since they were last executed
python tools/execute.py --all          every lesson
python tools/execute.py 01 04          these lessons
python tools/execute.py --site build   leave the notebooks alone, make the course's site from what came out
python tools/execute.py --jobs 1       one after the other

Each lesson is kept as it ends: a run that is cut short goes on where it stopped, and a site is made again from the lessons
that have not changed, nor segkit beside them. The minutes that a lesson takes are kept, alone and beside another one: the range that its first screen states.
"""

import argparse
import hashlib
import math
import os
import pathlib

import kernels
from sync import stored_result

import website
from notebooks import ROOT, code_cells, fingerprint, paths, read, write


def store(outcome, profile, alone):
    """Keep the outputs and the minutes that the lesson took, rounded up to half a minute."""
    notebook = outcome.notebook
    taken = math.ceil(outcome.seconds / 30) / 2
    minutes = notebook.metadata.get("minutes", {})
    least, most = minutes.get(profile, [taken, taken])
    minutes[profile] = [taken, max(taken, most)] if alone else [min(taken, least), taken]
    notebook.metadata["executed"], notebook.metadata["minutes"] = fingerprint(notebook), minutes
    write(notebook, outcome.path)


def keep_for_site(outcome, profile, folder):
    folder.mkdir(parents=True, exist_ok=True)
    outcome.notebook.metadata["executed"] = all_code(outcome.notebook, profile)
    write(outcome.notebook, folder / outcome.path.name)


def kept_for_site(path, notebook, profile, folder):
    """How the lesson went earlier, where neither its code nor segkit has changed since; None otherwise."""
    file = folder / path.name
    before = read(file) if file.is_file() else None
    if before is None or before.metadata["executed"] != all_code(notebook, profile):
        return None
    for cell, same in zip(code_cells(notebook), code_cells(before), strict=True):
        cell.outputs, cell.execution_count = same.outputs, same.execution_count
    return kernels.Outcome(path, notebook, result=stored_result(notebook))


def all_code(notebook, profile):
    """Changes when the lesson's code changes, or segkit, or the weights that it ships."""
    files = sorted(file for file in (ROOT / "segkit").rglob("*") if file.suffix in (".py", ".json", ".npz"))
    beside = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    return f"{profile} {fingerprint(notebook)} {beside}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--site", type=pathlib.Path)
    options = parser.parse_args()
    profile = os.environ.setdefault("SEGKIT_PROFILE", "quick")
    kept_in = options.site / "executed" if options.site else None
    work, stand = [], []
    for path in paths(options.lessons):
        notebook, anew = read(path), options.all or options.lessons
        if not anew and kept_in and (outcome := kept_for_site(path, notebook, profile, kept_in)):
            stand.append(outcome)
        elif anew or kept_in or notebook.metadata.get("executed") != fingerprint(notebook):
            # what is stored beside the code stays small; a site is made anew each time, and sharp
            work.append((path, notebook, {} if kept_in else {"SEGKIT_SHARPNESS": "1"}))

    def keep(outcome):
        if not outcome.error and kept_in:
            keep_for_site(outcome, profile, kept_in)
        elif not outcome.error:
            store(outcome, profile, alone=options.jobs == 1)

    outcomes = kernels.run(work, options.jobs, keep)
    print(f"\n{kernels.table(outcomes)}" if work else "nothing changed; --all executes every lesson")
    if options.site:
        every = sorted(outcomes + stand, key=lambda outcome: outcome.path)
        made = [(outcome.path, outcome.notebook, outcome.error or outcome.result) for outcome in every]
        print(f"open {website.build(made, options.site)}")
    if stopped := [outcome.path.stem for outcome in outcomes if outcome.error]:
        raise SystemExit(f"{len(stopped)} of {len(outcomes)} lessons stopped: {', '.join(stopped)}")


if __name__ == "__main__":
    main()
