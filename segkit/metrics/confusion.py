"""Scores that follow from one table of counts: true class by named class, over all pixels seen."""

import keras
from keras import ops

from ..checks import as_pixels
from ..labels import VOID


class FromConfusion(keras.metrics.MeanIoU):
    """Counts pixels by true and named class, from masks and logits; void does not count.

    A pixel whose logits are no numbers counts as wrong. A score is written as `scores(right, true, named)`, three
    counts a class; the result is the mean over the classes that the score can be asked of.
    Taught in notebooks/14_metrics.ipynb.
    """

    def __init__(self, num_classes, name=None, dtype="float32"):
        super().__init__(num_classes, name=name, dtype=dtype, ignore_class=VOID)

    def update_state(self, masks, logits, sample_weight=None):
        masks, weights = as_pixels(masks, logits, sample_weight, self.num_classes)
        guess = ops.cast(ops.argmax(logits, axis=-1), "int32")
        guess = ops.where(answered(logits), guess, (masks + 1) % self.num_classes)
        return super().update_state(masks, guess, weights)

    def result(self):
        table = ops.convert_to_tensor(self.total_cm)
        right, true, named = ops.diagonal(table), ops.sum(table, axis=1), ops.sum(table, axis=0)
        upper, lower, weights = self.scores(right, true, named)
        weights = ops.where(lower > 0, weights, 0)
        return ops.divide_no_nan(ops.sum(weights * ops.divide_no_nan(upper, lower)), ops.sum(weights))

    def get_config(self):
        return {"num_classes": self.num_classes, "name": self.name, "dtype": self.dtype}


def answered(logits):  # (B, H, W, classes) -> (B, H, W)
    """False where a logit is no number: argmax would give such a pixel to some class.

    Taught in notebooks/14_metrics.ipynb.
    """
    return ops.logical_not(ops.any(ops.isnan(logits), axis=-1))


@keras.saving.register_keras_serializable("segkit")
class MeanClassAccuracy(FromConfusion):
    """The share of each class' pixels that were found, averaged over the classes that the masks have.

    Taught in notebooks/14_metrics.ipynb.
    """

    def scores(self, right, true, named):
        return right, true, ops.ones_like(true)


@keras.saving.register_keras_serializable("segkit")
class FrequencyWeightedIoU(FromConfusion):
    """IoU of each class, weighted by its share of the true pixels: large classes rule.

    Taught in notebooks/14_metrics.ipynb.
    """

    def scores(self, right, true, named):
        return right, true + named - right, true


@keras.saving.register_keras_serializable("segkit")
class MeanDice(FromConfusion):
    """Dice of each class, 2·IoU/(1 + IoU), averaged over the classes that masks or answers have.

    Taught in notebooks/14_metrics.ipynb.
    """

    def scores(self, right, true, named):
        return 2 * right, true + named, ops.ones_like(true)
