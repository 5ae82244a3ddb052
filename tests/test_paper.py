"""paper_pets: labels that agree with one another, at every size, on every machine."""

import hashlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from segkit.paper.scenes import (
    KEYPOINTS,
    SPECIES,
    Dice,
    draw_scene,
    label_scene,
    paint_scene,
    plan_scene,
)

from .drawn_bytes import check_sums

SEED = 20
REFERENCE = pathlib.Path(__file__).with_name("paper_reference.npz")
# Pictures: the pinned NumPy and Pillow. Labels: any version, so they have a sum of their own.
PICTURES_SUM = "8b0f46ca845635f6"
LABELS_SUM = "5af5955f18f1c7e8"


@pytest.fixture(scope="module")
def plans():
    return [plan_scene(SEED, index) for index in range(320)]


@pytest.fixture(scope="module")
def labelled(plans):
    return [label_scene(plan, 128) for plan in plans]


def test_keys_shapes_and_types():
    scene = draw_scene(SEED, 3)
    count = len(scene["label"])
    expected = {
        "image": ((128, 128, 3), np.uint8),
        "segmentation_mask": ((128, 128), np.uint8),
        "class_mask": ((128, 128), np.uint8),
        "instance_mask": ((128, 128), np.uint8),
        "bbox": ((count, 4), np.float32),
        "label": ((count,), np.int64),
        "keypoints": ((count, len(KEYPOINTS), 3), np.float32),
    }
    assert scene.pop("file_name") == "paper_pets_20_3.png"
    assert {key: (value.shape, value.dtype) for key, value in scene.items()} == expected
    assert SPECIES == ("cat", "dog", "bird")


def check_labels(scene, size):
    instances, count = scene["instance_mask"], len(scene["label"])
    assert 1 <= count <= 5
    assert instances.shape == (size, size)
    assert set(np.unique(instances)) == {0, *range(1, count + 1)}
    assert set(np.unique(scene["label"])) <= {0, 1, 2}
    # The class mask is the instance mask with each number replaced by its class.
    assert np.array_equal(scene["class_mask"], np.array([0, *(scene["label"] + 1)])[instances])
    # The trimap: sure pet inside, sure background outside, the border over both.
    trimap = scene["segmentation_mask"]
    assert set(np.unique(trimap)) <= {1, 2, 3}
    assert (instances[trimap == 1] > 0).all()
    assert (instances[trimap == 2] == 0).all()
    for number in range(1, count + 1):
        rows, columns = np.nonzero(instances == number)
        box = [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]
        np.testing.assert_allclose(scene["bbox"][number - 1] * size, box, atol=1e-3)


def test_masks_boxes_and_classes_agree(labelled):
    for scene in labelled:
        check_labels(scene, 128)


@pytest.mark.parametrize("size", [32, 200])
def test_labels_agree_at_other_sizes(plans, size):
    for plan in plans[:120]:
        check_labels(label_scene(plan, size), size)


def test_every_animal_shows_enough(labelled):
    for scene in labelled:
        assert np.bincount(scene["instance_mask"].ravel())[1:].min() >= 40


def edge_distance(instances):
    """Steps (diagonals count as one) from each pixel to the nearest pixel of another instance, 9 at most."""
    distance = np.full(instances.shape, 9)
    padded = np.pad(instances, 3, mode="edge")
    height, width = instances.shape
    for down in range(7):
        for right in range(7):
            other = padded[down : down + height, right : right + width] != instances
            steps = max(abs(down - 3), abs(right - 3))
            distance = np.where(other, np.minimum(distance, steps), distance)
    return distance


@pytest.mark.parametrize(("size", "reach"), [(128, 1), (200, 2), (384, 3)])
def test_border_straddles_every_outline(plans, size, reach):
    """2 px wide at 128: the pixel on each side of an outline, between animals too, and no other."""
    between = 0
    for plan in plans[:40] if size == 128 else plans[:6]:
        scene = label_scene(plan, size)
        border = scene["segmentation_mask"] == 3
        assert np.array_equal(border, edge_distance(scene["instance_mask"]) <= reach)
        left, right = scene["instance_mask"][:, :-1], scene["instance_mask"][:, 1:]
        touching = (left != right) & (left > 0) & (right > 0)
        assert border[:, :-1][touching].all()
        between += touching.sum()
    assert between > 0


def test_key_points(plans, labelled):
    seen = np.zeros((3, len(KEYPOINTS)), dtype=int)
    for scene in labelled:
        points = scene["keypoints"]
        assert set(np.unique(points[..., 2])) <= {0, 1, 2}
        assert (points[points[..., 2] == 0] == 0).all()
        assert ((points[..., :2] >= 0) & (points[..., :2] < 1)).all()
        for number, (label, rows) in enumerate(zip(scene["label"], points, strict=True), 1):
            seen[label] += rows[:, 2] > 0
            for x, y, _ in rows[rows[:, 2] == 2]:  # visible: on its own animal, give or take a pixel
                row, column = int(y * 128), int(x * 128)
                window = np.pad(scene["instance_mask"], 1)[row : row + 3, column : column + 3]
                assert (window == number).any()
            for x, y, _ in rows[rows[:, 2] == 1]:  # hidden: something else lies there
                assert scene["instance_mask"][int(y * 128), int(x * 128)] != number
    cat, dog, bird = (dict(zip(KEYPOINTS, row > 0, strict=True)) for row in seen)
    assert cat == dog == {name: name != "wing_tip" for name in KEYPOINTS}
    assert bird == {name: name not in ("left_ear", "right_ear", "front_paw") for name in KEYPOINTS}


