"""Rooms, gardens and the things that stand in them, for `paper_pets`.

A background is one `Cutout` in picture coordinates (0..1, y up). A thing (ball, cushion, plant …) is a
`Cutout` that stands on y = 0, like an animal, but it is never labelled: it is there to be mistaken for one.
`echo` is a list of the animals' colours; much of the paper is cut from the same sheets.
"""

import math

import numpy as np

from segkit.paper.shapes import (
    Cutout,
    blob,
    ellipse,
    jitter,
    mix,
    polygon,
    rectangle,
    shade,
    tube,
)

PALETTES = [  # wall, second wall colour, floor, cloth, accent
    [(238, 222, 196), (222, 196, 160), (170, 120, 84), (196, 98, 78), (70, 96, 108)],
    [(188, 208, 204), (160, 188, 186), (196, 156, 112), (222, 150, 96), (96, 82, 104)],
    [(226, 190, 176), (210, 166, 152), (136, 100, 84), (108, 140, 128), (240, 214, 150)],
    [(150, 168, 188), (130, 148, 172), (206, 184, 150), (224, 176, 84), (176, 84, 82)],
    [(214, 206, 178), (192, 186, 150), (120, 88, 70), (126, 146, 106), (212, 124, 90)],
    [(108, 118, 132), (92, 102, 118), (168, 132, 100), (202, 128, 108), (228, 200, 140)],
    [(232, 200, 128), (220, 182, 104), (150, 108, 86), (86, 122, 132), (200, 96, 84)],
    [(196, 178, 196), (180, 158, 182), (188, 162, 134), (118, 104, 142), (232, 184, 120)],
]
GREENS = [(122, 160, 92), (148, 174, 104), (98, 142, 96), (168, 178, 108), (110, 150, 116)]
PETALS = [(236, 200, 84), (226, 122, 116), (244, 240, 230), (188, 132, 184), (228, 152, 84), (120, 142, 200)]
WOOD = (142, 102, 74)


def _repeat(outline, xs, ys):
    """The same outline at many places: a list of outlines."""
    return [outline + (x, y) for x, y in zip(xs, ys, strict=True)]


def _lattice(dice, step, left, bottom, right, top, stagger=True):
    xs, ys, row = [], [], 0
    y = bottom + step * dice.number(0.2, 0.8)
    while y < top + step / 2:
        x = left + step * (0.5 if stagger and row % 2 else 0.0)
        while x < right + step:
            xs.append(x)
            ys.append(y)
            x += step
        y += step * (0.75 if stagger else 1.0)
        row += 1
    return xs, ys


def wallpaper(room, dice, floor, first, second):
    kind = dice.pick(["plain", "stripes", "dots", "diamonds", "leaves", "panels"], [1.4, 2, 2, 1.5, 1.5, 1])
    wall = room.add(first, rectangle(-0.1, floor, 1.1, 1.1))
    if kind == "stripes":
        step = dice.number(0.06, 0.16)
        width = step * dice.number(0.3, 0.6)
        xs = np.arange(-0.1, 1.1, step)
        room.add(second, *_repeat(rectangle(0, floor, width, 1.1), xs, xs * 0))
    elif kind == "dots":
        step = dice.number(0.07, 0.14)
        room.add(
            second,
            *_repeat(
                ellipse(0, 0, step * dice.number(0.14, 0.28), corners=8),
                *_lattice(dice, step, 0, floor, 1, 1),
            ),
            within=wall,
        )
    elif kind == "diamonds":
        step = dice.number(0.09, 0.18)
        size = step * dice.number(0.3, 0.5)
        diamond = polygon((size * 0.6, 0), (0, size), (-size * 0.6, 0), (0, -size))
        room.add(second, *_repeat(diamond, *_lattice(dice, step, 0, floor, 1, 1)), within=wall)
    elif kind == "leaves":
        step = dice.number(0.1, 0.16)
        xs, ys = _lattice(dice, step, 0, floor, 1, 1)
        leaves = [ellipse(0, 0, step * 0.3, step * 0.11, angle, corners=8) for angle in (0.7, -0.7)]
        one = _repeat(leaves[0], xs[::2], ys[::2]) + _repeat(leaves[1], xs[1::2], ys[1::2])
        room.add(second, *one, within=wall)
    elif kind == "panels":
        top = floor + dice.number(0.14, 0.24)
        room.add(second, rectangle(-0.1, floor, 1.1, top))
        room.add(shade(second, 1.12), rectangle(-0.1, top, 1.1, top + 0.018), lift=0.2)


