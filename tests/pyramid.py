"""A small stand-in for an encoder: five maps at strides 2 to 32, for tests that ask nothing of a real one."""

import keras
from keras import layers

from segkit.layers import PadToMultiple


def small_encoder(width=4):
    """Pictures (B, H, W, 3) with pixels 0..255 → five feature maps."""
    images = keras.Input((None, None, 3), name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1)(PadToMultiple(32)(images))
    features = []
    for _ in range(5):
        x = layers.Conv2D(width, 3, 2, "same", activation="relu")(x)
        features.append(x)
    return keras.Model(images, features, name="small_encoder")
