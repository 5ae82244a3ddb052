"""DisplayCallback and Resume."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from segkit import callbacks, show
from segkit.callbacks import DisplayCallback, Resume
from segkit.datasets import Pictures

from .conftest import ROOT


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
    *frames, strip = screen.frames
    assert [moment in frame for moment, frame in zip(moments, frames, strict=True)] == [True] * 4
    assert screen.updates == 4
    assert strip.count("pet\u00a00.") + strip.count("pet\u00a01.") == 3  # an IoU for each of three pictures


def test_the_strip_shows_what_the_model_said_at_each_moment(monkeypatch):
    """Before training, after epochs 1 and 3, and at the end, each beside picture and truth; read from the drawn figure."""
    data, said = pictures(3), {}

    class Listener(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            said["before"] = self.model.predict_on_batch(data.images)

        def on_epoch_end(self, epoch, logs=None):
            said[epoch + 1] = self.model.predict_on_batch(data.images)

    display = DisplayCallback(data)
    fast = model()
    fast.compile(keras.optimizers.Adam(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    fast.fit(pictures().batches(4), epochs=5, callbacks=[Listener(), display], verbose=0)
    expected = [said[moment].argmax(-1) for moment in ("before", 1, 3, 5)]
    assert not np.array_equal(expected[0], expected[-1])
    for row in range(3):
        drawn = [axes.images[0].get_array() for axes in display.places[row]]
        wanted = [data.images[row], show.paint(data.masks[row], data.classes)]
        wanted += [show.paint(moment[row], data.classes) for moment in expected]
        for one, other in zip(drawn, wanted, strict=True):
            np.testing.assert_array_equal(one, other)
    titles = [axes.get_title().splitlines()[0] for axes in display.places[0][2:]]
    assert titles == ["before training", "after epoch 1", "after epoch 3", "after epoch 5"]


def test_the_frame_shows_truth_and_prediction():
    data = pictures(3)
    callback = DisplayCallback(data)
    callback.set_model(model())
    callback.on_train_begin()
    drawn = callback.places[1, 2].images[0].get_array()
    expected = callback.model.predict_on_batch(data.images)[1].argmax(-1)
    np.testing.assert_array_equal(drawn, show.paint(expected, data.classes))


def test_when_drawing_is_slow_epochs_are_left_out_but_not_the_last(monkeypatch):
    screen = Screen(monkeypatch)
    monkeypatch.setattr(DisplayCallback, "SECONDS", 0)
    monkeypatch.setattr(DisplayCallback, "SHARE", 1e-9)
    model().fit(pictures().batches(4), epochs=6, callbacks=[DisplayCallback(pictures())], verbose=0)
    assert [frame.split(":")[0] for frame in screen.frames[:-1]] == [
        f"Validation pictures {moment}"
        for moment in ("before training", "after epoch 1", "after epoch 3", "after epoch 6")
    ]


def test_without_a_notebook_a_line_is_printed(capsys):
    model().fit(pictures().batches(4), epochs=1, callbacks=[DisplayCallback(pictures(), count=2)], verbose=0)
    lines = capsys.readouterr().out.splitlines()
    assert (
        len(lines) == 3 and lines[1].startswith("Validation pictures after epoch 1") and "border" in lines[1]
    )


def test_one_picture_and_one_pixel_are_enough():
    tiny = Pictures(
        np.zeros((1, 1, 1, 3), np.uint8), np.zeros((1, 1, 1), np.uint8), ("pet", "background", "border")
    )
    callback = DisplayCallback(tiny)
    callback.set_model(keras.Sequential([keras.Input((1, 1, 3)), keras.layers.Conv2D(3, 1)]))
    callback.on_train_begin()


def test_a_training_cell_that_is_run_again_shows_its_pictures_anew(monkeypatch):
    handles = []
    monkeypatch.setattr(
        callbacks.show, "publish", lambda data, kind, alt, handle=None: handles.append(handle) or "handle"
    )
    callback, data = DisplayCallback(pictures()), pictures().batches(4)
    for _ in range(2):
        model().fit(data, epochs=1, callbacks=[callback], verbose=0)
    assert handles == 2 * [None, "handle", "handle"]


def test_what_the_first_frame_costs_once_does_not_stop_the_drawing(monkeypatch):
    screen, now = Screen(monkeypatch), [0.0]
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    callback, net = DisplayCallback(pictures()), model()
    predict = net.predict_on_batch

    def slow_at_first(images):
        net.predict_on_batch = predict
        now[0] += 100  # tracing
        return predict(images)

    net.predict_on_batch = slow_at_first
    net.fit(pictures().batches(4), epochs=3, callbacks=[callback], verbose=0)
    assert len(screen.frames) == 5  # four, and the strip


def display_of(outputs, classes=("pet", "background", "border")):
    data = Pictures(np.zeros((2, 4, 4, 3), np.uint8), np.zeros((2, 4, 4), np.uint8), classes)
    return show.semantic(data, np.broadcast_to(np.asarray(outputs, "float32"), (2, 4, 4, len(outputs))))


def test_a_model_that_answers_nan_is_not_praised():
    caption, picture = display_of([float("nan")] * 3)[0][2]
    assert caption == "100% of the answers are NaN (white)" and (picture == 255).all()


@pytest.mark.parametrize("outputs, expected", [([0.7], 1), ([0.2], 0), ([3.0], 1), ([-3.0], 0)])
def test_one_channel_is_a_probability_or_a_logit(outputs, expected):
    classes = ("background", "pet")
    _, picture = display_of(outputs, classes)[0][2]
    np.testing.assert_array_equal(picture, show.paint(np.full((4, 4), expected), classes))


def test_other_numbers_of_channels_are_refused():
    with pytest.raises(ValueError, match="answers with 5 channels and the pictures have 3 classes"):
        display_of([0, 1, 2, 3, 4])
    with pytest.raises(TypeError, match="DisplayCallback.pictures, draw=…"):
        show.semantic(pictures(), {"mask": 1})


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
endless = {"x": batches.repeat(), "steps_per_epoch": len(batches)}  # or as it is: the epochs are the same
form = endless if sys.argv[4] == "endless" else {"x": batches}
history = net.fit(**form, epochs=5, verbose=0, callbacks=[Resume(folder, batches), Disconnect()])
np.savez(out, loss=history.history["loss"], **{f"w{i}": w for i, w in enumerate(net.get_weights())})
"""


