"""Weights that the course ships: small, in half precision, and as good as the lessons say."""

import keras
import numpy as np
import pytest

from segkit.backbones import encoder
from segkit.datasets import load
from segkit.metrics import average_precision, count_error, iou_per_class
from segkit.models import (
    MaskRCNN,
    MaskRCNNConfig,
    deeplab_v3_plus,
    fcn,
    fpn,
    light_unet,
    mirror_padded,
    segnet,
    valid_unet,
)
from segkit.models.segnet import SMALL_BLOCKS
from segkit.stored import WEIGHTS, load_stored, store

PLACES_SIZES = {"filters": 64, "levels": (2, 4, 8, 16), "bins": (1, 2, 3, 6)}
CHECKPOINTS = {  # name: (the model, mean IoU and border IoU that it has at least on test pictures)
    "light_unet": (lambda: light_unet(encoder("MobileNetV2", None), 3), 0.78, 0.57),
    "light_unet_photographs": (lambda: light_unet(encoder("MobileNetV2", None), 3), 0.76, 0.53),
    "fcn_8s": (lambda: fcn(encoder("MobileNetV2", None), 3, 8), 0.71, 0.38),
    "deeplab_v3_plus": (
        lambda: deeplab_v3_plus(
            encoder("MobileNetV2", None, output_stride=16), 3, filters=96, rates=(1, 3, 4)
        ),
        0.70,
        0.39,
    ),
    "segnet": (lambda: segnet(3, blocks=SMALL_BLOCKS), 0.72, 0.45),
}


@pytest.mark.parametrize("path", sorted(WEIGHTS.glob("*.npz")), ids=lambda path: path.stem)
def test_each_file_is_small_and_in_half_precision(path):
    assert path.stat().st_size < (8e6 if path.stem == "mask_rcnn" else 4e6)
    with np.load(path) as stored:
        values = [stored[key] for key in stored.files if key != "part"]
    assert {value.dtype for value in values} == {np.dtype("float16")}
    assert all(np.isfinite(value).all() for value in values)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_what_was_trained_longer_is_good_on_pictures_that_it_never_saw(name):
    build, mean, border = CHECKPOINTS[name]
    test = load("paper_pets").test.take(60)
    model = load_stored(build(), name)
    iou = iou_per_class(test.masks, model.predict(test.images, verbose=0).argmax(axis=-1), 3)
    assert iou.mean() > mean and iou[2] > border, iou


def test_one_of_them_knows_photographs_that_it_never_saw(real_data):
    test = load("oxford_iiit_pet", size=128).test
    scores = {}
    for name in ("light_unet", "light_unet_photographs"):
        model = load_stored(light_unet(encoder("MobileNetV2", None), 3), name)
        scores[name] = iou_per_class(test.masks, model.predict(test.images, verbose=0).argmax(axis=-1), 3)
    assert scores["light_unet_photographs"].mean() > 0.70 and scores["light_unet_photographs"][2] > 0.45
    assert scores["light_unet"].mean() < 0.6  # who saw drawn animals alone


def test_the_pyramid_knows_the_place_of_animals_that_it_never_saw():
    test = load("paper_places").test.take(60)
    model = fpn(encoder("MobileNetV2", "paper"), 3, **PLACES_SIZES)
    guess = load_stored(model, "fpn_places").predict(test.images, verbose=0).argmax(axis=-1)
    found = (test.masks > 0) & (guess > 0)
    assert iou_per_class(test.masks > 0, guess > 0, 2)[1] > 0.75
    assert np.mean(test.masks[found] == guess[found]) > 0.93


def test_the_network_for_cells_counts_those_that_it_never_saw():
    test = load("paper_cells").test.take(30)
    model = mirror_padded(load_stored(valid_unet(2, (16, 32, 64)), "valid_unet"))
    guess = model.predict(test.images, batch_size=10, verbose=0).argmax(axis=-1)
    assert iou_per_class(test.masks, guess, 2)[1] > 0.89 and count_error(test["instances"], guess) < 0.25


def test_the_detector_finds_animals_that_it_never_saw():
    test = load("paper_pets").test
    model = MaskRCNN(encoder("MobileNetV2", None), MaskRCNNConfig.quick())
    found = load_stored(model, "mask_rcnn").predict(test.images, batch_size=20, verbose=0)
    assert average_precision(test, found, "boxes")["AP50"] > 0.87
    masks = average_precision(test, found, "masks")
    assert (
        masks["AP50"] > 0.795 and masks["AP"] > 0.5
    )  # 0.801 and 0.507: the last digits depend on the processor


def small():
    return keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.Conv2D(4, 3), keras.layers.Conv2D(2, 1)]
    )


def test_weights_are_stored_and_read(tmp_path, monkeypatch):
    monkeypatch.setattr("segkit.stored.WEIGHTS", tmp_path)
    one, other = small(), small()
    store(one.weights, "both", "whole")
    store(one.layers[0].weights, "beginning", "first")
    store(one.layers[1].weights, "end", "last")
    load_stored(other, "beginning")
    np.testing.assert_allclose(other.get_weights()[0], one.get_weights()[0], atol=1e-3)
    assert not np.allclose(other.get_weights()[2], one.get_weights()[2])
    np.testing.assert_allclose(load_stored(other, "end").get_weights()[2], one.get_weights()[2], atol=1e-3)
    assert not np.allclose(load_stored(small(), "end").get_weights()[0], one.get_weights()[0])
    for mine, theirs in zip(load_stored(other, "both").get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-3)


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="no weights 'unet'; there are .*light_unet"):
        load_stored(small(), "unet")
    with pytest.raises(ValueError, match="'segnet' belong to a model of another form than 'sequential"):
        load_stored(small(), "segnet")


def test_a_number_too_large_for_half_precision_is_not_stored(tmp_path, monkeypatch):
    monkeypatch.setattr("segkit.stored.WEIGHTS", tmp_path)
    model = small()
    model.weights[0].assign(np.full(model.weights[0].shape, 1e6))
    with pytest.raises(ValueError, match="does not fit half precision"):
        store(model.weights, "large", "whole")
    assert not list(tmp_path.iterdir())
