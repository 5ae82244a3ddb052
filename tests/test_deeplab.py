"""LargeFOV: the paper's count, stride and receptive field, any size."""

import keras
import numpy as np
import pytest

from segkit.models import large_fov, receptive_field


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


@pytest.mark.parametrize("size", [(33, 20), (64, 64)])
def test_logits_have_the_pictures_size(size):
    with keras.StatelessScope(initialize_variables=False):
        output = keras.ops.shape(large_fov(3)(keras.KerasTensor((2, *size, 3))))
    assert tuple(output) == (2, *size, 3)
    assert np.all(np.isfinite(large_fov(3).predict_on_batch(np.zeros((1, *size, 3)))))


def test_it_compiles():
    model = large_fov(3)
    pictures = np.random.default_rng(0).uniform(0, 255, (1, 33, 40, 3)).astype("float32")
    expected = model.predict_on_batch(pictures)
    model.compile(jit_compile=True)
    np.testing.assert_allclose(model.predict_on_batch(pictures), expected, atol=1e-5)
