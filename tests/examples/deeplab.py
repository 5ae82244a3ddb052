"""Small models with the pieces of lesson 07, for the saving test."""

import keras
import numpy as np
from keras import layers

from segkit.backbones import encoder
from segkit.layers.atrous import with_output_stride
from segkit.layers.context import context_module
from segkit.models import deeplab_v2, deeplab_v3, deeplab_v3_plus, large_fov

from ..pyramid import small_encoder


def students_network(padding="same"):
    """Strides of every kind: convolutions, depthwise, separable, even kernels, both poolings, a layer called twice."""
    twice = layers.Conv2D(6, 3, padding=padding, activation="relu")
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Rescaling(1 / 127.5, offset=-1),
            layers.Conv2D(6, 3, 2, padding, activation="relu"),
            layers.MaxPooling2D(3, 2, padding=padding),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(3, 2, padding, depth_multiplier=2),
            layers.AveragePooling2D(3, 2, padding=padding),
            layers.SeparableConv2D(8, 2, 2, padding, activation="relu"),
            layers.Conv2D(6, 4, padding=padding, activation="relu"),
            twice,
            twice,
            layers.AveragePooling2D(2, 1, padding=padding),
        ]
    )


def example_models():
    """Name -> (model, input array)."""
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (2, 33, 20, 3)).astype("float32")
    dense = encoder("MobileNetV2", "paper", output_stride=8)
    return {
        "large_fov": (large_fov(3, 1 / 32), pictures),
        "v2": (deeplab_v2(3, 1 / 32), pictures),
        "v3": (deeplab_v3(small_encoder(), 3, 4), pictures),
        "v3_plus": (deeplab_v3_plus(small_encoder(), 3, 4, (1, 2), 2, 3), pictures),
        "context": (context_module(3, "large"), random.uniform(size=(1, 9, 7, 3)).astype("float32")),
        "dense_encoder": (keras.Model(dense.input, dense.outputs[-1]), pictures),
        "students": (with_output_stride(students_network(), 4), pictures),
    }
