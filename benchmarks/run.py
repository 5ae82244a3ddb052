"""All measurements, each in a fresh process, as a table in benchmarks/README.md: python benchmarks/run.py [--seeds 3]

The comparison on real photographs runs where Oxford-IIIT Pet and the ImageNet weights are on the machine or can be downloaded.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
RECIPES = {
    "widespread": "widespread recipe, 5 epochs",
    "corrected": "the same network, mistakes corrected, 5 epochs",
    "improved": "improved recipe",
}


def measure(script, *arguments):
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    row = json.loads(done.stdout.splitlines()[-1])
    print(" ".join(map(str, arguments)), row, flush=True)
    return row


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows])


def spread(values, digits=3):
    mean = f"{statistics.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def pets_section(seeds):
    """The three recipes in turn, seed by seed, so that a machine that slows down slows all of them."""
    rows = [measure("pets.py", recipe, "--seed", seed) for seed in range(seeds) for recipe in RECIPES]
    if any(row["data"] != "oxford_iiit_pet" or not row["weights"].endswith("imagenet") for row in rows):
        return "Oxford-IIIT Pet or the ImageNet weights are not on this machine: not measured."
    lines = []
    base = statistics.mean(row["seconds"] for row in rows if row["recipe"] == "widespread")
    for recipe, title in RECIPES.items():
        mine = [row for row in rows if row["recipe"] == recipe]
        seconds = [row["seconds"] for row in mine]
        goals = [row["seconds_to_goal"] for row in mine]
        lines.append(
            [
                title,
                f"{mine[0]['parameters'] / 1e6:.1f} M",
                spread(seconds, 0),
                f"{statistics.mean(seconds) / base:.2f}",
                spread([row["mean_iou"] for row in mine]),
                *(spread([row["iou"][label] for row in mine]) for label in range(3)),
                spread([row["pictures_per_second"] for row in mine], 0),
                spread(goals, 0) if all(goals) else f"not reached by {goals.count(None)} of {len(goals)}",
                max(row["peak_memory_mb"] for row in mine),
            ]
        )
    head = [
        "recipe",
        "parameters",
        "seconds",
        "× first",
        "mean IoU",
        "pet",
        "background",
        "border",
        "pictures/s",
        "s to 0.65",
        "peak MB",
    ]
    return table(head, lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    startup, drawing, display = (
        measure("measure.py", "startup"),
        measure("measure.py", "drawing"),
        measure("measure.py", "display"),
    )
    kinds = ("ours", "ours, flips", "tutorial")
    pipelines = [measure("measure.py", "pipeline", kind) for kind in kinds]
    sizes = [measure("measure.py", "growth", size, 4) for size in (64, 128, 256, 512)]
    batches = [measure("measure.py", "growth", 128, batch) for batch in (1, 4, 16, 64)]
    lessons = json.loads((ROOT / "segkit" / "lessons.json").read_text(encoding="utf-8"))
    minutes = [
        (name, facts["minutes"]["quick"]) for name, facts in lessons.items() if "quick" in facts["minutes"]
    ]
    sections = {
        "Pets: three recipes side by side": (
            "Photographs of Oxford-IIIT Pet at 128 px, the part of the set that is on the machine. Each recipe trains on all training pictures, in turn, "
            f"over {options.seeds} seeds; mean, and smallest to largest. Seconds are of the whole training, compiling included. *s to 0.65*: training time until "
            "mean IoU on the test pictures passes 0.65. `python benchmarks/pets.py improved --seed 0` repeats one row.",
            pets_section(options.seeds),
        ),
        "Input pipeline alone": (
            "600 drawn pictures of 128 px, batches of 16, after the first epoch. The tutorials' pipeline flips before its cache, once for all; ours flips and crops anew in each epoch.",
            table(
                ["pipeline", "pictures/s", "peak MB"],
                [
                    [
                        {
                            "ours": "segkit, flips and crops",
                            "ours, flips": "segkit, flips",
                            "tutorial": "widespread recipe",
                        }[kind],
                        row["pictures_per_second"],
                        row["peak_memory_mb"],
                    ]
                    for kind, row in zip(kinds, pipelines, strict=True)
                ],
            ),
        ),
        "Start-up and drawing": (
            "Medians of fresh processes.",
            table(
                ["what", "measured"],
                [
                    ["`import keras`", f"{startup['import_keras']:.2f} s"],
                    ["`import segkit` adds", f"{startup['import_segkit_adds']:.3f} s"],
                    ["`segkit.start(…)`", f"{startup['start']:.2f} s"],
                    ["paper_pets, one core, 128 px", f"{drawing['scenes_per_second']} scenes/s"],
                    ["paper_pets, all 900 prepared", f"{drawing['prepare_900_seconds']} s"],
                    [
                        "display callback, three pictures of 128 px",
                        f"{display['seconds_per_frame']:.2f} s a frame",
                    ],
                ],
            ),
        ),
        "Growth with picture size and batch": (
            "Training step of the light U-Net of lesson 04, encoder trained behind stride 8.",
            table(
                ["size", "batch", "ms a picture", "peak MB"],
                [
                    [row["size"], row["batch"], row["ms_per_picture"], row["peak_memory_mb"]]
                    for row in (*sizes, *batches)
                ],
            ),
        ),
        "Minutes a lesson": (
            "*quick*, as last executed for its stored outputs.",
            table(["lesson", "minutes"], minutes),
        ),
    }
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {datetime.date.today():%B %Y}"
    text = f"# Benchmarks\n\nMade by `make bench` ({machine}). Times depend on the machine; ratios much less. Claims of the lessons: [claims.json](claims.json), by `make claims`.\n"
    for title, (note, body) in sections.items():
        text += f"\n## {title}\n\n{note}\n\n{body}\n"
    (HERE / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
