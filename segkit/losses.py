"""Losses that Keras does not bring as one."""

import keras
import numpy as np
from keras import ops

from .checks import as_pixels
from .distances import two_nearest
from .labels import VOID, check_mask


@keras.saving.register_keras_serializable("segkit")
class CrossEntropyDice(keras.losses.Loss):
    """Cross-entropy of each pixel, plus the Dice loss of each class over the batch: thin classes count as much as wide ones.

    Takes class numbers (B, H, W) and logits (B, H, W, classes). Void pixels count in neither part. Weights of pixels or
    pictures weigh the cross-entropy; Dice counts each pixel whose weight is not 0 alike.
    Taught in notebooks/04_unet_pets.ipynb.
    """

    def __init__(self, dice_weight=1.0, name="cross_entropy_dice", **kwargs):
        super().__init__(name=name, **kwargs)
        self.dice_weight = dice_weight

    def __call__(self, masks, logits, sample_weight=None):
        masks, weights = as_pixels(masks, logits, sample_weight)
        entropy = super().__call__(masks, logits, weights)
        return entropy + self.dice_weight * self.dice(masks, logits, weights)

    def call(self, masks, logits):  # -> (B, H, W): Keras multiplies it by the weights and takes the mean
        logits, masks = ops.cast(logits, "float32"), ops.cast(masks, "int32")
        counted = ops.cast(masks != VOID, "float32")
        entropy = keras.losses.sparse_categorical_crossentropy(
            masks, logits, from_logits=True, ignore_class=VOID
        )
        return entropy / ops.maximum(ops.mean(counted), 1e-7)  # the mean is then one over counted pixels

    def dice(self, masks, logits, weights=None):
        classes = ops.where(masks == VOID, -1, masks)  # −1 becomes all zeros; PyTorch refuses 255
        counted = classes >= 0 if weights is None else (classes >= 0) & (weights > 0)
        counted = ops.expand_dims(ops.cast(counted, "float32"), -1)
        truth = ops.one_hot(classes, logits.shape[-1], dtype="float32") * counted
        guess = ops.softmax(ops.cast(logits, "float32")) * counted  # sums overflow half precision
        return ops.mean(keras.losses.dice(truth, guess, axis=(0, 1, 2)))

    def get_config(self):
        return {**super().get_config(), "dice_weight": self.dice_weight}


def median_frequency(masks, num_classes):
    """A weight for each class, for `class_weights`: the median of all frequencies over its own (Eigen and Fergus, 2014).

    A class' frequency is its share of the pixels of those pictures that show it. Void does not count; a class that no
    mask shows weighs 0.
    Taught in notebooks/03_segnet.ipynb.
    """
    masks = check_mask(masks, num_classes)
    masks = masks[None] if masks.ndim == 2 else masks
    if np.all(masks == VOID):
        raise ValueError("The masks hold void (255) alone: no class has a frequency. Give masks with labels.")
    counts = np.stack([np.bincount(mask[mask != VOID], minlength=num_classes) for mask in masks])
    shown = counts > 0
    frequency = counts.sum(axis=0) / np.maximum((shown * counts.sum(axis=1, keepdims=True)).sum(axis=0), 1)
    median = np.median(frequency[frequency > 0])
    return np.divide(median, frequency, out=np.zeros(num_classes), where=frequency > 0)


def weight_map(instances, w0=10.0, sigma=5.0, class_weights=(1.0, 1.0)):
    """How much each pixel counts: that of its class, and most between objects that nearly touch (float32, like `instances`).

    d1 and d2 are the distances to the nearest object and to the second nearest, in pixels. What adds less than 0.001 is
    left out: then nothing farther than `reach` has to be looked at.
    Taught in notebooks/05_unet_cells.ipynb.
    """
    weights = np.where(np.asarray(instances) > 0, class_weights[1], class_weights[0]).astype("float32")
    if w0 > 0.001:
        reach = max(1, sigma * np.sqrt(2 * np.log(w0 / 0.001)))
        d1, d2 = two_nearest(instances, reach)
        weights += w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    return weights
