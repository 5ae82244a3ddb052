"""One way to publish a figure: with a description, in the course's style, closed afterwards."""

import base64
import io
import os

import matplotlib.pyplot as plt
from PIL import Image

from .colors import CYCLE


def sharpness():
    """Dots drawn for each that is shown: two, which no screen shows coarse. Where pictures are kept in a repository, one."""
    return int(os.environ.get("SEGKIT_SHARPNESS", 2))


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


# Progressive files hold the same picture in a tenth fewer bytes.
JPEG = {"quality": 82, "optimize": True, "progressive": True}


def show(figure, alt, photo=False):
    """Publish a finished figure with its description, and close it.

    Pictures of pictures (`photo=True`) are stored as JPEG, plots as PNG of at most 128 colours. `alt` is read out by screen
    readers and is what a text-only reader sees. Outside a notebook the description alone is printed.
    """
    for axes in figure.axes:
        bare = not axes.get_xticks().size and not axes.get_yticks().size
        if bare and axes.spines["left"].get_visible():  # a picture, no plot: framed all around
            axes.spines[:].set(visible=True, color="#b8bec4", linewidth=0.8)
    drawn, stored = io.BytesIO(), io.BytesIO()
    dots = figure.dpi * sharpness()
    figure.savefig(drawn, dpi=dots, format="png", bbox_inches="tight", pad_inches=0.05)
    plt.close(figure)
    picture = Image.open(drawn).convert("RGB")
    if photo:
        picture.save(stored, "jpeg", **JPEG)
    else:
        picture.quantize(128, dither=Image.Dither.NONE).save(stored, "png", optimize=True)
    publish(stored.getvalue(), "jpeg" if photo else "png", alt)


def publish(data, kind, alt, handle=None):
    """Send encoded picture bytes, drawn at `sharpness()`, to the notebook; `handle` is updated in place of a new output."""
    shell = notebook()
    if shell is None:
        print(alt)
        return None
    from IPython.display import display

    bundle = {f"image/{kind}": base64.b64encode(data).decode(), "text/plain": alt}
    width = Image.open(io.BytesIO(data)).width // sharpness()
    metadata = {f"image/{kind}": {"alt": alt, "width": width}, "alt": alt}
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
