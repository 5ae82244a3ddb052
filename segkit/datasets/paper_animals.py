"""Cats, dogs and birds cut from paper, for `paper_pets`.

Each animal is a `Cutout` about one unit tall that stands on y = 0 and looks to the right; `paper_pets`
pins it to a scene. Poses, breeds, coats and colours come from the dice. Key points are named on the way.
"""

import math

from segkit.datasets.paper_shapes import (
    Cutout,
    blob,
    ellipse,
    jitter,
    mix,
    polygon,
    shade,
    tube,
    turned,
)

INK = (44, 38, 44)
WHITE = (246, 243, 236)
PINK = (226, 150, 146)
FURS = {
    "ginger": (219, 134, 66),
    "sand": (206, 176, 132),
    "cream": (238, 220, 188),
    "grey": (142, 144, 152),
    "slate": (98, 106, 122),
    "black": (66, 60, 68),
    "white": (240, 236, 228),
    "brown": (134, 94, 66),
    "chocolate": (92, 64, 54),
    "golden": (216, 164, 92),
    "rust": (172, 92, 58),
}
FEATHERS = {
    "blue": (82, 132, 184),
    "red": (200, 76, 66),
    "yellow": (236, 194, 80),
    "green": (104, 152, 92),
    "teal": (70, 140, 140),
    "pink": (226, 148, 152),
}
EYES = [(132, 168, 84), (222, 180, 70), (110, 160, 190), (196, 128, 60)]


class Coat:
    """Colours of one animal: base, dark (marks), light (belly, muzzle), and a kind of marks."""

    def __init__(self, dice, fur, colours, kinds, weights):
        self.name = fur or dice.pick(colours)
        self.base = jitter(dice, FURS.get(self.name) or FEATHERS[self.name])
        brightness = sum(self.base) / 3
        self.dark = shade(self.base, dice.number(0.58, 0.76)) if brightness > 90 else shade(self.base, 0.6)
        self.light = mix(self.base, WHITE, dice.number(0.55, 0.9))
        self.kind = dice.pick(kinds, weights)
        self.patch = jitter(dice, FURS[dice.pick(["ginger", "black", "brown", "grey", "chocolate", "rust"])])
        self.pale = dice.chance(0.5)  # a pale chest, muzzle and socks
        self.sock = self.light if self.pale and dice.chance(0.7) else self.base
        self.far = shade(self.base, 0.8)  # limbs on the far side
        if self.kind == "points":  # siamese: dark face, ears, legs and tail
            self.base = jitter(dice, FURS["cream"])
            self.dark = jitter(dice, FURS["chocolate"])
            self.far, self.sock, self.pale = shade(self.base, 0.85), self.dark, False

    @property
    def limb(self):
        return mix(self.base, self.dark, 0.3) if self.kind == "points" else self.base

    @property
    def mask(self):
        """Colour of ears."""
        return self.dark if self.kind in ("points", "saddle") else self.base


def mark(cutout, dice, coat, sheet):
    """Stripes, spots or patches, clipped to the sheet they are laid on."""
    outlines = [one for one, owner in zip(cutout.outlines, cutout.sheet_of, strict=True) if owner == sheet]
    (left, bottom), (right, top) = outlines[0].min(axis=0), outlines[0].max(axis=0)
    width, height = right - left, top - bottom
    if coat.kind == "stripes":
        count = dice.whole(4, 7)
        depth, lean = dice.number(0.45, 0.75), dice.number(-0.35, 0.35)
        bands = []
        for step in range(count):
            x = left + width * (step + 0.6) / count
            low = top - height * depth * dice.number(0.75, 1.1)
            half = width / count * dice.number(0.16, 0.27)
            bend = lean * height * 0.3
            corners = [(x - half, top + 0.05), (x + half, top + 0.05), (x + half + bend / 2, (top + low) / 2)]
            bands.append(polygon(*corners, (x + bend, low), (x - half + bend / 2, (top + low) / 2)))
        cutout.add(coat.dark, *bands, within=sheet)
    elif coat.kind == "bars":  # stripes across an upright body
        count = dice.whole(4, 6)
        bands = []
        for step in range(count):
            y = bottom + height * (step + 0.7) / (count + 0.3)
            half = height / count * dice.number(0.14, 0.22)
            reach = left + width * dice.number(0.35, 0.6)
            bands.append(polygon((left - 0.1, y + half * 2), (reach, y), (left - 0.1, y - half)))
        cutout.add(coat.dark, *bands, within=sheet)
    elif coat.kind == "spots":
        spots = []
        for _ in range(dice.whole(9, 16)):
            x, y = left + width * dice.random(), bottom + height * dice.random()
            size = dice.number(0.018, 0.045)
            spots.append(ellipse(x, y, size, size * dice.number(0.7, 1.1), corners=12))
        cutout.add(coat.patch if coat.name in ("white", "cream") else coat.dark, *spots, within=sheet)
    elif coat.kind == "patches":
        patches = []
        for step in range(dice.whole(2, 3)):
            x = left + width * (step * 0.4 + dice.number(0.0, 0.25))
            y = bottom + height * dice.number(0.45, 0.95)
            patches.append(_patch(dice, x, y, dice.number(0.11, 0.2)))
        cutout.add(coat.patch, *patches, within=sheet)
    elif coat.kind == "saddle":
        x, y = (left + right) / 2 - width * 0.05, top
        saddle = blob(
            [(x - width * 0.45, y), (x - width * 0.28, y - height * 0.42), (x, y - height * 0.55),
             (x + width * 0.3, y - height * 0.4), (x + width * 0.4, y), (x, y + 0.1)]
        )  # fmt: skip
        cutout.add(coat.dark, saddle, within=sheet)
    elif coat.kind == "speckles":
        flecks = []
        for _ in range(dice.whole(8, 14)):
            x, y = left + width * dice.number(0.25, 0.9), bottom + height * dice.number(0.1, 0.7)
            flecks.append(polygon((x - 0.02, y + 0.02), (x, y - 0.025), (x + 0.02, y + 0.02)))
        cutout.add(coat.dark, *flecks, within=sheet)


