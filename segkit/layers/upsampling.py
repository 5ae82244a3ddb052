"""Three ways to make a feature map larger that Keras does not have as a layer or an initialiser."""

import keras
from keras import ops

from ..checks import check_kept, check_maps, check_whole


@keras.saving.register_keras_serializable("segkit")
class BedOfNails(keras.layers.Layer):
    """Put each value into the top-left corner of its own stride × stride cell, zeros elsewhere.

    Taught in notebooks/01_upsampling.ipynb.
    """

    def __init__(self, stride=2, **kwargs):
        super().__init__(**kwargs)
        check_whole(stride=stride)
        self.stride = stride

    def build(self, shape):
        check_maps(shape)

    def call(self, inputs):  # (B, h, w, C) -> (B, h*s, w*s, C)
        batch, height, width, channels = ops.shape(inputs)
        right_and_below = (0, self.stride - 1)
        cells = ops.reshape(inputs, (batch, height, 1, width, 1, channels))
        cells = ops.pad(cells, ((0, 0), (0, 0), right_and_below, (0, 0), right_and_below, (0, 0)))
        return ops.reshape(cells, (batch, height * self.stride, width * self.stride, channels))

    def get_config(self):
        return {**super().get_config(), "stride": self.stride}


@keras.saving.register_keras_serializable("segkit")
class SubPixel(keras.layers.Layer):
    """A convolution at low resolution whose channels are then laid out as pixels (depth to space).

    Taught in notebooks/01_upsampling.ipynb.
    """

    def __init__(self, filters, factor, kernel_size=3, **kwargs):
        super().__init__(**kwargs)
        check_whole(filters=filters, factor=factor, kernel_size=kernel_size)
        self.filters, self.factor, self.kernel_size = filters, factor, kernel_size
        self.convolution = keras.layers.Conv2D(
            filters * factor**2, kernel_size, padding="same", dtype=self.dtype_policy, name="convolution"
        )

    def build(self, input_shape):
        check_maps(input_shape)
        self.convolution.build(input_shape)

    def call(self, inputs):  # (B, h, w, C) -> (B, h*factor, w*factor, filters)
        return ops.depth_to_space(self.convolution(inputs), self.factor)

    def get_config(self):
        own = {"filters": self.filters, "factor": self.factor, "kernel_size": self.kernel_size}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("segkit")
class Bilinear(keras.initializers.Initializer):
    """Start a transposed convolution as bilinear interpolation, each channel onto itself.

    A kernel of size 2·stride (or 2·stride − 1) belongs to a stride.
    Taught in notebooks/01_upsampling.ipynb.
    """

    def __call__(self, shape, dtype=None):  # (kernel height, kernel width, channels out, channels in)
        height, width, channels_out, channels_in = shape
        check_kept(channels_in, channels_out)
        tent = self.tent(height)[:, None] * self.tent(width)[None, :]
        return ops.cast(tent[:, :, None, None] * ops.eye(channels_in), dtype or keras.config.floatx())

    def tent(self, size):  # 3 -> ½ 1 ½      4 -> ¼ ¾ ¾ ¼
        distance = ops.abs(ops.arange(size, dtype="float32") - (size - 1) / 2)
        return 1 - distance / ((size + 1) // 2)

    def get_config(self):
        return {}
