"""One map looked at in several widths: atrous spatial pyramid pooling."""

from keras import layers

from ..checks import check_whole
from .hypercolumns import Hypercolumns


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