def _patch(dice, x, y, size):
    ring = []
    for corner in range(7):
        turn, reach = corner * 2 * math.pi / 7, size * dice.number(0.7, 1.15)
        ring.append((x + math.cos(turn) * reach, y + math.sin(turn) * reach))
    return blob(ring, 4)


def _eyes(cutout, dice, centres, size, colour, mood, angle=0.0):
    """Open eyes with a glint, or closed ones; never part of the silhouette."""
    if mood == "closed":
        arcs = [
            tube([(x - size, y), (x, y - size * 1.3), (x + size, y)], size * 0.5, size * 0.5)
            for x, y in centres
        ]
        cutout.add(INK, *arcs, outline=False)
        return
    if colour is not None:
        cutout.add(colour, *[ellipse(x, y, size, size * 1.08, corners=12) for x, y in centres], outline=False)
    narrow = 0.5 if colour is not None else 0.8
    cutout.add(
        INK, *[ellipse(x, y, size * narrow, size * 0.9, corners=12) for x, y in centres], outline=False
    )
    glints = [ellipse(x + size * 0.3, y + size * 0.35, size * 0.28, corners=8) for x, y in centres]
    cutout.add(WHITE, *glints, outline=False)


# ---------------------------------------------------------------- cats


def cat(dice, fur=None):
    furs = ["ginger", "sand", "cream", "grey", "slate", "black", "white", "brown"]
    kinds = ["stripes", "plain", "patches", "points", "spots"]
    coat = Coat(dice, fur, furs, kinds, [4, 3, 2, 1.2, 0.8])
    cutout = Cutout()
    cutout.colour = coat.base
    pose = dice.pick([_cat_sitting, _cat_walking, _cat_loaf, _cat_curled], [4, 4, 2, 1.3])
    pose(cutout, dice, coat)
    return cutout


