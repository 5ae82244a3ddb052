"""How far a network looks, and how far apart its answers stand, read from the network itself."""

import keras
import numpy as np
from keras import layers

from .layers import BedOfNails, BilinearUpsample, MaxPoolWithIndices, MaxUnpool2D, SubPixel


def receptive_field(model, axis=0):
    """For each output of a functional model: the side of the square that one place sees, and the stride.

    Follows the rows that a place can depend on back through every path of the graph, far from the picture's rim,
    and gives the most that any place sees. Strides are taken to divide the size. `axis=1` follows columns.
    Taught in notebooks/02_fcn.ipynb.
    """

    def trace(model, seen):  # from the first and last places of outputs to those of the model's input
        if isinstance(model, keras.Sequential):
            model = model._functional  # the same tensors; it knows its graph
        for depth in sorted(model._nodes_by_depth):  # outputs first
            for node in model._nodes_by_depth[depth]:
                wanted = [(index, seen[id(out)]) for index, out in enumerate(node.outputs) if id(out) in seen]
                if node.is_input or not wanted:
                    continue
                if isinstance(node.operation, keras.Model):
                    inside = {id(node.operation.outputs[index]): places for index, places in wanted}
                    first, last = trace(node.operation, inside)
                else:
                    first, last = step_back(node.operation, *wanted[0][1], axis)
                for given in node.input_tensors:
                    earlier = seen.get(id(given), (first, last))
                    seen[id(given)] = np.minimum(first, earlier[0]), np.maximum(last, earlier[1])
        return seen[id(model.inputs[0])]

    answers = []
    for output in model.outputs:
        places = np.arange(1729)  # 2⁶ · 3³ and one: every phase of the strides, and the first one again
        first, last = trace(model, {id(output): (places, places)})
        moved, steps = int(first[-1] - first[0]), len(places) - 1
        stride = moved // steps if moved % steps == 0 else moved / steps
        answers.append((int(np.max(last - first)) + 1, stride))
    return answers if len(answers) > 1 else answers[0]


def step_back(layer, first, last, axis=0):
    """The places of a layer's input that its output's places `first` to `last` depend on.

    Taught in notebooks/02_fcn.ipynb.
    """
    if isinstance(layer, layers.Conv2DTranspose):
        kernel, stride = layer.kernel_size[axis], layer.strides[axis]
        cut = max(kernel - stride, 0) // 2 if layer.padding == "same" else 0
        return -((kernel - 1 - cut - first) // stride), (last + cut) // stride
    if isinstance(layer, BedOfNails | MaxUnpool2D) or getattr(layer, "interpolation", "") == "nearest":
        factor = (
            layer.size[axis] if hasattr(layer, "size") else getattr(layer, "stride", 0) or layer.pool_size
        )
        return first // factor, last // factor
    if isinstance(layer, BilinearUpsample | layers.UpSampling2D):
        factor = layer.factor if isinstance(layer, BilinearUpsample) else layer.size[axis]
        return (2 * first + 1 - factor) // (2 * factor), -((factor - 1 - 2 * last) // (2 * factor))
    if isinstance(layer, SubPixel):
        reach = layer.kernel_size // 2
        return first // layer.factor - (layer.kernel_size - 1) // 2, last // layer.factor + reach
    if isinstance(layer, MaxPoolWithIndices):
        return first * layer.pool_size, last * layer.pool_size + layer.pool_size - 1
    if isinstance(layer, layers.ZeroPadding2D):
        return first - layer.padding[axis][0], last - layer.padding[axis][0]
    if isinstance(layer, layers.Cropping2D):
        return first + layer.cropping[axis][0], last + layer.cropping[axis][0]
    pooling = isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D)
    if pooling or hasattr(layer, "dilation_rate"):  # every kind of convolution has one
        kernel = layer.pool_size[axis] if pooling else layer.kernel_size[axis]
        reach = (kernel - 1) * (1 if pooling else layer.dilation_rate[axis])
        stride = layer.strides[axis]
        before = max(reach + 1 - stride, 0) // 2 if layer.padding == "same" else 0
        return first * stride - before, last * stride - before + reach
    same_place = """Activation Add Average BatchNormalization Concatenate CropLike Dropout ELU Flip GaussianNoise
        GroupNormalization Identity LayerNormalization LeakyReLU Maximum Minimum Multiply Normalization PReLU
        PadToMultiple ReLU Relu Rescaling Softmax SpatialDropout2D Subtract"""
    if type(layer).__name__ in same_place.split():
        return first, last
    raise ValueError(
        f"How far {type(layer).__name__} looks is not known: cut the model before {layer.name!r}."
    )
