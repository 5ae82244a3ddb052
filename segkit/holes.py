"""What rebuilding a network with holes asks for: where the answers of each map stand, and layers that find them there."""

import functools
from typing import NamedTuple

import keras
from keras import layers, ops

from .checks import check_maps
from .graphs import maps_of, stays_in_place

CONVOLUTIONS = layers.Conv2D | layers.DepthwiseConv2D | layers.SeparableConv2D
POOLINGS = {layers.MaxPooling2D: "max", layers.AveragePooling2D: "mean"}


class Places(NamedTuple):
    """Where the answers of a map stand, in (rows, columns)."""

    stride: tuple = (1, 1)  # of the picture's pixels between two neighbours
    holes: tuple = (1, 1)  # neighbours of the original map are now so many places apart
    zeros: tuple = (0, 0)  # what a ZeroPadding2D has put around it


def times(one, other):
    """(2, 2), (1, 3) → (2, 6)."""
    return one[0] * other[0], one[1] * other[1]


class Rebuilding:
    """The places of all maps while a network is rebuilt, and its new layers: one that is called twice stays one."""

    def __init__(self):
        self.places, self.made = {}, {}

    def places_of(self, layer, *args, **kwargs):
        """Where the answers stand that a layer is about to read."""
        known = [self.places.get(id(map_), Places()) for map_ in maps_of(layer, *args, **kwargs)]
        if len({place.holes for place in known}) > 1:
            raise ValueError(f"{layer.name!r} joins maps of different strides: cut the model before it.")
        return known[0]

    def call(self, layer, before, after, *args, **kwargs):
        """The layer reads a map whose answers stand at `before`; its own answers stand at `after`."""
        kept = stays_in_place(layer) or before.holes == after.holes == (1, 1)
        if (layer.name, before) not in self.made:
            number = sum(name == layer.name for name, _ in self.made)
            name = f"{layer.name}_{number}" if number else layer.name
            self.made[layer.name, before] = [copied(layer, name)] if kept else dilated(layer, name, before)
        *pads, new = self.made[layer.name, before]
        for pad in pads:
            args = (pad(*args),)
        out = new(*args, **kwargs)
        if getattr(layer, "weights", None):
            new.set_weights(layer.get_weights())
        if isinstance(layer, layers.ZeroPadding2D):
            after = Places(after.stride, after.holes, tuple(sum(sides) for sides in layer.padding))
        self.places.update((id(map_), after) for map_ in keras.tree.flatten(out))
        return out


def copied(layer, name):
    """Nothing is shared that could be trained."""
    if not getattr(layer, "weights", None):
        return layer
    return type(layer).from_config(layer.get_config() | {"name": name})


def dilated(layer, name, places):
    """The layer without its stride and with holes between what it looks at, behind the zeros that it then needs."""
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
        return [DilatedPooling2D(pooling[0], size, rates, rims, name=name, dtype=layer.dtype_policy)]
    config |= {"name": name, "strides": 1, "dilation_rate": rates}
    if layer.padding == "same" and all(before == behind for before, behind in rims):
        return [type(layer).from_config(config)]
    new = type(layer).from_config(config | {"padding": "valid"})
    return [layers.ZeroPadding2D(rims, name=f"{name}_rim"), new] if any(map(any, rims)) else [new]


def rim(padding, fills, size, stride, rate, holes, zeros):
    """The zeros before and behind a side, with which the old answers stand at the places 0, `stride`, 2·`stride` …"""
    reach = rate * (size - 1)
    if padding == "same":  # on multiples of the stride Keras needs this many, and puts most of them behind
        before = max(0, reach // holes + 1 - stride) // 2 * holes
        return before, reach - before
    return 0, min(holes * (stride - 1), max(0, reach - holes * zeros)) if fills else 0


@keras.saving.register_keras_serializable("segkit")
class DilatedPooling2D(layers.Layer):
    """Maximum or mean over windows with holes, at every place. What is padded around a map does not count in a mean."""

    def __init__(self, reduce, pool_size, dilation_rate, padding, **kwargs):
        super().__init__(**kwargs)
        if reduce not in ("max", "mean"):
            raise ValueError(f'reduce is {reduce!r}; choose "max" or "mean".')
        self.reduce, self.pool_size, self.dilation_rate = reduce, tuple(pool_size), tuple(dilation_rate)
        self.padding = tuple(tuple(sides) for sides in padding)

    def build(self, shape):
        check_maps(shape)

    def call(self, maps):  # (B, H, W, C) -> (B, H + padding - reach, W + padding - reach, C)
        if self.reduce == "max":
            lowest = -6e4 if self.compute_dtype == "float16" else -3e38
            return self.windows(maps, ops.maximum, lowest)
        counted = self.windows(ops.ones_like(maps[:1, :, :, :1]), ops.add, 0)
        return self.windows(maps, ops.add, 0) / ops.maximum(counted, 1)

    def windows(self, maps, combine, around):
        maps = ops.pad(maps, ((0, 0), *self.padding, (0, 0)), constant_values=around)
        for axis, (size, rate) in enumerate(zip(self.pool_size, self.dilation_rate, strict=True), start=1):
            length = ops.shape(maps)[axis] - rate * (size - 1)
            shifted = [ops.take(maps, ops.arange(length) + rate * step, axis=axis) for step in range(size)]
            maps = functools.reduce(combine, shifted)
        return maps

    def compute_output_shape(self, shape):
        sides = zip(shape[1:3], self.padding, self.pool_size, self.dilation_rate, strict=True)
        made = [
            None if side is None else side + sum(pad) - rate * (size - 1) for side, pad, size, rate in sides
        ]
        return (shape[0], *made, shape[3])

    def get_config(self):
        own = ("reduce", "pool_size", "dilation_rate", "padding")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
