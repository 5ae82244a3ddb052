"""Every number of the detector, in one place."""

import dataclasses

from ...checks import check_positive, check_whole

STRIDES = (4, 8, 16, 32, 64)
ABOUT = {
    "the picture": ("num_classes", "size"),
    "pyramid": ("strides", "filters"),
    "anchors": ("anchor_sizes", "anchor_ratios"),
    "learning where something is": ("anchor_positive", "anchor_negative", "anchors_sampled", "anchors_share"),
    "proposals": ("per_level", "proposal_iou", "proposals"),
    "learning what it is": ("roi_positive", "rois_sampled", "rois_share"),
    "features of a box": ("roi_cells", "box_bins", "mask_bins", "samples"),
    "heads": ("box_units", "mask_filters", "mask_layers", "box_weights", "keypoints"),
    "detections": ("candidates", "least_score", "detection_iou", "detections"),
}


@dataclasses.dataclass(frozen=True, repr=False)
class MaskRCNNConfig:
    """`MaskRCNNConfig.quick()` for drawn scenes of 128 px, `MaskRCNNConfig.full()` as in the paper; `print` shows all."""

    num_classes: int = 91  # background, class 0, is counted
    size: tuple = (512, 512)  # height and width that the network sees; other pictures are resized and padded
    strides: tuple = STRIDES  # of the pyramid's maps; 64 is the map of 32, every second cell
    filters: int = 256
    anchor_sizes: tuple = (32, 64, 128, 256, 512)  # pixels: one for each stride
    anchor_ratios: tuple = (0.5, 1.0, 2.0)  # height through width
    anchor_positive: float = 0.7  # an anchor that overlaps an object so much is one
    anchor_negative: float = (
        0.3  # and one that overlaps none so much is background; in between it is not asked
    )
    anchors_sampled: int = 256
    anchors_share: float = 0.5  # of objects among the sampled, at most
    per_level: int = 1000  # best corrected anchors of each map that go on to suppression
    proposal_iou: float = 0.7
    proposals: int = 512  # what is left of all maps
    roi_positive: float = 0.5
    rois_sampled: int = 512
    rois_share: float = 0.25
    roi_cells: int = (
        14  # a box is read from the map on which its side is this many cells, up to twice as many
    )
    box_bins: int = 7
    mask_bins: int = 14  # the mask itself has twice as many
    samples: int = 2  # points along each side of a bin
    box_units: int = 1024
    mask_filters: int = 256
    mask_layers: int = 4
    box_weights: tuple = (10.0, 10.0, 5.0, 5.0)  # how the second correction is scaled up
    keypoints: int = 0  # how many an object has; 0 builds no head for them
    candidates: int = 1000  # (box, class) pairs that go on to the last suppression
    least_score: float = 0.05
    detection_iou: float = 0.5
    detections: int = 100

    @classmethod
    def quick(cls, num_classes=4, **changes):
        """For drawn scenes of 128 px and MobileNetV2: small objects, narrow heads, a CPU."""
        small = {
            "size": (128, 128),
            "strides": (4, 8, 16, 32),
            "filters": 64,
            "anchor_sizes": (24, 40, 64, 104),
            "anchors_sampled": 128,
            "per_level": 128,
            "proposals": 64,
            "rois_sampled": 32,
            "roi_cells": 10,
            "box_units": 256,
            "mask_filters": 64,
            "candidates": 128,
            "detections": 16,
        }
        return cls(num_classes, **{**small, **changes})

    @classmethod
    def full(cls, num_classes=91, **changes):
        """The paper's sizes, for ResNet-50."""
        return cls(num_classes, **changes)

    def __post_init__(self):
        for name in ("size", "strides", "anchor_sizes", "anchor_ratios", "box_weights"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # a saved file has lists
        check_whole(num_classes=self.num_classes, least=2)
        check_whole(keypoints=self.keypoints, least=0)
        check_whole(
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if field.type is int and field.name not in ("num_classes", "keypoints")
            }
        )
        check_positive(
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if field.type is float
            }
        )
        if self.strides not in (STRIDES, STRIDES[:-1]):
            raise ValueError(f"strides is {self.strides}; the pyramid has {STRIDES[:-1]}, or {STRIDES}.")
        if len(self.anchor_sizes) != len(self.strides):
            raise ValueError(
                f"There are {len(self.anchor_sizes)} anchor_sizes for {len(self.strides)} strides; give one for each."
            )
        if len(self.size) != 2 or any(side < 1 or side % self.strides[-1] for side in self.size):
            raise ValueError(
                f"size is {self.size}; give height and width as multiples of {self.strides[-1]}, the coarsest stride."
            )

    @property
    def map_sizes(self):
        """Height and width of each map of the pyramid."""
        return tuple((self.size[0] // stride, self.size[1] // stride) for stride in self.strides)

    @property
    def roi_strides(self):
        """Of the maps that boxes are cut from: the map of 64 has no new content."""
        return tuple(stride for stride in self.strides if stride <= 32)

    @property
    def mask_size(self):
        return 2 * self.mask_bins

    @property
    def positive_rois(self):
        """How many places the masks of one picture have in training."""
        return max(1, round(self.rois_sampled * self.rois_share))

    def __repr__(self):
        lines = [
            f"{about:28} " + ", ".join(f"{name} {getattr(self, name)}" for name in names)
            for about, names in ABOUT.items()
        ]
        return "\n".join(lines)