def boards(room, dice, floor, colour):
    kind = dice.pick(["planks", "tiles", "carpet"], [3, 2, 1.3])
    ground = room.add(colour, rectangle(-0.1, -0.1, 1.1, floor))
    if kind == "planks":
        vanish = dice.number(0.2, 0.8)
        seams = []
        for x in np.arange(-2.4, 3.4, dice.number(0.2, 0.34)):
            top = vanish + (x - vanish) * 0.55
            seams.append(
                polygon((x - 0.006, -0.02), (x + 0.006, -0.02), (top + 0.003, floor), (top - 0.003, floor))
            )
        room.add(shade(colour, 0.84), *seams, within=ground)
    elif kind == "tiles":
        shift, tiles, rows = dice.number(0, 0.2), [], 4
        lines = [floor * (1 - (row / rows) ** 1.4) for row in range(rows + 1)]
        for row in range(rows):
            high, low = lines[row], lines[row + 1]
            wide = [0.5 + 0.7 * (row / rows) ** 1.4, 0.5 + 0.7 * ((row + 1) / rows) ** 1.4]
            for x in range(-5, 6):
                if (x + row) % 2:
                    left, right = x * 0.24 + shift, (x + 1) * 0.24 + shift
                    tiles.append(
                        polygon(
                            (0.5 + left * wide[1], low),
                            (0.5 + right * wide[1], low),
                            (0.5 + right * wide[0], high),
                            (0.5 + left * wide[0], high),
                        )
                    )
        room.add(shade(colour, dice.pick([0.85, 1.14])), *tiles, within=ground)
    else:
        xs, ys = dice.numbers(60, 0, 1), dice.numbers(60, 0, floor)
        room.add(
            shade(colour, 0.9), *_repeat(polygon((0, 0), (0.012, 0.004), (0.01, 0.01)), xs, ys), within=ground
        )
    board = dice.number(0.02, 0.04)
    room.add(
        shade(mix(colour, (250, 246, 238), 0.6), 1.0), rectangle(-0.1, floor, 1.1, floor + board), lift=0.15
    )


def room(dice, echo, floor):
    """A room seen from the front: wallpaper, floor, perhaps window, picture, sofa, shelf, lamp, rug."""
    palette = [jitter(dice, colour, 10) for colour in dice.pick(PALETTES)]
    scene = Cutout()
    wall, second, ground, cloth, accent = palette
    if dice.chance(0.34):  # camouflage: the paper of the wall is nearly the colour of an animal
        wall = jitter(dice, shade(dice.pick(echo), dice.number(0.86, 1.18)), 10)
        second = shade(wall, dice.pick([0.86, 0.92, 1.1]))
    if dice.chance(0.3):
        ground = jitter(dice, shade(dice.pick(echo), dice.number(0.85, 1.12)), 10)
    if dice.chance(0.5):
        cloth = jitter(dice, dice.pick(echo), 12)
    if dice.chance(0.35):
        second = mix(wall, dice.pick(echo), 0.6)
    wallpaper(scene, dice, floor, wall, second)
    boards(scene, dice, floor, ground)
    spots = [0.2, 0.5, 0.8]
    for furniture in (window, picture, lamp, sofa, shelf):
        if spots and dice.chance({window: 0.55, picture: 0.5, lamp: 0.3, sofa: 0.42, shelf: 0.28}[furniture]):
            x = spots.pop(int(dice.random() * len(spots))) + dice.number(-0.06, 0.06)
            furniture(scene, dice, x, floor, cloth if furniture is sofa else accent, echo)
    if dice.chance(0.55):
        rug(scene, dice, floor, cloth, accent)
    return scene


