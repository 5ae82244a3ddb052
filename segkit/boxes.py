"""Small things that are done to boxes everywhere in a detector. A box is (…, 4): top, left, bottom, right."""

from keras import ops


def area(boxes):
    """0 for a box without height or width."""
    top, left, bottom, right = ops.unstack(boxes, axis=-1)
    return ops.maximum(bottom - top, 0) * ops.maximum(right - left, 0)


def centre_and_size(boxes):
    """(…, 4) -> two of (…, 2). No side is shorter than a thousandth of a pixel, so that logarithms exist."""
    size = ops.maximum(boxes[..., 2:] - boxes[..., :2], 1e-3)
    return (boxes[..., :2] + boxes[..., 2:]) / 2, size


def clip(boxes, size):
    """Boxes cut at the edges of a picture of (height, width)."""
    height, width = size
    return ops.minimum(ops.maximum(boxes, 0.0), ops.convert_to_tensor([height, width] * 2, "float32"))


def take(values, chosen):
    """(B, N, …) at (B, K) → (B, K, …)."""
    shape = (*ops.shape(chosen), *[1] * (len(values.shape) - 2))
    return ops.take_along_axis(values, ops.reshape(ops.cast(chosen, "int32"), shape), axis=1)


def best(kept, scores, count):
    """The `count` best of (B, N) that are kept: indices (B, count), scores, and which places are filled."""
    scores, chosen = ops.top_k(ops.where(kept, scores, -1e9), min(count, scores.shape[1]))
    missing = count - scores.shape[1]
    if missing > 0:  # fewer boxes than places
        scores = ops.pad(scores, ((0, 0), (0, missing)), constant_values=-1e9)
        chosen = ops.pad(chosen, ((0, 0), (0, missing)))
    return chosen, scores, scores > -1e8
