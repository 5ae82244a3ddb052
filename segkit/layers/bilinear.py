"""Bilinear upsampling that needs no fixed picture size."""

import keras
from keras import ops
from keras.src.ops.image import Resize  # the public `ops.image.resize` wants the size as plain numbers


@keras.saving.register_keras_serializable("segkit")
class BilinearUpsample(keras.layers.Layer):
    """`factor` times the height and width, each new pixel a weighted mean of its four old neighbours.

    The same numbers as `UpSampling2D(interpolation="bilinear")`, which in Keras 3.15 on TensorFlow refuses
    pictures whose size is known only when they arrive.
    Taught in notebooks/04_unet_pets.ipynb.
    """

    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, features):  # (B, h, w, C) -> (B, factor*h, factor*w, C)
        height, width = ops.shape(features)[1:3]
        grow = Resize((self.factor * height, self.factor * width))
        grown = grow.call(ops.cast(features, "float32"))  # XLA has its gradient in float32 alone
        return ops.cast(grown, features.dtype)

    def compute_output_shape(self, shape):
        grown = [None if side is None else self.factor * side for side in shape[1:3]]
        return (shape[0], *grown, shape[3])

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
