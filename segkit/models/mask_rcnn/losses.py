"""Five numbers that are added: is something there, where; what is it, where exactly; which of its pixels. And key points.

Each is a mean over what was asked; with nothing to ask it is 0, not a number divided by 0.
"""

import keras
from keras import ops


def mean_where(losses, asked):
    """The mean of `losses` where `asked`, both of one shape.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    asked = ops.cast(asked, "float32")
    return ops.sum(losses * asked) / ops.maximum(ops.sum(asked), 1.0)


def yes_or_no(logits, truth):
    """Binary cross-entropy of each logit, from logits; `truth` 0 … 1.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    return ops.maximum(logits, 0) - logits * truth + ops.log1p(ops.exp(-ops.abs(logits)))


def smooth_l1(found, truth, bend=1 / 9):  # (…, 4), (…, 4) -> (…)
    """A square up to `bend`, a straight line beyond; of each box the sum over its four corrections.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    wrong = ops.abs(found - truth)
    return ops.sum(ops.where(wrong < bend, wrong**2 / (2 * bend), wrong - bend / 2), axis=-1)


def something_loss(logits, kind):
    """Of sampled anchors (B, K): is something there? `kind` is 1 object, 0 background, −1 not asked.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    return mean_where(yes_or_no(logits, ops.cast(kind == 1, "float32")), kind >= 0)


def correction_loss(deltas, wanted, kind):
    """Of sampled boxes (B, K, 4), those on objects; divided by all that are sampled, so that few count for little.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    asked = ops.maximum(ops.sum(ops.cast(kind >= 0, "float32")), 1.0)
    return ops.sum(smooth_l1(deltas, wanted) * ops.cast(kind == 1, "float32")) / asked


def class_loss(logits, labels, kind):
    """Of sampled boxes: (B, K, classes) and (B, K).
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    entropy = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    return mean_where(entropy, kind >= 0)


def mask_loss(logits, wanted, kind):
    """Of sampled boxes on objects, the mask of the true class alone: (B, K, bins, bins) both; other classes learn nothing.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    return mean_where(ops.mean(yes_or_no(logits, wanted), axis=(2, 3)), kind == 1)


def keypoint_loss(logits, cells, counts):
    """One of all places of a box is right: (B, K, bins², P), cell (B, K, P), and which points count.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    logits = ops.moveaxis(logits, 2, 3)  # the places last: the softmax runs over them
    entropy = keras.losses.sparse_categorical_crossentropy(cells, logits, from_logits=True)
    return mean_where(entropy, counts)
