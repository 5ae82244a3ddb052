"""DisplayCallback and Resume."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from segkit import callbacks, show
from segkit.callbacks import DisplayCallback, Resume
from segkit.datasets import Pictures


def pictures(count=8, size=16):
    random = np.random.RandomState(0)
    masks = random.randint(0, 3, (count, size, size)).astype(np.uint8)
    images = (np.eye(3)[masks] * 200 + random.randint(0, 50, (count, size, size, 3))).astype(np.uint8)
    return Pictures(images, masks, ("pet", "background", "border"))


def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.Dropout(0.5, seed=7 if keras.backend.backend() == "torch" else None),
            keras.layers.Conv2D(3, 1),
        ]
    )
    made.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return made


class Screen:
    """A notebook that remembers what it was shown."""

    def __init__(self, monkeypatch):
        self.frames, self.updates = [], 0
        monkeypatch.setattr(callbacks.show, "publish", self.publish)

    def publish(self, data, kind, alt, handle=None):
        assert data.startswith(b"\xff\xd8") and kind == "jpeg"
        self.frames.append(alt)
        self.updates += handle is not None
        return "handle"


def test_one_display_is_updated_after_each_epoch(monkeypatch):
    screen = Screen(monkeypatch)
    monkeypatch.setattr(DisplayCallback, "SECONDS", 1e9)
    model().fit(
        pictures().batches(4, training=True), epochs=3, callbacks=[DisplayCallback(pictures())], verbose=0
    )
    moments = ["before training", "after epoch 1", "after epoch 2", "after epoch 3"]
    assert [moment in frame for moment, frame in zip(moments, screen.frames, strict=True)] == [True] * 4
    assert screen.updates == 3
    assert (
        screen.frames[-1].count("pet 0.") + screen.frames[-1].count("pet 1.") == 3
    )  # an IoU for each of three pictures


def test_the_frame_shows_truth_and_prediction():
    data = pictures(3)
    callback = DisplayCallback(data)
    callback.set_model(model())
    callback._prepare_figure()
    callback.draw("now")
    drawn = callback.artists[1][0].get_array()
    expected = callback.model.predict_on_batch(data.images)[1].argmax(-1)
    np.testing.assert_array_equal(drawn, show.paint(expected, data.classes))


def test_when_drawing_is_slow_epochs_are_left_out_but_not_the_last(monkeypatch):
    screen = Screen(monkeypatch)
    monkeypatch.setattr(DisplayCallback, "SECONDS", 0)
    monkeypatch.setattr(DisplayCallback, "SHARE", 1e-9)
    model().fit(pictures().batches(4), epochs=6, callbacks=[DisplayCallback(pictures())], verbose=0)
    assert [frame.split(":")[0] for frame in screen.frames] == [
        "Validation pictures before training",
        "Validation pictures after epoch 6",
    ]


def test_without_a_notebook_a_line_is_printed(capsys):
    model().fit(pictures().batches(4), epochs=1, callbacks=[DisplayCallback(pictures(), count=2)], verbose=0)
    lines = capsys.readouterr().out.splitlines()
    assert (
        len(lines) == 2 and lines[1].startswith("Validation pictures after epoch 1") and "border" in lines[1]
    )


def test_one_picture_and_one_pixel_are_enough():
    tiny = Pictures(
        np.zeros((1, 1, 1, 3), np.uint8), np.zeros((1, 1, 1), np.uint8), ("pet", "background", "border")
    )
    callback = DisplayCallback(tiny)
    callback.set_model(keras.Sequential([keras.Input((1, 1, 3)), keras.layers.Conv2D(3, 1)]))
    callback.on_train_begin()


TRAIN = """
import os, sys, numpy as np
from tests.test_callbacks import model, pictures
from segkit.callbacks import Resume
from segkit.datasets import Augment
import keras

folder, kill_after, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
class Disconnect(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == kill_after:
            os.kill(os.getpid(), 9)

net = model()
batches = pictures(20).batches(4, training=True, augment=Augment(zoom=(0.6, 1.0), light=0.3), seed=3)
history = net.fit(batches, epochs=5, verbose=0, callbacks=[Resume(folder, batches), Disconnect()])
np.savez(out, loss=history.history["loss"], **{f"w{i}": w for i, w in enumerate(net.get_weights())})
"""


def train(folder, kill_after, out):
    root = os.path.dirname(os.path.dirname(__file__))
    return subprocess.run(
        [sys.executable, "-c", TRAIN, str(folder), str(kill_after), str(out)],
        cwd=root,
        capture_output=True,
        text=True,
    )


def test_a_killed_training_ends_with_the_weights_of_an_unbroken_one(tmp_path):
    """Shuffling, augmentation and dropout included: all of them follow from seed and epoch."""
    assert train(tmp_path / "a", -1, tmp_path / "whole.npz").returncode == 0
    assert train(tmp_path / "b", 2, tmp_path / "broken.npz").returncode == -9
    resumed = train(tmp_path / "b", -1, tmp_path / "broken.npz")
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    assert "Going on after epoch 2" in resumed.stdout
    whole, broken = np.load(tmp_path / "whole.npz"), np.load(tmp_path / "broken.npz")
    assert len(broken["loss"]) == 3
    np.testing.assert_allclose(broken["loss"], whole["loss"][2:], rtol=1e-5)
    for name in whole.files:
        if name != "loss":
            np.testing.assert_allclose(broken[name], whole[name], rtol=1e-4, atol=1e-6)
    assert not (tmp_path / "b").exists()  # nothing is left behind when training ends


def test_dropout_differs_from_epoch_to_epoch():
    """Setting the noise from the epoch must not make every epoch's noise the same."""
    net = model()
    data = pictures(4).batches(4, training=True)
    callback = Resume("unused", data)
    callback.set_model(net)
    seen = []
    for epoch in (0, 1, 0):
        keras.callbacks.BackupAndRestore.on_epoch_begin(callback, epoch)
        callback.on_epoch_begin(epoch)
        seen.append(keras.ops.convert_to_numpy(net(pictures(4).images, training=True)))
    assert (seen[0] != seen[1]).any()
    np.testing.assert_array_equal(seen[0], seen[2])


def test_data_of_another_kind_is_told_what_is_needed():
    with pytest.raises(TypeError, match="batches"):
        Resume("folder", "no batches")
