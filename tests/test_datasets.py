"""load, the pipeline from pictures to batches, and preparing data when things go wrong."""

import errno
import os
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from segkit.datasets import Augment, Pictures, builders, check_mask, load, prepare

CLASSES = ("pet", "background", "border")


@pytest.fixture(scope="module")
def pets():
    return load("paper_pets", size=64)


def numbered(count=7, size=(5, 4)):
    """Pictures whose red channel holds their number and whose mask follows from their pixels."""
    random = np.random.RandomState(0)
    masks = random.randint(0, 3, (count, *size)).astype(np.uint8)
    images = np.stack(
        [np.broadcast_to(np.arange(count)[:, None, None], masks.shape), masks * 80, masks * 100], axis=-1
    )
    return Pictures(images.astype(np.uint8), masks, CLASSES, tuple(map(str, range(count))))


# --- check_mask -----------------------------------------------------------------------------------


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


# --- load -----------------------------------------------------------------------------------------


def test_the_embedded_set_has_its_splits_and_its_masks(pets):
    assert (len(pets.train), len(pets.validation), len(pets.test)) == (600, 100, 200)
    assert pets.name == pets.requested == "paper_pets"
    assert pets.train.images.dtype == pets.train.masks.dtype == np.uint8
    assert set(np.unique(pets.train.masks)) == {0, 1, 2}
    assert len(set(pets.train.names + pets.validation.names + pets.test.names)) == 900


def test_targets_agree_with_each_other():
    trimap, classes, instances = (
        load("paper_pets", target, size=128).validation for target in ("trimap", "classes", "instances")
    )
    assert set(np.unique(classes.masks)) == {0, 1, 2, 3}
    np.testing.assert_array_equal(classes.masks == 0, instances.masks == 0)
    inside = trimap.masks == 0
    assert (classes.masks[inside] > 0).all()
    for mask, objects in zip(instances.masks, instances.objects, strict=True):
        assert len(objects["label"]) == len(objects["bbox"]) == len(objects["keypoints"]) == mask.max()


def test_resizing_masks_invents_no_label():
    big, small = (
        load("paper_pets", "classes", size=128).test,
        load("paper_pets", "classes", size=(50, 37)).test,
    )
    assert small.masks.shape[1:] == (50, 37)
    assert set(np.unique(small.masks)) == set(np.unique(big.masks))


def test_unknown_names_are_told_the_known_ones():
    with pytest.raises(ValueError, match="'cats'; choose paper_pets or oxford_iiit_pet"):
        load("cats")
    with pytest.raises(ValueError, match="no target 'boxes'; choose trimap, classes, instances"):
        load("paper_pets", "boxes")


def test_the_real_pets(real_data):
    pets = load("oxford_iiit_pet", size=64)
    assert pets.name == "oxford_iiit_pet"
    assert set(np.unique(pets.train.masks)) == {0, 1, 2}
    assert not set(pets.train.names) & set(pets.validation.names)
    count = len(pets.train) + len(pets.validation)
    assert len(pets.validation) == count - round(0.85 * count)
    species = load("oxford_iiit_pet", "classes", size=64).test
    assert set(np.unique(species.masks)) == {0, 1, 2, 255}


def test_no_network_says_so_once_and_takes_paper_pets(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))

    def unreachable(address):
        raise prepare.NotAvailable("no route")

    monkeypatch.setattr(prepare, "_reach", unreachable)
    monkeypatch.setattr(prepare, "paper_pets", lambda: "paper pets' builder")
    pets = load("oxford_iiit_pet")
    assert (pets.name, pets.requested, pets.builder) == (
        "paper_pets",
        "oxford_iiit_pet",
        "paper pets' builder",
    )
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 1 and "no route" in said and "TFDS_DATA_DIR" in said


@pytest.mark.parametrize("layout", [("train/images", "train/labels"), ("train", "trainannot")])
def test_camvid_in_either_layout(layout, tmp_path, monkeypatch):
    for folder, array in zip(
        layout, (np.zeros((6, 8, 3), np.uint8), np.full((6, 8), 11, np.uint8)), strict=True
    ):
        (tmp_path / folder).mkdir(parents=True)
        Image.fromarray(array).save(tmp_path / folder / "a.png")
    monkeypatch.setenv("CAMVID_DIR", str(tmp_path))
    streets = load("camvid", size=(3, 4))
    assert len(streets.classes) == 11 and streets.train.images.shape == (1, 3, 4, 3)
    assert np.all(streets.train.masks == 255)  # 11 is "unlabelled"
    with pytest.raises(FileNotFoundError, match="valannot"):
        _ = streets.validation


