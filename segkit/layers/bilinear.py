"""Bilinear growth as two small matrices: right for every factor, every size and every compiler."""

import keras
from keras import ops

from ..checks import check_maps, check_whole


def between(small, large):  # -> (large, small): how much of each old place is in each new one
    """The matrix of linear interpolation from `small` places to `large` ones, which cover the same length.

    A weight is 1 − distance, where that is positive: at most two old places lie nearer than 1.
    Taught in notebooks/04_unet_pets.ipynb.
    """
    step = ops.cast(small, "float32") / ops.cast(large, "float32")
    places = (ops.arange(large, dtype="float32") + 0.5) * step - 0.5  # new centres, counted in old places
    places = ops.clip(places, 0, ops.cast(small, "float32") - 1)  # beyond the rim stands what stands at it
    distances = ops.expand_dims(places, 1) - ops.arange(small, dtype="float32")
    return ops.maximum(0, 1 - ops.abs(distances))


def resized(features, height, width):  # (B, h, w, C) -> (B, height, width, C)
    """Feature maps at another size, bilinearly: one matrix mixes the rows, one the columns.

    Taught in notebooks/04_unet_pets.ipynb.
    """
    batch, rows, columns, channels = ops.shape(features)
    mix_rows = ops.cast(between(rows, height), features.dtype)
    mix_columns = ops.cast(between(columns, width), features.dtype)
    grown = ops.matmul(mix_rows, ops.reshape(features, (batch, rows, columns * channels)))
    grown = ops.matmul(mix_columns, ops.reshape(grown, (batch * height, columns, channels)))
    return ops.reshape(grown, (batch, height, width, channels))


@keras.saving.register_keras_serializable("segkit")
class BilinearUpsample(keras.layers.Layer):
    """`factor` times the height and width, each new pixel a weighted mean of its four old neighbours.

    The same numbers as `UpSampling2D(interpolation="bilinear")`, which in Keras 3.15 on TensorFlow refuses
    pictures whose size is known only when they arrive, and is wrong for odd factors when it is compiled.
    Taught in notebooks/04_unet_pets.ipynb.
    """

    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        check_whole(factor=factor)
        self.factor = factor

    def build(self, shape):
        check_maps(shape)

    def call(self, features):  # (B, h, w, C) -> (B, factor*h, factor*w, C)
        height, width = ops.shape(features)[1:3]
        return resized(features, self.factor * height, self.factor * width)

    def compute_output_shape(self, shape):
        grown = [None if side is None else self.factor * side for side in shape[1:3]]
        return (shape[0], *grown, shape[3])

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
