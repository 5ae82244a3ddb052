"""The U-Nets: parameter counts, any size, skips, the block and its original."""

import importlib
import sys
import types

import keras
import numpy as np
import pytest
from keras import ops

import segkit.layers
from segkit.backbones import encoder
from segkit.layers.pix2pix import upsample
from segkit.models import light_unet, mirror_padded, unet, valid_unet
from segkit.unet_sizes import context, side_in, side_out

from .pyramid import small_encoder


@pytest.fixture(scope="module")
def frozen():
    return encoder("MobileNetV2", "paper")


def count(weights):
    return sum(int(np.prod(weight.shape)) for weight in weights)


def test_the_widespread_networks_parameter_counts(frozen):
    model = unet(frozen, 3)
    assert (model.count_params(), count(model.trainable_weights)) == (6_504_227, 4_660_323)


def test_the_light_network_has_a_third_of_them(frozen):
    assert light_unet(frozen, 3).count_params() < 6_504_227 / 3


@pytest.mark.parametrize("build", [unet, light_unet])
def test_the_mask_has_the_pictures_size_and_is_float32(frozen, build):
    model = build(frozen, 4)
    for size in [(1, 1), (37, 50), (128, 32), (64, 64)]:
        images = np.random.RandomState(0).randint(0, 256, (1, *size, 3)).astype("uint8")
        logits = ops.convert_to_numpy(model(images))
        assert logits.shape == (1, *size, 4) and logits.dtype == np.float32


def test_without_skips_the_shallow_features_do_not_reach_the_decoder(frozen):
    model = unet(frozen, 3, filters=(8, 8, 8, 8), skips=())
    assert not [layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    assert model.count_params() < unet(frozen, 3, filters=(8, 8, 8, 8)).count_params()


@pytest.mark.parametrize("build", [unet, light_unet])
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_compiled_training_step(build, policy):
    """XLA and mixed precision: one step, a finite loss, float32 logits. A batch of one picture works too."""
    if policy == "mixed_float16" and keras.backend.backend() == "torch":
        pytest.skip("PyTorch's float16 convolutions on a CPU take a minute")
    keras.config.set_dtype_policy(policy)
    try:
        model = build(
            small_encoder(),
            3,
            filters=(16, 8, 8, 8, 8)[: 4 if build is unet else 5],
        )
    finally:
        keras.config.set_dtype_policy("float32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    # Compiling takes a while: of the two, light_unet has all of segkit's layers.
    jit = keras.backend.backend() != "torch" and policy == "mixed_bfloat16" and build is light_unet
    model.compile("adam", loss, jit_compile=jit)
    images = np.random.RandomState(0).randint(0, 256, (1, 32, 32, 3)).astype("float32")
    masks = np.random.RandomState(1).choice([0, 1, 2, 255], (1, 32, 32)).astype("uint8")
    assert np.isfinite(model.train_on_batch(images, masks))
    assert keras.backend.standardize_dtype(model(images).dtype) == "float32"


@pytest.mark.parametrize("size", [(1, 1), (5, 7)])
def test_upsample_doubles_and_is_built_as_the_original_says(size):
    block = upsample(6, 4, apply_dropout=True)
    features = np.random.RandomState(0).normal(size=(2, *size, 3)).astype("float32")
    grown = block(features)
    assert grown.shape == (2, 2 * size[0], 2 * size[1], 6) and float(ops.min(grown)) >= 0
    kinds = [type(layer).__name__ for layer in block.layers]
    assert kinds == ["Conv2DTranspose", "BatchNormalization", "Dropout", "ReLU"]
    assert not block.layers[0].use_bias
    kinds = [type(layer).__name__ for layer in upsample(6, 4, norm_type="instancenorm").layers]
    assert kinds == ["Conv2DTranspose", "GroupNormalization", "ReLU"]
    with pytest.raises(ValueError, match="norm_type is 'layer'"):
        upsample(6, 4, norm_type="layer")


def test_the_original_block_is_used_where_it_is_installed(monkeypatch):
    names = [
        "tensorflow_examples",
        *(f"tensorflow_examples.{rest}" for rest in ("models", "models.pix2pix", "models.pix2pix.pix2pix")),
    ]
    for name in names:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    original = object()
    sys.modules[names[-1]].upsample = original
    try:
        assert importlib.reload(segkit.layers).upsample is original
    finally:
        monkeypatch.undo()
        importlib.reload(segkit.layers)
    assert segkit.layers.upsample is upsample


def test_the_original_has_the_papers_parameters_and_sizes():
    model = valid_unet(2, channels=1)
    assert model.count_params() == 31_030_658
    assert model.compute_output_shape((1, 572, 572, 1)) == (1, 388, 388, 2)
    crops = [layer.cropping[0][0] for layer in model.layers if isinstance(layer, keras.layers.Cropping2D)]
    assert crops == [4, 16, 40, 88]  # 64 → 56, 136 → 104, 280 → 200, 568 → 392


@pytest.mark.parametrize("poolings", [1, 2, 3])
def test_sizes_are_the_networks_own(poolings):
    model = valid_unet(2, (2,) * (poolings + 1), dropout=0)
    assert context(4) == 92 and side_in(388, 4) == 572 and side_out(572, 4) == 388
    for side in range(1, 40):
        grown = side_in(side, poolings)
        out = model.compute_output_shape((1, grown, grown, 3))[1]
        assert out == side_out(grown, poolings) and side <= out < side + 2**poolings
        assert side_out(grown + 1, poolings) is None


def test_skips_lie_on_what_they_belong_to():
    """A bright pixel in the middle of the picture is bright in the middle of the answer, along the deepest way and the skips."""
    model = valid_unet(1, (1, 1, 1), channels=1, dropout=0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel = np.zeros(layer.kernel.shape, "float32")
            middle = layer.kernel_size[0] // 2
            kernel[middle, middle] = 1
            layer.kernel.assign(kernel)
        elif isinstance(layer, keras.layers.Conv2DTranspose):
            layer.kernel.assign(np.ones(layer.kernel.shape, "float32"))
    side = side_in(12, 2)
    picture = np.full((1, side, side, 1), 127.5, "float32")
    picture[0, side // 2, side // 2] = 255
    answer = ops.convert_to_numpy(model(picture))[0, ..., 0]
    # one from each of two skips (the second of a pixel's 2×2 window), one from the bottom (its 4×4 window)
    found = np.stack(np.unravel_index(np.argsort(-answer, axis=None)[:4], answer.shape), axis=1)
    place = side // 2 - context(2)
    assert answer.max() == 3 and answer[place, place] == 3 and len(found) == 4


@pytest.mark.parametrize("size", [(1, 1), (37, 50), (16, 9)])
def test_a_mirror_padded_network_answers_for_every_pixel(size):
    network = valid_unet(3, (4, 6, 8))
    images = np.random.RandomState(0).randint(0, 256, (2, *size, 3)).astype("float32")
    whole = ops.convert_to_numpy(mirror_padded(network)(images))
    assert whole.shape == (2, *size, 3) and whole.dtype == np.float32
    before = context(2)
    after = [side_in(side, 2) - side - before for side in size]
    padded = np.pad(images, ((0, 0), (before, after[0]), (before, after[1]), (0, 0)), mode="symmetric")
    expected = ops.convert_to_numpy(network(padded))[:, : size[0], : size[1]]
    np.testing.assert_allclose(whole, expected, atol=1e-5)
