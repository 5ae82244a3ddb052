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
from segkit.models import light_unet, unet

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
