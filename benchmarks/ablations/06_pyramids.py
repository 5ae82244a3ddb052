"""What lesson 06 states and does not train live: python benchmarks/ablations/06_pyramids.py [--seed 0] [--only levels]

levels and scene: features of a frozen encoder at 128 px; auxiliary: the whole network, at 64 px. Within a table every row has
the same steps and, within two hundredths, as many parameters (the auxiliary head apart, which is dropped).
"""

import functools

import keras
import numpy as np
from common import main
from keras import layers

from segkit.backbones import STRIDES, encoder
from segkit.datasets import Augment, load
from segkit.layers import BilinearUpsample
from segkit.layers.pyramid import pyramid_pooling, top_down
from segkit.losses import CrossEntropyDice
from segkit.metrics import iou_per_class
from segkit.models import pspnet
from segkit.training import FeatureBatches, compile_segmenter, rising_and_falling

TRAINING, BATCH, EPOCHS, SMALL = 400, 16, 8, 64
LEVELS = (4, 8, 16, 32)

# table, column, the row with more, the row with less
SHOWN = (
    ("levels", "mean IoU, large animals", "finest level alone, after the way down", "top level alone"),
    ("levels", "mean IoU, small animals", "finest level alone, after the way down", "top level alone"),
    ("levels", "mean IoU, all", "every level, without the way down", "FPN"),
    ("levels", "mean IoU, small animals", "every level, without the way down", "FPN"),
    ("scene", "IoU of animals", "no pooling", "bins 1, 2, 3, 6"),
    ("scene", "right class", "one bin", "no pooling"),
    ("scene", "mean IoU", "bins 1, 2, 3, 6", "one bin"),
    ("auxiliary", "pet IoU", "auxiliary loss, weight 0.4", "one loss"),
    ("auxiliary", "mean IoU", "auxiliary loss, weight 0.4", "one loss"),
)


@functools.cache
def data(name):
    pictures = load(name, {"paper_pets": "classes", "paper_places": "places"}[name])
    return pictures.train.take(TRAINING), pictures.validation


@functools.lru_cache(maxsize=1)
def features(name, strides):
    """Maps of the encoder: of the training pictures and their mirror images, and of the validation pictures."""
    train, validation = data(name)
    network = encoder("MobileNetV2", "paper")
    network = keras.Model(network.input, [network.outputs[STRIDES.index(stride)] for stride in strides])

    def maps_of(*pictures):
        answers = [
            keras.tree.flatten(network.predict(images, batch_size=20, verbose=0)) for images in pictures
        ]
        return [np.stack(maps).astype("float16") for maps in zip(*answers, strict=True)]

    return maps_of(train.images, train.images[:, :, ::-1]), maps_of(validation.images)


def train(seed, name, maps, head, epochs=EPOCHS):
    """The same steps for every head; the parameters, and the masks of the validation pictures."""
    seen, tests = maps
    keras.utils.set_random_seed(seed)
    inputs = [keras.Input(each.shape[2:]) for each in seen]
    model = keras.Model(inputs, head(inputs))
    batches = FeatureBatches(seen, data(name)[0].masks, BATCH, seed=seed)
    rate = rising_and_falling(2e-3, epochs * len(batches))
    compile_segmenter(model, keras.optimizers.Adam(rate), CrossEntropyDice())
    model.fit(batches, epochs=epochs, verbose=0)
    guess = model.predict([each[0] for each in tests], verbose=0).argmax(axis=-1)
    return model.count_params(), guess


