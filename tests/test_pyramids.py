"""FPN, PSPNet and pyramid pooling: against loops, at any size, compiled, with the papers' numbers of parameters."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from segkit.backbones import encoder
from segkit.layers import BilinearUpsample, BinMeans
from segkit.layers.pyramid import pyramid_pooling, top_down
from segkit.models import fpn, pspnet

from .pyramid import check_a_builder, pictures, small_encoder

TORCH = keras.backend.backend() == "torch"


def by_loops(features, bins):
    """Adaptive average pooling, one part after the other."""
    batch, height, width, channels = features.shape
    means = np.zeros((batch, bins, bins, channels))
    for row in range(bins):
        top, bottom = int(np.floor(row * height / bins)), int(np.ceil((row + 1) * height / bins))
        for column in range(bins):
            left, right = int(np.floor(column * width / bins)), int(np.ceil((column + 1) * width / bins))
            means[:, row, column] = features[:, top:bottom, left:right].mean(axis=(1, 2))
    return means


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("bins", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("size", [(1, 1), (4, 4), (6, 6), (7, 5), (5, 13), (16, 16), (23, 31)])
def test_the_means_are_those_of_a_loop_and_of_keras(bins, size):
    features = noise(2, *size, 3)
    means = ops.convert_to_numpy(BinMeans(bins)(features))
    np.testing.assert_allclose(means, by_loops(features, bins), atol=1e-5)
    np.testing.assert_allclose(
        means, ops.convert_to_numpy(layers.AdaptiveAveragePooling2D(bins)(features)), atol=1e-5
    )


def test_one_network_pools_maps_of_every_size():
    images = keras.Input((None, None, 3))
    model = keras.Model(images, BinMeans(3)(images))
    for size in ((9, 12), (7, 5), (2, 1)):
        np.testing.assert_allclose(
            model.predict(noise(2, *size, 3), verbose=0), by_loops(noise(2, *size, 3), 3), atol=1e-5
        )


def test_pyramid_pooling_joins_the_map_and_what_its_parts_are_in_the_mean():
    """The kernels that hand their input on: each level is then the means, grown to the map."""
    features = np.abs(noise(1, 6, 6, 4))
    inputs = keras.Input((6, 6, 4))
    model = keras.Model(inputs, pyramid_pooling(inputs, (1, 2), filters=4))
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            layer.kernel.assign(np.eye(4)[None, None])
        if isinstance(layer, layers.BatchNormalization):
            layer.epsilon = 0
    out = ops.convert_to_numpy(model(features))
    assert out.shape == (1, 6, 6, 12)
    np.testing.assert_allclose(out[..., :4], features, atol=1e-5)
    np.testing.assert_allclose(
        out[..., 4:8], np.broadcast_to(features.mean(axis=(1, 2), keepdims=True), (1, 6, 6, 4)), atol=1e-5
    )
    grown = layers.UpSampling2D(3, interpolation="bilinear")(by_loops(features, 2).astype("float32"))
    if keras.backend.backend() != "jax":  # the oracle is right when it is not compiled
        np.testing.assert_allclose(out[..., 8:], ops.convert_to_numpy(grown), atol=1e-4)


def test_the_pooled_levels_get_equal_shares_of_the_channels():
    maps = keras.Input((8, 8, 320))
    assert pyramid_pooling(maps).shape == (None, 8, 8, 640)
    assert pyramid_pooling(maps, bins=()).shape == (None, 8, 8, 320)
    assert pyramid_pooling(maps, (1, 2), 5).shape == (None, 8, 8, 330)


def test_the_way_down_is_lateral_plus_grown_then_smoothed():
    sizes = ((8, 12, 2), (4, 6, 3), (2, 3, 5))
    inputs = [keras.Input(size) for size in sizes]
    model = keras.Model(inputs, top_down(inputs, 4))
    maps = [noise(2, *size) for size in sizes]
    lateral = {
        layer.input.shape[-1]: layer for layer in model.layers if getattr(layer, "kernel_size", 0) == (1, 1)
    }
    smooth = {
        layer.input.shape[1]: layer for layer in model.layers if getattr(layer, "kernel_size", 0) == (3, 3)
    }
    x = None
    for each, answer in zip(maps[::-1], model(maps)[::-1], strict=True):
        kernel, bias = (ops.convert_to_numpy(weight) for weight in lateral[each.shape[-1]].weights)
        before = each @ kernel[0, 0] + bias
        x = before if x is None else before + x.repeat(2, axis=1).repeat(2, axis=2)
        expected = ops.convert_to_numpy(smooth[each.shape[1]](x.astype("float32")))
        np.testing.assert_allclose(ops.convert_to_numpy(answer), expected, atol=1e-4)


def test_the_papers_pspnet():
    """On ResNet-50, 21 classes: 46.7 million, and 2.4 million more while it trains."""
    pyramid = 4 * (2048 * 512 + 4 * 512)
    mixing = 9 * 4096 * 512 + 4 * 512
    second = 9 * 1024 * 256 + 4 * 256 + 257 * 21
    with keras.StatelessScope(initialize_variables=False):
        backbone = encoder("ResNet50", None, output_stride=8)
        model = pspnet(backbone, 21, auxiliary=True)
        assert pspnet(backbone, 21).count_params() == 46_677_397
    assert backbone.count_params() + pyramid + mixing + 513 * 21 == 46_677_397
    assert model.count_params() == 46_677_397 + second == 49_043_114


def test_the_way_down_of_the_papers_fpn():
    """On ResNet-50 with 256 channels a level: 3,344,384 weights, as in the widespread detectors."""
    inputs = [
        keras.Input((2 ** (5 - i), 2 ** (5 - i), channels))
        for i, channels in enumerate((256, 512, 1024, 2048))
    ]
    assert keras.Model(inputs, top_down(inputs)).count_params() == 3_344_384


def test_the_answers_of_all_levels_are_grown_and_added():
    model = fpn(small_encoder(), 3, 6)
    summed = model.get_layer("sum")
    parts = keras.Model(model.input, [*summed.input, summed.output])
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 64, 96, 3)).astype("float32")
    *levels, together = (ops.convert_to_numpy(part) for part in parts(pictures))
    assert [part.shape for part in levels] == [(2, 16 // 2**depth, 24 // 2**depth, 3) for depth in range(4)]
    grown = [
        ops.convert_to_numpy(BilinearUpsample(2**depth)(part)) if depth else part
        for depth, part in enumerate(levels)
    ]
    np.testing.assert_allclose(sum(grown), together, atol=1e-4)


BUILDERS = {
    "fpn": lambda: fpn(small_encoder(), 3, 6),
    "fpn, from stride 2": lambda: fpn(small_encoder(), 3, 6, levels=(2, 4, 8)),
    "fpn, one level": lambda: fpn(small_encoder(), 3, 6, levels=(32,)),
    "fpn, bins": lambda: fpn(small_encoder(), 3, 6, bins=(1, 2, 3, 6)),
    "pspnet": lambda: pspnet(small_encoder(), 3, 6),
    "pspnet, no bins": lambda: pspnet(small_encoder(), 3, 6, bins=()),
    "pspnet, output stride 8": lambda: pspnet(encoder("MobileNetV2", "paper", output_stride=8), 3, 6),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_any_size_compiled_and_in_half_precision(name):
    check_a_builder(BUILDERS[name])


def trained(auxiliary):
    """One step from the same start; the weights of the encoder after it, and the model."""
    keras.utils.set_random_seed(0)
    network = small_encoder()
    start = [ops.convert_to_numpy(weight) for weight in network.weights]
    model = pspnet(network, 3, 6, auxiliary=auxiliary)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    masks = np.ones((2, 64, 64), "uint8")
    if auxiliary:
        model.compile("sgd", {"logits": loss, "auxiliary": loss}, {"logits": 0.0, "auxiliary": 0.4})
        masks = {"logits": masks, "auxiliary": masks}
    else:
        model.compile("sgd", loss)
    model.train_on_batch(pictures(64, 64), masks)
    moved = [
        np.abs(ops.convert_to_numpy(weight) - old).max()
        for weight, old in zip(network.weights, start, strict=True)
    ]
    return model, moved


def test_the_auxiliary_loss_reaches_the_encoder_up_to_its_map_and_is_dropped():
    model, moved = trained(auxiliary=True)
    assert min(moved[:8:2]) > 0 and max(moved[8:]) == 0  # kernels up to the map before the last; not the last
    alone = keras.Model(model.input, model.output["logits"])
    assert alone.count_params() == pspnet(small_encoder(), 3, 6).count_params() < model.count_params()
    both = model.predict(pictures(33, 20), verbose=0)
    assert set(both) == {"logits", "auxiliary"} and both["auxiliary"].shape == (2, 33, 20, 3)
    np.testing.assert_allclose(alone.predict(pictures(33, 20), verbose=0), both["logits"], atol=1e-5)


def test_what_does_not_fit_is_told_its_cure():
    for build in (lambda n: fpn(small_encoder(), n), lambda n: pspnet(small_encoder(), n)):
        with pytest.raises(ValueError, match="num_classes is 0; give one whole number"):
            build(0)
    for levels in ((4, 16), (32, 16), (3,), ()):
        with pytest.raises(ValueError, match="strides out of .* that follow each other"):
            fpn(small_encoder(), 3, levels=levels)
    with pytest.raises(ValueError, match="maps end at stride 8. Build it with output_stride=32"):
        fpn(encoder("MobileNetV2", "paper", output_stride=8), 3)
    with pytest.raises(ValueError, match="bins is 0; give one whole number"):
        pspnet(small_encoder(), 3, bins=(0,))
