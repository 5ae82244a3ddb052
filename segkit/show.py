"""Pictures of pictures, masks, boxes and curves: one palette, one way to publish a figure.

Every class has one colour in the whole course. The colours are those of Okabe and Ito, which stay apart
for colour-blind readers.
"""

import base64
import io
import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Patch, Rectangle

CLASS_COLORS = {
    "background": "#5b6770",
    "pet": "#e69f00",
    "border": "#f0e442",
    "cat": "#d55e00",
    "dog": "#0072b2",
    "bird": "#009e73",
    "Sky": "#56b4e9",
    "Building": "#882255",
    "Column-Pole": "#c0c0c0",
    "Road": "#5b6770",
    "Side-walk": "#cc79a7",
    "Tree": "#117733",
    "Sign-Symbol": "#f0e442",
    "Fence": "#b07d2b",
    "Car": "#332288",
    "Pedestrian": "#d55e00",
    "Bicyclist": "#8be04a",
}
CYCLE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442", "#5b6770")
VOID = 255
VOID_COLOR = (255, 255, 255)


def set_defaults():
    """Figure defaults of the course; `segkit.start` calls this."""
    plt.rcParams.update(
        {
            "figure.constrained_layout.use": True,
            "figure.dpi": 80,
            "font.size": 11,
            "axes.titlesize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": plt.cycler(color=CYCLE),
            "image.interpolation": "nearest",
            "legend.frameon": False,
        }
    )


def show(figure, alt, photo=False):
    """Publish a finished figure with its description, and close it.

    Pictures of pictures (`photo=True`) are stored as JPEG, plots as PNG. `alt` is read out by screen
    readers and is what a text-only reader sees. Outside a notebook the description alone is printed.
    """
    kind = "jpeg" if photo else "png"
    buffer = io.BytesIO()
    options = {"pil_kwargs": {"quality": 85}} if photo else {}
    figure.savefig(buffer, format=kind, bbox_inches="tight", pad_inches=0.05, **options)
    plt.close(figure)
    publish(buffer.getvalue(), kind, alt)


def publish(data, kind, alt, handle=None):
    """Send encoded picture bytes to the notebook; `handle` is updated in place of a new output."""
    shell = notebook()
    if shell is None:
        print(alt)
        return None
    from IPython.display import display

    bundle = {f"image/{kind}": base64.b64encode(data).decode(), "text/plain": alt}
    metadata = {f"image/{kind}": {"alt": alt}, "alt": alt}
    if handle is not None:
        handle.update(bundle, raw=True, metadata=metadata)
        return handle
    return display(bundle, raw=True, metadata=metadata, display_id=True)


def notebook():
    """The running notebook's shell, or None in a plain Python process."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return shell if shell is not None and hasattr(shell, "kernel") else None


def color(name, index=0):
    """The colour of a class by its name; an unknown name takes the index-th colour of the cycle."""
    return CLASS_COLORS.get(name, CYCLE[index % len(CYCLE)])


def palette(classes):
    """(number of classes, 3) uint8 colours, one row a class name."""
    names = [color(name, index) for index, name in enumerate(classes)]
    return np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in names], np.uint8)


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


def legend(figure, classes, **options):
    """A class legend below the figure."""
    patches = [Patch(facecolor=color(name, index), label=name) for index, name in enumerate(classes)]
    columns = legend_columns(figure.get_size_inches()[0], classes)
    return figure.legend(handles=patches, loc="outside lower center", ncols=columns, **options)


def legend_columns(width, classes):
    """How many entries stand side by side below a figure of this width, in inches."""
    return max(1, min(len(classes), int(width / 1.05)))


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
            axes[y, x].imshow(picture.astype(np.uint8) if picture.ndim == 3 else picture, cmap="gray")
            axes[y, x].set(xticks=[], yticks=[])
            axes[y, x].spines[:].set_visible(False)
            if y == 0:
                axes[y, x].set_title(titles[x])
        if row_titles:
            axes[y, 0].set_ylabel(row_titles[y])
    if classes:
        legend(figure, classes)
    show(figure, alt, photo=True)


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