def _cat_head(cutout, dice, coat, x, y, size, tilt=0.0, mood=None):
    mood = mood or dice.pick(["open", "closed"], [5, 1])
    wide = dice.number(0.98, 1.12)
    ear = dice.number(1.2, 1.5)

    def put(outline):
        return turned(outline, tilt, x, y, size)

    def spot(across, up):
        return tuple(put(polygon((across, up)))[0])

    right_ear = blob(
        [(-0.9 * wide, 0.1), (-0.96 * wide, 0.7), (-0.86 * wide, ear), (-0.5, 1.02), (-0.12, 0.7)], 4
    )
    left_ear = right_ear * (-1, 1)
    cutout.add(coat.mask, put(right_ear), put(left_ear))
    inner = polygon((-0.76 * wide, 0.55), (-0.8 * wide, ear - 0.22), (-0.38, 0.75))
    cutout.add(mix(PINK, coat.dark, 0.25), put(inner), put(inner * (-1, 1)), outline=False)
    half = [
        (0, 0.8),
        (0.5, 0.74),
        (0.9 * wide, 0.35),
        (1.04 * wide, -0.15),
        (0.78 * wide, -0.58),
        (0.34, -0.78),
    ]
    face = blob(half + [(0, -0.82)] + [(-a, b) for a, b in half[:0:-1]], 4)
    head = cutout.add(coat.base, put(face), lift=0.26)
    if coat.kind == "stripes":
        bars = [polygon((a - 0.1, 0.9), (a + 0.1, 0.9), (a * 0.75, 0.36)) for a in (-0.32, 0.0, 0.32)]
        bars += [
            polygon((s * 1.15, 0.1 - d), (s * 1.15, -0.1 - d), (s * 0.62, -0.08 - d))
            for s in (-1, 1)
            for d in (0, 0.3)
        ]
        cutout.add(coat.dark, *[put(bar) for bar in bars], within=head)
    elif coat.kind == "points":
        cutout.add(coat.dark, put(ellipse(0, -0.22, 0.6, 0.62)), within=head)
    elif coat.kind == "patches":
        cutout.add(coat.patch, put(ellipse(0.6, 0.4, 0.6, 0.55, 0.3)), within=head)
    light = coat.light if coat.kind != "points" else shade(coat.dark, 1.25)
    if coat.pale:
        cutout.add(
            light,
            put(blob([(0, 0.5), (0.22, 0.0), (0.5, -0.4), (0, -0.95), (-0.5, -0.4), (-0.22, 0.0)])),
            within=head,
        )
    else:
        cutout.add(
            light, put(ellipse(-0.2, -0.4, 0.25, 0.2)), put(ellipse(0.2, -0.4, 0.25, 0.2)), within=head
        )
    _eyes(cutout, dice, [spot(-0.42, 0.08), spot(0.42, 0.08)], size * 0.21, dice.pick(EYES), mood)
    nose = [put(polygon((-0.15, -0.2), (0.15, -0.2), (0, -0.38)))]
    cutout.add(mix(PINK, INK, 0.15 if coat.kind != "points" else 0.7), *nose, outline=False)
    mouth = [tube([(0, -0.36), (0.05 * s, -0.52), (0.28 * s, -0.5)], 0.07, 0.05) for s in (-1, 1)]
    cutout.add(mix(coat.base, INK, 0.75), *[put(one) for one in mouth], outline=False)
    cutout.points.update(
        nose=spot(0, -0.27),
        eye=spot(-0.42, 0.08),
        right_ear=spot(-0.8 * wide, ear * 0.86),
        left_ear=spot(0.8 * wide, ear * 0.86),
    )


def _cat_sitting(cutout, dice, coat):
    lean = dice.number(-0.05, 0.07)
    tail = dice.pick(["curl", "up", "front"])
    if tail == "front":
        tip = (0.34, 0.05)
        tail_path, root = [(-0.28, 0.06), (-0.1, 0.0), (0.1, 0.03), tip], (-0.3, 0.08)
    elif tail == "curl":
        tip = (-0.48, dice.number(0.32, 0.5))
        tail_path, root = [(-0.22, 0.07), (-0.62, -0.02), (-0.82, 0.3), tip], (-0.27, 0.07)
    else:
        tip = (dice.number(-0.6, -0.38), dice.number(0.6, 0.8))
        tail_path, root = [(-0.2, 0.08), (-0.62, 0.0), (-0.34, 0.42), tip], (-0.26, 0.08)
    tail_sheet = tube(tail_path, 0.11, 0.085)
    if tail != "front":
        cutout.add(coat.limb, tail_sheet)
        if coat.kind == "points" or coat.sock != coat.base:
            cutout.add(coat.sock, ellipse(*tip, 0.09), within=len(cutout.sheets) - 1)
    body = blob(
        [(-0.32, 0.01), (-0.37, 0.2), (-0.28, 0.44), (-0.12 + lean, 0.68), (0.06 + lean, 0.74), (0.19, 0.6),
         (0.24, 0.36), (0.25, 0.12), (0.22, 0.0), (-0.05, -0.015)]
    )  # fmt: skip
    sheet = cutout.add(coat.base, body)
    mark(cutout, dice, _upright(coat), sheet)
    if coat.pale:
        cutout.add(coat.light, ellipse(0.15, 0.48, 0.1, 0.2, 0.1), within=sheet)
    haunch = cutout.add(coat.base, ellipse(-0.15, 0.17, 0.2, 0.18, 0.15), lift=0.22)
    if coat.kind in ("stripes", "spots"):
        mark(cutout, dice, coat, haunch)
    cutout.add(coat.sock, ellipse(-0.02, 0.035, 0.1, 0.042), lift=0.12)
    legs = [tube([(0.07, 0.42), (0.06, 0.03)], 0.13, 0.1), tube([(0.18, 0.42), (0.2, 0.03)], 0.12, 0.1)]
    cutout.add(coat.limb, *legs, lift=0.18)
    cutout.add(coat.sock, ellipse(0.08, 0.035, 0.07, 0.042), ellipse(0.22, 0.035, 0.07, 0.042))
    if tail == "front":
        cutout.add(coat.limb, tail_sheet, lift=0.25)
    head = dice.number(0.2, 0.24)
    _cat_head(cutout, dice, coat, 0.07 + lean * 1.6, 0.84, head, dice.number(-0.22, 0.22))
    cutout.points.update(tail_root=root, tail_tip=tip, front_paw=(0.22, 0.045), back_paw=(-0.03, 0.045))


