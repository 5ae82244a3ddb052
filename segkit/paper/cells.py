"""`paper_cells`: cells under a cut-paper microscope, drawn from a seed, labelled exactly.

    slide = draw_cells(seed=1, index=0, size=128)

Cells grow in colonies. Where two of them would overlap they meet in one line, as soap bubbles do, and what is seen of
that line may be faint. `field` widens the view: 4 shows sixteen times as much of the slide, in as many pixels as `size`
says, and holds some 500 cells. Arithmetic on plain NumPy arrays, element by element: the same bytes on every machine.
"""

import dataclasses

import numpy as np

from segkit.labels import separated
from segkit.paper.shapes import Dice, jitter, mix, shade, soft

REFERENCE = 128  # pixels of a field of 1; which cells are kept is decided at this scale
LEAST_PIXELS = 24  # of a cell that is seen, at the reference scale
COLONIES, PER_COLONY = (3, 5), (3, 10)
FINE = 2  # sides of the grid of points that one pixel is the mean of

# background, body, nucleus; light bodies on a dark ground glow, dark ones on a light ground are stained
STAINS = {
    "lilac": ((238, 226, 222), (214, 168, 196), (122, 72, 142)),
    "sea": ((220, 228, 218), (150, 190, 186), (46, 96, 116)),
    "honey": ((240, 230, 208), (222, 178, 112), (142, 78, 40)),
    "moss": ((228, 230, 206), (168, 188, 120), (70, 100, 52)),
    "night": ((22, 30, 48), (52, 110, 118), (132, 214, 190)),
    "ember": ((36, 24, 34), (128, 62, 84), (244, 168, 110)),
}


@dataclasses.dataclass
class Cell:
    """Where it is, in fields, and what it looks like. `shape`: 2×2, from fields to the cell's own round unit."""

    y: float
    x: float
    radius: float
    shape: tuple
    wobble: tuple
    tint: float
    edge: float  # how dark its membrane is
    nuclei: list
    grains: list


def draw_cells(seed, index, size=REFERENCE, field=1):
    """One picture with all its labels, as a dict of arrays; the same bytes on every machine."""
    cells = plan_cells(seed, index, field)
    ids, *_ = levels(cells, size, field)
    return {
        "image": paint_cells(cells, size, field, Dice(seed, index, 12)),
        "cell_mask": (separated(ids) > 0).astype(np.uint8),
        "instance_mask": ids.astype(np.uint16),
        "file_name": f"paper_cells_{seed}_{index}.png",
    }


# ---------------------------------------------------------------- which cells


def plan_cells(seed, index, field=1):
    """Colonies that grow from a first cell each; who is hardly seen is left out."""
    dice, cells = Dice(seed, index, 11), []
    for _ in range(sum(dice.whole(*COLONIES) for _ in range(field * field))):
        colony, mean = [], dice.number(0.074, 0.108)
        for _ in range(dice.whole(*PER_COLONY)):
            for _ in range(12):
                radius = mean * dice.number(0.8, 1.25)
                if colony:
                    beside, (down, right) = dice.pick(colony), direction(dice)
                    reach = (beside.radius + radius) * dice.number(0.8, 1.0)
                    y, x = beside.y + down * reach, beside.x + right * reach
                else:
                    y, x = dice.number(0, field), dice.number(0, field)
                if -0.04 < min(y, x) and max(y, x) < field + 0.04 and has_room(cells, y, x, radius):
                    colony.append(new_cell(dice, y, x, radius))
                    cells.append(colony[-1])
                    break
    ids, *_ = levels(cells, REFERENCE * field, field)
    seen = np.bincount(ids.ravel(), minlength=len(cells) + 1)[1:]
    return [cell for cell, pixels in zip(cells, seen, strict=True) if pixels >= LEAST_PIXELS]


def direction(dice):
    """A point on the unit circle: roots are the same on every machine, sines are not."""
    while True:
        y, x = dice.number(-1, 1), dice.number(-1, 1)
        if 0.01 < (square := y * y + x * x) <= 1:
            return y / square**0.5, x / square**0.5


def has_room(cells, y, x, radius):
    return all((cell.y - y) ** 2 + (cell.x - x) ** 2 > (0.72 * (cell.radius + radius)) ** 2 for cell in cells)


def new_cell(dice, y, x, radius):
    """Stretched along some direction, with two, three and four soft corners."""
    (down, right), long = direction(dice), dice.number(1.0, 1.32)
    shape = (
        (down * down / long + right * right * long) / radius,
        down * right * (1 / long - long) / radius,
        (right * right / long + down * down * long) / radius,
    )
    nuclei = []
    for _ in range(dice.pick([0, 1, 2], [22, 72, 6])):
        (down, right), far = direction(dice), dice.number(0, 0.34)
        nuclei.append((down * far, right * far, dice.number(0.3, 0.46), dice.number(0.8, 1.25)))
    grains = []
    for _ in range(dice.whole(1, 6)):
        (down, right), far = direction(dice), dice.number(0.3, 0.8)
        grains.append((down * far, right * far, dice.number(0.05, 0.1), dice.chance(0.5)))
    wobble = tuple(dice.number(-0.075, 0.075) for _ in range(6))
    return Cell(y, x, radius, shape, wobble, dice.number(-1, 1), dice.number(0.3, 0.9), nuclei, grains)


