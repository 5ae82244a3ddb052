"""Mask R-CNN as a whole: counts, heads against ONNX Runtime, training on any number of objects, any picture size, saving."""

import dataclasses
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from segkit.backbones import encoder
from segkit.datasets import Pictures
from segkit.datasets.objects import boxes_of
from segkit.detectors import fitted
from segkit.metrics import average_precision
from segkit.models.mask_rcnn import (
    MaskRCNN,
    MaskRCNNConfig,
    box_head,
    keypoint_head,
    losses,
    mask_head,
    proposal_head,
    propose,
    with_truth,
)

from .oracles import onnx_run, to_first, to_last

TENSORFLOW = keras.backend.backend() == "tensorflow"
SMALL = {
    "size": (64, 96),
    "filters": 8,
    "box_units": 16,
    "mask_filters": 8,
    "mask_layers": 1,
    "per_level": 20,
    "proposals": 12,
    "rois_sampled": 8,
    "anchors_sampled": 32,
    "candidates": 20,
    "detections": 6,
}


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def tiny_encoder():
    """Five maps of strides 2 to 32, in a few layers."""
    x = images = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    maps = []
    for filters in (4, 6, 8, 10, 12):
        x = keras.layers.Conv2D(filters, 3, 2, padding="same", activation="relu")(x)
        maps.append(x)
    return keras.Model(images, maps, name="tiny")


def tiny(**changes):
    keras.utils.set_random_seed(0)
    return MaskRCNN(tiny_encoder(), MaskRCNNConfig.quick(4, **{**SMALL, **changes}))


def scenes(counts, size=(64, 96), most=3, points=0, seed=0):
    """Bright boxes on dark pictures: so many objects in each, of classes 1, 2, 3 …, in places for `most`."""
    random, (height, width) = np.random.default_rng(seed), size
    images = random.integers(0, 60, (len(counts), height, width, 3)).astype("uint8")
    ids = np.zeros((len(counts), height, width), "int32")
    labels = np.zeros((len(counts), most), "int32")
    for picture, count in enumerate(counts):
        for number in range(1, count + 1):
            top, left = 20 * (number - 1) % (height - 16), 28 * (number - 1) % (width - 24)
            box = slice(top, top + 16), slice(left, left + 24)
            ids[picture][box] = number
            labels[picture, number - 1] = 1 + (number - 1) % 3
            images[picture][box] = 90 * labels[picture, number - 1] - 30
    boxes = np.stack([boxes_of(each, most) for each in ids])
    fields = {"instances": ids, "boxes": boxes, "labels": labels, "valid": boxes[..., 2] > boxes[..., 0]}
    if points:
        middle = (boxes[..., :2] + boxes[..., 2:]) / 2
        fields["keypoints"] = np.zeros((len(counts), most, points, 3), "float32")
        fields["keypoints"][..., :2] = middle[:, :, None]
        fields["keypoints"][..., 2] = 2.0 * fields["valid"][..., None]
    masks = np.where(ids > 0, 1 + (ids - 1) % 3, 0).astype("uint8")
    return Pictures(images, masks, ("background", "dim", "grey", "bright"), fields=fields)


def pair(pictures):
    return pictures.images, {name: pictures[name] for name in pictures.fields}


# ---------------------------------------------------------------- what it is made of


