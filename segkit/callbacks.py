"""What happens between epochs: look at predictions, survive a disconnect. Explained in notebooks/04_unet_pets.ipynb."""

import hashlib
import io
import json
import os
import pathlib
import shutil
import textwrap
import time

import keras
import numpy as np
from matplotlib.figure import Figure

from . import show


class DisplayCallback(keras.callbacks.Callback):
    """After each epoch: what the model says of a few fixed pictures, in one display that is updated.

    Give it validation pictures, never training ones. `draw(pictures, outputs)` makes the rows, each a list of
    (caption, picture), the prediction last; `show.semantic` paints picture, true mask and prediction. `legend=False` leaves out
    what the colours of classes mean, where colours tell objects apart. Drawing may take
    5 % of an epoch's time, or 0.4 s if that is more; where it takes longer, epochs are left out. When training ends, the
    display becomes a strip: the predictions before training, after epochs 1 and 3, and at the end. Without a notebook a
    line is printed in place of the picture.
    """

    SHARE, SECONDS = 0.05, 0.4
    KEPT = ("before training", "after epoch 1", "after epoch 3")

    def __init__(self, pictures, count=3, draw=show.semantic, legend=True):
        super().__init__()
        self.pictures = pictures.take(count)
        self.draw, self.legend = draw, legend

    def on_train_begin(self, logs=None):
        self.handle = self.figure = None  # a display of its own for each training
        self.moments = {}  # those that stay to be seen: their rows
        self.last = f"after epoch {(self.params or {}).get('epochs')}"
        self.cost = self.waiting = 0.0
        self.show_frame("before training")

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.waiting += time.monotonic() - self.began
        moment = f"after epoch {epoch + 1}"
        wanted = moment in self.KEPT or moment == self.last
        if wanted or self.cost <= max(self.SECONDS, self.SHARE * self.waiting):
            self.show_frame(moment)
            self.waiting = 0.0

    def on_train_end(self, logs=None):
        """The moments side by side: what a display shows last is what a reader of the stored lesson sees."""
        *_, last = self.moments.values()
        rows = [row[:-1] for row in last]
        for moment, drawn in self.moments.items():
            for row, (*_, (caption, picture)) in zip(rows, drawn, strict=True):
                row.append((moment * (row is rows[0]), picture, caption * (drawn is last)))
        self.figure = None
        self._publish(rows, "before training and after the epochs named")

    def show_frame(self, moment):
        started = time.monotonic()
        outputs = keras.tree.map_structure(
            keras.ops.convert_to_numpy, self.model.predict_on_batch(self.pictures.images)
        )
        if self.figure is None:  # the first frame: what predicting and drawing cost once does not count
            started = time.monotonic()
        rows = [list(row) for row in self.draw(self.pictures, outputs)]
        if moment in self.KEPT or moment == self.last:
            self.moments[moment] = rows
        self._publish(rows, moment)
        self.cost = time.monotonic() - started

    def _publish(self, rows, moment):
        self._lay_out(rows)
        self.figure.suptitle(f"Validation pictures {moment}", fontsize=12)
        buffer = io.BytesIO()
        dots = self.figure.dpi * show.sharpness()
        self.figure.savefig(buffer, dpi=dots, format="jpeg", pil_kwargs=show.JPEG)
        captions = "; ".join(
            ", ".join(word for title, _, *below in row for word in (title, *below) if word) for row in rows
        )
        self.handle = show.publish(
            buffer.getvalue(), "jpeg", f"Validation pictures {moment}: {captions}.", self.handle
        )

    def _lay_out(self, rows):
        """The first frame makes the figure; later ones change its pictures."""
        if self.figure is None:
            height, width = rows[0][0][1].shape[:2]
            columns = max(map(len, rows))
            side = min(2.46, 12 / columns)  # inches
            self.letters = int(11.5 * side)  # of a caption's line
            size = (side * columns, (0.9 * side * height / width + 0.6) * len(rows) + 0.7)
            self.figure = Figure(figsize=size, dpi=72, layout="constrained")
            self.places = self.figure.subplots(len(rows), columns, squeeze=False)
            for axes in self.places.flat:
                axes.set_axis_off()
            if self.legend:
                show.legend(self.figure, self.pictures.classes, fontsize=10.5)
        for row, places in zip(rows, self.places, strict=True):
            for (title, picture, *below), axes in zip(row, places, strict=False):
                if axes.images:
                    axes.images[0].set_data(picture)
                else:
                    axes.imshow(picture)
                axes.set_title(self._wrapped(title), fontsize=10.5)
                for words in below:
                    place = {"transform": axes.transAxes, "ha": "center", "va": "top", "fontsize": 10.5}
                    axes.text(0.5, -0.03, self._wrapped(words), **place)

    def _wrapped(self, words):
        """Broken between classes, without the dot that would stand at the end of a line."""
        return textwrap.fill(words, self.letters).replace("\u00a0·\n", "\n")


