"""The course's scoreboard: what benchmarks/scoreboard.py measured, as rows, as tables and as two plots."""

import itertools
import json
import pathlib
import statistics

import matplotlib.pyplot as plt
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from . import show

STORED = pathlib.Path(__file__).parent / "scoreboard.json"
QUALITIES = {
    "mean_iou": "mean IoU",
    "border_iou": "border IoU",
    "boundary_iou": "boundary IoU",
    "pixel_accuracy": "accuracy",
}
CLASSES = ("pet", "background", "border")

FINEST = {  # stride of the finest map that reaches the answer, where that is not the deepest (pooling indices are no map)
    "light U-Net": 1,
    "light U-Net, random encoder": 1,
    "original U-Net, narrow": 1,
    "U-Net": 2,
    "FPN": 4,
    "DeepLab v3+": 4,
    "DeepLab v3+ and dense CRF": 4,
    "FCN-8s": 8,
    "hypercolumns": 8,
    "FCN-16s": 16,
}


def rows(data="paper_pets"):
    """A dict for each architecture, best mean IoU first: costs, means of the qualities over seeds, and their spread."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    found = []
    for name, seeds in stored[data]["quality"].items():
        runs = list(seeds.values())
        row = {"name": name, "seeds": len(runs), **stored["costs"].get(runs[0].get("costs_of", name), {})}
        if "costs_of" in runs[0]:  # the network's alone: what sharpens its answers takes time of its own
            row["pictures_per_second"] = None
        for quality in QUALITIES:
            row[quality] = statistics.mean(run[quality] for run in runs)
        row["pictures"] = runs[-1].get("pictures")
        row["range"] = [pick(run["mean_iou"] for run in runs) for pick in (min, max)]
        row["spread"] = row["range"][1] - row["range"][0]
        row["iou"] = [statistics.mean(values) for values in zip(*(run["iou"] for run in runs), strict=True)]
        found.append(row)
    return sorted(found, key=lambda row: -row["mean_iou"])


def table():
    """The rows as Markdown: qualities on drawn pets, the checkpoints that were trained longer, and, folded, photographs and costs."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    found = rows("paper_pets")
    tables = [_qualities(found)]
    if any(row["seeds"] > 1 for row in found):
        tables.append("±: half the way from the lowest seed to the highest, where a row has several.")
    longer = sorted(stored["paper_pets"]["longer"].items(), key=lambda item: -item[1]["mean_iou"])
    lines = [
        [name, *_values(row), f"{row['ap']['AP50']:.3f}" if "ap" in row else "", f"{row['learned_from']:,}"]
        for name, row in longer
    ]
    head = ["trained longer", *QUALITIES.values(), "AP50 of masks", "pictures seen"]
    tables.append(_markdown(head, lines))
    if "oxford_iiit_pet" in stored:
        photographs = rows("oxford_iiit_pet")
        counts = photographs[0]["pictures"]
        tables.append(
            "<details><summary>The same on photographs</summary>\n\n"
            f"Oxford-IIIT Pet: {counts['train']} photographs to learn from, {counts['test']} to be tested on. "
            "*Pretrained* is ImageNet's MobileNetV2. One seed.\n\n"
            f"{_qualities(photographs)}\n\n</details>"
        )
    costs = [
        [
            row["name"],
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['multiply_adds'] / 1e6:,.0f}",
            f"{row['step_ms']:,}",
            f"{row['pictures_per_second']:.0f}",
            f"{row['peak_memory_mb']:,}",
        ]
        for row in found
        if row["pictures_per_second"]
    ]
    head = ["", "weights, M", "multiply–adds, M", "training step, ms", "pictures/s", "memory, MB"]
    tables.append(
        f"<details><summary>What each costs</summary>\n\n{_markdown(head, costs)}\n\n"
        "M: millions. Multiply–adds and pictures a second: answers of 128×128 pixels, on two cores. "
        "A training step: 16 crops of 96×96; each row had ten passes over the training pictures. "
        "Memory: the peak of a process that trains.\n\n</details>"
    )
    return "\n\n".join(tables)


def _qualities(found):
    lines = []
    for row in found:
        mean, *others = _values(row)
        spread = f" ±{row['spread'] / 2:.3f}" if row["seeds"] > 1 else ""
        deepest = row["output_stride"]
        finest = FINEST.get(row["name"], deepest)
        strides = f"{finest}–{deepest}" if finest < deepest else deepest
        lines.append([row["name"], mean + spread, *others, row["start"], strides])
    return _markdown(["", *QUALITIES.values(), "start", "strides"], lines)


