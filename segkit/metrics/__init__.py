"""Metrics that lessons need and Keras does not bring, or not right."""

from ..average_precision import AveragePrecision, average_precision
from .borders import BorderIoU, BoundaryIoU
from .classes import count_error, iou_per_class
from .confusion import FrequencyWeightedIoU, MeanClassAccuracy, MeanDice
from .panoptic import PanopticQuality

__all__ = [
    "AveragePrecision",
    "BorderIoU",
    "BoundaryIoU",
    "FrequencyWeightedIoU",
    "MeanClassAccuracy",
    "MeanDice",
    "PanopticQuality",
    "average_precision",
    "count_error",
    "iou_per_class",
]
