"""How far each pixel is from the nearest object and from the second nearest, as far as `reach`; NumPy alone."""

import numpy as np

FAR = 1 << 14  # a squared distance beyond every reach, in the upper half of a 32-bit number
NOWHERE = -(1 << 30)  # left of every column
MOST_REACH = 120
MOST_OBJECTS = 1 << 16
STRIP = 128  # rows or columns at a time: what fits into a processor's cache is passed over faster


def two_nearest(instances, reach):
    """Ids (H, W) → two float32 arrays (H, W): the distance to the nearest object and to the second nearest.

    Where both together exceed `reach` they are infinite. Exact: along the rows each pixel learns which two different objects are nearest
    in its row; then, from the rows above and below as far as `reach`, which two are nearest at all. A transform of the
    whole picture for each object, as the definition says it, gives the same numbers and takes as many times longer as
    there are objects.
    """
    if not 1 <= reach <= MOST_REACH:
        raise ValueError(
            f"reach is {reach!r}; distances are measured up to a reach of 1 to {MOST_REACH} pixels."
        )
    ids = np.asarray(instances)
    if ids.size == 0 or max(ids.shape) >= 1 << 14:
        raise ValueError(
            f"The ids have shape {ids.shape}; give a picture of 1 to {(1 << 14) - 1} pixels a side."
        )
    if ids.max() >= MOST_OBJECTS:  # large numbers become small ones
        ids = np.unique(ids, return_inverse=True)[1].reshape(ids.shape) + int(ids.min() > 0)
        if ids.max() >= MOST_OBJECTS:
            raise ValueError(f"There are {ids.max()} objects in one picture: cut it into tiles.")
    ids = ids.astype(np.int32)
    rows = [_in_each_row(ids[at : at + STRIP // 2], reach) for at in range(0, len(ids), STRIP // 2)]
    first, second = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    strips = range(0, ids.shape[1], STRIP)
    found = [_over_rows(first[:, at : at + STRIP], second[:, at : at + STRIP], int(reach)) for at in strips]
    nearest, other = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    d1, d2 = (np.sqrt((key >> 16).astype(np.float32)) for key in (nearest, other))
    near = d1 + d2 <= reach
    return np.where(near, d1, np.float32(np.inf)), np.where(near, d2, np.float32(np.inf))


def _over_rows(first, second, around):
    """From the two nearest in each row to the two nearest of all, looking `around` rows up and down."""
    height, shape = len(first), first.shape
    first, second = (
        np.pad(key, ((around, around), (0, 0)), constant_values=FAR << 16) for key in (first, second)
    )
    nearest, key = np.full(shape, FAR << 16, np.int32), np.empty(shape, np.int32)
    half = around // 2  # the nearer of two distances that make at most `around`
    for step in range(around - half, around + half + 1):
        np.add(first[step : step + height], (step - around) ** 2 << 16, out=key)
        np.minimum(nearest, key, out=nearest)
    owner, other = nearest & 0xFFFF, np.full(shape, FAR << 16, np.int32)
    numbers, same = first & 0xFFFF, np.empty(shape, bool)
    for step in range(2 * around + 1):
        rows = slice(step, step + height)
        np.equal(numbers[rows], owner, out=same)
        np.copyto(key, first[rows])
        np.copyto(key, second[rows], where=same)
        np.add(key, (step - around) ** 2 << 16, out=key)
        np.minimum(other, key, out=other)
    return nearest, other


def _in_each_row(ids, reach):
    """The nearest object in each pixel's row, and the nearest of another number: squared distance × 65536 + number."""
    left = _looking_back(ids, reach)
    right = [key[:, ::-1] for key in _looking_back(ids[:, ::-1], reach)]
    first = np.minimum(left[0], right[0])
    owner, second = first & 0xFFFF, np.full(ids.shape, FAR << 16, np.int32)
    for key in (*left, *right):
        np.minimum(second, key, out=second, where=(key & 0xFFFF) != owner)
    return first, second


def _looking_back(ids, reach):
    """The last object up to each pixel of its row, and the last one of another number before that."""
    columns, taken = np.arange(ids.shape[1], dtype=np.int32), ids > 0
    # column × 65536 + number: the largest so far is the last
    last = np.maximum.accumulate(np.where(taken, (columns << 16) + ids, NOWHERE), axis=1)
    before = np.concatenate([np.full((len(ids), 1), NOWHERE, np.int32), last[:, :-1]], axis=1)
    begins = taken & ((before & 0xFFFF) != ids)  # here an object begins, or comes back behind another
    earlier = np.maximum.accumulate(np.where(begins, before, NOWHERE), axis=1)
    return [_key(place, columns, reach) for place in (last, earlier)]


def _key(place, columns, reach):
    distance = columns - (place >> 16)
    near = distance <= int(reach)
    return np.where(near, (np.where(near, distance, 0) ** 2 << 16) + (place & 0xFFFF), FAR << 16)
