"""DeepLab v1 to v3+ and the context module: the papers' counts, strides and receptive fields, any size."""

import keras
import numpy as np
import pytest

from segkit.backbones import encoder
from segkit.layers.context import context_module
from segkit.layers.pyramid import aspp
from segkit.models import deeplab_v2, deeplab_v3, deeplab_v3_plus, large_fov
from segkit.receptive_field import receptive_field

from .pyramid import check_a_builder, pictures, small_encoder


def test_the_papers_parameter_count():
    with keras.StatelessScope(initialize_variables=False):
        assert large_fov(21).count_params() == 20_505_429


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="has no gradient without weights in memory")
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


def test_the_counts_of_v2_and_of_the_context_module():
    with keras.StatelessScope(initialize_variables=False):
        assert deeplab_v2(21).count_params() == 37_877_652
    assert context_module(21).count_params() == 28_392
    assert context_module(21, "large").count_params() == 6_803_139


@pytest.mark.parametrize("size", ["basic", "large"])
def test_the_context_module_begins_by_changing_nothing_and_sees_67(size):
    keras.utils.set_random_seed(0)
    model = context_module(4, size)
    scores = np.random.default_rng(0).uniform(size=(1, 20, 15, 4)).astype("float32")
    np.testing.assert_allclose(model.predict_on_batch(scores), scores, atol=0.02)
    assert receptive_field(model) == (67, 1)


def test_unknown_sizes_and_numbers_are_refused():
    with pytest.raises(ValueError, match='size is \'huge\'; choose "basic" or "large"'):
        context_module(3, "huge")
    for build in (
        large_fov,
        deeplab_v2,
        context_module,
        lambda classes: deeplab_v3(small_encoder(), classes),
        lambda classes: deeplab_v3_plus(small_encoder(), classes),
    ):
        with pytest.raises(ValueError, match="num_classes is 0; give one whole number"):
            build(0)


BUILDERS = {
    "v2": lambda: deeplab_v2(3, SMALL),
    "v3": lambda: deeplab_v3(small_encoder(), 3, 4),
    "v3+": lambda: deeplab_v3_plus(small_encoder(), 3, 4, skip_filters=3),
    "v3+, dense encoder": lambda: deeplab_v3_plus(
        encoder("MobileNetV2", "paper", output_stride=8), 3, 4, (2, 4)
    ),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_every_version_at_odd_sizes_compiled_and_in_half_precision(name):
    check_a_builder(BUILDERS[name])


def test_a_step_of_v3_plus_trains_what_is_not_frozen():
    model = deeplab_v3_plus(encoder("MobileNetV2", "paper", frozen=8, output_stride=16), 3, 8, (2, 4))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    frozen = [weight for weight in model.weights if "block_1_expand/" in weight.path]
    before = [keras.ops.convert_to_numpy(weight).copy() for weight in [*frozen, model.trainable_weights[-2]]]
    model.train_on_batch(pictures(64, 64), np.ones((2, 64, 64), "uint8"))
    after = [keras.ops.convert_to_numpy(weight).copy() for weight in [*frozen, model.trainable_weights[-2]]]
    assert frozen and all(np.array_equal(a, b) for a, b in zip(before[:-1], after, strict=False))
    assert not np.array_equal(before[-1], after[-1])


def test_a_pyramid_of_separable_convolutions_is_light_and_equal_in_form():
    features = keras.Input((8, 8, 320))
    heavy, light = (keras.Model(features, aspp(features, 96, separable=kind)) for kind in (False, True))
    assert heavy.output_shape == light.output_shape == (None, 8, 8, 96)
    assert heavy.count_params() - light.count_params() == 3 * (9 * 320 * 96 - 9 * 320 - 320 * 96)
