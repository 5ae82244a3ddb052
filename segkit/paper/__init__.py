"""The drawn world: scenes of cut-paper animals, from a seed, labelled exactly. NumPy alone, no TensorFlow."""

from .cells import draw_cells
from .scenes import KEYPOINTS, SPECIES, draw_scene

__all__ = ["KEYPOINTS", "SPECIES", "draw_cells", "draw_scene"]