def window(scene, dice, x, floor, colour, echo):
    half, low, high = dice.number(0.12, 0.17), floor + 0.2, floor + dice.number(0.42, 0.55)
    frame = dice.pick([(246, 240, 228), WOOD, shade(colour, 1.1)])
    scene.add(frame, rectangle(x - half, low, x + half, high), lift=0.3)
    pane = scene.add(
        dice.pick([(172, 206, 226), (246, 206, 160), (96, 112, 148)]),
        rectangle(x - half + 0.018, low + 0.018, x + half - 0.018, high - 0.018),
    )
    scene.add(
        GREENS[int(dice.random() * 5)],
        ellipse(x - 0.05, low, 0.13, 0.1),
        ellipse(x + 0.1, low, 0.1, 0.07),
        within=pane,
    )
    cross = [
        rectangle(x - 0.006, low, x + 0.006, high),
        rectangle(x - half, (low + high) / 2 - 0.006, x + half, (low + high) / 2 + 0.006),
    ]
    scene.add(frame, *cross)
    if dice.chance(0.6):
        drape = [
            polygon(
                (x + s * (half + 0.05), high + 0.03),
                (x + s * half * 0.35, high + 0.03),
                (x + s * half * 0.75, low + 0.08),
                (x + s * (half + 0.01), low - 0.06),
                (x + s * (half + 0.06), low - 0.06),
            )
            for s in (-1, 1)
        ]
        scene.add(jitter(dice, dice.pick(echo + [colour])), *drape, lift=0.25)


def picture(scene, dice, x, floor, colour, echo):
    half, middle, tall = dice.number(0.06, 0.11), floor + dice.number(0.3, 0.42), dice.number(0.06, 0.11)
    scene.add(
        dice.pick([WOOD, (240, 232, 214), colour]),
        rectangle(x - half, middle - tall, x + half, middle + tall),
        lift=0.3,
    )
    inside = scene.add(
        mix(colour, (250, 240, 220), 0.6),
        rectangle(x - half * 0.8, middle - tall * 0.8, x + half * 0.8, middle + tall * 0.8),
    )
    blot = dice.pick(echo)  # an abstract print in the animals' own colours
    shapes = [
        ellipse(x - half * 0.2, middle - tall * 0.3, half * 0.45, tall * 0.5),
        polygon((x, middle), (x + half * 0.3, middle + tall * 0.6), (x + half * 0.6, middle)),
    ]
    scene.add(jitter(dice, blot), *shapes, within=inside)


def lamp(scene, dice, x, floor, colour, echo):
    foot, top = floor - 0.08, floor + dice.number(0.3, 0.42)
    scene.add(
        shade(WOOD, 0.7), rectangle(x - 0.008, foot, x + 0.008, top), ellipse(x, foot, 0.06, 0.016), lift=0.15
    )
    scene.add(
        jitter(dice, (244, 214, 150)),
        polygon(
            (x - 0.11, top - 0.04), (x + 0.11, top - 0.04), (x + 0.06, top + 0.12), (x - 0.06, top + 0.12)
        ),
        lift=0.3,
    )


def sofa(scene, dice, x, floor, colour, echo):
    half, seat, back = dice.number(0.22, 0.32), floor + 0.08, floor + dice.number(0.2, 0.28)
    scene.add(
        shade(WOOD, 0.75),
        rectangle(x - half + 0.03, floor - 0.12, x - half + 0.055, floor),
        rectangle(x + half - 0.055, floor - 0.12, x + half - 0.03, floor),
    )
    scene.add(
        shade(colour, 0.92),
        blob(
            [
                (x - half, seat - 0.1),
                (x - half + 0.01, back),
                (x, back + 0.02),
                (x + half - 0.01, back),
                (x + half, seat - 0.1),
                (x, seat - 0.12),
            ],
            4,
        ),
        lift=0.3,
    )
    scene.add(colour, rectangle(x - half, floor - 0.07, x + half, seat), lift=0.2)
    scene.add(
        shade(colour, 1.06),
        ellipse(x - half, seat - 0.02, 0.05, 0.09),
        ellipse(x + half, seat - 0.02, 0.05, 0.09),
        lift=0.25,
    )
    pillow = blob(
        [
            (x - 0.12, seat),
            (x - 0.15, seat + 0.13),
            (x - 0.05, seat + 0.11),
            (x + 0.03, seat + 0.14),
            (x + 0.02, seat),
        ],
        4,
    )
    scene.add(jitter(dice, dice.pick(echo)), pillow, lift=0.25)


