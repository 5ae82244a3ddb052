"""Weights that the course trained and ships, in half precision: written by tools/train_weights.py, read by lessons."""

import pathlib

import numpy as np
from keras import ops

WEIGHTS = pathlib.Path(__file__).parent / "weights"


def store(variables, name, part):
    """Write weights that the course ships, in half precision. `part` says which of a model's they are: see `load_stored`."""
    values = {
        f"{index:03d}": ops.convert_to_numpy(value).astype("float16") for index, value in enumerate(variables)
    }
    if not all(np.isfinite(value).all() for value in values.values()):
        raise ValueError(f"A weight of {name} does not fit half precision; nothing was stored.")
    np.savez_compressed(WEIGHTS / f"{name}.npz", part=part, **values)


def load_stored(model, name):
    """Give a model the weights that the course ships under this name, and return it.

    A file holds the weights of the whole model, of its first layers, or of its last: those behind an encoder that it left as it was.
    """
    path = WEIGHTS / f"{name}.npz"
    if not path.is_file():
        raise ValueError(
            f"There are no weights {name!r}; there are {', '.join(sorted(file.stem for file in WEIGHTS.glob('*.npz')))}."
        )
    with np.load(path) as stored:
        part = str(stored["part"])
        values = [stored[key].astype("float32") for key in stored.files if key != "part"]
    variables = model.weights
    if part == "first":
        variables = variables[: len(values)]
    if part == "last":
        variables = variables[-len(values) :]
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise ValueError(f"The weights {name!r} belong to a model of another form than {model.name!r}.")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return model
