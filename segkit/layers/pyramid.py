"""One map looked at in several widths, several maps looked at as one: pyramids of bins, of holes, and from the top down."""

import keras
from keras import layers, ops

from ..checks import check_maps, check_whole
from ..resizing import resized, shares
from .hypercolumns import Hypercolumns


@keras.saving.register_keras_serializable("segkit")
class BinMeans(keras.layers.Layer):
    """The means of `bins` × `bins` parts of a map of any size: adaptive average pooling.

    Part i of a side begins at i · side / bins, rounded down, and ends before (i + 1) · side / bins, rounded up: parts may share
    a place, and none is empty. Keras' own AdaptiveAveragePooling2D wants to know the size before it sees a map.
    Taught in notebooks/06_pyramids.ipynb.
    """

    def __init__(self, bins, **kwargs):
        super().__init__(**kwargs)
        check_whole(bins=bins)
        self.bins = bins

    def build(self, shape):
        check_maps(shape)

    def call(self, features):  # (B, h, w, C) -> (B, bins, bins, C)
        _, height, width, channels = ops.shape(features)
        rows = ops.cast(shares(height, self.bins), features.dtype)  # (bins, h): each row holds 1 / how many
        columns = ops.cast(shares(width, self.bins), features.dtype)
        means = ops.matmul(rows, ops.reshape(features, (-1, height, width * channels)))
        means = ops.matmul(columns, ops.reshape(means, (-1, width, channels)))
        return ops.reshape(means, (-1, self.bins, self.bins, channels))

    def compute_output_shape(self, shape):
        return (shape[0], self.bins, self.bins, shape[3])

    def get_config(self):
        return {**super().get_config(), "bins": self.bins}


def pyramid_pooling(features, bins=(1, 2, 3, 6), filters=None):
    """PSPNet's: the map itself and, behind it, what its parts are in the mean, from the whole picture down to sixths.

    Each level is narrowed by a 1×1 convolution, to an equal share of the map's channels where `filters` is not given.
    Taught in notebooks/06_pyramids.ipynb.
    """
    filters = filters or max(1, features.shape[-1] // max(1, len(bins)))
    levels = []
    for side in bins:
        x = layers.Conv2D(filters, 1, use_bias=False)(BinMeans(side)(features))
        levels.append(layers.ReLU()(layers.BatchNormalization()(x)))
    return Hypercolumns()([features, *levels])  # each level grows to the map's size


def top_down(features, filters=256):
    """FPN's way down: each map, narrowed by a 1×1 convolution, takes the coarser one on, and is smoothed by a 3×3.

    `features` come finest first, each twice as large as the next; so do the maps that leave, all with `filters` channels.
    Taught in notebooks/06_pyramids.ipynb.
    """
    check_whole(filters=filters)
    *finer, coarsest = features
    x = layers.Conv2D(filters, 1)(coarsest)
    merged = [x]
    for features in reversed(finer):
        x = layers.Add()([layers.Conv2D(filters, 1)(features), layers.UpSampling2D(2)(x)])
        merged.insert(0, x)
    return [layers.Conv2D(filters, 3, padding="same")(x) for x in merged]


@keras.saving.register_keras_serializable("segkit")
class AddGrown(keras.layers.Layer):
    """Grow a list of maps to the size of the first one, bilinearly, and add them.

    Taught in notebooks/06_pyramids.ipynb.
    """

    def build(self, shapes):
        check_maps(*shapes)

    def call(self, maps):  # [(B, H, W, C), (B, h, w, C), …] -> (B, H, W, C)
        height, width = ops.shape(maps[0])[1:3]
        return sum((resized(map_, height, width) for map_ in maps[1:]), maps[0])

    def compute_output_shape(self, shapes):
        return shapes[0]


def aspp(features, filters=256, rates=(6, 12, 18), separable=False):
    """A place itself, its neighbours at three distances, and the mean of the whole picture, joined and mixed.

    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(filters=filters)

    def convolve(x, size, rate=1):
        kind = layers.SeparableConv2D if separable and size > 1 else layers.Conv2D
        x = kind(filters, size, padding="same", dilation_rate=rate, use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    whole = convolve(layers.GlobalAveragePooling2D(keepdims=True)(features), 1)
    branches = [convolve(features, 1), *(convolve(features, 3, rate) for rate in rates), whole]
    return convolve(Hypercolumns()(branches), 1)  # the 1×1 map of the whole picture grows to the others' size
