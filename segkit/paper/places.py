"""`paper_places`: animals on a floor, of which only what stands far behind tells whether it is a room's or a terrace's.

    place = draw_place(seed=1, index=0, size=128)

An animal in a room is a pet; the same animal under the open sky is wild. Animals, floor and things come from the same
dice in both; a strip at the top of the picture, wall or sky, is all that differs, and no animal comes near it:
`draw_place(…, outdoors=True)` and `outdoors=False` give the same pixels everywhere below that strip.
"""

import math

import numpy as np

from segkit.paper import rooms
from segkit.paper.scenes import (
    REFERENCE,
    Scene,
    cast_animals,
    is_flying,
    label_scene,
    paint_scene,
    place_animals,
    place_things,
)
from segkit.paper.shapes import Cutout, Dice, ellipse, jitter, mix, polygon, rectangle, shade

PLACES = ("pet", "wild")
FARTHEST = 0.24  # the strip ends above this part of the height
NEAREST = 0.4  # and no animal reaches above this one
HEIGHTS = {1: (0.3, 0.56), 2: (0.26, 0.48), 3: (0.23, 0.4), 4: (0.2, 0.35), 5: (0.19, 0.3)}


def draw_place(seed, index, size=REFERENCE, outdoors=None):
    """One scene with all its labels, as a dict of arrays; `outdoors` puts it in the place that is wanted."""
    scene, outdoors = plan_place(seed, index, outdoors)
    labels = label_scene(scene, size)
    return {
        "image": paint_scene(scene, size),
        **labels,
        "place_mask": ((labels["instance_mask"] > 0) * (1 + outdoors)).astype(np.uint8),
        "file_name": f"paper_places_{seed}_{index}.png",
    }


def plan_place(seed, index, outdoors=None):
    """Cast the animals, put them down, lay the floor; and only then, from dice of its own, what stands behind."""
    cast, floor, behind = (Dice(seed, index, number) for number in (21, 22, 23))
    is_outdoors = behind.chance(0.5)
    is_outdoors = is_outdoors if outdoors is None else bool(outdoors)
    animals = []
    while not animals:  # those that fly would come near what is behind
        animals = [(species, cutout) for species, cutout in cast_animals(cast) if not is_flying(cutout)]
    actors = place_animals(cast, animals, 0.55, HEIGHTS, NEAREST)
    echo = [cutout.colour for _, cutout in animals]
    edge = 1 - floor.number(0.17, FARTHEST - 0.02)
    background = Cutout()
    (sky if is_outdoors else wall)(background, behind, edge, echo)
    lay_floor(background, floor, edge, echo)
    actors = place_things(floor, actors, echo, floor.chance(0.5), 1 - edge)
    return Scene(background, actors, (seed, index, 24), 1 - edge), is_outdoors


def lay_floor(scene, dice, edge, echo):
    """Planks, tiles or felt, with a mat on it: in a room or on a terrace. Covers all below the edge."""
    palette = [jitter(dice, colour, 10) for colour in dice.pick(rooms.PALETTES)]
    ground = palette[2] if dice.chance(0.6) else jitter(dice, shade(dice.pick(echo), dice.number(0.85, 1.12)))
    rooms.boards(scene, dice, edge, ground)
    if dice.chance(0.5):
        rooms.rug(scene, dice, edge * 0.8, palette[3], palette[4])


def wall(scene, dice, edge, echo):
    """Wallpaper, and what hangs or stands before it."""
    first, second, _, cloth, accent = (jitter(dice, colour, 10) for colour in dice.pick(rooms.PALETTES))
    rooms.wallpaper(scene, dice, edge - 0.02, first, second)
    spots = [0.18, 0.5, 0.82]
    for furniture, chance in ((pane, 0.7), (rooms.sofa, 0.4), (frame, 0.7)):
        if dice.chance(chance):
            x = spots.pop(int(dice.random() * len(spots))) + dice.number(-0.05, 0.05)
            furniture(scene, dice, x, edge, cloth if furniture is rooms.sofa else accent, echo)


