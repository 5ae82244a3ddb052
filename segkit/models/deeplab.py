"""DeepLab: strides removed, holes in their place; from one field of view to a pyramid of them."""

import keras
from keras import layers

from ..checks import check_whole
from ..layers import BilinearUpsample, CropLike
from ..layers.pyramid import aspp, aspp_scores
from .blocks import VGG16_BLOCKS, scaled


def vgg16_with_holes(images, width=1.0):
    """VGG-16's convolutions with the last two poolings at stride 1: features 8 pixels apart.

    Taught in notebooks/07_deeplab.ipynb.
    """
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for number, block in enumerate(scaled(VGG16_BLOCKS, width), start=1):
        for filters in block:
            rate = 2 if number == 5 else 1  # behind the first stride that is gone
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", dilation_rate=rate)(x)
        x = layers.MaxPooling2D(3, strides=2 if number < 4 else 1, padding="same")(x)
    return x


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


def deeplab_v2(num_classes, width=1.0):
    """DeepLab v2 on VGG-16: four fields of view, whose scores are added.

    Taught in notebooks/07_deeplab.ipynb.
    """
    images = keras.Input((None, None, 3), name="images")
    scores = aspp_scores(vgg16_with_holes(images, width), num_classes, filters=max(1, round(1024 * width)))
    logits = BilinearUpsample(8, dtype="float32")(scores)
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


def deeplab_v3_plus(encoder, num_classes, filters=256, rates=(6, 12, 18), shallow_filters=48):
    """DeepLab v3 whose pyramid meets the encoder's features of stride 4 on the way back.

    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(num_classes=num_classes, shallow_filters=shallow_filters)

    def convolve(x, convolution):
        return layers.ReLU()(layers.BatchNormalization()(convolution(x)))

    images = keras.Input((None, None, 3), name="images")
    _, shallow, *_, deepest = encoder(images)
    x = BilinearUpsample(stride_of(encoder) // 4)(aspp(deepest, filters, rates))
    x = layers.Concatenate()([x, convolve(shallow, layers.Conv2D(shallow_filters, 1, use_bias=False))])
    for _ in range(2):
        x = convolve(x, layers.SeparableConv2D(filters, 3, padding="same", use_bias=False))
    scores = layers.Conv2D(num_classes, 1, dtype="float32", name="scores")(x)
    logits = BilinearUpsample(4, dtype="float32")(scores)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="deeplab_v3_plus")


def stride_of(encoder):
    """How many pixels lie between two places of the encoder's last features.

    Taught in notebooks/07_deeplab.ipynb.
    """
    *_, deepest = encoder.compute_output_shape((1, 256, 256, 3))
    return 256 // deepest[1]
