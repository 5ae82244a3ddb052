"""Small models with the layers of segkit/layers/upsampling.py, for the saving test."""

import keras
import numpy as np

from segkit.layers import BedOfNails, Bilinear, SubPixel


def example_models():
    """Name -> (model, input array)."""
    pictures = np.random.default_rng(0).normal(size=(2, 5, 7, 3)).astype("float32")
    transposed = keras.layers.Conv2DTranspose(
        3, 4, strides=2, padding="same", kernel_initializer=Bilinear(), name="transposed"
    )
    layers = {"BedOfNails": BedOfNails(3), "SubPixel": SubPixel(2, 3, kernel_size=5), "Bilinear": transposed}
    return {
        name: (keras.Sequential([keras.Input((None, None, 3)), layer], name=name.lower()), pictures)
        for name, layer in layers.items()
    }
