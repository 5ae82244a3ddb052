"""What a network is made of, asked in Keras' public ways: its layers without models inside, and those that stay in place."""

import keras
from keras import layers, ops

from .layers import CropLike, PadToMultiple


def opened(model):
    """The same tensors and layers, with no model inside: sequential and nested ones are laid open."""

    def open_up(layer, *args, **kwargs):
        return layer.call(*args, **kwargs) if isinstance(layer, keras.Model) else layer(*args, **kwargs)

    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs[0])
    while any(isinstance(layer, keras.Model) for layer in model.layers):
        model = keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=open_up)
    return model


def rebuilt(model, call):
    """`model` for pictures of any size, each of its layers called by `call(layer, *args, **kwargs)`."""
    model = opened(model)
    pictures = keras.tree.map_structure(
        lambda x: keras.Input((None, None, x.shape[-1]), dtype=x.dtype, name=x.name), model.input
    )
    return keras.models.clone_model(model, pictures, clone_function=lambda layer: layer, call_function=call)


def maps_of(layer, *args, **kwargs):
    """The tensors whose values a layer uses; one that only gives a size is none of them.

    Layers are told by their names: a lesson defines some of them anew, in its source cells.
    """
    given = [tensor for tensor in keras.tree.flatten((args, kwargs)) if isinstance(tensor, keras.KerasTensor)]
    return given[: {"CropLike": 1, "MaxUnpool2D": 2}.get(type(layer).__name__)]


SLIDING_POOLINGS = {
    layers.GlobalAveragePooling2D: layers.AveragePooling2D,
    layers.GlobalMaxPooling2D: layers.MaxPooling2D,
}


def slide_other(layer, size, *args, **kwargs):
    """What a classifier's layer, neither Flatten nor Dense, becomes where the classifier slides: its output and that one's size.

    A global pooling becomes a pooling of the size that its map had. `size` is None for a map, and (height, width) of the
    map that a vector was made of. A layer that would look at other places than in the classifier is refused.
    """
    (x, *_) = maps_of(layer, *args, **kwargs)
    if size is None and type(layer) in SLIDING_POOLINGS:
        pooling = SLIDING_POOLINGS[type(layer)](layer.input.shape[1:3], strides=1)
        return pooling(x), None if layer.keepdims else (1, 1)
    if size == (1, 1) and isinstance(layer, layers.BatchNormalization):
        new = layers.BatchNormalization.from_config(layer.get_config() | {"axis": -1})
        out = new(x)
        new.set_weights(layer.get_weights())
        return out, size
    is_map = size is None and len(layer.output.shape) == 4 and not isinstance(layer, layers.Reshape)
    if is_map or isinstance(layer, layers.Dropout | layers.Activation | layers.ReLU):
        return layer(*args, **kwargs), size
    raise ValueError(
        f"{layer.name!r} ({type(layer).__name__}) does not slide: let Flatten or a global pooling be "
        "followed by Dense, Dropout and Activation layers alone."
    )


def as_convolution(dense, size):
    """A new convolution that was told what a Dense layer was told: activation, regularizers, precision and all."""
    config = dense.get_config() | {"filters": dense.units, "kernel_size": size}
    config |= {"activity_regularizer": dense.activity_regularizer}
    only_dense = ("units", "quantization_config")
    return layers.Conv2D.from_config({key: config[key] for key in config if key not in only_dense})


def _operators():
    """The classes of ops.add and its like, which have no public name."""
    x = keras.Input((1, 1, 2))
    made = [x + x, x - x, x * x, x / x, -x, ops.maximum(x, x), ops.minimum(x, x), ops.concatenate([x, x])]
    made += [ops.relu(x), ops.sigmoid(x), ops.tanh(x), ops.exp(x), ops.cast(x, "int32"), ops.flip(x)]
    made += [ops.softmax(x), ops.convert_to_tensor(x)]
    return tuple({type(operation) for operation in keras.Model(x, made).operations})


ON_ONE_PLACE = (
    *(
        layers.Activation,
        layers.ReLU,
        layers.LeakyReLU,
        layers.ELU,
        layers.PReLU,
        layers.Softmax,
        layers.Dense,
    ),
    *(layers.BatchNormalization, layers.LayerNormalization, layers.Normalization, layers.Rescaling),
    *(layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise, layers.GaussianDropout),
    *(layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum),
    *(layers.Concatenate, layers.Identity, layers.InputLayer, CropLike, PadToMultiple, *_operators()),
)


def stays_in_place(layer):
    """Does it make each place's answer from that place alone?"""
    axes = keras.tree.flatten(getattr(layer, "axis", -1))
    return isinstance(layer, ON_ONE_PLACE) and all(axis in (-1, 3) for axis in axes)
