"""Scissors and paper: the small geometry kit that `paper_pets` is drawn with.

Everything here is arithmetic on integers or plain NumPy element by element, so that a scene is the same
on every machine and under every version of NumPy: polygons are snapped to 1/256 of a pixel and filled by
`coverage`, an exact scan-line filler, instead of by a drawing library whose rounding may change.
"""

import functools
import math

import numpy as np

STEPS = 256  # polygon corners lie on a grid of 1/256 pixel
SCANS = 4  # scan lines per pixel row; along a scan line the coverage is exact


class Dice:
    """Random numbers whose stream is frozen: RandomState never changes between NumPy versions."""

    def __init__(self, *seed):
        self.random = np.random.RandomState(seed).random_sample

    def number(self, low, high):
        return low + (high - low) * self.random()

    def numbers(self, count, low, high):
        return low + (high - low) * self.random(count)

    def chance(self, probability):
        return self.random() < probability

    def whole(self, low, high):
        """A whole number, low and high included."""
        return low + int(self.random() * (high - low + 1))

    def pick(self, options, weights=None):
        if weights is None:
            return options[int(self.random() * len(options))]
        rest = self.random() * sum(weights)
        for option, weight in zip(options, weights, strict=True):
            rest -= weight
            if rest < 0:
                return option
        return options[-1]


# ---------------------------------------------------------------- colours, as three floats 0..255


def shade(colour, factor):
    """Darker (factor < 1) or lighter (factor > 1)."""
    return tuple(min(255.0, channel * factor) for channel in colour)


def mix(first, second, part):
    return tuple(a + (b - a) * part for a, b in zip(first, second, strict=True))


def jitter(dice, colour, amount=14):
    common = dice.number(-amount, amount)
    return tuple(min(255.0, max(0.0, c + common + dice.number(-amount, amount) / 2)) for c in colour)


# ---------------------------------------------------------------- outlines: (corners, 2), y points up


def _circle(corners):
    turns = np.arange(corners) / corners * (2 * math.pi)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


_CIRCLES = {corners: _circle(corners) for corners in (8, 12, 20, 32)}


def ellipse(x, y, width, height=None, angle=0.0, corners=20):
    """Half axes `width` and `height`; `angle` in radians, against the clock."""
    height = width if height is None else height
    circle = _CIRCLES[corners]
    if not angle:
        return circle * (width, height) + (x, y)
    cosine, sine = math.cos(angle), math.sin(angle)
    across, up = circle[:, 0] * width, circle[:, 1] * height
    return np.stack([x + across * cosine - up * sine, y + across * sine + up * cosine], axis=1)


def rectangle(left, bottom, right, top):
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)], dtype=float)


def polygon(*corners):
    return np.array(corners, dtype=float)


@functools.lru_cache(None)
def _spline_basis(count, pieces):
    """Weights of a closed Catmull-Rom spline: the curve runs through every control point."""
    t = np.arange(pieces) / pieces
    weights = (
        np.stack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]) / 2
    )
    basis = np.zeros((count * pieces, count))
    for start in range(count):
        for neighbour in range(4):
            rows = slice(start * pieces, (start + 1) * pieces)
            basis[rows, (start + neighbour - 1) % count] += weights[neighbour]
    return basis


def blob(points, pieces=5):
    """A smooth closed outline through the given points."""
    points = np.asarray(points, dtype=float)
    return _spline_basis(len(points), pieces) @ points


_ALONG = np.linspace(0, 1, 11)
_BEZIER = np.stack(
    [(1 - _ALONG) ** 3, 3 * _ALONG * (1 - _ALONG) ** 2, 3 * _ALONG**2 * (1 - _ALONG), _ALONG**3], axis=1
)
_SLOPE = np.stack(
    [
        -((1 - _ALONG) ** 2),
        (1 - _ALONG) ** 2 - 2 * _ALONG * (1 - _ALONG),
        2 * _ALONG * (1 - _ALONG) - _ALONG**2,
        _ALONG**2,
    ],
    axis=1,
)
_AHEAD, _ASIDE = np.array([[0.7], [1.0], [0.7]]), np.array([[0.7], [0.0], [-0.7]])  # corners of a round end


