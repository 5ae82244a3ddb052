"""Birds: songbirds, ducks, owls, flyers, hens, waders."""

from segkit.paper.animals.coats import FEATHERS, FURS, INK, WHITE, Coat, mark
from segkit.paper.shapes import Cutout, blob, ellipse, jitter, mix, polygon, shade, tube, turned


def bird(dice, fur=None):
    colours = [
        "blue",
        "red",
        "yellow",
        "green",
        "teal",
        "pink",
        "brown",
        "white",
        "grey",
        "black",
        "golden",
        "sand",
        "rust",
    ]
    coat = Coat(dice, fur, colours, ["plain", "speckles", "stripes"], [3, 2, 1])
    coat.belly = mix(
        jitter(dice, dice.pick([WHITE, FURS["cream"], FURS["golden"], FURS["rust"]])), coat.base, 0.2
    )
    coat.beak = dice.pick([(232, 158, 60), (226, 122, 62), (84, 78, 84), (214, 184, 120)])
    coat.wing = coat.dark if dice.chance(0.6) else shade(coat.base, 0.86)
    cutout = Cutout()
    cutout.colour = coat.base
    kind = dice.pick([_songbird, _duck, _owl, _flyer, _hen, _wader], [4, 2.4, 2, 2.4, 2, 1.6])
    kind(cutout, dice, coat)
    return cutout


def _legs(cutout, coat, feet, top, width=0.035):
    """Two thin legs with toes."""
    parts = []
    for x in feet:
        parts.append(tube([(x - 0.02, top), (x, 0.02)], width, width))
        parts.append(polygon((x - 0.07, 0.0), (x + 0.11, 0.0), (x + 0.02, 0.045)))
    cutout.add(shade(coat.beak, 0.9), *parts)
    cutout.points["back_paw"] = (feet[-1], 0.02)


def _bird_eye(cutout, x, y, size):
    cutout.add(WHITE, ellipse(x, y, size * 1.35, corners=12), outline=False)
    cutout.add(INK, ellipse(x, y, size, corners=12), outline=False)
    cutout.add(WHITE, ellipse(x + size * 0.3, y + size * 0.35, size * 0.34, corners=8), outline=False)
    cutout.points["eye"] = (x, y)


def _wing(cutout, coat, x, y, reach, width, angle):
    """Seen from the side: a drop that points backwards, with two rows of feathers."""
    drop = blob(
        [
            (0.1, 0.0),
            (0.02, 0.5 * width),
            (-0.4 * reach, 0.52 * width),
            (-reach, -0.1 * width),
            (-0.5 * reach, -0.5 * width),
            (-0.05, -0.42 * width),
        ],
        4,
    )
    sheet = cutout.add(coat.wing, turned(drop, angle, x, y), lift=0.25)
    bars = [
        tube([(-0.25 * reach, up * width), (-0.9 * reach, (up - 0.12) * width)], 0.03, 0.015)
        for up in (0.2, -0.1)
    ]
    cutout.add(shade(coat.wing, 1.3), *[turned(bar, angle, x, y) for bar in bars], within=sheet)
    tip = turned(polygon((-reach * 0.93, -0.08 * width)), angle, x, y)[0]
    cutout.points["wing_tip"] = tuple(tip)


