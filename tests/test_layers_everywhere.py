"""Every layer with weights or without, compiled or not, in each precision: the float32 layer's answers and gradients."""

import keras
import numpy as np
import pytest
from keras import ops

import segkit.layers
from segkit.holes import DilatedPooling2D
from segkit.layers import (
    AddGrown,
    BedOfNails,
    BilinearUpsample,
    BinMeans,
    CropLike,
    DenseCRF,
    Hypercolumns,
    MaxPoolWithIndices,
    MaxUnpool2D,
    MirrorPad,
    PadToMultiple,
    SubPixel,
)

TENSORFLOW = keras.backend.backend() == "tensorflow"
MAP = (2, 5, 7, 2)  # odd sizes
LISTS = (AddGrown, Hypercolumns)  # these take their maps as a list
LAYERS = {  # the layer, and the shapes that it is given
    "bed of nails, 3": (lambda **given: BedOfNails(3, **given), [MAP]),
    "sub-pixel, 3": (lambda **given: SubPixel(2, 3, **given), [MAP]),
    **{
        f"bilinear, {factor}": (lambda factor=factor, **given: BilinearUpsample(factor, **given), [MAP])
        for factor in (2, 3, 5, 7)
    },
    **{
        f"means of bins, {bins}": (lambda bins=bins, **given: BinMeans(bins, **given), [MAP])
        for bins in (1, 3, 6)
    },
    "padding": (lambda **given: PadToMultiple(4, **given), [MAP]),
    "mirrors": (lambda **given: MirrorPad(2, **given), [MAP]),
    "crop": (CropLike, [MAP, (2, 3, 5, 3)]),
    "dense CRF": (lambda **given: DenseCRF(3, 2, 5, 1, **given), [MAP, (2, 5, 7, 3)]),
    "hypercolumns": (Hypercolumns, [MAP, (2, 3, 2, 1), (2, 1, 1, 3)]),
    "added levels": (AddGrown, [MAP, (2, 3, 2, 2), (2, 1, 1, 2)]),
    "pooling": (lambda **given: MaxPoolWithIndices(3, **given), [MAP]),
    **{
        f"pooling with holes, {reduce}": (
            lambda reduce=reduce, **given: DilatedPooling2D(
                reduce, (3, 2), (2, 1), ((1, 3), (0, 1)), **given
            ),
            [MAP],
        )
        for reduce in ("max", "mean")
    },
    "unpooling": (lambda **given: MaxUnpool2D(3, **given), [(2, 2, 3, 2), "indices", MAP]),
}


def test_no_layer_is_left_out():
    public = {kind.__name__ for kind in vars(segkit.layers).values() if isinstance(kind, type)}
    assert public - {"Bilinear"} | {"DilatedPooling2D"} == {
        type(make()).__name__ for make, _ in LAYERS.values()
    }


def arrays_for(shapes):
    random = np.random.default_rng(0)
    for shape in shapes:
        if shape == "indices":
            yield random.integers(0, 9, shapes[0]).astype("uint8")
        else:  # small whole numbers, no two alike in a window: exact in half precision
            yield random.permutation(np.prod(shape)).reshape(shape).astype("float32") / 8 - 2


def forward_and_gradient(layer, arrays, policy, jit):
    """The answer, and the gradient of a weighted sum of it with respect to the first map."""
    import tensorflow as tf

    kind = policy.removeprefix("mixed_")
    inputs = [tf.constant(array) if array.dtype == "uint8" else tf.cast(array, kind) for array in arrays]

    def run(*inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs[0])
            out = layer(list(inputs)) if isinstance(layer, LISTS) else layer(*inputs)
            out = out[0] if isinstance(out, tuple) else out
            weights = tf.cast(tf.reshape(tf.range(tf.size(out)) % 5, tf.shape(out)), out.dtype)
            total = tf.reduce_sum(out * weights)
        return out, tape.gradient(total, inputs[0])

    out, gradient = tf.function(run, jit_compile=True)(*inputs) if jit else run(*inputs)
    assert gradient.dtype == kind and out.dtype == ("float32" if isinstance(layer, DenseCRF) else kind)
    return ops.convert_to_numpy(tf.cast(out, "float32")), ops.convert_to_numpy(tf.cast(gradient, "float32"))


@pytest.mark.skipif(not TENSORFLOW, reason="asks TensorFlow's tape; other backends share the layers' code")
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("jit", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("name", LAYERS)
def test_answers_and_gradients(name, jit, policy):
    make, shapes = LAYERS[name]
    arrays = list(arrays_for(shapes))
    exact, layer = make(), make(dtype=policy)
    expected, slope = forward_and_gradient(exact, arrays, "float32", False)
    if exact.weights:
        forward_and_gradient(layer, arrays, policy, False)  # builds it
        layer.set_weights(exact.get_weights())
    found, gradient = forward_and_gradient(layer, arrays, policy, jit)
    tolerance = {"float32": 1e-5, "mixed_bfloat16": 0.03, "mixed_float16": 0.004}[policy]
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())
    np.testing.assert_allclose(gradient, slope, atol=tolerance * np.abs(slope).max())


@pytest.mark.parametrize("name", LAYERS)
def test_no_picture_is_no_error(name):
    if TENSORFLOW and name.startswith("sub-pixel"):
        pytest.skip("Keras' own Conv2D stops at no pictures under TensorFlow")
    make, shapes = LAYERS[name]
    empty = [array[:0] for array in arrays_for(shapes)]
    out = make()(empty) if make in LISTS else make()(*empty)
    assert len(out[0] if isinstance(out, tuple) else out) == 0


@pytest.mark.parametrize("name", LAYERS)
def test_a_map_without_its_batch_is_told_the_way(name):
    make, shapes = LAYERS[name]
    single = [array[0] for array in arrays_for(shapes)]
    with pytest.raises(ValueError, match=r"one picture becomes a batch by picture\[None\]"):
        make()(single) if make in LISTS else make()(*single)


@pytest.mark.parametrize("name", LAYERS)
def test_channels_first_is_refused_with_its_cure(name):
    make, shapes = LAYERS[name]
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="channels_last"):
            given = list(arrays_for(shapes))
            make()(given) if make in LISTS else make()(*given)
    finally:
        keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize("wrong", [0, -2, 1.5, (2, 2), "2", True, None])
@pytest.mark.parametrize(
    "kind",
    [BedOfNails, BilinearUpsample, BinMeans, MaxPoolWithIndices, MaxUnpool2D, MirrorPad, PadToMultiple],
)
def test_a_factor_that_is_no_whole_number_is_refused(kind, wrong):
    with pytest.raises(ValueError, match="give one whole number, from 1"):
        kind(wrong)
    with pytest.raises(ValueError, match="give one whole number, from 1"):
        SubPixel(2, wrong)
