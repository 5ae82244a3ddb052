"""Metrics that every lesson needs and Keras does not bring."""

import keras
import numpy as np
from keras import ops

from .labels import VOID, check_predictions


@keras.saving.register_keras_serializable("segkit")
class BorderIoU(keras.metrics.IoU):
    """The IoU of the trimap's border class, from logits. A thin class: it shows what mIoU averages away.

    Taught in notebooks/14_metrics.ipynb.
    """

    def __init__(self, name="border_iou", dtype=None):
        super().__init__(
            num_classes=3,
            target_class_ids=[2],
            sparse_y_pred=False,
            ignore_class=VOID,
            name=name,
            dtype=dtype,
        )

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable("segkit")
class BoundaryIoU(keras.metrics.Metric):
    """The mean over classes of the IoU inside the bands along both outlines (Cheng et al., 2021).

    A class' band is what its mask loses when `width` pixels are peeled off, the picture's edge counting as an
    outline; `width` is 2 % of the picture's diagonal, at least 1. Takes integer masks and logits.
    Taught in notebooks/14_metrics.ipynb.
    """

    def __init__(self, num_classes, ratio=0.02, name="boundary_iou", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.ratio = ratio
        self.shared = self.add_variable((num_classes,), "zeros", name="shared")
        self.either = self.add_variable((num_classes,), "zeros", name="either")

    def update_state(self, masks, logits, sample_weight=None):
        masks = ops.cast(masks, "int32")
        counted = masks != VOID
        truth, guess = (  # −1, not 255: PyTorch's one_hot takes no number above the last class
            self.bands(ops.one_hot(ops.where(counted, labels, -1), self.num_classes, dtype="float32"))
            for labels in (masks, ops.cast(ops.argmax(logits, axis=-1), "int32"))
        )
        if sample_weight is not None:
            weight = ops.reshape(ops.cast(sample_weight, "float32"), (-1, 1, 1, 1))
            truth, guess = truth * weight, guess * weight
        self.shared.assign_add(ops.sum(ops.minimum(truth, guess), axis=(0, 1, 2)))
        self.either.assign_add(ops.sum(ops.maximum(truth, guess), axis=(0, 1, 2)))

    def bands(self, one_hot):  # (B, H, W, classes) of 0 and 1 -> the pixels within `width` of an outline
        height, width = (int(side) for side in one_hot.shape[1:3])
        reach = max(1, round(self.ratio * float(np.hypot(height, width))))
        outside = ops.pad(1 - one_hot, ((0, 0), (reach, reach), (reach, reach), (0, 0)), constant_values=1)
        return one_hot * ops.max_pool(outside, 2 * reach + 1, strides=1, padding="valid")

    def result(self):
        present = ops.cast(self.either > 0, "float32")
        return ops.sum(self.shared / ops.maximum(self.either, 1)) / ops.maximum(ops.sum(present), 1)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, "num_classes": self.num_classes, "ratio": self.ratio}


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


def accuracy_per_class(masks, predictions, num_classes):
    """The share of each class' pixels that the prediction gives to it, NaN for a class that no mask has.

    The mean over classes is the class average, which asks the same of a rare class as of a common one.
    Taught in notebooks/03_segnet.ipynb.
    """
    masks, predictions = check_predictions(masks, predictions)
    return np.array(
        [
            np.mean(predictions[masks == label] == label) if np.any(masks == label) else np.nan
            for label in range(num_classes)
        ]
    )