def shelf(scene, dice, x, floor, colour, echo):
    y, half = floor + dice.number(0.26, 0.36), dice.number(0.1, 0.16)
    left = x - half + 0.02
    while left < x + half - 0.05:
        width, tall = dice.number(0.02, 0.04), dice.number(0.07, 0.12)
        tone = dice.pick(echo + [colour, (240, 226, 196)])
        scene.add(jitter(dice, tone, 20), rectangle(left, y, left + width, y + tall))
        left += width + 0.004
    scene.add(WOOD, rectangle(x - half, y - 0.02, x + half, y), lift=0.3)


def rug(scene, dice, floor, cloth, accent):
    x, y, half, tall = (
        dice.number(0.3, 0.7),
        floor * dice.number(0.35, 0.6),
        dice.number(0.28, 0.48),
        floor * dice.number(0.24, 0.36),
    )
    outer = scene.add(accent, ellipse(x, y, half, tall, corners=32), lift=0.15)
    scene.add(cloth, ellipse(x, y, half * 0.88, tall * 0.85, corners=32), within=outer)
    if dice.chance(0.5):
        scene.add(shade(cloth, 1.15), ellipse(x, y, half * 0.6, tall * 0.55, corners=32), within=outer)
        scene.add(mix(cloth, accent, 0.5), ellipse(x, y, half * 0.4, tall * 0.36, corners=32), within=outer)
    else:
        bars = [
            polygon((x + b, y - 1), (x + b + 0.03, y - 1), (x + b + 0.03, y + 1), (x + b, y + 1))
            for b in np.arange(-half, half, 0.1)
        ]
        scene.add(mix(cloth, accent, 0.4), *bars, within=outer)


# ---------------------------------------------------------------- gardens


