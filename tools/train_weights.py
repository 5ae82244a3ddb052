"""Train what the lessons ship: python tools/train_weights.py NAME [--pictures N]

All learn from drawn scenes that are in no split of paper_pets, and are stored in half precision in segkit/weights:

mobilenet_v2_paper  MobileNetV2, from Keras' ImageNet weights: a classifier that learns which animals are in a scene
light_unet          lesson 04's U-Net on that encoder, trained along behind stride 8
fcn_8s              FCN-8s of lesson 02, its encoder trained along
segnet_start        the way down of lesson 03's SegNet: which share of each cell is pet, background, border
segnet              SegNet of lesson 03, from that start
deeplab_v3_plus     DeepLab v3+ of lesson 07 at output stride 16, its encoder trained along behind stride 4
"""

import argparse
import time

import keras
import numpy as np
import scenes_without_end
import tensorflow as tf
from keras import layers

from segkit import backbones
from segkit.datasets import Augment, Pictures
from segkit.layers import MaxPoolWithIndices
from segkit.losses import CrossEntropyDice
from segkit.metrics import BorderIoU, iou_per_class
from segkit.models import deeplab_v3_plus, fcn, light_unet, segnet
from segkit.models.segnet import SMALL_BLOCKS
from segkit.paper import SPECIES
from segkit.stored import load_stored, store
from segkit.training import compile_segmenter, rising_and_falling

CLASSES = ("pet", "background", "border")
SCENES, BATCH = 12000, 32
# drawn at three quarters of the size, as lesson 04 explains: animals as large as they will be, for half of the time
CROPS = Augment(flip=True, zoom=(0.6, 1.0), light=0.2, size=96)


def drawn(count, seed=scenes_without_end.TRAINING_SEED):
    images, masks, species = scenes_without_end.scenes(count, seed)
    return Pictures(images, masks, CLASSES, fields={"species": species.astype("float32")})


def fit(model, pictures, count, augment, encode=None, **options):
    """One pass after another over the drawn scenes, until `count` pictures were seen."""
    batches = pictures.batches(BATCH, training=True, augment=augment, encode=encode)
    steps, epoch = count // BATCH, 100
    rate = rising_and_falling(options.pop("rate"), steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.01)
    if "metrics" in options:
        compile_segmenter(model, optimizer, **options)
    else:
        model.compile(optimizer, **options)
    model.fit(batches.repeat(), epochs=-(-steps // epoch), steps_per_epoch=epoch, verbose=2)
    return model


def report(model):
    """Mean IoU and the IoU of each class on scenes of another seed."""
    test = drawn(250, scenes_without_end.TEST_SEED)
    guess = model.predict(test.images, batch_size=25, verbose=0).argmax(axis=-1)
    iou = iou_per_class(test.masks, guess, 3)
    print(f"mean IoU {iou.mean():.3f}", {c: round(float(i), 3) for c, i in zip(CLASSES, iou, strict=True)})


def train_segmenter(model, name, pictures, count, rate, crops=CROPS):
    """Train, store, and say how good it is."""
    mean_iou = keras.metrics.MeanIoU(3, sparse_y_pred=False, name="mean_iou")
    fit(model, pictures, count, crops, rate=rate, loss=CrossEntropyDice(), metrics=[mean_iou, BorderIoU()])
    store(model.weights, name, "whole")
    report(load_stored(model, name))


def mobilenet_v2_paper(pictures, count):
    network = backbones.bare("MobileNetV2", "imagenet")
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.99
    images = keras.Input((None, None, 3))
    *_, deepest = network(backbones.scale("MobileNetV2", images))
    answer = layers.Dense(len(SPECIES))(layers.GlobalAveragePooling2D()(deepest))
    model = keras.Model(images, answer)
    fit(
        model,
        pictures,
        count,
        Augment(flip=True, zoom=(0.7, 1.0), light=0.2),
        encode=lambda fields, seed: (fields["image"], fields["species"]),
        rate=5e-4,
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    test = drawn(250, scenes_without_end.TEST_SEED)
    right = np.mean((model.predict(test.images, verbose=0) > 0) == test["species"], axis=0)
    print(
        "is it there? right in",
        {name: f"{share:.0%}" for name, share in zip(SPECIES, right, strict=True)},
        "of the scenes",
    )
    store(network.weights, "mobilenet_v2_paper", "whole")


def light_unet_(pictures, count):
    encoder = backbones.encoder("MobileNetV2", "paper", frozen=8)
    train_segmenter(light_unet(encoder, 3), "light_unet", pictures, count, rate=2e-3)


def fcn_8s(pictures, count):
    encoder = backbones.encoder("MobileNetV2", "paper", frozen=4)
    train_segmenter(fcn(encoder, 3, stride=8), "fcn_8s", pictures, count, rate=2e-3)


def segnet_start(pictures, count):
    """At each pooling from stride 4 on, one 1×1 convolution says which share of each cell is pet, background, border."""
    model = segnet(len(CLASSES), blocks=SMALL_BLOCKS)
    pools = [layer.output[0] for layer in model.layers if isinstance(layer, MaxPoolWithIndices)][1:]
    heads = [
        layers.Conv2D(len(CLASSES), 1, name=f"stride_{4 * 2**index}")(pool)
        for index, pool in enumerate(pools)
    ]
    cells = keras.Model(model.inputs, heads)

    def shares(fields, seed):
        one_hot = tf.one_hot(tf.cast(fields["mask"], tf.int32), len(CLASSES))
        return fields["image"], tuple(
            tf.nn.avg_pool2d(one_hot, 4 * 2**i, 4 * 2**i, "VALID") for i in range(len(heads))
        )

    entropy = keras.losses.CategoricalCrossentropy(from_logits=True)
    fit(cells, pictures, count, CROPS, shares, rate=2e-3, loss=[entropy] * len(heads))
    start = keras.Model(model.inputs, pools)
    store(start.weights, "segnet_start", "first")


def segnet_whole(pictures, count):
    model = load_stored(segnet(len(CLASSES), blocks=SMALL_BLOCKS), "segnet_start")
    train_segmenter(model, "segnet", pictures, count, rate=2e-3)


def deeplab_v3_plus_(pictures, count):
    encoder = backbones.encoder("MobileNetV2", "paper", frozen=4, output_stride=16)
    model = deeplab_v3_plus(encoder, 3, filters=96, rates=(1, 3, 4))
    # at full size: on smaller maps its holes would meet more of the padding than they do later
    crops = Augment(flip=True, zoom=(0.6, 1.0), light=0.2)
    train_segmenter(model, "deeplab_v3_plus", pictures, count, rate=2e-3, crops=crops)


RECIPES = {  # name: (function, pictures seen)
    "mobilenet_v2_paper": (mobilenet_v2_paper, 20000),
    "light_unet": (light_unet_, 28000),
    "fcn_8s": (fcn_8s, 20000),
    "segnet_start": (segnet_start, 16000),
    "segnet": (segnet_whole, 30000),
    "deeplab_v3_plus": (deeplab_v3_plus_, 24000),
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="all, in this order, where none is named")
    parser.add_argument(
        "--pictures", type=int, help="how many to learn from, in place of the recipe's number"
    )
    parser.add_argument(
        "--scenes", type=int, default=SCENES, help="how many are drawn; they come again, changed"
    )
    options = parser.parse_args()
    pictures = drawn(options.scenes)
    for name in options.names or RECIPES:
        keras.utils.set_random_seed(0)
        started = time.monotonic()
        train, count = RECIPES[name]
        train(pictures, options.pictures or count)
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
