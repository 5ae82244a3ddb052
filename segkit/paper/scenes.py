"""`paper_pets`: scenes of cut-paper cats, dogs and birds, drawn from a seed, labelled exactly.

    scene = draw_scene(seed=1, index=0, size=128)

A scene is made in three steps, each of which may be replaced by a later config without touching the others:
`plan_scene` decides who stands where (it never looks at `size`), `paint_scene` makes the picture,
`label_scene` makes the masks, boxes and key points. The labels come from the polygons, not from the picture,
and from integer arithmetic only: they are the same under every version of NumPy and Pillow.
"""

import math

import numpy as np

from segkit.paper import rooms
from segkit.paper.animals import DRAW
from segkit.paper.shapes import Dice, paint, paint_sheets

SPECIES = ("cat", "dog", "bird")
# left and right are the animal's own; a bird's beak is its nose, its feet are back paws, its arm is a wing.
KEYPOINTS = (
    "nose", "eye", "left_ear", "right_ear", "tail_root", "tail_tip", "front_paw", "back_paw", "wing_tip",
)  # fmt: skip
PET, BACKGROUND, BORDER = 1, 2, 3  # the trimap of Oxford-IIIT Pet

REFERENCE = 128  # what stays visible is decided at this size, so that every size shows the same composition
LEAST_PIXELS = 110  # visible pixels of each animal at the reference size
LEAST_PART = 0.3  # of an animal's pixels in the picture that must stay visible
COUNT_WEIGHTS = {1: 35, 2: 30, 3: 20, 4: 10, 5: 5}
SHARED_FURS = ("sand", "grey", "black", "white", "brown", "golden", "rust")
HEIGHTS = {1: (0.26, 1.1), 2: (0.22, 0.74), 3: (0.2, 0.6), 4: (0.19, 0.5), 5: (0.19, 0.42)}


class Actor:
    """An animal or a thing in the scene. `species` is None for a thing: it hides others but has no label."""

    def __init__(self, placed, depth, species=None, flip=False):
        self.placed, self.depth, self.species, self.flip = placed, depth, species, flip
        self.mask = placed.silhouette(REFERENCE)


class Scene:
    """What is where, in picture widths; from back to front. Independent of the picture's size."""

    def __init__(self, background, actors, finish_seed, horizon):
        self.background, self.actors, self.finish_seed = background, actors, finish_seed
        self.horizon = horizon  # where the ground begins, from above


def draw_scene(seed, index, size=REFERENCE):
    """One scene with all its labels, as a dict of arrays; the same bytes on every machine."""
    scene = plan_scene(seed, index)
    return {
        "image": paint_scene(scene, size),
        **label_scene(scene, size),
        "file_name": f"paper_pets_{seed}_{index}.png",
    }


# ---------------------------------------------------------------- who stands where


def by_chance(dice, species):
    """Indoors or out? Here the animals have no say, so the place tells nothing about the class."""
    return dice.chance(0.55)


def plan_scene(seed, index, is_indoors=by_chance):
    """Cast the animals, put them down, build the place round them.

    `is_indoors(dice, species)` may look at the cast: a config whose room tells the class needs no more.
    """
    # Separate dice for separate decisions: a new kind of thing does not change the animals.
    cast, stage = Dice(seed, index, 1), Dice(seed, index, 2)
    animals = cast_animals(cast)
    horizon = cast.number(0.48, 0.7)  # where the floor or the meadow begins; y points down
    actors = place_animals(cast, animals, horizon)
    echo = [cutout.colour for _, cutout in animals]
    indoors = is_indoors(stage, [actor.species for actor in actors])
    background = (rooms.room if indoors else rooms.garden)(stage, echo, 1 - horizon)
    actors = place_things(stage, actors, echo, indoors, horizon)
    return Scene(background, actors, (seed, index, 3), horizon)


def cast_animals(dice):
    """One to five (species, Cutout) pairs."""
    count = dice.pick(list(COUNT_WEIGHTS), list(COUNT_WEIGHTS.values()))
    fur = (
        dice.pick(SHARED_FURS) if count > 1 and dice.chance(0.25) else None
    )  # all in one colour: shape decides
    animals = []
    for _ in range(count):
        species = dice.pick(SPECIES)
        animals.append((species, DRAW[species](dice, fur)))
    return animals


def visible_masks(masks):
    """What each mask shows when later masks lie on earlier ones."""
    shown, above = [], np.zeros_like(masks[0])
    for mask in reversed(masks):
        shown.append(mask & ~above)
        above = above | mask
    return shown[::-1]


def all_visible(actors):
    """Does enough of every animal remain visible?"""
    for actor, shown in zip(actors, visible_masks([actor.mask for actor in actors]), strict=True):
        if actor.species is not None:
            pixels = np.count_nonzero(shown)
            if pixels < max(LEAST_PIXELS, LEAST_PART * np.count_nonzero(actor.mask)):
                return False
    return True


