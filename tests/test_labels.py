"""check_mask: what a wrong mask is told; and rooms that stay free of TensorFlow."""

import ast
import subprocess
import sys

import numpy as np
import pytest

from segkit.labels import check_mask

from .conftest import ROOT


@pytest.mark.parametrize(
    "mask, error, words",
    [
        (np.zeros((4, 4), np.float32), TypeError, "float32.*nearest neighbour"),
        (np.array([[0, 3]]), ValueError, "label 3.*3 classes.*map the others to 255"),
        (np.full((4, 4), -1), ValueError, "label -1"),
        (np.array([[1, 2], [3, 1]]), ValueError, "subtract 1"),
        (np.zeros((4, 4, 1, 1), int), ValueError, r"shape \(4, 4, 1, 1\)"),
    ],
)
def test_a_wrong_mask_is_told_what_is_wrong(mask, error, words):
    with pytest.raises(error, match=words):
        check_mask(mask, 3)


def test_a_mask_of_another_size_is_told_both_sizes():
    with pytest.raises(ValueError, match="4×4.*5×4"):
        check_mask(np.zeros((4, 4), int), 3, np.zeros((5, 4, 3)))


def test_void_is_no_mistake():
    mask = np.array([[0, 255], [2, 1]], np.uint8)
    assert check_mask(mask, 3) is mask


def test_labels_and_scenes_need_no_tensorflow():
    code = "import sys, segkit.labels, segkit.paper; print({'tensorflow', 'keras'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout
    assert said == "set()\n"


def test_tensorflow_is_imported_for_data_sets_alone():
    for path in (ROOT / "segkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [getattr(node, "module", "") or ""]
            )
            if isinstance(node, ast.Import | ast.ImportFrom) and any(
                name.split(".")[0] == "tensorflow" for name in names
            ):
                assert "datasets" in path.parts, f"{path.name} imports TensorFlow: use keras.ops"
