"""All that a network knows about one pixel, in one column."""

import keras
from keras import ops

from ..checks import check_maps
from ..resizing import resized


@keras.saving.register_keras_serializable("segkit")
class Hypercolumns(keras.layers.Layer):
    """Grow a list of feature maps to the size of the first one, bilinearly, and stack their channels.

    Taught in notebooks/02_fcn.ipynb.
    """

    def build(self, shapes):
        check_maps(*shapes)

    def call(self, features):  # [(B, H, W, C1), (B, h, w, C2), …] -> (B, H, W, C1 + C2 + …)
        height, width = ops.shape(features[0])[1:3]
        return ops.concatenate([features[0], *(resized(map_, height, width) for map_ in features[1:])], -1)

    def compute_output_shape(self, shapes):
        return (*shapes[0][:3], sum(shape[3] for shape in shapes))
