"""Measure every claim of every lesson over three seeds (or more): python tools/claims.py [--seeds 3] [--jobs 1] [lessons].

Runs the lessons, and then the experiments of benchmarks/ablations that are too long for them. Writes benchmarks/claims.json:
the values, their mean and spread, and the bound that the lesson asserts, half-way between what the sentence denies and the
worst value; the bounds are written into the notebooks, too. And benchmarks/ablations.json: what stands in the lessons' tables.
Lessons that are not named keep the rows they have.
"""

import argparse
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import kernels

from notebooks import ROOT, code_cells, paths, read, write

CLAIMS = ROOT / "benchmarks" / "claims.json"
ABLATIONS = ROOT / "benchmarks" / "ablations.json"


def bound_of(against, values):
    """Half-way to the worst value, rounded to two digits of the distance, towards `against`; None if a value denies it."""
    signs = {math.copysign(1, value - against) for value in values if value != against}
    if len(signs) != 1 or against in values:
        return None
    (sign,) = signs
    half = min(abs(value - against) for value in values) / 2
    unit = 10.0 ** (math.floor(math.log10(half)) - 1)
    return round(against + sign * math.floor(half / unit + 1e-6) * unit, 6)


def summary(rows):
    """One claim over its seeds."""
    values, against = [row["value"] for row in rows], rows[0]["against"]
    return {
        "seeds": [row["seed"] for row in rows],
        "values": [round(value, 4) for value in values],
        "mean": round(statistics.mean(values), 4),
        "spread": round(max(values) - min(values), 4),
        "against": against,
        "bound": bound_of(against, values),
    }


def stamped(source, bounds):
    """A cell's code with the bound of each claim as measured."""
    for sentence, row in bounds.items():
        if row["bound"] is not None:
            call = re.compile(rf'("{re.escape(sentence)}",.*?bound=)[-+.\de]+', re.S)
            source = call.sub(lambda found, row=row: f"{found[1]}{row['bound']:g}", source)
    return source


def stored(path):
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def store(path, table):
    text = json.dumps(dict(sorted(table.items())), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def until_the_last_claim(notebook):
    """The lesson without what comes behind its last claim."""
    last = max(index for index, cell in enumerate(notebook.cells) if "run.claim(" in cell.source)
    notebook.cells = notebook.cells[: last + 1]
    return notebook


def measure_claims(path, options):
    with tempfile.TemporaryDirectory() as folder:
        journals = [pathlib.Path(folder) / f"{seed}.jsonl" for seed in range(options.seeds)]
        work = [
            (
                path,
                until_the_last_claim(read(path)),
                {"SEGKIT_SEED": str(seed), "SEGKIT_CLAIMS": str(journal), "SEGKIT_SHARPNESS": "1"},
            )
            for seed, journal in enumerate(journals)
        ]
        outcomes = kernels.run(work, options.jobs)
        print(kernels.table(outcomes), flush=True)
        parts = [journal.read_text(encoding="utf-8").splitlines() for journal in journals if journal.exists()]
    rows = [json.loads(line) for part in parts for line in part]
    if not rows or any(outcome.error for outcome in outcomes):
        return
    names = dict.fromkeys(row["claim"] for row in rows)
    measured = {name: summary([row for row in rows if row["claim"] == name]) for name in names}
    for name, result in measured.items():
        print(f"    {name}: {result}" + ("   NOT BORNE OUT" if result["bound"] is None else ""))
    store(CLAIMS, stored(CLAIMS) | {path.stem: measured})
    notebook = read(path)
    for cell in code_cells(notebook):
        cell.source = stamped(cell.source, measured)
    write(notebook, path)


def measure_ablations(script, options):
    """Each seed in a process of its own: tables of {table: {row: {column: value}}}."""

    def one(seed):
        command = [sys.executable, str(script), "--seed", str(seed)]
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode:
            raise SystemExit(f"{script.name}, seed {seed}: {ran.stderr[-2000:]}")
        return json.loads(ran.stdout.splitlines()[-1])

    with ThreadPoolExecutor(options.jobs) as pool:
        answers = list(pool.map(one, range(options.seeds)))
    tables = {
        table: {
            row: {column: [round(answer[table][row][column], 4) for answer in answers] for column in columns}
            for row, columns in rows.items()
        }
        for table, rows in answers[0].items()
    }
    store(ABLATIONS, stored(ABLATIONS) | {script.stem: tables})
    print(f"{script.name}: {', '.join(tables)}", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="at a time; more disturb what measures seconds")
    parser.add_argument("--only", choices=["lessons", "ablations"])
    options = parser.parse_args()
    os.environ["SEGKIT_PROFILE"] = "quick"
    for path in paths(options.lessons):
        script = ROOT / "benchmarks" / "ablations" / f"{path.stem}.py"
        if options.only != "lessons" and script.exists():
            measure_ablations(script, options)
        if options.only != "ablations":
            measure_claims(path, options)


if __name__ == "__main__":
    main()