def _upright(coat):
    """An upright body wears its stripes across."""
    if coat.kind != "stripes":
        return coat
    upright = object.__new__(Coat)
    upright.__dict__.update(coat.__dict__, kind="bars")
    return upright


def _cat_walking(cutout, dice, coat):
    leg = dice.number(0.3, 0.4)
    stride = dice.number(-0.13, 0.13)
    back = leg + 0.26
    tip = dice.pick([(-0.78, back + 0.42), (-0.5, back + 0.5), (-1.0, back + 0.12), (-0.9, back - 0.2)])
    bend = [(-0.46, back - 0.04), (-0.86, back - 0.06), (-0.6, (back + tip[1]) / 2 + 0.05), tip]
    cutout.add(coat.limb, tube(bend, 0.1, 0.075))
    far = [
        tube([(-0.34, leg + 0.1), (-0.42 - stride, leg * 0.6), (-0.36 - stride * 1.3, 0.04)], 0.17, 0.08),
        tube([(0.36, leg + 0.1), (0.38 - stride, leg * 0.5), (0.4 - stride * 1.5, 0.04)], 0.15, 0.08),
    ]
    cutout.add(shade(coat.limb, 0.8), *far)
    body = blob(
        [(-0.52, back - 0.1), (-0.46, back), (-0.2, back - 0.02), (0.12, back - 0.015), (0.38, back + 0.02),
         (0.52, back - 0.06), (0.48, leg + 0.04), (0.3, leg - 0.05), (0.0, leg - 0.01), (-0.26, leg + 0.03), (-0.48, leg + 0.02)]
    )  # fmt: skip
    sheet = cutout.add(coat.base, body, lift=0.15)
    mark(cutout, dice, coat, sheet)
    hip = (-0.4 + stride, leg * 0.55)
    near = [
        tube([(-0.36, leg + 0.1), hip, (-0.38 + stride * 1.3, 0.04)], 0.21, 0.085),
        tube([(0.37, leg + 0.1), (0.38 + stride, leg * 0.5), (0.38 + stride * 1.5, 0.04)], 0.17, 0.085),
    ]
    cutout.add(coat.limb, *near)
    front, hind = (0.41 + stride * 1.5, 0.035), (-0.35 + stride * 1.3, 0.035)
    cutout.add(coat.sock, ellipse(*front, 0.07, 0.04, corners=12), ellipse(*hind, 0.07, 0.04, corners=12))
    _cat_head(
        cutout,
        dice,
        coat,
        0.55,
        back + dice.number(0.06, 0.16),
        dice.number(0.185, 0.215),
        dice.number(-0.25, 0.2),
    )
    cutout.points.update(tail_root=(-0.47, back - 0.04), tail_tip=tip, front_paw=front, back_paw=hind)


def _cat_loaf(cutout, dice, coat):
    tall = dice.number(0.42, 0.5)
    body = blob(
        [(-0.55, 0.02), (-0.58, 0.2), (-0.42, tall - 0.06), (-0.1, tall), (0.25, tall), (0.46, 0.28), (0.5, 0.06), (0.42, 0.0), (-0.1, -0.015)]
    )  # fmt: skip
    sheet = cutout.add(coat.base, body)
    mark(cutout, dice, coat, sheet)
    haunch = cutout.add(coat.base, ellipse(-0.32, 0.19, 0.22, 0.18, 0.2), lift=0.2)
    if coat.kind in ("stripes", "spots"):
        mark(cutout, dice, coat, haunch)
    cutout.add(coat.sock, ellipse(-0.14, 0.035, 0.12, 0.042), lift=0.15)
    cutout.add(coat.sock, ellipse(0.34, 0.045, 0.11, 0.05), ellipse(0.48, 0.045, 0.1, 0.05), lift=0.15)
    tip = (dice.number(-0.3, 0.1), 0.05)
    root = (-0.54, 0.12)
    cutout.add(coat.limb, tube([root, (-0.72, 0.0), (-0.4, 0.0), tip], 0.1, 0.09), lift=0.22)
    _cat_head(cutout, dice, coat, 0.36, tall + 0.06, dice.number(0.21, 0.25), dice.number(-0.2, 0.2))
    cutout.points.update(tail_root=root, tail_tip=tip, front_paw=(0.48, 0.05), back_paw=(-0.12, 0.04))