def _songbird(cutout, dice, coat):
    legs = dice.number(0.14, 0.24)
    _legs(cutout, coat, [0.0, 0.12], legs + 0.1)
    angle = dice.number(0.15, 0.55)
    long = dice.number(0.3, 0.6)
    middle = legs + 0.27

    def put(outline):
        return turned(outline, angle, 0.0, middle)

    tail = polygon((-0.3, 0.1), (-0.34 - long, 0.07), (-0.38 - long, -0.06), (-0.3, -0.1))
    cutout.add(coat.wing, put(tail))
    body = blob(
        [
            (-0.42, 0.0),
            (-0.22, 0.22),
            (0.08, 0.27),
            (0.36, 0.2),
            (0.42, -0.04),
            (0.26, -0.24),
            (0.0, -0.28),
            (-0.26, -0.16),
        ]
    )
    sheet = cutout.add(coat.base, put(body))
    cutout.add(coat.belly, put(ellipse(0.28, -0.2, 0.36, 0.22, 0.5)), within=sheet)
    if coat.kind == "speckles":
        mark(cutout, dice, coat, sheet)
    x, y = turned(polygon((0.36, 0.22)), angle, 0.0, middle)[0]
    size = dice.number(0.19, 0.23)
    beak = polygon((x + size * 0.7, y + 0.08), (x + size + 0.17, y - 0.01), (x + size * 0.7, y - 0.08))
    if dice.chance(0.3):
        cutout.add(
            coat.wing, polygon((x - 0.16, y + 0.08), (x - 0.2, y + size + 0.2), (x + 0.12, y + size * 0.8))
        )
    cutout.add(coat.beak, beak)
    head = cutout.add(coat.base, ellipse(x, y, size), lift=0.12)
    if dice.chance(0.5):
        cutout.add(coat.wing, ellipse(x - 0.02, y + size * 0.75, size, size * 0.55), within=head)
    if dice.chance(0.5):
        cutout.add(coat.belly, ellipse(x + size * 0.3, y - size * 0.5, size * 0.7, size * 0.5), within=head)
    _bird_eye(cutout, x + size * 0.35, y + size * 0.15, 0.042)
    wing_x, wing_y = turned(polygon((0.14, 0.06)), angle, 0.0, middle)[0]
    _wing(cutout, coat, wing_x, wing_y, dice.number(0.5, 0.62), 0.34, angle + 0.05)
    root, tip = put(polygon((-0.36, 0.02), (-0.34 - long, 0.005)))
    cutout.points.update(nose=(x + size + 0.1, y - 0.005), tail_root=tuple(root), tail_tip=tuple(tip))


def _duck(cutout, dice, coat):
    _legs(cutout, coat, [-0.05, 0.1], 0.2, 0.05)
    neck = dice.number(0.62, 0.82)
    tail = blob([(-0.3, 0.42), (-0.55, 0.62), (-0.62, 0.5), (-0.4, 0.2)], 4)
    cutout.add(coat.wing, tail)
    body = blob(
        [
            (-0.55, 0.42),
            (-0.3, 0.47),
            (0.05, 0.46),
            (0.34, 0.46),
            (0.44, 0.32),
            (0.3, 0.14),
            (0.0, 0.08),
            (-0.35, 0.16),
        ]
    )
    sheet = cutout.add(coat.base, body)
    cutout.add(coat.belly, ellipse(0.1, 0.06, 0.42, 0.16), within=sheet)
    head_colour = dice.pick([coat.base, FEATHERS["green"], FURS["chocolate"]], [3, 1, 1])
    cutout.add(coat.base, tube([(0.28, 0.3), (0.42, 0.5), (0.3, neck)], 0.26, 0.17))
    bill = blob(
        [
            (0.42, neck + 0.09),
            (0.56, neck + 0.03),
            (0.68, neck + 0.02),
            (0.7, neck - 0.04),
            (0.56, neck - 0.06),
            (0.4, neck - 0.06),
        ],
        4,
    )
    cutout.add(dice.pick([(232, 158, 60), (236, 186, 76)]), bill)
    cutout.add(head_colour, ellipse(0.33, neck + 0.04, 0.16, 0.145), lift=0.12)
    _bird_eye(cutout, 0.4, neck + 0.08, 0.036)
    _wing(cutout, coat, 0.16, 0.34, 0.55, 0.3, dice.number(-0.15, 0.05))
    cutout.points.update(nose=(0.66, neck - 0.01), tail_root=(-0.42, 0.4), tail_tip=(-0.56, 0.56))


