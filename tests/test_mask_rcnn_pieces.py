"""The stages of Mask R-CNN, each against an independent implementation."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from segkit.models.mask_rcnn import (
    anchor_grid,
    anchors_of,
    decode,
    encode,
    iou,
    level_of,
    mask_targets,
    match,
    nms,
    paste,
    roi_align,
    roi_pool,
    sample,
)
from segkit.models.mask_rcnn.rois import align_one, pool_one
from segkit.models.mask_rcnn.targets import keypoint_targets

from .oracles import onnx_run, to_first, to_last

TENSORFLOW = keras.backend.backend() == "tensorflow"
needs_tensorflow = pytest.mark.skipif(not TENSORFLOW, reason="asks TensorFlow")


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def of_tensors(piece):
    """The piece, its arrays made tensors first: PyTorch's do not mix with arrays, as TensorFlow's and JAX' do."""

    def call(*inputs, **options):
        inputs, options = keras.tree.map_structure(
            lambda leaf: ops.convert_to_tensor(leaf) if isinstance(leaf, np.ndarray) else leaf,
            (inputs, options),
        )
        return piece(*inputs, **options)

    return call


if keras.backend.backend() == "torch":
    decode, encode, iou, level_of, match, nms, sample = map(
        of_tensors, (decode, encode, iou, level_of, match, nms, sample)
    )
    mask_targets, keypoint_targets, paste = map(of_tensors, (mask_targets, keypoint_targets, paste))
    align_one, pool_one, roi_align, roi_pool = map(of_tensors, (align_one, pool_one, roi_align, roi_pool))


def random_boxes(*shape, size=(60, 90), beyond=0, seed=0, least=1.0):
    random = np.random.default_rng(seed)
    ends = [np.sort(random.uniform(-beyond, side + beyond, (*shape, 2)), axis=-1) for side in size]
    boxes = np.stack([ends[0][..., 0], ends[1][..., 0], ends[0][..., 1], ends[1][..., 1]], axis=-1)
    boxes[..., 2:] = np.maximum(boxes[..., 2:], boxes[..., :2] + least)
    return boxes.astype("float32")


# ---------------------------------------------------------------- anchors


def test_anchors_by_hand():
    """Area 64 in three shapes; ratio 4 is 16 high and 4 wide."""
    np.testing.assert_allclose(anchors_of(8, (0.25, 1, 4)), [[-2, -8, 2, 8], [-4, -4, 4, 4], [-8, -2, 8, 2]])
    grid = anchor_grid([(2, 3), (1, 2)], (8, 16), (8, 16), (1, 4))
    assert grid.shape == ((6 + 2) * 2, 4) and grid.dtype == np.float32
    np.testing.assert_array_equal(grid[:4], [[0, 0, 8, 8], [-4, 2, 12, 6], [0, 8, 8, 16], [-4, 10, 12, 14]])
    np.testing.assert_array_equal(grid[6], [8, 0, 16, 8])  # the second row of the first map
    np.testing.assert_array_equal(grid[-2], [0, 16, 16, 32])  # the second place of the second map


# ---------------------------------------------------------------- overlap, coder, matcher, sampling


def slow_iou(one, other):
    shared = max(0, min(one[2], other[2]) - max(one[0], other[0])) * max(
        0, min(one[3], other[3]) - max(one[1], other[1])
    )
    either = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - shared
    return shared / either if either > 0 else 0.0