def place_animals(dice, animals, horizon, heights=HEIGHTS, highest=-math.inf):
    """Put every animal down where all remain visible; shrink it when there is no room. None reaches above `highest`."""
    low, high = heights[len(animals)]
    actors = []
    for species, cutout in animals:
        height = math.exp(dice.number(math.log(low), math.log(high)))
        if dice.chance(0.5):
            height = dice.number(low, high)
        beside = dice.pick(actors) if actors and dice.chance(0.5) else None
        attempt = 0
        while attempt < 14 or not actors:  # the first animal always finds its place
            neighbour = beside if attempt < 5 else None
            actor = place_animal(dice, species, cutout, max(0.19, height * 0.94**attempt), neighbour, horizon)
            trial = in_order([*actors, actor])
            if well_inside(actor, highest) and all_visible(trial):
                actors = trial
                break
            attempt += 1
    return actors


def in_order(actors):
    """From back to front."""
    return sorted(actors, key=lambda actor: actor.depth)


def well_inside(actor, highest=-math.inf):
    """A tail or a foot may leave the picture, most of the animal and its face may not; y points down."""
    left, top, right, bottom = actor.placed.box
    inside = max(0.0, min(right, 1) - max(left, 0)) * max(0.0, min(bottom, 1) - max(top, 0))
    x, y = actor.placed.points["eye"]
    enough = inside > 0.62 * (right - left) * (bottom - top)
    return enough and top > highest and 0.01 < x < 0.99 and 0.01 < y < 0.99


def place_animal(dice, species, cutout, height, beside, horizon):
    """One try. What is nearer is larger, stands lower and hides what is behind it."""
    flip = dice.chance(0.5)
    near = min(1.0, max(0.0, (height - 0.2) / 0.6 + dice.number(-0.25, 0.3)))
    ground = horizon + 0.04 + (1.04 - horizon) * near
    x, above = dice.number(0.12, 0.88), dice.number(0.1, 0.6)
    if beside is not None:  # next to another animal, so that they touch or overlap
        left, top, right, bottom = beside.placed.box
        gap = dice.number(0.12, 0.5) * height
        x = right + gap if dice.chance(0.5) else left - gap
        ground = beside.depth + dice.number(-0.04, 0.04)
        above = beside.depth - bottom + dice.number(0.0, 0.5) * (bottom - top)
    if is_flying(cutout):
        placed = cutout.place(x, ground - above, height, dice.number(-0.3, 0.3), flip)
    else:
        placed = cutout.place(x, ground, height, dice.number(-0.06, 0.06), flip)
    return Actor(placed, ground, species, flip)


def is_flying(pinned):
    """An animal without feet is in the air. For a `Cutout` or a `Placed`."""
    return "back_paw" not in pinned.points


def place_things(dice, actors, echo, indoors, horizon):
    """Distractors, some in front of the animals; one that would hide too much is left out."""
    for _ in range(dice.pick([0, 1, 2, 3, 4], [1, 2, 3, 2, 1])):
        cutout, height = rooms.thing(dice, echo, indoors)
        ground = dice.number(horizon + 0.04, 1.05)
        placed = cutout.place(
            dice.number(0.02, 0.98), ground, height * (0.4 + 0.8 * ground), 0.0, dice.chance(0.5)
        )
        trial = in_order([*actors, Actor(placed, ground)])
        if all_visible(trial):
            actors = trial
    return actors


# ---------------------------------------------------------------- the picture


def paint_scene(scene, size):
    picture = np.zeros((3, size, size), dtype=np.float32)
    sheets = scene.background.place(0.0, 1.0, 1.0)
    paint_sheets(picture, sheets.sheets, sheets.coverages(size, 0, 0, size, size), size)
    for actor in scene.actors:
        paint_ground_shadow(picture, actor, size)
        paint(picture, actor.placed, size)
    return finish(picture, Dice(*scene.finish_seed), size)


def paint_ground_shadow(picture, actor, size):
    """A flat dark ellipse under the feet, fading towards its rim."""
    if actor.species is not None and is_flying(actor.placed):
        return
    left, top, right, bottom = actor.placed.box
    x, y, wide, tall = (left + right) / 2, bottom - 0.01, (right - left) * 0.52, (right - left) * 0.09 + 0.01
    rows = slice(max(0, int((y - tall) * size)), min(size, int((y + tall) * size) + 1))
    columns = slice(max(0, int((x - wide) * size)), min(size, int((x + wide) * size) + 1))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    down = (((np.arange(rows.start, rows.stop) + 0.5) / size - y) / tall)[:, None]
    across = (((np.arange(columns.start, columns.stop) + 0.5) / size - x) / wide)[None]
    fade = np.clip(1 - down * down - across * across, 0, 1).astype(np.float32)
    picture[:, rows, columns] *= 1 - np.float32(0.4) * fade


