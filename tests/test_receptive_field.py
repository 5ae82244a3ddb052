"""The calculator against what networks really depend on: impulses, and gradients."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from segkit.backbones import encoder
from segkit.layers import (
    BedOfNails,
    BilinearUpsample,
    Hypercolumns,
    MaxPoolWithIndices,
    MaxUnpool2D,
    SubPixel,
)
from segkit.models import fcn, segnet, vgg16_for_fcn
from segkit.receptive_field import receptive_field

from .test_upsampling import gradients

SIDE = 192


def positive(layer, *arguments, **options):
    """With positive weights nothing cancels: what a place can depend on, it does."""
    return layer(*arguments, kernel_initializer=keras.initializers.RandomUniform(0.1, 1, seed=0), **options)


def conv(*arguments, **options):
    return positive(layers.Conv2D, 1, *arguments, **options)


def block():
    x = keras.Input((None, None, 1))
    return keras.Model(x, conv(3, 2, padding="same")(conv(3)(x)))


def unpooled(x):
    pooled, indices = MaxPoolWithIndices(3)(x)
    return MaxUnpool2D(3)(conv(3, padding="same")(pooled), indices)


NETWORKS = {
    "valid": lambda x: conv(3)(conv(5, 2)(x)),
    "same": lambda x: conv(3, 2, padding="same")(conv(4, 2, padding="same")(x)),
    "dilated": lambda x: conv(3, dilation_rate=4, padding="same")(conv((2, 5), padding="same")(x)),
    "pooled": lambda x: layers.AveragePooling2D(2)(layers.MaxPooling2D(3, 2, padding="same")(conv(3)(x))),
    "skip": lambda x: layers.Add()([x, conv(7, padding="same")(conv(3, padding="same")(x))]),
    "concatenated": lambda x: layers.Concatenate()([conv(3, 2, padding="same")(x), layers.MaxPooling2D()(x)]),
    "operators": lambda x: ops.relu(x + conv(3, padding="same")(ops.flip(x, axis=-1))),
    "transposed": lambda x: positive(layers.Conv2DTranspose, 1, 4, 2, "same")(conv(3, 2, padding="same")(x)),
    "transposed, odd": lambda x: positive(layers.Conv2DTranspose, 1, 3, 2)(layers.MaxPooling2D()(x)),
    "nearest": lambda x: conv(3, padding="same")(layers.UpSampling2D(2)(layers.MaxPooling2D(2)(x))),
    "bilinear": lambda x: BilinearUpsample(3)(layers.AveragePooling2D(3)(x)),
    "bilinear, Keras": lambda x: layers.UpSampling2D(2, interpolation="bilinear")(layers.MaxPooling2D(2)(x)),
    "nails": lambda x: conv(3, padding="same")(BedOfNails(2)(layers.MaxPooling2D(2)(x))),
    "indices": unpooled,
    "sub-pixel": lambda x: positive_sub_pixel()(layers.MaxPooling2D(2)(x)),
    "padded": lambda x: layers.Cropping2D(3)(conv(3, 2)(layers.ZeroPadding2D(((0, 1), (2, 0)))(x))),
    "nested sequential": lambda x: conv(3)(keras.Sequential([conv(3, 2), layers.ReLU(), conv(3)])(x)),
    "nested": lambda x: conv(3)(block()(layers.Rescaling(2.0)(x))),
    "depthwise": lambda x: layers.ReLU()(layers.SeparableConv2D(1, 5, 2, "same", **SEPARABLE)(x)),
}
SEPARABLE = {"depthwise_initializer": "ones", "pointwise_initializer": "ones"}


def positive_sub_pixel():
    layer = SubPixel(1, 2, kernel_size=3)
    layer.convolution.kernel_initializer = keras.initializers.Ones()
    return layer


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_what_impulses_reach(name, axis):
    """A stripe for each row of the picture, one at a time: which rows of the output notice it?"""
    images = keras.Input((None, None, 1))
    model = keras.Model(images, NETWORKS[name](images))
    stripes = np.zeros((SIDE, SIDE, 48, 1), "float32")
    stripes[np.arange(SIDE), np.arange(SIDE)] = 1
    if axis:
        stripes = stripes.transpose(0, 2, 1, 3)
    noticed = ops.convert_to_numpy(model(stripes)).max(axis=(2 - axis, 3)) > 0  # stripe, place in the output
    count = noticed.shape[1]
    middle = noticed[:, count // 3 : count - count // 3].T  # away from the rim
    seen = {place: np.flatnonzero(column) for place, column in enumerate(middle) if column.any()}
    size, stride = receptive_field(model, axis)
    assert size == max(rows[-1] - rows[0] + 1 for rows in seen.values())
    place = next(iter(seen))
    assert stride == (seen[place + 12][0] - seen[place][0]) / 12


def test_a_sequential_model_is_read_too():
    chain = keras.Sequential([keras.Input((None, None, 1)), *(conv(3, stride) for stride in (2, 2, 1))])
    assert receptive_field(chain) == (1 + 2 * 1 + 2 * 2 + 2 * 4, 4)


def test_it_is_where_gradients_are_not_zero():
    images = keras.Input((32, 32, 1))
    x = conv(3, padding="same", activation="relu")(images)
    x = layers.MaxPooling2D()(layers.Add()([x, conv(3, padding="same")(x)]))
    model = keras.Model(images, conv(3, padding="same")(x))
    upstream = np.zeros((1, 16, 16, 1), "float32")
    upstream[0, 8, 8] = 1
    picture = np.random.default_rng(0).uniform(1, 2, (1, 32, 32, 1)).astype("float32")
    (gradient, *_) = [
        each for each in gradients(model, picture, upstream, jit=False) if each.shape == picture.shape
    ]
    # Which place of its window the pooling looks at is up to the picture: at either end one row may be missing.
    rows = np.flatnonzero(gradient[0].any(axis=(1, 2)))
    size, stride = receptive_field(model)
    assert (size, stride) == (10, 2)
    assert size - 2 <= rows[-1] - rows[0] + 1 <= size


def test_the_papers_vgg16_sees_404_pixels():
    vgg16 = encoder("VGG16", None)
    assert receptive_field(vgg16) == [(14, 2), (40, 4), (92, 8), (196, 16), (212, 32)]
    assert receptive_field(vgg16_for_fcn(vgg16, width=2))[-1] == (404, 32)


def test_whole_segmenters_have_stride_1():
    frozen = encoder("MobileNetV2", None)
    sizes = [receptive_field(fcn(frozen, 3, stride)) for stride in (8, 32)]
    assert [stride for _, stride in sizes] == [1, 1] and sizes[0][0] >= receptive_field(frozen)[-1][0]
    assert receptive_field(segnet(3, width=0.02))[1] == 1


def test_what_looks_everywhere_or_depends_on_sizes_is_refused():
    images = keras.Input((8, 8, 1))
    with pytest.raises(ValueError, match="How far GlobalAveragePooling2D looks"):
        receptive_field(keras.Model(images, layers.GlobalAveragePooling2D()(images)))
    with pytest.raises(ValueError, match="How far Hypercolumns looks"):
        receptive_field(keras.Model(images, Hypercolumns()([images, layers.MaxPooling2D()(images)])))
    for layer in (
        layers.GroupNormalization(1),
        layers.Softmax(axis=(1, 2)),
        layers.LayerNormalization((1, 2, 3)),
    ):
        with pytest.raises(ValueError, match=f"How far {type(layer).__name__} looks"):
            receptive_field(keras.Model(images, layer(images)))
    for layer in (
        layers.UpSampling2D(2, interpolation="bicubic"),
        layers.Conv2DTranspose(1, 3, 2, output_padding=1),
    ):
        with pytest.raises(ValueError, match=f"How far {type(layer).__name__} looks"):
            receptive_field(keras.Model(images, layer(images)))
    with pytest.raises(ValueError, match="How far Flip looks"):
        receptive_field(keras.Model(images, ops.flip(images, axis=1)))


def test_strides_are_exact_fractions():
    images = keras.Input((None, None, 1))
    grown = BilinearUpsample(7)(BilinearUpsample(5)(layers.AveragePooling2D(35)(images)))
    assert receptive_field(keras.Model(images, grown)) == (70, 1)
    assert receptive_field(keras.Model(images, BilinearUpsample(8)(images)))[1] == 1 / 8
    assert receptive_field(keras.Model(images, BilinearUpsample(11)(layers.MaxPooling2D(22)(images))))[1] == 2


def test_a_map_that_only_gives_its_size_is_not_looked_at():
    images = keras.Input((None, None, 1))
    cut = MaxUnpool2D(2)(*MaxPoolWithIndices(2)(images), conv(9, padding="same")(images))
    assert receptive_field(keras.Model(images, cut)) == (2, 1)


def test_each_input_has_its_own_answer():
    left, right = (keras.Input((None, None, 1)) for _ in range(2))
    both = [conv(3, padding="same")(left), conv(5, padding="same")(right)]
    two = keras.Model([left, right], layers.Add()(both))
    assert receptive_field(two) == [(3, 1), (5, 1)]
    assert receptive_field(keras.Model([left, right], both)) == [[(3, 1), None], [None, (5, 1)]]
    images = keras.Input((None, None, 1))  # of a nested model each input counts
    assert receptive_field(keras.Model(images, two([images, conv(9, padding="same")(images)]))) == (13, 1)


def test_a_layer_that_is_called_twice_is_followed_twice():
    images, shared = keras.Input((None, None, 1)), conv(3)
    assert receptive_field(keras.Model(images, shared(shared(images)))) == (5, 1)
