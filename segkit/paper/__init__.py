"""The drawn world: scenes of cut-paper animals, from a seed, labelled exactly. NumPy alone, no TensorFlow."""

from .cells import draw_cells
from .panoptic import STUFF, draw_panoptic
from .places import PLACES, draw_place
from .scenes import KEYPOINTS, SPECIES, draw_scene

__all__ = [
    "KEYPOINTS",
    "PLACES",
    "SPECIES",
    "STUFF",
    "draw_cells",
    "draw_panoptic",
    "draw_place",
    "draw_scene",
]
