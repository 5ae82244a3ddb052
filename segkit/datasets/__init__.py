"""Data sets of pictures with masks, and the pipeline from files to batches. Explained in notebooks/00_start_here.ipynb."""

from ..labels import VOID, check_mask, check_predictions
from .augment import Augment
from .catalog import DataSet, load
from .folder import from_folder
from .pictures import Pictures

__all__ = ["Augment", "DataSet", "Pictures", "VOID", "check_mask", "check_predictions", "from_folder", "load"]