def garden(dice, echo, ground):
    """Sky, hills, a fence or hedge or trees, a meadow with flowers."""
    scene = Cutout()
    autumn = dice.chance(0.25)
    greens = [(206, 160, 84), (188, 128, 78), (170, 150, 92)] if autumn else GREENS
    sky = jitter(
        dice, dice.pick([(178, 212, 230), (206, 226, 228), (246, 214, 176), (150, 178, 206), (232, 202, 206)])
    )
    scene.add(sky, rectangle(-0.1, -0.1, 1.1, 1.1))
    scene.add(mix(sky, (252, 246, 232), 0.4), rectangle(-0.1, -0.1, 1.1, ground + 0.2))
    if dice.chance(0.5):
        x, y = dice.number(0.1, 0.9), dice.number(0.78, 0.95)
        scene.add((250, 226, 150), ellipse(x, y, dice.number(0.06, 0.1), corners=32), lift=0.1)
    clouds = []
    for _ in range(dice.whole(0, 3)):
        x, y, size = dice.random(), dice.number(0.75, 0.95), dice.number(0.05, 0.09)
        clouds += [
            ellipse(x, y, size * 1.3, size * 0.6),
            ellipse(x - size, y - 0.015, size, size * 0.4),
            ellipse(x + size * 0.9, y - 0.012, size, size * 0.45),
        ]
    if clouds:
        scene.add((248, 246, 240), *clouds, lift=0.15)
    for layer in range(dice.whole(1, 3)):
        peak = ground + dice.number(0.12, 0.3) - 0.07 * layer
        colour = mix(dice.pick(greens), sky, 0.5 - 0.15 * layer)
        phase = dice.number(0, 6.28)
        ridge = [(x, peak + 0.05 * math.sin(phase + x * (5 + 2 * layer))) for x in np.linspace(-0.1, 1.1, 13)]
        scene.add(colour, polygon((-0.1, 0), (1.1, 0), *reversed(ridge)), lift=0.18)
    for plant in (tree, fence, hedge):
        if dice.chance({tree: 0.55, fence: 0.4, hedge: 0.35}[plant]):
            plant(scene, dice, ground, greens, echo)
    meadow = jitter(dice, dice.pick(greens))
    if dice.chance(0.3):
        meadow = jitter(dice, shade(dice.pick(echo), dice.number(0.88, 1.1)), 10)  # straw, sand, leaves
    phase = dice.number(0, 6.28)
    ridge = [(x, ground + 0.02 * math.sin(phase + x * 7)) for x in np.linspace(-0.1, 1.1, 13)]
    sheet = scene.add(meadow, polygon((-0.1, -0.1), (1.1, -0.1), *reversed(ridge)), lift=0.2)
    low = ground * dice.number(0.4, 0.65)
    ridge = [(x, low + 0.03 * math.sin(phase * 2 + x * 5)) for x in np.linspace(-0.1, 1.1, 13)]
    scene.add(
        shade(meadow, dice.pick([0.9, 1.08])), polygon((-0.1, -0.1), (1.1, -0.1), *reversed(ridge)), lift=0.15
    )
    if dice.chance(0.35):
        path = blob(
            [
                (0.2, -0.2),
                (0.42, ground * 0.5),
                (0.5, ground + 0.02),
                (0.56, ground + 0.02),
                (0.62, ground * 0.5),
                (0.7, -0.2),
            ],
            4,
        )
        scene.add(
            jitter(dice, dice.pick([(222, 200, 160), (190, 176, 164)] + echo)),
            path + (dice.number(-0.3, 0.2), 0),
            within=sheet,
        )
    count = dice.whole(20, 46)
    xs, ys = dice.numbers(count, 0, 1), dice.random(count) ** 0.8 * ground * 0.92
    blade = polygon((-0.012, 0), (0.012, 0), (0.004, 0.012), (0.02, 0.05), (-0.002, 0.02), (-0.012, 0.045))
    scene.add(shade(meadow, dice.pick([0.78, 0.84, 1.16])), *_repeat(blade, xs, ys))
    if dice.chance(0.7):
        count = dice.whole(6, 18)
        xs, ys = dice.numbers(count, 0, 1), dice.numbers(count, 0.02, ground * 0.9)
        size = dice.number(0.009, 0.015)
        petals = [
            ellipse(size * math.cos(turn), size * math.sin(turn), size * 0.85, corners=8)
            for turn in (0.3, 1.56, 2.8, 4.1, 5.3)
        ]
        colour = dice.pick(PETALS)
        scene.add(colour, *[petal + (x, y) for petal in petals for x, y in zip(xs, ys, strict=True)])
        scene.add(
            (240, 206, 96) if colour != PETALS[0] else WOOD,
            *_repeat(ellipse(0, 0, size * 0.6, corners=8), xs, ys),
        )
    return scene


def tree(scene, dice, ground, greens, echo):
    x, width = dice.pick([dice.number(-0.02, 0.25), dice.number(0.75, 1.02)]), dice.number(0.03, 0.055)
    top = ground + dice.number(0.3, 0.42)
    trunk = dice.pick([WOOD, shade(WOOD, 0.7)] + echo)
    scene.add(
        trunk,
        polygon(
            (x - width, ground - 0.05),
            (x + width, ground - 0.05),
            (x + width * 0.6, top),
            (x - width * 0.6, top),
        ),
        lift=0.2,
    )
    colour = jitter(dice, dice.pick(greens))
    if dice.chance(0.3):
        firs = [
            polygon(
                (x - 0.2 + 0.04 * k, top - 0.1 + 0.11 * k),
                (x + 0.2 - 0.04 * k, top - 0.1 + 0.11 * k),
                (x, top + 0.12 + 0.11 * k),
            )
            for k in range(3)
        ]
        for k, fir in enumerate(firs):
            scene.add(shade(colour, 0.8 + 0.1 * k), fir, lift=0.2)
        return
    crowns = [
        ellipse(x + dx, top + dy, size, size * 0.85)
        for dx, dy, size in ((-0.11, 0.03, 0.12), (0.12, 0.05, 0.12), (0.0, 0.14, 0.14))
    ]
    scene.add(shade(colour, 0.86), *crowns, lift=0.25)
    scene.add(colour, ellipse(x - 0.02, top + 0.08, 0.13, 0.1), lift=0.15)
    if dice.chance(0.5):
        fruit = [(dice.number(-0.14, 0.14), dice.number(0.0, 0.18)) for _ in range(7)]
        scene.add(
            jitter(dice, dice.pick(echo)), *[ellipse(x + dx, top + dy, 0.018, corners=8) for dx, dy in fruit]
        )


