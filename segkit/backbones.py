"""Pretrained networks as feature pyramids: pixels 0..255 in, features at strides 2 to 32 out."""

import os
import pathlib
import urllib.request
import warnings

import keras
from keras import layers, ops

from .checks import check_channels_last, check_whole
from .layers.atrous import with_output_stride
from .layers.sizes import PadToMultiple
from .plans import VGG16_BLOCKS, scaled
from .stored import load_stored

# The last layer at each stride: 2, 4, 8, 16, 32.
TAPS = {
    "MobileNetV2": (
        "block_1_expand_relu",
        "block_3_expand_relu",
        "block_6_expand_relu",
        "block_13_expand_relu",
        "block_16_project",
    ),
    "VGG16": ("block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3", "block5_pool"),
    "ResNet50": (
        "conv1_relu",
        "conv2_block3_out",
        "conv3_block4_out",
        "conv4_block6_out",
        "conv5_block3_out",
    ),
}
STRIDES = (2, 4, 8, 16, 32)
CAFFE_MEANS = (103.939, 116.779, 123.68)  # blue, green, red
# Keras' 0.999 takes thousands of steps to learn the statistics that prediction uses; a lesson has hundreds.
RANDOM_MOMENTUM = 0.9
# Where Keras fetches the weights from; the end of the address is the file's name in its cache.
IMAGENET = {
    "MobileNetV2": "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
    "VGG16": "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "ResNet50": "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
}
SERVER = "https://storage.googleapis.com/tensorflow/keras-applications/"


def encoder(name="MobileNetV2", weights="imagenet", *, frozen=True, output_stride=32):
    """A network without its classifier: pictures (B, H, W, 3) with pixels 0..255 → five feature maps, of strides 2 to 32.

    The scaling that the network was trained with and the padding to multiples of 32 lie inside.
    `weights` is "imagenet" (where there is a network or a cache), "paper" (MobileNetV2, shipped with the course: ImageNet's
    weights, trained on to name the animals in drawn scenes) or None. What was really loaded stands in `.pretraining`, and is printed.
    `frozen=False` trains the convolutions; `frozen=8` those behind the features of stride 8, as the first layers suit
    any picture and cost the most. Batch normalisation keeps its statistics, which come from many more pictures
    than a batch holds; only without pretrained weights does it learn its own.
    With `output_stride=16` or 8 no map is coarser than that: the same weights, with holes (lesson 07).
    """
    check_channels_last()
    if name not in TAPS:
        raise ValueError(f"There is no encoder {name!r}; choose {', '.join(TAPS)}.")
    if weights not in ("imagenet", "paper", None):
        raise ValueError(f'weights is {weights!r}; choose "imagenet", "paper" or None.')
    if weights == "paper" and name != "MobileNetV2":
        raise ValueError(f'weights="paper" exist for MobileNetV2 only, not for {name}.')
    if not isinstance(frozen, bool) and frozen not in STRIDES:
        raise ValueError(
            f"frozen is {frozen!r}; choose True, False, or the stride up to which to freeze: {STRIDES}."
        )
    if output_stride not in STRIDES:
        raise ValueError(f"output_stride is {output_stride!r}; choose one of {STRIDES}.")
    network, pretraining = _network(name, weights)
    if output_stride < STRIDES[-1]:
        network = with_output_stride(network, output_stride)
    images = keras.Input((None, None, 3), name="images")
    features = network(scale(name, PadToMultiple(STRIDES[-1])(images)))
    model = keras.Model(images, features, name=f"{name}_{pretraining}")
    model.pretraining = pretraining
    _freeze(network, frozen, TAPS[name], keep_statistics=pretraining != "random")
    state = (
        "frozen" if frozen is True else "trained" if frozen is False else f"trained behind stride {frozen}"
    )
    learned = {"paper": "paper (ImageNet's, then drawn animals)"}.get(pretraining, pretraining)
    print(f"encoder {name}, weights: {learned}, {state}")
    return model


def vgg16_for_fcn(vgg16, width=4096):
    """The encoder of the paper: pool3 and pool4 of VGG-16, and convolutions of the shape of fc6 and fc7.

    On it `segkit.models.fcn` counts 136,152,917 parameters at stride 32, 134,815,994 at 16 and 134,489,759 at 8, for 21 classes.
    """
    check_whole(width=width)
    images = keras.Input((None, None, 3), name="images")
    _, third, fourth, _, pool5 = vgg16(images)  # before pool2, pool3, pool4, pool5; and behind it
    x = layers.Conv2D(width, 7, padding="same", activation="relu", name="fc6")(pool5)
    x = layers.Dropout(0.5)(x)
    x = layers.Conv2D(width, 1, activation="relu", name="fc7")(x)
    x = layers.Dropout(0.5)(x)
    pools = [layers.MaxPooling2D(name=f"pool{index}")(x) for index, x in ((3, third), (4, fourth))]
    return keras.Model(images, [*pools, x], name="vgg16_for_fcn")


