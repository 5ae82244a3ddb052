"""Predict pictures of any size, a tile at a time, so that memory does not grow with the picture."""

import numbers
import sys

import numpy as np
from keras import layers, ops
from tqdm import tqdm

from .unet_sizes import context, side_in, side_out


def predict_tiles(network, picture, tile=None, batch_size=1, progress=True):
    """Logits (H, W, classes) of a picture (H, W, C), by a U-Net without padding (`valid_unet`), tile by tile.

    `tile` is the side that goes into the network, as 572; left out, it is the smallest that answers for 256 pixels. Each
    tile brings its context along, from the picture or, beyond the edge, from its mirror image. So that the answer is the
    whole picture's, to the last digit of the arithmetic, tiles begin where the poolings' windows begin: at multiples of
    2 ** poolings. In memory are the picture, the answer and `batch_size` tiles.
    """
    picture, poolings = np.asarray(picture), _poolings(network)
    _check(network, picture, batch_size)
    around, grid = context(poolings), 2**poolings
    tile = side_in(256, poolings) if tile is None else tile
    out = (
        side_out(tile, poolings)
        if isinstance(tile, numbers.Integral) and not isinstance(tile, bool)
        else None
    )
    if out is None or out < grid:
        wanted = tile if isinstance(tile, numbers.Number) else 0
        near = side_in(max(grid, int(wanted) - 2 * around), poolings)
        raise ValueError(
            f"tile is {tile!r}; a side that goes into this network is 4 less than a multiple of {grid}, as {near}."
        )
    step = out // grid * grid
    answer = np.empty((*picture.shape[:2], network.output.shape[-1]), np.float32)
    corners = [(y, x) for y in range(0, picture.shape[0], step) for x in range(0, picture.shape[1], step)]
    parts = range(0, len(corners), batch_size)
    for first in tqdm(parts, "tiles", leave=False, file=sys.stderr, disable=not progress or len(parts) < 2):
        some = corners[first : first + batch_size]
        tiles = np.stack([_mirrored(picture, y - around, x - around, tile) for y, x in some])
        logits = ops.convert_to_numpy(network.predict_on_batch(tiles))
        for (y, x), part in zip(some, logits, strict=True):
            place = answer[y : y + step, x : x + step]
            place[:] = part[: place.shape[0], : place.shape[1]]
    return answer


def _mirrored(picture, top, left, side):
    """A square of the picture; beyond the edges its mirror image."""
    rows, columns = (
        np.arange(first, first + side) % (2 * length)
        for first, length in zip((top, left), picture.shape, strict=False)
    )
    rows, columns = (
        np.minimum(places, 2 * length - 1 - places)
        for places, length in zip((rows, columns), picture.shape, strict=False)
    )
    return picture[rows[:, None], columns]


def _poolings(network):
    count = sum(isinstance(layer, layers.MaxPooling2D) for layer in network.layers)
    padded = [layer.name for layer in network.layers if getattr(layer, "padding", "") == "same"]
    if not count or padded:
        why = f"{padded[0]!r} pads" if padded else "it has no pooling of its own"
        raise ValueError(
            f"predict_tiles takes a U-Net without padding, as valid_unet builds it, and in {network.name!r} {why}."
        )
    return count


def _check(network, picture, batch_size):
    channels = network.input.shape[-1]
    if picture.ndim != 3 or picture.shape[-1] != channels or 0 in picture.shape:
        raise ValueError(
            f"The picture has shape {picture.shape}; give one picture (height, width, {channels}), without a batch."
        )
    if picture.dtype.kind not in "uif":
        raise TypeError(f"The picture holds {picture.dtype} values; give pixels of 0..255.")
    if isinstance(batch_size, bool) or not isinstance(batch_size, numbers.Integral) or batch_size < 1:
        raise ValueError(f"batch_size is {batch_size!r}; give a whole number of tiles, 1 or more.")
