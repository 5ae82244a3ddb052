"""PadToMultiple, CropLike and BilinearUpsample against NumPy, Keras and ONNX Runtime."""

import keras
import numpy as np
import pytest
from keras import ops

from segkit.layers import BilinearUpsample, CropLike, PadToMultiple

from .oracles import onnx_run, to_first, to_last

SIZES = [(1, 1), (3, 5), (32, 32), (7, 64), (33, 31)]
XLA = keras.backend.backend() in ("tensorflow", "jax")


def noise(*shape):
    return np.random.RandomState(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("multiple", [1, 4, 32])
def test_padding_is_numpys_edge_padding(size, multiple):
    images = noise(2, *size, 3)
    grown = [-(-side // multiple) * multiple for side in size]
    expected = np.pad(images, ((0, 0), (0, grown[0] - size[0]), (0, grown[1] - size[1]), (0, 0)), mode="edge")
    layer = PadToMultiple(multiple)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(images)), expected)
    assert layer.compute_output_shape((2, *size, 3)) == expected.shape
    np.testing.assert_array_equal(ops.convert_to_numpy(CropLike()(layer(images), images)), images)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("factor", [2, 3, 5])
def test_bilinear_upsampling_agrees_with_onnx_runtime(size, factor):
    features = noise(2, *size, 4)
    scales = np.array([1, 1, factor, factor], "float32")
    expected = to_last(
        onnx_run(
            "Resize",
            [to_first(features), None, scales],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
    )
    layer = BilinearUpsample(factor)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(features)), expected, atol=1e-4
    )  # places are reckoned in float32
    assert layer.compute_output_shape(features.shape) == expected.shape


@pytest.mark.parametrize("size", SIZES)
def test_bilinear_upsampling_is_keras_own(size):
    features = noise(1, *size, 2)
    keras_own = keras.layers.UpSampling2D(interpolation="bilinear")(features)
    np.testing.assert_allclose(
        ops.convert_to_numpy(BilinearUpsample()(features)), ops.convert_to_numpy(keras_own), atol=1e-6
    )


def everything():
    """Any size in, the same size out: pad, halve, double, crop."""
    images = keras.Input((None, None, 2))
    halved = keras.layers.AveragePooling2D(4)(PadToMultiple(4)(images))
    return keras.Model(images, CropLike()(BilinearUpsample(4)(halved), images))


@pytest.mark.parametrize("jit", [False, True])
def test_one_compiled_model_takes_many_sizes(jit):
    if jit and not XLA:
        pytest.skip("this backend has no XLA")
    model = everything()
    model.compile(jit_compile=jit)
    for size in SIZES:
        images = noise(2, *size, 2)
        eager = ops.convert_to_numpy(model(images))
        np.testing.assert_allclose(model.predict_on_batch(images), eager, atol=1e-5)
        assert eager.shape == images.shape


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    images = noise(1, 7, 9, 2)
    exact = ops.convert_to_numpy(everything()(images))
    keras.config.set_dtype_policy(policy)
    try:
        model = everything()
    finally:
        keras.config.set_dtype_policy("float32")
    rough = model(images)
    assert keras.backend.standardize_dtype(rough.dtype) == policy.removeprefix("mixed_")
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(rough, "float32")), exact, atol=0.03)


@pytest.mark.parametrize("layer", [PadToMultiple(4), BilinearUpsample(2)], ids=["pad", "bilinear"])
def test_gradients_are_those_of_the_matrix(layer):
    """Both are linear maps: the gradient of a weighted sum of the outputs is the transposed matrix times the weights."""
    size = (3, 5)
    basis = np.eye(15, dtype="float32").reshape(15, *size, 1)
    matrix = ops.convert_to_numpy(layer(basis)).reshape(15, -1)  # row i: the output for the i-th unit picture
    weights = noise(matrix.shape[1])
    start = noise(1, *size, 1)
    free = keras.layers.Embedding(
        1, 15
    )  # a trainable picture, so that one SGD step of size 1 is minus its gradient
    free.build((1, 1))
    free.set_weights([start.reshape(1, 15)])
    model = keras.Sequential(
        [
            keras.Input((1,), dtype="int32"),
            free,
            keras.layers.Reshape((*size, 1)),
            layer,
            keras.layers.Flatten(),
        ]
    )
    model.compile(keras.optimizers.SGD(1.0), lambda truth, guess: ops.sum(guess * truth))
    model.train_on_batch(np.zeros((1, 1), "int32"), weights[None])
    gradient = start.reshape(15) - free.get_weights()[0][0]
    np.testing.assert_allclose(gradient, matrix @ weights, atol=1e-4)


@pytest.mark.parametrize("jit", [False, True])
def test_growing_by_three_keeps_each_old_value_in_its_middle(jit):
    """TensorFlow's own resize, compiled, gives 20 where 10 belongs."""
    if jit and not XLA:
        pytest.skip("this backend has no XLA")
    row = np.array([0, 10, 20, 30], "float32").reshape(1, 1, 4, 1)
    model = keras.Sequential([keras.Input((None, None, 1)), BilinearUpsample(3)])
    model.compile(jit_compile=jit)
    np.testing.assert_allclose(model.predict_on_batch(row)[0, 1, 1::3, 0], [0, 10, 20, 30], atol=1e-5)


def test_logits_smaller_than_the_picture_cannot_be_cropped_to_it():
    with pytest.raises(ValueError, match="4×6 .* cannot be cut to 5×6: give the picture or map"):
        CropLike()(noise(1, 4, 6, 2), noise(1, 5, 6, 3))
