"""DeepLab: strides removed, holes in their place."""

import keras
from keras import layers

from ..checks import check_whole
from ..layers import BilinearUpsample, CropLike
from .blocks import VGG16_BLOCKS, scaled


def large_fov(num_classes, width=1.0):
    """DeepLab-LargeFOV on VGG-16: pictures with pixels 0..255 → logits (B, H, W, num_classes).

    The last two poolings have stride 1, so that answers stand 8 pixels apart; the convolutions behind them are dilated,
    fc6 by 12, so that each still sees far. `width` scales the number of filters of every layer.
    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(num_classes=num_classes)
    blocks, fully = scaled(VGG16_BLOCKS, width), max(1, round(1024 * width))
    images = keras.Input((None, None, 3), name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for number, block in enumerate(blocks, start=1):
        for filters in block:
            x = layers.Conv2D(
                filters, 3, padding="same", activation="relu", dilation_rate=2 if number == 5 else 1
            )(x)
        x = layers.MaxPooling2D(3, strides=2 if number < 4 else 1, padding="same")(x)
    x = layers.Conv2D(fully, 3, padding="same", activation="relu", dilation_rate=12, name="fc6")(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Conv2D(fully, 1, activation="relu", name="fc7")(x)
    x = layers.Dropout(0.5)(x)
    scores = layers.Conv2D(num_classes, 1, dtype="float32", name="scores")(x)
    logits = BilinearUpsample(8, dtype="float32")(scores)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="deeplab_large_fov")
