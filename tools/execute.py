"""Execute lessons from top to bottom in a fresh kernel each, two at a time, and store their outputs.

python tools/execute.py                lessons whose code changed since they were last executed
python tools/execute.py --all          every lesson
python tools/execute.py 01 04          these lessons
python tools/execute.py --all --site build     leave the notebooks alone, make the course's site from what came out
python tools/execute.py --jobs 1       one after the other

The minutes that a lesson takes are kept, alone and beside another one: the range that its first screen states.
"""

import argparse
import math
import os
import pathlib

import kernels

import website
from notebooks import fingerprint, paths, read, write


def store(outcome, profile, alone):
    """Keep the outputs and the minutes that the lesson took, rounded up to half a minute."""
    notebook = outcome.notebook
    taken = math.ceil(outcome.seconds / 30) / 2
    minutes = notebook.metadata.get("minutes", {})
    least, most = minutes.get(profile, [taken, taken])
    minutes[profile] = [taken, max(taken, most)] if alone else [min(taken, least), taken]
    notebook.metadata["executed"], notebook.metadata["minutes"] = fingerprint(notebook), minutes
    write(notebook, outcome.path)


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
    wanted = [(path, read(path)) for path in paths(options.lessons)]
    if not (options.all or options.lessons):
        wanted = [(path, one) for path, one in wanted if one.metadata.get("executed") != fingerprint(one)]
    if not wanted:
        print("nothing changed; --all executes every lesson")
        return
    outcomes = kernels.run([(path, notebook, {}) for path, notebook in wanted], options.jobs)
    for outcome in outcomes:
        if not (options.site or outcome.error):
            store(outcome, profile, alone=options.jobs == 1)
    print(f"\n{kernels.table(outcomes)}")
    if options.site:
        made = [(outcome.path, outcome.notebook, outcome.error or outcome.result) for outcome in outcomes]
        print(f"open {website.build(made, options.site)}")
    if stopped := [outcome.path.stem for outcome in outcomes if outcome.error]:
        raise SystemExit(f"{len(stopped)} of {len(outcomes)} lessons stopped: {', '.join(stopped)}")


if __name__ == "__main__":
    main()