def _cat_curled(cutout, dice, coat):
    body = blob(
        [
            (-0.5, 0.08),
            (-0.52, 0.3),
            (-0.32, 0.5),
            (0.0, 0.54),
            (0.34, 0.46),
            (0.52, 0.26),
            (0.46, 0.06),
            (0.0, -0.01),
        ]
    )
    sheet = cutout.add(coat.base, body)
    mark(cutout, dice, coat, sheet)
    cutout.add(coat.base, ellipse(-0.24, 0.24, 0.24, 0.2, 0.3), lift=0.2)
    _cat_head(cutout, dice, coat, 0.28, 0.24, 0.2, dice.number(-0.5, -0.15), mood="closed")
    root, tip = (-0.48, 0.12), (0.36, 0.05)
    cutout.add(coat.sock, ellipse(0.02, 0.1, 0.1, 0.045, 0.2), lift=0.15)
    cutout.add(coat.limb, tube([root, (-0.4, -0.04), (0.0, -0.02), tip], 0.12, 0.09), lift=0.25)
    cutout.points.update(tail_root=root, tail_tip=tip, front_paw=(0.06, 0.11), back_paw=(-0.1, 0.16))


# ---------------------------------------------------------------- dogs


def dog(dice, fur=None):
    furs = ["golden", "sand", "cream", "grey", "black", "white", "brown", "chocolate", "rust"]
    coat = Coat(dice, fur, furs, ["plain", "patches", "spots", "saddle"], [3.2, 3, 1.6, 2.2])
    cutout = Cutout()
    cutout.colour = coat.base
    coat.ears = dice.pick(["floppy", "pointed", "long"], [4, 2.4, 2.2])
    coat.snout = dice.number(0.62, 1.0)
    coat.iris = (190, 132, 74) if sum(coat.base) < 330 else None  # dark eyes would be lost in dark fur
    pose = dice.pick([_dog_standing, _dog_sitting, _dog_lying], [5, 4, 2])
    pose(cutout, dice, coat)
    return cutout


def _dog_head(cutout, dice, coat, x, y, size, tilt=0.0):
    """Seen from the side (a long snout tells the dog), or from the front with a broad muzzle."""
    if dice.chance(0.38):
        _dog_face(cutout, dice, coat, x, y, size * 1.08, tilt)
        return
    long = coat.snout

    def put(outline):
        return turned(outline, tilt, x, y, size)

    def spot(across, up):
        return tuple(put(polygon((across, up)))[0])

    ear_colour = shade(coat.patch, 0.95) if coat.kind == "patches" else shade(coat.mask, 0.82)
    if coat.ears == "pointed":
        far = polygon((0.0, 0.5), (0.2, 1.5), (0.5, 0.55))
        near = blob([(-0.72, 0.2), (-0.66, 0.8), (-0.42, 1.5), (-0.12, 1.0), (0.06, 0.5)], 4)
        right, left = (-0.42, 1.3), (0.2, 1.3)
    else:
        drop = -0.75 if coat.ears == "floppy" else -1.25
        far = blob([(0.2, 0.75), (0.5, 0.6), (0.52, 0.2), (0.3, 0.3)], 4)
        near = blob(
            [
                (-0.5, 0.72),
                (-0.12, 0.6),
                (-0.14, 0.0),
                (-0.32, drop),
                (-0.68, drop + 0.02),
                (-0.82, -0.1),
                (-0.78, 0.45),
            ],
            4,
        )
        right, left = (-0.48, drop + 0.2), (0.42, 0.45)
    cutout.add(shade(ear_colour, 0.85), put(far))
    if coat.ears == "pointed":
        cutout.add(ear_colour, put(near))
    tongue = dice.chance(0.35)
    if tongue:
        cutout.add(
            (222, 110, 116), put(tube([(0.62 + long * 0.4, -0.4), (0.66 + long * 0.4, -0.85)], 0.26, 0.24))
        )
    skull = blob(
        [(-0.78, 0.0), (-0.66, 0.52), (-0.2, 0.82), (0.3, 0.7), (0.56, 0.32), (0.75 + long * 0.5, 0.16),
         (0.7 + long, 0.06), (0.76 + long, -0.22), (0.6 + long, -0.44), (0.5, -0.56), (0.0, -0.7), (-0.5, -0.56)], 4
    )  # fmt: skip
    head = cutout.add(coat.base, put(skull), lift=0.26)
    if coat.pale:
        muzzle = blob(
            [(0.5, 0.05), (0.8 + long, 0.2), (0.9 + long, -0.3), (0.5, -0.75), (0.0, -0.9), (0.2, -0.4)]
        )
        cutout.add(coat.light, put(muzzle), within=head)
    elif coat.kind == "saddle":
        cutout.add(coat.dark, put(ellipse(0.75 + long * 0.6, -0.1, 0.55, 0.3)), within=head)
    elif coat.kind == "patches":
        cutout.add(coat.patch, put(ellipse(0.1, 0.35, 0.5, 0.45)), within=head)
    lip = tube([(0.72 + long, -0.2), (0.6 + long * 0.5, -0.32), (0.5, -0.22)], 0.08, 0.06)
    cutout.add(mix(coat.base, INK, 0.7), put(lip), outline=False)
    _eyes(cutout, dice, [spot(0.26, 0.26)], size * 0.17, coat.iris, "open")
    cutout.add(INK, put(ellipse(0.7 + long, 0.03, 0.17, 0.15, corners=12)))
    if coat.ears != "pointed":
        cutout.add(ear_colour, put(near), lift=0.22)
    cutout.points.update(
        nose=spot(0.7 + long, 0.03), eye=spot(0.26, 0.26), right_ear=spot(*right), left_ear=spot(*left)
    )


