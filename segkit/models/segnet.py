"""Mirrored networks: a way down that pools, a way up that undoes each pooling. Autoencoder, SegNet, DeconvNet."""

import keras
from keras import layers

from ..checks import check_whole
from ..layers import BedOfNails, BilinearUpsample, CropLike, MaxPoolWithIndices, MaxUnpool2D, PadToMultiple
from ..plans import VGG16_BLOCKS, scaled

# A plan of the same form that a laptop trains in minutes: five poolings, most of the work where maps are small.
SMALL_BLOCKS = ((24,), (48,), (96, 96), (128, 128), (128, 128))


def convolve(x, filters, kernel_size=3, convolution=layers.Conv2D, **options):
    """Convolution, batch normalisation, ReLU.

    Taught in notebooks/03_segnet.ipynb.
    """
    x = convolution(filters, kernel_size, **({"padding": "same"} | options))(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def shrink(x, blocks):
    """The way down: blocks of convolutions, each ended by a pooling → the deepest map and the indices of every pooling.

    Taught in notebooks/03_segnet.ipynb.
    """
    remembered = []
    for block in blocks:
        for filters in block:
            x = convolve(x, filters)
        x, indices = MaxPoolWithIndices()(x)
        remembered.append(indices)
    return x, remembered


def grow(x, blocks, remembered, upsampling="indices"):
    """The way up, a mirror of `shrink`: each block undoes a pooling, then convolves down to the next block's width.

    `upsampling` is "indices", "nails" (into the corner of each window) or "bilinear"; all have the same weights.
    Taught in notebooks/03_segnet.ipynb.
    """
    if upsampling not in ("indices", "nails", "bilinear"):
        raise ValueError(f'upsampling is {upsampling!r}; choose "indices", "nails" or "bilinear".')
    unpool = {"indices": MaxUnpool2D, "nails": BedOfNails, "bilinear": BilinearUpsample}[upsampling]
    next_widths = [None, *(block[-1] for block in blocks[:-1])]
    for block, indices, next_width in zip(blocks[::-1], remembered[::-1], next_widths[::-1], strict=True):
        x = unpool()(x, indices) if upsampling == "indices" else unpool()(x)
        for filters in (*block[:0:-1], next_width):
            x = convolve(x, filters) if filters else x
    return x


def segnet(num_classes, upsampling="indices", width=1.0, blocks=VGG16_BLOCKS):
    """SegNet: pictures (B, H, W, 3) with pixels 0..255 → logits (B, H, W, num_classes).

    `width` scales the number of filters of every layer.
    Taught in notebooks/03_segnet.ipynb.
    """
    check_whole(num_classes=num_classes)
    blocks = scaled(blocks, width)
    images = keras.Input((None, None, 3), name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1)(PadToMultiple(2 ** len(blocks))(images))
    x, remembered = shrink(x, blocks)
    x = grow(x, blocks, remembered, upsampling)
    logits = layers.Conv2D(num_classes, 3, padding="same", dtype="float32", name="logits")(x)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="segnet")


def deconvnet(num_classes, upsampling="indices", width=1.0, blocks=VGG16_BLOCKS, bridge=(7, 4096)):
    """DeconvNet: SegNet's mirror with VGG's fully connected layers, as convolutions, between the two halves.

    `bridge` gives the side of fc6's kernel and the width of fc6 and fc7; pictures are padded to multiples of 7 · 32 = 224.
    Transposed convolutions of stride 1 are written as convolutions; the one that answers fc6 grows 1×1 to 7×7.
    Taught in notebooks/03_segnet.ipynb.
    """
    check_whole(num_classes=num_classes)
    blocks, side, fully = scaled(blocks, width), bridge[0], max(1, round(bridge[1] * width))
    images = keras.Input((None, None, 3), name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1)(PadToMultiple(side * 2 ** len(blocks))(images))
    x, remembered = shrink(x, blocks)
    x = convolve(x, fully, side, padding="valid", name="fc6")
    x = convolve(x, fully, 1, name="fc7")
    x = convolve(x, blocks[-1][-1], side, layers.Conv2DTranspose, padding="valid", name="fc6_transposed")
    x = convolve(grow(x, blocks, remembered, upsampling), blocks[0][0])
    logits = layers.Conv2D(num_classes, 1, dtype="float32", name="logits")(x)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="deconvnet")


def autoencoder(code=16, blocks=((32,), (64,), (128,)), upsampling="bilinear"):
    """Pictures with pixels 0..255 → the same pictures, through a code of few channels at a small size.

    The layer named "code" joins the two halves; with `upsampling="indices"` the places of the maxima cross, too.
    Taught in notebooks/03_segnet.ipynb.
    """
    check_whole(code=code)
    images = keras.Input((None, None, 3), name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1)(PadToMultiple(2 ** len(blocks))(images))
    x, remembered = shrink(x, blocks)
    x = layers.Conv2D(code, 1, name="code")(x)
    x = convolve(x, blocks[-1][-1])
    x = convolve(grow(x, blocks, remembered, upsampling), blocks[0][0])
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32")(x)
    pixels = layers.Rescaling(255.0, dtype="float32", name="pixels")(x)
    return keras.Model(images, CropLike(dtype="float32")(pixels, images), name="autoencoder")