def test_camvid_that_is_not_here_says_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CAMVID_DIR", str(tmp_path))
    monkeypatch.setattr(prepare, "paper_pets", lambda: "paper pets' builder")
    stand_in = load("camvid", size=64)
    assert (stand_in.name, stand_in.requested, stand_in.target) == ("paper_pets", "camvid", "classes")
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 1 and "CAMVID_DIR" in said and "train/labels" in said


def test_the_real_camvid(real_data, monkeypatch):
    monkeypatch.setenv("CAMVID_DIR", str(real_data / "camvid"))
    streets = load("camvid", size=(90, 120))
    assert (len(streets.train), len(streets.validation)) == (60, 20)
    assert set(np.unique(streets.train.masks)) == {*range(11), 255}
    shares = np.bincount(streets.train.masks.ravel())[:11]
    assert streets.classes[shares.argmax()] == "Road" and streets.classes[shares.argmin()] == "Bicyclist"


def test_a_server_that_does_not_answer_is_not_available():
    with pytest.raises(prepare.NotAvailable):
        prepare._reach("http://127.0.0.1:9/nothing")


# --- batches --------------------------------------------------------------------------------------


def passes(dataset, count):
    return [
        [np.concatenate(parts) for parts in zip(*((i.numpy(), m.numpy()) for i, m in dataset), strict=True)]
        for _ in range(count)
    ]


def test_without_training_the_order_is_kept():
    pictures = numbered()
    dataset = pictures.batches(3)
    assert dataset.cardinality() == 3
    for images, masks in passes(dataset, 2):
        np.testing.assert_array_equal(images, pictures.images)
        np.testing.assert_array_equal(masks, pictures.masks)


def test_training_shuffles_anew_each_epoch_and_repeats_for_the_same_seed():
    pictures = numbered(20)
    first, again, other = (passes(pictures.batches(8, training=True, seed=seed), 2) for seed in (1, 1, 2))
    for epoch in (0, 1):
        np.testing.assert_array_equal(first[epoch][0], again[epoch][0])
        np.testing.assert_array_equal(np.sort(first[epoch][0][:, 0, 0, 0]), np.arange(20))
    assert (first[0][0] != first[1][0]).any() and (first[0][0] != other[0][0]).any()


def test_an_epoch_can_be_repeated():
    dataset = numbered(20).batches(8, training=True, augment=Augment(zoom=(0.5, 1.0)))
    _, second, third = passes(dataset, 3)
    dataset.epoch.assign(0)  # the next pass is the second
    for again, before in zip(passes(dataset, 2), (second, third), strict=True):
        np.testing.assert_array_equal(again[0], before[0])
        np.testing.assert_array_equal(again[1], before[1])


@pytest.mark.parametrize("size", [(1, 1), (5, 4), (40, 10), (33, 33)])
def test_picture_and_mask_are_moved_together(size):
    """Nearest-neighbour places of the mask are found again in a picture made of the mask."""
    random = np.random.RandomState(0)
    masks = random.randint(0, 3, (6, *size)).astype(np.uint8)
    images = np.repeat(masks[..., None], 3, axis=-1) * 100
    augment = Augment(flip=True, zoom=(0.5, 1.0), turn=20)
    moved_images, moved_masks = augment(
        tf.constant(images), tf.constant(masks), tf.constant([3, 4], tf.int64)
    )
    assert moved_images.shape == images.shape and moved_masks.dtype == tf.uint8
    assert set(np.unique(moved_masks)) <= {0, 1, 2}
    flat = (
        np.abs(moved_images[..., 0] - moved_masks.numpy() * 100.0) <= 50.001
    )  # bilinear lies within half a step of nearest …
    plain = (
        np.abs(moved_images[..., 0] - np.round(moved_images[..., 0] / 100) * 100) < 1e-3
    )  # … wherever neighbours agree
    assert flat[plain].mean() > 0.98


