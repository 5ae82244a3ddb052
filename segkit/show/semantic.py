"""What a display of masks shows of each picture, and says of it."""

import numpy as np

from ..labels import VOID
from .pictures import paint


def semantic(pictures, outputs):
    """Rows of picture, true mask and prediction; the prediction's caption holds its IoU per class."""
    from ..metrics import iou_per_class  # here: plain drawings need no Keras

    classes = pictures.classes
    predictions = class_numbers(outputs, len(classes))
    rows = []
    for image, mask, prediction in zip(pictures.images, pictures.masks, predictions, strict=True):
        scores = iou_per_class(mask, prediction, len(classes))
        known = [(name, score) for name, score in zip(classes, scores, strict=True) if not np.isnan(score)]
        # a no-break space keeps a name and its number on one line
        caption = "IoU " + "\u00a0· ".join(f"{name}\u00a0{score:.2f}" for name, score in known)
        if np.any(prediction == VOID):
            caption = f"{np.mean(prediction == VOID):.0%} of the answers are NaN (white)"
        first = not rows
        rows.append(
            [
                ("picture" if first else "", image),
                ("true mask" if first else "", paint(mask, classes)),
                (caption, paint(prediction, classes)),
            ]
        )
    return rows


def class_numbers(outputs, num_classes):
    """The model's answer (N, H, W, channels) as class numbers; void where it is not a number."""
    if not hasattr(outputs, "shape") or outputs.ndim != 4:
        raise TypeError(
            "The display of masks needs one output (N, height, width, classes); for models with others give "
            "DisplayCallback(pictures, draw=…), a function of pictures and outputs."
        )
    channels = outputs.shape[-1]
    if channels == 1 and num_classes == 2:  # one number a pixel: a probability, or a logit
        border = 0.5 if np.nanmin(outputs) >= 0 and np.nanmax(outputs) <= 1 else 0.0
        numbers = (outputs[..., 0] > border).astype(np.uint8)
    elif channels == num_classes:
        numbers = outputs.argmax(axis=-1).astype(np.uint8)
    else:
        raise ValueError(
            f"The model answers with {channels} channels and the pictures have {num_classes} classes: give its last layer "
            f"{num_classes} filters."
        )
    return np.where(np.isnan(outputs).any(axis=-1), VOID, numbers).astype(np.uint8)
