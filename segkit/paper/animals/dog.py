"""Dogs: standing, sitting, lying, in many breeds."""

from segkit.paper.animals.coats import FEATHERS, INK, Coat, eyes, mark
from segkit.paper.shapes import Cutout, blob, ellipse, mix, polygon, shade, tube, turned


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
    eyes(cutout, dice, [spot(0.26, 0.26)], size * 0.17, coat.iris, "open")
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
    eyes(cutout, dice, [spot(-0.36, 0.16), spot(0.36, 0.16)], size * 0.15, coat.iris, "open")
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
