"""What lesson 08 states and does not train live: python benchmarks/ablations/08_mask_rcnn.py [--seed 0] [--only reading]

The shipped Mask R-CNN finds the objects, and its trunk stays as it is. Mask heads are trained anew, from random weights, on stored
features of 300 training pictures' objects: of true boxes moved a little, as proposals are. All see the same boxes in as many
steps, and draw the masks of the same detections on 100 pictures of validation.
"""

import functools

import keras
import numpy as np
from common import main
from keras import ops

from segkit.backbones import encoder
from segkit.datasets import load
from segkit.metrics import average_precision
from segkit.models.mask_rcnn import (
    MaskRCNN,
    MaskRCNNConfig,
    iou,
    mask_head,
    mask_targets,
    paste,
    roi_align,
    roi_pool,
)
from segkit.models.mask_rcnn.losses import yes_or_no
from segkit.stored import load_stored
from segkit.training import rising_and_falling

SIZE, TRAINING, COPIES, BATCH, EPOCHS = 128, 300, 2, 16, 4
COUNTS = (2, 4, 8, 16, 32, 64)

# table, column, the row with more, the row with less
SHOWN = (
    ("reading", "mask AP75", "RoIAlign", "RoIPool"),
    ("reading", "mask AP", "RoIAlign", "RoIPool"),
    ("reading", "mask IoU in true boxes", "RoIAlign", "RoIPool"),
    ("answers", "mask AP", "a sigmoid for each class", "one softmax over all classes"),
    ("answers", "mask AP75", "a sigmoid for each class", "one softmax over all classes"),
    ("proposals", "recall at IoU 0.5", "64 proposals", "16 proposals"),
    ("proposals", "recall at IoU 0.5", "16 proposals", "2 proposals"),
    ("proposals", "recall at IoU 0.75", "64 proposals", "32 proposals"),
)


@functools.cache
def detector(proposals=COUNTS[-1]):
    # every head draws the same answers; those below 0.05 would only lengthen the lists
    config = MaskRCNNConfig.quick(proposals=proposals, least_score=0.05)
    model = MaskRCNN(encoder("MobileNetV2", None), config)
    return load_stored(model, "mask_rcnn")


@functools.cache
def maps(part):
    """The trunk's maps of all pictures of a part, in half precision: they are read again and again."""
    pictures = parts()[part]
    answers = detector().trunk.predict(pictures.images, batch_size=25, verbose=0)
    return [answer.astype("float16") for answer in answers]


@functools.cache
def parts():
    pets = load("paper_pets", "classes", size=SIZE)
    return {"train": pets.train.take(TRAINING), "validation": pets.validation}


@functools.cache
def found():
    return detector().predict(parts()["validation"].images, batch_size=25, verbose=0)


def read(part, boxes, way):
    """Features (N, M, bins, bins, filters) of boxes (N, M, 4), which are shares of the sides."""
    config, answers = detector().config, []
    for start in range(0, len(boxes), 10):
        here = slice(start, start + 10)
        some = [ops.convert_to_tensor(each[here].astype("float32")) for each in maps(part)]
        pixels = ops.convert_to_tensor(boxes[here] * SIZE, "float32")
        if way == "align":
            cut = roi_align(some, pixels, config.strides, config.mask_bins, config.samples, config.roi_cells)
        else:
            cut = roi_pool(some, pixels, config.strides, config.mask_bins, config.roi_cells)
        answers.append(ops.convert_to_numpy(cut).astype("float16"))
    return np.concatenate(answers)


@functools.lru_cache(maxsize=1)
def training_boxes(seed):
    """Of each object its box, moved and grown by up to a tenth, several times: boxes, ids, and which count."""
    train, random = parts()["train"], np.random.default_rng(seed)
    boxes = np.repeat(train["boxes"], COPIES, axis=1)
    numbers = np.repeat(np.arange(train["boxes"].shape[1]) + 1, COPIES)[None].repeat(len(train), axis=0)
    sizes = np.tile(boxes[..., 2:] - boxes[..., :2], 2)
    moved = np.clip(boxes + random.uniform(-0.1, 0.1, boxes.shape) * sizes, 0, 1).astype("float32")
    return moved, numbers, np.repeat(train["valid"], COPIES, axis=1)


@functools.lru_cache(maxsize=2)
def training_set(seed, way):
    """Features, masks of 28×28 and classes of all boxes that count."""
    train, (boxes, numbers, valid) = parts()["train"], training_boxes(seed)
    wanted = mask_targets(train["instances"], numbers, boxes * SIZE, detector().config.mask_size)
    labels = np.repeat(train["labels"], COPIES, axis=1)
    return read("train", boxes, way)[valid], ops.convert_to_numpy(wanted)[valid], labels[valid]


