"""Feature maps at another size, as two small matrices: right for every factor, every size and every compiler."""

from keras import ops


def between(small, large):  # -> (large, small): how much of each old place is in each new one
    """The matrix of linear interpolation from `small` places to `large` ones, which cover the same length.

    A weight is 1 − distance, where that is positive: at most two old places lie nearer than 1.
    """
    step = ops.cast(small, "float32") / ops.cast(large, "float32")
    places = (ops.arange(large, dtype="float32") + 0.5) * step - 0.5  # new centres, counted in old places
    places = ops.clip(places, 0, ops.cast(small, "float32") - 1)  # beyond the rim stands what stands at it
    distances = ops.expand_dims(places, 1) - ops.arange(small, dtype="float32")
    return ops.maximum(0, 1 - ops.abs(distances))


def shares(large, small):  # -> (small, large): how much of each new place is each old one
    """The matrix of means of `small` parts of `large` places: part i from ⌊i·large/small⌋ to ⌈(i+1)·large/small⌉."""
    part, place = ops.expand_dims(ops.arange(small), 1), ops.arange(large)
    first, last = part * large // small, ((part + 1) * large + small - 1) // small
    inside = ops.cast((place >= first) & (place < last), "float32")
    return inside / ops.sum(inside, axis=1, keepdims=True)


def resized(features, height, width):  # (B, h, w, C) -> (B, height, width, C)
    """Feature maps at another size, bilinearly: one matrix mixes the rows, one the columns."""
    batch, rows, columns, channels = ops.shape(features)
    mix_rows = ops.cast(between(rows, height), features.dtype)
    mix_columns = ops.cast(between(columns, width), features.dtype)
    grown = ops.matmul(mix_rows, ops.reshape(features, (batch, rows, columns * channels)))
    grown = ops.matmul(mix_columns, ops.reshape(grown, (batch * height, columns, channels)))
    return ops.reshape(grown, (batch, height, width, channels))
