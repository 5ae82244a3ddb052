"""from_folder: every kind of mask, every fault with its file name and its cure."""

import gc
import os
import warnings
import weakref

import numpy as np
import pytest
from PIL import Image, ImageOps

from segkit.datasets import from_folder, image_files

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


@pytest.mark.parametrize("high", [1, 255, 65535])
def test_class_numbers_and_black_and_white_masks_are_the_same(folders, high):
    white = (
        mask()
        if high == 1
        else Image.fromarray((np.asarray(mask()).astype(np.uint16 if high > 255 else np.uint8)) * high)
    )
    save(folders, "a", label=white)
    save(folders, "b", label=white)
    pictures = read(folders)
    assert pictures.names == ("a", "b")
    assert pictures.images.dtype == pictures.masks.dtype == np.uint8
    np.testing.assert_array_equal(pictures.masks[1], np.asarray(mask()))


def test_what_255_means_is_decided_once_for_the_folder(folders):
    """A mask that is all object, or all void, is no mask of its own kind."""
    save(folders, "all", label=mask(low=255, high=255))
    save(folders, "half", label=mask(high=255))
    assert read(folders).masks[0].tolist() == np.ones((4, 6), int).tolist()  # black and white: all object
    save(folders, "numbers", label=mask(low=1, high=255))
    masks = dict(zip(*(lambda p: (p.names, p.masks))(read(folders)), strict=True))
    assert set(np.unique(masks["half"])) == {0, 255} and set(np.unique(masks["all"])) == {
        255
    }  # numbers, and void


def test_black_and_white_beside_class_numbers_cannot_be_told_apart(folders):
    save(folders, "numbers")
    save(folders, "white", label=mask(high=255))
    with pytest.raises(
        ValueError, match=r"white\.png is black and white .* numbers\.png holds class numbers.*in one way"
    ):
        read(folders)


