"""Output strides: what a network answered stands unchanged among its new answers; what cannot have holes is refused by name."""

import keras
import numpy as np
import pytest
from keras import layers

from segkit.backbones import STRIDES, TAPS, bare, encoder
from segkit.holes import DilatedPooling2D
from segkit.layers.atrous import remove_strides, with_output_stride
from segkit.receptive_field import receptive_field

from .examples.deeplab import students_network
from .test_fcn import chain, close, conv, normal, numpy, pixels, wise

XLA = keras.backend.backend() in ("tensorflow", "jax")


def random_weights(model):
    """No weight stays at 0 or 1: statistics and biases, too, must be where they belong."""
    random = np.random.default_rng(0)
    model.set_weights(
        [
            weight * random.uniform(0.7, 1.3, weight.shape) + random.uniform(0, 0.05, weight.shape)
            for weight in model.get_weights()
        ]
    )
    return model


def same_answers(model, dense, picture, steps, tolerance=2e-5):
    """`steps` of the new places lie between two old ones."""
    old, new = (keras.tree.flatten(network(picture)) for network in (model, dense))
    for one, other, step in zip(old, new, steps, strict=True):
        close(numpy(other)[:, ::step, ::step], numpy(one), tolerance)


@pytest.fixture(scope="module", params=sorted(TAPS))
def network(request):
    keras.utils.set_random_seed(0)
    model = bare(request.param)
    for _ in range(10):  # the normalisation gets statistics, so that a zero around a map is not its mean
        model((pixels(1, 64, 96, 3) - 128) / 128, training=True)
    return model


@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_an_encoder_answers_as_before_everywhere(network, output_stride):
    dense = with_output_stride(network, output_stride)
    picture = (pixels(1, 64, 96, 3) - 128) / 128
    steps = [max(1, stride // output_stride) for stride in STRIDES]
    same_answers(network, dense, picture, steps)
    *_, deepest = dense(picture)
    assert deepest.shape[1:3] == (64 // output_stride, 96 // output_stride)
    assert dense.count_params() == network.count_params()


def test_the_courses_encoder_takes_an_output_stride():
    picture = pixels(1, 64, 96, 3)
    plain = encoder("MobileNetV2", "paper")
    for output_stride in (16, 8):
        dense = encoder("MobileNetV2", "paper", output_stride=output_stride)
        same_answers(plain, dense, picture, [max(1, stride // output_stride) for stride in STRIDES])
    with pytest.raises(ValueError, match="output_stride is 3; choose one of"):
        encoder("MobileNetV2", "paper", output_stride=3)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("output_stride", [1, 2, 4, 8, 16])
def test_a_students_network(padding, output_stride):
    keras.utils.set_random_seed(0)
    model = random_weights(students_network(padding))
    dense = with_output_stride(model, output_stride)
    side = 64 if padding == "same" else 351
    picture = pixels(1, side, side, 3)
    old, new = numpy(model(picture)), numpy(dense(picture))
    step = 32 // output_stride
    close(new[:, ::step, ::step][:, : old.shape[1], : old.shape[2]], old, 2e-5)
    assert len(dense.weights) == len(model.weights)


SAME = {
    "max pooling, even": lambda: layers.MaxPooling2D(2, padding="same"),
    "max pooling, odd": lambda: layers.MaxPooling2D(3, 2, padding="same"),
    "mean pooling, odd": lambda: layers.AveragePooling2D(3, 2, padding="same"),
    "mean pooling, stride 1": lambda: layers.AveragePooling2D(3, 1, padding="same"),
    "depthwise": lambda: wise(3, 2, padding="same"),
    "separable": lambda: layers.SeparableConv2D(3, 3, 2, padding="same"),
    "even kernel": lambda: conv(3, 4, 2, padding="same"),
    "kernel 5": lambda: conv(3, 5, 2, padding="same"),
    "kernel 1": lambda: conv(3, 1, 2, padding="same"),
    "a kernel smaller than the stride": lambda: conv(3, 2, 4, padding="same"),
}


@pytest.mark.parametrize("name", SAME)
def test_each_kind_of_same_padding(name):
    keras.utils.set_random_seed(0)
    model = random_weights(chain(conv(4, 3, 2, padding="same"), SAME[name](), conv(2, 3, padding="same")))
    dense = remove_strides(model)
    picture = normal(1, 32, 48, 2)
    old, new = numpy(model(picture)), numpy(dense(picture))
    assert new.shape[1:3] == picture.shape[1:3]
    step = new.shape[1] // old.shape[1]
    close(new[:, ::step, ::step], old, 1e-5)


def test_a_layer_called_twice_stays_one_where_it_can():
    twice = conv(2, 3, padding="same")
    at_one_place = remove_strides(chain(conv(2, 3, 2, padding="same"), twice, twice))
    assert sum(isinstance(layer, layers.Conv2D) for layer in at_one_place.layers) == 2
    pool = layers.MaxPooling2D()
    at_two = remove_strides(chain(twice, pool, twice))  # one with holes, one without
    assert sum(isinstance(layer, layers.Conv2D) for layer in at_two.layers) == 2


def test_nothing_is_shared_with_the_original():
    model = students_network()
    dense = with_output_stride(model, 8)
    picture = pixels(1, 64, 64, 3)
    before = numpy(dense(picture))
    model.set_weights([0 * weight for weight in model.get_weights()])
    assert np.array_equal(numpy(dense(picture)), before)
    assert not {id(weight) for weight in model.weights} & {id(weight) for weight in dense.weights}


@pytest.mark.skipif(not XLA, reason="XLA")
def test_it_compiles():
    dense = with_output_stride(students_network(), 4)
    picture = pixels(1, 33, 50, 3)
    expected = numpy(dense(picture))
    dense.compile(jit_compile=True)
    close(dense.predict_on_batch(picture), expected, 1e-4)


@pytest.mark.parametrize(
    "layer",
    [
        layers.GlobalAveragePooling2D(name="it"),
        layers.UpSampling2D(name="it"),
        layers.Conv2DTranspose(2, 3, name="it"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_what_cannot_be_dilated_is_refused_by_name_behind_a_removed_stride(layer):
    with pytest.raises(ValueError, match=f"'it' .{type(layer).__name__}. cannot be dilated: cut the model"):
        remove_strides(chain(conv(2, 3, 2), layer))
    with_output_stride(chain(conv(2, 3, 2), layer), 2)  # nothing is removed, nothing refused


def test_maps_of_different_strides_cannot_be_joined():
    images = keras.Input((None, None, 1))
    joined = layers.Add(name="it")([conv(1, 5)(images), conv(1, 3, 2)(layers.ZeroPadding2D(9)(images))])
    with pytest.raises(ValueError, match="'it' joins maps of different strides"):
        remove_strides(keras.Model(images, joined))


@pytest.mark.parametrize("wrong", [0, -8, 1.5, "16", None])
def test_an_output_stride_is_a_whole_number(wrong):
    with pytest.raises(ValueError, match="output_stride is .*; give one whole number, from 1"):
        with_output_stride(students_network(), wrong)


def test_the_receptive_field_stays():
    model = chain(
        conv(2, 3, 2, padding="same"), layers.MaxPooling2D(3, 2, "same"), conv(2, 3, padding="same")
    )
    assert receptive_field(model) == (15, 4) and receptive_field(remove_strides(model)) == (15, 1)


def test_an_unknown_way_to_reduce_is_refused():
    with pytest.raises(ValueError, match='reduce is \'sum\'; choose "max" or "mean"'):
        DilatedPooling2D("sum", (2, 2), (1, 1), ((0, 0), (0, 0)))
