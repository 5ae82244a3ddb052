"""Mask R-CNN: find each object, name it, and draw its mask. One file a stage, in the order in which they run:

trunk      the encoder and its feature pyramid
anchors    the boxes that are tried everywhere
targets    overlap, matching, sampling, and how a box is written as a correction of another
proposals  from corrected anchors to a fixed number of boxes without doubles
rois       a feature map cut out for each box: RoIAlign, and RoIPool to compare
heads      what is asked of each place, each box and each mask
losses     five numbers, and a sixth for key points
model      all of it as one `keras.Model`
paste      small masks in boxes → masks of the picture

The numbers of all stages stand in `segkit.detectors`, as does what no stage is about: saving, checks, pictures of any size.

Coordinates. Outside the model a box is what it is everywhere in segkit: (top, left, bottom, right) as shares of the
picture's sides. Inside, from the first line of `MaskRCNN.call` to the last but one, it is counted in pixels of the network's
input, and pixel 0 reaches from 0 to 1: its centre lies at 0.5. A cell of a map of stride 8 covers eight pixels, so that
the box 8 … 16 is exactly the map's cell 1, whose centre lies at 1.5 cells.
"""

from ...detectors import MaskRCNNConfig, with_truth
from .anchors import anchor_grid, anchors_of
from .heads import box_head, keypoint_head, mask_head, proposal_head
from .model import MaskRCNN
from .paste import paste
from .proposals import nms, propose
from .rois import level_of, roi_align, roi_pool
from .targets import decode, encode, iou, mask_targets, match, sample
from .trunk import feature_pyramid, trunk

__all__ = [
    "MaskRCNN",
    "MaskRCNNConfig",
    "anchor_grid",
    "anchors_of",
    "box_head",
    "decode",
    "encode",
    "feature_pyramid",
    "iou",
    "keypoint_head",
    "level_of",
    "mask_head",
    "mask_targets",
    "match",
    "nms",
    "paste",
    "proposal_head",
    "propose",
    "roi_align",
    "roi_pool",
    "sample",
    "trunk",
    "with_truth",
]