def test_one_bit_grey_and_palette_masks(folders):
    save(folders, "bits", label=mask(high=255).convert("1"))
    np.testing.assert_array_equal(read(folders).masks[0], np.asarray(mask()))
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


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_deep_pictures_keep_their_shades(folders, bits):
    """The scale is the folder's: a dark picture stays dark beside a bright one."""
    white = 2**bits - 1
    shades = np.linspace(0, white, 24).reshape(4, 6).astype(np.uint16)
    save(folders, "bright", image=Image.fromarray(shades))
    save(folders, "dark", image=Image.fromarray(shades // 100))
    pictures = read(folders)
    for found, expected in zip(pictures.images, (shades, shades // 100), strict=True):
        np.testing.assert_allclose(found[:, :, 0], expected * (255 / white), atol=0.51)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_cameras_that_turn_pictures(folders, orientation):
    """The mask fits whether it was drawn on the picture as shown or on the pixels as stored."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = picture((6, 4))
    stored.save(folders[0] / "a.png", exif=exif)
    with Image.open(folders[0] / "a.png") as opened:
        shown = ImageOps.exif_transpose(opened)

    def drawn_on(pixels):
        return Image.fromarray((np.asarray(pixels)[..., 0] > 127).astype(np.uint8))

    drawn_on(shown).save(folders[1] / "a.png")
    if 2 <= orientation <= 4:  # the sizes cannot tell on which of the two it was drawn
        with pytest.raises(ValueError, match=r"a\.png carries its camera's mark .* save it as PNG"):
            read(folders)
        return
    pictures = read(folders)
    np.testing.assert_array_equal(pictures.images[0], np.asarray(shown))
    np.testing.assert_array_equal(pictures.masks[0], pictures.images[0, :, :, 0] > 127)
    if orientation >= 5:  # the size tells that this mask was drawn on the stored pixels
        drawn_on(stored).save(folders[1] / "a.png")
        pictures = read(folders)
        np.testing.assert_array_equal(pictures.masks[0], pictures.images[0, :, :, 0] > 127)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_mask_with_the_same_mark_is_turned_with_its_picture(folders, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = picture((6, 6))
    stored.save(folders[0] / "a.png", exif=exif)
    Image.fromarray((np.asarray(stored)[..., 0] > 127).astype(np.uint8)).save(folders[1] / "a.png", exif=exif)
    pictures = read(folders)
    np.testing.assert_array_equal(pictures.masks[0], pictures.images[0, :, :, 0] > 127)
    (mask((6, 6))).save(folders[1] / "a.png")  # square, without the mark: nobody can tell
    with pytest.raises(ValueError, match="cannot be told"):
        read(folders)


def test_pictures_are_resized_smoothly_and_masks_by_nearest_neighbour(folders):
    for index, size in enumerate([(1, 1), (7, 5), (64, 16), (9, 33)]):
        save(folders, f"{index}", picture(size), mask(size))
    pictures = read(folders, size=(8, 10))
    assert pictures.images.shape == (4, 8, 10, 3)
    assert set(np.unique(pictures.masks)) == {0, 1}


def test_pictures_are_made_small_one_at_a_time(folders, monkeypatch):
    """A folder of photographs does not fit into memory: no more than one, and its mask, is there at full size."""
    for index in range(6):
        save(folders, f"{index}")
    read_file, files, most = image_files.read, [], 0

    def counted(path):
        nonlocal most
        opened = read_file(path)
        files.append(weakref.ref(opened))
        gc.collect()
        most = max(most, sum(file() is not None for file in files))
        return opened

    monkeypatch.setattr(image_files, "read", counted)
    assert len(read(folders, size=2)) == 6 and most <= 4  # and, for a moment, the pair before


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
    for near in ("a_mask.png", "A.png"):
        for path in folders[1].iterdir():
            path.rename(folders[1] / near)
        with pytest.raises(FileNotFoundError, match=rf"No mask for a\.png .*is it {near}"):
            read(folders)
    (folders[1] / "A.png").rename(folders[1] / "b.png")
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


def test_names_in_either_unicode_form_are_one_name(folders):
    picture().save(folders[0] / "caf\u00e9.png")
    mask().save(folders[1] / "cafe\u0301.png")
    assert read(folders).names == ("caf\u00e9",)


@pytest.mark.parametrize("ending", ["tif", "tiff", "bmp", "webp", "jpg"])
def test_pictures_of_other_kinds(folders, ending):
    save(folders, ending=ending)
    assert read(folders).images.shape == (1, 4, 6, 3)


@pytest.mark.parametrize("ending", ["tif", "bmp"])
def test_masks_of_other_kinds(folders, ending):
    picture().save(folders[0] / "a.png")
    mask().save(folders[1] / f"a.{ending}")
    np.testing.assert_array_equal(read(folders).masks[0], np.asarray(mask()))


def test_masks_that_were_blurred_are_refused(folders):
    picture().save(folders[0] / "a.png")
    mask(high=255).save(folders[1] / "a.jpg")
    with pytest.raises(
        ValueError, match=r"a\.jpg is a JPG, which blurs labels at every edge: save masks as PNG"
    ):
        read(folders)


def test_a_mask_drawn_in_transparency_alone_is_refused(folders):
    alpha = np.zeros((4, 6, 4), np.uint8)
    alpha[:, 3:, 3] = 255
    save(folders, label=Image.fromarray(alpha))
    with pytest.raises(ValueError, match=r"a\.png is drawn in transparency alone"):
        read(folders)


def test_a_file_that_is_a_program_is_not_run(folders):
    """PostScript under the name of a picture would be given to an interpreter."""
    save(folders)
    (folders[0] / "a.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 6 4\n%%EndComments\nshowpage\n"
    )
    with pytest.raises(ValueError, match=r"a\.png cannot be read as a picture"):
        read(folders)


@pytest.mark.parametrize("side", [(9_000, 9_000), (20_000, 20_000)])
def test_a_picture_that_would_fill_the_memory_is_refused(folders, side):
    save(folders)
    Image.new("1", side).save(folders[0] / "a.png")
    with pytest.raises(ValueError, match=r"a\.png (has|is) .*more than 64 million.*: make it smaller"):
        read(folders)


def test_files_are_closed(folders):
    save(folders)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        read(folders)
        gc.collect()


def test_what_is_no_picture_is_left_out_and_named(folders, capsys):
    save(folders)
    os.mkfifo(folders[0] / "endless.png")
    (folders[0] / "b.gif").write_bytes(b"GIF")
    (folders[0] / "notes.txt").write_text("a list")
    assert len(read(folders)) == 1
    assert capsys.readouterr().out.startswith("pictures: b.gif left out; pictures are read from .png")


@pytest.mark.parametrize(
    "arguments, options, error, words",
    [
        (("background", "background"), {}, ValueError, "'background' twice"),
        (2, {}, TypeError, "classes is 2; give the names"),
        ("cell", {}, TypeError, "classes is 'cell'; give the names"),
        (CLASSES, {"size": 64.0}, ValueError, "size is 64.0"),
        (CLASSES, {"size": 0}, ValueError, "size is 0"),
        (
            CLASSES,
            {"colors": {"cell": (256, 0, 0)}},
            ValueError,
            r"colour of 'cell' is \(256, 0, 0\); give red",
        ),
        (CLASSES, {"colors": {"cell": (1, 2, 3, 4)}}, ValueError, "colour of 'cell'"),
        (CLASSES, {"colors": {"cell": "no colour"}}, ValueError, "colour of 'cell'"),
        (
            CLASSES,
            {"colors": {"cell": (1, 2, 3), "background": "#010203"}},
            ValueError,
            "Two classes have the colour",
        ),
    ],
)
def test_bad_arguments_get_one_sentence(folders, arguments, options, error, words):
    save(folders)
    with pytest.raises(error, match=words):
        from_folder(*folders, arguments, **options)


def test_a_list_of_files_is_no_folder(folders):
    save(folders)
    with pytest.raises(TypeError, match="takes the folder that holds the files"):
        from_folder([folders[0] / "a.png"], folders[1], CLASSES)
    with pytest.raises(TypeError, match="masks, a folder of masks, or instances="):
        from_folder(folders[0])


def test_colours_may_be_written_as_on_the_web(folders):
    colours = np.zeros((4, 6, 3), np.uint8)
    colours[:, 3:] = (255, 0, 0)
    save(folders, label=Image.fromarray(colours))
    masks = read(folders, colors={"background": "#000000", "cell": "#ff0000"}).masks
    np.testing.assert_array_equal(masks[0], np.asarray(mask()))


def test_instance_masks_with_ids_beyond_a_byte(folders):
    """Any numbers, one without an object; boxes and labels are those of SciPy's measurements."""
    ids = np.zeros((3, 30, 40), np.uint16)
    ids[0, 2:7, 3:9], ids[0, 10:28, 20:33], ids[1, 5:6, 5:39] = 40_000, 7, 300
    for index, one in enumerate(ids):
        save(folders, f"{index}", picture((40, 30)), Image.fromarray(one))
    cells = from_folder(folders[0], instances=folders[1])
    assert cells["instances"].dtype == np.int32 and cells.classes == ("background", "object")
    np.testing.assert_array_equal(cells["valid"], [[True, True], [True, False], [False, False]])
    np.testing.assert_allclose(
        cells["boxes"][0] * (30, 40, 30, 40), [[10, 20, 28, 33], [2, 3, 7, 9]], atol=1e-5
    )
    np.testing.assert_array_equal(cells["labels"], cells["valid"])
    np.testing.assert_array_equal(cells.masks, ids > 0)
    small = from_folder(folders[0], instances=folders[1], size=(15, 20))
    assert small["instances"].max() == 2 and small["boxes"].shape == (3, 2, 4)


def test_instances_take_their_class_from_the_mask(folders, tmp_path):
    (tmp_path / "ids").mkdir()
    labels, ids = np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8)
    labels[:4], labels[4:], ids[1:3, 1:3], ids[5:7, 2:6] = 1, 2, 1, 2
    save(folders, "a", picture((8, 8)), Image.fromarray(labels))
    Image.fromarray(ids).save(tmp_path / "ids" / "a.png")
    read_back = from_folder(*folders, ("background", "left", "right"), instances=tmp_path / "ids")
    np.testing.assert_array_equal(read_back["labels"], [[1, 2]])


def test_real_nuclei(real_data):
    nuclei = from_folder(
        real_data / "nuclei" / "train" / "images", instances=real_data / "nuclei" / "train" / "instances"
    )
    assert nuclei["instances"].dtype == np.int32 and nuclei["valid"].sum() == sum(
        ids.max() for ids in nuclei["instances"]
    )
    assert (nuclei["boxes"][nuclei["valid"]][:, 2:] > nuclei["boxes"][nuclei["valid"]][:, :2]).all()


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