def fence(scene, dice, ground, greens, echo):
    colour = dice.pick([(244, 238, 226), WOOD, (186, 150, 112)] + echo)
    tall = dice.number(0.14, 0.2)
    rails = [rectangle(-0.1, ground + tall * part, 1.1, ground + tall * part + 0.02) for part in (0.25, 0.7)]
    scene.add(shade(colour, 0.85), *rails)
    step = dice.number(0.08, 0.12)
    xs = np.arange(-0.1 + step * dice.random(), 1.1, step)
    picket = polygon((-0.022, -0.06), (0.022, -0.06), (0.022, tall), (0, tall + 0.03), (-0.022, tall))
    scene.add(colour, *_repeat(picket, xs, xs * 0 + ground), lift=0.25)


def hedge(scene, dice, ground, greens, echo):
    colour = jitter(dice, shade(dice.pick(greens), 0.85))
    bushes, x = [], -0.05
    while x < 1.05:
        size = dice.number(0.07, 0.12)
        bushes.append(ellipse(x, ground + size * 0.3, size, size * 0.95))
        x += size * dice.number(0.9, 1.6)
    scene.add(colour, *bushes, lift=0.25)


# ---------------------------------------------------------------- things that look a little like animals


def _ball(dice, colour, other):
    thing = Cutout()
    ball = thing.add(colour, ellipse(0, 0.5, 0.5, corners=32))
    if dice.chance(0.6):
        thing.add(other, tube([(-0.5, 0.7), (0, 0.42), (0.5, 0.75)], 0.2, 0.2), within=ball)
    else:
        thing.add(
            other, ellipse(0.12, 0.62, 0.2), ellipse(-0.3, 0.2, 0.16), ellipse(0.32, 0.1, 0.14), within=ball
        )
    return thing


def _cushion(dice, colour, other):
    thing = Cutout()
    sheet = thing.add(
        colour,
        blob(
            [
                (-0.66, 0.04),
                (-0.58, 0.36),
                (-0.7, 0.72),
                (0, 0.64),
                (0.7, 0.72),
                (0.58, 0.36),
                (0.66, 0.04),
                (0, 0.06),
            ]
        ),
    )
    if dice.chance(0.5):
        thing.add(
            other,
            *[rectangle(x - 0.05, -0.2, x + 0.05, 1.0) for x in (-0.45, -0.22, 0.0, 0.22, 0.45)],
            within=sheet,
        )
    else:
        thing.add(
            other,
            *[ellipse(x, y, 0.07, corners=12) for x in (-0.4, -0.13, 0.13, 0.4) for y in (0.2, 0.5)],
            within=sheet,
        )
    return thing


def _plant(dice, colour, other):
    thing = Cutout()
    green = jitter(dice, dice.pick(GREENS))
    leaves = []
    for lean in (-0.9, -0.5, -0.15, 0.2, 0.55, 0.95):
        leaves.append(
            tube(
                [(0, 0.3), (lean * 0.3, 0.8), (lean * 0.6, 1.0 - abs(lean) * 0.35 + dice.number(0, 0.3))],
                0.16,
                0.05,
            )
        )
    thing.add(green, *leaves)
    thing.add(colour, polygon((-0.28, 0.42), (0.28, 0.42), (0.2, 0.0), (-0.2, 0.0)), lift=0.25)
    thing.add(other, rectangle(-0.31, 0.36, 0.31, 0.46), lift=0.15)
    return thing


