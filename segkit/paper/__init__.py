"""The drawn world: scenes of cut-paper animals, from a seed, labelled exactly. NumPy alone, no TensorFlow."""

from .cells import draw_cells
from .places import PLACES, draw_place
from .scenes import KEYPOINTS, SPECIES, draw_scene

__all__ = ["KEYPOINTS", "PLACES", "SPECIES", "draw_cells", "draw_place", "draw_scene"]
