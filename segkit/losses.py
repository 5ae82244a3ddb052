"""Losses that Keras does not bring as one."""

import keras
import numpy as np
from keras import ops

from .labels import VOID, check_mask


@keras.saving.register_keras_serializable("segkit")
class CrossEntropyDice(keras.losses.Loss):
    """Cross-entropy of each pixel, plus the Dice loss of each class over the batch: thin classes count as much as wide ones.

    Takes class numbers (B, H, W) and logits (B, H, W, classes). Void pixels count in neither part.
    Taught in notebooks/04_unet_pets.ipynb.
    """

    def __init__(self, dice_weight=1.0, name="cross_entropy_dice", **kwargs):
        super().__init__(name=name, **kwargs)
        self.dice_weight = dice_weight

    def call(self, masks, logits):  # -> (B, H, W), so that weights for pixels can be given
        logits = ops.cast(logits, "float32")  # sums over a batch overflow half precision
        masks = ops.cast(masks, "int32")
        counted = ops.cast(masks != VOID, "float32")
        entropy = keras.losses.sparse_categorical_crossentropy(
            masks, logits, from_logits=True, ignore_class=VOID
        )
        entropy = entropy / ops.maximum(ops.mean(counted), 1e-7)  # the mean is then one over counted pixels
        classes = ops.where(masks == VOID, -1, masks)  # −1 becomes all zeros; PyTorch refuses 255
        truth = ops.one_hot(classes, logits.shape[-1], dtype="float32")
        guess = ops.softmax(logits) * ops.expand_dims(counted, -1)
        dice = ops.mean(keras.losses.dice(truth, guess, axis=(0, 1, 2)))
        return entropy + self.dice_weight * dice

    def get_config(self):
        return {**super().get_config(), "dice_weight": self.dice_weight}


def median_frequency(masks, num_classes):
    """A weight for each class, for `class_weights`: the median of all frequencies over its own (Eigen and Fergus, 2014).

    A class' frequency is its share of the pixels of those pictures that show it. Void does not count; a class that no
    mask shows weighs 0.
    Taught in notebooks/03_segnet.ipynb.
    """
    check_mask(masks, num_classes)
    counts = np.stack([np.bincount(mask[mask != VOID], minlength=num_classes) for mask in masks])
    shown = counts > 0
    frequency = counts.sum(axis=0) / np.maximum((shown * counts.sum(axis=1, keepdims=True)).sum(axis=0), 1)
    median = np.median(frequency[frequency > 0])
    return np.divide(median, frequency, out=np.zeros(num_classes), where=frequency > 0)
