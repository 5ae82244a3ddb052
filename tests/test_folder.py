"""from_folder: every kind of mask, every fault with its file name and its cure."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from segkit.datasets import from_folder

CLASSES = ("background", "cell")


@pytest.fixture
def folders(tmp_path):
    for name in ("pictures", "masks"):
        (tmp_path / name).mkdir()
    return tmp_path / "pictures", tmp_path / "masks"


def picture(size=(6, 4), mode="RGB", seed=0):
    """A picture of (width, height) filled with noise."""
    channels = {"RGB": 3, "RGBA": 4, "L": 1}[mode]
    pixels = np.random.RandomState(seed).randint(0, 256, (size[1], size[0], channels), np.uint8)
    return Image.fromarray(pixels if channels > 1 else pixels[..., 0])


def mask(size=(6, 4), low=0, high=1):
    labels = np.full((size[1], size[0]), low, np.uint8)
    labels[:, size[0] // 2 :] = high
    return Image.fromarray(labels)


def save(folders, name="a", image=None, label=None, ending="png"):
    (image or picture()).save(folders[0] / f"{name}.{ending}")
    (label or mask()).save(folders[1] / f"{name}.png")


def read(folders, **options):
    return from_folder(*folders, CLASSES, **options)


def test_class_numbers_and_black_and_white_masks_are_the_same(folders):
    save(folders, "numbers")
    save(folders, "white", label=mask(high=255))
    pictures = read(folders)
    assert pictures.names == ("numbers", "white")
    assert pictures.images.dtype == pictures.masks.dtype == np.uint8
    np.testing.assert_array_equal(pictures.masks[0], pictures.masks[1])
    np.testing.assert_array_equal(pictures.masks[0], np.asarray(mask()))


def test_one_bit_grey_and_palette_masks(folders):
    save(folders, "bits", label=mask(high=255).convert("1"))
    palette = mask().convert("P")
    palette.putpalette([0, 0, 0, 250, 10, 10])
    save(folders, "palette", label=palette)
    for read_mask in read(folders).masks:
        np.testing.assert_array_equal(read_mask, np.asarray(mask()))


def test_colour_masks_need_a_table_and_get_void(folders):
    colours = np.zeros((4, 6, 3), np.uint8)
    colours[:, 2:4] = (255, 0, 0)
    colours[:, 4:] = (1, 2, 3)
    save(folders, label=Image.fromarray(colours))
    with pytest.raises(ValueError, match=r"a\.png is a colour mask: give colors="):
        read(folders)
    with pytest.raises(ValueError, match=r"a\.png has the colour \(1, 2, 3\) \(33.3%.*add it"):
        read(folders, colors={"background": (0, 0, 0), "cell": (255, 0, 0)})
    with pytest.raises(ValueError, match="'dog', which is none of the classes"):
        read(folders, colors={"dog": (0, 0, 0)})
    table = {"background": (0, 0, 0), "cell": (255, 0, 0), "void": (1, 2, 3)}
    np.testing.assert_array_equal(read(folders, colors=table).masks[0, 0], [0, 0, 1, 1, 255, 255])


def test_a_number_can_be_declared_void(folders):
    save(folders, label=mask(high=11))
    with pytest.raises(ValueError, match=r"a\.png holds label 11.*2 classes"):
        read(folders)
    np.testing.assert_array_equal(read(folders, void=(11,)).masks[0, 0], [0, 0, 0, 255, 255, 255])


def test_labels_that_start_at_one_are_recognised(folders):
    save(folders, label=mask(low=1, high=2))
    with pytest.raises(ValueError, match="subtract 1"):
        read(folders)


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_grey_and_transparent_pictures_become_rgb(folders, mode):
    save(folders, image=picture(mode=mode))
    assert read(folders).images.shape == (1, 4, 6, 3)


def test_sixteen_bit_pictures_keep_their_shades(folders):
    shades = np.linspace(0, 65535, 24).reshape(4, 6).astype(np.uint16)
    save(folders, image=Image.fromarray(shades))
    np.testing.assert_array_equal(read(folders).images[0, :, :, 0], shades // 257)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_cameras_that_turn_pictures(folders, orientation):
    """The mask fits whether it was drawn on the picture as shown or on the pixels as stored."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = picture((6, 4))
    stored.save(folders[0] / "a.png", exif=exif)
    with Image.open(folders[0] / "a.png") as opened:
        shown = ImageOps.exif_transpose(opened)
    bright = Image.fromarray((np.asarray(shown)[..., 0] > 127).astype(np.uint8))
    bright.save(folders[1] / "a.png")
    pictures = read(folders)
    np.testing.assert_array_equal(pictures.images[0], np.asarray(shown))
    np.testing.assert_array_equal(pictures.masks[0], pictures.images[0, :, :, 0] > 127)
    if orientation >= 5:  # the size tells that this mask was drawn on the stored pixels
        Image.fromarray((np.asarray(stored)[..., 0] > 127).astype(np.uint8)).save(folders[1] / "a.png")
        pictures = read(folders)
        np.testing.assert_array_equal(pictures.masks[0], pictures.images[0, :, :, 0] > 127)


