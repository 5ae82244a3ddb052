"""One training on real cells, measured: python benchmarks/cells.py membranes|nuclei FOLDER [--seed 0] [--w0 10]

membranes   FOLDER/images and FOLDER/labels (0 membrane, 255 cell), slices of an electron microscope: the first three
            quarters train, the others test. Pixel error, and the IoU of both classes.
nuclei      FOLDER/train and FOLDER/test, each with images and instances (numbers of objects): IoU of the nuclei, and how far
            the number of objects found is from the true one, as a share of it.

Prints one line of JSON. The network is the quick U-Net of lesson 05; it learns from crops of 128 pixels, at the scale of the
pictures, and predicts them in tiles. `--w0 0` leaves the weight between neighbours out.
"""

import argparse
import json
import pathlib
import time

import keras
import numpy as np

from segkit.datasets import Augment, from_folder
from segkit.labels import separated
from segkit.metrics import count_error, iou_per_class
from segkit.models import mirror_padded, valid_unet
from segkit.tiles import predict_tiles
from segkit.training import compile_segmenter, rising_and_falling

FILTERS, CROP, BATCH = (16, 32, 64), 128, 4


def membranes(folder):
    """Train and test pictures, and the encoding: here are no instances, so that each pixel weighs alike."""
    slices = from_folder(folder / "images", folder / "labels", ["membrane", "cell"])
    cut = 3 * len(slices) // 4
    return slices.take(cut), slices.rows(slice(cut, None)), None


def nuclei(folder, w0):
    train, test = (
        from_folder(folder / split / "images", instances=folder / split / "instances", size=256)
        for split in ("train", "test")
    )
    return train, test, train.border_weights(w0=w0)


def trained(train, encode, steps, seed):
    keras.utils.set_random_seed(seed)
    network = valid_unet(len(train.classes), FILTERS, dropout=0.0)
    model = mirror_padded(network)
    share = CROP / train.images.shape[1]
    crops = Augment(flip=True, zoom=(share, share), size=CROP, elastic=5, light=0.2)
    batches = train.batches(BATCH, training=True, augment=crops, encode=encode, seed=seed)
    compile_segmenter(model, keras.optimizers.Adam(rising_and_falling(1e-3, steps)))
    model.fit(batches.repeat(), epochs=1, steps_per_epoch=steps, verbose=0)
    return network


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=["membranes", "nuclei"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--w0", type=float, default=10.0)
    parser.add_argument("--steps", type=int, default=600)
    options = parser.parse_args()
    parts = membranes(options.folder) if options.task == "membranes" else nuclei(options.folder, options.w0)
    train, test, encode = parts
    began = time.process_time()
    network = trained(train, encode, options.steps, options.seed)
    seconds = time.process_time() - began
    guess = np.stack([predict_tiles(network, image, progress=False).argmax(axis=-1) for image in test.images])
    row = {"task": options.task, "seed": options.seed, "cpu_seconds": round(seconds), "pictures": len(train)}
    if options.task == "nuclei":
        masks = np.stack([separated(ids) > 0 for ids in test["instances"]]).astype(np.uint8)
        row |= {"w0": options.w0, "count_error": round(count_error(test["instances"], guess), 4)}
    else:
        masks = test.masks
        row |= {"pixel_error": round(float(np.mean(guess != masks)), 4)}
    iou = iou_per_class(masks, guess, 2)
    print(
        json.dumps(
            row | {"iou": {name: round(float(v), 4) for name, v in zip(test.classes, iou, strict=True)}}
        )
    )


if __name__ == "__main__":
    main()
