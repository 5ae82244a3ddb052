"""The dense CRF: the exact layer against loops over all pairs, the fast form against the exact one, both against others."""

import keras
import numpy as np
import pytest
from keras import ops

from segkit.datasets import load
from segkit.lattice import lattice_filter
from segkit.layers import DenseCRF, dense_crf


def scores_and_pictures(size, classes=3, seed=0):
    """Blurred scores of a drawn scene, and the scene."""
    random = np.random.default_rng(seed)
    pets = load("paper_pets", size=size).validation.rows([seed])
    right = ops.one_hot(pets.masks, classes, dtype="float32") + random.normal(
        0, 0.5, (1, size, size, classes)
    )
    cells = ops.average_pool(ops.cast(right, "float32"), 4, 4)
    return ops.convert_to_numpy(3 * ops.repeat(ops.repeat(cells, 4, 1), 4, 2)), pets.images


def by_loops(crf, logits, picture):
    """Mean field as the paper writes it, a pair of pixels at a time."""
    height, width, classes = logits.shape
    pixels = list(np.ndindex(height, width))
    places, colors = np.array(pixels, float), picture.reshape(-1, 3).astype(float)
    scores = logits.reshape(-1, classes).astype(float)
    strengths, prices = (ops.convert_to_numpy(weight) for weight in (crf.strengths, crf.compatibility))
    kernels = np.empty((2, len(pixels), len(pixels)))
    for i, j in np.ndindex(len(pixels), len(pixels)):
        apart = np.sum((places[i] - places[j]) ** 2)
        unlike = np.sum((colors[i] - colors[j]) ** 2)
        kernels[0, i, j] = np.exp(-apart / 2 / crf.reach**2 - unlike / 2 / crf.color_width**2)
        kernels[1, i, j] = np.exp(-apart / 2 / crf.smooth_width**2)
    sums = kernels.sum(axis=2)
    refined = scores
    for _ in range(crf.iterations):
        belief = np.exp(refined) / np.exp(refined).sum(axis=1, keepdims=True)
        refined = scores.copy()
        for kernel, total, strength in zip(kernels, sums, strengths, strict=True):
            for i, j in np.ndindex(kernel.shape):
                if i != j:
                    weight = strength * kernel[i, j] / np.sqrt(total[i] * total[j])
                    refined[i] -= weight * prices @ belief[j]
    return refined.reshape(logits.shape)


def test_the_layer_is_what_loops_over_all_pairs_say():
    random = np.random.default_rng(0)
    logits = random.normal(size=(2, 4, 5, 3)).astype("float32")
    pictures = random.integers(0, 256, (2, 4, 5, 3)).astype("uint8")
    crf = DenseCRF(3, reach=2, color_width=90, smooth_width=1.5)
    crf(logits, pictures)
    crf.strengths.assign([2.0, -0.7])
    crf.compatibility.assign(random.normal(size=(3, 3)))  # neither symmetric nor zero on its diagonal
    for index, answer in enumerate(ops.convert_to_numpy(crf(logits, pictures))):
        np.testing.assert_allclose(answer, by_loops(crf, logits[index], pictures[index]), atol=1e-4)


def test_the_fast_form_agrees_with_the_exact_one():
    logits, pictures = scores_and_pictures(96)
    crf = DenseCRF()
    exact, fast = ops.convert_to_numpy(crf(logits, pictures)), dense_crf(crf, logits, pictures)
    assert np.mean(exact.argmax(-1) != logits.argmax(-1)) > 0.05  # it does something
    assert np.mean(exact.argmax(-1) == fast.argmax(-1)) >= 0.98
    assert np.mean(np.abs(ops.softmax(exact) - ops.softmax(fast))) < 0.01


def test_both_forms_agree_with_an_independent_one():
    pydensecrf = pytest.importorskip("pydensecrf.densecrf")
    logits, pictures = scores_and_pictures(64)
    crf = DenseCRF(5, 20, 13, 2, (4, 2))
    others = pydensecrf.DenseCRF2D(64, 64, 3)
    surprise = -ops.convert_to_numpy(ops.log_softmax(logits)).reshape(-1, 3).T
    others.setUnaryEnergy(np.ascontiguousarray(surprise))
    others.addPairwiseGaussian(sxy=2, compat=2)
    others.addPairwiseBilateral(sxy=20, srgb=13, rgbim=np.ascontiguousarray(pictures[0]), compat=4)
    marginals = np.array(others.inference(5)).T.reshape(logits.shape)
    for mine in (crf(logits, pictures), dense_crf(crf, logits, pictures)):
        mine = ops.convert_to_numpy(ops.softmax(mine))
        assert np.mean(np.abs(mine - marginals)) < 0.01
        assert np.mean(mine.argmax(-1) == marginals.argmax(-1)) >= 0.98