def test_the_paper_size_counts_as_pytorch_does_layer_by_layer():
    """44,401,393 for 91 classes. Two conventions differ: PyTorch's frozen batch normalisation is not counted, and Keras'
    ResNet-50 has biases before batch normalisation, which add nothing."""
    with keras.StatelessScope(initialize_variables=False):
        model = MaskRCNN(encoder("ResNet50", None), MaskRCNNConfig.full())
    network = model.trunk.get_layer(model.encoder.name)
    parts = {"convolutions": 0, "biases before batch normalisation": 0, "batch normalisation": 0}
    for layer in network.layers:
        for inner in getattr(layer, "layers", [layer]):
            for weight in inner.weights:
                kind = (
                    "batch normalisation"
                    if isinstance(inner, keras.layers.BatchNormalization)
                    else "biases before batch normalisation"
                    if weight.name == "bias"
                    else "convolutions"
                )
                parts[kind] += int(np.prod(weight.shape))
    channels = 26_560  # of all convolutions of ResNet-50
    assert parts == {
        "convolutions": 23_454_912,
        "biases before batch normalisation": channels,
        "batch normalisation": 4 * channels,
    }

    def count(part, *names):
        return [part.get_layer(name).count_params() for name in names]

    def convolution(size, old, new):
        return size * size * old * new + new

    maps = (256, 512, 1024, 2048)
    assert count(model.trunk, *(f"lateral_{i}" for i in range(4))) == [convolution(1, c, 256) for c in maps]
    assert count(model.trunk, *(f"smooth_{i}" for i in range(4))) == [convolution(3, 256, 256)] * 4
    assert count(model.proposal_head, "look", "something", "correction") == [
        convolution(3, 256, 256),
        convolution(1, 256, 3),
        convolution(1, 256, 12),
    ]
    assert count(model.box_head, "first", "second", "class", "correction") == [
        convolution(1, 7 * 7 * 256, 1024),
        convolution(1, 1024, 1024),
        convolution(1, 1024, 91),
        convolution(1, 1024, 4 * 91),
    ]
    assert count(model.mask_head, *(f"look_{i}" for i in range(1, 5)), "double", "mask") == [
        *[convolution(3, 256, 256)] * 4,
        convolution(2, 256, 256),
        convolution(1, 256, 91),
    ]
    extra = parts["biases before batch normalisation"] + parts["batch normalisation"]
    assert model.count_params() - extra == 44_401_393


def test_the_config_prints_itself_whole():
    text = repr(MaskRCNNConfig.quick())
    for field in dataclasses.fields(MaskRCNNConfig):
        assert f"{field.name} {getattr(MaskRCNNConfig.quick(), field.name)}" in text


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"size": (100, 128)}, r"size is \(100, 128\); give height and width as multiples of 32"),
        ({"anchor_sizes": (8, 16)}, "There are 2 anchor_sizes for 4 strides"),
        ({"num_classes": 1}, "num_classes is 1; give one whole number, from 2"),
        ({"proposals": 0}, "proposals is 0; give one whole number, from 1"),
        ({"strides": (8, 16)}, r"strides is \(8, 16\); the pyramid has"),
        ({"proposal_iou": -0.5}, "proposal_iou is -0.5; give one number above 0"),
    ],
)
def test_impossible_numbers_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        MaskRCNNConfig.quick(**changes)


# ---------------------------------------------------------------- heads, with their weights copied


def convolved(x, layer, relu=True, transpose=False):
    """A convolution of Keras by ONNX Runtime, channels first."""
    kernel, bias = (numpy(weight) for weight in layer.weights)
    if transpose:  # Keras: height, width, out, in
        kernel, options = kernel.transpose(3, 2, 0, 1), {"strides": list(layer.strides)}
        if layer.padding == "same":
            options["pads"] = [1, 1, 1, 1]
        out = onnx_run("ConvTranspose", [x, kernel, bias], **options)
    else:
        pad = kernel.shape[0] // 2
        out = onnx_run("Conv", [x, kernel.transpose(3, 2, 0, 1), bias], pads=[pad] * 4)
    return np.maximum(out, 0) if relu else out


def noisy(head):
    """Weights that are no longer near 0."""
    random = np.random.default_rng(0)
    head.set_weights([random.normal(size=each.shape).astype("float32") * 0.1 for each in head.get_weights()])
    return head


def features(*shape):
    return np.random.default_rng(1).normal(size=shape).astype("float32")


CONFIG = MaskRCNNConfig.quick(4, filters=16, box_units=24, mask_filters=12, keypoints=5)


