"""Scores that follow from one table of counts: true class by named class, over all pixels seen."""

import keras
from keras import ops

from ..answers import strongest
from ..checks import as_pixels, check_whole
from ..labels import VOID


class FromConfusion(keras.metrics.Metric):
    """Counts pixels by true and named class, from masks and logits; void does not count.

    A pixel whose logits are no numbers counts as wrong. A score is written as `scores(right, true, named)`, three
    counts a class; the result is the mean over the classes that the score can be asked of.
    Taught in notebooks/14_metrics.ipynb.
    """

    def __init__(self, num_classes, name=None, dtype="float32"):
        super().__init__(name=name, dtype=dtype)
        check_whole(num_classes=num_classes)
        self.num_classes = num_classes
        self.table = self.add_variable((num_classes, num_classes), "zeros", name="table")

    def update_state(self, masks, logits, sample_weight=None):
        masks, weights = as_pixels(masks, logits, sample_weight, self.num_classes)
        guess = strongest(logits)
        guess = ops.where(guess < 0, (masks + 1) % self.num_classes, guess)  # no answer is a wrong one
        self.count(ops.where(masks == VOID, -1, masks), guess, weights)

    def count(self, true, named, weights):
        """Sum weights, or ones, by pair of classes; pixels of no true class go to a place behind the table."""
        classes = self.num_classes
        place = ops.where(true < 0, classes**2, classes * true + named)
        weights = ops.ones(ops.shape(place)) if weights is None else weights
        counts = ops.segment_sum(ops.reshape(weights, (-1,)), ops.reshape(place, (-1,)), classes**2 + 1)
        self.table.assign_add(ops.reshape(counts[:-1], (classes, classes)))

    def result(self):
        table = ops.convert_to_tensor(self.table)
        right, true, named = ops.diagonal(table), ops.sum(table, axis=1), ops.sum(table, axis=0)
        upper, lower, weights = self.scores(right, true, named)
        weights = ops.where(lower > 0, weights, 0)
        return ops.divide_no_nan(ops.sum(weights * ops.divide_no_nan(upper, lower)), ops.sum(weights))

    def get_config(self):
        return {"num_classes": self.num_classes, "name": self.name, "dtype": self.dtype}


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
