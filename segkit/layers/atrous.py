"""À trous, with holes: the same weights, answers at every place."""

from keras import layers

from ..graphs import maps_of, rebuilt, stays_in_place


def remove_strides(model):
    """The same weights with every stride set to 1, and what comes after a stride dilated by it: an à-trous network.

    For convolutions without padding: what stood at every stride-th place now stands at every place.
    Taught in notebooks/07_deeplab.ipynb.
    """
    strides = {}  # tensor → what all strides before it come to, (rows, columns)
    made = {}  # a layer that is called twice stays one layer

    def call(layer, *args, **kwargs):
        passed = {strides.get(id(map_), (1, 1)) for map_ in maps_of(layer, *args, **kwargs)}
        if len(passed) > 1:
            raise ValueError(f"{layer.name!r} joins maps of different strides: cut the model before it.")
        ((rows, columns),) = passed
        if stays_in_place(layer):
            out = layer(*args, **kwargs)
        else:
            if (layer.name, rows, columns) not in made:
                made[layer.name, rows, columns] = dilated(layer, rows, columns)
            new = made[layer.name, rows, columns]
            out = new(*args, **kwargs)
            new.set_weights(layer.get_weights())
            down, right = getattr(layer, "strides", (1, 1))
            rows, columns = rows * down, columns * right
        strides[id(out)] = rows, columns
        return out

    return rebuilt(model, call)


def dilated(layer, rows, columns):
    """The layer without its stride, for a map whose places stand `rows` × `columns` times as close as before.

    Taught in notebooks/07_deeplab.ipynb.
    """
    config = layer.get_config() | {"name": f"{layer.name}_dilated_{rows}x{columns}"}
    convolution = isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.SeparableConv2D)
    if convolution and (layer.padding == "valid" or max(layer.kernel_size) == 1):
        own_rows, own_columns = layer.dilation_rate
        rates = rows * own_rows, columns * own_columns
        return type(layer).from_config(config | {"strides": 1, "dilation_rate": rates})
    for kind, border in ((layers.ZeroPadding2D, "padding"), (layers.Cropping2D, "cropping")):
        if isinstance(layer, kind):
            (above, below), (left, right) = config[border]
            wider = ((rows * above, rows * below), (columns * left, columns * right))
            return kind.from_config(config | {border: wider})
    raise ValueError(
        f"{layer.name!r} ({type(layer).__name__}) cannot be dilated: use strided convolutions with "
        'padding="valid" in its place.'
    )
