"""Drawings by hand, where neither a model nor a picture can say it: windows that slide, cones of sight, rows of boxes."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, ListedColormap

from .colors import CYCLE
from .display import show


def numbers(maps, alt, tints=None, frames=(), unit=0.55, sides=None):
    """Draw {title: map} in a row, each cell with its number, `unit` inches a cell.

    `tints` colours maps otherwise, by title; a frame is (title, corner, length, color), its length one number or (width, height).
    `sides` names the rows and columns of a map, by title: (what rows are, what columns are, their names).
    """
    widths, height = [array.shape[1] for array in maps.values()], max(map(len, maps.values()))
    title_lines = max(title.count("\n") for title in maps) + 1
    size = (unit * sum(widths) + 0.3 * len(maps), unit * height + 0.2 + 0.2 * title_lines)
    figure, axes = plt.subplots(1, len(maps), figsize=size, width_ratios=widths, squeeze=False)
    panels = dict(zip(maps, axes[0], strict=True))
    blues = LinearSegmentedColormap.from_list("blues", ["#ffffff", CYCLE[5]])
    for title, array in maps.items():
        filling = (tints or {}).get(title, array)
        _cells(panels[title], array, filling, 20 * unit, cmap=blues, vmin=0, vmax=1.3 * array.max())
        panels[title].set_title(title)
    for title, (rows, columns, names) in (sides or {}).items():
        end = len(maps[title])
        for place, name in enumerate(names):
            panels[title].text(-0.15, place + 0.5, name, ha="right", va="center", fontsize=9)
            panels[title].text(place + 0.5, end + 0.15, name, ha="center", va="top", fontsize=9)
        panels[title].text(-1.6, end / 2, rows, ha="right", va="center", rotation=90)
        panels[title].text(end / 2, end + 0.8, columns, ha="center", va="top")
    for title, corner, length, line in frames:
        panels[title].add_patch(
            plt.Rectangle(corner, *np.broadcast_to(length, 2), fill=False, edgecolor=line, linewidth=3)
        )
    show(figure, alt)


def cells(axes, counts, title, most):
    """Whole numbers on axes that are there already, darker for more; `most` belongs to the darkest."""
    axes.pcolormesh(counts, cmap="Blues", vmin=0, vmax=2.5 * most, edgecolors="white", linewidth=0.8)
    for (row, column), value in np.ndenumerate(counts):
        axes.text(column + 0.5, row + 0.5, value, ha="center", va="center", fontsize=7)
    axes.set(title=title, aspect="equal", ylim=(len(counts), 0))
    axes.set_axis_off()


def letters(title, matrix, vector):
    """Print a matrix of letters, row by row, and what it gives times a vector of letters; "0" is zero."""
    print(f"{title}:", *(" ".join(row) for row in matrix), sep="\n    ")
    sums = []
    for row in matrix:
        terms = [
            value + weight for value, weight in zip(vector, row, strict=True) if "0" not in (value, weight)
        ]
        sums.append(" + ".join(terms) or "0")
    print(f"    times ({', '.join(vector)}) = {', '.join(sums)}\n")


def sliding(values, weights, alt):
    """A kernel at each place where it can stand on a small map, and the map of its answers."""
    height, width = weights.shape
    rows, columns = (side - kernel + 1 for side, kernel in zip(values.shape, weights.shape, strict=True))
    figure, panels = plt.subplots(1, rows * columns + 1, figsize=(9.6, 2.3))
    answers = np.empty((rows, columns))
    plain = ListedColormap(["#ffffff", "#f6d58e"])
    for panel, (y, x) in zip(panels, np.ndindex(rows, columns), strict=False):
        here = np.zeros(values.shape)
        here[y : y + height, x : x + width] = 1
        _cells(panel, values, here, 14, cmap=plain)
        for (row, column), weight in np.ndenumerate(weights):
            place = x + column + 0.92, y + row + 0.92
            panel.text(*place, f"·{weight:g}", ha="right", va="bottom", color=CYCLE[0])
        answers[y, x] = np.sum(values[y : y + height, x : x + width] * weights)
        panel.set_title(f"here: {answers[y, x]:g}")
    _cells(panels[-1], answers, np.zeros(answers.shape), 14, cmap=plain, vmax=1)
    panels[-1].set_title("its answers, a map")
    show(figure, alt)


def _cells(panel, array, filling, fontsize, **colors):
    """A grid with a number in each cell, coloured by `filling`."""
    panel.pcolormesh(filling, edgecolors="#8a949b", linewidth=0.8, **colors)
    for (row, column), value in np.ndenumerate(array):
        words = {"color": "black" if value else "#6b757b", "fontsize": fontsize}
        panel.text(column + 0.5, row + 0.5, f"{value:.3g}", ha="center", va="center", **words)
    panel.set(aspect="equal", xlim=(-0.05, array.shape[1] + 0.05), ylim=(len(array) + 0.05, -0.05))
    panel.set_axis_off()


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


def stages(source, chain, fed, plain, alt):
    """Stages in a row, {stage: what it hands on}; above them `source`, which the `fed` ones read; `plain`: without weights."""
    figure, axes = plt.subplots(figsize=(9.6, 2.3))
    wide, apart = 1.1, 2.0

    def box(left, bottom, width, height, words, fill):
        axes.add_patch(plt.Rectangle((left, bottom), width, height, facecolor=fill, edgecolor="#5b6770"))
        axes.text(left + width / 2, bottom + height / 2, words, ha="center", va="center")

    def arrow(start, end):
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "#444444"})

    box(0, 1.4, apart * (len(chain) - 1) + wide, 0.55, source, CYCLE[5])
    for place, (stage, handed_on) in enumerate(chain.items()):
        left = apart * place
        box(left, 0, wide, 0.9, stage, "#ffffff" if stage in plain else CYCLE[5])
        if stage in fed:
            arrow((left + wide / 2, 1.4), (left + wide / 2, 0.9))
        arrow((left + wide, 0.45), (left + apart, 0.45))
        axes.text(left + (wide + apart) / 2, 0.5, handed_on, ha="center", va="bottom", fontsize=9)
    axes.set(xlim=(-0.05, apart * len(chain) + 0.05), ylim=(-0.1, 2.05))
    axes.set_axis_off()
    show(figure, alt)
