"""Train MobileNetV2 to tell which species are in a drawn scene, and store it in half precision for segkit.

    python tools/train_paper_weights.py [--scenes 6000] [--epochs 16]

The scenes come from seeds that no split of paper_pets uses. The test at the end draws scenes of yet another seed.
"""

import argparse
import time

import keras
import numpy as np
import tensorflow as tf

from segkit import backbones
from segkit.datasets import Augment
from segkit.datasets.paper_pets import SPECIES, draw_scene

TRAINING_SEED, TEST_SEED = 1000, 1001
SIZE = 96


def scenes(seed, count):
    """(count, SIZE, SIZE, 3) pictures, and for each species whether it is there."""
    images = np.empty((count, SIZE, SIZE, 3), np.uint8)
    present = np.zeros((count, len(SPECIES)), np.float32)
    for index in range(count):
        scene = draw_scene(seed, index, SIZE)
        images[index] = scene["image"]
        present[index, scene["label"]] = 1
    return images, present


def batches(images, present, batch_size, seed):
    augment = Augment(flip=True, zoom=(0.7, 1.0), turn=10, light=0.3)
    blank = tf.zeros((batch_size, SIZE, SIZE), tf.uint8)

    def change(step, batch):
        changed, _ = augment(batch[0], blank, tf.stack([tf.cast(seed, tf.int64), step]))
        return changed, batch[1]

    rows = tf.data.Dataset.from_tensor_slices((images, present)).shuffle(len(images), seed=seed)
    rows = rows.repeat().batch(batch_size, drop_remainder=True).enumerate()
    return rows.map(change, num_parallel_calls=2).prefetch(4)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenes", type=int, default=6000)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    started = time.monotonic()
    images, present = scenes(TRAINING_SEED, options.scenes)
    print(f"{options.scenes} scenes drawn in {time.monotonic() - started:.0f} s", flush=True)

    network = backbones.bare("MobileNetV2")
    pictures = keras.Input((None, None, 3))
    features = network(backbones.scale("MobileNetV2", pictures))[-1]
    logits = keras.layers.Dense(len(SPECIES))(keras.layers.GlobalAveragePooling2D()(features))
    model = keras.Model(pictures, logits)
    steps = options.scenes // options.batch
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps * options.epochs - steps, warmup_target=2e-3, warmup_steps=steps
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.01),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
    )
    data = batches(images, present, options.batch, seed=0)
    test = scenes(TEST_SEED, 500)
    model.fit(data, epochs=options.epochs, steps_per_epoch=steps, validation_data=test, verbose=2)

    weights = {
        f"{index:03d}": weight.astype(np.float16) for index, weight in enumerate(network.get_weights())
    }
    if not all(np.isfinite(weight).all() for weight in weights.values()):
        raise SystemExit("A weight does not fit half precision; nothing was stored.")
    backbones.PAPER_WEIGHTS.parent.mkdir(exist_ok=True)
    np.savez_compressed(backbones.PAPER_WEIGHTS, **weights)
    network.set_weights([weight.astype(np.float32) for weight in weights.values()])
    score = model.evaluate(*test, verbose=0, return_dict=True)["binary_accuracy"]
    common = np.maximum(test[1].mean(axis=0), 1 - test[1].mean(axis=0)).mean()
    size = backbones.PAPER_WEIGHTS.stat().st_size / 1e6
    print(
        f"species told in {score:.1%} of cases on unseen scenes ({common:.1%} by always saying the commoner answer); "
    )
    print(f"{size:.1f} MB, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
