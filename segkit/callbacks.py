"""What happens between epochs: look at predictions, survive a disconnect. Explained in notebooks/04_unet_pets.ipynb."""

import io
import textwrap
import time

import keras
import numpy as np
from matplotlib.figure import Figure

from . import show
from .metrics import iou_per_class


class DisplayCallback(keras.callbacks.Callback):
    """After each epoch: picture, true mask and prediction of a few fixed pictures, in one display that is updated.

    Give it validation pictures, never training ones. The title of each prediction holds its IoU per class. Drawing
    may take 5 % of an epoch's time, or 0.4 s if that is more; where it takes longer, epochs are left out, never
    the last one. Without a notebook a line is printed in place of the picture.
    """

    SHARE, SECONDS = 0.05, 0.4

    def __init__(self, pictures, count=3):
        super().__init__()
        self.pictures = pictures.take(count)
        self.handle = None
        self.cost = 0.0
        self.waiting = 0.0

    def on_train_begin(self, logs=None):
        self._prepare_figure()
        self.draw("before training")

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.waiting += time.monotonic() - self.began
        last = epoch + 1 == self.params.get("epochs")
        if last or self.cost <= max(self.SECONDS, self.SHARE * self.waiting):
            self.draw(f"after epoch {epoch + 1}")
            self.waiting = 0.0

    def draw(self, moment):
        started = time.monotonic()
        logits = keras.ops.convert_to_numpy(self.model.predict_on_batch(self.pictures.images))
        predictions = logits.argmax(axis=-1).astype(np.uint8)
        classes = self.pictures.classes
        sentences = []
        for mask, prediction, (artist, axes) in zip(
            self.pictures.masks, predictions, self.artists, strict=True
        ):
            scores = iou_per_class(mask, prediction, len(classes))
            words = [
                f"{name} {score:.2f}"
                for name, score in zip(classes, scores, strict=True)
                if not np.isnan(score)
            ]
            artist.set_data(show.paint(prediction, classes))
            axes.set_title("IoU " + textwrap.fill(" · ".join(words), 30), fontsize=9)
            sentences.append(", ".join(words))
        self.figure.suptitle(f"Validation pictures {moment}", fontsize=11)
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="jpeg", pil_kwargs={"quality": 85})
        alt = f"Validation pictures {moment}: picture, true mask and prediction. IoU per picture: {'; '.join(sentences)}."
        self.handle = show.publish(buffer.getvalue(), "jpeg", alt, self.handle)
        self.cost = time.monotonic() - started

    def _prepare_figure(self):
        """Everything but the predictions is drawn here, once."""
        images, masks, classes = self.pictures.images, self.pictures.masks, self.pictures.classes
        height = 2.2 * masks.shape[1] / masks.shape[2] + 0.35
        self.figure = Figure(figsize=(7.4, height * len(images) + 0.7), dpi=72, layout="constrained")
        rows = self.figure.subplots(len(images), 3, squeeze=False)
        for row, image, mask in zip(rows, images, masks, strict=True):
            row[0].imshow(image)
            row[1].imshow(show.paint(mask, classes))
        self.artists = [(row[2].imshow(np.zeros((*masks.shape[1:], 3), np.uint8)), row[2]) for row in rows]
        rows[0, 0].set_title("picture", fontsize=9)
        rows[0, 1].set_title("true mask", fontsize=9)
        for axes in rows.flat:
            axes.set_axis_off()
        show.legend(self.figure, classes, fontsize=9)


class Resume(keras.callbacks.BackupAndRestore):
    """Save after each epoch, and go on from there when `fit` is called again after a disconnect.

    `batches` is the training data that `fit` gets, from `Pictures.batches`. Its order and noise, and that of dropout
    and the like in the model, are set from the epoch's number, so that a resumed training ends with the weights that
    an uninterrupted one would have had. What was saved is removed when training ends. Under PyTorch, give dropout
    a `seed` for that: without one, Keras lets it draw from PyTorch's own generator, which is not set here.
    """

    def __init__(self, folder, batches):
        super().__init__(str(folder))
        if not hasattr(batches, "epoch"):
            raise TypeError(
                "Resume needs the batches that fit gets, as Pictures.batches(training=True) makes them."
            )
        self.batches = batches

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        epoch = self.model._initial_epoch
        if epoch:
            print(f"Going on after epoch {epoch}, from {self.backup_dir}.")

    def on_epoch_begin(self, epoch, logs=None):
        super().on_epoch_begin(epoch, logs)
        self.batches.epoch.assign(epoch - 1)  # the data set counts up when its next pass begins
        for layer in self.model._flatten_layers():
            for generator in getattr(layer, "_seed_generators", ()):
                seed, _ = keras.ops.convert_to_numpy(generator.state)
                generator.state.assign(np.array([seed, epoch * 65536], "uint32"))
