"""LargeFOV: the paper's count, stride and receptive field, any size."""

import keras
import numpy as np
import pytest

from segkit.models import large_fov
from segkit.receptive_field import receptive_field


def test_the_papers_parameter_count():
    with keras.StatelessScope(initialize_variables=False):
        assert large_fov(21).count_params() == 20_505_429


def test_answers_stand_eight_pixels_apart():
    with keras.StatelessScope(initialize_variables=False):
        model = large_fov(21)
        scores = keras.Model(model.input, model.get_layer("scores").output)
    # what each kernel adds: (kernel - 1) · dilation · the stride before it
    added = [
        (2 + 2 + 2) * 1,
        (2 + 2 + 2) * 2,
        (2 + 2 + 2 + 2) * 4,
        (2 + 2 + 2 + 2) * 8,
        (4 + 4 + 4 + 2) * 8,
        24 * 8,
    ]
    assert receptive_field(scores) == (1 + sum(added), 8)


SMALL = 1 / 32


def pictures(*size):
    return np.random.default_rng(0).uniform(0, 255, (2, *size, 3)).astype("float32")


@pytest.mark.parametrize("size", [(33, 20), (1, 1), (64, 64)])
def test_logits_have_the_pictures_size(size):
    logits = large_fov(3, SMALL).predict_on_batch(pictures(*size))
    assert logits.shape == (2, *size, 3) and np.all(np.isfinite(logits))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="XLA")
def test_it_compiles():
    """A step's loss is that of the network before it: compiled and plain answers agree."""
    model = large_fov(3, SMALL)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    images, masks = pictures(33, 40), np.zeros((2, 33, 40), "uint8")
    model.compile("sgd", loss, jit_compile=True)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0
    expected = float(loss(masks, model(images)))
    assert model.train_on_batch(images, masks) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_logits_are_float32_in_mixed_precision(policy):
    exact = large_fov(3, SMALL)
    keras.config.set_dtype_policy(policy)
    try:
        model = large_fov(3, SMALL)
    finally:
        keras.config.set_dtype_policy("float32")
    model.set_weights(exact.get_weights())
    logits = keras.ops.convert_to_numpy(model(pictures(33, 20)))
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, exact.predict_on_batch(pictures(33, 20)), atol=0.05)
