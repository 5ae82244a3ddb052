"""Any picture size for networks that halve it five times: pad before, crop after."""

import keras
from keras import ops

from ..checks import check_fits, check_maps, check_whole


@keras.saving.register_keras_serializable("segkit")
class PadToMultiple(keras.layers.Layer):
    """Repeat the last row and column until both sides are multiples of `multiple`.

    Taught in notebooks/04_unet_pets.ipynb.
    """

    def __init__(self, multiple=32, **kwargs):
        super().__init__(**kwargs)
        check_whole(multiple=multiple)
        self.multiple = multiple

    def build(self, shape):
        check_maps(shape)

    def call(self, images):  # (B, H, W, C) -> (B, ceil(H/32)*32, ceil(W/32)*32, C)
        for axis in (1, 2):
            size = ops.shape(images)[axis]
            padded = (size + self.multiple - 1) // self.multiple * self.multiple
            rows = ops.minimum(ops.arange(padded), size - 1)
            images = ops.take(images, rows, axis=axis)
        return images

    def compute_output_shape(self, shape):
        grown = [None if side is None else -(-side // self.multiple) * self.multiple for side in shape[1:3]]
        return (shape[0], *grown, shape[3])

    def get_config(self):
        return {**super().get_config(), "multiple": self.multiple}


@keras.saving.register_keras_serializable("segkit")
class CropLike(keras.layers.Layer):
    """Cut the first argument to the height and width of the second.

    Taught in notebooks/04_unet_pets.ipynb.
    """

    def build(self, logits_shape, images_shape):
        check_maps(logits_shape, images_shape)

    def call(self, logits, images):  # (B, h, w, C), (B, H, W, 3) -> (B, H, W, C)
        check_fits(logits, images)
        height, width = ops.shape(images)[1:3]
        return logits[:, :height, :width]

    def compute_output_shape(self, logits_shape, images_shape):
        return (logits_shape[0], *images_shape[1:3], logits_shape[3])
