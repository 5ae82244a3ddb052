"""Small models with the pieces of lesson 03, for the saving test."""

import keras
import numpy as np

from segkit.layers import MaxPoolWithIndices, MaxUnpool2D
from segkit.models import autoencoder, deconvnet, segnet


def example_models():
    """Name -> (model, input array)."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, 33, 20, 3)).astype("float32")
    images = keras.Input((None, None, 3))
    unpooled = MaxUnpool2D(3)(*MaxPoolWithIndices(3)(images), images)
    small = ((4, 4), (6, 6), (8, 8, 8))
    return {
        "unpooling": (keras.Model(images, unpooled), pictures),
        "segnet": (segnet(3, blocks=small), pictures),
        "deconvnet": (deconvnet(3, blocks=small, bridge=(2, 16)), pictures),
        "autoencoder": (autoencoder(4, ((4,), (6,))), pictures),
    }
