"""What the network is asked to answer: which anchor or box belongs to which object, and how it should be moved.

All boxes are (…, 4): top, left, bottom, right in pixels. B pictures, N boxes each, M places for objects.
"""

import math

from keras import ops

from ...boxes import area, centre_and_size

MOST_GROWTH = math.log(1000 / 16)  # a correction makes no box more than 62 times as large


def iou(boxes, others):  # (…, N, 4), (…, M, 4) -> (…, N, M)
    """Of each box with each other one: the area that both cover, divided by the area that either covers.

    Taught in notebooks/08_mask_rcnn.ipynb.
    """
    boxes, others = ops.expand_dims(boxes, -2), ops.expand_dims(others, -3)
    top_left = ops.maximum(boxes[..., :2], others[..., :2])
    bottom_right = ops.minimum(boxes[..., 2:], others[..., 2:])
    shared = area(ops.concatenate([top_left, bottom_right], axis=-1))
    return shared / ops.maximum(area(boxes) + area(others) - shared, 1e-7)


def encode(boxes, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    """How far the centre moves, in sizes of the anchor, and by which factor the sides grow, as a logarithm.

    Taught in notebooks/08_mask_rcnn.ipynb.
    """
    (centre, size), (middle, extent) = centre_and_size(boxes), centre_and_size(anchors)
    deltas = ops.concatenate([(centre - middle) / extent, ops.log(size / extent)], axis=-1)
    return deltas * ops.convert_to_tensor(weights, "float32")


def decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    """The box that a correction makes of an anchor: `encode` backwards.

    Taught in notebooks/08_mask_rcnn.ipynb.
    """
    deltas = deltas / ops.convert_to_tensor(weights, "float32")
    middle, extent = centre_and_size(anchors)
    centre = middle + deltas[..., :2] * extent
    size = extent * ops.exp(ops.minimum(deltas[..., 2:], MOST_GROWTH))
    return ops.concatenate([centre - size / 2, centre + size / 2], axis=-1)


def match(overlaps, valid, positive, negative, rescue=False):
    """(B, N, M) overlaps of boxes with objects, of which (B, M) are valid → two of (B, N).

    Which object a box overlaps most, and what it is: 1 that object, 0 background, −1 neither, so it is not asked.
    With `rescue` an object that no box overlaps enough gets the boxes that overlap it most.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    overlaps = ops.where(ops.expand_dims(valid, 1), overlaps, -1.0)
    best = ops.max(overlaps, axis=-1)
    is_object = best >= positive
    if rescue:
        highest = ops.max(overlaps, axis=1, keepdims=True)  # of each object
        is_object |= ops.any((overlaps >= highest - 1e-6) & (highest > 0), axis=-1)
    kind = ops.where(is_object, 1, ops.where(best < negative, 0, -1))
    return ops.argmax(overlaps, axis=-1), kind


def sample(kind, count, share, noise):
    """Choose `count` of (B, N) boxes at random, objects first, no more than `share` of them: indices (B, count), kind there.

    `noise` is (B, N), drawn from 0 … 1. Where there are too few to choose from, the kind is −1: an empty place.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    count = min(count, kind.shape[1])
    most = max(1, round(count * share))
    is_object = kind == 1
    luck = ops.where(is_object, noise, -1.0)
    last = ops.top_k(luck, most)[0][:, -1:]  # the luck of the last object that is taken
    luck = ops.where(is_object & (luck >= last), 2 + noise, ops.where(kind == 0, noise, -1.0))
    luck, chosen = ops.top_k(luck, count)
    return chosen, ops.where(luck >= 2, 1, ops.where(luck >= 0, 0, -1))


def mask_targets(instances, numbers, boxes, bins, samples=2):
    """(B, H, W) ids, the id (B, R) that each box is about, boxes (B, R, 4) → (B, R, bins, bins) of 0 … 1.

    Each cell holds the share of its `samples`² points that lie on the object.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    height, width = instances.shape[1:]
    step = (ops.arange(bins * samples, dtype="float32") + 0.5) / (bins * samples)
    top, left, bottom, right = (ops.expand_dims(side, -1) for side in ops.unstack(boxes, axis=-1))
    rows = ops.cast(ops.clip(ops.floor(top + step * (bottom - top)), 0, height - 1), "int32")
    columns = ops.cast(ops.clip(ops.floor(left + step * (right - left)), 0, width - 1), "int32")
    places = ops.expand_dims(rows, -1) * width + ops.expand_dims(columns, -2)  # (B, R, points, points)
    batch, count = ops.shape(numbers)
    ids = ops.reshape(ops.cast(instances, "int32"), (batch, height * width))
    seen = ops.take_along_axis(ids, ops.reshape(places, (batch, -1)), axis=1)
    seen = ops.reshape(seen, (batch, count, bins, samples, bins, samples))
    inside = seen == ops.reshape(ops.cast(numbers, "int32"), (batch, count, 1, 1, 1, 1))
    return ops.mean(ops.cast(inside, "float32"), axis=(3, 5))


def keypoint_targets(points, boxes, bins):
    """(B, R, P, 3) points in pixels, of the object that each box is about → cell (B, R, P) 0 … bins² − 1, and which count.

    A point counts if it is marked (1 hidden or 2 visible) and lies in its box.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    top_left, bottom_right = (ops.expand_dims(part, -2) for part in (boxes[..., :2], boxes[..., 2:]))
    place = (points[..., :2] - top_left) / ops.maximum(bottom_right - top_left, 1e-3) * bins
    counts = (points[..., 2] > 0) & ops.all((place >= 0) & (place < bins), axis=-1)
    cell = ops.cast(ops.clip(ops.floor(place), 0, bins - 1), "int32")
    return cell[..., 0] * bins + cell[..., 1], counts
