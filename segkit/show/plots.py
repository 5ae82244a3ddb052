"""Bars and curves of a training's numbers."""

import itertools

import matplotlib.pyplot as plt
import numpy as np

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


def curves(histories, metrics=("loss",), alt="", bottom=None):
    """Training curves: one panel a metric, one colour a run, validation dashed.

    `histories` maps a run's name to what `model.fit` returned (or to its `.history` dictionary). `bottom=0` shows
    each from 0 on, so that a flat curve looks flat.
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
        panel.set(xlabel="epoch", title=metric.replace("_", " ").replace("iou", "IoU"))
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.set_ylim(bottom=bottom)
        if "iou" in metric:
            panel.set_ylim(0, 1)
    panels[0, -1].legend()
    show(figure, alt)


def functions(x, panels, alt, xlabel=""):
    """Functions of one number side by side: `functions(x, {title: {name: values}}, alt=…)`, the names in the first panel."""
    figure, places = plt.subplots(1, len(panels), figsize=(4.8 * len(panels), 2.9), squeeze=False)
    for axes, (title, rows) in zip(places[0], panels.items(), strict=True):
        for (name, values), line in zip(rows.items(), itertools.cycle((":", "--", "-"))):
            axes.plot(x, values, line, label=name, linewidth=2)
        axes.set(title=title, xlabel=xlabel)
    places[0, 0].legend()
    show(figure, alt)
