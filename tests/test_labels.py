"""check_mask: what a wrong mask is told; and objects that come apart."""

import numpy as np
import pytest

from segkit.labels import check_mask, separated


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


def test_objects_that_touch_come_apart():
    ids = np.array([[1, 1, 1, 2, 2, 0], [1, 1, 1, 2, 2, 0], [0, 0, 0, 0, 0, 0], [3, 3, 0, 0, 400, 400]])
    expected = np.array([[1, 1, 0, 0, 2, 0], [1, 1, 0, 0, 2, 0], [0, 0, 0, 0, 0, 0], [3, 3, 0, 0, 400, 400]])
    np.testing.assert_array_equal(separated(ids), expected)
    np.testing.assert_array_equal(separated(np.array([[1, 0], [0, 2]])), 0)  # across a corner, too