def test_the_lattice_sums_like_all_pairs():
    random = np.random.default_rng(0)
    for axes in (1, 2, 5):
        points, values = random.uniform(0, 3, (1500, axes)), random.uniform(size=(1500, 2))
        weights = np.exp(-np.sum((points[:, None] - points[None]) ** 2, axis=-1) / 2)
        filtered, own = lattice_filter(points)
        means = filtered(values) / filtered(np.ones((1500, 1)))
        expected = weights @ values / weights.sum(axis=1, keepdims=True)
        assert np.mean(np.abs(means - expected)) < 0.01
        mine = [filtered(np.eye(1500, 1, -index))[index, 0] for index in range(20)]
        assert np.allclose(own[:20, 0], mine, rtol=0.3)


def test_strengths_and_prices_are_learned():
    logits, pictures = scores_and_pictures(16)
    truth = load("paper_pets", size=16).validation.masks[:1]
    crf = DenseCRF(2, 4, 20, 1, (0.1, 0.1))
    inputs = keras.Input((16, 16, 3)), keras.Input((16, 16, 3))
    model = keras.Model(inputs, crf(*inputs))
    model.compile(keras.optimizers.Adam(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [ops.convert_to_numpy(weight) for weight in crf.weights]
    pair = [logits, pictures.astype("float32")]
    losses = [model.train_on_batch(pair, truth) for _ in range(6)]
    assert losses[-1] < losses[0]
    assert all(np.any(ops.convert_to_numpy(now) != old) for now, old in zip(crf.weights, before, strict=True))


def test_weights_have_their_start_where_a_graph_builds_the_layer():
    """As in a `fit` whose layers were never called."""
    logits, pictures = scores_and_pictures(16)
    traced = DenseCRF(2)

    class Traced(keras.Model):
        def call(self, inputs):
            return traced(*inputs)

    answers = Traced().predict((logits, pictures.astype("float32")), verbose=0)
    np.testing.assert_allclose(answers, ops.convert_to_numpy(DenseCRF(2)(logits, pictures)), atol=1e-4)


SCORES, PICTURES = np.zeros((1, 6, 5, 2), "float32"), np.full((1, 6, 5, 3), 200.0, "float32")


@pytest.mark.parametrize(
    "way", [lambda *given: DenseCRF()(*given), lambda *given: dense_crf(DenseCRF(), *given)]
)
@pytest.mark.parametrize(
    "logits, pictures, cure",
    [
        (SCORES[:, :3], PICTURES, "grow them to the pictures' height and width"),
        (SCORES, PICTURES / 255, "colours of 0..1: multiply them by 255"),
        (SCORES, PICTURES[..., :1], "give three colours"),
        (SCORES[0], PICTURES[0], r"one picture becomes a batch by picture\[None\]"),
    ],
)
def test_bad_input_is_answered_with_its_cure(way, logits, pictures, cure):
    with pytest.raises(ValueError, match=cure):
        way(logits, pictures)


def test_too_many_pixels_for_all_pairs_are_sent_to_the_fast_form():
    logits, pictures = np.zeros((1, 150, 130, 2), "float32"), np.full((1, 150, 130, 3), 99, "uint8")
    crf = DenseCRF(1)
    with pytest.raises(ValueError, match=r"dense_crf\(crf, logits, pictures\)"):
        crf(logits, pictures)
    assert dense_crf(crf, logits, pictures).shape == logits.shape


@pytest.mark.parametrize("wrong", [0, -1, None, "3", float("nan"), True])
def test_widths_are_positive_numbers(wrong):
    for name in ("reach", "color_width", "smooth_width"):
        with pytest.raises(ValueError, match=f"{name} is .*; give one number above 0"):
            DenseCRF(**{name: wrong})
    with pytest.raises(ValueError, match="iterations is"):
        DenseCRF(wrong)