def tube(points, start_width, end_width):
    """A bent strip with round ends: a leg, a tail, a neck. `points`: 2 (straight), 3 or 4 (Bezier)."""
    points = [(float(x), float(y)) for x, y in points]
    if len(points) == 2:
        (x0, y0), (x1, y1) = points
        points = [(x0, y0), (x0 + (x1 - x0) / 3, y0 + (y1 - y0) / 3)]
        points += [(x0 + (x1 - x0) * 2 / 3, y0 + (y1 - y0) * 2 / 3), (x1, y1)]
    elif len(points) == 3:
        (x0, y0), (x1, y1), (x2, y2) = points
        points = [
            (x0, y0),
            ((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3),
            ((2 * x1 + x2) / 3, (2 * y1 + y2) / 3),
            (x2, y2),
        ]
    control = np.array(points)
    centre, slope = _BEZIER @ control, _SLOPE @ control
    slope /= np.sqrt(slope[:, 0] ** 2 + slope[:, 1] ** 2 + 1e-12)[:, None]
    normal = np.stack([-slope[:, 1], slope[:, 0]], axis=1)
    half = (start_width + (end_width - start_width) * _ALONG)[:, None] / 2
    tip = centre[-1] + (_AHEAD * slope[-1] + _ASIDE * normal[-1]) * (end_width / 2)
    root = centre[0] - (_AHEAD * slope[0] + _ASIDE * normal[0]) * (start_width / 2)
    return np.concatenate([centre + normal * half, tip, (centre - normal * half)[::-1], root])


def turned(outline, angle, x=0.0, y=0.0, scale=1.0):
    """Turn about the origin, then move the origin to (x, y)."""
    cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
    across, up = outline[:, 0], outline[:, 1]
    return np.stack([x + across * cosine - up * sine, y + across * sine + up * cosine], axis=1)


# ---------------------------------------------------------------- a cut-out: sheets of paper in one stack


class Cutout:
    """Sheets of coloured paper, the first one lowest, with named points.

    `within` clips a sheet to an earlier sheet (stripes inside a body); `lift` is the darkness of the soft
    shadow that the sheet casts on those below; `outline=False` keeps a sheet out of the silhouette.
    """

    def __init__(self):
        self.sheets = []  # (colour, within, lift)
        self.outlines = []  # one (corners, 2) array per polygon
        self.sheet_of = []  # which sheet each polygon belongs to
        self.is_outline = []
        self.points = {}

    def add(self, colour, *outlines, within=None, lift=0.0, outline=None):
        if outline is None:
            outline = within is None
        index = len(self.sheets)
        self.sheets.append((colour, within, lift))
        for one in outlines:
            self.outlines.append(one)
            self.sheet_of.append(index)
            self.is_outline.append(outline)
        return index

    def place(self, x, y, scale, angle=0.0, flip=False):
        """Pin the cut-out to the picture: its origin at (x, y), in picture widths, y now pointing down."""
        lengths = np.array([len(one) for one in self.outlines])
        corners = np.concatenate(self.outlines)
        points = np.array(list(self.points.values()), dtype=float).reshape(-1, 2)
        cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
        mirror = -1.0 if flip else 1.0

        def pin(where):
            across, up = where[:, 0] * mirror, where[:, 1]
            return np.stack([x + across * cosine - up * sine, y - across * sine - up * cosine], axis=1)

        return Placed(self, pin(corners), lengths, dict(zip(self.points, pin(points), strict=True)))


class Placed:
    """A cut-out pinned to the picture: all corners in one array, in picture widths."""

    def __init__(self, cutout, corners, lengths, points):
        self.sheets, self.corners, self.lengths, self.points = cutout.sheets, corners, lengths, points
        self.sheet_of = np.array(cutout.sheet_of)
        self.is_outline = np.array(cutout.is_outline, dtype=bool)
        self.in_silhouette = np.repeat(self.is_outline, lengths)
        outer = corners[self.in_silhouette]
        self.box = (*outer.min(axis=0), *outer.max(axis=0)) if len(outer) else (0.0, 0.0, 1.0, 1.0)

    def silhouette(self, size):
        """(size, size) bool: the pixels that are at least half covered. Exact, so it may be a label."""
        mask = np.zeros((size, size), dtype=bool)
        left, top = (min(size, max(0, int(edge * size) - 1)) for edge in self.box[:2])
        right, bottom = (min(size, max(0, int(edge * size) + 2)) for edge in self.box[2:])
        if right > left and bottom > top:
            lengths = self.lengths[self.is_outline]
            corners = self.corners[self.in_silhouette] * size - (left, top)
            layers = np.zeros(len(lengths), dtype=np.int64)
            mask[top:bottom, left:right] = (
                coverage(corners, lengths, layers, 1, right - left, bottom - top)[0] >= 0.5
            )
        return mask

    def coverages(self, size, left, top, width, height):
        """(sheets + 1, height, width): each sheet, and last the silhouette, inside a window of the picture."""
        doubled = np.concatenate([self.corners, self.corners[self.in_silhouette]])
        lengths = np.concatenate([self.lengths, self.lengths[self.is_outline]])
        silhouette = np.full(int(self.is_outline.sum()), len(self.sheets))
        layers = np.concatenate([self.sheet_of, silhouette])
        return coverage(doubled * size - (left, top), lengths, layers, len(self.sheets) + 1, width, height)


# ---------------------------------------------------------------- filling and painting


def coverage(corners, lengths, layers, layer_count, width, height):
    """How much of each pixel each layer covers, 0..1, float32 (layers, height, width).

    `corners` (pixels) holds the polygons one after the other, `lengths` their corner counts, `layers` the
    layer of each. Where a scan line enters a polygon, +1 begins; where it leaves, -1 begins; the running sum
    along the row is the covered part. Polygons of one layer are unioned (all get the same sense of turning).
    Everything is a whole number until the last line.
    """
    grid = np.rint(corners * STEPS).astype(np.int64)
    x0, y0 = grid[:, 0], grid[:, 1]
    ends = np.cumsum(lengths)
    starts = ends - lengths
    following = np.arange(1, len(grid) + 1)
    following[ends - 1] = starts
    x1, y1 = x0[following], y0[following]
    turning = np.sign(np.add.reduceat(x0 * y1 - x1 * y0, starts))

    scan = STEPS // SCANS  # grid steps between scan lines; the first lies half a step down
    first = np.clip((y0 + scan // 2 - 1) // scan, 0, height * SCANS)
    last = np.clip((y1 + scan // 2 - 1) // scan, 0, height * SCANS)
    crossed = np.abs(last - first)
    edge = np.repeat(np.arange(len(grid)), crossed)
    before = np.cumsum(crossed) - crossed
    line = np.arange(len(edge)) - before[edge] + np.minimum(first, last)[edge]

    rise = y1 - y0
    rise[rise == 0] = 1
    # Dividing floats and rounding down is exact here: all numbers are far below 2 ** 53.
    along = ((line * scan + scan // 2 - y0[edge]) * (x1 - x0)[edge]) / rise[edge]
    x = np.minimum(np.maximum(x0[edge] + np.floor(along).astype(np.int64), 0), width * STEPS)
    direction = np.where(last > first, 1, -1) * np.repeat(turning, lengths)
    direction = direction[edge]
    cell = (np.repeat(layers, lengths)[edge] * height + line // SCANS) * (width + 2) + x // STEPS
    part = x % STEPS
    cells = layer_count * height * (width + 2)
    spread = np.concatenate([direction * (STEPS - part), direction * part])
    sums = np.bincount(np.concatenate([cell, cell + 1]), spread, cells).astype(np.float32)
    sums = sums.reshape(layer_count, height, width + 2)
    covered = np.cumsum(sums, axis=2, out=sums)[:, :, :width]
    covered = np.abs(covered) * np.float32(1 / (STEPS * SCANS))
    return np.minimum(covered, np.float32(1), out=covered)


def soft(layer, radius):
    """Blur by a box of 2 * radius + 1 pixels, edge pixels repeated; layer (height, width)."""
    height, width = layer.shape
    padded = np.empty((height + 2 * radius, width), dtype=np.float32)
    padded[radius : radius + height] = layer
    padded[:radius], padded[radius + height :] = layer[0], layer[-1]
    rows = padded[:height].copy()
    for step in range(1, 2 * radius + 1):
        rows += padded[step : step + height]
    padded = np.empty((height, width + 2 * radius), dtype=np.float32)
    padded[:, radius : radius + width] = rows
    padded[:, :radius], padded[:, radius + width :] = rows[:, :1], rows[:, -1:]
    blurred = padded[:, :width].copy()
    for step in range(1, 2 * radius + 1):
        blurred += padded[:, step : step + width]
    blurred *= np.float32(1 / (2 * radius + 1) ** 2)
    return blurred


def shifted(layer, right, down):
    """Moved by whole pixels; zeros come in. right and down are not negative."""
    height, width = layer.shape
    right, down = min(right, width), min(down, height)
    moved = np.zeros_like(layer)
    moved[down:, right:] = layer[: height - down, : width - right]
    return moved


def paint_sheets(canvas, sheets, covers, size):
    """Lay the sheets of a cut-out, lowest first, on canvas (3, height, width)."""
    step = max(1, round(size / 80))
    for (colour, within, lift), cover in zip(sheets, covers, strict=False):
        if within is not None:
            cover = cover * covers[within]
        if lift:
            canvas *= 1 - np.float32(lift) * shifted(soft(cover, step), step // 2, step)
        colour = np.array(colour, dtype=np.float32)[:, None, None]
        canvas += cover * (colour - canvas)


def paint(picture, placed, size, shadow=0.35):
    """Lay a cut-out on the picture (3, size, size): soft drop shadow, sheets, light from the upper left."""
    reach = size * 0.05 + 2
    left, top = (max(0, int(edge * size - reach)) for edge in placed.box[:2])
    right, bottom = (min(size, int(edge * size + reach) + 1) for edge in placed.box[2:])
    if right <= left or bottom <= top:
        return
    height, width = bottom - top, right - left
    covers = placed.coverages(size, left, top, width, height)
    alpha = covers[-1]
    canvas = np.empty((3, height, width), dtype=np.float32)
    canvas[:] = np.array(placed.sheets[0][0], dtype=np.float32)[:, None, None]
    paint_sheets(canvas, placed.sheets, covers, size)

    # Light falls from above, and the upper left edge of the paper catches it.
    tall = max(placed.box[3] - placed.box[1], 1e-6)
    down = ((np.arange(top, bottom) + 0.5) / size - placed.box[1]) / tall
    canvas *= (1.07 - 0.17 * np.clip(down, 0, 1)).astype(np.float32)[:, None]
    step = max(1, round(size / 128))
    blurred = soft(alpha, step)
    canvas += np.float32(34) * (blurred - shifted(blurred, step, step))

    window = picture[:, top:bottom, left:right]
    drop = shifted(soft(blurred, max(1, round(size / 50))), round(size / 64), round(size / 45))
    window *= 1 - np.float32(shadow) * drop
    window += alpha * (canvas - window)
