"""Anchors: at each place of each map the same few boxes, which the network corrects."""

import numpy as np


def anchors_of(size, ratios):
    """Boxes of one area, size², and several shapes, centred on 0: (len(ratios), 4). A ratio is height divided by width.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    ratios = np.asarray(ratios, "float64")
    heights, widths = size * np.sqrt(ratios), size / np.sqrt(ratios)
    return np.stack([-heights, -widths, heights, widths], axis=1) / 2


def anchor_grid(map_sizes, strides, sizes, ratios):
    """Every anchor of a picture, in pixels: float32 (count, 4). Map by map, row by row, and at each place ratio by ratio.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    grids = []
    for (height, width), stride, size in zip(map_sizes, strides, sizes, strict=True):
        rows, columns = (stride * (np.arange(side) + 0.5) for side in (height, width))
        y, x = np.meshgrid(rows, columns, indexing="ij")
        centres = np.stack([y, x, y, x], axis=-1)  # (height, width, 4)
        grids.append((centres[:, :, None] + anchors_of(size, ratios)).reshape(-1, 4))
    return np.concatenate(grids).astype("float32")
