"""What all animals share: colours, coats and their marks, eyes."""

import math

from segkit.paper.shapes import blob, ellipse, jitter, mix, polygon, shade, tube

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


def eyes(cutout, dice, centres, size, colour, mood, angle=0.0):
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
