"""À trous, with holes: the same weights, answers at more places."""

import functools
from typing import NamedTuple

import keras
from keras import layers, ops

from ..checks import check_maps, check_whole
from ..graphs import maps_of, rebuilt, stays_in_place

CONVOLUTIONS = layers.Conv2D | layers.DepthwiseConv2D | layers.SeparableConv2D
POOLINGS = {layers.MaxPooling2D: "max", layers.AveragePooling2D: "mean"}


class Places(NamedTuple):
    """Where the answers of a map stand, in (rows, columns)."""

    stride: tuple = (1, 1)  # of the picture's pixels between two neighbours
    holes: tuple = (1, 1)  # neighbours of the original map are now so many places apart
    zeros: tuple = (0, 0)  # what a ZeroPadding2D has put around it


def times(one, other):
    return one[0] * other[0], one[1] * other[1]


def with_output_stride(model, output_stride):
    """The same weights with no map coarser than `output_stride`: strides beyond it become 1, and later kernels get holes.

    What the model answers stands unchanged among the new answers, away from the border, for pictures whose sides are
    multiples of the model's own stride.
    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(output_stride=output_stride)
    places, made = {}, {}  # of each tensor; and the new layers: one that is called twice stays one

    def call(layer, *args, **kwargs):
        known = [places.get(id(map_), Places()) for map_ in maps_of(layer, *args, **kwargs)]
        if len({place.holes for place in known}) > 1:
            raise ValueError(f"{layer.name!r} joins maps of different strides: cut the model before it.")
        stride, holes, zeros = known[0]
        step = getattr(layer, "strides", (1, 1))
        removed = step != (1, 1) and max(times(stride, step)) > output_stride
        kept = stays_in_place(layer) or (holes == (1, 1) and not removed)
        if (layer.name, known[0]) not in made:
            number = sum(name == layer.name for name, _ in made)
            name = f"{layer.name}_{number}" if number else layer.name
            made[layer.name, known[0]] = [copied(layer, name)] if kept else dilated(layer, name, known[0])
        *pads, new = made[layer.name, known[0]]
        for pad in pads:
            args = (pad(*args),)
        out = new(*args, **kwargs)
        if getattr(layer, "weights", None):
            new.set_weights(layer.get_weights())
        after = Places(stride, times(holes, step)) if removed else Places(times(stride, step), holes)
        if isinstance(layer, layers.ZeroPadding2D):
            after = after._replace(zeros=tuple(sum(sides) for sides in layer.padding))
        places.update((id(map_), after) for map_ in keras.tree.flatten(out))
        return out

    return rebuilt(model, call)


def remove_strides(model):
    """Every stride becomes 1: what stood at every stride-th place now stands at every place.

    Taught in notebooks/07_deeplab.ipynb.
    """
    return with_output_stride(model, 1)


def copied(layer, name):
    """Nothing is shared that could be trained."""
    if not getattr(layer, "weights", None):
        return layer
    return type(layer).from_config(layer.get_config() | {"name": name})


def dilated(layer, name, places):
    """The layer without its stride and with holes between what it looks at, behind the zeros that it then needs.

    Taught in notebooks/07_deeplab.ipynb.
    """
    config, holes = layer.get_config(), places.holes
    for kind, border in ((layers.ZeroPadding2D, "padding"), (layers.Cropping2D, "cropping")):
        if isinstance(layer, kind):
            sides = [[hole * side for side in pair] for hole, pair in zip(holes, config[border], strict=True)]
            return [kind.from_config(config | {border: sides, "name": name})]
    pooling = [reduce for kind, reduce in POOLINGS.items() if isinstance(layer, kind)]
    if not pooling and not isinstance(layer, CONVOLUTIONS):
        raise ValueError(
            f"{layer.name!r} ({type(layer).__name__}) cannot be dilated: cut the model before it, or put convolutions "
            "or poolings in its place."
        )
    size = layer.pool_size if pooling else layer.kernel_size
    rates = times(holes, getattr(layer, "dilation_rate", (1, 1)))
    fills = bool(pooling) or any(places.zeros)
    sides = zip(size, layer.strides, rates, holes, places.zeros, strict=True)
    rims = [rim(layer.padding, fills, *side) for side in sides]
    if pooling:
        return [DilatedPooling2D(pooling[0], size, rates, rims, name=name)]
    config |= {"name": name, "strides": 1, "dilation_rate": rates}
    if layer.padding == "same" and all(before == behind for before, behind in rims):
        return [type(layer).from_config(config)]
    new = type(layer).from_config(config | {"padding": "valid"})
    return [layers.ZeroPadding2D(rims, name=f"{name}_rim"), new] if any(map(any, rims)) else [new]


def rim(padding, fills, size, stride, rate, holes, zeros):
    """The zeros before and behind a side, with which the old answers stand at the places 0, `stride`, 2·`stride` …"""
    reach = rate * (size - 1)
    if (
        padding == "same"
    ):  # on sides that are multiples of the stride Keras needs so many zeros, and puts most of them behind
        before = max(0, reach // holes + 1 - stride) // 2 * holes
        return before, reach - before
    return 0, min(holes * (stride - 1), max(0, reach - holes * zeros)) if fills else 0


@keras.saving.register_keras_serializable("segkit")
class DilatedPooling2D(layers.Layer):
    """Maximum or mean over windows with holes, at every place.

    Taught in notebooks/07_deeplab.ipynb.
    """

    def __init__(self, reduce, pool_size, dilation_rate, padding, **kwargs):
        super().__init__(**kwargs)
        if reduce not in ("max", "mean"):
            raise ValueError(f'reduce is {reduce!r}; choose "max" or "mean".')
        self.reduce, self.pool_size, self.dilation_rate = reduce, tuple(pool_size), tuple(dilation_rate)
        self.padding = tuple(tuple(sides) for sides in padding)

    def build(self, shape):
        check_maps(shape)

    def call(self, maps):  # (B, H, W, C) -> (B, H + padding - reach, W + padding - reach, C)
        lowest = -6e4 if self.compute_dtype == "float16" else -3e38
        maps = ops.pad(
            maps, ((0, 0), *self.padding, (0, 0)), constant_values=lowest if self.reduce == "max" else 0
        )
        for axis, (size, rate) in enumerate(zip(self.pool_size, self.dilation_rate, strict=True), start=1):
            length = ops.shape(maps)[axis] - rate * (size - 1)
            shifted = [ops.take(maps, ops.arange(length) + rate * step, axis=axis) for step in range(size)]
            maps = functools.reduce(ops.maximum if self.reduce == "max" else ops.add, shifted)
            maps = maps if self.reduce == "max" else maps / size
        return maps

    def compute_output_shape(self, shape):
        sides = [
            None if side is None else side + sum(pad) - rate * (size - 1)
            for side, pad, size, rate in zip(
                shape[1:3], self.padding, self.pool_size, self.dilation_rate, strict=True
            )
        ]
        return (shape[0], *sides, shape[3])

    def get_config(self):
        own = ("reduce", "pool_size", "dilation_rate", "padding")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
