"""IoU at outlines: of the trimap's border class, and inside bands along every class' outline."""

import keras
from keras import ops

from ..answers import strongest
from ..checks import as_pixels, check_whole
from ..labels import VOID
from .confusion import FromConfusion


@keras.saving.register_keras_serializable("segkit")
class BorderIoU(FromConfusion):
    """The IoU of the trimap's border class, from logits. A thin class: it shows what mIoU averages away.

    Taught in notebooks/14_metrics.ipynb.
    """

    def __init__(self, name="border_iou", dtype="float32"):
        super().__init__(3, name=name, dtype=dtype)

    def scores(self, right, true, named):
        return right, true + named - right, ops.one_hot(2, 3)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable("segkit")
class BoundaryIoU(keras.metrics.Metric):
    """The mean over classes of the IoU inside the bands along both outlines (Cheng et al., 2021).

    A class' band is what its mask loses when `width` pixels are peeled off, the picture's edge counting as an
    outline; `width` is 2 % of the picture's diagonal, at least 1. Takes integer masks and logits; a pixel whose logits
    are no numbers belongs to no class.
    Taught in notebooks/14_metrics.ipynb.
    """

    def __init__(self, num_classes, ratio=0.02, name="boundary_iou", dtype=None):
        super().__init__(name=name, dtype=dtype)
        check_whole(num_classes=num_classes)
        self.num_classes = num_classes
        self.ratio = ratio
        self.shared = self.add_variable((num_classes,), "zeros", name="shared")
        self.either = self.add_variable((num_classes,), "zeros", name="either")

    def update_state(self, masks, logits, sample_weight=None):
        masks, weights = as_pixels(masks, logits, sample_weight, self.num_classes)
        counted = masks != VOID
        truth, guess = (  # −1, not 255: PyTorch's one_hot takes no number above the last class
            self.bands(ops.one_hot(ops.where(counted, labels, -1), self.num_classes, dtype="float32"))
            for labels in (masks, strongest(logits))
        )
        if weights is not None:
            weights = ops.expand_dims(weights, -1)
            truth, guess = truth * weights, guess * weights
        self.shared.assign_add(ops.sum(ops.minimum(truth, guess), axis=(0, 1, 2)))
        self.either.assign_add(ops.sum(ops.maximum(truth, guess), axis=(0, 1, 2)))

    def bands(self, one_hot):  # (B, H, W, classes) of 0 and 1 -> the pixels within `width` of an outline
        height, width = (ops.cast(side, "float32") for side in ops.shape(one_hot)[1:3])
        reach = ops.maximum(1, ops.cast(ops.round(self.ratio * ops.sqrt(height**2 + width**2)), "int32"))
        return one_hot - peeled(peeled(one_hot, reach, axis=1), reach, axis=2)

    def result(self):
        shared, either = ops.convert_to_tensor(self.shared), ops.convert_to_tensor(self.either)
        present = ops.cast(either > 0, "float32")
        return ops.divide_no_nan(ops.sum(ops.divide_no_nan(shared, either)), ops.sum(present))

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype, "num_classes": self.num_classes, "ratio": self.ratio}


def peeled(inside, reach, axis):
    """1 where the pixel and its `reach` neighbours on both sides along an axis are all 1: counted by a running sum.

    Taught in notebooks/14_metrics.ipynb.
    """
    size = ops.shape(inside)[axis]
    before = ops.cumsum(inside, axis=axis) - inside  # how many stand before each place
    places = ops.arange(size)
    last, first = ops.minimum(places + reach, size - 1), ops.maximum(places - reach, 0)
    found = ops.take(before + inside, last, axis=axis) - ops.take(before, first, axis=axis)
    return ops.cast(found == ops.cast(2 * reach + 1, found.dtype), inside.dtype)
