"""What lesson 04 states and does not train live: python benchmarks/ablations/04_unet_pets.py [--seed 0] [--only skips]

Pictures of 64×64 (in the last table 128×128), 600 to train on and 100 of validation to score, all trainings of a table with
the same number of steps; in recipes and improvements with as many steps as fit into the same CPU seconds.
"""

import functools

import keras
import numpy as np
from common import main

from segkit.backbones import encoder
from segkit.datasets import Augment, Pictures, load
from segkit.losses import CrossEntropyDice
from segkit.metrics import iou_per_class
from segkit.models import light_unet, unet, unet_decoder
from segkit.training import (
    FeatureBatches,
    both_ways,
    compile_segmenter,
    features_of,
    rising_and_falling,
)

SIZE, BATCH = 64, 16
# What 60 CPU seconds give each, measured side by side on one machine; fixed, so that every machine trains the same.
STEPS = {
    "widespread": 208,
    "mistakes mended": 203,
    "and faster batch statistics": 203,
    "improved": 285,
    "widespread decoder": 174,
    "whole encoder frozen": 402,
    "whole pictures, no crops": 276,
}
# At 128 px crops halve a step: what fits into the CPU seconds of the lesson's eight epochs.
STEPS_AT_128 = {"improved": 304, "whole encoder frozen": 372, "whole pictures, no crops": 165}
CHANNELS = {2: 96, 4: 144, 8: 192, 16: 576, 32: 320}  # of MobileNetV2's maps, by stride
FILTERS = (96, 64, 48, 32)
EPOCHS = 4

# table, column, the row with more, the row with less
SHOWN = (
    ("skips", "border IoU", "all four skips", "without stride 2"),
    ("skips", "mean IoU", "all four skips", "without stride 4"),
    ("skips", "mean IoU", "all four skips", "without stride 8"),
    ("skips", "mean IoU", "all four skips", "without stride 16"),
    ("skips", "mean IoU", "without stride 2", "no skip"),
    ("encoders", "mean IoU", "pretrained, trained behind stride 8", "pretrained, frozen"),
    ("encoders", "mean IoU", "pretrained, trained whole", "pretrained, frozen"),
    ("encoders", "mean IoU", "pretrained, frozen", "random, trained whole"),
    ("mistakes", "mean IoU", "none", "pixels 0..1"),
    ("mistakes", "mean IoU", "pixels 0..1", "masks resized bilinearly"),
    ("mistakes", "mean IoU", "masks resized bilinearly", "all three"),
    ("recipes", "mean IoU", "mistakes mended", "widespread"),
    ("recipes", "mean IoU", "and faster batch statistics", "mistakes mended"),
    ("recipes", "border IoU", "improved", "and faster batch statistics"),
    ("improvements", "mean IoU", "improved", "constant rate"),
    ("improvements", "mean IoU", "improved", "no Dice"),
    ("improvements", "mean IoU", "improved", "not both ways"),
    ("improvements", "mean IoU", "whole encoder frozen", "improved"),
    ("improvements", "mean IoU", "whole pictures, no crops", "improved"),
    ("improvements at 128 px", "mean IoU", "improved", "whole pictures, no crops"),
    ("improvements at 128 px", "mean IoU", "whole encoder frozen", "improved"),
)


def columns(masks, guess):
    """Mean IoU and border IoU of logits."""
    iou = iou_per_class(masks, np.asarray(guess).argmax(axis=-1), 3)
    return {"border IoU": iou[2], "mean IoU": iou.mean()}


def pets(size=SIZE):
    data = load("paper_pets", size=size)
    return data.train, data.validation


def stored_features(weights="paper", change=lambda images: images):
    """A frozen encoder's features of the training pictures and their mirror images, and of the validation pictures."""
    train, validation = pets()
    network = encoder("MobileNetV2", weights)
    if weights is None:  # its normalisation gets the statistics of these pictures, nothing else is learned
        network.trainable = True
        for _ in range(30):
            network(train.images[:64].astype("float32"), training=True)
    seen = features_of(network, change(train.images))
    return seen, features_of(network, change(validation.images), mirrored=False)


