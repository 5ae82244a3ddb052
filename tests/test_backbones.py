"""Encoders: strides, input scaling, freezing, what was really loaded."""

import os
import subprocess
import sys
import urllib.error

import keras
import numpy as np
import pytest
from keras import ops

from segkit import backbones
from segkit.backbones import STRIDES, encoder
from segkit.paper.scenes import draw_scene
from segkit.stored import WEIGHTS


@pytest.fixture(scope="module")
def paper():
    return encoder("MobileNetV2", "paper")


def pictures(*size):
    return np.random.RandomState(0).randint(0, 256, (2, *size, 3)).astype("float32")


@pytest.mark.parametrize("name", backbones.TAPS)
@pytest.mark.parametrize("size", [(64, 96), (33, 70), (1, 1)])
def test_features_come_at_strides_2_to_32(name, size):
    padded = [-(-side // 32) * 32 for side in size]
    network = built(name)
    for feature, stride in zip(network(pictures(*size)), STRIDES, strict=True):
        assert feature.shape[1:3] == (padded[0] // stride, padded[1] // stride)


def built(name, made={}):  # noqa: B006  (one network a name for the whole file)
    if name not in made:
        made[name] = encoder(name, None)
    return made[name]


@pytest.mark.parametrize("name, mode", [("MobileNetV2", "tf"), ("VGG16", "caffe"), ("ResNet50", "caffe")])
def test_scaling_is_that_of_keras_applications(name, mode):
    images = pictures(32, 32)
    module = {"MobileNetV2": "mobilenet_v2", "VGG16": "vgg16", "ResNet50": "resnet50"}[name]
    expected = getattr(keras.applications, module).preprocess_input(images.copy())
    np.testing.assert_allclose(ops.convert_to_numpy(backbones.scale(name, images)), expected, atol=1e-4)


def trained(network):
    return {weight.path.split("/")[-2] for weight in network.trainable_weights}


def test_frozen_means_frozen(paper):
    assert not paper.trainable_weights
    assert paper.pretraining == "paper" and paper.name == "MobileNetV2_paper"


def test_fine_tuning_leaves_the_statistics_alone():
    network = encoder("MobileNetV2", "paper", frozen=False)
    assert network.trainable_weights and not [
        name for name in trained(network) if "BN" in name or "bn" in name
    ]
    before = [ops.convert_to_numpy(weight) for weight in network.non_trainable_weights]
    outputs = keras.layers.GlobalAveragePooling2D()(network.outputs[-1])
    model = keras.Model(network.inputs, keras.layers.Dense(1)(outputs))
    model.compile("sgd", "mse")
    model.train_on_batch(pictures(32, 32), np.ones((2, 1)))
    for old, new in zip(before, network.non_trainable_weights, strict=True):
        np.testing.assert_array_equal(old, ops.convert_to_numpy(new))


def test_freezing_up_to_a_stride():
    names = trained(encoder("MobileNetV2", "paper", frozen=8))
    assert "block_6_depthwise" in names or "block_6_project" in names
    assert not {
        name
        for name in names
        if name.startswith(("Conv1", "expanded", *(f"block_{i}_" for i in range(1, 6))))
    }


def test_without_pretraining_batch_normalisation_learns_quickly():
    network = encoder("MobileNetV2", None, frozen=False)
    assert any("BN" in name for name in trained(network))
    normalisations = [
        layer for layer in network.layers[-1].layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert {layer.momentum for layer in normalisations} == {backbones.RANDOM_MOMENTUM}


def test_paper_weights_are_small_half_precision_and_ours():
    path = WEIGHTS / "mobilenet_v2_paper.npz"
    assert path.stat().st_size < 4e6
    with np.load(path) as stored:
        assert all(stored[key].dtype == np.float16 for key in stored.files if key != "part")


def test_paper_weights_know_birds_from_other_scenes(paper):
    """Least squares on the frozen, pooled features says whether an unseen scene has a bird; random features hardly can."""
    scenes = [draw_scene(4, index, 96) for index in range(240)]
    images = np.stack([scene["image"] for scene in scenes])
    birds = np.array([2 in scene["label"] for scene in scenes]) * 2.0 - 1

    def accuracy(network):
        features = network.predict(images, verbose=0)[-1].mean(axis=(1, 2))
        features = np.column_stack([features - features.mean(axis=0), np.ones(len(features))])
        learned = features[:160].T @ features[:160] + 10 * np.eye(features.shape[1])
        weights = np.linalg.solve(learned, features[:160].T @ birds[:160])
        return np.mean((features[160:] @ weights > 0) == (birds[160:] > 0))

    assert accuracy(paper) > 0.75
    assert accuracy(paper) > accuracy(built("MobileNetV2"))


@pytest.fixture
def home(monkeypatch, tmp_path):
    """An empty cache, as Keras would have it. (Keras itself reads KERAS_HOME once, when it is imported.)"""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_imagenet_weights_without_a_network_are_replaced_aloud(monkeypatch, capsys, home):
    asked = []

    def no_route(request, timeout):
        asked.append((request.full_url, request.method, timeout))
        raise urllib.error.URLError("no route")

    monkeypatch.setattr("urllib.request.urlopen", no_route)
    assert encoder("MobileNetV2", "imagenet").pretraining == "paper"
    said = capsys.readouterr().out
    assert 'Using weights="paper"' in said and "KERAS_HOME" in said and "weights: paper" in said
    assert encoder("VGG16", "imagenet").pretraining == "random"
    assert "Using random weights" in capsys.readouterr().out
    assert [method for _, method, _ in asked] == ["HEAD", "HEAD"] and max(wait for *_, wait in asked) <= 10


@pytest.mark.parametrize("reason", ["truncated file: eof = 3000", "Incomplete or corrupted file detected"])
def test_weights_that_are_broken_are_replaced_aloud(monkeypatch, capsys, home, reason):
    file = home / "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    file.write_bytes(b"half")

    def broken(name, weights=None, bare=backbones.bare):
        if weights == "imagenet":
            raise OSError(f"{reason}\n  and more")
        return bare(name, weights)

    monkeypatch.setattr(backbones, "bare", broken)
    assert encoder("MobileNetV2", "imagenet").pretraining == "paper"
    said = capsys.readouterr().out
    assert f"could not be read ({reason}): delete {file}, and run this again. Using" in said


ASK = """
import urllib.request
asked = []
def refuse(url, *_):
    asked.append(url)
    raise urllib.error.URLError("no route")
urllib.request.urlretrieve = refuse  # before Keras takes it
from segkit import backbones
for name in backbones.TAPS:
    try:
        backbones.bare(name, "imagenet")
    except Exception:
        assert asked.pop() == backbones.SERVER + backbones.IMAGENET[name], name
print("the same addresses")
"""


def test_the_addresses_are_those_that_keras_asks(tmp_path):
    environment = os.environ | {"KERAS_HOME": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True)
    assert "the same addresses" in ran.stdout, ran.stderr[-2000:]


REAL = """
import keras, numpy as np
from segkit.backbones import encoder
network = encoder("MobileNetV2", "imagenet")
assert network.pretraining == "imagenet"
reference = keras.applications.MobileNetV2(include_top=False, input_shape=(None, None, 3))
images = np.random.RandomState(0).randint(0, 256, (2, 64, 64, 3)).astype("float32")
cut = keras.Model(reference.input, reference.get_layer("block_16_project").output)
found, expected = (keras.ops.convert_to_numpy(each) for each in (network(images)[-1], cut(images / 127.5 - 1)))
np.testing.assert_allclose(found, expected, atol=1e-3)
print("equal")
"""


def test_real_imagenet_weights(real_data):
    environment = os.environ | {"KERAS_HOME": str(real_data / "keras_home")}
    ran = subprocess.run([sys.executable, "-c", REAL], env=environment, capture_output=True, text=True)
    assert "equal" in ran.stdout, ran.stderr[-2000:]


def test_channels_first_is_refused_with_its_cure():
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match="set_image_data_format"):
            encoder("MobileNetV2", None)
    finally:
        keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize(
    "arguments, options, words",
    [
        (("ResNet18",), {}, "no encoder 'ResNet18'; choose MobileNetV2, VGG16, ResNet50"),
        (("VGG16", "paper"), {}, "exist for MobileNetV2 only"),
        (("VGG16", "places"), {}, "weights is 'places'"),
        (("VGG16", None), {"frozen": 3}, "frozen is 3"),
    ],
)
def test_what_does_not_exist_is_told_what_does(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        encoder(*arguments, **options)
