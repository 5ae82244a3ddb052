"""Augment: every field moves as SciPy moves it, at rectangular sizes too, and boxes are those of the moved objects."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from segkit.datasets import Augment
from segkit.datasets.objects import boxes_of as boxes_by_scipy
from segkit.datasets.transforms import Crop, Elastic, Mirror, Warp, boxes_of
from segkit.paper import KEYPOINTS, draw_scene

COUNT = 12


def scenes(size=(40, 56), count=COUNT, objects=5):
    """Smooth pictures, and ids of three rectangles; some pictures have one object only, one has none."""
    random = np.random.RandomState(0)
    rows, columns = np.mgrid[: size[0], : size[1]]
    waves = random.uniform(0.05, 0.35, (count, 3, 3))
    images = 127 + 120 * np.sin(
        waves[:, 0, None, None] * rows[None, ..., None]
        + waves[:, 1, None, None] * columns[None, ..., None]
        + waves[:, 2, None, None] * 20
    )
    ids = np.zeros((count, *size), np.int32)
    for index in range(count):
        for number in range(1, (3 if index > 2 else index) + 1):
            top, left = random.randint(0, size[0] - 6), random.randint(0, size[1] - 6)
            ids[index, top : top + random.randint(4, 20), left : left + random.randint(4, 20)] = number
    valid = np.stack([[np.any(one == number + 1) for number in range(objects)] for one in ids])
    points = random.uniform(0, 1, (count, objects, len(KEYPOINTS), 3)).astype(np.float32)
    points[..., 2] = 2 * valid[..., None]
    return {
        "image": images.round().astype(np.uint8),
        "mask": np.minimum(ids, 2).astype(np.uint8),
        "instances": ids,
        "boxes": np.stack([boxes_by_scipy(one, objects) for one in ids]),
        "labels": np.ones((count, objects), np.int32),
        "valid": valid,
        "keypoints": points,
    }


def tensors(fields):
    return {name: tf.constant(field) for name, field in fields.items()}


def drawn(augment, fields, seed=(3, 4)):
    """The moved fields, and the moves that `augment` drew, in order: found by watching it, checked by SciPy below."""
    seen = []

    def watched(kind):
        class Watched(kind):
            def __init__(self, *arguments):
                super().__init__(*arguments)
                seen.append(self)

        return Watched

    with pytest.MonkeyPatch.context() as patch:
        for kind in (Crop, Warp, Mirror, Elastic):
            patch.setattr(f"segkit.datasets.transforms.{kind.__name__}", watched(kind))
        moved = augment(tensors(fields), tf.constant(seed, tf.int64))
    return {name: field.numpy() for name, field in moved.items()}, seen


def by_scipy(moves, index, array, order, size):
    """One channel of one picture, moved as the moves say, by SciPy."""
    for move in moves:
        if isinstance(move, Mirror):
            array = array[:, ::-1] if move.turned[index] else array
        elif isinstance(move, Crop):
            (top, left), (height, width) = (np.array(part[index], int) for part in (move.corner, move.size))
            part = array[top : top + height, left : left + width]
            step = np.array(part.shape) / size
            array = ndimage.affine_transform(
                part, step, (step - 1) / 2, output_shape=size, order=order, mode="nearest"
            )
        elif isinstance(move, Elastic):
            grid = np.mgrid[: size[0], : size[1]].astype(float)
            on_grid = [2 * part / (side - 1) for part, side in zip(grid, size, strict=True)]
            moves_here = [
                ndimage.map_coordinates(
                    move.nine[index, ..., axis].numpy().astype(float), on_grid, order=3, mode="mirror"
                )
                for axis in (0, 1)
            ]
            array = ndimage.map_coordinates(array, grid + moves_here, order=order, mode="reflect")
        else:
            matrix = np.stack([move.down[index], move.right[index]], axis=1)  # from output to input places
            first = move.first[index].numpy()
            array = ndimage.affine_transform(
                array, matrix, first, output_shape=size, order=order, mode="grid-mirror"
            )
    return array


WAYS = {
    "crops": Augment(flip=True, zoom=(0.5, 1.0)),
    "crops, smaller": Augment(flip=True, zoom=(0.6, 0.9), size=(30, 33)),
    "turned": Augment(flip=True, zoom=(0.7, 1.0), turn=25),
    "turned, larger": Augment(flip=False, turn=40, size=(61, 50)),
    "zoomed out": Augment(flip=True, zoom=(1.0, 1.5)),
    "rubber": Augment(flip=True, elastic=3),
    "crops of rubber": Augment(flip=True, elastic=2, zoom=(0.6, 1.0), size=(36, 30)),
    "another size": Augment(flip=False, size=(20, 28)),
}


@pytest.mark.parametrize("size", [(40, 56), (33, 21)])
@pytest.mark.parametrize("way", WAYS)
def test_every_field_moves_as_scipy_moves_it(way, size):
    fields = scenes(size)
    moved, moves = drawn(WAYS[way], fields)
    new_size = moved["mask"].shape[1:]
    for index in range(COUNT):
        for channel in range(3):
            pixels = fields["image"][index, ..., channel].astype(float)
            expected = by_scipy(moves, index, pixels, 1, new_size)
            assert np.abs(expected - moved["image"][index, ..., channel]).max() < 1.01  # rounding
        for name in ("mask", "instances"):
            expected = by_scipy(moves, index, fields[name][index], 0, new_size)
            assert np.mean(expected != moved[name][index]) < 0.02  # places that fall between two pixels
            assert set(np.unique(moved[name][index])) <= set(np.unique(fields[name][index]))
        np.testing.assert_allclose(
            moved["boxes"][index], boxes_by_scipy(moved["instances"][index], 5), atol=1e-6
        )
    np.testing.assert_array_equal(moved["labels"], fields["labels"])
    still_there = np.stack([[np.any(one == number + 1) for number in range(5)] for one in moved["instances"]])
    np.testing.assert_array_equal(moved["valid"], still_there)


@pytest.mark.parametrize("way", [way for way in WAYS if "rubber" not in way])
def test_the_draws_are_the_ones_asked_for(way):
    """A zoom, a turn or a mirror that is not applied is noticed: they are read from where a picture's corners go."""
    augment, size = WAYS[way], (40, 56)
    _, moves = drawn(augment, scenes(size))
    corners = tf.constant(np.tile([[0, 0], [0, 1], [1, 0]], (COUNT, 1, 1)), tf.float32)
    for move in moves:
        corners = move.points(corners)
    first, right, down = np.moveaxis(
        corners.numpy() * size, 1, 0
    )  # in old pixels: the new size plays no part
    right, down = right - first, down - first
    area = down[:, 0] * right[:, 1] - down[:, 1] * right[:, 0]
    zoom = (np.prod(size) / np.abs(area)) ** 0.5
    assert augment.zoom[0] - 0.02 <= zoom.min() and zoom.max() <= augment.zoom[1] + 0.02
    assert np.ptp(zoom) > 0.3 * np.ptp(augment.zoom) - 1e-4
    angle = np.degrees(np.arctan2(down[:, 1], down[:, 0]))
    assert 0.5 * augment.turn <= np.abs(angle).max() <= augment.turn + 1e-3
    assert (0 < (area < 0).sum() < COUNT) if augment.flip else (area > 0).all()