def _owl(cutout, dice, coat):
    coat.beak = (226, 158, 66)
    tail = polygon((-0.2, 0.15), (-0.24, 0.0), (0.0, -0.02), (0.05, 0.15))
    cutout.add(coat.wing, tail)
    body = blob(
        [
            (0, 0.04),
            (-0.22, 0.1),
            (-0.33, 0.36),
            (-0.34, 0.66),
            (-0.3, 0.86),
            (0, 0.94),
            (0.3, 0.86),
            (0.34, 0.66),
            (0.33, 0.36),
            (0.22, 0.1),
        ]
    )
    tuft = dice.number(0.98, 1.1)
    tufts = [polygon((s * 0.32, 0.74), (s * 0.31, tuft), (s * 0.08, 0.9)) for s in (-1, 1)]
    sheet = cutout.add(coat.base, body, *tufts)
    belly = cutout.add(coat.belly, ellipse(0.0, 0.34, 0.22, 0.28), within=sheet)
    chevrons = [
        polygon((x - 0.05, y + 0.02), (x, y - 0.045), (x + 0.05, y + 0.02), (x, y - 0.01))
        for row, y in enumerate((0.5, 0.4, 0.3, 0.2))
        for x in ((-0.11, 0.0, 0.11) if row % 2 else (-0.06, 0.06))
    ]
    cutout.add(coat.wing, *chevrons, within=belly)
    wings = [
        blob([(s * 0.3, 0.64), (s * 0.4, 0.4), (s * 0.3, 0.1), (s * 0.2, 0.3), (s * 0.22, 0.52)], 4)
        for s in (-1, 1)
    ]
    cutout.add(coat.wing, *wings, lift=0.2)
    cutout.add(coat.beak, *[ellipse(x, 0.035, 0.05, 0.04, corners=12) for x in (-0.14, -0.06, 0.06, 0.14)])
    discs = [ellipse(s * 0.15, 0.73, 0.165) for s in (-1, 1)]
    cutout.add(coat.light, *discs, outline=False, lift=0.1)
    yellow = dice.pick([(238, 196, 76), (232, 160, 64)])
    cutout.add(yellow, *[ellipse(s * 0.145, 0.73, 0.1) for s in (-1, 1)], outline=False)
    cutout.add(INK, *[ellipse(s * 0.14, 0.73, 0.062, corners=12) for s in (-1, 1)], outline=False)
    cutout.add(WHITE, *[ellipse(s * 0.14 + 0.025, 0.755, 0.022, corners=8) for s in (-1, 1)], outline=False)
    cutout.add(coat.beak, polygon((-0.05, 0.68), (0.05, 0.68), (0.0, 0.56)), outline=False)
    cutout.points.update(
        nose=(0, 0.63),
        eye=(-0.14, 0.73),
        tail_root=(-0.1, 0.09),
        tail_tip=(-0.12, 0.015),
        wing_tip=(-0.3, 0.17),
        back_paw=(0.1, 0.035),
    )


def _flyer(cutout, dice, coat):
    """In the air: both wings spread, a forked tail, no legs."""
    lift = dice.number(0.5, 0.8)
    far = blob(
        [(0.0, 0.5), (0.16, 0.5 + lift * 0.7), (0.3, 0.55 + lift), (0.32, 0.5 + lift * 0.5), (0.24, 0.5)], 4
    )
    cutout.add(shade(coat.wing, 0.8), far)
    tail = polygon((-0.36, 0.53), (-0.86, 0.6), (-0.68, 0.48), (-0.88, 0.38), (-0.36, 0.42))
    cutout.add(coat.wing, tail)
    beak = polygon((0.5, 0.6), (0.74, 0.53), (0.5, 0.48))
    cutout.add(coat.beak, beak)
    body = blob(
        [
            (-0.45, 0.48),
            (-0.2, 0.58),
            (0.15, 0.63),
            (0.4, 0.68),
            (0.56, 0.56),
            (0.44, 0.42),
            (0.1, 0.33),
            (-0.22, 0.39),
        ]
    )
    sheet = cutout.add(coat.base, body)
    cutout.add(coat.belly, ellipse(0.2, 0.34, 0.5, 0.13, 0.1), within=sheet)
    _bird_eye(cutout, 0.44, 0.58, 0.038)
    sweep = dice.number(-0.35, 0.0)
    down = dice.chance(0.3)
    tip = (sweep - 0.28, 0.12 + lift)
    feathers = [
        (tip[0] * part + 0.02, tip[1] * part * rise)
        for part, rise in ((0.92, 0.72), (0.85, 0.62), (0.66, 0.4), (0.6, 0.3))
    ]
    near = [
        (0.24, 0.0),
        (0.2, 0.2),
        (0.06 + sweep * 0.4, 0.14 + lift * 0.62),
        tip,
        *feathers,
        (-0.26, 0.08),
        (-0.2, -0.04),
    ]
    near = blob(near, 4)
    if down:
        near = near * (1, -0.8)
    near = near + (0.04, 0.52)
    wing = cutout.add(coat.wing, near, lift=0.25)
    edge = tube(
        [(0.1, 0.06), (0.04 + sweep * 0.4, 0.1 + lift * 0.5), (tip[0] * 0.8, tip[1] * 0.86)], 0.05, 0.025
    )
    cutout.add(shade(coat.wing, 1.3), edge * (1, -0.8 if down else 1) + (0.04, 0.52), within=wing)
    tip_x, tip_y = tip[0] * 0.95 + 0.04, tip[1] * 0.95 * (-0.8 if down else 1) + 0.52
    cutout.points.update(
        nose=(0.66, 0.54), tail_root=(-0.4, 0.48), tail_tip=(-0.8, 0.58), wing_tip=(tip_x, tip_y)
    )


