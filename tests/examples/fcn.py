"""Small models with the pieces of lesson 02, for the saving test."""

import keras
import numpy as np
from keras import layers

from segkit.backbones import encoder, vgg16_for_fcn
from segkit.layers import Hypercolumns
from segkit.layers.atrous import remove_strides
from segkit.models.fcn import convolutionalize, fcn

from ..pyramid import small_encoder


def patch_classifier(side=15):
    """Valid, strided convolutions and a Dense head: patches of one size in, three logits out."""
    return keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(6, 3, 2, activation="relu"),
            layers.Conv2D(8, 3, 2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.1),
            layers.Dense(10, activation="relu"),
            layers.Dense(3),
        ]
    )


def example_models():
    """Name -> (model, input array)."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, 33, 20, 3)).astype("float32")
    images = keras.Input((None, None, 3))
    small, real = small_encoder(), encoder("MobileNetV2", "paper")
    columns = Hypercolumns()([images, *small(images)])
    sliding = convolutionalize(patch_classifier())
    return {
        "encoder": (keras.Model(real.input, real.outputs[-1]), pictures),
        "8s": (fcn(small, 3, 8), pictures),
        "32s": (fcn(small, 3, 32), pictures),
        "original": (fcn(vgg16_for_fcn(small, width=8), 3, 16), pictures),
        "hypercolumns": (keras.Model(images, columns), pictures),
        "sliding": (sliding, pictures),
        "without_strides": (remove_strides(sliding), pictures),
    }