def sigmoid_loss(truth, logits):
    """The mask of the true class, yes or no for each pixel; the other classes learn nothing."""
    mask, label = truth[..., 0], ops.cast(truth[:, 0, 0, 1], "int32")
    own = ops.einsum("nhwc,nc->nhw", logits, ops.one_hot(label, logits.shape[-1], dtype=logits.dtype))
    return ops.mean(yes_or_no(own, mask), axis=(1, 2))


def softmax_loss(truth, logits):
    """One class for each pixel: the box's class inside the mask, background outside."""
    mask, label = truth[..., 0], ops.cast(truth[:, 0, 0, 1], "int32")
    chances = ops.log_softmax(logits, axis=-1)
    own = ops.einsum("nhwc,nc->nhw", chances, ops.one_hot(label, logits.shape[-1], dtype=logits.dtype))
    return ops.mean(-mask * own - (1 - mask) * chances[..., 0], axis=(1, 2))


@functools.lru_cache(maxsize=4)
def scores(seed, way, answer):
    """Train a mask head, and score its masks: of true boxes by IoU, of the shipped model's detections by precision."""
    features, masks, labels = training_set(seed, way)
    truth = np.stack([masks, np.broadcast_to(labels[:, None, None], masks.shape)], axis=-1)
    keras.utils.set_random_seed(seed)
    head = mask_head(detector().config)
    steps = EPOCHS * -(-len(features) // BATCH)
    head.compile(
        keras.optimizers.AdamW(rising_and_falling(1e-3, steps)),
        sigmoid_loss if answer == "sigmoid" else softmax_loss,
    )
    head.fit(features.astype("float32"), truth.astype("float32"), batch_size=BATCH, epochs=EPOCHS, verbose=0)
    final = ops.sigmoid if answer == "sigmoid" else ops.softmax

    def draw(boxes, labels, valid):
        cut = read("validation", boxes, way)[valid].astype("float32")
        chances = ops.convert_to_numpy(final(head.predict(cut, batch_size=50, verbose=0)))
        drawn = np.zeros((*valid.shape, *chances.shape[1:3]), "float32")
        drawn[valid] = np.take_along_axis(chances, labels[valid][:, None, None, None], axis=-1)[..., 0]
        return drawn

    pictures = parts()["validation"]
    drawn = draw(pictures["boxes"], pictures["labels"], pictures["valid"])
    overlaps = []
    for picture, number in np.argwhere(pictures["valid"]):
        pasted = paste(drawn[picture, [number]], pictures["boxes"][picture, [number]], (SIZE, SIZE))
        here, there = (
            ops.convert_to_numpy(pasted)[0] >= 0.5,
            pictures["instances"][picture] == number + 1,
        )
        overlaps.append(np.sum(here & there) / np.sum(here | there))
    answers = found() | {"masks": draw(found()["boxes"], found()["labels"], found()["valid"])}
    precision = average_precision(pictures, answers)
    return {
        "mask IoU in true boxes": np.mean(overlaps),
        "mask AP50": precision["AP50"],
        "mask AP75": precision["AP75"],
        "mask AP": precision["AP"],
    }


def reading(seed):
    return {
        "RoIPool": scores(seed, "pool", "sigmoid"),
        "RoIAlign": scores(seed, "align", "sigmoid"),
    }


def answers(seed):
    return {
        "one softmax over all classes": scores(seed, "align", "softmax"),
        "a sigmoid for each class": scores(seed, "align", "sigmoid"),
    }


def proposals(seed):
    """Of 100 test pictures that the seed draws, the share of objects that one of the first proposals covers."""
    test = load("paper_pets", "classes", size=SIZE).test
    test = test.rows(np.random.default_rng(seed).permutation(len(test))[:100])
    model, best = detector(), []
    for start in range(0, len(test), 25):
        here = slice(start, start + 25)
        looked = model.look(ops.convert_to_tensor(test.images[here]))
        overlaps = iou(looked["proposals"], ops.convert_to_tensor(test["boxes"][here] * SIZE, "float32"))
        overlaps = ops.where(ops.expand_dims(looked["valid"], -1), overlaps, 0.0)
        best.append(ops.convert_to_numpy(overlaps))
    best, valid = np.concatenate(best), test["valid"]
    rows = {}
    for count in COUNTS:
        covered = best[:, :count].max(axis=1)[valid]
        rows[f"{count} proposals"] = {
            "recall at IoU 0.5": np.mean(covered >= 0.5),
            "recall at IoU 0.75": np.mean(covered >= 0.75),
        }
    return rows


if __name__ == "__main__":
    main(__doc__, {"reading": reading, "answers": answers, "proposals": proposals})
