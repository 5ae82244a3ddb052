"""Layers, one file an idea."""

from .bilinear import BilinearUpsample
from .crf import DenseCRF, dense_crf, gaussians
from .hypercolumns import Hypercolumns
from .mirror import MirrorPad
from .pyramid import AddGrown, BinMeans
from .sizes import CropLike, PadToMultiple
from .unpooling import MaxPoolWithIndices, MaxUnpool2D, unwindows, windows
from .upsampling import BedOfNails, Bilinear, SubPixel

try:  # the original, where it is installed
    from tensorflow_examples.models.pix2pix.pix2pix import upsample
except ImportError:
    from .pix2pix import upsample

__all__ = [
    "AddGrown",
    "BedOfNails",
    "Bilinear",
    "BilinearUpsample",
    "BinMeans",
    "CropLike",
    "DenseCRF",
    "Hypercolumns",
    "MaxPoolWithIndices",
    "MaxUnpool2D",
    "MirrorPad",
    "PadToMultiple",
    "SubPixel",
    "dense_crf",
    "gaussians",
    "unwindows",
    "upsample",
    "windows",
]
