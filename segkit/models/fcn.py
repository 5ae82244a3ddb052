"""Fully convolutional networks: a classifier that slides, and FCN-32s, 16s and 8s on any encoder."""

import keras
from keras import layers, ops

from ..checks import check_whole
from ..graphs import as_convolution, maps_of, rebuilt, slide_other
from ..layers import Bilinear, CropLike


def convolutionalize(classifier):
    """A classifier of pictures of one size → a network for any larger size, an answer for each position.

    `Dense` layers become convolutions with the same weights; the other layers are shared.
    Taught in notebooks/02_fcn.ipynb.
    """
    sizes = {}  # of each tensor behind Flatten: height and width of the map that was flattened

    def slide(layer, *args, **kwargs):
        (x, *_) = maps_of(layer, *args, **kwargs)
        size = sizes.get(id(x))
        if size is None and isinstance(layer, layers.Flatten):
            out, size = layers.Identity()(x), layer.input.shape[1:3]  # stays a map
        elif size and isinstance(layer, layers.Dense):
            out, size = convolved(layer, size, x), (1, 1)
        else:
            out, size = slide_other(layer, size, *args, **kwargs)
        sizes[id(out)] = size
        return out

    return rebuilt(classifier, slide)


def convolved(dense, size, x):
    """A Dense layer's answer at every place of a map: a convolution with the same weights, its kernel of this size.

    Taught in notebooks/02_fcn.ipynb.
    """
    convolution = as_convolution(dense, size)
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
