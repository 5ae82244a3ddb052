"""MaxPoolWithIndices and MaxUnpool2D against ONNX Runtime, NumPy and finite differences."""

import keras
import numpy as np
import pytest
from keras import ops

from segkit.layers import MaxPoolWithIndices, MaxUnpool2D, unwindows, windows

from .oracles import onnx_run, to_first, to_last
from .test_upsampling import JIT, gradients

SIZES = [(4, 6), (6, 12), (5, 7), (1, 2), (9, 8)]
both_pools = pytest.mark.parametrize("pool_size", [2, 3])
all_sizes = pytest.mark.parametrize("size", SIZES)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def pool(array, pool_size):
    pooled, indices = MaxPoolWithIndices(pool_size)(ops.convert_to_tensor(array))
    return numpy(pooled), numpy(indices)


def by_loops(array, pool_size):
    """Maximum and its place in each window, window by window; the last ones may be smaller."""
    batch, height, width, channels = array.shape
    shape = (batch, -(-height // pool_size), -(-width // pool_size), channels)
    pooled, indices = np.empty(shape, array.dtype), np.empty(shape, int)
    for b, row, column, c in np.ndindex(shape):
        window = np.full((pool_size, pool_size), -np.inf)
        piece = array[b, row * pool_size :, column * pool_size :, c][:pool_size, :pool_size]
        window[: piece.shape[0], : piece.shape[1]] = piece
        pooled[b, row, column, c], indices[b, row, column, c] = window.max(), window.argmax()
    return pooled, indices


def test_the_lectures_numbers():
    before = np.array([[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]], "float32")[None, ..., None]
    pooled, indices = pool(before, 2)
    assert pooled.squeeze().tolist() == [[5, 6], [7, 8]]
    assert indices.squeeze().tolist() == [[3, 0], [2, 3]] and indices.dtype == np.uint8
    grown = numpy(MaxUnpool2D()(np.array([[1, 2], [3, 4]], "float32")[None, ..., None], indices))
    assert grown.squeeze().tolist() == [[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]


@all_sizes
@both_pools
def test_pooling_agrees_with_onnx_runtime_and_with_loops(size, pool_size):
    array = normal(2, *size, 3)
    pooled, indices = pool(array, pool_size)
    expected, places = by_loops(array, pool_size)
    assert np.array_equal(pooled, expected) and np.array_equal(indices, places)
    sides = [pool_size, pool_size]
    onnx = onnx_run("MaxPool", [to_first(array)], kernel_shape=sides, strides=sides, ceil_mode=1)
    assert np.array_equal(pooled, to_last(onnx))


@all_sizes
@both_pools
def test_unpooling_agrees_with_onnx_runtime(size, pool_size):
    array = normal(2, *size, 3)
    _, indices = pool(array, pool_size)
    values = normal(*indices.shape, seed=1)
    grown = numpy(MaxUnpool2D(pool_size)(values, indices))
    batch, height, width, channels = np.indices(indices.shape)
    rows, columns = height * pool_size + indices // pool_size, width * pool_size + indices % pool_size
    flat = ((batch * 3 + channels) * grown.shape[1] + rows) * grown.shape[
        2
    ] + columns  # as ONNX counts places
    sides = [pool_size, pool_size]
    inputs = [to_first(values), to_first(flat.astype("int64"))]
    expected = to_last(onnx_run("MaxUnpool", inputs, kernel_shape=sides, strides=sides))
    assert np.array_equal(grown, expected)
    cut = numpy(MaxUnpool2D(pool_size)(values, indices, array))
    assert cut.shape == array.shape and np.array_equal(cut, expected[:, : size[0], : size[1]])
    assert np.isclose(cut.sum(), values.sum(), atol=1e-4)  # no maximum stood in the padding: nothing is lost


@both_pools
def test_unpooling_what_was_pooled_keeps_the_maxima_and_nothing_else(pool_size):
    array = normal(1, 7, 5, 2)
    grown = numpy(MaxUnpool2D(pool_size)(*MaxPoolWithIndices(pool_size)(array), array))
    assert set(np.unique(grown)) == {0, *np.unique(pool(array, pool_size)[0])}
    assert np.array_equal(grown[grown != 0], array[grown != 0])


@both_pools
def test_windows_and_back(pool_size):
    array = normal(2, 4 * pool_size, 3 * pool_size, 5)
    cells = windows(ops.convert_to_tensor(array), pool_size)
    assert cells.shape == (2, 4, 3, pool_size**2, 5)
    assert np.array_equal(numpy(cells)[1, 2, 1, -1], array[1, 3 * pool_size - 1, 2 * pool_size - 1])
    assert np.array_equal(numpy(unwindows(cells, pool_size)), array)


@pytest.mark.parametrize("jit", JIT)
@both_pools
def test_gradients_are_finite_differences_and_each_others_layer(pool_size, jit):
    array = np.random.default_rng(0).permutation(70).reshape(1, 5, 7, 2).astype("float32")  # no two alike
    upstream = normal(*pool(array, pool_size)[0].shape, seed=2)
    (of_pooling,) = gradients(lambda x: MaxPoolWithIndices(pool_size)(x)[0], array, upstream, jit)
    _, indices = pool(array, pool_size)
    step = np.eye(array.size, dtype="float32").reshape(-1, *array.shape) / 4
    differences = [
        np.sum((by_loops(array + one, pool_size)[0] - by_loops(array - one, pool_size)[0]) * upstream) / 0.5
        for one in step
    ]
    assert np.allclose(of_pooling.ravel(), differences, atol=1e-5)
    assert np.allclose(of_pooling, numpy(MaxUnpool2D(pool_size)(upstream, indices, array)), atol=1e-6)
    values, upstream = normal(*indices.shape), normal(*array.shape, seed=3)
    (of_unpooling,) = gradients(lambda x: MaxUnpool2D(pool_size)(x, indices, array), values, upstream, jit)
    rows = np.eye(values.size, dtype="float32").reshape(-1, *values.shape)
    matrix = [np.sum(numpy(MaxUnpool2D(pool_size)(row, indices, array)) * upstream) for row in rows]
    assert np.allclose(of_unpooling.ravel(), matrix, atol=1e-5)


@pytest.mark.parametrize("jit", JIT)
def test_of_equal_values_the_first_is_the_maximum_alone(jit):
    """Behind a ReLU most windows hold equal zeros."""
    flat = np.zeros((1, 4, 4, 1), "float32")
    assert not pool(flat, 2)[1].any()
    (gradient,) = gradients(lambda x: MaxPoolWithIndices()(x)[0], flat, np.ones((1, 2, 2, 1), "float32"), jit)
    assert np.array_equal(gradient[0, ..., 0], np.tile([[1, 0], [0, 0]], (2, 2)))


def both_ways(pool_size):
    images = keras.Input((None, None, 2))
    return keras.Model(images, MaxUnpool2D(pool_size)(*MaxPoolWithIndices(pool_size)(images), images))


@pytest.mark.parametrize("jit", JIT)
@both_pools
def test_one_compiled_model_takes_many_sizes(pool_size, jit):
    model = both_ways(pool_size)
    model.compile(jit_compile=jit)
    for size in SIZES:
        array = normal(2, *size, 2)
        assert np.array_equal(model.predict_on_batch(array), numpy(model(array)))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@both_pools
def test_mixed_precision(policy, pool_size):
    array = (
        np.random.default_rng(0).permutation(70).reshape(1, 5, 7, 2).astype("float32")
    )  # exact in both types
    expected = numpy(both_ways(pool_size)(array))
    keras.config.set_dtype_policy(policy)
    try:
        model = both_ways(pool_size)
        pooled, indices = MaxPoolWithIndices(pool_size)(array)
    finally:
        keras.config.set_dtype_policy("float32")
    kinds = [keras.backend.standardize_dtype(tensor.dtype) for tensor in (model(array), pooled, indices)]
    assert kinds == [policy.removeprefix("mixed_")] * 2 + ["uint8"]
    assert np.array_equal(numpy(ops.cast(model(array), "float32")), expected)


def test_a_pool_size_that_no_byte_counts_is_refused():
    with pytest.raises(ValueError, match="from 1 to 16"):
        MaxPoolWithIndices(17)


@pytest.mark.parametrize("jit", JIT)
@pytest.mark.parametrize("place", range(4))
def test_a_value_that_is_no_number_comes_out(place, jit):
    window = np.array([1, 2, 3, 2], "float32")
    window[place] = np.nan
    model = keras.Sequential(
        [keras.Input((2, 2, 1)), keras.layers.Lambda(lambda x: MaxPoolWithIndices()(x)[0])]
    )
    model.compile(jit_compile=jit)
    assert np.isnan(model.predict_on_batch(window.reshape(1, 2, 2, 1))).all()


def test_integer_maps_are_pooled_too():
    array = np.random.default_rng(0).integers(0, 9, (2, 5, 7, 3))
    pooled, indices = MaxPoolWithIndices(3)(array)
    assert np.array_equal(numpy(pooled), by_loops(array.astype("float32"), 3)[0])
    assert numpy(MaxUnpool2D(3)(numpy(pooled).astype("int32"), indices)).dtype == np.float32


def test_indices_of_another_map_are_refused():
    _, indices = pool(normal(1, 4, 4, 2), 2)
    with pytest.raises(
        ValueError, match="do not belong together: give the indices that MaxPoolWithIndices made"
    ):
        MaxUnpool2D()(normal(1, 4, 4, 2), indices)
    with pytest.raises(ValueError, match="4×4 .* cannot be cut to 5×3"):
        MaxUnpool2D()(normal(1, 2, 2, 2), indices, normal(1, 5, 3, 2))
