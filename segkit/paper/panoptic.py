"""Rooms in which every pixel is labelled: wall and floor are stuff, animals are things, and what lies about is void."""

import numpy as np

from ..labels import VOID
from .scenes import REFERENCE, label_scene, paint_scene, plan_scene

STUFF = ("wall", "floor")  # and behind them, from class 2 on, the species


def draw_panoptic(seed, index, size=REFERENCE):
    """A scene of `draw_scene`'s kind, always indoors, with its labels and a map (size, size, 2): class and object number.

    Furniture is wall above the line where the floor begins, and floor below it. Things on the floor, toys and plants, are of no class: void.
    """
    scene = plan_scene(seed, index, is_indoors=lambda dice, species: True)
    labels = label_scene(scene, size)
    rows = (np.arange(size) + 0.5) / size
    classes = np.repeat((rows >= scene.horizon)[:, None], size, axis=1).astype(np.int32)
    for actor in scene.actors:
        if actor.species is None:
            classes[actor.placed.silhouette(size)] = VOID
    animals = labels["instance_mask"] > 0
    classes[animals] = len(STUFF) - 1 + labels["class_mask"][animals]
    panoptic = np.stack([classes, labels["instance_mask"]], axis=-1).astype(np.int32)
    return {"image": paint_scene(scene, size), **labels, "panoptic": panoptic}