def _hen(cutout, dice, coat):
    _legs(cutout, coat, [-0.06, 0.1], 0.25, 0.04)
    fan = [ellipse(-0.42 + 0.05 * k, 0.6 + 0.07 * k, 0.24, 0.09, 2.5 - 0.28 * k) for k in range(4)]
    cutout.add(coat.wing, *fan)
    body = blob(
        [
            (-0.45, 0.5),
            (-0.25, 0.46),
            (0.02, 0.5),
            (0.16, 0.72),
            (0.3, 0.84),
            (0.4, 0.7),
            (0.42, 0.42),
            (0.25, 0.2),
            (-0.05, 0.14),
            (-0.36, 0.26),
        ]
    )
    comb = [ellipse(0.2 + 0.075 * k, 0.9 - 0.02 * (k - 1) ** 2, 0.055, 0.07, corners=12) for k in range(3)]
    red = (206, 66, 58)
    cutout.add(red, *comb, ellipse(0.45, 0.64, 0.045, 0.08, corners=12))
    cutout.add(coat.beak, polygon((0.4, 0.8), (0.56, 0.73), (0.4, 0.69)))
    sheet = cutout.add(coat.base, body, ellipse(0.28, 0.77, 0.145))
    if coat.kind == "speckles":
        mark(cutout, dice, coat, sheet)
    _bird_eye(cutout, 0.33, 0.79, 0.034)
    _wing(cutout, coat, 0.14, 0.42, 0.5, 0.3, dice.number(-0.05, 0.15))
    cutout.points.update(nose=(0.5, 0.74), tail_root=(-0.38, 0.47), tail_tip=(-0.5, 0.7))


def _wader(cutout, dice, coat):
    """Heron or flamingo: long thin legs and a long thin neck."""
    legs = dice.number(0.4, 0.5)
    raised = dice.chance(0.4)
    if raised:
        parts = [
            tube([(0.0, legs + 0.06), (0.16, legs - 0.16)], 0.035, 0.03),
            tube([(0.16, legs - 0.16), (0.0, legs - 0.26)], 0.03, 0.03),
        ]
        cutout.add(shade(coat.beak, 0.75), *parts)
    _legs(cutout, coat, [0.02] if raised else [-0.05, 0.08], legs + 0.08, 0.032)
    top = legs + 0.5
    cutout.add(
        coat.wing,
        polygon((-0.25, legs + 0.22), (-0.5, legs + 0.06), (-0.46, legs - 0.02), (-0.15, legs + 0.05)),
    )
    sheet = cutout.add(coat.base, ellipse(-0.02, legs + 0.14, 0.33, 0.17, -0.05))
    cutout.add(coat.belly, ellipse(0.1, legs + 0.02, 0.3, 0.09), within=sheet)
    cutout.add(
        coat.base,
        tube([(0.2, legs + 0.14), (0.5, legs + 0.2), (0.06, legs + 0.34), (0.26, top)], 0.13, 0.085),
    )
    cutout.add(coat.beak, polygon((0.32, top + 0.06), (0.66, top - 0.05), (0.32, top - 0.03)))
    cutout.add(coat.base, ellipse(0.28, top + 0.01, 0.1, 0.085))
    if dice.chance(0.5):
        cutout.add(coat.wing, tube([(0.28, top + 0.06), (0.0, top + 0.02)], 0.06, 0.02))
    _bird_eye(cutout, 0.31, top + 0.03, 0.03)
    _wing(cutout, coat, 0.1, legs + 0.16, 0.46, 0.26, dice.number(-0.1, 0.15))
    cutout.points.update(
        nose=(0.58, top - 0.025), tail_root=(-0.3, legs + 0.14), tail_tip=(-0.45, legs + 0.04)
    )