def test_left_and_right_are_the_animals_own(labelled):
    """A face from the front has its right ear on the picture's left; seen from the side, the nearer ear, at the
    back of the head, is the right one when it looks to the right. So right is always left of left, mirrored or not."""
    checked = 0
    for scene in labelled:
        for points in scene["keypoints"]:
            left, right = points[KEYPOINTS.index("left_ear")], points[KEYPOINTS.index("right_ear")]
            if left[2] and right[2]:
                assert right[0] < left[0]
                checked += 1
    assert checked > 100


def blocks(picture, size):
    """(size, size, step * step, ...): the pixels under each pixel of a smaller picture."""
    step = len(picture) // size
    split = picture.reshape(size, step, size, step, *picture.shape[2:]).swapaxes(1, 2)
    return split.reshape(size, size, step * step, *picture.shape[2:])


def test_same_composition_at_every_size():
    for index in range(12):
        small, middle, large = (draw_scene(SEED, index, size) for size in (32, 128, 256))
        for coarse, fine in ((small, middle), (middle, large)):
            assert np.array_equal(coarse["label"], fine["label"])
            assert np.array_equal(coarse["keypoints"], fine["keypoints"])
            size = len(coarse["image"])
            # Where all the fine pixels are of one instance, the coarse pixel is too (a thin tail may slip through).
            under = blocks(fine["instance_mask"], size)
            pure = under.min(axis=2) == under.max(axis=2)
            assert (under[:, :, 0] == coarse["instance_mask"])[pure].mean() > 0.999
            assert pure.mean() > 0.6
            assert np.abs(blocks(fine["image"], size).mean(axis=2) - coarse["image"]).mean() < 12


def test_scenes_differ_and_spread(labelled):
    counts = np.bincount([len(scene["label"]) for scene in labelled], minlength=6)[1:] / len(labelled)
    np.testing.assert_allclose(counts, [0.35, 0.3, 0.2, 0.1, 0.05], atol=0.08)
    species = np.bincount(np.concatenate([scene["label"] for scene in labelled]))
    assert species.min() > 0.8 * species.mean()
    parts = np.array([(scene["instance_mask"] > 0).mean() for scene in labelled])
    assert parts.min() < 0.05 and parts.max() > 0.4 and 0.1 < np.median(parts) < 0.35
    assert not np.array_equal(draw_scene(1, 0)["image"], draw_scene(1, 1)["image"])
    assert not np.array_equal(draw_scene(1, 0)["image"], draw_scene(2, 0)["image"])


def test_pictures_use_the_grey_scale():
    """No picture is flat, none is burnt out."""
    for index in range(24):
        image = draw_scene(SEED, index, 64)["image"]
        assert image.std() > 10
        assert np.isin(image, (0, 255)).mean() < 0.4


def test_dice_are_frozen():
    """The stream that everything hangs on: RandomState's, which NumPy promises not to change."""
    dice = Dice(1, 2, 3)
    assert [dice.whole(0, 999) for _ in range(6)] == [609, 886, 476, 897, 29, 913]
    dice = Dice(7)
    assert [dice.pick("abc", [1, 1, 8]) for _ in range(2)] == ["c", "b"]


def sums(count=40):
    """One sum over pictures, one over labels, for a few sizes."""
    pictures, labels = hashlib.sha256(), hashlib.sha256()
    for index in range(count):
        for size in (128, 50) if index % 4 == 0 else (128,):
            plan = plan_scene(SEED, index)
            pictures.update(paint_scene(plan, size).tobytes())
            scene = label_scene(plan, size)
            for key in ("segmentation_mask", "class_mask", "instance_mask", "label"):
                labels.update(scene[key].astype(np.uint8).tobytes())
            labels.update(np.rint(scene["keypoints"] * 1000).astype(np.int32).tobytes())
    return pictures.hexdigest()[:16], labels.hexdigest()[:16]


def test_checksums():
    check_sums(sums(), PICTURES_SUM, LABELS_SUM)


def test_pictures_within_one_grey_level_of_the_stored_ones():
    with np.load(REFERENCE) as stored:
        for index, image in enumerate(stored["images"]):
            drawn = draw_scene(SEED, index, 48)["image"]
            assert np.abs(drawn.astype(int) - image.astype(int)).max() <= 1


FRESH = """
import hashlib, sys, types
package = sys.modules["segkit.datasets"] = types.ModuleType("segkit.datasets")  # the drawing without the pipeline
package.__path__ = [sys.argv[1]]
from segkit.paper.scenes import draw_scene
assert "tensorflow" not in sys.modules
scene = draw_scene(20, 5)
print(hashlib.sha256(b"".join(scene[key].tobytes() for key in sorted(scene) if key != "file_name")).hexdigest())
"""


def test_the_same_in_a_fresh_process_without_tensorflow():
    folder = pathlib.Path(sys.modules["segkit.paper.scenes"].__file__).parent
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH, str(folder)], capture_output=True, text=True, check=True
    )
    scene = draw_scene(20, 5)
    here = b"".join(scene[key].tobytes() for key in sorted(scene) if key != "file_name")
    assert hashlib.sha256(here).hexdigest() == fresh.stdout.split()[-1]


if __name__ == "__main__":  # after a deliberate change of the drawing: print the new sums, store new pictures
    print(sums())
    np.savez_compressed(REFERENCE, images=[draw_scene(SEED, index, 48)["image"] for index in range(6)])
