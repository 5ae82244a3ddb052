"""A Gaussian sum over many points in few dimensions, in time that grows with their number and not with its square.

The permutohedral lattice (Adams, Baek and Davis, 2010): space is cut into simplices, each point hands its values to the
corners of its own (splat), the corners exchange them along each axis (blur), and each point reads its corners (slice).
"""

import numpy as np
import scipy.sparse as sparse


def lattice_filter(features):
    """A function that sums values (N, C) over all points, each weighted by exp(−½ squared distance); and how much of its
    own value a point gets back, (N, 1).

    `features` (N, d) are the points, each axis in units of the Gaussian's width. Weights are about right, up to one
    factor for all.
    """
    slicing, keys = _corners(np.asarray(features, "float64"))
    blurs = [_blur(keys, axis) for axis in range(keys.shape[1])]
    splatting = slicing.T.tocsr()

    def filtered(values):
        values = splatting @ np.ascontiguousarray(values, "float32")
        for blur in blurs:
            values = blur @ values
        return slicing @ values

    return filtered, _own(slicing, keys.shape[1])


def _own(slicing, corners):
    """From each corner of a simplex to itself and to the others, times the point's share in both."""
    apart = np.abs(np.subtract.outer(np.arange(corners), np.arange(corners)))
    ways = 0.5**apart + 0.5 ** (corners - apart)  # along `apart` axes, or back along all others
    ways[apart == 0] += 0.5**corners  # forward along all axes, or backward
    shares = slicing.data.reshape(-1, corners)
    return np.sum(shares @ ways.astype("float32") * shares, axis=1, keepdims=True)


def _corners(features):
    """How much of each corner is in each point (N, M), sparse, and where the corners are: (M, d + 1) whole numbers."""
    count, axes = features.shape
    # into the plane of d + 1 coordinates whose sum is 0, with a corner every d + 1 steps
    steps = np.arange(1, axes + 1)
    scaled = features * (np.sqrt(2 / 3) * (axes + 1) / np.sqrt(steps * (steps + 1)))
    behind = np.concatenate([np.cumsum(scaled[:, ::-1], axis=1)[:, ::-1], np.zeros((count, 1))], axis=1)
    places = behind.copy()
    places[:, 1:] -= steps * scaled
    # the nearest corner of remainder 0, and the order of the coordinates around it
    whole = np.round(places / (axes + 1)).astype("int64")
    excess = whole.sum(axis=1, keepdims=True)
    rank = np.argsort(np.argsort(whole * (axes + 1) - places, axis=1, kind="stable"), axis=1) + excess
    shift = (rank < 0).astype("int64") - (rank > axes)
    rank += shift * (axes + 1)
    whole += shift
    # barycentric shares of the simplex' corners
    rest = places / (axes + 1) - whole
    shares = np.zeros((count, axes + 2))
    np.put_along_axis(shares, axes - rank, rest, axis=1)
    lower = np.zeros_like(shares)
    np.put_along_axis(lower, axes - rank + 1, rest, axis=1)
    shares -= lower
    shares[:, 0] += 1 + shares[:, -1]
    remainders = np.arange(axes + 1)[:, None]
    moved = remainders - (axes + 1) * (rank[:, None, :] > axes - remainders)
    corners = (whole[:, None, :] * (axes + 1) + moved).reshape(-1, axes + 1)
    numbers, first, columns = np.unique(_numbered(corners, corners), return_index=True, return_inverse=True)
    rows = np.arange(0, count * (axes + 1) + 1, axes + 1)
    share = (shares[:, :-1].ravel().astype("float32"), columns.ravel(), rows)
    return sparse.csr_array(share, shape=(count, len(numbers))), corners[first]


def _numbered(corners, known):
    """One number for each corner, in the order of their coordinates; neighbours of known corners have numbers, too."""
    lowest = known.min(axis=0) - known.shape[1]
    sides = known.max(axis=0) + known.shape[1] + 1 - lowest
    number = np.zeros(len(corners), "int64")
    for axis in range(corners.shape[1] - 1):  # the last coordinate follows from the others
        number = number * sides[axis] + corners[:, axis] - lowest[axis]
    return number


def _blur(keys, axis):
    """Each corner, and half of its two neighbours along an axis: ½ 1 ½."""
    axes, count = keys.shape[1] - 1, len(keys)
    numbers = _numbered(keys, keys)
    step = np.full(axes + 1, -1)
    step[axis] = axes
    rows, columns = [np.arange(count)], [np.arange(count)]
    for sign in (1, -1):
        wanted = _numbered(keys + sign * step, keys)
        found = np.minimum(np.searchsorted(numbers, wanted), count - 1)
        there = numbers[found] == wanted
        rows.append(np.flatnonzero(there))
        columns.append(found[there])
    weights = np.repeat(np.float32([1, 0.5, 0.5]), [len(row) for row in rows])
    places = np.concatenate(rows), np.concatenate(columns)
    return sparse.coo_array((weights, places), shape=(count, count)).tocsr()
