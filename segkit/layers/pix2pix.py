"""The up-sampling block of pix2pix, with the interface of TensorFlow's example package."""

import keras


def upsample(filters, size, norm_type="batchnorm", apply_dropout=False):
    """Twice the height and width: transposed convolution, normalisation, optional dropout, ReLU.

    Taught in notebooks/04_unet_pets.ipynb.
    """
    if norm_type not in ("batchnorm", "instancenorm", None):
        raise ValueError(f"norm_type is {norm_type!r}; choose 'batchnorm', 'instancenorm' or None.")
    small = keras.initializers.RandomNormal(0.0, 0.02)
    block = [keras.layers.Conv2DTranspose(filters, size, 2, "same", use_bias=False, kernel_initializer=small)]
    if norm_type == "batchnorm":
        block.append(keras.layers.BatchNormalization())
    elif norm_type == "instancenorm":
        block.append(keras.layers.GroupNormalization(groups=-1, epsilon=1e-5))
    if apply_dropout:
        block.append(keras.layers.Dropout(0.5))
    return keras.Sequential([*block, keras.layers.ReLU()])
