"""Cats: sitting, walking, as a loaf, curled up."""

from segkit.paper.animals.coats import EYES, INK, PINK, Coat, eyes, mark
from segkit.paper.shapes import Cutout, blob, ellipse, mix, polygon, shade, tube, turned


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
    eyes(cutout, dice, [spot(-0.42, 0.08), spot(0.42, 0.08)], size * 0.21, dice.pick(EYES), mood)
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