def train_decoder(seed, seen, tests, masks=None, fresh_flips=True, filters=FILTERS, **options):
    """The same steps on stored features for every decoder of a table."""
    pictures, validation = pets()
    keras.utils.set_random_seed(seed)
    inputs = [keras.Input(maps.shape[2:]) for maps in seen]
    decoder = keras.Model(inputs, unet_decoder(inputs, 3, filters, **options))
    batches = FeatureBatches(
        seen, pictures.masks if masks is None else masks, BATCH, fresh_flips=fresh_flips, seed=seed
    )
    compile_segmenter(decoder, keras.optimizers.Adam(rising_and_falling(2e-3, EPOCHS * len(batches))))
    decoder.fit(batches, epochs=EPOCHS, verbose=0)
    guess = decoder.predict([maps[0] for maps in tests], verbose=0)
    return {"parameters": decoder.count_params()} | columns(validation.masks, guess)


def as_many_parameters(skips, wanted):
    """The filters, all widened alike, with which a decoder of these skips has about `wanted` parameters."""

    def count(filters):
        widths = zip(filters, (16, 8, 4, 2), strict=True)
        behind, total = CHANNELS[32], 27 * (filters[-1] + CHANNELS[2] * (2 in skips)) + 3
        for (
            width,
            stride,
        ) in widths:  # 3×3 kernels without bias, and four numbers of batch normalisation a channel
            total += 9 * behind * width + 4 * width
            behind = width + CHANNELS[stride] * (stride in skips)
        return total

    factors = np.arange(1.0, 2.5, 0.002)
    return min(
        (tuple(round(factor * width) for width in FILTERS) for factor in factors),
        key=lambda filters: abs(count(filters) - wanted),
    )


def skips(seed):
    """One skip left out at a time, then all; wider blocks make up for the weights that this saves."""
    seen, tests = stored_features()
    everything = (2, 4, 8, 16)
    rows = {"all four skips": train_decoder(seed, seen, tests)}
    wanted = rows["all four skips"]["parameters"]
    for left_out in everything:
        kept = tuple(stride for stride in everything if stride != left_out)
        rows[f"without stride {left_out}"] = train_decoder(
            seed, seen, tests, filters=as_many_parameters(kept, wanted), skips=kept
        )
    rows["no skip"] = train_decoder(seed, seen, tests, filters=as_many_parameters((), wanted), skips=())
    order = ("parameters", "mean IoU", "border IoU")
    return {name: {column: row[column] for column in order} for name, row in rows.items()}


def end_to_end(seed, weights, frozen):
    """The same network and the same steps from pictures; only the encoder's weights, and which are trained, differ."""
    train, validation = pets()
    keras.utils.set_random_seed(seed)
    model = unet(encoder("MobileNetV2", weights, frozen=frozen), 3, FILTERS)
    batches = train.batches(BATCH, training=True, augment=Augment(flip=True), seed=seed)
    compile_segmenter(model, keras.optimizers.Adam(rising_and_falling(1e-3, EPOCHS * len(batches))))
    model.fit(batches, epochs=EPOCHS, verbose=0)
    return columns(validation.masks, model.predict(validation.images, verbose=0))


def encoders(seed):
    return {
        "pretrained, trained whole": end_to_end(seed, "paper", False),
        "pretrained, trained behind stride 8": end_to_end(seed, "paper", 8),
        "pretrained, frozen": end_to_end(seed, "paper", True),
        "random, trained whole": end_to_end(seed, None, False),
    }


def pale(images):
    """0..1 pixels as they reach an encoder that wants −1..1, in the terms of a model that takes 0..255."""
    return np.asarray(images / 255 * 127.5 + 127.5, "float32")


def smooth_masks():
    """Masks resized from 128 px bilinearly; the loss cuts the fractions off."""
    masks = load("paper_pets", size=2 * SIZE).train.masks[..., None].astype("float32")
    return np.asarray(keras.ops.image.resize(masks, (SIZE, SIZE)))[..., 0].astype("uint8")


def mistakes(seed):
    seen, tests = stored_features()
    pale_seen, pale_tests = stored_features(change=pale)
    smooth = smooth_masks()
    rows = {
        "none": train_decoder(seed, seen, tests),
        "pixels 0..1": train_decoder(seed, pale_seen, pale_tests),
        "masks resized bilinearly": train_decoder(seed, seen, tests, smooth),
        "one flip for ever": train_decoder(seed, seen, tests, fresh_flips=False),
        "all three": train_decoder(seed, pale_seen, pale_tests, smooth, fresh_flips=False),
    }
    return {
        name: {column: row[column] for column in ("border IoU", "mean IoU")} for name, row in rows.items()
    }