def pane(scene, dice, x, edge, colour, echo):
    """The lower half of a window with its curtains; the sky in it is small."""
    half, low = dice.number(0.08, 0.12), edge + dice.number(0.06, 0.09)
    scene.add(dice.pick([(246, 240, 228), rooms.WOOD]), rectangle(x - half, low, x + half, 1.1), lift=0.3)
    for side in (-1, 1):
        left, right = sorted((x + side * 0.012, x + side * (half - 0.015)))
        scene.add(dice.pick([(172, 206, 226), (96, 112, 148)]), rectangle(left, low + 0.018, right, 1.1))
    drape = [
        polygon(
            (x + side * (half + 0.05), 1.1),
            (x + side * half * 0.4, 1.1),
            (x + side * half * 0.9, low - 0.03),
            (x + side * (half + 0.06), low - 0.03),
        )
        for side in (-1, 1)
    ]
    scene.add(jitter(dice, dice.pick([*echo, colour])), *drape, lift=0.25)


def frame(scene, dice, x, edge, colour, echo):
    """A small picture in its frame."""
    half, tall = dice.number(0.045, 0.075), dice.number(0.035, 0.05)
    middle = edge + dice.number(0.1, 0.13)
    outer = rectangle(x - half, middle - tall, x + half, middle + tall)
    scene.add(dice.pick([rooms.WOOD, (240, 232, 214)]), outer, lift=0.3)
    within = rectangle(x - half * 0.75, middle - tall * 0.7, x + half * 0.75, middle + tall * 0.7)
    scene.add(mix(colour, (250, 240, 220), 0.5), within)
    scene.add(
        jitter(dice, dice.pick(echo)), ellipse(x - half * 0.2, middle - tall * 0.1, half * 0.4, tall * 0.5)
    )


def sky(scene, dice, edge, echo):
    """Sky with sun or clouds, hills, and a fence, a hedge or bushes behind the terrace."""
    top = [(178, 212, 230), (206, 226, 228), (246, 214, 176), (150, 178, 206), (232, 202, 206)]
    air = jitter(dice, dice.pick(top))
    scene.add(air, rectangle(-0.1, -0.1, 1.1, 1.1))
    if dice.chance(0.5):
        scene.add(
            (250, 226, 150),
            ellipse(dice.number(0.1, 0.9), 0.95, dice.number(0.05, 0.08), corners=32),
            lift=0.1,
        )
    for _ in range(dice.whole(0, 2)):
        x, y, size = dice.random(), dice.number(0.93, 0.98), dice.number(0.04, 0.06)
        puffs = [(0, 0, 1.3, 0.6), (-size, -0.012, 1, 0.4), (0.9 * size, -0.01, 1, 0.45)]
        scene.add(
            (248, 246, 240),
            *[ellipse(x + dx, y + dy, size * wide, size * tall) for dx, dy, wide, tall in puffs],
            lift=0.15,
        )
    greens = [(206, 160, 84), (188, 128, 78), (170, 150, 92)] if dice.chance(0.25) else rooms.GREENS
    for layer in range(dice.whole(1, 2)):
        peak, phase = edge + dice.number(0.05, 0.1) - 0.04 * layer, dice.number(0, 6.28)
        ridge = [
            (x, peak + 0.025 * math.sin(phase + x * (5 + 2 * layer))) for x in np.linspace(-0.1, 1.1, 13)
        ]
        colour = mix(dice.pick(greens), air, 0.45 - 0.15 * layer)
        scene.add(colour, polygon((-0.1, 0), (1.1, 0), *reversed(ridge)), lift=0.18)
    for plant in (rooms.hedge, rooms.fence):
        if dice.chance(0.5):
            plant(scene, dice, edge - 0.05, greens, echo)
