"""What a mask must be, checked wherever one enters: integers, in range, as large as its picture."""

import numpy as np

VOID = 255  # "do not count this pixel", everywhere in the course


def check_mask(mask, num_classes, image=None, name="The mask"):
    """Return `mask` unchanged, or say in one sentence what is wrong with it and what mends it.

    `mask` is (H, W) or (N, H, W) with class numbers 0 … num_classes−1, and 255 for void.
    """
    mask = np.asarray(mask)
    if not np.issubdtype(mask.dtype, np.integer):
        raise TypeError(
            f"{name} holds {mask.dtype} values, and labels are whole numbers: load it as uint8, and resize it "
            "with nearest neighbour, never bilinearly."
        )
    if mask.ndim not in (2, 3):
        raise ValueError(
            f"{name} has shape {mask.shape}; give (height, width), or (pictures, height, width)."
        )
    if image is not None and mask.shape[-2:] != np.asarray(image).shape[-3:-1]:
        raise ValueError(
            f"{name} is {mask.shape[-2]}×{mask.shape[-1]} (height×width) and its picture is "
            f"{np.asarray(image).shape[-3]}×{np.asarray(image).shape[-2]}: "
            "they must be of one size before they are resized together."
        )
    labels = (
        np.flatnonzero(np.bincount(mask.ravel(), minlength=1)) if mask.dtype == np.uint8 else np.unique(mask)
    )
    wrong = labels[(labels != VOID) & ((labels < 0) | (labels >= num_classes))]
    if wrong.size:
        hint = (
            " Labels start at 0: subtract 1." if wrong.tolist() == [num_classes] and 0 not in labels else ""
        )
        raise ValueError(
            f"{name} holds label {', '.join(map(str, wrong[:5]))}, but there are {num_classes} classes "
            f"(0…{num_classes - 1}) and 255 for void.{hint or ' Name all classes, or map the others to 255.'}"
        )
    return mask


def check_predictions(masks, predictions):
    """Both as arrays of one shape, or a sentence that says what was compared with what."""
    masks, predictions = np.asarray(masks), np.asarray(predictions)
    if masks.shape != predictions.shape:
        raise ValueError(
            f"Masks are {masks.shape} and predictions {predictions.shape}: compare class numbers with class "
            "numbers, after argmax over the last axis of the logits."
        )
    return masks, predictions


def separated(instances):
    """Ids (H, W), with 0 wherever a neighbour (of eight) belongs to another object: touching objects come apart.

    The background between them is two pixels wide, one of each.
    """
    ids = np.asarray(instances)
    padded = np.pad(ids, 1, mode="edge")
    height, width = ids.shape
    touches = np.zeros(ids.shape, bool)
    for down in range(3):
        for right in range(3):
            other = padded[down : down + height, right : right + width]
            touches |= (other != ids) & (other > 0)
    return np.where(touches, 0, ids)