def convolve(x, filters, size=3):
    x = layers.Conv2D(filters, size, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


# ---------------------------------------------------------------- which levels answer, and whether one goes down


def pyramid_head(inputs, filters, down=True, answering=LEVELS, classes=4):
    """FPN's head on stored maps; without the way down, each level goes through the same convolutions alone."""
    if down:
        levels = top_down(inputs, filters)
    else:
        levels = [top_down([each], filters)[0] for each in inputs]
    answer, scores = layers.Conv2D(classes, 1), []
    for stride, x in zip(LEVELS[-len(levels) :], levels, strict=True):
        if stride in answering:
            scores.append(BilinearUpsample(stride)(answer(convolve(x, filters))))
    return layers.Add()(scores) if len(scores) > 1 else scores[0]


def by_size(guess):
    """Mean IoU of cat, dog and bird, also in the half of the pictures with least animal, and in the other half."""
    masks = data("paper_pets")[1].masks
    share = (masks > 0).mean(axis=(1, 2))
    small = share < np.median(share)
    halves = {"all": slice(None), "large animals": ~small, "small animals": small}
    return {
        f"mean IoU, {name}": iou_per_class(masks[half], guess[half], 4)[1:].mean()
        for name, half in halves.items()
    }


def levels(seed):
    """Cat, dog or bird? Filters are chosen so that all rows have about as many parameters."""
    maps = features("paper_pets", LEVELS)
    top = [[each[-1]] for each in maps]
    heads = {
        "top level alone": (top, {"filters": 71}),
        "finest level alone, after the way down": (maps, {"filters": 52, "answering": (4,)}),
        "every level, without the way down": (maps, {"filters": 32, "down": False}),
        "FPN": (maps, {"filters": 32}),
    }
    rows = {
        name: train(seed, "paper_pets", seen, functools.partial(pyramid_head, **choice))
        for name, (seen, choice) in heads.items()
    }
    return {name: {"parameters": count} | by_size(guess) for name, (count, guess) in rows.items()}


# ---------------------------------------------------------------- what the scene is good for


def scene_scores(guess):
    """Animals found, whatever their class; and of their pixels found, how many have the right class."""
    masks = data("paper_places")[1].masks
    found = (masks > 0) & (guess > 0)
    return {
        "IoU of animals": iou_per_class(masks > 0, guess > 0, 2)[1],
        "mean IoU": iou_per_class(masks, guess, 3).mean(),
        "right class": np.mean(masks[found] == guess[found]),
    }


def scene_head(inputs, bins, filters):
    """PSPNet's head on the map of stride 16."""
    x = convolve(pyramid_pooling(inputs[0], bins), filters)
    return BilinearUpsample(16)(layers.Conv2D(3, 1)(x))


def scene(seed):
    """The encoder up to its map of stride 16; without bins, a wider kernel makes up for their weights."""
    maps = features("paper_places", (16,))
    choices = {"no pooling": ((), 160), "one bin": ((1,), 48), "bins 1, 2, 3, 6": ((1, 2, 3, 6), 48)}
    rows = {
        name: train(seed, "paper_places", maps, functools.partial(scene_head, bins=bins, filters=filters))
        for name, (bins, filters) in choices.items()
    }
    return {name: {"parameters": count} | scene_scores(guess) for name, (count, guess) in rows.items()}


# ---------------------------------------------------------------- a second loss on the way


def with_second_loss(seed, share):
    """PSPNet, its encoder trained whole; `share` is the weight of the auxiliary loss."""
    pets = load("paper_pets", size=SMALL)
    keras.utils.set_random_seed(seed)
    network = encoder("MobileNetV2", "paper", frozen=False, output_stride=8)
    model = pspnet(network, 3, filters=64, auxiliary=True)
    batches = pets.train.take(TRAINING).batches(
        BATCH,
        training=True,
        augment=Augment(flip=True),
        encode=lambda fields, seed: (fields["image"], dict.fromkeys(("logits", "auxiliary"), fields["mask"])),
        seed=seed,
    )
    rate = keras.optimizers.Adam(rising_and_falling(1e-3, EPOCHS * len(batches)))
    compile_segmenter(model)  # for the pace of its batch normalisation
    loss = dict.fromkeys(
        ("logits", "auxiliary"), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.compile(rate, loss, loss_weights={"logits": 1.0, "auxiliary": share})
    model.fit(batches, epochs=EPOCHS, verbose=0)
    network = keras.Model(model.input, model.output["logits"])
    guess = network.predict(pets.validation.images, verbose=0).argmax(axis=-1)
    iou = iou_per_class(pets.validation.masks, guess, 3)
    return {"pet IoU": iou[0], "mean IoU": iou.mean()}


def auxiliary(seed):
    rows = {"one loss": 0.0, "auxiliary loss, weight 0.4": 0.4}
    return {name: with_second_loss(seed, share) for name, share in rows.items()}


if __name__ == "__main__":
    main(__doc__, {"levels": levels, "scene": scene, "auxiliary": auxiliary})
