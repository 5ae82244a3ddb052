"""Drawings by hand, where neither a model nor a picture can say it: windows that slide, cones of sight, rows of boxes."""

import math

import matplotlib.pyplot as plt
import numpy as np

from .colors import CYCLE, color
from .display import show


def sliding(numbers, weights, alt):
    """A kernel at each place where it can stand on a small map, and the map of its answers."""
    height, width = weights.shape
    places = list(
        np.ndindex(*(side - kernel + 1 for side, kernel in zip(numbers.shape, weights.shape, strict=True)))
    )
    figure, panels = plt.subplots(1, len(places) + 1, figsize=(9.6, 2.3))
    for panel, (y, x) in zip(panels, places, strict=False):
        panel.add_patch(plt.Rectangle((x - 0.5, y - 0.5), width, height, color=color("pet"), alpha=0.45))
        _write(panel, numbers, 14)
        for (row, column), weight in np.ndenumerate(weights):
            panel.text(
                x + column + 0.42, y + row + 0.4, f"·{weight:g}", ha="right", va="bottom", color=CYCLE[0]
            )
        panel.set_title(f"here: {np.sum(numbers[y : y + height, x : x + width] * weights):g}")
    answers = [np.sum(numbers[y : y + height, x : x + width] * weights) for y, x in places]
    _write(panels[-1], np.reshape(answers, np.array(places[-1]) + 1), 14)
    panels[-1].set_title("its answers, a map")
    show(figure, alt)


def _write(panel, numbers, fontsize):
    """A grid with a number in each cell."""
    rows, columns = numbers.shape
    for (row, column), value in np.ndenumerate(numbers):
        panel.text(column, row, f"{value:g}", ha="center", va="center", fontsize=fontsize)
    panel.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal")
    panel.set(
        xticks=np.arange(0.5, columns - 1), yticks=np.arange(0.5, rows - 1), xticklabels=[], yticklabels=[]
    )
    panel.grid(True)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(True)


def cones(chains, alt):
    """What one answer sees, map by map, down to the pixels. A chain is a list of kernels (size, stride)."""
    figure, panels = plt.subplots(1, len(chains), figsize=(9.6, 2.6))
    for panel, kernels in zip(panels, chains, strict=True):
        seen, step = np.zeros(1), math.prod(stride for _, stride in kernels)
        for depth, (size, stride) in enumerate(reversed(kernels)):
            step //= stride
            below = seen[:, None] + step * (np.arange(size) - (size - 1) / 2)
            panel.plot(
                [np.repeat(seen, size), below.ravel()],
                [[-depth], [-depth - 1]],
                color="#5b6770",
                linewidth=0.7,
                zorder=0,
            )
            _dots(panel, seen, -depth, CYCLE[1])
            seen = np.unique(below)
        _dots(panel, seen, -len(kernels), CYCLE[0])
        panel.set_title(" · ".join(f"{size} wide, stride {stride}" for size, stride in kernels))
        panel.set_axis_off()
    show(figure, alt)


def _dots(panel, places, height, dot_color):
    panel.scatter(places, np.full(len(places), height), s=60, color=dot_color)
    panel.text(9.2, height, f"{len(places)}", va="center")
    panel.set_xlim(-8.5, 10.5)


def boxes_in_rows(rows, colors, alt):
    """Named rows of boxes with a text: {name: {place: text}}; what stands above each other belongs to one place."""
    figure, axes = plt.subplots(figsize=(9.6, 0.45 * len(rows)))
    for line, ((name, row), fill) in enumerate(zip(rows.items(), colors, strict=True)):
        axes.text(-0.7, -line, name, ha="right", va="center")
        for place, text in row.items():
            style = {"facecolor": fill, "edgecolor": "#5b6770", "boxstyle": "round"}
            axes.text(place, -line, text, ha="center", va="center", bbox=style)
    places = [place for row in rows.values() for place in row]
    axes.set(xlim=(min(places) - 3.2, max(places) + 0.6), ylim=(0.6 - len(rows), 0.6))
    axes.set_axis_off()
    show(figure, alt)
