"""Pyramids: FPN answers at every level, PSPNet asks the whole scene, and one network may do both."""

import keras
from keras import layers

from ..backbones import STRIDES, stride_of
from ..checks import check_levels, check_whole
from ..layers import AddGrown, BilinearUpsample, CropLike
from ..layers.pyramid import pyramid_pooling, top_down


def fpn(encoder, num_classes, filters=128, levels=(4, 8, 16, 32), bins=()):
    """A feature pyramid network for masks: every level answers, and the answers, grown to one size, are added.

    `levels` are strides of the encoder, each twice the one before. With `bins` the coarsest map goes through PSPNet's
    pyramid pooling before the way down begins, as in UPerNet.
    Taught in notebooks/06_pyramids.ipynb.
    """
    check_whole(num_classes=num_classes)
    check_levels(levels, STRIDES, stride_of(encoder))
    images = keras.Input((None, None, 3), name="images")
    maps = [map_ for stride, map_ in zip(STRIDES, encoder(images), strict=True) if stride in levels]
    if bins:
        maps[-1] = pyramid_pooling(maps[-1], bins)
    head = layers.Conv2D(num_classes, 1, dtype="float32", name="scores")  # one for all levels
    answers = []
    for x in top_down(maps, filters):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        answers.append(head(layers.ReLU()(layers.BatchNormalization()(x))))
    logits = BilinearUpsample(levels[0], dtype="float32")(AddGrown(dtype="float32", name="sum")(answers))
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="fpn")


def pspnet(encoder, num_classes, filters=512, bins=(1, 2, 3, 6), auxiliary=False):
    """The encoder's last map and its pyramid of bins, mixed by a 3×3 convolution; one bilinear step back to the picture's size.

    With `auxiliary` a second head answers from the map before the last, for training alone: the model then has two outputs,
    "logits" and "auxiliary", and `keras.Model(model.input, model.output["logits"])` is the network without it.
    Taught in notebooks/06_pyramids.ipynb.
    """
    check_whole(num_classes=num_classes, filters=filters)
    images = keras.Input((None, None, 3), name="images")
    *_, before, deepest = encoder(images)

    def answer(x, filters, stride, name):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.Dropout(0.1)(layers.ReLU()(layers.BatchNormalization()(x)))
        scores = layers.Conv2D(num_classes, 1, dtype="float32", name=f"{name}_scores")(x)
        logits = BilinearUpsample(stride, dtype="float32")(scores)
        return CropLike(dtype="float32", name=name)(logits, images)

    stride = stride_of(encoder)
    outputs = answer(pyramid_pooling(deepest, bins), filters, stride, "logits")
    if auxiliary:
        second = answer(before, max(1, filters // 2), min(stride, 16), "auxiliary")
        outputs = {"logits": outputs, "auxiliary": second}
    return keras.Model(images, outputs, name="pspnet")
