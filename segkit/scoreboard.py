"""The course's scoreboard: what benchmarks/scoreboard.py measured, as rows, as a table and as two plots."""

import json
import pathlib
import statistics

import matplotlib.pyplot as plt

from . import show

STORED = pathlib.Path(__file__).parent / "scoreboard.json"
QUALITIES = {
    "pixel_accuracy": "accuracy",
    "mean_iou": "mean IoU",
    "border_iou": "border IoU",
    "boundary_iou": "boundary IoU",
}
CLASSES = ("pet", "background", "border")


def rows(data="paper_pets"):
    """A dict for each architecture, best mean IoU first: costs, means of the qualities over seeds, and their spread."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    found = []
    for name, seeds in stored[data]["quality"].items():
        runs = list(seeds.values())
        row = {"name": name, "seeds": len(runs), **stored["costs"].get(runs[0].get("costs_of", name), {})}
        for quality in (*QUALITIES, "training_cpu_seconds"):
            row[quality] = statistics.mean(run[quality] for run in runs)
        row["spread"] = max(run["mean_iou"] for run in runs) - min(run["mean_iou"] for run in runs)
        row["iou"] = [statistics.mean(values) for values in zip(*(run["iou"] for run in runs), strict=True)]
        row["longer"] = stored[data].get("longer", {}).get(name)
        found.append(row)
    return sorted(found, key=lambda row: -row["mean_iou"])


def table(data="paper_pets"):
    """The rows as a Markdown table."""
    found = rows(data)
    head = [
        "",
        "start",
        "stride",
        "weights, M",
        "multiply–adds, M",
        "training, CPU s",
        "pictures/s",
        "memory, MB",
    ]
    head += [*QUALITIES.values(), "trained longer: mean, border IoU"]
    lines = [" | ".join(["", *head, ""]).strip(), "|" + "---|" * len(head)]
    for row in found:
        spread = f" ±{row['spread'] / 2:.3f}" if row["seeds"] > 1 else ""
        longer = row["longer"] and f"{row['longer']['mean_iou']:.3f}, {row['longer']['border_iou']:.3f}"
        cells = [
            row["name"],
            row["start"],
            row["output_stride"],
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['multiply_adds'] / 1e6:,.0f}",
            f"{row['training_cpu_seconds']:.0f}",
            f"{row['pictures_per_second']:.0f}",
            f"{row['peak_memory_mb']:,}",
            *(f"{row[quality]:.3f}" + spread * (quality == "mean_iou") for quality in QUALITIES),
            longer or "",
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def draw(found, alt):
    """Quality against cost, and the IoU of each class, for rows of `rows()`."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9.6, 0.9 + 0.27 * len(found)), width_ratios=(5, 4), layout="constrained"
    )
    for row in found:
        pretrained = row["start"] == "pretrained"
        left.plot(
            row["multiply_adds"] / 1e6,
            row["mean_iou"],
            "o" if pretrained else "s",
            color=show.CYCLE[0 if pretrained else 1],
        )
    _name_points(left, found)
    left.set(xscale="log", xlabel="multiply–adds for a picture, millions", ylabel="mean IoU on test pictures")
    for start, marker, color in (("pretrained", "o", 0), ("random start", "s", 1)):
        left.plot([], [], marker, color=show.CYCLE[color], label=start)
    left.legend(loc="lower right")
    places = range(len(found))[::-1]
    for label, (name, marker) in enumerate(zip(CLASSES, "os^", strict=True)):
        color = (
            "#8a6d00" if name == "border" else show.color(name)
        )  # the masks' yellow is too pale for a point
        right.plot(
            [row["iou"][label] for row in found], places, marker, color=color, label=name, markersize=5
        )
    right.set(yticks=list(places), xlim=(0, 1), xlabel="IoU of each class")
    right.set_yticklabels([row["name"] for row in found], fontsize=8)
    right.grid(axis="y", color="#dddddd")
    right.legend(loc="upper center", bbox_to_anchor=(0.4, 1.13), ncols=3, frameon=False)
    show.show(figure, alt)


def _name_points(axes, found):
    """Names beside the points, above or below where two would lie on each other."""
    taken = []
    for row in found:
        x, y = row["multiply_adds"], row["mean_iou"]
        shift = 0
        while any(abs(y + shift - other) < 0.012 and 0.4 < x / side < 2.5 for side, other in taken):
            shift -= 0.006
        taken.append((x, y + shift))
        axes.annotate(
            row["name"], (x / 1e6, y + shift), xytext=(6, -3), textcoords="offset points", fontsize=7
        )
