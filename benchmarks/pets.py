"""One training on pets, measured: python benchmarks/pets.py widespread|corrected|improved|deeplab_16|deeplab_8|fpn|pspnet --seed 0 [--data oxford_iiit_pet] [--size 128]

Prints one line of JSON: seconds, CPU seconds, pictures a second, seconds until mean IoU 0.65 on the watched pictures, peak memory, and IoU of
pet, background and border on the test pictures. The first three recipes are those of lesson 04; the others train lesson 07's
DeepLab v3+, at output stride 16 and 8, and lesson 06's FPN and PSPNet as `improved` trains the U-Net.
"""

import argparse
import functools
import json
import resource
import time

import keras
import numpy as np
import tensorflow as tf

from segkit.backbones import encoder
from segkit.datasets import Augment, Pictures, load, storage
from segkit.losses import CrossEntropyDice
from segkit.metrics import iou_per_class
from segkit.models import deeplab_v3_plus, fpn, light_unet, pspnet, unet
from segkit.training import both_ways, compile_segmenter, rising_and_falling

SIZE, BATCH, GOAL = 128, 16, 0.65


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch, and until the goal; the time for looking whether it is reached is taken apart."""

    def __init__(self, score):
        super().__init__()
        self.score, self.looking, self.epochs, self.goal = score, 0.0, [], None

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        ended = time.monotonic()
        self.epochs.append(ended - self.began)
        if self.goal is None and self.score(self.model) >= GOAL:
            self.goal = sum(self.epochs)
        self.looking += time.monotonic() - ended


def tutorial_batches(name, split, size, seed):
    """The input pipeline of the widespread recipe: 0..1 pixels, bilinear masks, flips before the cache."""

    def read(example):
        image = tf.image.resize(example["image"], (size, size)) / 255
        mask = tf.image.resize(example["segmentation_mask"], (size, size)) - 1
        if tf.random.uniform(()) > 0.5:
            image, mask = tf.image.flip_left_right(image), tf.image.flip_left_right(mask)
        return image, mask

    tf.random.set_seed(seed)
    examples = getattr(storage, name)().as_dataset(split=split)
    examples = examples.map(read, num_parallel_calls=tf.data.AUTOTUNE)
    return examples.cache().shuffle(1000, seed=seed).batch(BATCH).prefetch(tf.data.AUTOTUNE)


def pale(images):
    """0..1 pixels as they reach an encoder that wants −1..1, in the terms of a model that takes 0..255."""
    return images * 127.5 + 127.5


def widespread(pets, clock, seed):
    batches = tutorial_batches(pets.name, "train", pets.test.images.shape[1], seed).map(
        lambda image, mask: (pale(image), tf.cast(mask, tf.uint8))
    )
    model = unet(encoder("MobileNetV2"), 3)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    test = pets.test  # validates on the test pictures, as it stands in the tutorials
    model.fit(
        batches, epochs=5, validation_data=(pale(test.images / 255), test.masks), callbacks=[clock], verbose=0
    )
    return model


def corrected(pets, clock, seed):
    model = compile_segmenter(unet(encoder("MobileNetV2"), 3), metrics=["accuracy"])
    batches = everything(pets).batches(BATCH, training=True, augment=Augment(), seed=seed)
    model.fit(batches, epochs=5, callbacks=[clock], verbose=0)
    return model


def improved(pets, clock, seed):
    return trained_on_crops(light_unet(encoder("MobileNetV2", frozen=8), 3), pets, clock, seed)


def deeplab(pets, clock, seed, output_stride):
    network = encoder("MobileNetV2", frozen=8, output_stride=output_stride)
    side = pets.test.images.shape[1] // output_stride  # of the map that the rates see
    rates = tuple(side * rate // 8 for rate in (1, 3, 4))  # these suit 8×8 places
    return trained_on_crops(deeplab_v3_plus(network, 3, filters=96, rates=rates), pets, clock, seed)


def feature_pyramid(pets, clock, seed):
    return trained_on_crops(
        fpn(encoder("MobileNetV2", frozen=8), 3, 64, levels=(2, 4, 8, 16, 32)), pets, clock, seed
    )


def scene_pyramid(pets, clock, seed):
    """Bins of a map of 12×12 or 16×16; a third of the paper's filters."""
    network = encoder("MobileNetV2", frozen=8, output_stride=8)
    return trained_on_crops(pspnet(network, 3, filters=96), pets, clock, seed)


def trained_on_crops(model, pets, clock, seed):
    pictures, epochs = everything(pets), 22
    rate = rising_and_falling(1e-3, -(-len(pictures) // BATCH) * epochs)
    compile_segmenter(model, keras.optimizers.Adam(rate), CrossEntropyDice(), metrics=["accuracy"])
    crops = Augment(flip=True, zoom=(0.6, 1.0), size=3 * pets.test.images.shape[1] // 4)
    model.fit(
        pictures.batches(BATCH, training=True, augment=crops, seed=seed),
        epochs=epochs,
        callbacks=[clock],
        verbose=0,
    )
    return model


RECIPES = {
    "widespread": widespread,
    "corrected": corrected,
    "improved": improved,
    "deeplab_16": functools.partial(deeplab, output_stride=16),
    "deeplab_8": functools.partial(deeplab, output_stride=8),
    "fpn": feature_pyramid,
    "pspnet": scene_pyramid,
}


def everything(pets):
    """Train and validation pictures: the choices are made, and the widespread recipe trains on all of them too."""
    parts = (pets.train, pets.validation)
    return Pictures(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.masks for part in parts]),
        pets.classes,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default="oxford_iiit_pet")
    parser.add_argument(
        "--size", type=int, default=SIZE, help="of the pictures; training crops have three quarters of it"
    )
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    pets = load(options.data, size=options.size)
    test = pets.test
    prepare = (
        (lambda images: pale(images / 255)) if options.recipe == "widespread" else (lambda images: images)
    )

    def score(model):
        return iou_per_class(
            test.masks, model.predict(prepare(test.images), verbose=0).argmax(axis=-1), 3
        ).mean()

    clock = Clock(score)
    began = time.monotonic()
    model = RECIPES[options.recipe](pets, clock, options.seed)
    seconds = time.monotonic() - began - clock.looking
    count = len(pets.train) + len(pets.validation)
    guess = (
        model.predict(prepare(test.images), verbose=0)
        if options.recipe in ("widespread", "corrected")
        else both_ways(model, test.images)
    )
    iou = iou_per_class(test.masks, guess.argmax(axis=-1), 3)
    row = {
        "recipe": options.recipe,
        "seed": options.seed,
        "data": pets.name,
        "size": options.size,
        "weights": model.layers[1].name,
        "parameters": model.count_params(),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(time.process_time()),
        "pictures_per_second": round(count / min(clock.epochs), 1),
        "seconds_to_goal": clock.goal and round(clock.goal, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "mean_iou": round(float(iou.mean()), 4),
        "iou": [round(float(value), 4) for value in iou],
    }
    print(json.dumps(row))


if __name__ == "__main__":
    main()
