"""A small model with the layer of lesson 07b, for the saving test."""

import keras
import numpy as np
from keras import layers

from segkit.layers import DenseCRF


def example_models():
    """Name -> (model, input array)."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, 13, 20, 3)).astype("float32")
    images = keras.Input((None, None, 3))
    scores = layers.Conv2D(3, 3, padding="same")(layers.Rescaling(1 / 127.5, offset=-1)(images))
    crf = DenseCRF(2, reach=5, color_width=40, smooth_width=1.5, strengths=(3, 1))
    return {"crf": (keras.Model(images, crf(scores, images)), pictures)}
