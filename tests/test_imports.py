"""What may import what: TensorFlow stays in one room, and Keras is asked in its public ways."""

import ast
import subprocess
import sys

import pytest

from .conftest import ROOT

SEGKIT = sorted((ROOT / "segkit").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def modules(path):
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


def test_tensorflow_is_imported_in_datasets_alone():
    found = {
        path.relative_to(ROOT / "segkit").parts[0]
        for path in SEGKIT
        if any(name.split(".")[0] in ("tensorflow", "tensorflow_datasets") for name in modules(path))
    }
    assert found == {"datasets"}


def test_nothing_but_datasets_leads_to_datasets():
    """A loss that imports a check of `datasets` imports TensorFlow with it."""
    rooms = (
        "layers/",
        "models/",
        "paper/",
        "losses",
        "metrics",
        "backbones",
        "labels",
        "checks",
        "boxes",
        "average_precision",
        "detectors",
        "graphs",
        "holes",
        "lattice",
        "receptive",
    )
    for path in SEGKIT:
        if str(path.relative_to(ROOT / "segkit")).startswith(rooms):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    assert "datasets" not in (node.module or ""), path


@pytest.mark.parametrize("name", ["labels", "paper"])
def test_what_needs_numpy_alone_imports_no_tensorflow(name):
    code = f"import segkit.{name}, sys; assert not {{'keras', 'tensorflow'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


ROOMS = (
    "layers",
    "models",
    "losses.py",
    "metrics",
    "backbones.py",
    "receptive_field.py",
    "graphs.py",
    "holes.py",
    "lattice.py",
    "checks.py",
    "boxes.py",
    "average_precision.py",
    "detectors.py",
)
PIECES = "crf upsampling sizes unpooling fcn segnet atrous deeplab receptive_field unet pyramids losses metrics confusion panoptic layers_everywhere mask_rcnn mask_rcnn_pieces export backbones saving"
OURS = [path for path in SEGKIT if path.relative_to(ROOT / "segkit").parts[0] in ROOMS]
OURS += [ROOT / "tests" / f"test_{name}.py" for name in PIECES.split()]


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_keras_is_asked_in_public_ways(path):
    """No `keras.src`, and no underscored attribute of anything but `self`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [name for name in modules(path) if name.startswith("keras.src")]
    private = [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__")
        if not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]
    assert not private