def test_the_proposal_head():
    head, maps = noisy(proposal_head(CONFIG)), features(2, 5, 7, 16)
    logits, deltas = (numpy(each) for each in head(maps))
    x = convolved(to_first(maps), head.get_layer("look"))
    expected = to_last(convolved(x, head.get_layer("something"), relu=False)).reshape(2, -1)
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    expected = to_last(convolved(x, head.get_layer("correction"), relu=False)).reshape(2, -1, 4)
    np.testing.assert_allclose(deltas, expected, atol=1e-4)


def test_the_box_head():
    head, cut = noisy(box_head(CONFIG)), features(6, 7, 7, 16)
    logits, deltas = (numpy(each) for each in head(cut))
    x = cut.reshape(6, -1).astype("float64")
    for name in ("first", "second"):
        kernel, bias = head.get_layer(name).get_weights()
        x = np.maximum(x @ kernel + bias, 0)
    for name, found in (("class", logits), ("correction", deltas.reshape(6, -1))):
        kernel, bias = head.get_layer(name).get_weights()
        np.testing.assert_allclose(found, x @ kernel + bias, atol=1e-4)


def test_the_mask_head():
    head, cut = noisy(mask_head(CONFIG)), features(3, 14, 14, 16)
    x = to_first(cut)
    for index in range(1, 5):
        x = convolved(x, head.get_layer(f"look_{index}"))
    x = convolved(x, head.get_layer("double"), transpose=True)
    expected = to_last(convolved(x, head.get_layer("mask"), relu=False))
    assert expected.shape == (3, 28, 28, 4)
    np.testing.assert_allclose(numpy(head(cut)), expected, atol=1e-4)


def test_the_key_point_head():
    head, cut = noisy(keypoint_head(CONFIG)), features(3, 14, 14, 16)
    x = to_first(cut)
    for index in range(1, 9):
        x = convolved(x, head.get_layer(f"look_{index}"))
    x = convolved(x, head.get_layer("points"), relu=False, transpose=True)
    size = np.array([3, 5, 56, 56], "int64")
    expected = onnx_run(
        "Resize", [x, None, None, size], mode="linear", coordinate_transformation_mode="half_pixel"
    )
    np.testing.assert_allclose(numpy(head(cut)), to_last(expected), atol=1e-4)


# ---------------------------------------------------------------- losses


def test_losses_by_hand():
    kind = ops.convert_to_tensor([[1, 0, -1]])
    logits = ops.convert_to_tensor([[2.0, -1.0, 50.0]], "float32")
    expected = (np.log1p(np.exp(-2)) + np.log1p(np.exp(-1))) / 2
    assert float(losses.something_loss(logits, kind)) == pytest.approx(expected, rel=1e-5)
    found = ops.convert_to_tensor([[[0.05, 1, 0, 0], [9, 9, 9, 9], [9, 9, 9, 9]]], "float32")
    expected = (0.05**2 / (2 / 9) + 1 - 1 / 18) / 2  # one box of two that are asked
    assert float(losses.correction_loss(found, 0 * found, kind)) == pytest.approx(expected, rel=1e-5)
    scores = np.log(np.float32([[[0.2, 0.8], [0.5, 0.5], [0.1, 0.9]]]))
    expected = -(np.log(0.8) + np.log(0.5)) / 2
    assert float(losses.class_loss(scores, np.array([[1, 0, 0]]), kind)) == pytest.approx(expected, rel=1e-5)
    masks = ops.zeros((1, 3, 2, 2))
    assert float(losses.mask_loss(masks, masks + 0.5, kind)) == pytest.approx(np.log(2), rel=1e-5)
    points = ops.zeros((1, 3, 16, 2))
    counts = ops.convert_to_tensor([[[True, False], [False, False], [False, False]]])
    cells = np.zeros((1, 3, 2), "int32")
    assert float(losses.keypoint_loss(points, cells, counts)) == pytest.approx(np.log(16), rel=1e-5)
    nothing = ops.full((1, 3), -1)
    for loss in (
        losses.something_loss(logits, nothing),
        losses.correction_loss(found, found, nothing),
        losses.class_loss(scores, np.zeros((1, 3), "int32"), nothing),
        losses.mask_loss(masks, masks, nothing),
        losses.keypoint_loss(points, cells, ops.zeros_like(counts)),
    ):
        assert float(loss) == 0


