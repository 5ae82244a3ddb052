"""load: what each named set knows, in one numbering, and what happens where it is not here."""

import numpy as np
import pytest
from PIL import Image

from segkit.datasets import load, registry, storage
from segkit.paper import draw_cells, draw_scene


@pytest.fixture(scope="module")
def pets():
    return load("paper_pets", size=64)


def test_the_embedded_set_has_its_splits_and_its_masks(pets):
    assert (len(pets.train), len(pets.validation), len(pets.test)) == (600, 100, 200)
    assert pets.name == pets.requested == "paper_pets"
    assert pets.train.images.dtype == pets.train.masks.dtype == np.uint8
    assert set(np.unique(pets.train.masks)) == {0, 1, 2}
    assert len(set(pets.train.names + pets.validation.names + pets.test.names)) == 900


def test_one_load_gives_all_that_a_set_knows():
    pictures = load("paper_pets", "classes").validation
    assert pictures.masks is pictures["classes"] and pictures["image"] is pictures.images
    assert pictures["instances"].dtype == pictures["labels"].dtype == np.int32
    np.testing.assert_array_equal(pictures["classes"] == 0, pictures["instances"] == 0)
    assert (pictures["classes"][pictures["trimap"] == 0] > 0).all()
    for index, name in enumerate(pictures.names[:5]):
        scene = draw_scene(2, int(name.split("_")[-1].split(".")[0]))
        count = len(scene["label"])
        assert pictures["valid"][index].tolist() == [True] * count + [False] * (5 - count)
        np.testing.assert_array_equal(pictures["labels"][index, :count], scene["label"] + 1)
        np.testing.assert_allclose(pictures["boxes"][index, :count], scene["bbox"])
        np.testing.assert_allclose(pictures["keypoints"][index, :count], scene["keypoints"][..., [1, 0, 2]])
        for number in range(count):  # one numbering for labels, classes and instances
            here = pictures["instances"][index] == number + 1
            assert set(pictures["classes"][index][here]) == {pictures["labels"][index, number]}


def test_instances_as_a_target():
    pets = load("paper_pets", "instances", size=64)
    assert (
        pets.classes == ("background", *(f"object {number}" for number in range(1, 6))) == pets.test.classes
    )
    np.testing.assert_array_equal(pets.test.masks, pets.test["instances"])


@pytest.mark.parametrize("size", [0, -3, (64,), "64", 64.0, (64, 64, 3), (0, 5), True, None, [1.5, 2]])
def test_a_size_that_is_none(size):
    with pytest.raises(ValueError, match="size is .*whole number of pixels"):
        load("paper_pets", size=size)


def test_sizes_of_many_kinds():
    for size in (np.int64(32), [32, 32], np.array([32, 32]), (np.int32(32), 32)):
        assert load("paper_pets", size=size).size == (32, 32)
    assert registry.SOURCES["camvid"].shape == (360, 480)


def test_resizing_masks_invents_no_label():
    big, small = (
        load("paper_pets", "classes", size=128).test,
        load("paper_pets", "classes", size=(50, 37)).test,
    )
    assert small.masks.shape[1:] == (50, 37)
    assert set(np.unique(small.masks)) == set(np.unique(big.masks))


def test_unknown_names_are_told_the_known_ones():
    with pytest.raises(ValueError, match="'cats'; choose paper_pets, oxford_iiit_pet, camvid"):
        load("cats")
    with pytest.raises(ValueError, match="did you mean 'paper_pets'"):
        load("paper_pet")
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
        raise storage.NotAvailable("no route")

    monkeypatch.setattr(storage, "_reach", unreachable)
    pets = load("oxford_iiit_pet")
    assert (pets.name, pets.requested, pets.target) == ("paper_pets", "oxford_iiit_pet", "trimap")
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
    stand_in = load("camvid", size=64)
    assert (stand_in.name, stand_in.requested, stand_in.target) == ("paper_pets", "camvid", "classes")
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 1 and "CAMVID_DIR" in said and "train/labels" in said


def test_the_real_camvid(real_data, monkeypatch):
    monkeypatch.setenv("CAMVID_DIR", str(real_data / "camvid"))
    streets = load("camvid", size=90)
    assert streets.size == (90, 120)  # a height alone keeps the shape of the pictures
    assert (len(streets.train), len(streets.validation)) == (60, 20)
    assert set(np.unique(streets.train.masks)) == {*range(11), 255}
    shares = np.bincount(streets.train.masks.ravel())[:11]
    assert streets.classes[shares.argmax()] == "Road" and streets.classes[shares.argmin()] == "Bicyclist"


def test_a_server_that_does_not_answer_is_not_available():
    with pytest.raises(storage.NotAvailable):
        storage._reach("http://127.0.0.1:9/nothing")


def test_the_drawn_cells():
    cells = load("paper_cells")
    assert (len(cells.train), len(cells.validation), len(cells.test)) == (20, 20, 60)
    test = cells.test
    assert cells.classes == ("background", "cell") and test.masks is test["cells"]
    assert test["instances"].dtype == np.int32 and test["valid"].sum(axis=1).min() >= 5
    np.testing.assert_array_equal(test["valid"].sum(axis=1), test["instances"].max(axis=(1, 2)))
    slide = draw_cells(3, 7)
    np.testing.assert_array_equal(test.images[7], slide["image"])
    np.testing.assert_array_equal(test["instances"][7], slide["instance_mask"])
    with pytest.raises(ValueError, match="no target 'classes'; choose cells, instances"):
        load("paper_cells", "classes")


def test_drawn_cells_of_another_size_are_drawn_and_not_resized():
    cells = load("paper_cells", size=64)
    slide = draw_cells(2, 5, 64)
    np.testing.assert_array_equal(cells.validation.images[5], slide["image"])
    np.testing.assert_array_equal(cells.validation.masks[5], slide["cell_mask"])
    assert load("paper_cells", size=(64, 96)).train.images.shape == (20, 64, 96, 3)


def test_cells_of_ones_own(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CELLS_DIR", raising=False)
    assert load("own_cells", size=64).name == "paper_cells"
    said = capsys.readouterr().out
    assert len(said.splitlines()) == 1 and "CELLS_DIR" in said and "using paper_cells" in said
    ids = np.zeros((20, 30), np.uint16)
    ids[2:9, 3:9], ids[2:9, 9:15] = 300, 7
    for split in ("train", "test"):
        for kind, array in {"images": np.zeros((20, 30, 3), np.uint8), "instances": ids}.items():
            (tmp_path / split / kind).mkdir(parents=True)
            for name in "abcdefgh":
                Image.fromarray(array).save(tmp_path / split / kind / f"{name}.png")
    monkeypatch.setenv("CELLS_DIR", str(tmp_path))
    mine = load("own_cells", size=(20, 30))
    assert (mine.name, len(mine.train), len(mine.validation), len(mine.test)) == ("own_cells", 7, 1, 8)
    np.testing.assert_array_equal(mine.test["instances"][0] > 0, ids > 0)
    assert mine.test.masks[0].sum() == (ids > 0).sum() - 2 * 7  # two columns between the cells
    whole = load("own_cells", "instances", size=(20, 30)).test
    np.testing.assert_array_equal(whole.masks, whole["instances"])


def test_real_nuclei(real_data, monkeypatch):
    monkeypatch.setenv("CELLS_DIR", str(real_data / "nuclei"))
    nuclei = load("own_cells", size=128)
    assert (len(nuclei.train), len(nuclei.validation), len(nuclei.test)) == (102, 18, 30)
    assert nuclei.train["instances"].max() > 40
