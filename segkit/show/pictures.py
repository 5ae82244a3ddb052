"""Pictures, masks, boxes and objects, in rows or alone."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch, Rectangle
from PIL import Image, ImageDraw

from .colors import CYCLE, VOID_COLOR, color, palette
from .display import show


def paint(mask, classes):
    """A mask of class numbers (H, W) as an RGB picture; void (255) is white."""
    table = np.full((256, 3), VOID_COLOR, np.uint8)
    table[: len(classes)] = palette(classes)
    return table[np.asarray(mask)]


def overlay(image, mask, classes, opacity=0.5, skip=("background",)):
    """The picture with its mask laid over it; classes named in `skip` stay clear."""
    image = np.asarray(image, np.float32)
    mask = np.asarray(mask)
    clear = np.isin(mask, [index for index, name in enumerate(classes) if name in skip])
    mixed = image * (1 - opacity) + paint(mask, classes) * opacity
    return np.where(clear[..., None], image, mixed).astype(np.uint8)


def instances(image, instance_mask, opacity=0.55):
    """Every object in a colour of its own, with a white outline; 0 is background."""
    image = np.asarray(image, np.float32)
    ids = np.asarray(instance_mask)
    colors = palette([f"object {index}" for index in range(len(CYCLE))])
    mixed = image * (1 - opacity) + colors[(ids - 1) % len(CYCLE)] * opacity
    picture = np.where((ids > 0)[..., None], mixed, image)
    edge = np.zeros(ids.shape, bool)
    edge[1:] |= ids[1:] != ids[:-1]
    edge[:, 1:] |= ids[:, 1:] != ids[:, :-1]
    picture[edge] = 255
    return picture.astype(np.uint8)


def boxed(image, boxes, valid=None, thickness=1):
    """The picture with the outlines of its boxes painted in, a colour each; those that are not valid are left out."""
    picture = np.array(image)
    height, width = picture.shape[:2]
    colors = palette([f"object {index}" for index in range(len(CYCLE))])
    for index, box in enumerate(np.asarray(boxes)):
        if valid is None or valid[index]:
            top, left, bottom, right = np.round(box * (height, width, height, width)).astype(int)
            frame = np.zeros((height, width), bool)
            frame[top:bottom, left:right] = True
            frame[top + thickness : bottom - thickness, left + thickness : right - thickness] = False
            picture[frame] = colors[index % len(CYCLE)]
    return picture


def boxes(axes, normalised_boxes, names=None, colors=None):
    """Draw boxes (ymin, xmin, ymax, xmax in 0..1, as TFDS has them) on axes that show a picture."""
    height, width = axes.get_images()[0].get_array().shape[:2]
    for index, (top, left, bottom, right) in enumerate(np.asarray(normalised_boxes)):
        edge = colors[index] if colors is not None else CYCLE[index % len(CYCLE)]
        corner, size = (
            (left * width - 0.5, top * height - 0.5),
            ((right - left) * width, (bottom - top) * height),
        )
        axes.add_patch(Rectangle(corner, *size, fill=False, linewidth=2, edgecolor=edge))
        if names is not None:
            axes.text(
                corner[0] + 2,
                corner[1] + 2,
                names[index],
                va="top",
                fontsize=9,
                color="white",
                bbox={"facecolor": edge, "edgecolor": "none", "pad": 1.5},
            )


# Of paper_pets' animals: the eye is joined to nose, ears, front paw, wing and tail root, this to tail tip and back paw.
BONES = ((1, 0), (1, 2), (1, 3), (1, 6), (1, 8), (1, 4), (4, 5), (4, 7))
POINT_COLORS = {0: CYCLE[3], 2: CYCLE[0], 3: CYCLE[1]}  # nose pink, left ear blue, right ear orange


def skeletons(picture, keypoints, links=BONES, colors=POINT_COLORS, scale=4):
    """The picture `scale` times as large, with the key points of its objects as dots, joined by `links`: pairs of their numbers.

    `keypoints` is (M, P, 3): y and x as shares of the sides, and 0 for a point that is left out. `colors` names points by
    their numbers; the others are white.
    """
    height, width = (scale * side for side in np.shape(picture)[:2])
    image = Image.fromarray(np.asarray(picture)).resize((width, height), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    for points in np.asarray(keypoints):
        places = [(float(x) * width, float(y) * height) for y, x, _ in points]
        drawn = [(a, b) for a, b in links if points[a, 2] > 0 and points[b, 2] > 0]
        for thickness, ink in (
            (scale * 3 // 2, "#202020"),
            (scale * 3 // 4, "#ffffff"),
        ):  # white with a dark rim
            for a, b in drawn:
                pen.line([places[a], places[b]], fill=ink, width=max(1, thickness))
        for number, (x, y) in enumerate(places):
            if points[number, 2] > 0:
                for reach, ink in ((2.0, "#202020"), (1.5, colors.get(number, "#ffffff"))):
                    radius = reach * scale
                    pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=ink)
    return np.asarray(image)


def heat(axes, picture, chances, place, title=""):
    """Where a network looks for a point: its chances over the grey picture, both (H, W); a white ring at the true place (y, x)."""
    height, width = chances.shape
    axes.imshow(picture, cmap="gray", vmin=0, vmax=300, extent=(0, width, height, 0))
    axes.imshow(chances, cmap="inferno", alpha=np.sqrt(chances / chances.max()), extent=(0, width, height, 0))
    y, x = place
    axes.scatter(x, y, s=160, facecolor="none", edgecolor="white", linewidth=2)
    axes.set(title=title, xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])


def legend(figure, classes, **options):
    """A class legend below the figure."""
    patches = [Patch(facecolor=color(name, index), label=name) for index, name in enumerate(classes)]
    columns = legend_columns(figure.get_size_inches()[0], classes)
    return figure.legend(handles=patches, loc="outside lower center", ncols=columns, **options)


def legend_columns(width, classes):
    """How many entries stand side by side below a figure of this width, in inches."""
    return max(1, min(len(classes), int(width / 1.05)))


def as_pixels(picture):
    """Fractions that lie in 0..1 as 0..255; anything else is pixels already."""
    if np.issubdtype(picture.dtype, np.floating) and 0 <= picture.min() and picture.max() <= 1:
        picture = picture * 255
    return picture.clip(0, 255).astype(np.uint8)


def grid(rows, titles, classes=None, alt="", width=2.1, row_titles=None):
    """Rows of pictures under column titles: `grid([[image, mask], …], ["picture", "mask"], classes, alt=…)`.

    A two-dimensional array is painted as a mask with the class colours, or drawn in grey where no classes
    are given; a legend is added when there are classes.
    """
    if not rows or any(len(row) != len(titles) for row in rows):
        raise ValueError(f"grid needs rows of {len(titles)} pictures, one for each title.")
    shape = np.asarray(rows[0][0]).shape
    height = width * shape[0] / shape[1]
    legend_rows = math.ceil(len(classes) / legend_columns(width * len(titles), classes)) if classes else 0
    size = (width * len(titles), height * len(rows) + 0.3 + 0.35 * legend_rows)
    figure, axes = plt.subplots(len(rows), len(titles), figsize=size, squeeze=False)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            picture = np.asarray(picture)
            if picture.ndim == 2 and classes:
                picture = paint(picture, classes)
            axes[y, x].imshow(as_pixels(picture) if picture.ndim == 3 else picture, cmap="gray")
            axes[y, x].set(xticks=[], yticks=[])
            axes[y, x].spines[:].set_visible(False)
            if y == 0:
                axes[y, x].set_title(titles[x])
        if row_titles:
            axes[y, 0].set_ylabel(row_titles[y])
    if classes:
        legend(figure, classes)
    show(figure, alt, photo=True)
