"""Lesson 03, at 64 pixels: ways up from the same trained start, and weights of the classes, at equal budgets.

python benchmarks/ablations/03_segnet.py --seed 0
"""

import functools

import keras
import numpy as np
from common import main
from keras import layers, ops

from segkit.datasets import Augment, load
from segkit.layers import BilinearUpsample, CropLike, MaxPoolWithIndices, PadToMultiple
from segkit.losses import median_frequency
from segkit.metrics import iou_per_class
from segkit.models import segnet
from segkit.models.segnet import SMALL_BLOCKS, convolve
from segkit.stored import load_stored
from segkit.training import compile_segmenter, rising_and_falling

SIZE, EPOCHS, BATCH, RATE = 64, 5, 4, 2e-3
# The filters of the way up beside whole maps, so that all networks have about as many weights.
NARROWER = 0.74
BORDER = 2

# What the lesson's text says of the tables: (table, column, better row, worse row), in every seed.
SHOWN = [
    ("ways up", "border IoU", "indices", "bed of nails"),
    ("ways up", "border IoU", "indices", "bilinear"),
    ("ways up", "mean IoU", "indices", "bilinear"),
    ("ways up", "pet IoU", "indices", "bilinear"),
    ("ways up", "border IoU", "bilinear, joined by whole maps", "indices"),
    ("ways up", "mean IoU", "bilinear, joined by whole maps", "indices"),
    ("weights of the classes", "border found, %", "median frequency", "square roots"),
    ("weights of the classes", "border found, %", "square roots", "none"),
    ("weights of the classes", "border right, %", "square roots", "median frequency"),
    ("weights of the classes", "mean IoU", "square roots", "median frequency"),
    ("weights of the classes", "mean IoU", "square roots", "none"),
]


def joined(num_classes):
    """The same way down; on the way up maps grow bilinearly, and the whole map from before each pooling joins them."""
    images = keras.Input((None, None, 3), name="images")
    x = layers.Rescaling(1 / 127.5, offset=-1)(PadToMultiple(2 ** len(SMALL_BLOCKS))(images))
    maps = []
    for block in SMALL_BLOCKS:
        for filters in block:
            x = convolve(x, filters)
        maps.append(x)
        x, _ = MaxPoolWithIndices()(x)
    next_widths = [None, *(block[-1] for block in SMALL_BLOCKS[:-1])]
    for block, whole, next_width in zip(SMALL_BLOCKS[::-1], maps[::-1], next_widths[::-1], strict=True):
        x = layers.Concatenate()([BilinearUpsample()(x), whole])
        for filters in (*block[:0:-1], next_width):
            x = convolve(x, round(NARROWER * filters)) if filters else x
    logits = layers.Conv2D(num_classes, 3, padding="same", name="logits")(x)
    return keras.Model(images, CropLike()(logits, images))


@functools.cache
def pets():
    return load("paper_pets", size=SIZE)


@functools.cache
def weights_of(classes):
    """None, the weights by median frequency, or their square roots."""
    weights = median_frequency(pets().train.masks, len(pets().classes))
    return {"none": None, "square roots": np.sqrt(weights), "median frequency": weights}[classes]


@functools.cache
def trained(way, classes, seed):
    """A network, and what it says of the validation pictures after its training."""
    keras.utils.set_random_seed(seed)
    train, validation = pets().train, pets().validation
    model = joined(3) if way == "whole maps" else segnet(3, way, blocks=SMALL_BLOCKS)
    load_stored(model, "segnet_start")
    rate = rising_and_falling(RATE, EPOCHS * len(train) // BATCH)
    compile_segmenter(model, keras.optimizers.Adam(rate))
    weigh = None if classes == "none" else train.class_weights(weights_of(classes))
    batches = train.batches(BATCH, training=True, augment=Augment(flip=True), encode=weigh, seed=seed)
    model.fit(batches, epochs=EPOCHS, verbose=0)
    return model, model.predict(validation.images, batch_size=20, verbose=0).argmax(axis=-1)


def megabytes(way, model):
    """What crosses from the way down to the way up for one picture: a byte an index, four a number."""
    pools = [layer for layer in model.layers if isinstance(layer, MaxPoolWithIndices)]
    crossing = {
        "indices": [layer.output[1] for layer in pools],
        "whole maps": [layer.input for layer in pools],
    }
    if way not in crossing:
        return 0.0
    arrays = keras.Model(model.inputs, crossing[way])(pets().validation.images[:1])
    return sum(ops.convert_to_numpy(array).nbytes for array in arrays) / 1e6


def ways_up(seed):
    table = {}
    rows = {
        "indices": "indices",
        "bed of nails": "nails",
        "bilinear": "bilinear",
        "bilinear, joined by whole maps": "whole maps",
    }
    for row, way in rows.items():
        model, guess = trained(way, "square roots", seed)
        iou = iou_per_class(pets().validation.masks, guess, 3)
        table[row] = {
            "parameters": model.count_params(),
            "MB carried a picture": megabytes(way, model),
            "pet IoU": iou[0],
            "mean IoU": iou.mean(),
            "border IoU": iou[BORDER],
        }
    return table


def class_weights(seed):
    table = {}
    masks = pets().validation.masks
    for classes in ("none", "square roots", "median frequency"):
        _, guess = trained("indices", classes, seed)
        found = np.array([np.mean(guess[masks == label] == label) for label in range(3)])
        iou = iou_per_class(masks, guess, 3)
        table[classes] = {
            "border found, %": 100 * found[BORDER],
            "border right, %": 100 * np.mean(masks[guess == BORDER] == BORDER),
            "border IoU": iou[BORDER],
            "class average, %": 100 * found.mean(),
            "global, %": 100 * np.mean(guess == masks),
            "mean IoU": iou.mean(),
        }
    return table


if __name__ == "__main__":
    main(__doc__, {"ways up": ways_up, "weights of the classes": class_weights})