# ---------------------------------------------------------------- who owns a pixel


def place(cell, size, field):
    """The window of the picture that a cell may reach, and the coordinates in it, in the cell's own unit."""
    step, reach = size / field, 1.5 * cell.radius
    spans = [
        slice(max(0, int((middle - reach) * step)), max(0, min(size, int((middle + reach) * step) + 1)))
        for middle in (cell.y, cell.x)
    ]
    down, right = (
        (np.arange(span.start, span.stop) + 0.5) / step - middle
        for span, middle in zip(spans, (cell.y, cell.x), strict=True)
    )
    a, b, c = cell.shape
    return tuple(spans), a * down[:, None] + b * right[None], b * down[:, None] + c * right[None]


def level(cell, v, u):
    """1 in the middle of a cell, 0 on its outline, negative outside."""
    square = np.maximum(u * u + v * v, 1e-12)
    root = np.sqrt(square)
    two, cross = u * u - v * v, 2 * u * v
    three, across = u * (u * u - 3 * v * v), v * (3 * u * u - v * v)
    w = cell.wobble
    outline = (
        1
        + (w[0] * two + w[1] * cross) / square
        + (w[2] * three + w[3] * across) / (square * root)
        + 0.6 * (w[4] * (two * two - cross * cross) + w[5] * 2 * two * cross) / (square * square)
    )
    return 1 - root / outline


def levels(cells, size, field):
    """For each pixel: the number of its cell (0 for none), that cell's level, and the next best one's."""
    ids = np.zeros((size, size), np.int32)
    first, second = np.zeros((size, size)), np.zeros((size, size))
    for number, cell in enumerate(cells, 1):
        window, v, u = place(cell, size, field)
        mine, best, next_best = level(cell, v, u), first[window], second[window]
        won = mine > best
        second[window] = np.maximum(next_best, np.minimum(mine, best))
        ids[window][won] = number
        first[window] = np.maximum(mine, best)
    return ids, first, second


# ---------------------------------------------------------------- the picture


def paint_cells(cells, size, field, dice):
    """Ground, debris, bodies, membranes, nuclei, light and grain, on a grid twice as fine."""
    fine = FINE * size
    step = fine / (field * REFERENCE)  # points of the fine grid in a reference pixel
    ground, body, core = (jitter(dice, colour, 10) for colour in STAINS[dice.pick(list(STAINS))])
    glows = sum(ground) < sum(body)
    picture = np.empty((3, fine, fine), np.float32)
    picture[:] = np.array(ground, np.float32)[:, None, None]
    picture *= clouds(dice, fine, 4 * field, 0.06)
    for _ in range(dice.whole(1, 4) * field * field):
        debris(picture, dice, ground, body, core, field)
    ids, first, second = (part.astype(np.float32) for part in levels(cells, fine, field))
    ids = ids.astype(np.int32)
    tint = np.array([0.0, *(cell.tint for cell in cells)], np.float32)[ids]
    edge = np.array([0.0, *(cell.edge for cell in cells)], np.float32)[ids]
    inside = np.clip(first * np.float32(12), 0, 1)
    cover = inside * np.float32(dice.number(0.72, 0.92))
    shape = (np.float32(0.8) + np.float32(0.35) * first) * clouds(dice, fine, 14 * field, 0.09)
    for channel, colour in zip(picture, mix_by(body, core, 0.14 * tint), strict=True):
        light = colour * (shape if glows else 2 - shape - np.float32(0.1))
        channel += cover * (light - channel)
    grains_and_nuclei(picture, cells, ids, dice, body, core, size, field)
    # a membrane follows each outline, fainter where cells touch: there it is a fold, not an edge
    apart = first - second
    rim = np.clip(1 - np.abs(first - np.float32(0.05)) * np.float32(13), 0, 1) * (second <= 0)
    fold = np.clip(1 - apart * np.float32(6), 0, 1) * (second > 0)
    line = edge * np.maximum(rim, np.float32(dice.number(0.55, 0.95)) * fold)
    colour = np.array(shade(body, 1.5) if glows else shade(core, 0.9), np.float32)[:, None, None]
    picture += line * (colour - picture)
    picture *= 1 + np.float32(dice.number(0.25, 0.6)) * relief(first, max(1, round(step)))
    return develop(picture, dice, size, step)


def mix_by(one, other, part):
    """Three channels of `one` with `part` (an array) of `other` in it."""
    return [np.float32(a) + np.float32(b - a) * part for a, b in zip(one, other, strict=True)]


