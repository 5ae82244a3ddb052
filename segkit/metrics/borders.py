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
class BoundaryIoU(FromConfusion):
    """The mean over classes of the IoU inside the bands along both outlines (Cheng et al., 2021).

    A class' band is what its mask loses when `width` pixels are peeled off, the picture's edge counting as an
    outline; `width` is 2 % of the picture's diagonal, at least 1. Takes integer masks and logits; a pixel whose logits
    are no numbers belongs to no class.
    Taught in notebooks/14_metrics.ipynb.
    """

    def __init__(self, num_classes, ratio=0.02, name="boundary_iou", dtype="float32"):
        check_whole(num_classes=num_classes)
        super().__init__(num_classes + 1, name=name, dtype=dtype)
        self.outside = num_classes  # one more class: the pixels in no band
        self.ratio = ratio

    def update_state(self, masks, logits, sample_weight=None):
        masks, weights = as_pixels(masks, logits, sample_weight, self.outside)
        bands = (self.band(ops.where(masks == VOID, -1, one)) for one in (masks, strongest(logits)))
        self.count(*bands, weights)

    def band(self, labels):  # (B, H, W), −1 for no class -> the class within `width` of an outline
        height, width = (ops.cast(side, "float32") for side in ops.shape(labels)[1:])
        reach = ops.maximum(1, ops.cast(ops.round(self.ratio * ops.sqrt(height**2 + width**2)), "int32"))
        inside = peeled(peeled(labels, reach, axis=1), reach, axis=2)
        return ops.where(labels == inside, self.outside, labels)

    def scores(self, right, true, named):
        return right, true + named - right, 1 - ops.one_hot(self.outside, self.num_classes)

    def get_config(self):
        return super().get_config() | {"num_classes": self.outside, "ratio": self.ratio}


def peeled(labels, reach, axis):
    """The class where it stays the same for `reach` pixels on both sides along an axis, −1 elsewhere.

    Marks each pixel whose class is not that of the one before, then joins the marks of 2, 4, 8, … neighbours. Rolling
    makes a ring of the picture; its first pixel is marked, so that the edge counts as an outline.
    Taught in notebooks/14_metrics.ipynb.
    """
    first = ops.reshape(ops.arange(ops.shape(labels)[axis]) == 0, (-1,) + (1,) * (2 - axis))
    marks = ops.logical_or(labels != ops.roll(labels, 1, axis), first)

    def join(marks, seen):
        more = ops.minimum(seen, 2 * reach - seen)
        return ops.logical_or(marks, ops.roll(marks, more, axis)), seen + more

    marks, _ = ops.while_loop(lambda marks, seen: seen < 2 * reach, join, (marks, ops.ones((), "int32")))
    return ops.where(ops.roll(marks, -reach, axis), -1, labels)
