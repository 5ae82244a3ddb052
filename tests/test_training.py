"""The helpers of every lesson's training."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from segkit.backbones import encoder
from segkit.training import (
    FeatureBatches,
    both_ways,
    compile_segmenter,
    features_of,
    rising_and_falling,
    start_of,
)


def small_model():
    inner = keras.Sequential([keras.Input((None, None, 4)), layers.BatchNormalization(), layers.ReLU()])
    images = keras.Input((None, None, 3))
    return keras.Model(
        images, layers.Conv2D(3, 1, dtype="float32")(inner(layers.Conv2D(4, 3, padding="same")(images)))
    )


def pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype("uint8")


def test_compiling_quickens_normalisation_wherever_it_is_and_leaves_void_out():
    model = compile_segmenter(small_model())
    assert model.layers[2].layers[0].momentum == 0.9
    images = pixels(2, 6, 6, 3).astype("float32") / 255
    masks = np.zeros((2, 6, 6), "uint8")
    masks[:, :3] = 255
    loss = float(model.evaluate(images, masks, verbose=0))
    logits = model.predict(images, verbose=0)[:, 3:]
    chances = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    assert loss == pytest.approx(-np.log(chances[..., 0]).mean(), rel=1e-4)


def test_the_rate_rises_and_falls():
    rate = rising_and_falling(1e-3, 100)
    values = [float(rate(step)) for step in (0, 5, 10, 55, 100)]
    assert (
        values[0] == pytest.approx(1e-4)
        and values[2] == pytest.approx(1e-3)
        and values[4] == pytest.approx(0, abs=1e-9)
    )
    assert values[0] < values[1] < values[2] > values[3] > values[4]


def test_a_model_starts_over():
    model = compile_segmenter(small_model())
    start_over = start_of(model)
    images, masks = pixels(4, 8, 8, 3).astype("float32"), np.ones((4, 8, 8), "uint8")
    first = [model.train_on_batch(images, masks) for _ in range(3)]
    assert start_over() is model
    again = [model.train_on_batch(images, masks) for _ in range(3)]
    np.testing.assert_allclose(np.array(again) - again[0] + first[0], first, rtol=1e-4)
    assert int(model.optimizer.iterations) == 3


@pytest.fixture(scope="module")
def frozen():
    return encoder("MobileNetV2", "paper")


def test_features_are_those_of_the_encoder_in_both_directions(frozen, monkeypatch):
    monkeypatch.setattr("segkit.training.CHUNK", 2)
    images = pixels(5, 32, 64, 3)
    stored = features_of(frozen, images, strides=(8, 32))
    assert [part.shape[:4] for part in stored] == [(2, 5, 4, 8), (2, 5, 1, 2)] and stored[
        0
    ].dtype == np.float16
    for mirrored, part in enumerate((images, images[:, :, ::-1])):
        _, _, eighth, _, deepest = frozen(part.astype("float32"))
        for found, expected in ((stored[0], eighth), (stored[1], deepest)):
            np.testing.assert_allclose(found[mirrored], ops.convert_to_numpy(expected), atol=0.01, rtol=0.002)


def test_pictures_that_are_only_looked_at_need_no_mirror(frozen):
    (alone,), (both,) = (
        features_of(frozen, pixels(3, 32, 32, 3), (16,), mirrored=side) for side in (False, True)
    )
    assert alone.shape[0] == 1
    np.testing.assert_allclose(alone[0], both[0], atol=0.01, rtol=0.002)


def test_features_and_masks_are_mirrored_together():
    """Features that are the masks themselves stay equal to them in every batch; each epoch has another order."""
    masks = np.random.default_rng(0).integers(0, 3, (20, 6, 6)).astype("uint8")
    maps = [np.stack([masks, masks[:, :, ::-1]])[..., None].astype("float16")]
    for fresh in (True, False):
        batches = FeatureBatches(maps, masks, 8, class_weights=(1, 2, 5), fresh_flips=fresh, seed=1)
        assert len(batches) == 2
        epochs = []
        for _ in range(2):
            for index in range(len(batches)):
                (seen,), truth, weights = batches[index]
                np.testing.assert_array_equal(seen[..., 0], truth)
                np.testing.assert_array_equal(weights, np.array([1, 2, 5])[truth])
            epochs.append((batches.order.copy(), batches.flips.copy()))
            batches.on_epoch_end()
        assert (epochs[0][0] != epochs[1][0]).any()
        assert (epochs[0][1] != epochs[1][1]).any() == fresh


def test_looking_both_ways():
    model = small_model()
    images = pixels(2, 6, 8, 3)
    chances = both_ways(model, images)
    np.testing.assert_allclose(chances.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(both_ways(model, images[:, :, ::-1])[:, :, ::-1], chances, atol=1e-6)
    with pytest.raises(ValueError, match="no pictures to segment"):
        both_ways(model, images[:0])
