"""Fully convolutional networks: a classifier that slides, and FCN-32s, 16s and 8s on any encoder."""

import keras
from keras import layers, ops

from ..checks import check_whole
from ..graphs import maps_of, rebuilt
from ..layers import Bilinear, CropLike


def convolutionalize(classifier):
    """A classifier of pictures of one size → a network for any larger size, an answer for each position.

    `Dense` layers become convolutions with the same weights. The first of them has a kernel as large as the map that
    `Flatten` would flatten; a global pooling becomes a pooling of that size. The other layers are shared.
    Taught in notebooks/02_fcn.ipynb.
    """
    windows = {}  # tensor → (height, width) of the map that was flattened into it; None while it is still a map
    poolings = {
        layers.GlobalAveragePooling2D: layers.AveragePooling2D,
        layers.GlobalMaxPooling2D: layers.MaxPooling2D,
    }

    def slide(layer, *args, **kwargs):
        (x, *_) = maps_of(layer, *args, **kwargs)
        window = windows.get(id(x))
        if window is None and isinstance(layer, layers.Flatten):
            out, window = layers.Identity()(x), layer.input.shape[1:3]
        elif window is None and type(layer) in poolings:
            out = poolings[type(layer)](layer.input.shape[1:3], strides=1)(x)
            window = None if layer.keepdims else (1, 1)
        elif window and isinstance(layer, layers.Dense):
            out, window = convolved(layer, window, x), (1, 1)
        elif window == (1, 1) and isinstance(layer, layers.BatchNormalization):
            new = layers.BatchNormalization.from_config(layer.get_config() | {"axis": -1})
            out = new(x)
            new.set_weights(layer.get_weights())
        elif isinstance(layer, layers.Dropout | layers.Activation | layers.ReLU) or (
            window is None and len(layer.output.shape) == 4 and not isinstance(layer, layers.Reshape)
        ):
            out = layer(*args, **kwargs)
        else:
            raise ValueError(
                f"{layer.name!r} ({type(layer).__name__}) does not slide: let Flatten or a global pooling be "
                "followed by Dense, Dropout and Activation layers alone."
            )
        windows[id(out)] = window
        return out

    return rebuilt(classifier, slide)


def convolved(dense, size, x):
    """A Dense layer's answer at every place of a map: a convolution with the same weights, its kernel of this size.

    Taught in notebooks/02_fcn.ipynb.
    """
    config = dense.get_config() | {"filters": dense.units, "kernel_size": size}
    config |= {"activity_regularizer": dense.activity_regularizer}
    only_dense = ("units", "quantization_config")
    convolution = layers.Conv2D.from_config({key: config[key] for key in config if key not in only_dense})
    out = convolution(x)
    kernel, *bias = dense.get_weights()
    convolution.set_weights([kernel.reshape(convolution.kernel.shape), *bias])
    return out


def shift_and_stitch(model, images, stride):
    """A network of stride s, asked s² times about the picture moved by one place more, gives an answer for every place.

    Taught in notebooks/02_fcn.ipynb.
    """
    check_whole(stride=stride)
    height, width = (side - stride + 1 for side in images.shape[1:3])
    rows = []
    for top in range(stride):
        moved = [images[:, top : top + height, left : left + width] for left in range(stride)]
        rows.append(ops.stack([model(picture) for picture in moved], axis=3))
    answers = ops.stack(rows, axis=2)  # (B, h, stride, w, stride, classes)
    batch, height, _, width, _, classes = answers.shape
    return ops.reshape(answers, (batch, height * stride, width * stride, classes))


def fcn_decoder(features, num_classes, stride=8):
    """Feature maps at strides 8, 16 and 32 (the last three of a list) → logits at stride 1: FCN-32s, 16s or 8s.

    Scores are grown by transposed convolutions that start as bilinear interpolation. The scores of a skip start at zero:
    FCN-8s begins nearly as FCN-32s, and learns what the shallower maps add.
    Taught in notebooks/02_fcn.ipynb.
    """

    def grow(scores, factor, **options):
        options |= {"use_bias": False, "kernel_initializer": Bilinear()}
        return layers.Conv2DTranspose(num_classes, 2 * factor, factor, "same", **options)(scores)

    check_whole(num_classes=num_classes)
    if stride not in (8, 16, 32):
        raise ValueError(f"stride is {stride}; FCN-32s, 16s and 8s have 32, 16 and 8.")
    *_, eighth, sixteenth, deepest = features
    scores = layers.Conv2D(num_classes, 1, name="score_32")(deepest)
    for skip, at in ((sixteenth, 16), (eighth, 8)):
        if stride <= at:
            skip = layers.Conv2D(num_classes, 1, kernel_initializer="zeros", name=f"score_{at}")(skip)
            scores = layers.Add()([grow(scores, 2, name=f"grow_to_{at}"), skip])
    return grow(scores, stride, dtype="float32", name="logits")


def fcn(encoder, num_classes, stride=8):
    """Pictures (B, H, W, 3) with pixels 0..255 → logits (B, H, W, num_classes).

    Taught in notebooks/02_fcn.ipynb.
    """
    images = keras.Input((None, None, 3), name="images")
    logits = fcn_decoder(encoder(images), num_classes, stride)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name=f"fcn_{stride}s")


def vgg16_for_fcn(vgg16, width=4096):
    """The encoder of the paper: pool3 and pool4 of VGG-16, and convolutions of the shape of fc6 and fc7.

    Taught in notebooks/02_fcn.ipynb.
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
