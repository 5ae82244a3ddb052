"""Small masks in boxes → masks of the picture's size."""

from keras import ops


def paste(masks, boxes, size):
    """Masks (D, bins, bins) and their boxes (D, 4) as shares of the sides → (D, height, width), 0 outside the boxes.

    Each pixel asks for the mask's value at its own centre, bilinearly; beyond the outer cells' centres, for theirs.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    (height, width), bins = size, masks.shape[1]
    rows = _mixing(boxes[:, 0] * height, boxes[:, 2] * height, bins, height)
    columns = _mixing(boxes[:, 1] * width, boxes[:, 3] * width, bins, width)
    masks = ops.cast(masks, "float32")
    return ops.matmul(ops.matmul(rows, masks), ops.transpose(columns, (0, 2, 1)))


def _mixing(start, stop, bins, length):  # (D,), (D,) -> (D, length, bins)
    """How much each cell of a mask counts for each of `length` pixels in a row."""
    start, stop = (ops.cast(ops.expand_dims(edge, 1), "float32") for edge in (start, stop))
    centres = ops.arange(length, dtype="float32") + 0.5
    inside = (centres >= start) & (centres < stop)
    places = (centres - start) / ops.maximum(stop - start, 1e-3) * bins - 0.5
    places = ops.expand_dims(ops.clip(places, 0, bins - 1), -1)
    weights = ops.maximum(0, 1 - ops.abs(places - ops.arange(bins, dtype="float32")))
    return weights * ops.cast(ops.expand_dims(inside, -1), "float32")
