"""Small networks that are the same for every place, every box and every mask. Logits and corrections are float32."""

import keras
from keras import layers

from ...layers import BilinearUpsample


def _small(scale=0.01):
    """The last layers begin near 0: first answers that say nothing are mended sooner than wrong ones."""
    return keras.initializers.RandomNormal(stddev=scale)


def proposal_head(config, dtype=None):
    """Of each place of a map, for each of its anchors: is something there, and how should the anchor be corrected?

    (B, h, w, filters) → logits (B, h·w·anchors), corrections (B, h·w·anchors, 4). One head serves all maps.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    anchors, filters = len(config.anchor_ratios), config.filters
    features = keras.Input((None, None, filters), name="features")
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", name="look", dtype=dtype)(features)
    logits = layers.Conv2D(anchors, 1, kernel_initializer=_small(), dtype="float32", name="something")(x)
    deltas = layers.Conv2D(4 * anchors, 1, kernel_initializer=_small(), dtype="float32", name="correction")(x)
    logits = layers.Reshape((-1,), dtype="float32")(logits)
    deltas = layers.Reshape((-1, 4), dtype="float32")(deltas)
    return keras.Model(features, [logits, deltas], name="proposal_head")


def box_head(config, dtype=None):
    """Of each box: its class, and for each class a correction. (N, bins, bins, filters) → (N, classes), (N, classes, 4).
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    bins, classes = config.box_bins, config.num_classes
    features = keras.Input((bins, bins, config.filters), name="features")
    x = layers.Flatten(dtype=dtype)(features)
    for name in ("first", "second"):
        x = layers.Dense(config.box_units, activation="relu", name=name, dtype=dtype)(x)
    logits = layers.Dense(classes, kernel_initializer=_small(), dtype="float32", name="class")(x)
    deltas = layers.Dense(4 * classes, kernel_initializer=_small(1e-3), dtype="float32", name="correction")(x)
    deltas = layers.Reshape((classes, 4), dtype="float32")(deltas)
    return keras.Model(features, [logits, deltas], name="box_head")


def mask_head(config, dtype=None):
    """Of each box, for each class a mask of its own: (N, bins, bins, filters) → logits (N, 2·bins, 2·bins, classes).

    No softmax follows: whether a pixel is cat does not depend on whether it could be dog, as the box has its class already.
    Taught in notebooks/08_mask_rcnn.ipynb.
    """
    features = keras.Input((config.mask_bins, config.mask_bins, config.filters), name="features")
    x = features
    for index in range(config.mask_layers):
        x = _convolution(config.mask_filters, f"look_{index + 1}", dtype)(x)
    x = layers.Conv2DTranspose(config.mask_filters, 2, 2, activation="relu", name="double", dtype=dtype)(x)
    logits = layers.Conv2D(config.num_classes, 1, dtype="float32", name="mask")(x)
    return keras.Model(features, logits, name="mask_head")


def keypoint_head(config, dtype=None):
    """Of each box, for each key point a map whose highest place is the point: → logits (N, 4·bins, 4·bins, points).

    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """
    features = keras.Input((config.mask_bins, config.mask_bins, config.filters), name="features")
    x = features
    for index in range(2 * config.mask_layers):
        x = _convolution(config.mask_filters, f"look_{index + 1}", dtype)(x)
    logits = layers.Conv2DTranspose(config.keypoints, 4, 2, padding="same", dtype="float32", name="points")(x)
    return keras.Model(features, BilinearUpsample(2, dtype="float32")(logits), name="keypoint_head")


def _convolution(filters, name, dtype):
    return layers.Conv2D(
        filters, 3, padding="same", activation="relu", kernel_initializer="he_normal", name=name, dtype=dtype
    )
