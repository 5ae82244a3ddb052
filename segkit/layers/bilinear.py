"""Bilinear growth by a whole factor."""

import keras
from keras import ops

from ..checks import check_maps, check_whole
from ..resizing import resized


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