def _stone(dice, colour, other):
    """A boulder, or a sleeping something? No legs, no face."""
    thing = Cutout()
    sheet = thing.add(
        colour,
        blob(
            [
                (-0.6, 0.02),
                (-0.62, 0.3),
                (-0.3, 0.58),
                (0.1, 0.55),
                (0.45, 0.42),
                (0.65, 0.1),
                (0.5, 0.0),
                (0, -0.01),
            ]
        ),
    )
    thing.add(
        other,
        *[ellipse(dice.number(-0.5, 0.5), dice.number(0.1, 0.5), 0.07, 0.04, corners=8) for _ in range(6)],
        within=sheet,
    )
    return thing


def _basket(dice, colour, other):
    thing = Cutout()
    thing.add(other, tube([(-0.4, 0.3), (0, 1.3), (0.4, 0.3)], 0.07, 0.07))
    sheet = thing.add(
        colour,
        blob([(-0.5, 0.5), (0.0, 0.47), (0.5, 0.5), (0.42, 0.1), (0.3, 0.0), (-0.3, 0.0), (-0.42, 0.1)]),
    )
    thing.add(
        shade(colour, 0.82), *[rectangle(-0.6, y, 0.6, y + 0.05) for y in (0.08, 0.22, 0.36)], within=sheet
    )
    return thing


def _bush(dice, colour, other):
    thing = Cutout()
    sheet = thing.add(
        colour,
        ellipse(-0.35, 0.3, 0.36, 0.32),
        ellipse(0.35, 0.3, 0.38, 0.3),
        ellipse(0, 0.5, 0.42, 0.4),
        rectangle(-0.6, 0, 0.6, 0.3),
    )
    dots = [ellipse(dice.number(-0.6, 0.6), dice.number(0.1, 0.8), 0.06, corners=8) for _ in range(8)]
    thing.add(other, *dots, within=sheet)
    return thing


def _tuft(dice, colour, other):
    """Tall grass: thin things that are not tails."""
    thing = Cutout()
    green = jitter(dice, dice.pick(GREENS))
    blades = [
        tube([(x, 0), (x + lean * 0.2, 0.5), (x + lean * 0.6, dice.number(0.7, 1.0))], 0.09, 0.03)
        for x, lean in zip((-0.2, -0.1, 0, 0.1, 0.2), dice.numbers(5, -0.8, 0.8), strict=True)
    ]
    thing.add(green, *blades)
    return thing


def _boot(dice, colour, other):
    thing = Cutout()
    thing.add(
        colour,
        blob(
            [(-0.25, 0.95), (0.1, 0.95), (0.12, 0.5), (0.5, 0.3), (0.55, 0.05), (0.1, 0.0), (-0.28, 0.02)], 4
        ),
    )
    thing.add(other, rectangle(-0.29, 0.84, 0.13, 0.98), lift=0.15)
    thing.add(shade(colour, 0.6), rectangle(-0.3, -0.01, 0.55, 0.06))
    return thing


def _yarn(dice, colour, other):
    thing = Cutout()
    thing.add(colour, tube([(0.2, 0.1), (0.9, -0.1), (0.8, 0.3), (1.3, 0.05)], 0.06, 0.05))
    sheet = thing.add(colour, ellipse(0, 0.42, 0.42, corners=32))
    strands = [
        tube([(-0.5, 0.1 + 0.16 * k), (0, 0.3 + 0.2 * k), (0.5, 0.05 + 0.18 * k)], 0.05, 0.05)
        for k in range(5)
    ]
    thing.add(shade(colour, 0.78), *strands, within=sheet)
    return thing


INDOORS = [_ball, _cushion, _plant, _basket, _boot, _yarn]
OUTDOORS = [_ball, _stone, _bush, _tuft, _plant, _basket]


def thing(dice, echo, indoors):
    """One distractor and how tall it is, in picture widths."""
    draw = dice.pick(INDOORS if indoors else OUTDOORS)
    colour = jitter(dice, dice.pick(echo) if dice.chance(0.7) else dice.pick(PETALS))
    other = dice.pick([shade(colour, 0.72), mix(colour, (250, 244, 232), 0.6), jitter(dice, dice.pick(echo))])
    height = dice.number(0.1, 0.2) * {_bush: 1.7, _plant: 1.6, _stone: 1.3, _tuft: 1.3}.get(draw, 1.0)
    return draw(dice, colour, other), height
