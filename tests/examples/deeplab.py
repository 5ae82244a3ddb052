"""A small model with the pieces of lesson 07, for the saving test."""

import numpy as np

from segkit.models import large_fov


def example_models():
    """Name -> (model, input array)."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, 33, 20, 3)).astype("float32")
    return {"large_fov": (large_fov(3, 1 / 32), pictures)}
