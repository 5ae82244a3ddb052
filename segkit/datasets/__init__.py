"""Data sets of pictures with masks, and the pipeline from files to batches. Explained in notebooks/00_start_here.ipynb."""

from ..labels import VOID, check_mask, check_predictions
from .catalog import DataSet, load
from .coco import from_coco
from .folder import from_folder
from .pictures import Pictures
from .transforms import Augment

__all__ = [
    "Augment",
    "DataSet",
    "Pictures",
    "VOID",
    "check_mask",
    "check_predictions",
    "from_coco",
    "from_folder",
    "load",
]