def clouds(dice, side, count, strength):
    """1 ± strength, changing softly over a grid of `count` × `count` random numbers."""
    grid = (2 * dice.numbers((count + 1) ** 2, 0, 1) - 1).reshape(count + 1, count + 1).astype(np.float32)
    along = (np.arange(side) + 0.5) / side * count
    low = along.astype(int)
    part = (along - low).astype(np.float32)
    part = part * part * (3 - 2 * part)
    rows = grid[low] + part[:, None] * (grid[low + 1] - grid[low])
    return 1 + np.float32(strength) * (rows[:, low] + part * (rows[:, low + 1] - rows[:, low]))


def debris(picture, dice, ground, body, core, field):
    """What is no cell: dust, a bubble's ring, or a cell far out of focus."""
    kind = dice.pick(["dust", "bubble", "ghost"])
    y, x = dice.number(0, field), dice.number(0, field)
    radius = {"dust": (0.006, 0.016), "bubble": (0.02, 0.05), "ghost": (0.07, 0.12)}[kind]
    circle = Cell(y, x, dice.number(*radius), (0, 0, 0), (0,) * 6, 0, 0, [], [])
    circle.shape = (1 / circle.radius, 0, 1 / circle.radius)
    window, v, u = place(circle, picture.shape[1], field)
    mine = level(circle, v, u).astype(np.float32)
    cover = {
        "dust": 0.7 * np.clip(mine * 4, 0, 1),
        "bubble": 0.5 * np.clip(1 - np.abs(mine - np.float32(0.15)) * 6, 0, 1),
        "ghost": 0.3 * np.clip(mine * np.float32(1.2), 0, 1),
    }[kind].astype(np.float32)
    colour = np.array(mix(core, ground, 0.3) if kind == "dust" else mix(body, core, 0.2), np.float32)
    part = picture[(slice(None), *window)]
    part += cover * (colour[:, None, None] - part)


def grains_and_nuclei(picture, cells, ids, dice, body, core, size, field):
    depth, glow = dice.number(0.55, 0.9), sum(core) > sum(body)
    for number, cell in enumerate(cells, 1):
        window, v, u = place(cell, FINE * size, field)
        mine, part = ids[window] == number, picture[(slice(None), *window)]
        for y, x, radius, light in cell.grains:
            square = (v - y) ** 2 + (u - x) ** 2
            cover = np.float32(0.45) * np.clip((1 - square / radius**2) * 2, 0, 1).astype(np.float32) * mine
            colour = np.array(mix(body, (255, 255, 255) if light else core, 0.55), np.float32)[:, None, None]
            part += cover * (colour - part)
        for y, x, radius, long in cell.nuclei:
            square = ((v - y) / long) ** 2 + ((u - x) * long) ** 2
            cover = np.clip((1 - np.sqrt(square) / radius) * 5, 0, 1).astype(np.float32) * mine
            colour = np.array(mix(core, body, 0.1 + 0.15 * cell.tint), np.float32)[:, None, None]
            part += np.float32(depth) * cover * (colour - part)
            spot = np.clip((1 - ((v - y - 0.1) ** 2 + (u - x + 0.08) ** 2) / (0.32 * radius) ** 2) * 2, 0, 1)
            dark = np.array(shade(core, 1.25 if glow else 0.6), np.float32)[:, None, None]
            part += np.float32(0.7 * depth) * spot.astype(np.float32) * mine * (dark - part)


def relief(first, step):
    """Light from the upper left: brighter where a body rises towards it."""
    height = soft(np.minimum(first, np.float32(0.35)), step)
    padded = np.pad(height, step, mode="edge")
    side = len(first)
    return padded[2 * step :, 2 * step :][:side, :side] - padded[:side, :side]


def develop(picture, dice, size, step):
    """The lamp's light, the lens' blur, one pixel from FINE × FINE points, and the camera's grain."""
    middle = (np.arange(FINE * size) + 0.5) / (FINE * size)
    y, x, falls = dice.number(0.2, 0.8), dice.number(0.2, 0.8), dice.number(0.1, 0.5)
    light = dice.number(1.0, 1.08) - falls * ((middle - y) ** 2)[:, None] - falls * ((middle - x) ** 2)[None]
    contrast = dice.number(0.7, 1.0)
    mean = np.float32(picture.mean(dtype=np.float64))
    picture = (mean + (picture - mean) * np.float32(contrast)) * light.astype(np.float32)
    blur = max(1, round(step * dice.pick([0.5, 0.5, 0.5, 1.0])))
    picture = np.stack([soft(channel, blur) for channel in picture])
    small = picture.reshape(3, size, FINE, size, FINE).mean(axis=(2, 4), dtype=np.float64).astype(np.float32)
    noise = np.random.RandomState((int(dice.random() * 2**31), size))
    raw = np.frombuffer(noise.bytes(4 * size * size), np.uint8).reshape(4, size, size).astype(np.float32)
    amount = np.float32(dice.number(0.012, 0.04))
    small = small + amount * ((raw[0] - np.float32(127.5)) + np.float32(0.5) * (raw[1:] - np.float32(127.5)))
    return np.clip(np.rint(small), 0, 255).astype(np.uint8).transpose(1, 2, 0).copy()
