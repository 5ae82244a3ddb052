"""Bars and curves of a training's numbers, and small maps with a number in each cell."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from .colors import CYCLE, color
from .display import show
from .pictures import legend


def bars(scores, classes, alt="", title="", pictures="validation pictures"):
    """The IoU of each class, a group of bars a run: `bars({"FCN-8s": iou_per_class(…)}, classes, alt=…)`."""
    figure, axes = plt.subplots(figsize=(8.5, 3))
    width = 0.8 / len(classes)
    for index, name in enumerate(classes):
        places = np.arange(len(scores)) + (index - (len(classes) - 1) / 2) * width
        heights = [score[index] for score in scores.values()]
        axes.bar_label(
            axes.bar(places, heights, 0.93 * width, color=color(name, index)), fmt="%.2f", fontsize=8
        )
    axes.set(
        xticks=range(len(scores)),
        xticklabels=[name.replace(", ", ",\n") for name in scores],
        ylabel=f"IoU on {pictures}",
        ylim=(0, 1),
        title=title,
    )
    legend(figure, classes)
    show(figure, alt)


def curves(histories, metrics=("loss",), alt=""):
    """Training curves: one panel a metric, one colour a run, validation dashed.

    `histories` maps a run's name to what `model.fit` returned (or to its `.history` dictionary).
    """
    figure, panels = plt.subplots(1, len(metrics), figsize=(4.2 * len(metrics), 3), squeeze=False)
    for panel, metric in zip(panels[0], metrics, strict=True):
        for index, (name, history) in enumerate(histories.items()):
            values = getattr(history, "history", history)
            for key, line, suffix in ((metric, "-", "training"), (f"val_{metric}", "--", "validation")):
                if key in values:
                    epochs = np.arange(1, len(values[key]) + 1)
                    label = f"{name}, {suffix}" if name else suffix
                    panel.plot(epochs, values[key], line, color=CYCLE[index % len(CYCLE)], label=label)
        panel.set(
            xlabel="epoch", title=metric.replace("_", " ").replace("iou", "IoU").replace("mean IoU", "mIoU")
        )
        panel.xaxis.get_major_locator().set_params(integer=True)
    panels[0, -1].legend()
    show(figure, alt)


def numbers(maps, alt, tints=None, frames=(), unit=0.55):
    """Draw {title: map} in a row, each cell with its number, `unit` inches a cell.

    `tints` colours maps otherwise, by title; a frame is (title, corner, length, color).
    """
    widths, height = [array.shape[1] for array in maps.values()], max(map(len, maps.values()))
    size = (unit * sum(widths) + 0.3 * len(maps), unit * height + 0.4)
    figure, axes = plt.subplots(1, len(maps), figsize=size, width_ratios=widths, squeeze=False)
    panels = dict(zip(maps, axes[0], strict=True))
    blues = LinearSegmentedColormap.from_list("blues", ["#ffffff", CYCLE[5]])
    for title, array in maps.items():
        panel, filling = panels[title], (tints or {}).get(title, array)
        panel.pcolormesh(
            filling, cmap=blues, vmin=0, vmax=1.3 * array.max(), edgecolors="#8a949b", linewidth=0.8
        )
        for (row, column), value in np.ndenumerate(array):
            words = {"color": "black" if value else "#6b757b", "fontsize": 20 * unit}
            panel.text(column + 0.5, row + 0.5, f"{value:.3g}", ha="center", va="center", **words)
        panel.set(title=title, aspect="equal")
        panel.set(xlim=(-0.05, array.shape[1] + 0.05), ylim=(len(array) + 0.05, -0.05))
        panel.set_axis_off()
    for title, corner, length, line in frames:
        panels[title].add_patch(
            plt.Rectangle(corner, length, length, fill=False, edgecolor=line, linewidth=3)
        )
    show(figure, alt)
