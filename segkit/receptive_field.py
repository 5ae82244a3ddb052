"""How far a network looks, and how far apart its answers stand, read from the network itself."""

from fractions import Fraction

import keras
import numpy as np
from keras import layers

from .graphs import maps_of, opened, stays_in_place
from .holes import DilatedPooling2D
from .layers import BedOfNails, BilinearUpsample, MaxPoolWithIndices, MaxUnpool2D, SubPixel


def receptive_field(model, axis=0):
    """For each output of a functional model: the side of the square that one place sees, and the stride.

    Follows the rows that a place can depend on back through every path of the graph, far from the picture's rim,
    and gives the most that any place sees. Strides are taken to divide the size. `axis=1` follows columns. Of several
    inputs, each has its own answer; None where an output does not depend on it.
    Used in notebooks/02_fcn.ipynb, which explains the rule and checks it with gradients.
    """
    calls = []

    def note(layer, *args, **kwargs):
        out = layer(*args, **kwargs)
        calls.append((layer, maps_of(layer, *args, **kwargs), keras.tree.flatten(out)))
        return out

    network = keras.models.clone_model(opened(model), clone_function=lambda same: same, call_function=note)

    def trace(output):
        places = np.arange(10_000)  # more than the phases of all strides together
        seen = {id(output): (places, places, Fraction(1))}  # first, last, stride
        for layer, given, made in reversed(calls):  # outputs first
            for first, last, stride in [seen[id(out)] for out in made if id(out) in seen]:
                first, last, step = step_back(layer, first, last, axis)
                for tensor in given:
                    earlier = seen.get(id(tensor), (first, last))
                    seen[id(tensor)] = (
                        np.minimum(first, earlier[0]),
                        np.maximum(last, earlier[1]),
                        stride * step,
                    )
        return [answer(*seen[id(images)]) if id(images) in seen else None for images in network.inputs]

    def answer(first, last, stride):
        return int(np.max(last - first)) + 1, int(stride) if stride.denominator == 1 else float(stride)

    answers = [trace(output) for output in network.outputs]
    answers = [each[0] if len(each) == 1 else each for each in answers]
    return answers if len(answers) > 1 else answers[0]


def step_back(layer, first, last, axis=0):
    """The places of a layer's input that its output's places `first` to `last` depend on, and the layer's stride.

    Place p depends on the input's places from (a·p + b) // d to (a·p + c) // d. The table has a, b, c, d for each
    class of layers; one of your own needs a line more.
    """

    def sliding(kernel, dilation=1):  # a window that moves
        reach, stride = (kernel - 1) * dilation, layer.strides[axis]
        before = max(reach + 1 - stride, 0) // 2 if layer.padding == "same" else 0
        return stride, -before, reach - before, 1

    def transposed():  # a window that is added where it stands
        if layer.output_padding is not None:
            return None
        kernel, stride = (layer.kernel_size[axis] - 1) * layer.dilation_rate[axis] + 1, layer.strides[axis]
        cut = max(kernel - stride, 0) // 2 if layer.padding == "same" else 0
        return 1, cut + stride - kernel, cut, stride

    def between(factor):  # two old places for each new one
        return 2, 1 - factor, factor, 2 * factor

    def convolution():
        return sliding(layer.kernel_size[axis], layer.dilation_rate[axis])

    def pooling():
        return sliding(layer.pool_size[axis])

    def grown():
        factor = layer.size[axis]
        return {"nearest": (1, 0, 0, factor), "bilinear": between(factor)}.get(layer.interpolation)

    def sub_pixel():
        kernel, factor = layer.kernel_size, layer.factor
        return 1, -factor * ((kernel - 1) // 2), factor * (kernel // 2), factor

    def pooling_with_holes():
        before = layer.padding[axis][0]
        return 1, -before, (layer.pool_size[axis] - 1) * layer.dilation_rate[axis] - before, 1

    table = {
        layers.Conv2D: convolution,
        layers.DepthwiseConv2D: convolution,
        layers.SeparableConv2D: convolution,
        layers.Conv2DTranspose: transposed,
        layers.MaxPooling2D: pooling,
        layers.AveragePooling2D: pooling,
        DilatedPooling2D: pooling_with_holes,
        layers.ZeroPadding2D: lambda: (1, -layer.padding[axis][0], -layer.padding[axis][0], 1),
        layers.Cropping2D: lambda: (1, layer.cropping[axis][0], layer.cropping[axis][0], 1),
        layers.UpSampling2D: grown,
        BilinearUpsample: lambda: between(layer.factor),
        BedOfNails: lambda: (1, 0, 0, layer.stride),
        SubPixel: sub_pixel,
        MaxPoolWithIndices: lambda: (layer.pool_size, 0, layer.pool_size - 1, 1),
        MaxUnpool2D: lambda: (1, 0, 0, layer.pool_size),
    }
    known = [table[kind]() for kind in type(layer).__mro__ if kind in table]
    known += [(1, 0, 0, 1)] if stays_in_place(layer) else [None]
    if known[0] is None:
        raise ValueError(
            f"How far {type(layer).__name__} looks is not known: cut the model before {layer.name!r}."
        )
    a, b, c, d = known[0]
    return (a * first + b) // d, (a * last + c) // d, Fraction(a, d)