def _values(row):
    return [f"{row[quality]:.3f}" for quality in QUALITIES]


def _markdown(head, lines):
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in [head, ["---"] * len(head), *lines])


def draw(found, alt):
    """Quality against cost, and below it the IoU of each class, for rows of `rows()`; lines are the spread over seeds."""
    height = 1.1 + 0.27 * len(found)
    figure, (upper, lower) = plt.subplots(
        2, 1, figsize=(9.6, 4.6 + height), height_ratios=(4.6, height), layout="constrained"
    )
    _against_cost(upper, found)
    places = range(len(found))[::-1]
    means = [row["mean_iou"] for row in found]
    lower.barh(places, means, height=0.62, color="#dfe3e6", label="mean", zorder=0)
    for place, row in zip(places, found, strict=True):
        lower.plot(row["range"], [place, place], color="black", linewidth=2)
    for label, (name, marker) in enumerate(zip(CLASSES, "os^", strict=True)):
        # the masks' yellow is too pale for a point
        ink = "#8a6d00" if name == "border" else show.color(name)
        values = [row["iou"][label] for row in found]
        lower.plot(values, places, marker, color=ink, label=name, markersize=7, clip_on=False)
    lower.set(yticks=list(places), xlim=(0, 1), ylim=(-0.7, len(found) - 0.3), xlabel="IoU of each class")
    lower.set_yticklabels([row["name"] for row in found], fontsize=11)
    lower.tick_params(axis="y", length=0, pad=8)
    lower.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
    show.show(figure, alt)


def _against_cost(axes, found):
    for row in found:
        pretrained = row["start"] == "pretrained"
        marker, ink = ("o", show.CYCLE[0]) if pretrained else ("s", show.CYCLE[3])
        cost = row["multiply_adds"] / 1e6
        axes.plot([cost, cost], row["range"], color=ink, linewidth=1.5)
        axes.plot(cost, row["mean_iou"], marker, color=ink, markersize=7)
    axes.set(xscale="log", xlabel="multiply–adds for a picture, millions", ylabel="mean IoU on test pictures")
    costs = [row["multiply_adds"] / 1e6 for row in found]
    axes.set(xlim=(0.85 * min(costs), 1.5 * max(costs)))
    axes.set_xticks([100, 200, 500, 1000], ["100", "200", "500", "1,000"], minor=False)
    axes.set_xticks([], minor=True)
    for start, marker, ink in (("pretrained", "o", 0), ("random start", "s", 3)):
        axes.plot([], [], marker, color=show.CYCLE[ink], markersize=7, label=start)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    _name_points(axes, found)


SHIFTS = (0, 4, -4, 8, -8, 12, -12, 16, -16, 20, -20)  # of a name: up or down beside its point


def _name_points(axes, found):
    """Names beside the points, where they lie on no point and no other name; a thin line where one had to move."""
    axes.figure.draw_without_rendering()
    frame = axes.get_window_extent()
    taken = []
    for row in found:
        cost = row["multiply_adds"] / 1e6
        (x, low), (_, high) = (axes.transData.transform((cost, quality)) for quality in row["range"])
        taken.append(Bbox([[x - 6, low - 6], [x + 6, high + 6]]))
    for row in found:
        tried = []
        for shift, (across, side) in itertools.product(SHIFTS, ((9, "left"), (-9, "right"))):
            words = axes.annotate(
                row["name"],
                (row["multiply_adds"] / 1e6, row["mean_iou"]),
                xytext=(across, shift),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=10,
                arrowprops={"arrowstyle": "-", "color": "#999999", "linewidth": 0.8, "shrinkA": 0}
                if abs(shift) > 4
                else None,
            )
            words.set_in_layout(False)
            words.update_positions(axes.figure.canvas.get_renderer())
            box = Text.get_window_extent(words)  # without the line to its point
            hidden = (
                sum(_shared(box, other) for other in taken) + box.width * box.height - _shared(box, frame)
            )
            tried.append((hidden + abs(shift) + 3 * (side == "right"), len(tried), words, box))
        _, best, _, box = min(tried, key=lambda one: one[:2])
        for _, number, words, _ in tried:
            if number != best:
                words.remove()
        taken.append(box.padded(8, 0))  # two names on one line do not read as one


def _shared(one, other):
    """The area that two boxes share."""
    both = Bbox.intersection(one, other)
    return both.width * both.height if both else 0
