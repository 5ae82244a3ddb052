"""paper_places: what is near an animal never tells its class, what is far away always does; the same bytes everywhere."""

import hashlib

import numpy as np
import pytest

from segkit.datasets import load
from segkit.paper.places import FARTHEST, NEAREST, draw_place, plan_place

from .drawn_bytes import check_sums

SEED = 20
PICTURES_SUM = "4d1332e678e40e7d"
LABELS_SUM = "3d9034339c69413a"


@pytest.fixture(scope="module")
def pairs():
    """The same scenes in a room and on a terrace."""
    return [[draw_place(SEED, index, outdoors=where) for where in (False, True)] for index in range(40)]


def test_nothing_near_an_animal_differs_between_a_room_and_a_terrace(pairs):
    for room, terrace in pairs:
        differs = np.any(room["image"] != terrace["image"], axis=(1, 2))
        animals = np.any(room["instance_mask"] > 0, axis=1)
        lowest, highest = np.flatnonzero(differs).max(), np.flatnonzero(animals).min()
        assert differs[:10].all() and lowest <= FARTHEST * 128 + 2  # two rows for the blur
        assert highest >= NEAREST * 128 - 1 and highest - lowest >= 16


def test_the_place_gives_the_class_and_changes_no_other_label(pairs):
    for room, terrace in pairs:
        for key in ("instance_mask", "segmentation_mask", "class_mask", "bbox", "label", "keypoints"):
            np.testing.assert_array_equal(room[key], terrace[key])
        inside = room["instance_mask"] > 0
        np.testing.assert_array_equal(room["place_mask"], inside)
        np.testing.assert_array_equal(terrace["place_mask"], 2 * inside)


def test_a_coin_chooses_the_place():
    places = [plan_place(SEED, index)[1] for index in range(300)]
    assert 0.42 < np.mean(places) < 0.58
    scene = draw_place(SEED, 5)
    same = draw_place(SEED, 5, outdoors=places[5])
    assert scene.pop("file_name") == "paper_places_20_5.png"
    for key, value in scene.items():
        np.testing.assert_array_equal(value, same[key])


def test_all_is_there_at_every_size():
    for index in range(6):
        small, large = (draw_place(SEED, index, size) for size in (64, 128))
        assert np.abs(large["image"].reshape(64, 2, 64, 2, 3).mean(axis=(1, 3)) - small["image"]).mean() < 12
        assert np.mean(large["place_mask"][::2, ::2] == small["place_mask"]) > 0.97
        assert 1 <= len(large["label"]) <= 5 and set(np.unique(large["instance_mask"])) == {
            *range(len(large["label"]) + 1)
        }


def test_the_set_is_what_is_drawn():
    places = load("paper_places")
    assert places.classes == ("background", "pet", "wild")
    assert (len(places.train), len(places.validation), len(places.test)) == (600, 100, 200)
    for index in (0, 7):
        scene = draw_place(2, index)
        np.testing.assert_array_equal(places.validation.images[index], scene["image"])
        np.testing.assert_array_equal(places.validation.masks[index], scene["place_mask"])
    np.testing.assert_array_equal(places.validation["classes"] > 0, places.validation.masks > 0)
    assert places.validation["keypoints"].shape == (100, 5, 9, 3)
    assert load("paper_places", "trimap", size=64).test.masks.shape == (200, 64, 64)


def sums(count=20):
    pictures, labels = hashlib.sha256(), hashlib.sha256()
    for index in range(count):
        for size in (128, 50) if index % 4 == 0 else (128,):
            scene = draw_place(SEED, index, size)
            pictures.update(scene["image"].tobytes())
            for key in ("place_mask", "class_mask", "instance_mask", "label"):
                labels.update(scene[key].astype(np.uint8).tobytes())
    return pictures.hexdigest()[:16], labels.hexdigest()[:16]


def test_checksums():
    check_sums(sums(), PICTURES_SUM, LABELS_SUM)


if __name__ == "__main__":  # after a deliberate change of the drawing: print the new sums
    print(sums())
