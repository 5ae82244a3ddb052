"""Train what the lessons ship: python tools/train_weights.py NAME [--pictures N]

All learn from drawn scenes that are in no split of paper_pets (one also from photographs, the training and validation
pictures of Oxford-IIIT Pet), and are stored in half precision in segkit/weights:

mobilenet_v2_paper  MobileNetV2, from Keras' ImageNet weights: a classifier that learns which animals are in a scene
light_unet          lesson 04's U-Net on that encoder, trained along behind stride 8
light_unet_photographs  the same U-Net from Keras' ImageNet weights, from photographs of pets and drawn scenes in equal parts
fcn_8s              FCN-8s of lesson 02, its encoder trained along
segnet_start        the way down of lesson 03's SegNet: which share of each cell is pet, background, border
segnet              SegNet of lesson 03, from that start
deeplab_v3_plus     DeepLab v3+ of lesson 07 at output stride 16, its encoder trained along behind stride 4
fpn_places          the decoder of lesson 06's FPN with pooled bins, from drawn scenes that are in no split of paper_places
valid_unet          lesson 05's quick U-Net, from drawn cells that are in no split of paper_cells
mask_rcnn           Mask R-CNN for drawn scenes, its encoder trained along behind stride 4
"""

import argparse
import functools
import time

import keras
import numpy as np
import scenes_without_end
import tensorflow as tf
from keras import layers

from segkit import backbones
from segkit.datasets import Augment, Pictures, load
from segkit.datasets.objects import objects_of
from segkit.layers import MaxPoolWithIndices
from segkit.losses import CrossEntropyDice
from segkit.metrics import BorderIoU, average_precision, count_error, iou_per_class
from segkit.models import deeplab_v3_plus, fcn, fpn, light_unet, mirror_padded, segnet, valid_unet
from segkit.models.mask_rcnn import MaskRCNN, MaskRCNNConfig, with_truth
from segkit.models.segnet import SMALL_BLOCKS
from segkit.paper import PLACES, SPECIES, draw_cells, draw_place
from segkit.stored import load_stored, store
from segkit.training import compile_segmenter, rising_and_falling

CLASSES = ("pet", "background", "border")
SCENES, BATCH = 12000, 32
SLIDES, ROOMS = 500, 2500
# drawn at three quarters of the size, as lesson 04 explains: animals as large as they will be, for half of the time
CROPS = Augment(flip=True, zoom=(0.6, 1.0), light=0.2, size=96)


@functools.cache
def drawn(count, seed=scenes_without_end.TRAINING_SEED):
    images, masks, species = scenes_without_end.scenes(count, seed)
    return Pictures(images, masks, CLASSES, fields={"species": species.astype("float32")})


@functools.cache
def objects(count, seed=scenes_without_end.TRAINING_SEED):
    """The same scenes with their animals apart: ids, boxes and labels."""
    images, instances, labels = scenes_without_end.objects(count, seed)
    table = np.concatenate([np.zeros((len(labels), 1), np.uint8), labels.astype(np.uint8)], axis=1)
    masks = np.stack([row[ids] for row, ids in zip(table, instances, strict=True)])
    return Pictures(images, masks, ("background", *SPECIES), fields=objects_of(list(instances), masks))


def slides(count, seed=scenes_without_end.TRAINING_SEED):
    """Drawn cells: quick to draw, and so not kept."""
    made = [draw_cells(seed, index) for index in range(count)]
    images, masks, ids = (
        np.stack([slide[key] for slide in made]) for key in ("image", "cell_mask", "instance_mask")
    )
    return Pictures(
        images, masks, ("background", "cell"), fields=objects_of(list(ids.astype("int32")), masks)
    )


def places(count, seed=scenes_without_end.TRAINING_SEED):
    """Animals in rooms and on terraces, a minute or two of drawing."""
    made = [draw_place(seed, index) for index in range(count)]
    images, masks = (np.stack([scene[key] for scene in made]) for key in ("image", "place_mask"))
    return Pictures(images, masks, ("background", *PLACES))


