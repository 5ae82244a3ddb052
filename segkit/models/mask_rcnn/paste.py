"""Small masks in boxes → masks of the picture's size; and one picture of any size, in and out."""

import numpy as np
from keras import ops
from PIL import Image


def paste(masks, boxes, size):
    """Masks (D, bins, bins) and their boxes (D, 4) as shares of the sides → (D, height, width), 0 outside the boxes.

    Each pixel asks for the mask's value at its own centre, between cells bilinearly; towards the edge of the box stands
    what stands in the last cell.
    """
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


def fitted(picture, size):
    """A picture made as large as fits into `size` and padded below and on the right; and how much of each side it takes.

    A box that the network finds, divided by these shares, is the box in the picture as it was: exactly, as the sides are
    rounded before the shares are taken.
    """
    height, width = picture.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = tuple(
        max(1, min(side, round(scale * old))) for side, old in zip(size, (height, width), strict=True)
    )
    canvas = np.full((*size, 3), np.round(picture.mean(axis=(0, 1))), "uint8")
    smaller = picture
    if inner != (height, width):
        smaller = np.asarray(Image.fromarray(picture).resize(inner[::-1], Image.Resampling.BILINEAR))
    canvas[: inner[0], : inner[1]] = smaller
    return canvas, (inner[0] / size[0], inner[1] / size[1])


def detect(model, picture, least_score=0.5, threshold=0.5):
    """See `MaskRCNN.detect`."""
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[-1] != 3 or 0 in picture.shape or picture.dtype != np.uint8:
        raise ValueError(
            f"A picture of shape {picture.shape} and type {picture.dtype} came; give one picture (height, width, 3) of uint8."
        )
    canvas, shares = fitted(picture, model.config.size)
    found = {name: value[0] for name, value in model.predict_on_batch(canvas[None]).items()}
    kept = np.asarray(found["valid"]) & (np.asarray(found["scores"]) >= least_score)
    found = {name: np.asarray(value)[kept] for name, value in found.items() if name != "valid"}
    found["boxes"] = np.clip(found["boxes"] / np.array(shares * 2, "float32"), 0, 1)
    if "keypoints" in found:
        found["keypoints"][..., :2] /= np.array(shares, "float32")
    height, width = picture.shape[:2]
    masks = [  # one after another: a hundred masks of a photograph in float32 do not fit everywhere
        ops.convert_to_numpy(paste(mask[None], box[None], (height, width)))[0] >= threshold
        for mask, box in zip(found["masks"], found["boxes"], strict=True)
    ]
    found["masks"] = np.stack(masks) if masks else np.zeros((0, height, width), bool)
    return found
