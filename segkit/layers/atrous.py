"""À trous, with holes: the same weights, answers at more places."""

from ..checks import check_whole
from ..graphs import rebuilt
from ..holes import Places, Rebuilding, times


def with_output_stride(model, output_stride):
    """The same weights with no map coarser than `output_stride`: strides beyond it become 1, and later kernels get holes.

    What the model answers stands unchanged among the new answers, for pictures whose sides are multiples of its own stride.
    Taught in notebooks/07_deeplab.ipynb.
    """
    check_whole(output_stride=output_stride)
    rebuilding = Rebuilding()

    def call(layer, *args, **kwargs):
        before = rebuilding.places_of(layer, *args, **kwargs)
        step = getattr(layer, "strides", (1, 1))
        coarser = times(before.stride, step)
        if step != (1, 1) and max(coarser) > output_stride:
            after = Places(before.stride, times(before.holes, step))  # no stride here, holes in what follows
        else:
            after = Places(coarser, before.holes)
        return rebuilding.call(layer, before, after, *args, **kwargs)

    return rebuilt(model, call)


def remove_strides(model):
    """Every stride becomes 1: what stood at every stride-th place now stands at every place.

    Taught in notebooks/07_deeplab.ipynb.
    """
    return with_output_stride(model, 1)
