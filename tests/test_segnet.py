"""SegNet, DeconvNet, the autoencoder: exact counts, any size, one decoder with three ways up."""

import keras
import numpy as np
import pytest

from segkit.layers import BedOfNails, BilinearUpsample, MaxUnpool2D
from segkit.models import autoencoder, deconvnet, fcn, large_fov, light_unet, segnet, unet

from .pyramid import small_encoder

XLA = keras.backend.backend() in ("tensorflow", "jax")
SMALL = ((4, 4), (6, 6), (8, 8, 8))
WAYS = {"indices": MaxUnpool2D, "nails": BedOfNails, "bilinear": BilinearUpsample}
MODELS = {
    "segnet": lambda blocks=SMALL, **options: segnet(3, blocks=blocks, **options),
    "deconvnet": lambda blocks=SMALL, **options: deconvnet(3, blocks=blocks, bridge=(2, 16), **options),
}


def pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype("float32")


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize("upsampling", WAYS)
def test_the_papers_parameter_counts(upsampling):
    with keras.StatelessScope(initialize_variables=False):  # shapes alone: a gigabyte less
        model = segnet(11, upsampling)
        assert (trainable(model), model.count_params()) == (29_449_355, 29_465_227)
        model = deconvnet(21, upsampling)
        assert (trainable(model), model.count_params()) == (251_805_653, 251_839_061)


def test_the_originals_bridge_is_one_place_wide_at_224_pixels():
    model = deconvnet(21, width=1 / 64)
    at_224 = keras.Model(model.input, [model.get_layer(name).output for name in ("fc6", "fc6_transposed")])
    assert [tuple(out.shape) for out in at_224(pixels(1, 224, 224, 3))] == [(1, 1, 1, 64), (1, 7, 7, 8)]
    assert model.get_layer("fc7").output.shape[-1] == 64


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("upsampling", WAYS)
def test_three_ways_up_with_equal_weights_and_any_size(name, upsampling):
    model = MODELS[name](upsampling=upsampling)
    assert sum(isinstance(layer, WAYS[upsampling]) for layer in model.layers) == len(SMALL)
    assert model.count_params() == MODELS[name]().count_params()
    for size in ((1, 1), (33, 20), (16, 48)):
        logits = model(pixels(2, *size, 3).astype("uint8"))
        assert logits.shape == (2, *size, 3) and keras.backend.standardize_dtype(logits.dtype) == "float32"


def test_width_scales_every_layer():
    assert (
        segnet(3, width=0.5, blocks=SMALL).count_params()
        == segnet(3, blocks=((2, 2), (3, 3), (4, 4, 4))).count_params()
    )


def test_another_way_up_is_refused():
    with pytest.raises(ValueError, match='choose "indices", "nails" or "bilinear"'):
        segnet(3, "magic", blocks=SMALL)


@pytest.mark.parametrize(
    ("name", "policy"), [("segnet", "mixed_bfloat16"), ("segnet", "mixed_float16"), ("deconvnet", "float32")]
)
def test_a_compiled_training_step(name, policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = MODELS[name](blocks=((4,), (6, 6)))
    finally:
        keras.config.set_dtype_policy("float32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile("adam", loss, jit_compile=XLA and policy == "mixed_bfloat16")
    masks = np.random.default_rng(1).choice([0, 1, 2, 255], (2, 19, 24)).astype("uint8")
    images = pixels(2, 19, 24, 3)
    assert np.isfinite(model.train_on_batch(images, masks))
    assert keras.backend.standardize_dtype(model(images).dtype) == "float32"


def test_an_autoencoder_learns_to_restore_and_its_code_is_small():
    keras.utils.set_random_seed(0)
    model = autoencoder(4, ((8,), (16,)))
    rows, columns = np.mgrid[:24, :18]
    pictures = np.stack([np.stack([rows * f, columns * f, 0 * rows + 50 * f], -1) for f in (2, 4, 5)])
    pictures = pictures.astype("float32")
    model.compile(keras.optimizers.Adam(0.01), "mse")
    history = model.fit(pictures, pictures, epochs=40, verbose=0).history["loss"]
    assert history[-1] < history[0] / 5
    restored = keras.ops.convert_to_numpy(model(pictures))
    assert restored.shape == pictures.shape and 0 <= restored.min() and restored.max() <= 255
    code = keras.Model(model.input, model.get_layer("code").output)
    assert code(pictures).shape == (3, 6, 5, 4)


BUILDERS = {
    "segnet": segnet,
    "deconvnet": deconvnet,
    "large_fov": large_fov,
    "fcn": lambda classes: fcn(small_encoder(), classes),
    "unet": lambda classes: unet(small_encoder(), classes),
    "light_unet": lambda classes: light_unet(small_encoder(), classes),
    "autoencoder": autoencoder,
}


@pytest.mark.parametrize("wrong", [0, -1, 2.0, None])
@pytest.mark.parametrize("name", BUILDERS)
def test_a_number_of_classes_that_is_none_is_refused(name, wrong):
    with pytest.raises(ValueError, match="give one whole number, from 1"):
        BUILDERS[name](wrong)


@pytest.mark.parametrize("build", [segnet, deconvnet, large_fov])
def test_a_width_of_nothing_is_refused(build):
    with pytest.raises(ValueError, match="width is 0; give a number above 0"):
        build(3, width=0)
