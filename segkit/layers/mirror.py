"""What lies beyond a picture's edge, for networks that shrink what they see: its mirror image."""

import keras
from keras import ops

from ..checks import check_maps, check_whole
from ..unet_sizes import context, side_in


@keras.saving.register_keras_serializable("segkit")
class MirrorPad(keras.layers.Layer):
    """Continue pictures by their mirror image, as far as a U-Net without padding needs to answer for every pixel.

    Taught in notebooks/05_unet_cells.ipynb.
    """

    def __init__(self, poolings=4, **kwargs):
        super().__init__(**kwargs)
        check_whole(poolings=poolings)
        self.poolings = poolings

    def build(self, shape):
        check_maps(shape)

    def call(self, images):  # (B, H, W, C) -> (B, side_in(H), side_in(W), C)
        for axis in (1, 2):
            side = ops.shape(images)[axis]
            # 0 1 2 | 2 1 0 | 0 1 2: to and fro; begun some rounds later, as ONNX has another remainder below 0
            first = (2 * side - 1) * context(self.poolings)
            place = ops.mod(ops.arange(side_in(side, self.poolings)) + first, 2 * side)
            images = ops.take(images, ops.minimum(place, 2 * side - 1 - place), axis=axis)
        return images

    def compute_output_shape(self, shape):
        grown = [None if side is None else side_in(side, self.poolings) for side in shape[1:3]]
        return (shape[0], *grown, shape[3])

    def get_config(self):
        return {**super().get_config(), "poolings": self.poolings}
