"""two_nearest against one of SciPy's distance transforms for each object."""

import numpy as np
import pytest
from scipy import ndimage

from segkit import distances
from segkit.distances import two_nearest

REACH = 25.3


def by_definition(ids):
    none = np.full(ids.shape, np.inf)
    each = [ndimage.distance_transform_edt(ids != number) for number in np.unique(ids[ids > 0])]
    d1, d2 = np.sort([*each, none, none], axis=0)[:2]
    far = d1 + d2 > REACH
    return np.where(far, np.inf, d1), np.where(far, np.inf, d2)


@pytest.mark.parametrize("seed", range(24))
def test_rectangles_that_touch_overlap_and_come_in_parts(seed):
    random = np.random.RandomState(seed)
    ids = np.zeros(random.randint(1, 70, 2), np.uint16)
    for number in range(random.randint(0, 25)):
        (y, x), (height, width) = random.randint(0, 70, 2) % ids.shape, random.randint(1, 14, 2)
        ids[y : y + height, x : x + width] = random.randint(1, 9) if seed % 2 else number + 1
    for found, expected in zip(two_nearest(ids, REACH), by_definition(ids), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_strips_make_no_seams(monkeypatch):
    ids = np.where(np.random.RandomState(0).rand(70, 90) < 0.01, np.arange(1, 6301).reshape(70, 90), 0)
    whole = two_nearest(ids, REACH)
    monkeypatch.setattr(distances, "STRIP", 16)
    for one, other in zip(whole, two_nearest(ids, REACH), strict=True):
        np.testing.assert_array_equal(one, other)


def test_large_numbers_and_no_background():
    ids = np.where(np.arange(30) < 15, 70_000, 3_000_000)[None].repeat(3, axis=0)
    d1, d2 = two_nearest(ids, REACH)
    assert (d1 == 0).all()
    np.testing.assert_array_equal(d2[1, 10:20], [5, 4, 3, 2, 1, 1, 2, 3, 4, 5])


def test_what_it_cannot_do_is_said():
    with pytest.raises(ValueError, match="reach is 500; distances are measured up to"):
        two_nearest(np.ones((3, 3), int), 500)
    with pytest.raises(ValueError, match=r"shape \(0, 3\)"):
        two_nearest(np.ones((0, 3), int), 5)