def finish(picture, dice, size):
    """Evening or morning light, a little blur, the grain of the paper."""
    corner, strength = (dice.number(-0.2, 1.2), dice.number(-0.2, 0.6)), dice.number(0.05, 0.3)
    centre = (np.arange(size) + 0.5) / size
    distance = (centre[None] - corner[0]) ** 2 + (centre[:, None] - corner[1]) ** 2
    contrast, level = dice.number(0.76, 1.06), dice.number(-12, 12)
    warm = dice.number(-0.05, 0.06)
    light = ((1.05 - strength * distance * 0.6) * contrast).astype(np.float32)
    tint = np.array([1 + warm, 1.0, 1 - warm], dtype=np.float32)[:, None, None]
    picture = picture * light * tint + np.float32(level + 128 * (1 - contrast) * 0.8)
    part = np.float32(dice.number(0.3, 1.0) if dice.chance(0.4) else 0.15)
    for _ in range(max(1, round(size / 128))):
        padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)), mode="edge")
        rows = padded[:, :-2] + padded[:, 2:] + 2 * padded[:, 1:-1]
        blurred = (rows[:, :, :-2] + rows[:, :, 2:] + 2 * rows[:, :, 1:-1]) * np.float32(1 / 16)
        picture = picture + part * (blurred - picture)
    grain = np.random.RandomState((int(dice.random() * 2**31), size))
    amount = dice.number(0.010, 0.045)
    raw = (
        np.frombuffer(grain.bytes(4 * size * size), dtype=np.uint8).reshape(4, size, size).astype(np.float32)
    )
    paper = raw[0] - 127.5  # one grain for all channels: paper; and a little of its own for each: camera
    picture = picture + np.float32(amount) * (paper + np.float32(0.5) * (raw[1:] - 127.5))
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8).transpose(1, 2, 0).copy()


# ---------------------------------------------------------------- the labels


def label_scene(scene, size):
    actors = scene.actors
    reference = stack_instances(actors, [actor.mask for actor in actors])
    if size == REFERENCE:
        instance_mask = reference
    else:
        instance_mask = stack_instances(actors, [actor.placed.silhouette(size) for actor in actors])
    pets = [actor for actor in actors if actor.species is not None]
    label = np.array([SPECIES.index(pet.species) for pet in pets], dtype=np.int64)
    return {
        "segmentation_mask": trimap(instance_mask),
        "class_mask": np.concatenate([[0], label + 1]).astype(np.uint8)[instance_mask],
        "instance_mask": instance_mask,
        "bbox": np.array(
            [tight_box(instance_mask == number) for number in range(1, len(pets) + 1)], np.float32
        ),
        "label": label,
        "keypoints": np.array(
            [locate(pet, reference == number) for number, pet in enumerate(pets, 1)], np.float32
        ),
    }


def stack_instances(actors, masks):
    """0 where no animal is seen, 1..N from back to front; things lay bare background."""
    instance_mask = np.zeros(masks[0].shape, dtype=np.uint8)
    number = 0
    for actor, mask in zip(actors, masks, strict=True):
        number += actor.species is not None
        instance_mask[mask] = number if actor.species is not None else 0
    return instance_mask


def trimap(instance_mask):
    """Pet, background and border, from numbered objects."""
    return np.where(border_band(instance_mask), BORDER, np.where(instance_mask > 0, PET, BACKGROUND)).astype(
        np.uint8
    )


def border_band(instance_mask):
    """True where another instance, or the background, is at most one pixel away (at 128; more when larger)."""
    lowest = highest = instance_mask
    for _ in range(max(1, round(len(instance_mask) / REFERENCE))):
        lowest, highest = _neighbours(lowest, np.minimum), _neighbours(highest, np.maximum)
    return lowest != highest


def _neighbours(mask, extreme):
    padded = np.pad(mask, 1, mode="edge")
    rows = extreme(extreme(padded[:-2], padded[2:]), padded[1:-1])
    return extreme(extreme(rows[:, :-2], rows[:, 2:]), rows[:, 1:-1])


def tight_box(mask):
    """Normalised ymin, xmin, ymax, xmax round the True pixels."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    return rows[0] / height, columns[0] / width, (rows[-1] + 1) / height, (columns[-1] + 1) / width


def locate(pet, visible):
    """Key points of one animal: x, y, and 0 absent or outside the picture, 1 hidden, 2 visible."""
    found = np.zeros((len(KEYPOINTS), 3))
    for row, name in enumerate(KEYPOINTS):
        if pet.flip:  # in the mirror, left is right
            name = {"left_ear": "right_ear", "right_ear": "left_ear"}.get(name, name)
        x, y = pet.placed.points.get(name, (-1.0, -1.0))
        if 0 <= x < 1 and 0 <= y < 1:
            across, down = int(x * REFERENCE), int(y * REFERENCE)
            around = visible[max(0, down - 1) : down + 2, max(0, across - 1) : across + 2]
            found[row] = x, y, 2 if around.any() else 1
    return found