def test_flips_are_flips_and_nothing_else():
    pictures = numbered(50)
    images, masks = Augment(flip=True)(
        tf.constant(pictures.images), tf.constant(pictures.masks), tf.constant([0, 1], tf.int64)
    )
    flipped = 0
    for image, mask, old_image, old_mask in zip(
        images.numpy(), masks.numpy(), pictures.images, pictures.masks, strict=True
    ):
        if not np.array_equal(mask, old_mask):
            flipped += 1
            old_image, old_mask = old_image[:, ::-1], old_mask[:, ::-1]
        np.testing.assert_allclose(image, old_image, atol=1e-3)
        np.testing.assert_array_equal(mask, old_mask)
    assert 10 < flipped < 40


def test_zoom_agrees_with_an_independent_crop():
    """Half the sides in view, in the middle: SciPy's map_coordinates gives the same picture."""
    from scipy.ndimage import map_coordinates

    image = np.random.RandomState(0).randint(0, 256, (1, 9, 9, 3)).astype(np.uint8)
    mask = np.zeros((1, 9, 9), np.uint8)
    fixed = Augment(flip=False, zoom=(0.5, 0.5))
    moved, _ = fixed(tf.constant(image), tf.constant(mask), tf.constant([0, 0], tf.int64))
    best = np.inf
    for shift_y in np.linspace(-0.25, 0.25, 41) * 9:
        for shift_x in np.linspace(-0.25, 0.25, 41) * 9:
            y, x = np.mgrid[:9, :9] * 0.5 + np.array([2 + shift_y, 2 + shift_x])[:, None, None]
            expected = map_coordinates(image[0, :, :, 0].astype(float), [y, x], order=1, mode="mirror")
            best = min(best, np.abs(expected - moved[0, :, :, 0]).mean())
    assert (
        best < 6
    )  # grey levels; the search grid is 0.1 pixels wide and the noise picture is as rough as can be


def test_a_size_for_training_keeps_the_whole_picture_in_view():
    """Without zoom, another size is a resize about the same centre: compare with a picture made at that size."""
    rows = np.linspace(0, 1, 40)[:, None] * np.ones(40)
    images = np.repeat((rows * 200)[None, :, :, None], 3, axis=-1).astype(np.uint8)
    masks = (rows > 0.5).astype(np.uint8)[None]
    moved_images, moved_masks = Augment(flip=False, size=20)(
        tf.constant(images), tf.constant(masks), tf.constant([0, 1], tf.int64)
    )
    assert moved_images.shape == (1, 20, 20, 3) and moved_masks.shape == (1, 20, 20)
    expected = images[0].reshape(20, 2, 20, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(moved_images[0], expected, atol=2)
    np.testing.assert_array_equal(moved_masks[0], masks[0, ::2, ::2])


def test_light_leaves_masks_alone_and_pixels_in_range():
    pictures = numbered(10)
    images, masks = Augment(flip=False, light=0.5)(
        tf.constant(pictures.images), tf.constant(pictures.masks), tf.constant([0, 1], tf.int64)
    )
    np.testing.assert_array_equal(masks, pictures.masks)
    assert 0 <= np.min(images) and np.max(images) <= 255 and not np.allclose(images, pictures.images)


@pytest.mark.parametrize(
    "broken, words",
    [
        (lambda images, masks, seed: (images, tf.cast(masks, tf.float32)), "returned masks of float32"),
        (lambda images, masks, seed: (images, masks + 1), "labels that are none of the 3 classes"),
        (lambda images, masks, seed: (images, masks[:, 1:]), "made picture and mask different in size"),
    ],
)
def test_an_augmentation_that_breaks_masks_is_caught(broken, words):
    with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError), match=words):
        list(numbered().batches(3, training=True, augment=broken))


def test_class_weights_become_pixel_weights():
    pictures = numbered()
    pictures.masks[0, 0, 0] = 255
    _, masks, weights = next(iter(pictures.batches(7, class_weights=(1, 2, 5))))
    np.testing.assert_array_equal(
        weights, np.select([masks == 0, masks == 1, masks == 2], [1.0, 2.0, 5.0], 0.0)
    )
    with pytest.raises(ValueError, match="2 numbers for 3 classes"):
        pictures.batches(class_weights=(1, 2))


def test_augmenting_outside_training_is_refused():
    with pytest.raises(ValueError, match="training=True"):
        numbered().batches(augment=Augment())


