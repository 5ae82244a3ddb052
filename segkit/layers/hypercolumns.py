"""All that a network knows about one pixel, in one column."""

import keras
from keras import ops
from keras.src.ops.image import Resize  # the public `ops.image.resize` wants the size as plain numbers


@keras.saving.register_keras_serializable("segkit")
class Hypercolumns(keras.layers.Layer):
    """Grow a list of feature maps to the size of the first one, bilinearly, and stack their channels.

    Taught in notebooks/02_fcn.ipynb.
    """

    def call(self, features):  # [(B, H, W, C1), (B, h, w, C2), …] -> (B, H, W, C1 + C2 + …)
        size = ops.shape(features[0])[1:3]
        return ops.concatenate([features[0], *(Resize(size).call(feature) for feature in features[1:])], -1)

    def compute_output_shape(self, shapes):
        return (*shapes[0][:3], sum(shape[3] for shape in shapes))
