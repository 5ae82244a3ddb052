"""The context module: convolutions whose holes double, which begin by changing nothing."""

import keras
import numpy as np
from keras import layers, ops

from ..checks import check_whole

# Each layer's rate, and its channels in units of the number of classes.
RATES = (1, 1, 2, 4, 8, 16, 1)
WIDTHS = {"basic": (1, 1, 1, 1, 1, 1, 1), "large": (2, 2, 4, 8, 16, 32, 32)}


@keras.saving.register_keras_serializable("segkit")
class PassOn(keras.initializers.Initializer):
    """A kernel that hands its input on: each channel goes to those that stand in its place, in equal shares.

    Copies of one channel would learn alike for ever: where there are any, a little noise tells them apart.
    Taught in notebooks/07_deeplab.ipynb.
    """

    def __call__(self, shape, dtype="float32"):
        height, width, given, made = shape
        groups = np.gcd(given, made)
        from_group, to_group = (np.arange(count) * groups // count for count in (given, made))
        kernel = np.zeros(shape)
        kernel[height // 2, width // 2] = (from_group[:, None] == to_group) * groups / made
        noise = 0.001 * groups / made if made > given else 0.0
        return ops.convert_to_tensor(kernel, dtype) + keras.random.normal(shape, 0, noise, dtype)


def context_module(num_classes, size="basic"):
    """Scores (B, H, W, num_classes), none below 0 → the same scores, each after a look at 67×67 of its neighbours.

    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(num_classes=num_classes)
    if size not in WIDTHS:
        raise ValueError(f'size is {size!r}; choose "basic" or "large".')
    x = scores = keras.Input((None, None, num_classes), name="scores")
    for rate, width in zip(RATES, WIDTHS[size], strict=True):
        filters = width * num_classes
        x = layers.Conv2D(
            filters, 3, padding="same", dilation_rate=rate, activation="relu", kernel_initializer=PassOn()
        )(x)
    x = layers.Conv2D(num_classes, 1, kernel_initializer=PassOn())(x)
    return keras.Model(scores, x, name=f"context_{size}")