def train(model, batches, steps, loss=None, falling=True):
    """A rate that rises and falls, or a constant one, over so many steps."""
    rate = rising_and_falling(2e-3, steps) if falling else 1e-3
    compile_segmenter(model, keras.optimizers.Adam(rate), loss)
    model.fit(batches.repeat(), epochs=1, steps_per_epoch=steps, verbose=0)


def fit_as_found(model, batches, steps):
    """Compiled as the tutorial does: a constant rate, and Keras' slow batch statistics."""
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(batches.repeat(), epochs=1, steps_per_epoch=steps, verbose=0)


def widespread(seed):
    """The recipe as it is found: smooth masks, one flip for ever, pale pixels, Keras' slow batch statistics."""
    pictures, validation = pets()
    once = np.random.default_rng(seed).random(len(pictures)) < 0.5
    smooth = smooth_masks()
    images = np.where(once[:, None, None, None], pictures.images[:, :, ::-1], pictures.images)
    masks = np.where(once[:, None, None], smooth[:, :, ::-1], smooth)
    batches = Pictures(images, masks, pictures.classes).batches(
        BATCH, training=True, seed=seed, encode=lambda fields, key: (pale_batch(fields), fields["mask"])
    )
    keras.utils.set_random_seed(seed)
    model = unet(encoder("MobileNetV2", "paper"), 3)
    fit_as_found(model, batches, STEPS["widespread"])
    return columns(validation.masks, model.predict(pale(validation.images), verbose=0))


def pale_batch(fields):
    return keras.ops.cast(fields["image"], "float32") / 255 * 127.5 + 127.5


def mended(seed, slow_averages=False):
    """The widespread network with its mistakes mended, nothing else; with Keras' slow batch statistics or with faster ones."""
    pictures, validation = pets()
    keras.utils.set_random_seed(seed)
    model = unet(encoder("MobileNetV2", "paper"), 3)
    batches = pictures.batches(BATCH, training=True, augment=Augment(flip=True), seed=seed)
    if slow_averages:
        fit_as_found(model, batches, STEPS["mistakes mended"])
    else:
        train(model, batches, STEPS["mistakes mended"], falling=False)
    return columns(validation.masks, model.predict(validation.images, verbose=0))


@functools.cache
def improved(seed, change=None, size=SIZE):
    """The course's recipe, or the same with one part put back: scores by both ways, and by the picture alone."""
    pictures, validation = pets(size)
    keras.utils.set_random_seed(seed)
    network = encoder("MobileNetV2", "paper", frozen=True if change == "whole encoder frozen" else 8)
    model = unet(network, 3) if change == "widespread decoder" else light_unet(network, 3)
    crops = Augment(flip=True, zoom=(0.6, 1.0), size=size * 3 // 4)
    augment = Augment(flip=True) if change == "whole pictures, no crops" else crops
    batches = pictures.batches(BATCH, training=True, augment=augment, seed=seed)
    loss = None if change == "no Dice" else CrossEntropyDice()
    numbers = STEPS if size == SIZE else STEPS_AT_128
    train(model, batches, numbers.get(change, numbers["improved"]), loss, falling=change != "constant rate")
    straight = model.predict(validation.images, verbose=0)
    answers = both_ways(model, validation.images), straight
    return [columns(validation.masks, answer) for answer in answers]


def recipes(seed):
    rows = {
        "widespread": widespread(seed),
        "mistakes mended": mended(seed, slow_averages=True),
        "and faster batch statistics": mended(seed),
        "improved": improved(seed)[0],
    }
    return {name: {"steps": STEPS[name]} | scores for name, scores in rows.items()}


def improvements(seed):
    changes = (
        "widespread decoder",
        "whole encoder frozen",
        "whole pictures, no crops",
        "constant rate",
        "no Dice",
    )
    rows = {"improved": improved(seed)[0]} | {change: improved(seed, change)[0] for change in changes}
    rows["not both ways"] = improved(seed)[1]
    return {name: {"steps": STEPS.get(name, STEPS["improved"])} | scores for name, scores in rows.items()}


def improvements_at_128(seed):
    """Two of them once more, at the size of the lesson's minute."""
    return {
        name: {"steps": steps} | improved(seed, name, 2 * SIZE)[0] for name, steps in STEPS_AT_128.items()
    }


if __name__ == "__main__":
    main(
        __doc__,
        {
            "skips": skips,
            "encoders": encoders,
            "mistakes": mistakes,
            "recipes": recipes,
            "improvements": improvements,
            "improvements at 128 px": improvements_at_128,
        },
    )