# ---------------------------------------------------------------- training


def parts_of(model, pictures):
    """What the losses and the recall are, without compiling a step."""
    images, truth = pair(pictures)
    loss = model.compute_loss(images, truth, model(images, training=True))
    parts = {metric.name: float(metric.result()) for metric in (*model.parts.values(), model.recall)}
    return parts | {"loss": float(loss)}


def test_it_learns_from_none_one_and_the_most_objects():
    """`fit`, `evaluate` and `predict` of a plain Keras model: boxes, classes and masks of bright boxes, within seconds."""
    pictures = scenes([3, 0, 2, 1, 3])
    model = tiny(filters=16, box_units=64, mask_filters=16, rois_sampled=24, proposals=24, anchors_sampled=64)
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9, global_clipnorm=5))
    before = average_precision(pictures, model.predict(pictures.images, verbose=0))["AP50"]
    batches = pictures.batches(3, training=True, encode=with_truth)  # of three and of two
    history = model.fit(batches.repeat(), epochs=2, steps_per_epoch=150, verbose=0).history
    names = {"something_loss", "correction_loss", "class_loss", "box_loss", "mask_loss", "recall", "loss"}
    assert set(history) == names
    assert all(
        np.isfinite(values).all() and values[1] < values[0]
        for name, values in history.items()
        if name != "recall"
    )
    result = model.evaluate(pictures.batches(3, encode=with_truth), verbose=0, return_dict=True)
    parts = sum(value for name, value in result.items() if name.endswith("_loss"))
    assert result["loss"] == pytest.approx(
        parts, rel=0.2
    )  # the loss is a mean over pictures, its parts over batches
    assert result["recall"] == 1
    found = model.predict(pictures.images, verbose=0)
    assert {name: value.shape for name, value in found.items()} == {
        "boxes": (5, 6, 4), "labels": (5, 6), "scores": (5, 6), "masks": (5, 6, 28, 28), "valid": (5, 6),
    }  # fmt: skip
    assert before < 0.2 and average_precision(pictures, found)["AP50"] > 0.95
    assert average_precision(pictures, found, "boxes")["AP50"] > 0.95


def test_a_picture_without_objects_teaches_no_box_no_mask_and_no_class_but_background():
    result = parts_of(tiny(keypoints=2), scenes([0, 0], points=2))
    for name in ("correction", "box", "mask", "keypoints"):
        assert result[f"{name}_loss"] == 0
    assert result["something_loss"] > 0 and result["class_loss"] > 0


def test_empty_places_change_nothing():
    """The same objects in places for three and for seven: the same losses."""
    results = [  # all boxes are taken, so that no luck is involved
        parts_of(tiny(rois_sampled=40, anchors_sampled=1000), scenes([3, 1], most=most)) for most in (3, 7)
    ]
    for name, value in results[0].items():
        assert results[1][name] == pytest.approx(value, rel=0.02), name


def test_every_weight_that_is_not_frozen_learns():
    if not TENSORFLOW:
        pytest.skip("asks TensorFlow's tape")
    import tensorflow as tf

    model = tiny(keypoints=2, roi_cells=1)  # so small a number brings boxes to the coarse maps
    images, truth = pair(scenes([3, 2], points=2))
    with tf.GradientTape() as tape:
        loss = model.compute_loss(images, truth, model(images, training=True))
    for weight, gradient in zip(
        model.trainable_variables, tape.gradient(loss, model.trainable_variables), strict=True
    ):
        assert gradient is not None and np.isfinite(numpy(gradient)).all() and numpy(gradient).any(), (
            weight.path
        )


