"""Scores of a whole set of masks at once, from arrays: IoU of each class, objects counted."""

import numpy as np
from scipy import ndimage

from ..labels import VOID, check_predictions


def iou_per_class(masks, predictions, num_classes):
    """IoU of each class over a whole set of masks, NaN for a class that neither side has.

    Taught in notebooks/00_start_here.ipynb.
    """
    masks, predictions = check_predictions(masks, predictions)
    counted = masks != VOID
    scores = []
    for label in range(num_classes):
        truth, guess = (masks == label) & counted, (predictions == label) & counted
        either = np.sum(truth | guess)
        scores.append(np.sum(truth & guess) / either if either else np.nan)
    return np.array(scores)


def count_error(instances, masks, least=8):
    """How far the number of objects found is from the true one, as a share of it; the mean over pictures.

    Found is each connected piece of a mask (0 is background), as long as it has `least` pixels: smaller ones are dust.
    Taught in notebooks/05_unet_cells.ipynb.
    """
    instances, masks = check_predictions(instances, masks)
    errors = []
    for ids, mask in zip(instances, masks, strict=True):
        pieces, _ = ndimage.label(mask)
        found = np.count_nonzero(np.bincount(pieces.ravel())[1:] >= least)
        true = np.unique(ids[ids > 0]).size
        errors.append(abs(found - true) / max(true, 1))
    return float(np.mean(errors))
