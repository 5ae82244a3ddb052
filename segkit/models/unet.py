"""U-Net on a pretrained encoder: the widespread form, and the course's lighter and better one."""

import keras
from keras import layers

from ..checks import check_whole
from ..layers import BilinearUpsample, CropLike, upsample


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
