"""Panoptic quality: every pixel has a class, every thing a number; one score for both."""

import keras
from keras import ops

from ..checks import check_panoptic, check_whole
from ..labels import VOID

CROWD = -1  # the object number of a true region of many things that nobody told apart


@keras.saving.register_keras_serializable("segkit")
class PanopticQuality(keras.metrics.Metric):
    """PQ = SQ · RQ (Kirillov et al., 2019), each the mean over the classes that truth or answers have.

    Truth and answer are maps (B, H, W, 2): class, 255 for void, and object number, 0 for stuff, from 1 to `most_objects` for
    things, −1 for a crowd in the truth. A true segment and one of the answer match where their IoU is above ½: then no
    other can. Pixels of void and crowds are no mistakes: an answer that lies there by more than half is not counted.
    Taught in notebooks/14b_objects.ipynb.
    """

    def __init__(self, num_classes, things=(), most_objects=63, name="panoptic_quality", dtype="float32"):
        super().__init__(name=name, dtype=dtype)
        check_whole(num_classes=num_classes, most_objects=most_objects)
        self.num_classes, self.things, self.most_objects = num_classes, tuple(things), most_objects
        self.ious, self.matched, self.missed, self.invented = (
            self.add_variable((num_classes,), "zeros", name=name)
            for name in ("ious", "matched", "missed", "invented")
        )

    def update_state(self, truth, guess, sample_weight=None):
        check_panoptic(truth, guess, sample_weight, self.num_classes, self.most_objects)
        truth, guess = ops.cast(truth, "int32"), ops.cast(guess, "int32")
        batch, classes = ops.shape(truth)[0], self.num_classes
        places = self.most_objects + 2  # 0 … most, and crowds
        picture = ops.reshape(ops.arange(batch), (-1, 1, 1))
        true_class, named_class = truth[..., 0], guess[..., 0]
        true_number = ops.where(truth[..., 1] == CROWD, places - 1, truth[..., 1])
        row = (picture * classes + true_class) * places + true_number
        column = (picture * classes + named_class) * places + guess[..., 1]
        true, named = true_class != VOID, named_class != VOID

        def count(where, segment, *shape):
            total = batch * classes * places * (places if shape else 1)
            found = ops.segment_sum(
                ops.ones_like(ops.reshape(segment, (-1,)), dtype="float32"),
                ops.reshape(ops.where(where, segment, total), (-1,)),
                total + 1,
            )
            return ops.reshape(found[:total], (batch, classes, places, *shape))

        true_area, named_area = count(true, row), count(named, column)
        shared = count(true & named & (true_class == named_class), row * places + guess[..., 1], places)
        ignored = count(named & ~true, column) + shared[:, :, -1]
        either = true_area[..., None] + (named_area - count(named & ~true, column))[:, :, None] - shared
        iou = ops.where(shared > 0, shared / ops.maximum(either, 1), 0)[:, :, :-1]  # a crowd matches nobody
        match = ops.cast(iou > 0.5, "float32")
        missed = ops.cast(true_area[:, :, :-1] > 0, "float32") - ops.sum(match, axis=3)
        free = (named_area > 0) & (2 * ignored <= named_area)
        invented = ops.where(free, 1 - ops.sum(match, axis=2), 0)
        beyond = ops.any((truth[..., 1] > self.most_objects) & true) | ops.any(
            (guess[..., 1] > self.most_objects) & named
        )
        self.ious.assign_add(ops.where(beyond, float("nan"), ops.sum(iou * match, axis=(0, 2, 3))))
        self.matched.assign_add(ops.sum(match, axis=(0, 2, 3)))
        self.missed.assign_add(ops.sum(missed, axis=(0, 2)))
        self.invented.assign_add(ops.sum(invented, axis=(0, 2)))

    def per_class(self):
        """PQ, SQ and RQ of each class, and whether truth or answers have it."""
        ious, matched, missed, invented = (
            ops.convert_to_tensor(each) for each in (self.ious, self.matched, self.missed, self.invented)
        )
        segments = matched + (missed + invented) / 2
        quality, recognised = ops.divide_no_nan(ious, matched), ops.divide_no_nan(matched, segments)
        return {"pq": quality * recognised, "sq": quality, "rq": recognised}, segments > 0

    def result(self):
        scores, present = self.per_class()
        thing = ops.convert_to_tensor([number in self.things for number in range(self.num_classes)])
        means = {name: mean_where(score, present) for name, score in scores.items()}
        for name, where in (("pq_things", thing), ("pq_stuff", ~thing)):
            means[name] = mean_where(scores["pq"], present & where)
        return means

    def get_config(self):
        options = {"num_classes": self.num_classes, "things": self.things, "most_objects": self.most_objects}
        return {"name": self.name, "dtype": self.dtype, **options}


def mean_where(scores, where):
    """The mean of the scores where something is true; 0 where it is true nowhere.

    Taught in notebooks/14b_objects.ipynb.
    """
    where = ops.cast(where, "float32")
    return ops.divide_no_nan(ops.sum(scores * where), ops.sum(where))