@pytest.mark.parametrize("way", [*(way for way in WAYS if way != "crops of rubber"), "flips"])
def test_key_points_stay_on_what_they_mark(way):
    """A bright dot for each key point: after any move, the point is where the dot is."""
    random = np.random.RandomState(1)
    size, places = (48, 64), random.uniform(0.1, 0.9, (COUNT, 1, len(KEYPOINTS), 2))
    points = np.concatenate([places, np.full((*places.shape[:-1], 1), 2.0)], axis=-1).astype(np.float32)
    for number, name in enumerate(KEYPOINTS):
        images = np.zeros((COUNT, *size, 3), np.uint8)
        grid = np.stack(np.mgrid[: size[0], : size[1]], axis=-1) + 0.5
        distance = np.linalg.norm(grid - (places[:, 0, number] * size)[:, None, None], axis=-1)
        images[...] = np.maximum(0, 255 - 60 * distance)[..., None].round()
        fields = {"image": images, "mask": images[..., 0] // 200, "keypoints": points}
        augment = Augment() if way == "flips" else WAYS[way]
        moved = {
            key: field.numpy()
            for key, field in augment(tensors(fields), tf.constant([3, 4], tf.int64)).items()
        }
        turned = _turned(augment)
        for index in range(COUNT):
            now = (
                {"left_ear": "right_ear", "right_ear": "left_ear"}.get(name, name) if turned[index] else name
            )
            y, x, seen = moved["keypoints"][index, 0, KEYPOINTS.index(now)]
            picture = moved["image"][index, ..., 0].astype(float)
            if not seen:
                assert (y, x) == (0, 0)
                continue
            row, column = int(y * picture.shape[0]), int(x * picture.shape[1])
            top, left = max(row - 4, 0), max(column - 4, 0)
            around = picture[top : row + 5, left : column + 5]  # a mirror image of the dot may lie elsewhere
            brightest = np.array(np.unravel_index(around.argmax(), around.shape)) + (top, left) + 0.5
            assert around.max() > 150
            assert np.abs(brightest - np.array([y, x]) * picture.shape).max() <= 1.5


def _turned(augment, seed=(3, 4)):
    """Which pictures are mirrored, from a picture that is bright on the left."""
    images = np.zeros((COUNT, 48, 64, 3), np.uint8)
    images[:, :, :32] = 200
    moved = augment(
        {"image": tf.constant(images), "mask": tf.zeros((COUNT, 48, 64), tf.uint8)},
        tf.constant(seed, tf.int64),
    )["image"].numpy()
    half = moved.shape[2] // 2
    return moved[:, :, half:].mean(axis=(1, 2, 3)) > moved[:, :, :half].mean(axis=(1, 2, 3))


def test_rubber_moves_as_far_as_it_is_told():
    _, (move,) = drawn(Augment(flip=False, elastic=10), scenes(count=200), (1, 2))
    nine = move.nine.numpy()
    assert nine.shape == (200, 3, 3, 2) and abs(nine.mean()) < 0.5 and abs(nine.std() - 10) < 0.5
    for corner in (0, -1):  # its outer points are the corner pixels
        np.testing.assert_allclose(move.moves[:, corner, corner], nine[:, corner, corner], atol=1e-4)
    again, _ = drawn(Augment(flip=False, elastic=10), scenes(count=4), (1, 2))
    other, _ = drawn(Augment(flip=False, elastic=10), scenes(count=4), (1, 3))
    same, _ = drawn(Augment(flip=False, elastic=10), scenes(count=4), (1, 2))
    assert np.array_equal(again["image"], same["image"]) and not np.array_equal(
        again["image"], other["image"]
    )


def test_flips_are_flips_and_nothing_else():
    fields = scenes()
    moved, _ = drawn(Augment(), fields)
    turned = [not np.array_equal(moved["image"][index], fields["image"][index]) for index in range(COUNT)]
    assert 2 < sum(turned) < 10
    for index in range(COUNT):
        step = -1 if turned[index] else 1
        for name in ("image", "mask", "instances"):
            np.testing.assert_array_equal(moved[name][index], fields[name][index][:, ::step])
        np.testing.assert_allclose(
            moved["boxes"][index], boxes_by_scipy(moved["instances"][index], 5), atol=1e-6
        )
    np.testing.assert_array_equal(moved["valid"], fields["valid"])


def test_a_mirrored_scene_is_the_scene_drawn_mirrored():
    """Key points of a drawn animal: left and right are the animal's own, so they trade places in a mirror."""
    scene = draw_scene(5, 63)
    points = scene["keypoints"][None][..., [1, 0, 2]].astype(np.float32)
    fields = {"image": scene["image"][None], "mask": scene["class_mask"][None], "keypoints": points}
    for seed in range(20):
        moved = Augment()(tensors(fields), tf.constant([0, seed], tf.int64))
        if (moved["image"].numpy() != fields["image"]).any():
            break
    left, right = KEYPOINTS.index("left_ear"), KEYPOINTS.index("right_ear")
    there = points[0, :, left, 2] > 0
    assert there.any()
    moved_points = moved["keypoints"].numpy()
    np.testing.assert_allclose(moved_points[0, there, right, 1], 1 - points[0, there, left, 1], atol=1e-6)
    np.testing.assert_allclose(
        moved_points[0, :, KEYPOINTS.index("nose"), 0], points[0, :, KEYPOINTS.index("nose"), 0]
    )


def test_other_key_points_need_their_names():
    fields = tensors(scenes())
    fields["keypoints"] = fields["keypoints"][:, :, :3]
    with pytest.raises(ValueError, match=r"3 key points and Augment knows 9: give their names"):
        Augment()(fields, tf.constant([0, 0], tf.int64))
    named = Augment(points=("nose", "left_eye", "right_eye"))
    assert named(fields, tf.constant([0, 0], tf.int64))["keypoints"].shape == (COUNT, 5, 3, 3)


def test_boxes_without_instances_are_those_of_the_moved_corners():
    """For crops and mirrors this is exact."""
    fields = scenes()
    del fields["keypoints"]
    for augment in (Augment(), Augment(zoom=(0.8, 1.0))):
        seed = tf.constant([5, 6], tf.int64)
        exact = augment(tensors(fields), seed)["boxes"].numpy()
        corners = augment(
            {name: field for name, field in tensors(fields).items() if name != "instances"}, seed
        )["boxes"].numpy()
        assert np.abs(exact - corners)[fields["valid"]].max() < 1 / 20


def test_boxes_of_many_ids_agree_with_scipy():
    ids = np.random.RandomState(0).randint(0, 400, (3, 31, 47)).astype(np.int32)
    expected = np.stack([boxes_by_scipy(one, 400) for one in ids])
    np.testing.assert_allclose(boxes_of(tf.constant(ids), 400), expected, atol=1e-6)


@pytest.mark.parametrize("way", [*WAYS, "flips", "light"])
def test_the_frames_of_a_clip_share_one_draw(way):
    augment = {"flips": Augment(), "light": Augment(flip=False, light=0.4)}.get(way) or WAYS[way]
    fields = scenes()
    clip = {name: np.stack([field, field], axis=1) for name, field in fields.items()}  # two equal frames
    clip["labels"], clip["valid"] = (np.stack([fields[name]] * 2, axis=1) for name in ("labels", "valid"))
    seed = tf.constant([7, 8], tf.int64)
    alone, together = augment(tensors(fields), seed), augment(tensors(clip), seed)
    for name in fields:
        for frame in (0, 1):
            np.testing.assert_allclose(together[name][:, frame], alone[name], err_msg=name, atol=1)


def test_a_students_own_fields_move_by_what_they_hold():
    fields = scenes()
    own = {
        "depth": fields["image"][..., 0].astype(np.float32)[..., None],
        "region": fields["mask"].astype(np.int32),
        "caption": np.arange(COUNT),
    }
    moved, _ = drawn(WAYS["crops"], {**fields, **own})
    np.testing.assert_array_equal(moved["caption"], own["caption"])
    np.testing.assert_array_equal(moved["region"], moved["mask"])
    assert np.abs(moved["depth"][..., 0] - moved["image"][..., 0]).max() <= 0.51


def test_light_leaves_everything_else_alone():
    fields = scenes()
    moved, _ = drawn(Augment(flip=False, light=0.5), fields)
    for name in fields.keys() - {"image"}:
        np.testing.assert_array_equal(moved[name], fields[name])
    assert moved["image"].dtype == np.uint8 and not np.array_equal(moved["image"], fields["image"])


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 4)])
def test_pictures_of_few_pixels(size):
    fields = {"image": np.full((3, *size, 3), 9, np.uint8), "mask": np.ones((3, *size), np.uint8)}
    for augment in (Augment(), *WAYS.values()):
        moved = augment(tensors(fields), tf.constant([0, 1], tf.int64))
        assert moved["image"].shape[1:3] == (augment.size or size) and set(np.unique(moved["mask"])) == {1}
        assert set(np.unique(moved["image"])) == {9}