def fit(model, pictures, count, augment, encode=None, batch_size=BATCH, **options):
    """One pass after another over the drawn scenes, until `count` pictures were seen."""
    batches = pictures.batches(batch_size, training=True, augment=augment, encode=encode)
    steps, epoch = count // batch_size, 100
    rate = rising_and_falling(options.pop("rate"), steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.01)
    callbacks = options.pop("callbacks", None)
    if "metrics" in options:
        compile_segmenter(model, optimizer, **options)
    else:
        model.compile(optimizer, **options)
    model.fit(
        batches.repeat(), epochs=-(-steps // epoch), steps_per_epoch=epoch, verbose=2, callbacks=callbacks
    )
    return model


def report(model, test):
    """Mean IoU and the IoU of each class."""
    guess = model.predict(test.images, batch_size=25, verbose=0).argmax(axis=-1)
    iou = iou_per_class(test.masks, guess, 3)
    print(f"mean IoU {iou.mean():.3f}", {c: round(float(i), 3) for c, i in zip(CLASSES, iou, strict=True)})


def train_segmenter(model, name, pictures, count, rate):
    """Train, store, and say how good it is."""
    mean_iou = keras.metrics.MeanIoU(3, sparse_y_pred=False, name="mean_iou")
    fit(model, pictures, count, CROPS, rate=rate, loss=CrossEntropyDice(), metrics=[mean_iou, BorderIoU()])
    store(model.weights, name, "whole")
    report(load_stored(model, name), drawn(250, scenes_without_end.TEST_SEED))


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


def light_unet_photographs(count_of_scenes, count):
    """The few photographs come again until there are as many of them as of drawn scenes."""
    scenes = drawn(count_of_scenes)
    pets = load("oxford_iiit_pet", size=scenes_without_end.SIZE)
    known = [pets.train, pets.validation] * (len(scenes) // (len(pets.train) + len(pets.validation)))
    pictures = Pictures(
        np.concatenate([scenes.images] + [part.images for part in known]),
        np.concatenate([scenes.masks] + [part.masks for part in known]),
        CLASSES,
    )
    model = light_unet(backbones.encoder("MobileNetV2", "imagenet", frozen=4), 3)
    train_segmenter(model, "light_unet_photographs", pictures, count, rate=2e-3)
    report(model, pets.test)


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
    train_segmenter(model, "deeplab_v3_plus", pictures, count, rate=2e-3)


def fpn_places(pictures, count):
    """Whole pictures, never crops: the strip that tells the place must stay in them."""
    backbone = backbones.encoder("MobileNetV2", "paper")
    model = fpn(backbone, 3, 64, levels=(2, 4, 8, 16), bins=(1, 2, 3, 6))
    mean_iou = keras.metrics.MeanIoU(3, sparse_y_pred=False, name="mean_iou")
    whole = Augment(flip=True, light=0.2)
    fit(model, places(ROOMS), count, whole, rate=2e-3, loss=CrossEntropyDice(), metrics=[mean_iou])
    store(model.weights[len(backbone.weights) :], "fpn_places", "last")
    test = places(200, scenes_without_end.TEST_SEED)
    guess = load_stored(model, "fpn_places").predict(test.images, batch_size=25, verbose=0).argmax(axis=-1)
    found = (test.masks > 0) & (guess > 0)
    print(f"mean IoU {iou_per_class(test.masks, guess, 3).mean():.3f}", end=", ")
    print(
        f"right class in {np.mean(test.masks[found] == guess[found]):.3f} of the animals' pixels that are found"
    )


def valid_unet_(pictures, count):
    """Every pixel by its weight map, as in the lesson, and on rubber."""
    network = valid_unet(2, (16, 32, 64), dropout=0.0)
    model, cells = mirror_padded(network), slides(SLIDES)
    rubber = Augment(flip=True, elastic=5, light=0.15, turn=180)
    mean_iou = keras.metrics.MeanIoU(2, sparse_y_pred=False, name="mean_iou")
    fit(model, cells, count, rubber, cells.border_weights(), 4, rate=1e-3, metrics=[mean_iou])
    store(network.weights, "valid_unet", "whole")
    load_stored(network, "valid_unet")
    test = slides(60, scenes_without_end.TEST_SEED)
    guess = model.predict(test.images, batch_size=10, verbose=0).argmax(axis=-1)
    iou = iou_per_class(test.masks, guess, 2)[1]
    print(f"cell IoU {iou:.3f}, count error {count_error(test['instances'], guess):.3f}")


def mask_rcnn(pictures, count):
    """Nearly whole scenes: what an animal is shows in its parts, and a box cut by the crop is no animal's."""
    encoder = backbones.encoder("MobileNetV2", "paper", frozen=4)
    model = MaskRCNN(encoder, MaskRCNNConfig.quick(1 + len(SPECIES)))
    kept = scenes_without_end.ROOT / "build" / "mask_rcnn.weights.h5"  # written again and again on the way
    for rate in (1e-3, 5e-4):  # the second round goes on where the first ended
        fit(
            model,
            objects(pictures),
            count // 2,
            Augment(flip=True, zoom=(0.8, 1.0), light=0.2),
            encode=with_truth,
            batch_size=8,
            rate=rate,
            callbacks=[keras.callbacks.ModelCheckpoint(kept, save_weights_only=True)],
        )
    store(model.weights, "mask_rcnn", "whole")
    load_stored(model, "mask_rcnn")
    test = objects(250, scenes_without_end.TEST_SEED)
    found = model.predict(test.images, batch_size=25, verbose=0)
    for kind in ("boxes", "masks"):
        scores = average_precision(test, found, kind)
        print(kind, {name: round(value, 3) for name, value in scores.items()})


RECIPES = {  # name: (function, pictures seen)
    "mobilenet_v2_paper": (mobilenet_v2_paper, 20000),
    "light_unet": (light_unet_, 28000),
    "light_unet_photographs": (light_unet_photographs, 40000),
    "fcn_8s": (fcn_8s, 90000),
    "segnet_start": (segnet_start, 60000),
    "segnet": (segnet_whole, 30000),
    "deeplab_v3_plus": (deeplab_v3_plus_, 24000),
    "fpn_places": (fpn_places, 12000),
    "valid_unet": (valid_unet_, 5000),
    "mask_rcnn": (mask_rcnn, 96000),
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
    for name in options.names or RECIPES:
        keras.utils.set_random_seed(0)
        started = time.monotonic()
        train, count = RECIPES[name]
        own = {
            light_unet_photographs: options.scenes // 2,
            fpn_places: None,
            valid_unet_: None,
            mask_rcnn: options.scenes,
        }  # draw what they need themselves
        pictures = own[train] if train in own else drawn(options.scenes)
        train(pictures, options.pictures or count)
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
