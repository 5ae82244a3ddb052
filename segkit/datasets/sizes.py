"""What `size` may be, and resizing by it."""

import numbers

import numpy as np
from PIL import Image


def as_size(size, shape=(1, 1)):
    """A number or (height, width) → (height, width). A number is the height; the width follows the set's shape."""
    if isinstance(size, numbers.Integral) and not isinstance(size, bool) and size > 0:
        return int(size), max(1, round(int(size) * shape[1] / shape[0]))
    pair = tuple(size) if isinstance(size, tuple | list | np.ndarray) else ()
    if len(pair) == 2 and all(isinstance(side, numbers.Integral) and side > 0 for side in pair):
        return int(pair[0]), int(pair[1])
    raise ValueError(
        f"size is {size!r}; give a whole number of pixels, as 128, or (height, width), as (96, 128)."
    )


def resize_image(image, size):
    """(H, W, 3) uint8, smoothly; what becomes smaller is averaged, not sampled."""
    if image.shape[:2] == size:
        return image
    return np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR))


def resize_labels(mask, size):
    """(H, W) of any integers, by nearest neighbour: no label is invented."""
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(size, mask.shape, strict=True)
    )
    return mask[rows[:, None], columns]
