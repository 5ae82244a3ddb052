"""BedOfNails, SubPixel and Bilinear against ONNX Runtime, explicit matrices and finite differences."""

import keras
import numpy as np
import pytest
from keras import ops

from segkit.layers import BedOfNails, Bilinear, SubPixel

from .examples.upsampling import example_models
from .oracles import onnx_run, to_first, to_last

compiles = pytest.mark.skipif(
    keras.backend.backend() not in ("tensorflow", "jax"), reason="XLA backends only"
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def run(layer, array):
    return ops.convert_to_numpy(layer(ops.convert_to_tensor(array)))


class Free(keras.layers.Layer):
    """A trainable input, so that one SGD step of size 1 is minus its gradient, on every backend."""

    def __init__(self, value):
        super().__init__()
        self.value = self.add_weight(
            shape=value.shape, initializer=lambda shape, dtype: ops.cast(value, dtype)
        )

    def call(self, inputs):
        return self.value + 0 * ops.sum(inputs)


def gradients(layer, array, upstream, jit):
    """d sum(layer(array) * upstream) / d (array, every weight of the layer)."""
    free = Free(array)
    dummy = keras.Input(batch_shape=(len(array), 1))
    model = keras.Model(dummy, layer(free(dummy)))
    weights = model.trainable_variables
    before = [ops.convert_to_numpy(weight).copy() for weight in weights]
    model.compile(keras.optimizers.SGD(1.0), loss=lambda given, out: ops.sum(given * out), jit_compile=jit)
    model.train_on_batch(np.zeros((len(array), 1), "float32"), upstream)
    return [old - ops.convert_to_numpy(weight) for old, weight in zip(before, weights, strict=True)]


SIZES = [(2, 2), (5, 7), (1, 3)]
JIT = [False, pytest.param(True, marks=compiles)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_bed_of_nails_is_a_transposed_convolution_with_a_single_weight(size, stride):
    x = normal(2, *size, 3)
    eye = np.zeros((3, 1, 1, 1), "float32") + 1
    expected = onnx_run(
        "ConvTranspose", [to_first(x), eye], strides=[stride] * 2, output_padding=[stride - 1] * 2, group=3
    )
    assert np.array_equal(run(BedOfNails(stride), x), to_last(expected))


def test_bed_of_nails_is_max_unpooling_when_every_maximum_was_top_left():
    x = normal(1, 4, 5, 2)
    channel, row, column = np.meshgrid(np.arange(2), np.arange(4), np.arange(5), indexing="ij")
    places = (channel * 80 + 2 * row * 10 + 2 * column)[None].astype("int64")
    expected = onnx_run("MaxUnpool", [to_first(x), places], kernel_shape=[2, 2], strides=[2, 2])
    assert np.array_equal(run(BedOfNails(2), x), to_last(expected))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("factor", "kernel_size"), [(2, 3), (3, 1), (4, 5)])
def test_sub_pixel_is_convolution_then_depth_to_space_in_dcr_order(size, factor, kernel_size):
    x = normal(2, *size, 3)
    layer = SubPixel(2, factor, kernel_size)
    layer.build(x.shape)
    kernel, bias = normal(kernel_size, kernel_size, 3, 2 * factor**2, seed=1), normal(2 * factor**2, seed=2)
    layer.set_weights([kernel, bias])
    pads = [kernel_size // 2] * 4
    low = onnx_run("Conv", [to_first(x), np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), bias], pads=pads)
    expected = onnx_run("DepthToSpace", [low], blocksize=factor, mode="DCR")
    assert np.allclose(run(layer, x), to_last(expected), atol=1e-4)


def test_channel_order_of_pytorch_is_another_one_and_can_be_converted():
    """PyTorch's PixelShuffle is ONNX's CRD. Reordering a layer's output channels turns one into the other."""
    x, factor, filters = normal(2, 3, 5, 12), 2, 3
    crd = to_last(onnx_run("DepthToSpace", [to_first(x)], blocksize=factor, mode="CRD"))
    plain = ops.convert_to_numpy(ops.depth_to_space(ops.convert_to_tensor(x), factor))
    assert not np.allclose(plain, crd)
    order = np.arange(12).reshape(filters, factor**2).T.ravel()
    converted = ops.convert_to_numpy(ops.depth_to_space(ops.convert_to_tensor(x[..., order]), factor))
    assert np.array_equal(converted, crd)


@pytest.mark.parametrize(("kernel_size", "expected"), [(3, [0.5, 1, 0.5]), (4, [0.25, 0.75, 0.75, 0.25])])
def test_bilinear_kernel_by_hand(kernel_size, expected):
    kernel = ops.convert_to_numpy(Bilinear()((kernel_size, kernel_size, 2, 2)))
    assert np.allclose(kernel[:, :, 0, 0], np.outer(expected, expected))
    assert np.array_equal(kernel[:, :, 1, 1], kernel[:, :, 0, 0]) and not kernel[:, :, 0, 1].any()


@pytest.mark.parametrize("size", [(5, 7), (6, 3)])
@pytest.mark.parametrize("stride", [2, 3, 4])
def test_bilinear_with_an_even_kernel_is_half_pixel_interpolation_in_the_interior(size, stride):
    x = normal(1, *size, 2)
    layer = keras.layers.Conv2DTranspose(
        2, 2 * stride, strides=stride, padding="same", use_bias=False, kernel_initializer=Bilinear()
    )
    scales = np.array([1, 1, stride, stride], "float32")
    resized = onnx_run(
        "Resize", [to_first(x), None, scales], mode="linear", coordinate_transformation_mode="half_pixel"
    )
    inside = slice(stride // 2 + 1, -(stride // 2 + 1))
    if stride % 2:  # an even kernel cannot be centred on an odd stride
        layer = keras.layers.Conv2DTranspose(
            2, 2 * stride - 1, strides=stride, padding="same", use_bias=False, kernel_initializer=Bilinear()
        )
    assert np.allclose(run(layer, x)[:, inside, inside], to_last(resized)[:, inside, inside], atol=1e-5)


def test_bilinear_with_an_odd_kernel_keeps_the_samples_and_puts_means_between():
    x = normal(1, 4, 5, 1)
    layer = keras.layers.Conv2DTranspose(1, 3, strides=2, use_bias=False, kernel_initializer=Bilinear())
    inner = run(layer, x)[0, 1:-1, 1:-1, 0]  # 7 × 9: align_corners=True
    expected = onnx_run(
        "Resize",
        [to_first(x), None, None, np.array([1, 1, 7, 9], "int64")],
        mode="linear",
        coordinate_transformation_mode="align_corners",
    )
    assert np.allclose(inner, expected[0, 0], atol=1e-5)


def test_bilinear_says_that_it_cannot_change_the_number_of_channels():
    with pytest.raises(ValueError, match="give the transposed convolution 8 filters"):
        Bilinear()((4, 4, 3, 8))


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("size", SIZES)
def test_keras_same_is_valid_cropped_and_not_the_paddings_of_pytorch(size, stride):
    """As lesson 01 teaches: kernel 3, stride 2, "same" drops the last row and column of "valid"."""
    x, kernel = normal(1, *size, 2), normal(3, 3, 4, 2, seed=1)
    results = {}
    for padding in ("valid", "same"):
        layer = keras.layers.Conv2DTranspose(4, 3, strides=stride, padding=padding, use_bias=False)
        layer.build(x.shape)
        layer.set_weights([kernel])
        results[padding] = run(layer, x)
    weights = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
    valid = to_last(onnx_run("ConvTranspose", [to_first(x), weights], strides=[stride] * 2))
    height, width = size[0] * stride, size[1] * stride
    assert np.allclose(results["valid"], valid, atol=1e-5)
    assert np.allclose(results["same"], valid[:, :height, :width], atol=1e-5)
    if stride == 2:
        torch_like = to_last(
            onnx_run(
                "ConvTranspose", [to_first(x), weights], strides=[2, 2], pads=[1] * 4, output_padding=[1, 1]
            )
        )
        assert torch_like.shape == results["same"].shape and not np.allclose(torch_like, results["same"])


@pytest.mark.parametrize("jit", JIT)
@pytest.mark.parametrize("size", SIZES)
def test_gradient_of_bed_of_nails_reads_the_corners(size, jit):
    x, upstream = normal(2, *size, 3), normal(2, size[0] * 2, size[1] * 2, 3, seed=1)
    (found,) = gradients(BedOfNails(2), x, upstream, jit)
    assert np.allclose(found, upstream[:, ::2, ::2], atol=1e-6)


@pytest.mark.parametrize("jit", JIT)
def test_gradients_of_sub_pixel_are_finite_differences(jit):
    """The layer is linear in its input and in its weights, so a step of size 1 is exact."""
    x, upstream = normal(1, 3, 2, 2), normal(1, 6, 4, 1, seed=1)
    layer = SubPixel(1, 2)
    layer.build(x.shape)
    start = layer.get_weights()
    found = gradients(layer, x, upstream, jit)
    layer.set_weights(start)

    def numeric(array, value_with):
        steps = np.eye(array.size, dtype="float32").reshape(array.size, *array.shape)
        return np.array([value_with(array + step) - value_with(array) for step in steps]).reshape(array.shape)

    def total(inputs, weights):
        layer.set_weights(weights)
        return float((run(layer, inputs) * upstream).sum())

    assert np.allclose(found[0], numeric(x, lambda changed: total(changed, start)), atol=1e-3)
    assert np.allclose(found[1], numeric(start[0], lambda changed: total(x, [changed, start[1]])), atol=1e-3)
    assert np.allclose(found[2], numeric(start[1], lambda changed: total(x, [start[0], changed])), atol=1e-3)


LAYERS = {
    "bed of nails": lambda **options: BedOfNails(2, **options),
    "sub-pixel": lambda **options: SubPixel(3, 2, **options),
    "bilinear": lambda **options: keras.layers.Conv2DTranspose(
        3, 4, strides=2, padding="same", kernel_initializer=Bilinear(), **options
    ),
}


@compiles
@pytest.mark.parametrize("name", LAYERS)
def test_jit_compiled_with_sizes_left_open(name):
    layer = LAYERS[name]()
    model = keras.Sequential([keras.Input((None, None, 3)), layer])
    assert model.output_shape == (None, None, None, 3)
    model.compile(loss="mse", jit_compile=True)
    for size in ((5, 7), (4, 6)):
        x = normal(2, *size, 3)
        assert np.allclose(model.predict(x, verbose=0), run(layer, x), atol=1e-5)
        assert np.isfinite(model.train_on_batch(x, np.zeros((2, size[0] * 2, size[1] * 2, 3), "float32")))


@pytest.mark.parametrize("name", LAYERS)
def test_known_sizes_stay_known(name):
    assert LAYERS[name]()(keras.Input((5, 7, 3))).shape == (None, 10, 14, 3)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", LAYERS)
def test_mixed_precision_computes_in_half_and_keeps_weights_in_float32(name, policy):
    x = normal(2, 5, 7, 3)
    exact, mixed = LAYERS[name](), LAYERS[name](dtype=policy)
    for layer in (exact, mixed):
        layer.build(x.shape)
    mixed.set_weights(exact.get_weights())
    result = mixed(ops.convert_to_tensor(x))
    assert keras.backend.standardize_dtype(result.dtype) == policy.removeprefix("mixed_")
    assert all(keras.backend.standardize_dtype(weight.dtype) == "float32" for weight in mixed.weights)
    if name == "sub-pixel":
        assert mixed.convolution.compute_dtype == policy.removeprefix("mixed_")
    assert np.allclose(ops.convert_to_numpy(ops.cast(result, "float32")), run(exact, x), atol=0.06)


@pytest.mark.parametrize("name", LAYERS)
def test_configuration_makes_the_same_layer_again(name):
    layer = LAYERS[name]()
    again = type(layer).from_config(layer.get_config())
    for one in (layer, again):
        one.build((None, None, None, 3))
    again.set_weights(layer.get_weights())
    assert again.get_config() == layer.get_config()
    assert np.array_equal(run(again, x := normal(1, 3, 4, 3)), run(layer, x))


def test_example_models_run():
    for model, pictures in example_models().values():
        assert np.isfinite(model.predict_on_batch(pictures)).all()
