"""Fully convolutional networks: a classifier that slides, and FCN-32s, 16s and 8s on any encoder."""

import keras
from keras import layers, ops

from ..layers import Bilinear, CropLike


def convolutionalize(classifier):
    """A classifier of pictures of one size → a network for any larger size, an answer for each position.

    `Dense` layers become convolutions with the same weights. The first of them has a kernel as large as the map that
    `Flatten` would flatten; `GlobalAveragePooling2D` becomes a pooling of that size. The other layers are shared.
    Taught in notebooks/02_fcn.ipynb.
    """
    window = None  # (height, width, channels) of the map that is flattened or averaged
    kernels = []

    def replaced(layer):
        nonlocal window
        if isinstance(layer, layers.Flatten):
            window = layer.input.shape[1:]
            return layers.Identity()
        if isinstance(layer, layers.GlobalAveragePooling2D):
            return layers.AveragePooling2D(layer.input.shape[1:3], strides=1)
        if not isinstance(layer, layers.Dense):
            return layer
        *size, channels = window or (1, 1, layer.kernel.shape[0])
        window = None
        new = layers.Conv2D(
            layer.units, size, activation=layer.activation, use_bias=layer.use_bias, name=layer.name
        )
        kernel, *bias = layer.get_weights()
        kernels.append((new, [kernel.reshape(*size, channels, layer.units), *bias]))
        return new

    functional = keras.Model(classifier.inputs[0], classifier.outputs[0])  # a Sequential model too
    images = keras.Input((None, None, classifier.input_shape[-1]), name="images")
    model = keras.models.clone_model(functional, images, clone_function=replaced)
    for layer, weights in kernels:
        layer.set_weights(weights)
    return model


def remove_strides(model):
    """The same weights with every stride set to 1, and what comes after a stride dilated by it: an à-trous network.

    For convolutions without padding, in a chain: what stood at every stride-th place now stands at every place.
    Taught in notebooks/02_fcn.ipynb.
    """
    images = keras.Input((None, None, model.input_shape[-1]), name="images")
    x, dilation = images, 1
    for layer in model.layers[1:]:
        if isinstance(layer, layers.Conv2D):
            config = layer.get_config() | {
                "strides": 1,
                "dilation_rate": dilation,
                "name": f"{layer.name}_dense",
            }
            weights, stride = layer.get_weights(), layer.strides[0]
            layer = layers.Conv2D.from_config(config)
            x = layer(x)
            layer.set_weights(weights)
            dilation *= stride
        elif hasattr(layer, "pool_size"):
            raise ValueError(
                f"{layer.name!r} pools, and Keras' pooling knows no dilation: use strided convolutions."
            )
        else:
            x = layer(x)
    return keras.Model(images, x)


def shift_and_stitch(model, images, stride):
    """A network of stride s, asked s² times about the picture moved by one place more, gives an answer for every place.

    Taught in notebooks/02_fcn.ipynb.
    """
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
    images = keras.Input((None, None, 3), name="images")
    _, third, fourth, _, pool5 = vgg16(images)  # before pool2, pool3, pool4, pool5; and behind it
    x = layers.Conv2D(width, 7, padding="same", activation="relu", name="fc6")(pool5)
    x = layers.Dropout(0.5)(x)
    x = layers.Conv2D(width, 1, activation="relu", name="fc7")(x)
    x = layers.Dropout(0.5)(x)
    pools = [layers.MaxPooling2D(name=f"pool{index}")(x) for index, x in ((3, third), (4, fourth))]
    return keras.Model(images, [*pools, x], name="vgg16_for_fcn")