COMPARED = ("something_loss", "correction_loss", "class_loss", "mask_loss", "loss")
ALL_TAKEN = {"rois_sampled": 40, "anchors_sampled": 1000}  # then no luck is involved


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="XLA")
def test_compiled_steps():
    """Static shapes throughout: XLA compiles training and detection, and they say what the plain ones say."""
    exact, pictures = tiny(**ALL_TAKEN), scenes([0, 3])
    expected = parts_of(exact, pictures)
    answer = exact(pictures.images)
    model = tiny(**ALL_TAKEN)
    model.compile("sgd", jit_compile=True)
    found = model.predict_on_batch(pictures.images)
    for name, value in answer.items():
        np.testing.assert_allclose(found[name], numpy(value), atol=1e-3, err_msg=name)
    found = model.train_on_batch(*pair(pictures), return_dict=True)
    for name in COMPARED:
        assert found[name] == pytest.approx(expected[name], rel=0.01), name


@pytest.mark.parametrize("policy, tolerance", [("mixed_bfloat16", 0.2), ("mixed_float16", 0.1)])
def test_half_precision(policy, tolerance):
    exact, pictures = tiny(**ALL_TAKEN), scenes([0, 3])
    keras.config.set_dtype_policy(policy)
    try:
        model = tiny(**ALL_TAKEN)
    finally:
        keras.config.set_dtype_policy("float32")
    model.set_weights(exact.get_weights())
    expected, found = parts_of(exact, pictures), parts_of(model, pictures)
    for name in COMPARED:
        assert found[name] == pytest.approx(expected[name], rel=tolerance, abs=tolerance / 10), name
    for name, value in model(pictures.images).items():
        kind = {"labels": "int32", "valid": "bool"}.get(name, "float32")
        assert keras.backend.standardize_dtype(value.dtype) == kind and np.isfinite(numpy(value)).all(), name


# ---------------------------------------------------------------- from anchors to detections


def test_proposals_are_the_best_anchors_without_doubles():
    """Two maps; corrections of 0. The best anchor of a place wins over its doubles, what lies outside is cut."""
    config = MaskRCNNConfig.quick(4, size=(32, 64), per_level=6, proposals=5, proposal_iou=0.5)
    anchors = np.float32(
        [[0, 0, 20, 20], [0, 1, 20, 21], [0, 30, 20, 50], [-9, 40, 20, 90], [0, 0, 20, 20], [9, 9, 9, 9]]
    )
    logits = np.float32([[1, 2, -3, 0.5, 4, 9]])
    boxes, scores, valid = (
        numpy(each) for each in propose(logits, np.zeros((1, 6, 4), "float32"), anchors, [4, 2], config)
    )
    np.testing.assert_allclose(scores[0, :4], [4, 2, 0.5, -3])
    expected = [[0, 0, 20, 20], [0, 1, 20, 21], [0, 40, 20, 64], [0, 30, 20, 50]]
    np.testing.assert_allclose(boxes[0, :4], expected, atol=1e-4)
    np.testing.assert_array_equal(valid[0], [True, True, True, True, False])


def test_detections_by_hand():
    """The same second half in loops over proposals and classes."""
    model = tiny(detections=8, candidates=1000, least_score=0.2, detection_iou=0.3)
    model.box_head = noisy(model.box_head)
    images = scenes([3, 2]).images
    found = model.look(images)
    answer = {name: numpy(value) for name, value in model.detections(found).items()}
    logits, deltas = (numpy(each) for each in model.judge(found["maps"], found["proposals"]))
    proposals, filled = numpy(found["proposals"]), numpy(found["valid"])
    for picture in range(2):
        rows = []
        for proposal, usable, score, correction in zip(
            proposals[picture], filled[picture], logits[picture], deltas[picture], strict=True
        ):
            chances = np.exp(score) / np.exp(score).sum()
            for label in (1, 2, 3):
                dy, dx, dh, dw = correction[label] / [10, 10, 5, 5]
                height, width = np.maximum(proposal[2:] - proposal[:2], 1e-3)
                y, x = (proposal[:2] + proposal[2:]) / 2 + [dy * height, dx * width]
                half = height * np.exp(dh) / 2, width * np.exp(dw) / 2
                box = np.clip([y - half[0], x - half[1], y + half[0], x + half[1]], 0, [64, 96, 64, 96])
                if usable and chances[label] > 0.2 and (box[2:] > box[:2]).all():
                    rows.append((chances[label], label, box))
        rows.sort(key=lambda row: -row[0])
        kept = []
        for row in rows:
            if all(row[1] != other[1] or overlap(row[2], other[2]) <= 0.3 for other in kept):
                kept.append(row)
        kept = kept[:8]
        assert answer["valid"][picture].sum() == len(kept) > 1
        for place, (score, label, box) in enumerate(kept):
            assert answer["scores"][picture, place] == pytest.approx(score, abs=1e-5)
            assert answer["labels"][picture, place] == label
            np.testing.assert_allclose(answer["boxes"][picture, place] * [64, 96, 64, 96], box, atol=1e-3)
        assert (
            not answer["boxes"][picture, len(kept) :].any()
            and not answer["labels"][picture, len(kept) :].any()
        )