def _dog_face(cutout, dice, coat, x, y, size, tilt):
    def put(outline):
        return turned(outline, tilt, x, y, size)

    def spot(across, up):
        return tuple(put(polygon((across, up)))[0])

    ear_colour = shade(coat.patch, 0.95) if coat.kind == "patches" else shade(coat.mask, 0.82)
    if coat.ears == "pointed":
        ear = blob([(-0.78, 0.3), (-0.82, 0.9), (-0.7, 1.4), (-0.4, 1.0), (-0.16, 0.66)], 4)
        tip = (-0.68, 1.2)
    else:
        drop = -0.5 if coat.ears == "floppy" else -0.95
        ear = blob(
            [
                (-0.5, 0.76),
                (-0.86, 0.66),
                (-1.12, 0.15),
                (-1.14, drop),
                (-0.86, drop - 0.1),
                (-0.7, -0.1),
                (-0.56, 0.4),
            ],
            4,
        )
        tip = (-0.97, drop + 0.15)
    half = [(0, 0.84), (0.5, 0.76), (0.78, 0.35), (0.76, -0.15), (0.56, -0.62), (0.3, -0.92)]
    face = blob(half + [(0, -0.98)] + [(-a, b) for a, b in half[:0:-1]], 4)
    if coat.ears == "pointed":
        cutout.add(ear_colour, put(ear), put(ear * (-1, 1)))
    head = cutout.add(coat.base, put(face), lift=0.26)
    if coat.kind == "patches":
        cutout.add(coat.patch, put(ellipse(0.42, 0.3, 0.4, 0.5)), within=head)
    light = coat.dark if coat.kind == "saddle" else coat.light
    if coat.pale:
        cutout.add(
            light,
            put(
                blob(
                    [
                        (0, 0.9),
                        (0.16, 0.3),
                        (0.46, -0.3),
                        (0.3, -1.0),
                        (-0.3, -1.0),
                        (-0.46, -0.3),
                        (-0.16, 0.3),
                    ]
                )
            ),
            within=head,
        )
    else:
        cutout.add(light, put(ellipse(0, -0.48, 0.46, 0.42)), within=head)
    if coat.ears != "pointed":
        cutout.add(ear_colour, put(ear), put(ear * (-1, 1)), lift=0.22)
    if dice.chance(0.35):
        cutout.add((222, 110, 116), put(tube([(0.04, -0.6), (0.06, -1.02)], 0.28, 0.26)))
    _eyes(cutout, dice, [spot(-0.36, 0.16), spot(0.36, 0.16)], size * 0.15, coat.iris, "open")
    mouth = [tube([(0, -0.4), (0.05 * s, -0.66), (0.32 * s, -0.6)], 0.08, 0.06) for s in (-1, 1)]
    cutout.add(mix(coat.base, INK, 0.75), *[put(one) for one in mouth], outline=False)
    cutout.add(
        INK,
        put(blob([(-0.22, -0.16), (0, -0.12), (0.22, -0.16), (0.12, -0.36), (0, -0.42), (-0.12, -0.36)], 4)),
        outline=False,
    )
    cutout.points.update(
        nose=spot(0, -0.25), eye=spot(-0.36, 0.16), right_ear=spot(*tip), left_ear=spot(-tip[0], tip[1])
    )


