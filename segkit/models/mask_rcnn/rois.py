"""The features of each box, however large it is, as a map of one small size: RoIAlign, and RoIPool to compare.

Both take boxes in pixels, (B, R, 4), and maps (B, h, w, C) with their strides, finest first; (B, R, bins, bins, C) comes
out. No loop runs over pictures or boxes, and nothing is gathered: which cell counts how much for which bin is a small
matrix for the rows and one for the columns, and a map is multiplied by both.
"""

import math

from keras import ops


def level_of(boxes, strides, cells):
    """Which map each box is read from, (B, R): the one on which the side of its square is `cells` cells, up to twice that.

    The paper's rule: 224 pixels on the map of stride 16 are 14 cells.
    Taught in notebooks/08_mask_rcnn.ipynb.
    """
    height, width = (ops.maximum(boxes[..., i + 2] - boxes[..., i], 1e-3) for i in (0, 1))
    octave = ops.log(ops.sqrt(height * width) / cells) / math.log(2)
    index = ops.floor(octave + 1e-6) - math.log2(strides[0])
    return ops.cast(ops.clip(index, 0, len(strides) - 1), "int32")


def bin_weights(start, stop, bins, samples, length):  # (B, R), (B, R) -> (B, R, bins, length)
    """How much each of `length` cells in a row counts for each bin of start … stop, which are places in that row.

    Place 0 is the centre of the first cell. In each bin lie `samples` points at equal distances; a point between two
    centres takes from both, the nearer the more; one more than a cell outside of the map takes nothing.
    Taught in notebooks/08_mask_rcnn.ipynb.
    """
    points = bins * samples
    step = (ops.arange(points, dtype="float32") + 0.5) / points
    places = ops.expand_dims(start, -1) + step * ops.expand_dims(stop - start, -1)  # (B, R, points)
    inside = (places >= -1) & (places <= length)
    places = ops.expand_dims(ops.clip(places, 0, length - 1), -1)
    weights = ops.maximum(0, 1 - ops.abs(places - ops.arange(length, dtype="float32")))
    weights = weights * ops.cast(ops.expand_dims(inside, -1), "float32")
    batch, boxes = ops.shape(start)
    return ops.mean(ops.reshape(weights, (batch, boxes, bins, samples, length)), axis=3)


def align_one(features, boxes, bins, samples=2, half_pixel=True, here=None):
    """RoIAlign on one map, boxes counted in its cells: the bilinear means of `samples`² points in each bin.

    With `half_pixel` the first cell's centre lies at 0.5, as everywhere in segkit. Without it at 0, and a box is at least
    one cell large: the first published version, kept to compare with. `here` (B, R) is 0 for boxes to leave out.
    Taught in notebooks/08_mask_rcnn.ipynb.
    """
    height, width = features.shape[1:3]
    top, left, bottom, right = ops.unstack(boxes - 0.5 if half_pixel else boxes, axis=-1)
    if not half_pixel:
        bottom, right = ops.maximum(bottom, top + 1), ops.maximum(right, left + 1)
    rows = bin_weights(top, bottom, bins, samples, height)
    if here is not None:
        rows = rows * ops.expand_dims(here, (-2, -1))
    return _mix(features, rows, bin_weights(left, right, bins, samples, width))


def _mix(features, rows, columns):  # (B, h, w, C), (B, R, p, h), (B, R, q, w) -> (B, R, p, q, C)
    """Rows of the map mixed to rows of bins, and then columns."""
    (_, height, width, channels), (batch, count) = features.shape, ops.shape(rows)[:2]
    p = rows.shape[2]
    rows, columns = ops.cast(rows, features.dtype), ops.cast(columns, features.dtype)
    flat = ops.reshape(features, (batch, height, width * channels))
    mixed = ops.matmul(ops.reshape(rows, (batch, count * p, height)), flat)
    mixed = ops.reshape(mixed, (batch, count, p, width, channels))
    return ops.matmul(ops.expand_dims(columns, 2), mixed)  # (B, R, 1, q, w) times (B, R, p, w, C)


def roi_align(maps, boxes, strides, bins, samples=2, cells=14, half_pixel=True):
    """RoIAlign, each box on the map that suits its size; on the others it counts for nothing.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    level, out = level_of(boxes, strides, cells), 0
    for index, (features, stride) in enumerate(zip(maps, strides, strict=True)):
        here = ops.cast(level == index, "float32")
        out = out + align_one(features, boxes / stride, bins, samples, half_pixel, here)
    return out


def pool_one(features, boxes, bins):
    """RoIPool on one map: corners rounded to whole cells, bins to whole cells, and of each bin the maximum.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    height, width = features.shape[1:3]
    start = ops.round(boxes[..., :2])
    stop = ops.maximum(ops.round(boxes[..., 2:]), start + 1)
    rows = _bin_cells(start[..., 0], stop[..., 0], bins, height)
    columns = _bin_cells(start[..., 1], stop[..., 1], bins, width)
    lowest, wide = ops.cast(-1e4, features.dtype), ops.expand_dims(features, 1)  # loops over bins save memory
    tall = [ops.max(ops.where(rows[:, :, i, :, None, None], wide, lowest), axis=2) for i in range(bins)]
    tall = ops.stack(tall, axis=2)  # (B, R, bins, w, C)
    pooled = [ops.max(ops.where(columns[:, :, None, j, :, None], tall, lowest), axis=3) for j in range(bins)]
    pooled = ops.stack(pooled, axis=3)
    return ops.where(pooled > lowest, pooled, ops.zeros_like(pooled))  # a bin without cells


def _bin_cells(start, stop, bins, length):  # (B, R), (B, R) -> (B, R, bins, length) of True and False
    """Which cells touch each bin of start … stop."""
    share = (stop - start)[..., None] / bins
    low = start[..., None] + ops.floor(ops.arange(bins, dtype="float32") * share + 1e-4)
    high = start[..., None] + ops.ceil((ops.arange(bins, dtype="float32") + 1) * share - 1e-4)
    cells = ops.arange(length, dtype="float32")
    return (cells >= low[..., None]) & (cells < high[..., None])


def roi_pool(maps, boxes, strides, bins, cells=14):
    """RoIPool, each box on the map that suits its size.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    level = level_of(boxes, strides, cells)[..., None, None, None]
    pooled = [pool_one(each, boxes / stride, bins) for each, stride in zip(maps, strides, strict=True)]
    return sum(ops.where(level == index, each, ops.zeros_like(each)) for index, each in enumerate(pooled))
