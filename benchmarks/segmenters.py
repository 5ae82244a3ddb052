"""FCN, SegNet and SegNet's pooling beside their likes, one measurement a process; prints one line of JSON.

python benchmarks/segmenters.py pooling segkit|scatter|onnx
python benchmarks/segmenters.py training fcn|strided|segnet|mirrored|deeplab_32|deeplab_16|deeplab_8|aspp_16|aspp_8
"""

import functools
import json
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from measure import median_time, peak

from segkit.backbones import encoder
from segkit.layers import MaxPoolWithIndices, MaxUnpool2D
from segkit.layers.pyramid import aspp
from segkit.models import deeplab_v3_plus, fcn, segnet

THREADS = 2


def by_segkit(images):
    pooled, indices = MaxPoolWithIndices()(images)
    return MaxUnpool2D()(pooled, indices), indices


def by_scatter(images):
    """The widespread way in TensorFlow: each value is sent to its place among all places of the batch."""
    pooled, places = tf.nn.max_pool_with_argmax(images, 2, 2, "SAME", include_batch_in_index=True)
    flat = tf.scatter_nd(tf.reshape(places, (-1, 1)), tf.reshape(pooled, (-1,)), [tf.size(images, tf.int64)])
    return tf.reshape(flat, tf.shape(images)), places


def by_onnx(images):
    """A call without arguments, ready to be timed; channels come first."""
    import onnx  # here, as they would count in the peak memory of the networks
    import onnxruntime

    node, describe = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    windows = {"kernel_shape": [2, 2], "strides": [2, 2]}
    graph = onnx.helper.make_graph(
        [
            node("MaxPool", ["images"], ["pooled", "places"], **windows),
            node("MaxUnpool", ["pooled", "places"], ["grown"], **windows),
        ],
        "pool_and_unpool",
        [describe("images", onnx.TensorProto.FLOAT, images.shape)],
        [
            describe("grown", onnx.TensorProto.FLOAT, images.shape),
            describe("places", onnx.TensorProto.INT64, None),
        ],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(["grown", "places"], {"images": images})


def with_gradient(way):
    def call(images, upstream):
        with tf.GradientTape() as tape:
            tape.watch(images)
            grown, _ = way(images)
        return grown, tape.gradient(grown, images, upstream)

    return call


def pooling(kind):
    """Milliseconds a picture of 2×2 pooling and unpooling, bytes of an index, and whether XLA compiles it."""
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    images, upstream = np.random.default_rng(0).normal(size=(2, 4, 128, 128, 64)).astype("float32")
    forward = {"onnx": by_onnx(np.ascontiguousarray(np.moveaxis(images, -1, 1)))}
    both = {}
    images, upstream = tf.constant(images), tf.constant(upstream)
    ways = {"segkit": by_segkit, "scatter": by_scatter}
    for name, way in ways.items():
        forward[name] = functools.partial(tf.function(way), images)
        both[name] = functools.partial(tf.function(with_gradient(way)), images, upstream)

    grown = {name: np.asarray(call()[0]) for name, call in forward.items()}
    grown["onnx"] = np.moveaxis(grown["onnx"], 1, -1)
    assert all(np.array_equal(grown["segkit"], other) for other in grown.values())
    assert np.array_equal(*(call()[1] for call in both.values()))

    row = {
        "forward_ms": milliseconds(forward[kind], len(images)),
        "index_bytes": np.asarray(forward[kind]()[1]).itemsize,
    }
    if kind in ways:
        row["training_ms"] = milliseconds(both[kind], len(images))
        try:
            tf.function(with_gradient(ways[kind]), jit_compile=True)(images, upstream)
            row["xla"] = "yes"
        except tf.errors.InvalidArgumentError as error:
            if "unsupported operations" not in str(error):
                raise
            row["xla"] = "no"
    return row


def milliseconds(call, pictures):
    return round(median_time(call, runs=21) / pictures * 1000, 2)


def convolve(x, filters, convolution=layers.Conv2D, stride=1):
    x = convolution(filters, 3, stride, padding="same")(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def strided():
    """Plain Keras with about the weights of the FCN; multiples of 16 filters, which processors like best."""
    widths = (32, 64, 128, 256, 224)
    images = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for filters in widths:
        x = convolve(x, filters, stride=2)
    for filters in (*widths[-2::-1], widths[0]):
        x = convolve(x, filters, layers.Conv2DTranspose, stride=2)
    return keras.Model(images, layers.Conv2D(3, 1)(x))


def mirrored():
    """Plain Keras with the convolutions of SegNet at a quarter of its width; no index goes up."""
    images = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1)(images)
    for block in ((16, 16), (32, 32), (64, 64, 64), (128, 128, 128), (128, 128, 128)):
        for filters in block:
            x = convolve(x, filters)
        x = layers.MaxPooling2D()(x)
    for block in ((128, 128, 128), (128, 128, 64), (64, 64, 32), (32, 16), (16,)):
        x = layers.UpSampling2D()(x)
        for filters in block:
            x = convolve(x, filters)
    return keras.Model(images, layers.Conv2D(3, 3, padding="same")(x))


def deeplab(output_stride):
    """Lesson 07's network; its rates grow as the stride shrinks, so that it sees equally far."""
    network = encoder("MobileNetV2", None, frozen=False, output_stride=output_stride)
    rates = tuple(max(1, 16 * rate // output_stride) for rate in (1, 3, 4))
    return deeplab_v3_plus(network, 3, filters=96, rates=rates)


def pyramid(output_stride):
    """ASPP alone: the picture's colours, grown to 320 channels at this stride, stand in for an encoder."""
    images = keras.Input((128, 128, 3))
    features = layers.Conv2D(320, 1, output_stride)(images)
    scores = layers.Conv2D(3, 1)(aspp(features, 96, separable=True))
    return keras.Model(images, layers.UpSampling2D(output_stride)(scores))


NETWORKS = {
    "deeplab_32": lambda: deeplab(32),
    "deeplab_16": lambda: deeplab(16),
    "deeplab_8": lambda: deeplab(8),
    "aspp_16": lambda: pyramid(16),
    "aspp_8": lambda: pyramid(8),
    "fcn": lambda: fcn(encoder("MobileNetV2", None, frozen=False), 3, 8),
    "strided": strided,
    "segnet": lambda: segnet(3, width=0.25),
    "mirrored": mirrored,
}


def training(kind):
    """Milliseconds a picture of a training step on eight pictures of 128 px, and peak memory."""
    keras.utils.set_random_seed(0)
    model = NETWORKS[kind]()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images = np.random.default_rng(0).integers(0, 256, (8, 128, 128, 3)).astype("float32")
    masks = np.random.default_rng(1).integers(0, 3, (8, 128, 128)).astype("uint8")
    return {
        "parameters": model.count_params(),
        "training_ms": milliseconds(lambda: model.train_on_batch(images, masks), len(images)),
        "peak_memory_mb": peak(),
    }


if __name__ == "__main__":
    name, kind = sys.argv[1:]
    print(json.dumps({"pooling": pooling, "training": training}[name](kind)))
