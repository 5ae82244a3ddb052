"""FCN: exact counts, any size, heads that slide, shift-and-stitch, hypercolumns."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from segkit.backbones import encoder, vgg16_for_fcn
from segkit.layers import Hypercolumns
from segkit.layers.atrous import remove_strides
from segkit.models.fcn import (
    convolutionalize,
    fcn,
    fcn_decoder,
    shift_and_stitch,
)

from .examples.fcn import patch_classifier
from .oracles import onnx_run, to_first, to_last
from .pyramid import small_encoder
from .test_upsampling import JIT, gradients

XLA = keras.backend.backend() in ("tensorflow", "jax")


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def pixels(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype("float32")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def close(measured, expected, tolerance=1e-4):
    """Equal, relative to the largest value."""
    assert measured.shape == expected.shape
    assert np.abs(measured - expected).max() <= tolerance * np.abs(expected).max()


@pytest.fixture(scope="module")
def frozen():
    return encoder("MobileNetV2", "paper")


@pytest.mark.parametrize(("stride", "count"), [(32, 136_152_917), (16, 134_815_994), (8, 134_489_759)])
def test_the_papers_parameter_counts(stride, count):
    with keras.StatelessScope(initialize_variables=False):  # shapes alone: half a gigabyte less
        model = fcn(vgg16_for_fcn(encoder("VGG16", None, frozen=False)), 21, stride)
        assert model.count_params() == count


@pytest.mark.parametrize("stride", [8, 16, 32])
@pytest.mark.parametrize("size", [(1, 1), (37, 50), (128, 32)])
def test_the_mask_has_the_pictures_size_and_is_float32(frozen, stride, size):
    logits = fcn(frozen, 4, stride)(pixels(1, *size, 3).astype("uint8"))
    assert logits.shape == (1, *size, 4) and keras.backend.standardize_dtype(logits.dtype) == "float32"


def test_another_stride_is_refused(frozen):
    with pytest.raises(ValueError, match="stride is 4"):
        fcn(frozen, 3, 4)


def test_the_original_starts_at_the_pools_and_takes_any_size():
    original = vgg16_for_fcn(encoder("VGG16", None), width=8)
    assert [feature.shape for feature in original(pixels(1, 64, 96, 3))] == [
        (1, 8, 12, 256),
        (1, 4, 6, 512),
        (1, 2, 3, 8),
    ]
    assert fcn(original, 21, 8)(pixels(1, 37, 50, 3)).shape == (1, 37, 50, 21)


def test_scores_are_summed_and_skips_start_at_zero():
    """With a score set by hand, FCN-8s is 4·conv7 + 2·pool4 + pool3, grown bilinearly: constants stay constants."""
    keras.utils.set_random_seed(0)
    features = [normal(1, 48 // stride, 48 // stride, 5) for stride in (2, 4, 8)]
    inputs = [keras.Input(feature.shape[1:]) for feature in features]
    model = keras.Model(inputs, fcn_decoder(inputs, 2, 8))
    alone = keras.Model(inputs, fcn_decoder(inputs, 2, 32))
    alone.get_layer("score_32").set_weights(model.get_layer("score_32").get_weights())
    inside = slice(64, -64)
    grown, once = numpy(model(features)), numpy(alone(features))
    assert grown.shape == once.shape == (1, 192, 192, 2)
    assert np.corrcoef(grown[:, inside, inside].ravel(), once[:, inside, inside].ravel())[0, 1] > 0.95
    for name, score in (("score_32", 1), ("score_16", 2), ("score_8", 4)):
        kernel, bias = model.get_layer(name).get_weights()
        model.get_layer(name).set_weights([0 * kernel, bias + score])
    close(numpy(model(features))[:, inside, inside], np.full((1, 64, 64, 2), 7, "float32"))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_compiled_training_step(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = fcn(small_encoder(), 3, 8)
    finally:
        keras.config.set_dtype_policy("float32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    model.compile("adam", loss, jit_compile=XLA and policy == "mixed_bfloat16")
    masks = np.random.default_rng(1).choice([0, 1, 2, 255], (1, 33, 32)).astype("uint8")
    images = pixels(1, 33, 32, 3)
    assert np.isfinite(model.train_on_batch(images, masks))
    assert keras.backend.standardize_dtype(model(images).dtype) == "float32"


def averaging_classifier():
    images = keras.Input((16, 20, 3))
    x = layers.Conv2D(8, 3, 2, padding="same", activation="relu")(layers.Rescaling(1 / 255)(images))
    x = layers.Add()([x, layers.Conv2D(8, 3, padding="same")(x)])
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(layers.BatchNormalization()(x)))
    return keras.Model(images, layers.Dense(4, use_bias=False)(x))


def encoder_classifier():
    images = keras.Input((32, 64, 3))
    *_, deepest = encoder("MobileNetV2", "paper")(images)
    x = layers.Dense(12, activation="relu")(layers.Flatten()(deepest))
    return keras.Model(images, layers.Dense(4, activation="softmax")(x))


@pytest.mark.parametrize("classifier", [patch_classifier, averaging_classifier, encoder_classifier])
def test_a_convolutional_head_gives_the_same_answers(classifier):
    model = classifier()
    sliding = convolutionalize(model)
    images = pixels(3, *model.input_shape[1:])
    expected = numpy(model(images))
    close(numpy(sliding(images)), expected[:, None, None])
    assert sliding.count_params() == model.count_params()
    height, width = model.input_shape[1:3]
    larger = numpy(sliding(pixels(1, 2 * height + 5, 2 * width, 3)))
    assert larger.shape[1] > 1 and larger.shape[2] > 1
    close(numpy(model(images)), expected, 0)  # the classifier itself is untouched


def test_sliding_is_asking_about_every_patch():
    model = patch_classifier()
    picture = pixels(1, 27, 35, 3)
    slid = numpy(convolutionalize(model)(picture))
    patches = [[picture[0, 4 * y : 4 * y + 15, 4 * x : 4 * x + 15] for x in range(6)] for y in range(4)]
    asked = numpy(model(np.reshape(patches, (24, 15, 15, 3)))).reshape(1, 4, 6, 3)
    close(slid, asked)


@pytest.mark.parametrize("size", [(30, 34), (33, 31)])
def test_shift_and_stitch_is_the_network_without_strides_and_every_patch(size):
    model = patch_classifier()
    sliding = convolutionalize(model)
    picture = pixels(2, *size, 3)
    dense = numpy(remove_strides(sliding)(picture))
    stitched = numpy(shift_and_stitch(sliding, picture, 4))
    assert dense.shape[1:3] == (size[0] - 14, size[1] - 14)
    assert stitched.shape[1:3] == tuple(side // 4 * 4 for side in dense.shape[1:3])
    close(stitched, dense[:, : stitched.shape[1], : stitched.shape[2]])
    close(numpy(model(picture[:, 3:18, 6:21])), dense[:, 3, 6])
    assert remove_strides(sliding).count_params() == model.count_params()


def chain(*pieces):
    x = images = keras.Input((None, None, 2))
    for piece in pieces:
        x = piece(x)
    return keras.Model(images, x)


def branched():
    images = keras.Input((None, None, 2))
    x = layers.Conv2D(3, 3, 2)(images)
    x = layers.Add()([layers.Conv2D(3, 3)(x), layers.Cropping2D(1)(layers.Conv2D(3, 1)(x))])
    twice = layers.Conv2D(3, 3)
    return keras.Model(images, twice(twice(x)))


conv, wise, separable = layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D
STRIDED = {  # a network, and what its strides come to
    "own dilation": (lambda: chain(conv(3, 3, 2), conv(3, 3, dilation_rate=(2, 1)), conv(2, 3)), (2, 2)),
    "strides (1, 2)": (lambda: chain(conv(3, 3, (1, 2)), conv(3, 3), conv(2, 2)), (1, 2)),
    "depthwise": (lambda: chain(conv(3, 3, 2), wise(3, 2, depth_multiplier=2), conv(2, 3)), (4, 4)),
    "separable": (lambda: chain(separable(3, 3, 2), separable(3, 3, 2), conv(2, 3)), (4, 4)),
    "padded": (
        lambda: chain(conv(3, 3, 2), layers.ZeroPadding2D(((1, 0), (2, 1))), conv(3, 3, 2), conv(2, 3)),
        (4, 4),
    ),
    "cropped": (lambda: chain(conv(3, 3, 2), layers.Cropping2D(2), conv(2, 3, 2)), (4, 4)),
    "nested": (
        lambda: chain(
            conv(3, 3, 2),
            keras.Sequential([conv(3, 3, 2), layers.BatchNormalization(), layers.ReLU()]),
            conv(2, 3),
        ),
        (4, 4),
    ),
    "sequential": (
        lambda: keras.Sequential([keras.Input((None, None, 2)), conv(3, 3, 2), conv(3, 3, 2), conv(2, 3)]),
        (4, 4),
    ),
    "same, 1×1": (lambda: chain(conv(3, 3, 2), conv(3, 1, padding="same"), conv(2, 3)), (2, 2)),
    "branches": (branched, (2, 2)),
}


@pytest.mark.parametrize("name", STRIDED)
def test_without_strides_a_network_answers_as_when_it_is_moved(name):
    """The strided network, asked about the picture moved by every number of places less than its stride."""
    make, (down, right) = STRIDED[name]
    keras.utils.set_random_seed(0)
    model = make()
    dense = remove_strides(model)
    assert len(dense.weights) == len(model.weights)
    picture = normal(1, 37, 41, 2)
    at_once = numpy(dense(picture))
    moves = [(0, 0)] if name == "padded" else np.ndindex(down, right)  # moved, the zeros would move too
    for y, x in moves:
        moved = numpy(model(picture[:, y:, x:]))
        kept = at_once[:, y::down, x::right]
        assert kept.shape == moved.shape
        close(kept, moved)


def headed(*head):
    return keras.Sequential([keras.Input((9, 11, 2)), conv(4, 3, 2), *head])


def slides(classifier):
    """At each place what the classifier says of the patch that stands there."""
    picture = normal(1, 13, 13, 2)
    found = numpy(convolutionalize(classifier)(picture))
    asked = [[numpy(classifier(picture[:, y : y + 9, x : x + 11]))[0] for x in (0, 2)] for y in (0, 2, 4)]
    close(found[0], np.array(asked), 1e-3)


@pytest.mark.parametrize("pooling", [layers.GlobalMaxPooling2D, layers.GlobalAveragePooling2D])
def test_global_poolings_and_batch_normalisation_slide(pooling):
    slides(headed(pooling(), layers.BatchNormalization(), layers.Dense(3)))
    slides(headed(pooling(keepdims=True), conv(3, 1), layers.Flatten(), layers.Dense(2)))


def test_every_output_and_every_branch_of_a_head_slides():
    images = keras.Input((9, 11, 2))
    flat = layers.Flatten()(conv(4, 3)(images))
    model = keras.Model(images, [layers.Dense(3)(flat), layers.Dense(2)(layers.Dense(5, "relu")(flat))])
    given = normal(2, 9, 11, 2)
    for sliding, asked in zip(convolutionalize(model)(given), model(given), strict=True):
        close(numpy(sliding)[:, 0, 0], numpy(asked))


def test_what_a_dense_layer_was_told_its_convolution_keeps():
    told = {"kernel_regularizer": "l2", "bias_constraint": "non_neg", "dtype": "mixed_bfloat16"}
    dense = layers.Dense(3, trainable=False, activity_regularizer="l1", **told)
    new = convolutionalize(headed(layers.Flatten(), dense)).layers[-1]
    assert not new.trainable and new.dtype_policy.name == "mixed_bfloat16"
    assert isinstance(new.kernel_regularizer, keras.regularizers.L2)
    assert isinstance(new.activity_regularizer, keras.regularizers.L1)
    assert isinstance(new.bias_constraint, keras.constraints.NonNeg)


@pytest.mark.parametrize(
    "head",
    [
        lambda: [layers.Flatten(), layers.BatchNormalization(name="it"), layers.Dense(2)],
        lambda: [layers.Reshape((-1,), name="it"), layers.Dense(2)],
        lambda: [layers.Reshape((5, 16, 1), name="it"), layers.Flatten()],
    ],
)
def test_a_head_that_does_not_slide_is_refused_by_name(head):
    with pytest.raises(
        ValueError, match="'it' .* does not slide: let Flatten or a global pooling be followed by"
    ):
        convolutionalize(headed(*head()))


@pytest.mark.parametrize("size", [(8, 12), (5, 7)])
def test_hypercolumns_agree_with_onnx_runtime(size):
    features = [normal(2, *size, 3), normal(2, 3, 4, 2), normal(2, 1, 1, 4)]
    columns = numpy(Hypercolumns()(features))
    assert columns.shape == Hypercolumns().compute_output_shape([f.shape for f in features]) == (2, *size, 9)
    assert np.array_equal(columns[..., :3], features[0])
    for feature, start in ((features[1], 3), (features[2], 5)):
        sizes = np.array([2, feature.shape[3], *size], "int64")
        mode = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        expected = to_last(onnx_run("Resize", [to_first(feature), None, None, sizes], **mode))
        assert np.allclose(columns[..., start : start + feature.shape[3]], expected, atol=1e-5)


@pytest.mark.parametrize("jit", JIT)
def test_hypercolumns_gradients_sizes_and_compilation(jit):
    """A linear map: the gradient is the transposed one, so both weighted sums agree."""
    first, small = normal(1, 6, 5, 1), normal(1, 3, 2, 2)
    upstream = normal(1, 6, 5, 3)
    (gradient,) = gradients(lambda x: Hypercolumns()([ops.convert_to_tensor(first), x]), small, upstream, jit)
    forward = numpy(Hypercolumns()([0 * first, small]))
    assert np.isclose(np.sum(gradient * small), np.sum(forward * upstream), atol=1e-4)
    inputs = [keras.Input((None, None, 1)), keras.Input((None, None, 2))]
    model = keras.Model(inputs, Hypercolumns()(inputs))
    model.compile(jit_compile=jit)
    for size in ((4, 6), (7, 3)):
        arrays = [normal(1, *size, 1), normal(1, 2, 2, 2)]
        assert np.allclose(model.predict_on_batch(arrays), numpy(model(arrays)), atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_hypercolumns_in_mixed_precision(policy):
    arrays = [normal(1, 6, 5, 1), normal(1, 3, 2, 2)]
    rough = Hypercolumns(dtype=policy)(arrays)
    assert keras.backend.standardize_dtype(rough.dtype) == policy.removeprefix("mixed_")
    assert np.allclose(numpy(ops.cast(rough, "float32")), numpy(Hypercolumns()(arrays)), atol=0.03)
