"""Small models with the pieces of lessons 04 and 05, for the saving test."""

import keras
import numpy as np

from segkit.layers import BilinearUpsample, CropLike, PadToMultiple
from segkit.models import light_unet, mirror_padded, unet, valid_unet

from ..pyramid import small_encoder


def example_models():
    """Name -> (model, input array)."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, 33, 20, 3)).astype("float32")
    images = keras.Input((None, None, 3))
    resized = CropLike()(BilinearUpsample(2)(PadToMultiple(8)(images)), images)
    small = small_encoder()
    return {
        "sizes": (keras.Model(images, resized), pictures),
        "unet": (unet(small, 3, filters=(8, 8, 8, 8)), pictures),
        "mirror_padded": (mirror_padded(valid_unet(2, (4, 6, 8))), pictures),
        "light_unet": (light_unet(small, 3, filters=(8, 8, 8, 8, 8)), pictures),
    }
