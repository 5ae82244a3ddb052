"""One measurement in a process of its own: python benchmarks/measure.py NAME [ARGUMENTS]; prints one line of JSON."""

import functools
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


def metrics():
    """What the course's metrics add to a training step of the light network at 128 pixels, batch 8, as a share of it."""
    import keras
    import tensorflow as tf

    from segkit.backbones import encoder
    from segkit.metrics import BorderIoU, BoundaryIoU, FrequencyWeightedIoU, MeanClassAccuracy, MeanDice
    from segkit.models import light_unet

    model = light_unet(encoder("MobileNetV2", "paper", frozen=8), 3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    dice = np.random.default_rng(0)
    images = dice.integers(0, 256, (8, 128, 128, 3)).astype("float32")
    masks = dice.integers(0, 3, (8, 128, 128)).astype("uint8")
    step = median_time(lambda: model.train_on_batch(images, masks), runs=15)
    masks, logits = tf.constant(masks), tf.constant(dice.normal(size=(8, 128, 128, 3)).astype("float32"))
    row = {"step_ms": round(1000 * step, 1)}
    named = (BorderIoU(), BoundaryIoU(3), MeanClassAccuracy(3), FrequencyWeightedIoU(3), MeanDice(3))
    for metric in named:
        seconds = median_time(functools.partial(tf.function(metric.update_state), masks, logits), runs=15)
        row[type(metric).__name__] = round(seconds / step, 4)
    return row


def panoptic(pictures):
    """Seconds of panoptic quality for so many pictures of 512×512 with about 20 objects, in batches of ten under XLA."""
    import tensorflow as tf

    from segkit.metrics import PanopticQuality

    dice = np.random.default_rng(0)
    maps = np.zeros((10, 512, 512, 2), np.int32)
    maps[:, 256:, :, 0] = 1
    for picture in maps:
        for number in range(1, 21):
            top, left = dice.integers(0, 400, 2)
            picture[top : top + 90, left : left + 90] = dice.integers(2, 5), number
    truth, answer = tf.constant(maps), tf.constant(np.roll(maps, 5, axis=1))
    metric = PanopticQuality(5, things=(2, 3, 4))
    update = tf.function(metric.update_state, jit_compile=True)
    update(truth, answer)
    began = time.monotonic()
    for _ in range(pictures // 10):
        update(truth, answer)
    quality = float(metric.result()["pq"])
    return {"pictures": pictures, "seconds": round(time.monotonic() - began, 1), "pq": round(quality, 3)}


def average_precision(pictures):
    """Seconds of mask AP for so many pictures of 128×128 with 20 objects each, ours and pycocotools' alone."""
    from pycocotools import mask as run_lengths
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    from segkit.metrics import AveragePrecision

    dice, count = np.random.default_rng(0), 20
    ids = np.zeros((pictures, 128, 128), np.uint8)
    for picture in ids:
        for number in range(count):
            top, left = 24 * (number // 5), 24 * (number % 5)
            picture[top + 2 : top + 22, left + 2 : left + 22] = number + 1
    masks = np.stack(
        [np.stack([np.roll(one == number + 1, 2, axis=1) for number in range(count)]) for one in ids[:1]]
    )
    truth = {
        "instances": ids,
        "labels": dice.integers(1, 4, (pictures, count)),
        "valid": np.ones((pictures, count), bool),
        "boxes": np.zeros((pictures, count, 4), np.float32),
    }
    found = truth | {
        "scores": dice.random((pictures, count)),
        "masks": np.broadcast_to(masks, (pictures, *masks.shape[1:])),
    }

    began = time.monotonic()
    metric = AveragePrecision("masks")
    metric.update_state(truth, found)
    ours_ap = metric.result()["AP"]
    ours = time.monotonic() - began

    began = time.monotonic()
    parts = [[], []]
    for picture in range(pictures):
        for number in range(count):
            for part, mask in zip(
                parts, (ids[picture] == number + 1, found["masks"][picture, number]), strict=True
            ):
                shape = run_lengths.encode(np.asfortranarray(mask.astype(np.uint8)))
                one = {
                    "image_id": picture,
                    "category_id": int(truth["labels"][picture, number]),
                    "segmentation": shape,
                }
                one |= {"id": len(part) + 1, "area": float(mask.sum()), "iscrowd": 0}
                part.append(one | {"score": float(found["scores"][picture, number])})
    sets = []
    for part in parts:
        coco = COCO()
        images = [{"id": picture, "height": 128, "width": 128} for picture in range(pictures)]
        coco.dataset = {
            "images": images,
            "categories": [{"id": label} for label in (1, 2, 3)],
            "annotations": part,
        }
        coco.createIndex()
        sets.append(coco)
    evaluation = COCOeval(*sets, "segm")
    evaluation.evaluate()
    evaluation.accumulate()
    alone_ap = float(np.mean(evaluation.eval["precision"][:, :, :, 0, -1]))
    alone = time.monotonic() - began
    assert abs(ours_ap - alone_ap) < 1e-9
    return {
        "pictures": pictures,
        "ours_seconds": round(ours, 1),
        "alone_seconds": round(alone, 1),
        "ratio": round(ours / alone, 2),
    }


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print(json.dumps(globals()[name](*(int(word) if word.isdigit() else word for word in arguments))))
