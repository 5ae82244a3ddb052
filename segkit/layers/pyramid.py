"""One map looked at in several widths: atrous spatial pyramid pooling."""

from keras import layers

from ..checks import check_whole
from .hypercolumns import Hypercolumns


def aspp_scores(features, num_classes, rates=(6, 12, 18, 24), filters=1024):
    """DeepLab v2: each branch makes scores of its own, with holes of its own; their sum is the answer.

    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(num_classes=num_classes, filters=filters)
    scores = []
    for rate in rates:
        x = layers.Conv2D(filters, 3, padding="same", dilation_rate=rate, activation="relu")(features)
        x = layers.Dropout(0.5)(x)
        x = layers.Dropout(0.5)(layers.Conv2D(filters, 1, activation="relu")(x))
        scores.append(layers.Conv2D(num_classes, 1, dtype="float32", name=f"scores_rate_{rate}")(x))
    return layers.Add(dtype="float32")(scores)


def aspp(features, filters=256, rates=(6, 12, 18)):
    """DeepLab v3: a place itself, its neighbours at three distances, and the mean of the whole picture, joined and mixed.

    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(filters=filters)

    def convolve(x, size, rate=1):
        x = layers.Conv2D(filters, size, padding="same", dilation_rate=rate, use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    whole = convolve(layers.GlobalAveragePooling2D(keepdims=True)(features), 1)
    branches = [convolve(features, 1), *(convolve(features, 3, rate) for rate in rates), whole]
    return convolve(
        Hypercolumns()(branches), 1
    )  # the whole picture's 1×1 map grows to the size of the others