def train(folder, kill_after, out, form="finite"):
    return subprocess.run(
        [sys.executable, "-c", TRAIN, str(folder), str(kill_after), str(out), form],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_a_killed_training_ends_with_the_weights_of_an_unbroken_one(tmp_path):
    """Shuffling, augmentation and dropout included: all of them follow from seed and epoch."""
    assert train(tmp_path / "a", -1, tmp_path / "whole.npz").returncode == 0
    assert train(tmp_path / "b", 2, tmp_path / "broken.npz").returncode == -9
    resumed = train(tmp_path / "b", -1, tmp_path / "broken.npz", "endless")
    assert resumed.returncode == 0, resumed.stderr[-2000:]
    assert "Going on after epoch 2" in resumed.stdout
    whole, broken = np.load(tmp_path / "whole.npz"), np.load(tmp_path / "broken.npz")
    assert len(broken["loss"]) == 3
    np.testing.assert_allclose(broken["loss"], whole["loss"][2:], rtol=1e-5)
    for name in whole.files:
        if name != "loss":
            np.testing.assert_allclose(broken[name], whole[name], rtol=1e-4, atol=1e-6)
    assert not (tmp_path / "b").exists()  # nothing is left behind when training ends


class Kill(BaseException):
    """Nothing in the house catches it: the files are left as a kill leaves them."""


STEPS = {
    "before the weights are written": (callbacks.Resume, "_shapes", 2),
    "between weights and facts": (callbacks, "_digest", 3),
    "before the facts are on the disk": (callbacks.os, "fsync", 2),
    "before the backup gets its name": (callbacks.os, "rename", 2),
    "before an old backup is removed": (callbacks.shutil, "rmtree", 7),
    "before the folder is taken away": (callbacks.os, "rename", 5),
    "before the last removal": (callbacks.shutil, "rmtree", 12),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_while_saving_loses_one_epoch_at_most(step, tmp_path, monkeypatch):
    def train(folder):
        net, batches = model(), pictures(20).batches(4, training=True, seed=3)
        net.fit(batches, epochs=4, verbose=0, callbacks=[Resume(folder, batches)])
        return net.get_weights()

    place, name, moment = STEPS[step]
    real, calls = getattr(place, name), []

    def until(*arguments, **options):
        calls.append(name)
        if len(calls) == moment:
            raise Kill
        return real(*arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(Kill):
        patch.setattr(place, name, until)
        train(tmp_path / "killed")
    for found, expected in zip(train(tmp_path / "killed"), train(tmp_path / "whole"), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.fixture
def backup(tmp_path):
    """A training of three epochs, interrupted in its fourth."""

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    data = pictures(20).batches(4, training=True, seed=3)
    with pytest.raises(KeyboardInterrupt):
        model().fit(data, epochs=5, verbose=0, callbacks=[Resume(tmp_path / "backup", data), Stop()])
    return tmp_path / "backup"


def resumed(folder, epochs=5, net=None):
    net, data = net or model(), pictures(20).batches(4, training=True, seed=3)
    return net, len(net.fit(data, epochs=epochs, verbose=0, callbacks=[Resume(folder, data)]).epoch)


@pytest.mark.parametrize("harm", ["half the weights", "no weights", "empty facts", "no facts"])
def test_a_damaged_backup_is_passed_over_aloud(backup, harm, capsys):
    weights, facts = (backup / "epoch_00003" / name for name in ("model.weights.h5", "training.json"))
    {"half the weights": lambda: weights.write_bytes(weights.read_bytes()[:900]), "no weights": weights.unlink,
     "empty facts": lambda: facts.write_text(""), "no facts": facts.unlink}[harm]()  # fmt: skip
    _, trained = resumed(backup)
    said = capsys.readouterr().out
    assert trained == 3 and "epoch_00003 is damaged and was passed over" in said and "after epoch 2" in said


def test_a_backup_of_another_model_is_refused_and_kept(backup):
    other = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Conv2D(3, 1)])
    other.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.raises(ValueError, match="belongs to another model: remove that folder"):
        resumed(backup, net=other)
    assert len(list(backup.glob("epoch_*"))) == 2


def test_fewer_epochs_than_the_backup_has_train_nothing_and_lose_nothing(backup, capsys):
    _, trained = resumed(backup, epochs=2)
    assert trained == 0 and (backup / "epoch_00003").is_dir()
    assert "holds 3 epochs and fit asks for 2" in capsys.readouterr().out


def test_a_later_fit_of_the_same_model_trains_all_its_epochs(backup):
    net, trained = resumed(backup)
    assert trained == 2
    assert len(net.fit(pictures().batches(4), epochs=2, verbose=0).epoch) == 2


def test_the_one_private_attribute_is_where_it_was():
    """Resume sets `_initial_epoch`, as Keras' own BackupAndRestore does in the versions of the course (3.14 and 3.15)."""
    assert keras.__version__.startswith(("3.14.", "3.15.")), (
        "look whether fit still reads it, then name the version here"
    )
    assert model()._initial_epoch is None


def test_dropout_differs_from_epoch_to_epoch():
    """Setting the noise from the epoch must not make every epoch's noise the same."""
    net = model()
    data = pictures(4).batches(4, training=True)
    callback = Resume("unused", data)
    callback.set_model(net)
    seen = []
    for epoch in (0, 1, 0):
        callback.on_epoch_begin(epoch)
        seen.append(keras.ops.convert_to_numpy(net(pictures(4).images, training=True)))
    assert (seen[0] != seen[1]).any()
    np.testing.assert_array_equal(seen[0], seen[2])


def test_data_of_another_kind_is_told_what_is_needed():
    with pytest.raises(TypeError, match="batches"):
        Resume("folder", "no batches")
