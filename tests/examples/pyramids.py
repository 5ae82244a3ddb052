"""Small models with the pieces of lesson 06, for the saving test."""

import keras
import numpy as np

from segkit.models import fpn, pspnet

from ..pyramid import small_encoder


def example_models():
    """Name -> (model, input array)."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, 33, 20, 3)).astype("float32")
    both = pspnet(small_encoder(), 3, 6, auxiliary=True)
    return {
        "fpn": (fpn(small_encoder(), 3, 6), pictures),
        "fpn_and_bins": (fpn(small_encoder(), 3, 6, levels=(8, 16, 32), bins=(1, 2)), pictures),
        "pspnet": (pspnet(small_encoder(), 3, 6), pictures),
        "pspnet_after_training": (keras.Model(both.input, both.output["logits"]), pictures),
    }
