"""U-Nets: on a pretrained encoder, in the widespread form and in the course's lighter one; and the original, without padding."""

import keras
from keras import layers

from ..checks import check_whole
from ..layers import BilinearUpsample, CropLike, MirrorPad, upsample
from ..unet_sizes import context


def unet_decoder(features, num_classes, filters=(512, 256, 128, 64), skips=(2, 4, 8, 16)):
    """Five feature maps at strides 2 to 32 → logits at stride 1.

    Behind each up-sampling block of pix2pix stand the encoder's features of the same size, if `skips` has their stride.
    Taught in notebooks/04_unet_pets.ipynb.
    """
    check_whole(num_classes=num_classes)
    *shallow, x = features
    for width, skip, stride in zip(filters, reversed(shallow), (16, 8, 4, 2), strict=True):
        x = upsample(width, 3)(x)
        if stride in skips:
            x = layers.Concatenate()([x, skip])
    return layers.Conv2DTranspose(num_classes, 3, 2, "same", dtype="float32", name="logits")(x)


def unet(encoder, num_classes, filters=(512, 256, 128, 64), skips=(2, 4, 8, 16)):
    """Pictures (B, H, W, 3) with pixels 0..255 → logits (B, H, W, num_classes).

    Taught in notebooks/04_unet_pets.ipynb.
    """
    images = keras.Input((None, None, 3), name="images")
    logits = unet_decoder(encoder(images), num_classes, filters, skips)
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="unet")


def light_unet(encoder, num_classes, filters=(192, 96, 64, 48, 16)):
    """A U-Net with a third of the weights and one skip more: its last step joins the picture itself.

    Taught in notebooks/04_unet_pets.ipynb.
    """

    def convolve(x, convolution):
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(convolution(x)))

    check_whole(num_classes=num_classes)
    images = keras.Input((None, None, 3), name="images")
    *shallow, x = encoder(images)
    for width, skip in zip(filters[:-1], reversed(shallow), strict=True):
        skip = convolve(skip, layers.Conv2D(width // 2, 1, use_bias=False))
        x = layers.Concatenate()([BilinearUpsample()(x), skip])
        x = convolve(x, layers.SeparableConv2D(width, 3, padding="same", use_bias=False))
    x = layers.Conv2D(filters[-1], 1)(x)  # before the last doubling, where it costs a quarter
    x = CropLike()(BilinearUpsample()(x), images)
    x = layers.Concatenate()([x, layers.Rescaling(1 / 127.5, offset=-1)(images)])
    x = convolve(x, layers.Conv2D(filters[-1], 3, padding="same", use_bias=False))
    logits = layers.Conv2D(num_classes, 3, padding="same", dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="light_unet")


def valid_unet(num_classes, filters=(64, 128, 256, 512, 1024), channels=3, dropout=0.5):
    """The U-Net of 2015: its convolutions see no padding, so that the answer is smaller than the picture (572 → 388).

    Sides are 4 less than a multiple of 2 ** poolings; pixels are 0..255.
    Taught in notebooks/05_unet_cells.ipynb.
    """

    def twice(x, width):
        for _ in range(2):
            x = layers.Conv2D(width, 3, activation="relu", kernel_initializer="he_normal")(x)
        return x

    check_whole(num_classes=num_classes, channels=channels)
    images = keras.Input((None, None, channels), name="images")
    x, skips = layers.Rescaling(1 / 127.5, offset=-1)(images), []
    for width in filters[:-1]:
        skips.append(twice(x, width))
        x = layers.MaxPooling2D()(skips[-1])
    x = layers.Dropout(dropout)(twice(x, filters[-1]))
    for level, width in enumerate(reversed(filters[:-1]), 1):
        grown = layers.Conv2DTranspose(width, 2, 2, activation="relu", kernel_initializer="he_normal")(x)
        skip = layers.Cropping2D(context(level) - 4)(
            skips.pop()
        )  # its middle: 4, 16, 40, 88 pixels off each side
        x = twice(layers.Concatenate()([skip, grown]), width)
    logits = layers.Conv2D(num_classes, 1, dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="valid_unet")


def mirror_padded(network):
    """A U-Net without padding, for pictures of any size and answers of the same: beyond the edge lies a mirror image.

    Taught in notebooks/05_unet_cells.ipynb.
    """
    poolings = sum(isinstance(layer, layers.MaxPooling2D) for layer in network.layers)
    images = keras.Input((None, None, network.input.shape[-1]), name="images")
    logits = network(MirrorPad(poolings)(images))
    return keras.Model(images, CropLike(dtype="float32")(logits, images), name="mirror_padded")
