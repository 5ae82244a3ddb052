"""Measure every claim of every lesson over three seeds (or more): python tools/claims.py [--seeds 3] [--jobs 1] [lessons].

Writes benchmarks/claims.json: the values, their mean and spread, the worst of them, and the bound that the lesson should
assert, half of the worst margin. Lessons that are not named keep the rows they have.
"""

import argparse
import json
import os
import pathlib
import statistics
import tempfile

import kernels

from notebooks import ROOT, paths, read

CLAIMS = ROOT / "benchmarks" / "claims.json"


def summary(rows):
    """One claim over its seeds. The margin is the distance to 0 for differences: at_least is half the smallest."""
    values = [row["value"] for row in rows]
    first = rows[-1]
    result = {
        "seeds": [row["seed"] for row in rows],
        "values": [round(value, 4) for value in values],
        "mean": round(statistics.mean(values), 4),
        "spread": round(max(values) - min(values), 4),
    }
    if first["at_least"] is not None:
        result |= {"at_least": first["at_least"], "worst": round(min(values), 4)}
    if first["at_most"] is not None:
        result |= {"at_most": first["at_most"], "worst_high": round(max(values), 4)}
    return result


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1, help="at a time; more disturb what measures seconds")
    options = parser.parse_args()
    os.environ["SEGKIT_PROFILE"] = "quick"
    table = json.loads(CLAIMS.read_text(encoding="utf-8")) if CLAIMS.exists() else {}
    for path in paths(options.lessons):
        with tempfile.TemporaryDirectory() as folder:
            journals = [pathlib.Path(folder) / f"{seed}.jsonl" for seed in range(options.seeds)]
            work = [
                (path, read(path), {"SEGKIT_SEED": str(seed), "SEGKIT_CLAIMS": str(journal)})
                for seed, journal in enumerate(journals)
            ]
            outcomes = kernels.run(work, options.jobs)
            print(kernels.table(outcomes), flush=True)
            lines = [
                journal.read_text(encoding="utf-8").splitlines() for journal in journals if journal.exists()
            ]
        rows = [json.loads(line) for part in lines for line in part]
        if not rows or any(outcome.error for outcome in outcomes):
            continue
        names = dict.fromkeys(row["claim"] for row in rows)
        table[path.stem] = {name: summary([row for row in rows if row["claim"] == name]) for name in names}
        for name, result in table[path.stem].items():
            print(f"    {name}: {result}")
        CLAIMS.write_text(
            json.dumps(dict(sorted(table.items())), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