def _freeze(network, frozen, taps, keep_statistics):
    if frozen is True:
        network.trainable = False
        return
    last_frozen = taps[STRIDES.index(frozen)] if frozen else None
    behind = last_frozen is None
    for layer in network.layers:
        statistics = keep_statistics and isinstance(layer, layers.BatchNormalization)
        layer.trainable = behind and not statistics
        behind = behind or layer.name == last_frozen


def _network(name, weights):
    """The bare network with its five taps, and the weights that it really has."""
    if weights == "imagenet":
        trouble = _out_of_reach(name)
        if trouble is None:
            try:
                return bare(name, "imagenet"), "imagenet"
            except Exception as error:  # of the network, the disk or the file: Keras has no class for them
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                trouble = f"could not be read ({reason}): delete {_cached(name)}, and run this again"
        weights = "paper" if name == "MobileNetV2" else None
        instead = 'weights="paper"' if weights else "random weights"
        print(f"ImageNet weights of {name} {trouble}. Using {instead}.")
    network = bare(name, None)
    if weights == "paper":
        load_stored(network, "mobilenet_v2_paper")
    return network, weights or "random"


def _cached(name):
    """Where Keras keeps the file, or would."""
    home = pathlib.Path(os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras")
    if not os.access(home, os.W_OK):  # Keras does not look there then
        home = pathlib.Path("/tmp") / ".keras"
    return home / "models" / pathlib.PurePosixPath(IMAGENET[name]).name


def _out_of_reach(name):
    """None where the weights are cached or their server answers: one quick question, not minutes of retries."""
    if _cached(name).is_file():
        return None
    try:
        urllib.request.urlopen(
            urllib.request.Request(SERVER + IMAGENET[name], method="HEAD"), timeout=10
        ).close()
    except OSError:
        return (
            "are not on this machine and cannot be downloaded: run once with a network, or set KERAS_HOME, before "
            "Keras is imported, to a folder that holds them in models/"
        )


def bare(name, weights=None):
    """The network as Keras has it, cut at its five taps: scaled pixels in, features out."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*input_shape.*")  # the weights of 224 px serve any size
        network = getattr(keras.applications, name)(
            include_top=False, weights=weights, input_shape=(None, None, 3)
        )
    if weights is None:
        _start_well(network)
    return keras.Model(
        network.input, [network.get_layer(tap).output for tap in TAPS[name]], name=name.lower()
    )


def _start_well(network):
    """A random start from which a few hundred steps lead somewhere; Keras' own is made for very long trainings."""
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = RANDOM_MOMENTUM
        if isinstance(layer, layers.DepthwiseConv2D):
            # Glorot's rule counts all channels as inputs, a depthwise kernel sees one: its outputs would vanish.
            kernel_height, kernel_width, channels, multiplier = layer.kernel.shape
            he = keras.initializers.HeNormal()((kernel_height, kernel_width, 1, channels * multiplier))
            layer.kernel.assign(ops.reshape(he, layer.kernel.shape))


def scale(name, images):
    """From 0..255 to what the network was trained with."""
    if name == "MobileNetV2":
        return layers.Rescaling(1 / 127.5, offset=-1, name="minus_one_to_one")(images)
    blue_green_red = ops.flip(images, axis=-1)
    return layers.Rescaling(1.0, offset=[-mean for mean in CAFFE_MEANS], name="minus_caffe_means")(
        blue_green_red
    )


def stride_of(encoder):
    """How many pixels lie between two places of the encoder's last features."""
    *_, deepest = encoder.compute_output_shape((1, 256, 256, 3))
    return 256 // deepest[1]


def vgg16_with_holes(images, width=1.0):
    """DeepLab v1's VGG-16: the last two poolings have stride 1, what follows has holes of 2. Features 8 pixels apart."""
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for number, block in enumerate(scaled(VGG16_BLOCKS, width), start=1):
        for filters in block:
            rate = 2 if number == 5 else 1  # behind the first stride that is gone
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", dilation_rate=rate)(x)
        x = layers.MaxPooling2D(3, strides=2 if number < 4 else 1, padding="same")(x)
    return x
