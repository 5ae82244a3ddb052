"""segkit: what the notebooks of the course share.

`run = segkit.start("04_unet_pets")` opens a lesson; the rest lies in the submodules, imported on first use.
"""

import importlib
import importlib.util
import os
import sys

# Before TensorFlow is imported: its log lines about CPU features and missing GPUs are not for students.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Convolutions of Intel and AMD processors: without it TensorFlow asks newer ones alone to take oneDNN's, up to twice as fast.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

from .run import Run, start  # noqa: E402

__version__ = "0.1.0"
__all__ = ["Run", "start", "__version__"]

_SUBMODULES = (
    "backbones",
    "callbacks",
    "checks",
    "datasets",
    "graphs",
    "labels",
    "layers",
    "losses",
    "metrics",
    "models",
    "paper",
    "receptive_field",
    "show",
    "training",
)


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module(f"segkit.{name}")
    raise AttributeError(f"segkit has no {name!r}; it has {', '.join((*__all__, *_SUBMODULES))}.")


def _register():
    """Keras loads a saved model only if it knows the classes of its layers, losses and metrics by name."""
    for name in ("layers", "layers.context", "holes", "losses", "metrics", "detectors"):
        importlib.import_module(f"segkit.{name}")


class _WhenKerasComes:
    """Importing Keras takes seconds, and segkit does not ask for it: it registers its classes when someone else does."""

    def find_spec(self, name, path=None, target=None):
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("keras")
        if spec is not None:
            execute = spec.loader.exec_module
            spec.loader.exec_module = lambda module: (execute(module), _register())
        return spec


if "keras" in sys.modules:
    _register()
else:
    sys.meta_path.insert(0, _WhenKerasComes())
