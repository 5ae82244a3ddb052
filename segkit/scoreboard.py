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
        if "costs_of" in runs[0]:  # the network's alone: what sharpens its answers takes time of its own
            row["pictures_per_second"] = None
        for quality in (*QUALITIES, "training_cpu_seconds"):
            row[quality] = statistics.mean(run[quality] for run in runs)
        row["spread"] = max(run["mean_iou"] for run in runs) - min(run["mean_iou"] for run in runs)
        row["iou"] = [statistics.mean(values) for values in zip(*(run["iou"] for run in runs), strict=True)]
        found.append(row)
    return sorted(found, key=lambda row: -row["mean_iou"])


def table(data="paper_pets"):
    """The rows as a Markdown table, and below it the checkpoints that were trained longer."""
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
    lines = []
    for row in rows(data):
        spread = f" ±{row['spread'] / 2:.3f}" if row["seeds"] > 1 else ""
        cells = [
            row["name"],
            row["start"],
            row["output_stride"],
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['multiply_adds'] / 1e6:,.0f}",
            f"{row['training_cpu_seconds']:.0f}",
            f"{row['pictures_per_second']:.0f}" if row["pictures_per_second"] else "–",
            f"{row['peak_memory_mb']:,}",
        ]
        lines.append(
            [*cells, *(f"{row[quality]:.3f}" + spread * (quality == "mean_iou") for quality in QUALITIES)]
        )
    tables = [_markdown([*head, *QUALITIES.values()], lines)]
    longer = json.loads(STORED.read_text(encoding="utf-8"))[data].get("longer", {})
    lines = [
        [
            name,
            *(f"{row[quality]:.3f}" for quality in QUALITIES),
            f"{row['ap']['AP50']:.3f}" if "ap" in row else "",
        ]
        for name, row in sorted(longer.items(), key=lambda item: -item[1]["mean_iou"])
    ]
    if lines:
        tables.append(_markdown(["trained longer", *QUALITIES.values(), "AP50 of masks"], lines))
    return "\n\n".join(tables)


def _markdown(head, lines):
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in [head, ["---"] * len(head), *lines])


def draw(found, alt):
    """Quality against cost, and the IoU of each class, for rows of `rows()`."""
    height = 1.5 + 0.25 * len(found)
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9.6, height), width_ratios=(5, 4), layout="constrained"
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
    costs = [row["multiply_adds"] / 1e6 for row in found]
    left.set(xlim=(0.8 * min(costs), 2.6 * max(costs)))
    left.set_xticks([100, 200, 500, 1000], ["100", "200", "500", "1,000"], minor=False)
    left.set_xticks([], minor=True)
    for start, marker, color in (("pretrained", "o", 0), ("random start", "s", 1)):
        left.plot([], [], marker, color=show.CYCLE[color], label=start)
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
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
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)
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