def test_pictures_are_resized_smoothly_and_masks_by_nearest_neighbour(folders):
    for index, size in enumerate([(1, 1), (7, 5), (64, 16), (9, 33)]):
        save(folders, f"{index}", picture(size), mask(size))
    pictures = read(folders, size=(8, 10))
    assert pictures.images.shape == (4, 8, 10, 3)
    assert set(np.unique(pictures.masks)) == {0, 1}


def test_different_sizes_need_a_size(folders):
    save(folders, "a")
    save(folders, "b", picture((8, 8)), mask((8, 8)))
    with pytest.raises(ValueError, match=r"b\.png is 8×8 and a\.png is 4×6: give size="):
        read(folders)


def test_every_missing_file_is_named(folders, tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no pictures: put .png"):
        read(folders)
    save(folders)
    (folders[1] / "a.png").rename(folders[1] / "b.png")
    with pytest.raises(FileNotFoundError, match=r"No mask for a\.png.*1 missing.*name each mask"):
        read(folders)
    save(folders)
    with pytest.raises(FileNotFoundError, match=r"No picture for the mask b\.png"):
        read(folders)
    with pytest.raises(FileNotFoundError, match="There is no folder .*nowhere"):
        from_folder(tmp_path / "nowhere", folders[1], CLASSES)
    picture().save(folders[0] / "a.jpg")
    with pytest.raises(ValueError, match=r"a\.jpg and a\.png share a name"):
        read(folders)


def test_sizes_that_differ_are_named(folders):
    save(folders, label=mask((5, 4)))
    with pytest.raises(ValueError, match=r"a\.png is 4×5 .* its picture is 4×6"):
        read(folders)


def test_a_broken_picture_is_named(folders):
    save(folders)
    path = folders[0] / "a.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=r"a\.png cannot be read as a picture.*save it again"):
        read(folders)


def test_the_pictures_train_like_any_others(folders):
    for index in range(5):
        save(folders, f"{index}")
    train, validation = read(folders).split(0.8)
    assert (len(train), len(validation)) == (4, 1)
    assert not set(train.names) & set(validation.names)
    images, masks = next(iter(train.batches(2, training=True)))
    assert images.shape == (2, 4, 6, 3) and masks.shape == (2, 4, 6)


def test_real_cells(real_data):
    cells = from_folder(
        real_data / "em_membrane" / "images",
        real_data / "em_membrane" / "labels",
        ("membrane", "cell"),
        size=128,
    )
    assert len(cells) == 20 and set(np.unique(cells.masks)) == {0, 1}


def test_real_streets(real_data):
    folder = real_data / "camvid" / "val"
    classes = [f"class {index}" for index in range(11)]
    streets = from_folder(folder / "images", folder / "labels", classes, void=(11,), size=(90, 120))
    assert len(streets) == 20 and set(np.unique(streets.masks)) <= {*range(11), 255}