def overlap(one, other):
    height, width = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    shared = max(height, 0) * max(width, 0)
    return shared / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared)


@pytest.mark.parametrize("shape", [(64, 96), (200, 150), (31, 300), (1, 1), (7, 5)])
def test_a_picture_of_any_size_is_fitted_and_boxes_find_their_way_back(shape):
    """A frame drawn into the picture is found at the place that the inverse mapping gives."""
    height, width = shape
    picture = np.zeros((height, width, 3), "uint8")
    box = np.array([height // 4, width // 4, max(height * 3 // 4, 1), max(width * 3 // 4, 1)])
    picture[box[0] : box[2], box[1] : box[3]] = 255
    canvas, shares = fitted(picture, (64, 96))
    assert canvas.shape == (64, 96, 3) and max(shares) == 1
    inner = round(shares[0] * 64), round(shares[1] * 96)
    np.testing.assert_allclose(np.array(shares) * [64, 96], inner, atol=1e-9)
    bright = np.argwhere(canvas[: inner[0], : inner[1]].mean(axis=-1) > 127)
    found = np.r_[bright.min(axis=0), bright.max(axis=0) + 1] / [64, 96, 64, 96] / np.tile(shares, 2)
    expected = box / [height, width, height, width]
    np.testing.assert_allclose(found, expected, atol=0.6 / min(inner))


def test_one_picture_in_one_call():
    model = tiny(least_score=0.01)
    picture = np.random.default_rng(0).integers(0, 256, (50, 130, 3)).astype("uint8")
    found = model.detect(picture, least_score=0.01)
    count = len(found["scores"])
    assert count > 0 and found["masks"].shape == (count, 50, 130) and found["masks"].dtype == bool
    assert found["boxes"].min() >= 0 and found["boxes"].max() <= 1 and set(found["labels"]) <= {1, 2, 3}
    assert model.detect(picture, least_score=1.0)["masks"].shape == (0, 50, 130)
    for wrong in (picture / 255, picture[None], picture[..., 0]):
        with pytest.raises(ValueError, match=r"give one picture \(height, width, 3\) of uint8"):
            model.detect(wrong)


# ---------------------------------------------------------------- saved, and misused


LOAD = """
import sys, segkit, keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
given = np.load(sys.argv[2])
for name, value in model(given["images"]).items():
    np.testing.assert_allclose(keras.ops.convert_to_numpy(value), given[name], atol=1e-4, err_msg=name)
print(model.config.keypoints, model.count_params())
"""


def test_saved_and_loaded_in_a_fresh_process(tmp_path):
    model, images = tiny(keypoints=2), scenes([3, 1]).images
    model.save(tmp_path / "model.keras")
    answer = {name: numpy(value) for name, value in model(images).items()}
    np.savez(tmp_path / "answer.npz", images=images, **answer)
    files = [tmp_path / "model.keras", tmp_path / "answer.npz"]
    ran = subprocess.run([sys.executable, "-c", LOAD, *files], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert ran.stdout.split() == ["2", str(model.count_params())]


def test_what_does_not_fit_is_said():
    model = tiny()
    images, truth = pair(scenes([1, 2]))
    with pytest.raises(
        ValueError, match=r"built for \(batch, 64, 96, 3\): give one of another size to detect"
    ):
        model(images[:, :32])
    less = {name: value for name, value in truth.items() if name != "instances"}
    with pytest.raises(ValueError, match="The truth has no 'instances': train on pictures with objects"):
        model.compute_loss(images, less, {})
    with pytest.raises(ValueError, match="takes no sample weights"):
        model.compute_loss(images, truth, {}, np.ones(2))


# ---------------------------------------------------------------- average precision


def perfect(pictures):
    """An answer that is the truth."""
    count = pictures["valid"].shape[1]
    masks = np.zeros((len(pictures), count, 28, 28), "float32")
    masks[pictures["valid"]] = 1  # the objects are boxes
    scores = np.linspace(0.9, 0.5, len(pictures) * count).reshape(len(pictures), count).astype("float32")
    return {
        "boxes": pictures["boxes"].copy(),
        "labels": pictures["labels"].copy(),
        "scores": scores * pictures["valid"],
        "masks": masks,
        "valid": pictures["valid"].copy(),
    }


def by_hand(pictures, found, threshold):
    """Boxes alone: for each class precision at 101 recalls, the best that any larger recall has."""
    means = []
    for label in range(1, 4):
        truth = {
            (p, n): pictures["boxes"][p, n]
            for p in range(len(pictures))
            for n in np.flatnonzero(pictures["valid"][p] & (pictures["labels"][p] == label))
        }
        if not truth:
            continue
        answers = [
            (found["scores"][p, n], p, found["boxes"][p, n])
            for p in range(len(pictures))
            for n in np.flatnonzero(found["valid"][p] & (found["labels"][p] == label))
        ]
        taken, right = set(), []
        for _, picture, box in sorted(answers, key=lambda one: -one[0]):
            scored = [
                (overlap(box, other), key)
                for key, other in truth.items()
                if key[0] == picture and key not in taken
            ]
            best = max(scored, default=(0, None))
            right.append(best[0] >= threshold)
            if right[-1]:
                taken.add(best[1])
        hits = np.cumsum(right)
        recall, precision = hits / len(truth), hits / np.arange(1, len(hits) + 1)
        points = [max(precision[recall >= r - 1e-9], default=0) for r in np.linspace(0, 1, 101)]
        means.append(np.mean(points))
    return np.mean(means)


def test_average_precision_by_hand():
    pictures = scenes([3, 2, 3, 0, 3, 1], most=3)
    found = perfect(pictures)
    for kind in ("boxes", "masks"):
        assert average_precision(pictures, found, kind) == {"AP": 1, "AP50": 1, "AP75": 1}
    random = np.random.default_rng(0)
    found["boxes"] = found["boxes"] + random.normal(scale=0.03, size=found["boxes"].shape).astype("float32")
    found["labels"][0] = found["labels"][0][::-1]
    found["scores"] = random.uniform(size=found["scores"].shape).astype("float32")
    score = average_precision(pictures, found, "boxes")
    assert 0.05 < score["AP50"] < 0.95
    assert score["AP50"] == pytest.approx(by_hand(pictures, found, 0.5), abs=1e-6)
    assert score["AP75"] == pytest.approx(by_hand(pictures, found, 0.75), abs=1e-6)
    thresholds = np.linspace(0.5, 0.95, 10)
    assert score["AP"] == pytest.approx(np.mean([by_hand(pictures, found, t) for t in thresholds]), abs=1e-6)


def test_average_precision_says_what_does_not_fit():
    pictures = scenes([1, 2])
    with pytest.raises(ValueError, match="kind is 'points'"):
        average_precision(pictures, perfect(pictures), "points")
    with pytest.raises(ValueError, match="There are 1 pictures and answers to 2"):
        average_precision(pictures.take(1), perfect(pictures))
