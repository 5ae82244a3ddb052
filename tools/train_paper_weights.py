"""Train MobileNetV2 to tell the species in drawn scenes, and store it in half precision for segkit.

    python tools/train_paper_weights.py [--scenes 4000] [--epochs 24]

From the features of each stride from 4 to 32, one 1×1 convolution says for each cell which share of it is background, cat, dog
and bird: a scene then teaches more than one word would, and the training fits into minutes. The scenes come from a seed that
no split of paper_pets uses; the test at the end takes scenes of yet another seed.
"""

import argparse
import time

import keras
import numpy as np
import tensorflow as tf

from segkit import backbones
from segkit.datasets import Augment, Pictures
from segkit.paper import SPECIES, draw_scene
from segkit.training import rising_and_falling

TRAINING_SEED, TEST_SEED = 1000, 1001
SIZE, GRIDS = 96, (24, 12, 6, 3)


def scenes(seed, count):
    """(count, SIZE, SIZE, 3) pictures and (count, SIZE, SIZE) masks of background and species."""
    images = np.empty((count, SIZE, SIZE, 3), np.uint8)
    masks = np.empty((count, SIZE, SIZE), np.uint8)
    for index in range(count):
        scene = draw_scene(seed, index, SIZE)
        images[index], masks[index] = scene["image"], scene["class_mask"]
    return images, masks


def shares(masks):
    """For each grid, the share of each class in each cell."""
    one_hot = tf.one_hot(tf.cast(masks, tf.int32), 1 + len(SPECIES))
    return tuple(tf.nn.avg_pool2d(one_hot, SIZE // cells, SIZE // cells, "VALID") for cells in GRIDS)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    started = time.monotonic()
    images, masks = scenes(TRAINING_SEED, options.scenes)
    test_images, test_masks = scenes(TEST_SEED, 200)
    print(f"{options.scenes} scenes drawn in {time.monotonic() - started:.0f} s", flush=True)

    network = backbones.bare("MobileNetV2")
    pictures = keras.Input((SIZE, SIZE, 3))
    _, *features = network(backbones.scale("MobileNetV2", pictures))
    heads = [keras.layers.Conv2D(1 + len(SPECIES), 1, name=f"grid_{cells}") for cells in GRIDS]
    answers = [head(feature) for head, feature in zip(heads, features, strict=True)]
    model = keras.Model(pictures, answers)
    pictures = Pictures(images, masks, ("background", *SPECIES))
    data = pictures.batches(
        options.batch,
        training=True,
        augment=Augment(flip=True, zoom=(0.7, 1.0), light=0.2),
        encode=lambda fields, seed: (fields["image"], shares(fields["mask"])),
    )
    rate = rising_and_falling(2e-3, len(data) * options.epochs)
    entropy = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.01),
        [entropy] * len(GRIDS),
        metrics=[["accuracy"]] * len(GRIDS),
    )
    test = (test_images, shares(test_masks))
    model.fit(data, epochs=options.epochs, validation_data=test, verbose=2)

    weights = {
        f"{index:03d}": weight.astype(np.float16) for index, weight in enumerate(network.get_weights())
    }
    if not all(np.isfinite(weight).all() for weight in weights.values()):
        raise SystemExit("A weight does not fit half precision; nothing was stored.")
    backbones.PAPER_WEIGHTS.parent.mkdir(exist_ok=True)
    np.savez_compressed(backbones.PAPER_WEIGHTS, **weights)
    network.set_weights([weight.astype(np.float32) for weight in weights.values()])
    score = model.evaluate(*test, verbose=0, return_dict=True)["grid_6_accuracy"]
    truth = np.asarray(test[1][2]).argmax(axis=-1)
    common = np.bincount(truth.ravel()).max() / truth.size
    print(
        f"the right class in {score:.1%} of the cells of unseen scenes, in half precision ({common:.1%} are background)"
    )
    print(f"{backbones.PAPER_WEIGHTS.stat().st_size / 1e6:.1f} MB, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