def test_no_pictures_is_an_error():
    with pytest.raises(ValueError, match="no pictures here"):
        numbered().take(0)
    with pytest.raises(ValueError, match="7 pictures and 6 masks"):
        Pictures(numbered().images, numbered().masks[:6], CLASSES)


# --- preparing ------------------------------------------------------------------------------------

SMALL = """
import sys, time
from segkit import paper
from segkit.datasets import builders, prepare
builders.PAPER_PETS_SPLITS = {"train": (1, 40), "validation": (2, 3), "test": (3, 3)}
draw = paper.draw_scene
def slow(*args):
    print("drawing", flush=True)
    time.sleep(float(sys.argv[1]))
    return draw(*args)
paper.draw_scene = slow
print("prepared", prepare.paper_pets().info.splits["train"].num_examples, flush=True)
"""


def start_preparing(folder, pause):
    environment = os.environ | {"SEGKIT_DATA": str(folder)}
    return subprocess.Popen([sys.executable, "-c", SMALL, str(pause)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            text=True, env=environment, cwd=folder)  # fmt: skip


def test_killed_while_preparing_the_next_run_recovers(tmp_path):
    victim = start_preparing(tmp_path, 0.5)
    while "drawing" not in victim.stdout.readline():
        pass
    time.sleep(0.7)
    victim.kill()
    victim.wait()
    assert list(tmp_path.glob(".preparing-*"))
    out, _ = start_preparing(tmp_path, 0).communicate(timeout=120)
    assert "prepared 40" in out
    assert not list(tmp_path.glob(".preparing-*"))


def test_two_notebooks_preparing_at_once_both_get_the_data(tmp_path):
    first, second = start_preparing(tmp_path, 0.02), start_preparing(tmp_path, 0.02)
    for process in (first, second):
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and "prepared 40" in out
    assert not list(tmp_path.glob(".preparing-*"))


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    monkeypatch.setattr(
        builders, "PAPER_PETS_SPLITS", {"train": (1, 3), "validation": (2, 2), "test": (3, 2)}
    )
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_full_disk_is_named_and_leaves_nothing(monkeypatch, tiny):
    draw = builders.paper.draw_scene

    def full(seed, index, *rest):
        if index == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return draw(seed, index, *rest)

    monkeypatch.setattr(builders.paper, "draw_scene", full)
    with pytest.raises(OSError, match="disk is full.*SEGKIT_DATA") as caught:
        prepare.paper_pets()
    assert caught.value.errno == errno.ENOSPC
    assert not list(tiny.rglob("*.tfrecord*"))
    monkeypatch.setattr(builders.paper, "draw_scene", draw)
    assert prepare.paper_pets().info.splits["train"].num_examples == 3


def test_where_data_live(monkeypatch, tmp_path):
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "mine"))
    assert prepare.home() == tmp_path / "mine"
    monkeypatch.delenv("SEGKIT_DATA")
    checkout = prepare.pathlib.Path(prepare.__file__).resolve().parents[2] / "data"
    assert prepare.home() == checkout
    monkeypatch.setattr(prepare.os, "access", lambda *args: False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert prepare.home() == tmp_path / ".cache" / "segkit"


def test_nothing_is_written_to_the_working_directory(tiny, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    prepare.paper_pets()
    assert not list(elsewhere.iterdir()) and (tiny / "paper_pets").is_dir()


def test_a_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "file"))
    with pytest.raises(OSError, match="SEGKIT_DATA"):
        prepare.paper_pets()


def test_an_untouched_clone_works_from_any_directory(tmp_path):
    """A copy of what git tracks, never installed, used from elsewhere: data go into the copy's data folder."""
    root = prepare.pathlib.Path(prepare.__file__).resolve().parents[2]
    clone, elsewhere = tmp_path / "clone", tmp_path / "elsewhere"
    elsewhere.mkdir()
    tracked = subprocess.run(
        ["git", "ls-files", "segkit", "data"], cwd=root, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, clone / name)
    environment = {key: value for key, value in os.environ.items() if key != "SEGKIT_DATA"} | {
        "PYTHONPATH": str(clone)
    }
    run = subprocess.run(
        [sys.executable, "-c", SMALL, "0"], cwd=elsewhere, env=environment, capture_output=True, text=True
    )
    assert "prepared 40" in run.stdout, run.stderr[-2000:]
    assert (clone / "data" / "paper_pets").is_dir() and not list(elsewhere.iterdir())