def test_overlaps_of_every_pair():
    boxes, others = random_boxes(2, 20), random_boxes(2, 7, seed=1)
    others[:, 3] = 0  # an empty place
    others[:, 4] = boxes[:, 4]
    found = numpy(iou(boxes, others))
    expected = [
        [[slow_iou(one, other) for other in b] for one in a] for a, b in zip(boxes, others, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[0, 4, 4] == pytest.approx(1) and (found[:, :, 3] == 0).all()


def test_corrections_by_hand_and_back():
    """An anchor of 10 × 20 round (10, 20); the box is 20 × 20 round (15, 18): half a height down, a tenth left, twice as high."""
    anchor, box = np.float32([[5, 10, 15, 30]]), np.float32([[5, 8, 25, 28]])
    deltas = numpy(encode(box, anchor))
    np.testing.assert_allclose(deltas, [[0.5, -0.1, np.log(2), 0]], atol=1e-6)
    np.testing.assert_allclose(numpy(encode(box, anchor, (10, 10, 5, 5))), deltas * [10, 10, 5, 5], atol=1e-5)
    anchors, boxes = random_boxes(2, 50), random_boxes(2, 50, seed=1)
    for weights in ((1, 1, 1, 1), (10, 10, 5, 5)):
        back = decode(encode(boxes, anchors, weights), anchors, weights)
        np.testing.assert_allclose(numpy(back), boxes, atol=2e-3)


def test_corrections_as_keras_has_them():
    utils = pytest.importorskip("keras.utils").bounding_boxes
    anchors, boxes = random_boxes(30), random_boxes(30, seed=1)
    theirs = utils.encode_box_to_deltas(anchors, boxes, "yxyx", "yxyx", encoding_format="center_yxhw")
    np.testing.assert_allclose(numpy(encode(boxes, anchors)), numpy(theirs), atol=1e-4)


def test_a_wild_correction_stays_finite():
    huge = decode(np.full((1, 4), 80, "float32"), np.float32([[0, 0, 10, 10]]))
    assert np.isfinite(numpy(huge)).all()


def slow_match(overlaps, valid, positive, negative, rescue):
    kind, matched = np.full(overlaps.shape[0], -1), np.zeros(overlaps.shape[0], int)
    real = [m for m in range(overlaps.shape[1]) if valid[m]]
    for n, row in enumerate(overlaps):
        best = max((row[m] for m in real), default=-1)
        matched[n] = next((m for m in real if row[m] == best), 0)
        kind[n] = 1 if best >= positive else 0 if best < negative else -1
    if rescue:
        for m in real:
            highest = overlaps[:, m].max()
            if highest > 0:
                kind[overlaps[:, m] == highest] = 1
    return matched, kind


@pytest.mark.parametrize("rescue", [False, True])
def test_the_matcher(rescue):
    overlaps = np.random.default_rng(0).uniform(0, 0.8, (3, 40, 4)).astype("float32")
    overlaps[1, :, 2] *= 0.5  # an object that no box overlaps enough
    valid = np.array([[1, 1, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]], bool)
    matched, kind = (numpy(each) for each in match(overlaps, valid, 0.7, 0.3, rescue))
    for picture in range(3):
        expected = slow_match(overlaps[picture], valid[picture], 0.7, 0.3, rescue)
        np.testing.assert_array_equal(kind[picture], expected[1])
        asked = kind[picture] == 1
        np.testing.assert_array_equal(matched[picture][asked], expected[0][asked])
    assert (kind[2] == 0).all() and (kind[1] == 1).any() == rescue


@pytest.mark.parametrize("objects, background", [(0, 30), (3, 27), (20, 10), (30, 0), (3, 2), (0, 0)])
def test_sampling_fills_every_place_that_it_can(objects, background):
    random = np.random.default_rng(objects)
    kind = np.r_[np.ones(objects), np.zeros(background), np.full(40 - objects - background, -1)].astype(
        "int32"
    )
    kind = np.stack([random.permutation(kind) for _ in range(2)])
    chosen, found = sample(kind, 16, 0.25, random.uniform(size=kind.shape).astype("float32"))
    chosen, found = numpy(chosen), numpy(found)
    for picture in range(2):
        filled = found[picture] >= 0
        np.testing.assert_array_equal(found[picture][filled], kind[picture][chosen[picture][filled]])
        assert len(set(chosen[picture][filled])) == filled.sum()
        taken = min(objects, 4)
        assert (found[picture] == 1).sum() == taken and (found[picture][:taken] == 1).all()
        assert (found[picture] == 0).sum() == min(background, 16 - taken)


def test_sampling_draws_each_object_equally_often():
    random = np.random.default_rng(0)
    kind = np.tile([1] * 8 + [0] * 8, (2000, 1))
    chosen, found = sample(kind, 4, 0.5, random.uniform(size=kind.shape).astype("float32"))
    times = np.bincount(numpy(chosen)[numpy(found) == 1], minlength=8)
    assert times[:8] == pytest.approx(500, abs=80) and times[8:].sum() == 0


def test_mask_targets_by_hand():
    """Ids of 4 × 4 pixels; the box takes the middle four, cut into 2 × 2 cells, and one of two samples in each is object 2."""
    ids = np.zeros((1, 4, 4), "int32")
    ids[0, :2, 1] = 2
    ids[0, 3, 3] = 1
    boxes = np.float32([[[0, 0, 4, 4], [1, 1, 3, 3], [0, 0, 4, 4]]])
    found = numpy(mask_targets(ids, np.array([[2, 2, 1]]), boxes, 2))
    np.testing.assert_array_equal(found[0], [[[0.5, 0], [0, 0]], [[1, 0], [0, 0]], [[0, 0], [0, 0.25]]])


def test_mask_targets_of_boxes_beyond_the_picture():
    ids = np.random.default_rng(0).integers(0, 3, (2, 20, 30))
    boxes = random_boxes(2, 5, size=(20, 30), beyond=10)
    numbers = np.random.default_rng(1).integers(1, 3, (2, 5))
    found = numpy(mask_targets(ids, numbers, boxes, 7, samples=3))
    for b in range(2):
        for r in range(5):
            top, left, bottom, right = boxes[b, r].astype("float64")
            step = (np.arange(21) + 0.5) / 21
            rows = np.clip(np.floor(top + step * (bottom - top)), 0, 19).astype(int)
            columns = np.clip(np.floor(left + step * (right - left)), 0, 29).astype(int)
            inside = ids[b][np.ix_(rows, columns)] == numbers[b, r]
            expected = inside.reshape(7, 3, 7, 3).mean(axis=(1, 3))
            assert np.abs(found[b, r] - expected).max() < 0.4 and np.abs(found[b, r] - expected).mean() < 1e-2


def test_key_points_become_one_cell_of_their_box():
    points = np.float32([[[[12, 25, 2], [0, 0, 0], [40, 25, 1], [19.9, 39.9, 1]]]])
    cells, counts = keypoint_targets(points, np.float32([[[10, 20, 20, 40]]]), 4)
    np.testing.assert_array_equal(numpy(counts), [[[True, False, False, True]]])
    assert numpy(cells)[0, 0, 0] == 0 * 4 + 1 and numpy(cells)[0, 0, 3] == 15


# ---------------------------------------------------------------- suppression


@needs_tensorflow
@pytest.mark.parametrize("jit", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7])
def test_suppression_as_tensorflow_does_it(threshold, jit):
    import tensorflow as tf

    random = np.random.default_rng(0)
    boxes = random_boxes(3, 200, size=(100, 100), least=20)
    scores = -np.sort(-random.uniform(size=(3, 200)), axis=1).astype("float32")
    valid = np.ones((3, 200), bool)
    valid[1, 100:], valid[2] = False, False
    suppress = tf.function(lambda boxes, valid: nms(boxes, valid, threshold), jit_compile=jit)
    kept = suppress(tf.constant(boxes), tf.constant(valid)).numpy()
    for picture, count in enumerate((200, 100, 0)):
        expected = tf.image.non_max_suppression(
            boxes[picture][:count], scores[picture][:count], 200, threshold
        )
        np.testing.assert_array_equal(np.flatnonzero(kept[picture]), np.sort(expected))


def test_boxes_of_different_groups_do_not_meet():
    boxes = np.tile(np.float32([[0, 0, 10, 10]]), (1, 4, 1))
    kept = nms(boxes, np.ones((1, 4), bool), 0.5, np.array([[1, 2, 1, 2]]))
    np.testing.assert_array_equal(numpy(kept), [[True, True, False, False]])


def test_a_chain_of_boxes_keeps_every_second():
    """Each overlaps the next alone: what is removed cannot remove, and settling it takes as many rounds as boxes."""
    start = np.arange(12, dtype="float32") * 4
    boxes = np.stack([0 * start, start, 0 * start + 10, start + 10], axis=1)[None]
    kept = nms(boxes, np.ones((1, 12), bool), 0.4)
    np.testing.assert_array_equal(numpy(kept)[0], np.arange(12) % 2 == 0)


# ---------------------------------------------------------------- features of boxes


def maps_of(*size, batch=2, channels=3, seed=0):
    return np.random.default_rng(seed).normal(size=(batch, *size, channels)).astype("float32")


def onnx_align(features, boxes, bins, scale, half_pixel, samples=2):
    batch, count = boxes.shape[:2]
    return to_last(
        onnx_run(
            "RoiAlign",
            [
                to_first(features),
                np.ascontiguousarray(boxes.reshape(-1, 4)[:, [1, 0, 3, 2]]),
                np.repeat(np.arange(batch), count),
            ],
            output_height=bins,
            output_width=bins,
            sampling_ratio=samples,
            spatial_scale=scale,
            coordinate_transformation_mode="half_pixel" if half_pixel else "output_half_pixel",
        )
    ).reshape(batch, count, bins, bins, -1)


@pytest.mark.parametrize("half_pixel", [True, False])
@pytest.mark.parametrize("bins, samples", [(7, 2), (14, 2), (3, 4), (1, 1)])
def test_roi_align_as_onnx_runtime_does_it(bins, samples, half_pixel):
    """Maps that are not square, boxes far beyond them, and boxes smaller than a cell."""
    features, boxes = maps_of(15, 23), random_boxes(2, 30, size=(60, 92), beyond=40, least=0.5)
    boxes[:, 0] = [0, 0, 60, 92]
    boxes[:, 1] = [-100, -100, -90, -90]
    expected = onnx_align(features, boxes, bins, 0.25, half_pixel, samples)
    found = numpy(align_one(features, boxes / 4, bins, samples, half_pixel))
    assert (expected[:, 1] == 0).all() and np.abs(expected).max() > 1
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_each_box_is_read_from_the_map_that_suits_it():
    strides, sizes = (4, 8, 16, 32), [(32, 48), (16, 24), (8, 12), (4, 6)]
    maps = [maps_of(*size, seed=index) for index, size in enumerate(sizes)]
    boxes = random_boxes(2, 40, size=(128, 192), least=4)
    boxes[:, :4] = [[0, 0, 39, 39], [0, 0, 40, 40], [0, 0, 79, 79], [0, 0, 160, 160]]
    level = numpy(level_of(boxes, strides, cells=10))
    sides = np.sqrt(np.prod(boxes[..., 2:].astype("float64") - boxes[..., :2], axis=-1))
    np.testing.assert_array_equal(level, np.clip(np.floor(np.log2(sides / 10) + 1e-6) - 2, 0, 3))
    assert list(level[0, :4]) == [0, 0, 0, 2] and set(level.ravel()) >= {0, 1, 2}
    found = numpy(roi_align(maps, boxes, strides, 7, cells=10))
    for index, stride in enumerate(strides):
        expected = onnx_align(maps[index], boxes, 7, 1 / stride, True)
        np.testing.assert_allclose(found[level == index], expected[level == index], atol=2e-5)


def test_the_papers_rule():
    """224 pixels are read from the map of stride 16, 112 from that of stride 8, all below from the finest."""
    boxes = np.float32([[[0, 0, side, side] for side in (10, 111, 112, 223, 224, 447, 448, 2000)]])
    np.testing.assert_array_equal(numpy(level_of(boxes, (4, 8, 16, 32), 14))[0], [0, 0, 1, 1, 2, 2, 3, 3])


def slow_pool(features, boxes, bins):
    """Fast R-CNN's, in loops."""
    height, width, channels = features.shape
    out = np.zeros((len(boxes), bins, bins, channels), "float32")
    for r, box in enumerate(boxes):
        start, stop = np.round(box[:2]), np.round(box[2:])
        sides = np.maximum(stop - start, 1)
        for i in range(bins):
            for j in range(bins):
                low = [int(start[a] + np.floor(k * sides[a] / bins)) for a, k in enumerate((i, j))]
                high = [int(start[a] + np.ceil((k + 1) * sides[a] / bins)) for a, k in enumerate((i, j))]
                cells = features[
                    max(low[0], 0) : max(min(high[0], height), 0),
                    max(low[1], 0) : max(min(high[1], width), 0),
                ]
                out[r, i, j] = cells.max(axis=(0, 1)) if cells.size else 0
    return out


@pytest.mark.parametrize("bins", [2, 7])
def test_roi_pool_as_loops_do_it(bins):
    features, boxes = maps_of(15, 23), random_boxes(2, 30, size=(15, 23), beyond=6, least=0.2)
    found = numpy(pool_one(features, boxes, bins))
    for picture in range(2):
        np.testing.assert_allclose(
            found[picture], slow_pool(features[picture], boxes[picture], bins), atol=1e-6
        )


def test_roi_pool_reads_the_map_that_suits_the_box():
    maps = [maps_of(16, 24), maps_of(8, 12, seed=1)]
    boxes = random_boxes(2, 20, size=(64, 96), least=4)
    level, found = numpy(level_of(boxes, (4, 8), 5)), numpy(roi_pool(maps, boxes, (4, 8), 3, cells=5))
    for index, stride in enumerate((4, 8)):
        for picture in range(2):
            here = level[picture] == index
            expected = slow_pool(maps[index][picture], boxes[picture][here] / stride, 3)
            np.testing.assert_allclose(found[picture][here], expected, atol=1e-6)


LECTURE = np.array("""
    0.1 0.3 0.2 0.3 0.2 0.6 0.8 0.9  0.4 0.5 0.1 0.4 0.7 0.1 0.4 0.3
    0.2 0.1 0.3 0.8 0.6 0.2 0.1 0.1  0.4 0.6 0.2 0.1 0.3 0.6 0.1 0.2
    0.1 0.8 0.3 0.3 0.5 0.3 0.3 0.3  0.2 0.9 0.4 0.5 0.1 0.1 0.1 0.2
    0.3 0.1 0.8 0.6 0.3 0.3 0.6 0.5  0.5 0.5 0.2 0.1 0.1 0.2 0.1 0.2""".split(), "float32").reshape(1, 8, 8, 1)  # fmt: skip


def test_the_lectures_map():
    """Rows 2 to 6 and columns 1 to 6, pooled to 2 × 2."""
    boxes = np.float32([[[2, 1, 7, 7]]])
    np.testing.assert_allclose(numpy(pool_one(LECTURE, boxes, 2))[0, 0, :, :, 0], [[0.8, 0.6], [0.9, 0.6]])
    aligned = numpy(align_one(LECTURE, boxes, 2))[0, 0, :, :, 0]
    np.testing.assert_allclose(aligned, onnx_align(LECTURE, boxes, 2, 1.0, True)[0, 0, :, :, 0], atol=1e-6)


def test_align_moves_with_a_part_of_a_cell_and_pool_does_not():
    features, box = maps_of(12, 12), np.float32([[[2, 2, 8, 8]]])
    moved = box + 0.3
    assert (
        np.abs(numpy(align_one(features[:1], box, 3)) - numpy(align_one(features[:1], moved, 3))).max() > 0.1
    )
    np.testing.assert_array_equal(
        numpy(pool_one(features[:1], box, 3)), numpy(pool_one(features[:1], moved, 3))
    )


@needs_tensorflow
@pytest.mark.parametrize("read", [align_one, pool_one])
def test_gradients_reach_the_map_and_compile(read):
    """The sum of what flows back, against differences of the answer itself."""
    import tensorflow as tf

    features, boxes = tf.constant(maps_of(6, 9)), tf.constant(random_boxes(2, 5, size=(6, 9)))

    def gradient(features):
        with tf.GradientTape() as tape:
            tape.watch(features)
            total = tf.reduce_sum(tf.sin(read(features, boxes, 2)))
        return tape.gradient(total, features)

    exact = gradient(features).numpy()
    np.testing.assert_allclose(tf.function(gradient, jit_compile=True)(features).numpy(), exact, atol=1e-5)
    direction = maps_of(6, 9, seed=3)
    ahead, behind = (
        float(tf.reduce_sum(tf.sin(read(features + step * direction, boxes, 2)))) for step in (1e-3, -1e-3)
    )
    assert (ahead - behind) / 2e-3 == pytest.approx(float((exact * direction).sum()), rel=0.02, abs=0.05)


@pytest.mark.parametrize("policy, tolerance", [("float16", 0.01), ("bfloat16", 0.06)])
def test_half_precision(policy, tolerance):
    maps, boxes = [maps_of(16, 24), maps_of(8, 12, seed=1)], random_boxes(2, 20, size=(64, 96), least=4)
    exact = numpy(roi_align(maps, boxes, (4, 8), 7, cells=5))
    half = roi_align([ops.cast(each, policy) for each in maps], boxes, (4, 8), 7, cells=5)
    assert keras.backend.standardize_dtype(half.dtype) == policy
    np.testing.assert_allclose(numpy(ops.cast(half, "float32")), exact, atol=tolerance)


# ---------------------------------------------------------------- masks in the picture


def test_masks_are_pasted_where_their_boxes_are():
    """SciPy reads the mask at the centre of every pixel inside the box."""
    random = np.random.default_rng(0)
    masks = random.uniform(size=(6, 28, 28)).astype("float32")
    boxes = random_boxes(6, size=(1, 1), least=0.05)
    boxes[0] = [0, 0, 1, 1]
    found = numpy(paste(masks, boxes, (47, 61)))
    for mask, box, picture in zip(masks, boxes.astype("float64"), found, strict=True):
        top, left, bottom, right = box * [47, 61, 47, 61]
        y, x = np.mgrid[0:47, 0:61] + 0.5
        places = [(y - top) / (bottom - top) * 28 - 0.5, (x - left) / (right - left) * 28 - 0.5]
        expected = ndimage.map_coordinates(mask.astype("float64"), places, order=1, mode="nearest")
        inside = (y >= top) & (y < bottom) & (x >= left) & (x < right)
        np.testing.assert_allclose(picture, np.where(inside, expected, 0), atol=1e-4)


def test_an_empty_place_pastes_nothing():
    assert not numpy(paste(np.ones((1, 28, 28), "float32"), np.zeros((1, 4), "float32"), (9, 7))).any()


def test_a_mask_drawn_from_an_object_and_pasted_back_is_the_object():
    y, x = np.mgrid[0:64, 0:80]
    ids = (((y - 30) / 20) ** 2 + ((x - 45) / 30) ** 2 < 1).astype("int32")[None]
    box = np.float32([[[10, 15, 51, 75]]])
    mask = numpy(mask_targets(ids, np.array([[1]]), box, 28))[0]
    back = numpy(paste(mask, box[0] / np.float32([64, 80, 64, 80]), (64, 80)))[0] >= 0.5
    assert (back & (ids[0] > 0)).sum() / (back | (ids[0] > 0)).sum() > 0.97
