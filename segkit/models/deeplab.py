"""DeepLab: strides removed, holes in their place; from one field of view to a pyramid of them."""

import keras
from keras import layers

from ..backbones import STRIDES, stride_of, vgg16_with_holes
from ..checks import check_whole
from ..layers import BilinearUpsample, CropLike
from ..layers.pyramid import aspp


def large_fov(num_classes, width=1.0):
    """DeepLab v1, “LargeFOV”: pictures with pixels 0..255 → logits (B, H, W, num_classes).

    fc6 is a convolution with holes of 12: each answer sees far. `width` scales the number of filters of every layer.
    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(num_classes=num_classes)
    images, filters = keras.Input((None, None, 3), name="images"), max(1, round(1024 * width))
    x = vgg16_with_holes(images, width)
    x = layers.Conv2D(filters, 3, padding="same", activation="relu", dilation_rate=12, name="fc6")(x)
    x = layers.Conv2D(filters, 1, activation="relu", name="fc7")(layers.Dropout(0.5)(x))
    scores = layers.Conv2D(num_classes, 1, dtype="float32", name="scores")(layers.Dropout(0.5)(x))
    logits = BilinearUpsample(8, dtype="float32")(scores)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="deeplab_large_fov")


def deeplab_v2(num_classes, width=1.0, rates=(6, 12, 18, 24)):
    """DeepLab v2 on VGG-16: LargeFOV's head four times, each with holes of its own; their scores are added.

    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(num_classes=num_classes)
    images, filters = keras.Input((None, None, 3), name="images"), max(1, round(1024 * width))
    features, scores = vgg16_with_holes(images, width), []
    for rate in rates:
        x = layers.Conv2D(filters, 3, padding="same", activation="relu", dilation_rate=rate)(features)
        x = layers.Conv2D(filters, 1, activation="relu")(layers.Dropout(0.5)(x))
        scores.append(layers.Conv2D(num_classes, 1, dtype="float32")(layers.Dropout(0.5)(x)))
    logits = BilinearUpsample(8, dtype="float32")(layers.Add(dtype="float32")(scores))
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="deeplab_v2")


def deeplab_v3(encoder, num_classes, filters=256, rates=(6, 12, 18)):
    """The encoder's last features, a pyramid of holes, and one bilinear step back to the picture's size.

    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(num_classes=num_classes)
    images = keras.Input((None, None, 3), name="images")
    *_, deepest = encoder(images)
    scores = layers.Conv2D(num_classes, 1, dtype="float32", name="scores")(aspp(deepest, filters, rates))
    logits = BilinearUpsample(stride_of(encoder), dtype="float32")(scores)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="deeplab_v3")


def deeplab_v3_plus(encoder, num_classes, filters=256, rates=(6, 12, 18), skip=4, skip_filters=48):
    """DeepLab v3 whose pyramid, of separable convolutions, meets the encoder's map of stride `skip` on the way back.

    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(num_classes=num_classes, skip_filters=skip_filters)

    def convolve(x, convolution):
        return layers.ReLU()(layers.BatchNormalization()(convolution(x)))

    images = keras.Input((None, None, 3), name="images")
    *maps, deepest = encoder(images)
    shallow = convolve(maps[STRIDES.index(skip)], layers.Conv2D(skip_filters, 1, use_bias=False))
    x = BilinearUpsample(stride_of(encoder) // skip)(aspp(deepest, filters, rates, separable=True))
    x = layers.Concatenate()([x, shallow])
    for _ in range(2):
        x = convolve(x, layers.SeparableConv2D(filters, 3, padding="same", use_bias=False))
    scores = layers.Conv2D(num_classes, 1, dtype="float32", name="scores")(x)
    logits = BilinearUpsample(skip, dtype="float32")(scores)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="deeplab_v3_plus")