class Resume(keras.callbacks.Callback):
    """Save after each epoch, and go on from there when `fit` is called again after a disconnect.

    `batches` is the training data that `fit` gets, from `Pictures.batches`. Its order and noise, and that of dropout
    and the like in the model, are set from the epoch's number, so that a resumed training ends with the weights that
    an uninterrupted one would have had. What was saved is removed when training ends. Under PyTorch, give dropout
    a `seed` for that: without one, Keras lets it draw from PyTorch's own generator, which is not set here.

    A backup is a folder `epoch_00003` that appears whole, in one step; the one before is kept until then. Whatever
    moment a kill hits, one of them can be read.
    """

    KEPT = 2

    def __init__(self, folder, batches):
        super().__init__()
        if not hasattr(batches, "epoch"):
            raise TypeError(
                "Resume needs the batches that fit gets, as Pictures.batches(training=True) makes them."
            )
        self.folder = pathlib.Path(folder)
        self.batches = batches

    def on_train_begin(self, logs=None):
        epoch, epochs = self._restore(), self.params["epochs"]
        self.keep = epoch > epochs
        if self.keep:
            print(
                f"The backup in {self.folder} holds {epoch} epochs and fit asks for {epochs}: nothing is trained."
            )
        elif epoch:
            print(f"Going on after epoch {epoch}, from {self.folder}.")
        # Keras offers callbacks no public way to skip epochs; its own BackupAndRestore sets this, too.
        self.model._initial_epoch = min(epoch, epochs) or None

    def on_epoch_begin(self, epoch, logs=None):
        self.model._initial_epoch = None  # it was read; a later fit must not see it
        self.batches.epoch.assign(epoch - 1)  # the data set counts up when its next pass begins
        for state in self._noise():
            seed, _ = keras.ops.convert_to_numpy(state)
            state.assign(np.array([seed, epoch * 65536], state.dtype))

    def on_epoch_end(self, epoch, logs=None):
        self.folder.mkdir(parents=True, exist_ok=True)
        writing, done = self.folder / ".writing", self.folder / f"epoch_{epoch + 1:05}"
        for stale in (writing, done):
            shutil.rmtree(stale, ignore_errors=True)
        writing.mkdir()
        self.model.save_weights(writing / "model.weights.h5")
        facts = {
            "epoch": epoch + 1,
            "weights": self._shapes(),
            "sha256": _digest(writing / "model.weights.h5"),
        }
        with open(writing / "training.json", "w", encoding="utf-8") as file:
            json.dump(facts, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(writing, done)
        for old in self._backups()[self.KEPT :]:
            shutil.rmtree(old, ignore_errors=True)

    def on_train_end(self, logs=None):
        self.model._initial_epoch = None
        if self.folder.is_dir() and not self.keep:
            finished = self.folder.with_name(f".{self.folder.name}-finished")
            shutil.rmtree(finished, ignore_errors=True)
            os.rename(
                self.folder, finished
            )  # in one step: half a removal would look like a training to resume
            shutil.rmtree(finished, ignore_errors=True)

    def _restore(self):
        """Load the newest backup that can be read; the number of epochs behind it."""
        for backup in self._backups():
            try:
                facts = json.loads((backup / "training.json").read_text(encoding="utf-8"))
                whole = facts["sha256"] == _digest(backup / "model.weights.h5")
            except (OSError, ValueError, KeyError):
                whole = False
            if not whole:
                print(f"The backup {backup} is damaged and was passed over.")
                continue
            if facts["weights"] != self._shapes():
                raise ValueError(
                    f"The backup in {self.folder} belongs to another model: remove that folder, or give Resume another one."
                )
            self.model.optimizer.build(self.model.trainable_variables)
            self.model.load_weights(backup / "model.weights.h5")
            return facts["epoch"]
        return 0

    def _backups(self):
        return sorted(self.folder.glob("epoch_*"), reverse=True)

    def _shapes(self):
        return [list(weight.shape) for weight in self.model.weights]

    def _noise(self):
        """The states of the model's random generators: of its variables, those that are no weights."""
        weights = {id(weight) for weight in self.model.weights}
        others = [variable for variable in self.model.variables if id(variable) not in weights]
        return [state for state in others if "int" in state.dtype and tuple(state.shape) == (2,)]


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