def _collar(cutout, dice, sheet, x, y, angle, width):
    if dice.chance(0.45):
        colour = dice.pick([FEATHERS["red"], FEATHERS["blue"], FEATHERS["green"], FEATHERS["yellow"]])
        band = turned(
            polygon((-width, -0.028), (width, -0.028), (width, 0.028), (-width, 0.028)), angle, x, y
        )
        cutout.add(colour, band, within=sheet)


def _dog_tail(cutout, dice, coat, x, y):
    kind = dice.pick(["up", "curl", "down", "stub"], [4, 2, 2, 1])
    if kind == "curl":
        path, width, tip = (
            [(x, y), (x - 0.3, y + 0.2), (x - 0.1, y + 0.42), (x + 0.06, y + 0.2)],
            0.12,
            (x + 0.05, y + 0.22),
        )
    elif kind == "down":
        path, width, tip = [(x, y), (x - 0.2, y), (x - 0.26, y - 0.3)], 0.1, (x - 0.26, y - 0.29)
    elif kind == "stub":
        path, width, tip = [(x, y), (x - 0.13, y + 0.13)], 0.11, (x - 0.13, y + 0.13)
    else:
        lean = dice.number(-0.3, -0.05)
        path, width, tip = (
            [(x, y), (x - 0.24, y + 0.05), (x + lean - 0.1, y + 0.44)],
            0.1,
            (x + lean - 0.1, y + 0.43),
        )
    sheet = cutout.add(coat.limb, tube(path, width, width * dice.number(0.45, 0.8)))
    if coat.pale:
        cutout.add(coat.light, ellipse(*tip, 0.09, corners=12), within=sheet)
    cutout.points.update(tail_root=(x, y), tail_tip=tip)


def _dog_standing(cutout, dice, coat):
    breed = dice.pick(["retriever", "dachshund", "slim", "stocky"], [4, 2.2, 2.2, 2])
    leg, thick, reach, width = {
        "retriever": (0.42, 0.36, 0.5, 0.12),
        "dachshund": (0.17, 0.27, 0.62, 0.11),
        "slim": (0.52, 0.3, 0.46, 0.08),
        "stocky": (0.3, 0.42, 0.42, 0.15),
    }[breed]
    back, stride = leg + thick, dice.number(-0.1, 0.1) * (0.5 if leg < 0.2 else 1)
    _dog_tail(cutout, dice, coat, -reach + 0.03, back - 0.06)
    hip, chest = -reach + 0.12, reach - 0.12
    far = [
        tube(
            [(hip + 0.06, leg + 0.12), (hip - stride, leg * 0.6), (hip + 0.06 - stride * 1.3, 0.04)],
            width * 1.6,
            width * 0.85,
        ),
        tube(
            [(chest, leg + 0.12), (chest - stride, leg * 0.5), (chest - stride * 1.4, 0.04)],
            width * 1.4,
            width * 0.85,
        ),
    ]
    far.append(ellipse(chest + 0.05 - stride * 1.4, 0.035, width * 0.75, 0.04, corners=12))
    cutout.add(coat.far, *far)
    tuck = 0.1 if breed == "slim" else 0.03
    neck = dice.number(0.16, 0.3)
    body = blob(
        [(-reach, back - 0.12), (-reach + 0.08, back), (-0.1, back - 0.02), (reach - 0.22, back + 0.02), (reach - 0.12, back + neck),
         (reach + 0.1, back + neck), (reach + 0.06, back - 0.1), (reach, leg + 0.05), (reach - 0.16, leg - 0.05), (0.0, leg),
         (-reach + 0.25, leg + tuck), (-reach + 0.04, leg + 0.02)]
    )  # fmt: skip
    sheet = cutout.add(coat.base, body, lift=0.15)
    mark(cutout, dice, coat, sheet)
    if coat.pale:
        cutout.add(
            coat.light, ellipse(reach - 0.02, leg + thick * 0.45, 0.12, thick * 0.6, -0.2), within=sheet
        )
    _collar(cutout, dice, sheet, reach - 0.05, back + neck * 0.45, -0.5, 0.3)
    near_front, near_hind = chest - 0.02 + stride, hip + stride
    near = [
        tube(
            [(hip + 0.04, leg + 0.14), (near_hind - 0.06, leg * 0.6), (near_hind + stride * 0.3, 0.04)],
            width * 2.0,
            width * 0.9,
        ),
        tube(
            [(chest - 0.03, leg + 0.14), (near_front, leg * 0.5), (near_front + stride * 0.4, 0.04)],
            width * 1.5,
            width * 0.9,
        ),
    ]
    cutout.add(coat.limb, *near)
    front, paw = (near_front + stride * 0.4 + 0.04, 0.035), (near_hind + stride * 0.3 + 0.04, 0.035)
    cutout.add(
        coat.sock,
        ellipse(*front, width * 0.8, 0.042, corners=12),
        ellipse(*paw, width * 0.8, 0.042, corners=12),
    )
    size = dice.number(0.2, 0.24)
    _dog_head(cutout, dice, coat, reach + 0.05, back + neck + 0.04, size, dice.number(-0.3, 0.25))
    cutout.points.update(front_paw=front, back_paw=paw)


