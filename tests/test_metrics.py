"""IoU, border IoU and boundary IoU against scikit-image, SciPy and Keras."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy.ndimage import binary_erosion

from segkit.metrics import BorderIoU, BoundaryIoU, count_error, iou_per_class


def random_masks(shape, classes=3, seed=0, void=0.0):
    """Blobs, not noise: outlines as a segmenter has them."""
    random = np.random.RandomState(seed)
    rows, columns = np.mgrid[: shape[1], : shape[2]]
    masks = np.zeros(shape, np.uint8)
    for mask in masks:
        for label in list(range(1, classes)) * 2:
            y, x, radius = random.rand(3) * (shape[1], shape[2], max(shape[1:]) / 2)
            mask[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = label
    masks[random.rand(*shape) < void] = 255
    return masks


def logits_of(masks, classes=3):
    return np.eye(classes, dtype="float32")[masks] * 5


def reference_boundary_iou(masks, guesses, classes, ratio=0.02):
    """Cheng et al.'s definition with SciPy's erosion, summed over the pictures."""
    width = max(1, round(ratio * np.hypot(*masks.shape[1:])))
    scores = []
    for label in range(classes):
        shared = either = 0
        for mask, guess in zip(masks, guesses, strict=True):
            bands = []
            for region in (mask == label, (guess == label) & (mask != 255)):
                inner = binary_erosion(region, np.ones((3, 3)), iterations=width, border_value=0)
                bands.append(region & ~inner)
            shared += (bands[0] & bands[1]).sum()
            either += (bands[0] | bands[1]).sum()
        if either:
            scores.append(shared / either)
    return np.mean(scores)


SHAPES = [(3, 37, 50), (2, 1, 1), (2, 64, 16), (1, 128, 128)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("void", [0.0, 0.1])
def test_boundary_iou_agrees_with_scipy(shape, void):
    masks, guesses = random_masks(shape, void=void), random_masks(shape, seed=1)
    metric = BoundaryIoU(3)
    for mask, guess in zip(masks, guesses, strict=True):  # several updates make one score
        metric.update_state(mask[None], logits_of(guess)[None])
    assert float(metric.result()) == pytest.approx(reference_boundary_iou(masks, guesses, 3), abs=1e-6)


def test_boundary_iou_knows_perfect_and_hopeless():
    masks = random_masks((2, 40, 40))
    metric = BoundaryIoU(3)
    metric.update_state(masks, logits_of(masks))
    assert float(metric.result()) == pytest.approx(1)
    metric.reset_state()
    metric.update_state(masks, logits_of((masks + 1) % 3))
    assert float(metric.result()) < 0.2


def test_boundary_iou_is_stricter_than_iou_about_a_shifted_outline():
    masks = np.zeros((1, 100, 100), np.uint8)
    masks[:, 10:90, 10:90] = 1
    metric = BoundaryIoU(2)
    metric.update_state(masks, logits_of(np.roll(masks, 2, axis=1), 2))
    assert float(metric.result()) < iou_per_class(masks, np.roll(masks, 2, axis=1), 2).mean() - 0.1


@pytest.mark.parametrize("shape", SHAPES)
def test_border_iou_is_the_iou_of_class_two(shape):
    masks, guesses = random_masks(shape), random_masks(shape, seed=1)
    metric = BorderIoU()
    metric.update_state(masks, logits_of(guesses))
    expected = np.nan_to_num(iou_per_class(masks, guesses, 3)[2])
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("void", [0.0, 0.2])
def test_iou_per_class_agrees_with_a_loop_and_with_keras(void):
    masks, guesses = random_masks((4, 21, 33), void=void), random_masks((4, 21, 33), seed=1)
    for label, score in enumerate(iou_per_class(masks, guesses, 3)):
        shared = either = 0
        for truth, guess in zip(masks.ravel(), guesses.ravel(), strict=True):
            if truth != 255:
                shared += truth == label and guess == label
                either += truth == label or guess == label
        assert score == pytest.approx(shared / either)
        metric = keras.metrics.IoU(3, [label], ignore_class=255)
        metric.update_state(masks.astype("int32"), guesses.astype("int32"))
        assert score == pytest.approx(float(metric.result()), abs=1e-6)


def test_a_class_that_nobody_has_is_not_scored():
    scores = iou_per_class(np.zeros((2, 2), int), np.zeros((2, 2), int), 2)
    assert scores[0] == 1 and np.isnan(scores[1])


def test_logits_in_place_of_class_numbers_are_told_the_way():
    with pytest.raises(ValueError, match="argmax"):
        iou_per_class(np.zeros((2, 4, 4), int), np.zeros((2, 4, 4, 3)), 3)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("jit", [False, True])
def test_metrics_in_training_under_xla_and_mixed_precision(policy, jit):
    if jit and keras.backend.backend() not in ("tensorflow", "jax"):
        pytest.skip("this backend has no XLA")
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential([keras.Input((20, 30, 1)), keras.layers.Conv2D(3, 1, dtype="float32")])
    finally:
        keras.config.set_dtype_policy("float32")
    masks = random_masks((4, 20, 30))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=[BorderIoU(), BoundaryIoU(3)], jit_compile=jit)
    images = masks[..., None].astype("float32")
    seen = model.evaluate(images, masks, verbose=0, return_dict=True)
    guesses = ops.convert_to_numpy(model(images)).argmax(-1)
    assert seen["boundary_iou"] == pytest.approx(reference_boundary_iou(masks, guesses, 3), abs=1e-5)
    assert seen["border_iou"] == pytest.approx(np.nan_to_num(iou_per_class(masks, guesses, 3)[2]), abs=1e-5)


def test_metrics_survive_their_config():
    for metric in (BorderIoU(name="b"), BoundaryIoU(4, ratio=0.05)):
        again = keras.metrics.deserialize(keras.metrics.serialize(metric))
        assert again.get_config() == metric.get_config()


# --- what comes in ----------------------------------------------------------------------------------


def scored(metric, *given, **options):
    metric.update_state(*given, **options)
    return float(metric.result())


def test_border_iou_refuses_other_classes_than_the_trimaps():
    masks = random_masks((1, 8, 8), classes=4)
    with pytest.raises(ValueError, match="these logits have 4: .* for another class take keras.metrics.IoU"):
        BorderIoU().update_state(masks, logits_of(masks, 4))


METRICS = {"border": BorderIoU, "boundary": lambda: BoundaryIoU(3)}
every_metric = pytest.mark.parametrize("make", METRICS.values(), ids=METRICS)


@every_metric
def test_masks_may_have_a_channel(make):
    masks, logits = random_masks((3, 24, 24), void=0.1), logits_of(random_masks((3, 24, 24), seed=1))
    assert scored(make(), masks[..., None], logits) == scored(make(), masks, logits)
    with pytest.raises(ValueError, match="do not belong to logits"):
        make().update_state(masks[:, :9], logits)
    with pytest.raises(ValueError, match="give .batch, height, width, classes"):
        make().update_state(masks[0], logits[0])


@every_metric
def test_weights_of_pictures_and_of_pixels(make):
    """A weight of 0 leaves out, one of 2 is as if the picture came twice, and a common factor changes nothing."""
    masks, logits = random_masks((3, 24, 24)), logits_of(random_masks((3, 24, 24), seed=1))
    each = np.array([0, 1, 2], "float32")
    expected = scored(make(), masks[[1, 2, 2]], logits[[1, 2, 2]])
    everywhere = np.broadcast_to(each[:, None, None], masks.shape)
    for weights in (each, each / 100, everywhere, everywhere[..., None]):
        assert scored(make(), masks, logits, sample_weight=weights) == pytest.approx(expected, abs=1e-6)
    one = np.array([0.01], "float32")
    assert scored(make(), masks[:1], logits_of(masks[:1]), sample_weight=one) == pytest.approx(1)


@every_metric
def test_logits_that_are_no_numbers_are_wrong(make):
    masks = random_masks((2, 24, 24))
    assert scored(make(), masks, np.nan * logits_of(masks)) == 0
    half = logits_of(masks)
    half[1] = np.nan
    assert 0.2 < scored(make(), masks, half) < 0.8


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="sizes are known elsewhere")
@every_metric
def test_sizes_may_be_unknown_while_it_is_traced(make):
    import tensorflow as tf

    masks, logits = random_masks((2, 24, 30)), logits_of(random_masks((2, 24, 30), seed=1))
    metric = make()
    signature = [tf.TensorSpec((None, None, None), "uint8"), tf.TensorSpec((None, None, None, 3))]
    tf.function(metric.update_state, input_signature=signature)(masks, logits)
    assert float(metric.result()) == pytest.approx(scored(make(), masks, logits))


def test_objects_are_counted_as_pieces():
    ids = np.zeros((3, 20, 20), np.int32)
    ids[:, 2:8, 2:8], ids[:, 2:8, 8:14], ids[:, 12:16, 2:18] = 500, 2, 7
    masks = ids > 0  # two cells hang together in the first picture
    masks[1:, :, 7:9] &= ids[1:, :, 7:9] == 7
    masks[2, 18, 18] = True  # dust
    assert count_error(ids, masks) == pytest.approx((1 / 3 + 0 + 0) / 3)
    assert count_error(ids, masks, least=1) == pytest.approx((1 / 3 + 0 + 1 / 3) / 3)
    with pytest.raises(ValueError, match="compare class numbers"):
        count_error(ids, masks[..., None])
