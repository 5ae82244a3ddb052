"""Pictures of pictures, masks, boxes and curves: one palette, one way to publish a figure."""

from .colors import CLASS_COLORS, CYCLE, VOID_COLOR, color, palette
from .display import JPEG, notebook, publish, set_defaults, sharpness, show
from .drawings import boxes_in_rows, cells, cones, letters, numbers, sliding, stages
from .network import network
from .pictures import boxed, boxes, grid, heat, instances, legend, legend_columns, overlay, paint, skeletons
from .play import play
from .plots import bars, curves, functions
from .semantic import class_numbers, semantic

__all__ = [
    "CLASS_COLORS", "CYCLE", "JPEG", "VOID_COLOR", "bars", "boxed", "boxes", "boxes_in_rows", "cells", "class_numbers", "color", "cones", "curves", "functions", "grid", "heat", "instances", "legend",
    "legend_columns", "letters", "network", "notebook", "numbers", "overlay", "paint", "palette", "play", "publish", "semantic", "set_defaults", "sharpness", "show", "skeletons", "sliding", "stages",
]  # fmt: skip
