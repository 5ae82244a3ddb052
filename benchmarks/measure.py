"""One measurement in a process of its own: python benchmarks/measure.py NAME [ARGUMENTS]; prints one line of JSON."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np


def median_time(call, runs=5):
    """Median seconds of a call, after one that is not counted."""
    call()
    times = []
    for _ in range(runs):
        began = time.monotonic()
        call()
        times.append(time.monotonic() - began)
    return statistics.median(times)


def startup():
    """Seconds to import Keras, what segkit adds to it, and what start() takes, each as the median of fresh processes."""
    code = (
        "import time; a = time.monotonic(); import keras; b = time.monotonic(); import segkit; c = time.monotonic();"
        "segkit.start('04_unet_pets'); d = time.monotonic(); print(b - a, c - b, d - c)"
    )
    rows = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(5)
    ]
    times = np.median([[float(value) for value in row.splitlines()[-1].split()] for row in rows], axis=0)
    return dict(zip(("import_keras", "import_segkit_adds", "start"), times.round(3).tolist(), strict=True))


def drawing():
    """Scenes a second on one core, and seconds to prepare the whole data set."""
    from segkit.paper import draw_scene

    seconds = median_time(lambda: [draw_scene(9, index) for index in range(100)], runs=3)
    code = (
        "import time; from segkit.datasets import storage;"
        "began = time.monotonic(); storage.paper_pets(); print(time.monotonic() - began)"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SEGKIT_DATA": folder}
        out = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
        ).stdout
    return {
        "scenes_per_second": round(100 / seconds),
        "prepare_900_seconds": round(float(out.splitlines()[-1]), 1),
    }


def pipeline(kind):
    """Pictures a second of the input pipeline alone, and the wait for the first batch after the end of an epoch."""
    import pets

    from segkit.datasets import Augment, load

    pictures = load("paper_pets").train
    ours = {
        "as they are": None,
        "flips": Augment(),
        "flips and crops": Augment(zoom=(0.6, 1.0)),
        "flips, crops and turns": Augment(zoom=(0.6, 1.0), turn=10),
    }
    if kind in ours:
        batches = pictures.batches(16, training=True, augment=ours[kind])
    else:
        batches = pets.tutorial_batches("paper_pets", "train", 0)

    steps = len(batches)
    stream = iter(batches.repeat())  # as fit(batches.repeat(), steps_per_epoch=steps) reads it

    def one_epoch():
        for step in range(steps):
            began = time.perf_counter()
            next(stream)
            waits[step].append(time.perf_counter() - began)

    waits = [[] for _ in range(steps)]
    seconds = median_time(one_epoch, runs=21)
    return {
        "pictures_per_second": round(len(pictures) / seconds),
        "first_batch_ms": round(1000 * statistics.median(waits[0]), 1),
        "peak_memory_mb": peak(),
    }


def growth(size, batch):
    """Milliseconds a picture of a training step of the light network, and peak memory, for a picture size and a batch size."""
    import keras

    from segkit.backbones import encoder
    from segkit.models import light_unet

    model = light_unet(encoder("MobileNetV2", "paper", frozen=8), 3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    images = np.random.default_rng(0).integers(0, 256, (batch, size, size, 3)).astype("float32")
    masks = np.random.default_rng(1).integers(0, 3, (batch, size, size)).astype("uint8")
    seconds = median_time(lambda: model.train_on_batch(images, masks), runs=5)
    return {
        "size": size,
        "batch": batch,
        "ms_per_picture": round(seconds / batch * 1000, 1),
        "peak_memory_mb": peak(),
    }


def weights(size):
    """U-Net's weight map: maps a second, of a picture of `size` pixels with as many cells as a wide field has."""
    from segkit.labels import separated
    from segkit.losses import weight_map
    from segkit.paper import draw_cells

    ids = separated(draw_cells(1, 0, size, field=max(1, size // 128))["instance_mask"])
    seconds = median_time(lambda: weight_map(ids), runs=15)
    return {"size": size, "cells": len(np.unique(ids)) - 1, "maps_per_second": round(1 / seconds, 1)}


def elastic(size):
    """Elastic deformations a second: picture, mask and instances together, in batches of four."""
    import tensorflow as tf

    from segkit.datasets import Augment
    from segkit.paper import draw_cells

    slide = draw_cells(1, 0, size, field=max(1, size // 128))
    names = {"image": "image", "mask": "cell_mask", "instances": "instance_mask"}
    fields = {name: tf.constant(np.stack([slide[key]] * 4)) for name, key in names.items()}
    fields["instances"] = tf.cast(fields["instances"], tf.int32)
    move = tf.function(Augment(flip=False, elastic=10))
    seconds = median_time(lambda: move(fields, tf.constant([1, 2], tf.int64)), runs=15)
    return {"size": size, "deformations_per_second": round(4 / seconds, 1)}


def tiles(size):
    """Overlap-tile prediction of a square picture at the lesson's quick width: seconds, and the peak of the process' memory."""
    from segkit.models import valid_unet
    from segkit.paper import draw_cells
    from segkit.tiles import predict_tiles

    part = draw_cells(1, 0, 256, field=2)["image"]
    picture = np.tile(part, (-(-size // 256), -(-size // 256), 1))[:size, :size]
    network = valid_unet(2, (16, 32, 64))
    predict_tiles(network, part, progress=False)  # building and tracing
    before, began = peak(), time.monotonic()
    predict_tiles(network, picture)
    return {
        "size": size,
        "seconds": round(time.monotonic() - began, 1),
        "before_mb": before,
        "peak_memory_mb": peak(),
    }


def display():
    """Seconds that the display callback takes an epoch, and the epoch's own."""
    import keras

    from segkit import callbacks
    from segkit.datasets import load

    data = load("paper_pets", size=128)
    model = keras.Sequential([keras.Input((128, 128, 3)), keras.layers.Conv2D(3, 3, padding="same")])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    callbacks.show.publish = lambda *arguments: "shown"
    callback = callbacks.DisplayCallback(data.validation)
    callback.set_model(model)
    callback.on_train_begin()
    return {"seconds_per_frame": round(median_time(lambda: callback.show_frame("now")), 3)}


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print(json.dumps(globals()[name](*(int(word) if word.isdigit() else word for word in arguments))))
