"""Max pooling that remembers where each maximum stood, and unpooling that puts values back there."""

import keras
from keras import ops

from ..checks import check_alike, check_fits, check_maps, check_whole


def windows(images, size):  # (B, h*size, w*size, C) -> (B, h, w, size*size, C)
    """Cut a feature map into its pooling windows, each window's pixels in one row.

    Taught in notebooks/03_segnet.ipynb.
    """
    batch, height, width, channels = ops.shape(images)
    cells = ops.reshape(images, (batch, height // size, size, width // size, size, channels))
    cells = ops.transpose(cells, (0, 1, 3, 2, 4, 5))
    return ops.reshape(cells, (batch, height // size, width // size, size**2, channels))


def unwindows(cells, size):  # (B, h, w, size*size, C) -> (B, h*size, w*size, C)
    """Put pooling windows together again: the way back from `windows`.

    Taught in notebooks/03_segnet.ipynb.
    """
    batch, height, width, _, channels = ops.shape(cells)
    rows = ops.transpose(ops.reshape(cells, (batch, height, width, size, size, channels)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(rows, (batch, height * size, width * size, channels))


@keras.saving.register_keras_serializable("segkit")
class MaxPoolWithIndices(keras.layers.Layer):
    """Max pooling, and the place of each maximum inside its window: a number from 0 to pool_size² − 1, in one byte.

    Of equal maxima the first counts. Windows do not overlap. Where the size is no multiple of `pool_size`, the last windows are smaller.
    Taught in notebooks/03_segnet.ipynb.
    """

    def __init__(self, pool_size=2, **kwargs):
        super().__init__(**kwargs)
        check_whole(pool_size=pool_size, most=16)  # so that an index fits one byte
        self.pool_size = pool_size

    def call(self, inputs):  # (B, H, W, C) -> twice (B, ceil(H/pool_size), ceil(W/pool_size), C)
        check_maps(inputs.shape)
        size = self.pool_size
        below, right = ((size - side % size) % size for side in ops.shape(inputs)[1:3])
        inputs = ops.cast(inputs, self.compute_dtype)
        lowest = -65504.0 if self.compute_dtype == "float16" else -3e38  # −∞ times 0 would be no number
        full = ops.pad(inputs, ((0, 0), (0, below), (0, right), (0, 0)), constant_values=lowest)
        cells, last = windows(full, size), size**2 - 1
        numbers = ops.reshape(ops.arange(size**2), (-1, 1))
        ranks = ops.where(ops.isnan(cells), float("inf"), cells)  # what is no number must not get lost
        largest = ranks == ops.max(ranks, axis=3, keepdims=True, initial=lowest)
        first = ops.min(ops.where(largest, numbers, last), axis=3, keepdims=True, initial=last)
        pooled = ops.sum(ops.where(numbers == first, cells, 0), axis=3)
        return pooled, ops.cast(ops.squeeze(first, 3), "uint8")


@keras.saving.register_keras_serializable("segkit")
class MaxUnpool2D(keras.layers.Layer):
    """Put each value back where its maximum was found, zeros elsewhere.

    With a third argument, the map before pooling, the result is cut to its height and width.
    Taught in notebooks/03_segnet.ipynb.
    """

    def __init__(self, pool_size=2, **kwargs):
        super().__init__(**kwargs)
        check_whole(pool_size=pool_size, most=16)
        self.pool_size = pool_size

    def call(self, pooled, indices, like=None):  # twice (B, h, w, C) -> (B, h*pool_size, w*pool_size, C)
        check_maps(*(array.shape for array in (pooled, indices, like) if array is not None))
        check_alike(pooled, indices)
        pooled = ops.cast(pooled, self.compute_dtype)
        numbers = ops.cast(ops.reshape(ops.arange(self.pool_size**2), (-1, 1)), "uint8")
        cells = ops.where(numbers == ops.expand_dims(indices, 3), ops.expand_dims(pooled, 3), 0)
        grown = unwindows(cells, self.pool_size)
        if like is not None:
            check_fits(grown, like)
            grown = grown[:, : ops.shape(like)[1], : ops.shape(like)[2]]
        return grown
