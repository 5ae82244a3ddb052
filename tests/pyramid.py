"""A small stand-in for an encoder, for tests that ask nothing of a real one; and what every network built on one must stand."""

import keras
import numpy as np
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


def pictures(*size):
    return np.random.default_rng(0).uniform(0, 255, (2, *size, 3)).astype("float32")


def check_a_builder(build):
    """Its model takes any size, says the same when XLA compiles it, and nearly the same in half precision, in float32."""
    keras.utils.set_random_seed(0)
    model = build()
    for size in ((33, 20), (1, 1)):
        assert model.predict_on_batch(pictures(*size)).shape == (2, *size, 3)
    expected = model.predict_on_batch(pictures(33, 40))
    if keras.backend.backend() != "torch":
        model.compile(jit_compile=True)
        np.testing.assert_allclose(model.predict_on_batch(pictures(33, 40)), expected, atol=1e-3)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = build()
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(model.get_weights())
    logits = keras.ops.convert_to_numpy(half(pictures(33, 40)))
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, expected, atol=0.05 * np.abs(expected).max() + 0.02)
