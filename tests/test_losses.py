"""weight_map against SciPy; CrossEntropyDice against a NumPy loop, with void, weights, XLA and mixed precision."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from segkit.losses import CrossEntropyDice, median_frequency, weight_map


def example(shape=(2, 5, 7), void=0.2, seed=0):
    random = np.random.RandomState(seed)
    masks = random.randint(0, 3, shape).astype("uint8")
    masks[random.rand(*shape) < void] = 255
    return masks, random.normal(size=(*shape, 3)).astype("float32")


def by_hand(masks, logits, dice_weight):
    """The definitions, pixel by pixel."""
    exponentials = np.exp(logits.astype("float64"))
    guess = exponentials / exponentials.sum(-1, keepdims=True)
    entropies, overlap, total = [], np.zeros(3), np.zeros(3)
    for place in np.ndindex(masks.shape):
        if masks[place] != 255:
            entropies.append(-np.log(guess[place][masks[place]]))
            overlap[masks[place]] += guess[place][masks[place]]
            total[masks[place]] += 1
            total += guess[place]
    return np.mean(entropies) + dice_weight * np.mean(1 - 2 * overlap / total)


@pytest.mark.parametrize("shape", [(2, 5, 7), (1, 1, 1), (3, 16, 4)])
@pytest.mark.parametrize("void", [0.0, 0.3])
def test_it_is_what_it_says(shape, void):
    masks, logits = example(shape, void)
    masks.flat[0] = 1
    loss = CrossEntropyDice(0.7)(masks, logits)
    assert float(loss) == pytest.approx(by_hand(masks, logits, 0.7), rel=1e-5)


def test_nothing_but_void_is_no_error():
    masks, logits = example(void=1.1)
    assert np.isfinite(float(CrossEntropyDice()(masks, logits)))


def test_without_dice_it_is_keras_cross_entropy():
    masks, logits = example()
    keras_own = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)(
        masks.astype("int32"), logits
    )
    assert float(CrossEntropyDice(0.0)(masks, logits)) == pytest.approx(float(keras_own), rel=1e-5)


def test_pixels_can_be_weighted():
    masks, logits = example(void=0)
    weights = np.zeros(masks.shape, "float32")
    weights[0] = 1
    loss = CrossEntropyDice(0.0, reduction="sum")
    assert float(loss(masks, logits, weights)) == pytest.approx(float(loss(masks[:1], logits[:1])), rel=1e-5)


def test_half_precision_does_not_overflow():
    masks, logits = example((2, 300, 300), void=0)
    loss = CrossEntropyDice()(masks, ops.cast(logits, "float16"))
    assert float(loss) == pytest.approx(float(CrossEntropyDice()(masks, logits)), rel=1e-2)


@pytest.mark.parametrize("jit", [False, True])
def test_it_trains_also_compiled(jit):
    if jit and keras.backend.backend() not in ("tensorflow", "jax"):
        pytest.skip("this backend has no XLA")
    masks, logits = example()
    model = keras.Sequential([keras.Input((5, 7, 3)), keras.layers.Conv2D(3, 1)])
    model.compile(keras.optimizers.SGD(0.5), CrossEntropyDice(), jit_compile=jit)
    before = float(CrossEntropyDice()(masks, model(logits)))
    assert model.train_on_batch(logits, masks) == pytest.approx(before, rel=1e-4)
    assert float(CrossEntropyDice()(masks, model(logits))) < before


def test_it_survives_its_config():
    again = keras.losses.deserialize(keras.losses.serialize(CrossEntropyDice(0.3)))
    assert isinstance(again, CrossEntropyDice) and again.dice_weight == 0.3


# --- weights for rare classes ---------------------------------------------------------------------


def test_median_frequency_by_hand():
    """Two pictures of four pixels; class 2 is in one of them only, class 3 in none."""
    masks = np.array([[[0, 0], [0, 1]], [[0, 1], [2, 255]]], "uint8")
    # class 0 has 4 of 7 counted pixels, class 1 has 2 of 7, class 2 has 1 of the 3 of its picture
    weights = median_frequency(masks, 4)
    np.testing.assert_allclose(weights, [(1 / 3) / (4 / 7), (1 / 3) / (2 / 7), 1, 0])


def test_median_frequency_by_a_loop():
    masks, _ = example((5, 9, 11))
    masks[0, masks[0] == 2] = 0
    frequencies = []
    for label in range(3):
        pixels = total = 0
        for mask in masks:
            if (mask == label).any():
                pixels, total = pixels + (mask == label).sum(), total + (mask != 255).sum()
        frequencies.append(pixels / total)
    expected = np.median(frequencies) / np.array(frequencies)
    np.testing.assert_allclose(median_frequency(masks, 3), expected)


def test_median_frequency_names_a_label_out_of_range():
    with pytest.raises(ValueError, match="label 2, but there are 2 classes"):
        median_frequency(np.full((1, 2, 2), 2, "uint8"), 2)


def test_one_mask_is_a_batch_of_one():
    mask = np.array([[0, 0, 1, 255], [0, 2, 2, 2]], "uint8")
    np.testing.assert_allclose(median_frequency(mask, 3), median_frequency(mask[None], 3))


def test_nothing_but_void_has_no_frequency():
    with pytest.raises(ValueError, match="void .255. alone"):
        median_frequency(np.full((2, 4, 4), 255, "uint8"), 3)


# --- what comes in ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 6, 6), (2, 5, 7)])
def test_masks_may_have_a_channel(shape):
    masks, logits = example(shape)
    assert float(CrossEntropyDice()(masks[..., None], logits)) == float(CrossEntropyDice()(masks, logits))


def test_masks_of_another_size_are_named():
    masks, logits = example()
    with pytest.raises(ValueError, match="do not belong to logits"):
        CrossEntropyDice()(masks[:, :4], logits)


def test_dice_does_not_depend_on_the_scale_of_weights():
    masks, logits = example()
    weights = np.random.RandomState(1).rand(*masks.shape).astype("float32") + 0.1
    dice = float(CrossEntropyDice(1.0)(masks, logits)) - float(CrossEntropyDice(0.0)(masks, logits))
    for scale in (1, 100):
        parts = [float(CrossEntropyDice(dice)(masks, logits, scale * weights)) for dice in (1.0, 0.0)]
        assert parts[0] - parts[1] == pytest.approx(dice, rel=1e-3)


@pytest.mark.parametrize("form", ["pictures", "pixels", "pixels with a channel"])
def test_what_weighs_nothing_counts_in_neither_part(form):
    masks, logits = example((3, 5, 7), void=0)
    each = np.array([1, 0, 1], "float32")
    everywhere = np.repeat(each, 35).reshape(masks.shape)
    weights = {"pictures": each, "pixels": everywhere, "pixels with a channel": everywhere[..., None]}[form]
    loss = CrossEntropyDice(0.5, reduction="mean_with_sample_weight")
    expected = float(loss(masks[::2], logits[::2]))
    assert float(loss(masks, logits, weights)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("w0", "sigma", "classes"), [(10, 5, (1, 1)), (4, 2.5, (0.5, 2)), (0, 5, (1, 3))])
def test_a_weight_map_is_its_formula_with_a_distance_transform_for_each_cell(w0, sigma, classes):
    ids = np.zeros((60, 44), np.int32)
    for number, (y, x) in enumerate(np.random.RandomState(0).randint(0, 40, (18, 2)), 1):
        ids[y : y + 5, x : x + 5] = number
    distances = [ndimage.distance_transform_edt(ids != number) for number in np.unique(ids[ids > 0])]
    d1, d2 = np.sort(distances, axis=0)[:2]
    expected = np.where(ids > 0, classes[1], classes[0]) + w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    weights = weight_map(ids, w0, sigma, classes)
    assert weights.dtype == np.float32 and weights.shape == ids.shape
    np.testing.assert_allclose(weights, expected, atol=0.0011)  # what adds less than 0.001 is left out
    near = w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)) > 0.0011
    np.testing.assert_allclose(weights[near], expected[near], atol=1e-5)


@pytest.mark.parametrize("cells", [0, 1])
def test_where_there_are_no_two_cells_the_class_alone_weighs(cells):
    ids = np.zeros((9, 7), np.uint16)
    ids[2:4, 2:5] = cells * 1000
    np.testing.assert_array_equal(weight_map(ids, class_weights=(1, 2)), 1 + (ids > 0))
