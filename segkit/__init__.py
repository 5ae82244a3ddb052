"""segkit: what the notebooks of the course share.

`run = segkit.start("04_unet_pets")` opens a lesson; the rest lies in the submodules, imported on first use.
"""

import importlib
import os

# Before TensorFlow is imported: its log lines about CPU features and missing GPUs are not for students.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from .run import Run, start  # noqa: E402

__version__ = "0.1.0"
__all__ = ["Run", "start", "__version__"]

_SUBMODULES = (
    "backbones",
    "callbacks",
    "datasets",
    "labels",
    "layers",
    "losses",
    "metrics",
    "models",
    "paper",
    "receptive_field",
    "show",
)


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module(f"segkit.{name}")
    raise AttributeError(f"segkit has no {name!r}; it has {', '.join((*__all__, *_SUBMODULES))}.")