def _dog_sitting(cutout, dice, coat):
    tip = (-0.62, dice.number(0.12, 0.4))
    cutout.add(coat.limb, tube([(-0.2, 0.1), (-0.42, 0.02), tip], 0.12, dice.number(0.05, 0.1)))
    body = blob(
        [(-0.3, 0.01), (-0.36, 0.18), (-0.26, 0.4), (-0.12, 0.66), (-0.02, 0.88), (0.18, 0.92), (0.25, 0.72), (0.27, 0.45),
         (0.24, 0.1), (0.2, 0.0), (-0.05, -0.015)]
    )  # fmt: skip
    sheet = cutout.add(coat.base, body)
    mark(cutout, dice, coat, sheet)
    if coat.pale:
        cutout.add(coat.light, ellipse(0.2, 0.55, 0.11, 0.24, 0.1), within=sheet)
    _collar(cutout, dice, sheet, 0.08, 0.76, -0.15, 0.4)
    cutout.add(coat.base, ellipse(-0.14, 0.18, 0.2, 0.19, 0.2), lift=0.22)
    cutout.add(coat.sock, ellipse(-0.03, 0.035, 0.13, 0.045), lift=0.12)
    cutout.add(
        coat.far, tube([(0.16, 0.5), (0.25, 0.03)], 0.14, 0.1), ellipse(0.28, 0.035, 0.075, 0.042, corners=12)
    )
    cutout.add(coat.limb, tube([(0.12, 0.52), (0.12, 0.03)], 0.17, 0.11), lift=0.18)
    cutout.add(coat.sock, ellipse(0.15, 0.035, 0.085, 0.044, corners=12))
    _dog_head(cutout, dice, coat, 0.1, 0.98, dice.number(0.22, 0.27), dice.number(-0.2, 0.3))
    cutout.points.update(
        tail_root=(-0.28, 0.08), tail_tip=tip, front_paw=(0.15, 0.04), back_paw=(-0.02, 0.04)
    )


def _dog_lying(cutout, dice, coat):
    tip = (-0.9, dice.number(0.05, 0.25))
    cutout.add(coat.limb, tube([(-0.5, 0.12), (-0.72, 0.02), tip], 0.12, 0.07))
    cutout.add(coat.far, tube([(0.3, 0.1), (0.66, 0.07)], 0.12, 0.09))
    body = blob(
        [(-0.58, 0.02), (-0.6, 0.2), (-0.45, 0.36), (-0.1, 0.36), (0.16, 0.46), (0.3, 0.62), (0.48, 0.58), (0.48, 0.3),
         (0.42, 0.04), (0.3, 0.0), (-0.2, -0.01)]
    )  # fmt: skip
    sheet = cutout.add(coat.base, body)
    mark(cutout, dice, coat, sheet)
    if coat.pale:
        cutout.add(coat.light, ellipse(0.44, 0.38, 0.11, 0.22), within=sheet)
    _collar(cutout, dice, sheet, 0.36, 0.5, -0.3, 0.3)
    cutout.add(coat.base, ellipse(-0.36, 0.18, 0.21, 0.17, 0.2), lift=0.2)
    cutout.add(coat.sock, ellipse(-0.16, 0.04, 0.15, 0.045), lift=0.15)
    cutout.add(coat.limb, tube([(0.26, 0.12), (0.4, 0.04), (0.66, 0.045)], 0.16, 0.09), lift=0.18)
    cutout.add(coat.sock, ellipse(0.68, 0.045, 0.07, 0.047, corners=12))
    _dog_head(cutout, dice, coat, 0.42, 0.68, dice.number(0.21, 0.25), dice.number(-0.25, 0.15))
    cutout.points.update(
        tail_root=(-0.52, 0.12), tail_tip=tip, front_paw=(0.68, 0.045), back_paw=(-0.08, 0.04)
    )


# ---------------------------------------------------------------- birds


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


DRAW = {"cat": cat, "dog": dog, "bird": bird}
