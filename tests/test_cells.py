"""paper_cells: labels that agree with one another, cells that touch, the same bytes everywhere."""

import hashlib

import numpy as np
import pytest
from scipy import ndimage

from segkit.labels import separated
from segkit.paper.cells import LEAST_PIXELS, draw_cells, levels, plan_cells

from .drawn_bytes import check_sums

SEED = 20
PICTURES_SUM = "8b1c67532deaf910"
LABELS_SUM = "df437bfc80358744"


@pytest.fixture(scope="module")
def slides():
    return [draw_cells(SEED, index) for index in range(12)]


def test_keys_shapes_and_types(slides):
    slide = dict(slides[3])
    assert slide.pop("file_name") == "paper_cells_20_3.png"
    assert {key: (value.shape, value.dtype) for key, value in slide.items()} == {
        "image": ((128, 128, 3), np.uint8),
        "cell_mask": ((128, 128), np.uint8),
        "instance_mask": ((128, 128), np.uint16),
    }


def test_labels_agree(slides):
    for slide in slides:
        ids = slide["instance_mask"]
        assert set(np.unique(ids)) == set(range(ids.max() + 1)) and ids.max() >= 8
        assert np.bincount(ids.ravel())[1:].min() >= LEAST_PIXELS - 8
        np.testing.assert_array_equal(slide["cell_mask"], separated(ids) > 0)


def test_cells_touch_and_the_mask_keeps_them_apart(slides):
    """Without gaps most cells hang together; with them, each is (nearly always) a piece of its own."""
    cells = [int(slide["instance_mask"].max()) for slide in slides]
    together = [ndimage.label(slide["instance_mask"] > 0)[1] for slide in slides]
    apart = [ndimage.label(slide["cell_mask"])[1] for slide in slides]
    assert sum(together) < 0.45 * sum(cells)
    assert abs(sum(apart) - sum(cells)) < 0.03 * sum(cells)


def test_a_wide_field_holds_more_cells_than_a_byte_can_number():
    slide = draw_cells(SEED, 0, size=320, field=4)
    ids = slide["instance_mask"]
    assert slide["image"].shape == (320, 320, 3) and ids.max() > 255
    assert set(np.unique(ids)) >= set(range(1, 256))


def test_same_composition_at_other_sizes():
    for index in range(3):
        cells = plan_cells(SEED, index)
        coarse, fine = levels(cells, 64, 1)[0], levels(cells, 192, 1)[0]
        assert np.mean(fine[1::3, 1::3] == coarse) > 0.999
        small, large = draw_cells(SEED, index, 64)["image"], draw_cells(SEED, index, 128)["image"]
        assert np.abs(large.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3)) - small).mean() < 8


def test_slides_differ_and_none_is_flat_or_burnt_out(slides):
    for slide in slides:
        assert slide["image"].std() > 8 and np.isin(slide["image"], (0, 255)).mean() < 0.2
    assert len({slide["image"].tobytes() for slide in slides}) == 12
    assert not np.array_equal(draw_cells(SEED + 1, 0)["image"], slides[0]["image"])


def sums(slides):
    digests = [
        hashlib.sha256(b"".join(slide[key].astype("<u2").tobytes() for slide in slides))
        for key in ("image", "instance_mask")
    ]
    return tuple(digest.hexdigest()[:16] for digest in digests)


def test_checksums(slides):
    check_sums(sums(slides), PICTURES_SUM, LABELS_SUM)


if __name__ == "__main__":  # after a deliberate change of the drawing: print the new sums
    print(sums([draw_cells(SEED, index) for index in range(12)]))
