"""Metrics that lessons need and Keras does not bring, or not right."""

from .borders import BorderIoU, BoundaryIoU
from .classes import count_error, iou_per_class
from .confusion import FrequencyWeightedIoU, MeanClassAccuracy, MeanDice
from .panoptic import PanopticQuality

__all__ = [
    "BorderIoU",
    "BoundaryIoU",
    "FrequencyWeightedIoU",
    "MeanClassAccuracy",
    "MeanDice",
    "PanopticQuality",
    "count_error",
    "iou_per_class",
]
