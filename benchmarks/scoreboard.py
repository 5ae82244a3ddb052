"""The scoreboard: every architecture of the course, trained alike on one data set and tested once.

python benchmarks/scoreboard.py [--data paper_pets] [--seeds 3] [--rows "FCN-8s" "light U-Net"] [--again] [--costs]

Each row is measured in a process of its own. Results go to segkit/scoreboard.json as they come: what stands there is kept,
and only missing rows are measured (`--again` measures the named ones anew). `--costs` measures all costs in one go, so that
the seconds of all rows come from one machine.
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
STORED = HERE.parent / "segkit" / "scoreboard.json"
SIZE, CROP, BATCH, EPOCHS = 128, 96, 16, 10
QUALITY = ("pixel_accuracy", "mean_iou", "border_iou", "boundary_iou", "iou")


def architectures():
    """{name: (output stride, start, function of the encoder's weights → model)}."""
    import keras
    from keras import layers

    from segkit import models
    from segkit.backbones import encoder
    from segkit.layers import BilinearUpsample, CropLike, Hypercolumns
    from segkit.models.segnet import SMALL_BLOCKS

    def on_encoder(build, output_stride=32, **options):
        """On MobileNetV2, trained behind stride 8."""

        def make(weights):
            network = encoder("MobileNetV2", weights, frozen=8, output_stride=output_stride)
            return build(network, 3, **options)

        return output_stride, "pretrained", make

    def alone(build, output_stride, *arguments, **options):
        return output_stride, "random", lambda weights: build(*arguments, **options)

    def hypercolumns(network, classes):
        images = keras.Input((None, None, 3))
        scores = layers.Conv2D(classes, 1, dtype="float32")(Hypercolumns()(network(images)[2:]))
        return keras.Model(
            images, CropLike(dtype="float32")(BilinearUpsample(8, dtype="float32")(scores), images)
        )

    def original_unet():
        return models.mirror_padded(models.valid_unet(3, (8, 16, 32, 64, 128)))

    def without_pretraining():
        return models.light_unet(encoder("MobileNetV2", None, frozen=False), 3)

    small = {"filters": 96, "rates": (1, 3, 4)}  # the rates of lesson 07, for pictures of 128 pixels
    return {
        "FCN-32s": on_encoder(models.fcn, stride=32),
        "FCN-16s": on_encoder(models.fcn, stride=16),
        "FCN-8s": on_encoder(models.fcn),
        "hypercolumns": on_encoder(hypercolumns),
        "SegNet": alone(models.segnet, 32, 3, blocks=SMALL_BLOCKS),
        "DeconvNet": alone(models.deconvnet, 32, 3, blocks=SMALL_BLOCKS, bridge=(4, 256)),
        "original U-Net, narrow": alone(original_unet, 16),
        "U-Net": on_encoder(models.unet),
        "U-Net without skips": on_encoder(models.unet, skips=()),
        "light U-Net": on_encoder(models.light_unet),
        "light U-Net, random encoder": alone(without_pretraining, 32),
        "FPN": on_encoder(models.fpn),
        "PSPNet": on_encoder(models.pspnet, 16, filters=128),
        "DeepLab v1, quarter width": alone(models.large_fov, 8, 3, width=0.25),
        "DeepLab v2, quarter width": alone(models.deeplab_v2, 8, 3, width=0.25, rates=(2, 4, 6, 8)),
        "DeepLab v3": on_encoder(models.deeplab_v3, 16, **small),
        "DeepLab v3+": on_encoder(models.deeplab_v3_plus, 16, **small),
    }


DETECTOR = "Mask R-CNN"  # trains for hours, not within the budget: its row has the shipped weights alone
LONGER = {  # the checkpoints that the course ships, and how many pictures each has learned from
    "FCN-8s": ("fcn_8s", 90000),
    "SegNet": ("segnet", 90000),
    "DeepLab v3+": ("deeplab_v3_plus", 24000),
    "light U-Net": ("light_unet", 28000),
    DETECTOR: ("mask_rcnn", 96000),
}
CRF = {"DeepLab v3+": "DeepLab v3+ and dense CRF"}  # rows that are another row's answers, sharpened


def scores_of(masks, logits):
    """The five kinds of number that a row shows, from masks and logits."""
    import keras
    import numpy as np

    from segkit.metrics import BoundaryIoU, iou_per_class

    guess, outlines = logits.argmax(axis=-1), BoundaryIoU(3)
    for start in range(0, len(masks), 20):
        outlines.update_state(
            masks[start : start + 20], keras.ops.convert_to_tensor(logits[start : start + 20])
        )
    iou = iou_per_class(masks, guess, 3)
    values = (np.mean(guess == masks), iou.mean(), iou[2], float(outlines.result()), iou)
    return {name: np.round(value, 4).tolist() for name, value in zip(QUALITY, values, strict=True)}


def sharpened(logits, pictures):
    """The logits after five iterations of lesson 07b's dense CRF, at the widths for pictures of this size."""
    import numpy as np

    from segkit.layers.crf import DenseCRF, dense_crf

    crf = DenseCRF()
    return np.concatenate(
        [dense_crf(crf, logits[i : i + 1], pictures[i : i + 1]) for i in range(len(pictures))]
    )


def quality(data, name, seed):
    """Train one row, and test it: once, at the end."""
    import keras
    from pets import everything

    from segkit.datasets import Augment, load
    from segkit.losses import CrossEntropyDice
    from segkit.training import compile_segmenter, rising_and_falling

    keras.utils.set_random_seed(seed)
    pets = load(data, size=SIZE)
    pictures = everything(pets)
    model = architectures()[name][2]("paper" if data == "paper_pets" else "imagenet")
    batches = pictures.batches(
        BATCH, training=True, augment=Augment(flip=True, zoom=(0.6, 1.0), size=CROP), seed=seed
    )
    rate = rising_and_falling(1e-3, len(batches) * EPOCHS)
    compile_segmenter(model, keras.optimizers.Adam(rate), CrossEntropyDice())
    model.fit(batches, epochs=EPOCHS, verbose=0)
    logits = model.predict(pets.test.images, batch_size=20, verbose=0)
    rows = {name: scores_of(pets.test.masks, logits)}
    if name in CRF:
        rows[CRF[name]] = scores_of(pets.test.masks, sharpened(logits, pets.test.images)) | {"costs_of": name}
    counts = {"train": len(pictures), "test": len(pets.test)}
    return {row: values | {"pictures": counts} for row, values in rows.items()}


def longer(data, name, seed):
    """The shipped checkpoint of a row, on the same test pictures."""
    from segkit.datasets import load
    from segkit.stored import load_stored

    test = load(data, size=SIZE).test
    weights, learned_from = LONGER[name]
    if name == DETECTOR:
        return {name: detected(test) | {"learned_from": learned_from}}
    model = load_stored(architectures()[name][2]("paper"), weights)
    scores = scores_of(test.masks, model.predict(test.images, batch_size=20, verbose=0))
    return {name: scores | {"learned_from": learned_from}}


def detected(test):
    """Mask R-CNN's answers from a score of 0.5 on as one mask: their union, with a border as the scenes draw it; and their AP."""
    import numpy as np

    from segkit.metrics import AveragePrecision
    from segkit.models.mask_rcnn import paste
    from segkit.paper.scenes import trimap

    found = detector().predict(test.images, batch_size=20, verbose=0)
    masks = []
    for boxes, small, scores, valid in zip(
        *(found[part] for part in ("boxes", "masks", "scores", "valid")), strict=True
    ):
        ids = np.zeros(test.masks.shape[1:], np.uint8)
        for number in np.flatnonzero(valid & (scores >= 0.5))[::-1]:  # scores fall: the surest lies on top
            ids[
                np.asarray(paste(small[number : number + 1], boxes[number : number + 1], ids.shape))[0] >= 0.5
            ] = number + 1
        masks.append(trimap(ids) - 1)  # a file counts from 1, a mask from 0
    precision = AveragePrecision("masks")
    precision.update_state(test, found)
    ap = {name: round(value, 3) for name, value in precision.result().items()}
    return scores_of(test.masks, np.eye(3, dtype="float32")[np.stack(masks)]) | {"ap": ap}


def detector():
    from segkit.backbones import encoder
    from segkit.models import MaskRCNN, MaskRCNNConfig
    from segkit.stored import load_stored

    return load_stored(MaskRCNN(encoder("MobileNetV2", "paper"), MaskRCNNConfig.quick(4)), "mask_rcnn")


def costs(data, name, seed):
    """Parameters, multiply–adds, milliseconds of a training step and of an answer, memory."""
    import numpy as np
    from measure import median_time, peak

    from segkit.losses import CrossEntropyDice
    from segkit.training import compile_segmenter

    output_stride, start, make = architectures()[name]
    model = make("paper")
    dice = np.random.default_rng(0)
    crops = dice.integers(0, 256, (BATCH, CROP, CROP, 3)).astype("float32")
    masks = dice.integers(0, 3, (BATCH, CROP, CROP)).astype("uint8")
    pictures = dice.integers(0, 256, (BATCH, SIZE, SIZE, 3)).astype("float32")
    count = multiply_adds(model, SIZE)
    answer = median_time(lambda: model.predict_on_batch(pictures))
    compile_segmenter(model, "adam", CrossEntropyDice())
    step = median_time(lambda: model.train_on_batch(crops, masks))
    return {
        name: {
            "start": start,
            "output_stride": output_stride,
            "parameters": model.count_params(),
            "multiply_adds": count,
            "step_ms": round(1000 * step),
            "pictures_per_second": round(BATCH / answer, 1),
            "peak_memory_mb": peak(),
        }
    }


def multiply_adds(model, size):
    """Of all convolutions, for one picture of `size` pixels."""
    import keras
    from keras import layers

    from segkit.graphs import opened

    total = 0

    def count(layer, *arguments, **options):
        nonlocal total
        made = layer(*arguments, **options)
        if hasattr(layer, "kernel_size"):
            transposed = isinstance(
                layer, layers.Conv2DTranspose
            )  # each number that comes in paints a whole kernel
            places = math.prod((arguments[0] if transposed else made).shape[1:-1])
            total += sum(
                places * math.prod(weight.shape) for weight in layer.weights if len(weight.shape) == 4
            )
        return made

    images = keras.Input((size, size, model.input.shape[-1]))
    keras.models.clone_model(opened(model), images, clone_function=lambda layer: layer, call_function=count)
    return total


MEASURES = {"quality": quality, "longer": longer, "costs": costs}


def read():
    return json.loads(STORED.read_text()) if STORED.is_file() else {}


def keep(what, data, seed, rows):
    """Put new rows among those that stand, and write all: a run that is cut short loses one row at most."""
    stored = read()
    place = (
        stored.setdefault("costs", {})
        if what == "costs"
        else stored.setdefault(data, {}).setdefault(what, {})
    )
    for name, row in rows.items():
        if what == "quality":
            place.setdefault(name, {})[str(seed)] = row
        else:
            place[name] = row
    fresh = STORED.with_suffix(".new")
    fresh.write_text(json.dumps(stored, indent=1) + "\n")
    fresh.replace(STORED)


def stands(what, data, name, seed):
    stored = read()
    if what == "quality":
        return str(seed) in stored.get(data, {}).get(what, {}).get(name, {})
    return name in (stored.get("costs", {}) if what == "costs" else stored.get(data, {}).get(what, {}))


def main():
    from tqdm import tqdm

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="paper_pets", choices=("paper_pets", "oxford_iiit_pet"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", nargs="*", metavar="NAME", help="these alone")
    parser.add_argument("--again", action="store_true", help="measure rows that stand already, too")
    parser.add_argument("--costs", action="store_true", help="all costs, in one go, and nothing else")
    parser.add_argument(
        "--measure", nargs=4, metavar=("WHAT", "DATA", "NAME", "SEED"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.measure:
        what, data, name, seed = options.measure
        print(json.dumps(MEASURES[what](data, name, int(seed))))
        return
    names = [*architectures(), DETECTOR]
    if unknown := set(options.rows or ()) - set(names):
        raise SystemExit(f"No row is called {', '.join(sorted(unknown))}; there are {', '.join(names)}.")
    names = options.rows or names
    if options.costs:
        plan = [("costs", options.data, name, 0) for name in names if name != DETECTOR]
    else:
        trained = [name for name in names if name != DETECTOR]
        plan = [("quality", options.data, name, seed) for seed in range(options.seeds) for name in trained]
        if options.data == "paper_pets":
            plan += [("longer", options.data, name, 0) for name in names if name in LONGER]
        plan = [part for part in plan if options.again or not stands(*part)]
    progress = tqdm(plan, unit=" rows")
    for what, data, name, seed in progress:
        progress.set_postfix_str(f"{name}, seed {seed}" if what == "quality" else f"{name}, {what}")
        command = [sys.executable, __file__, "--measure", what, data, name, str(seed)]
        done = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        )
        if done.returncode:
            raise SystemExit(f"{name}, {what}:\n{done.stderr[-2000:]}")
        keep(what, data, seed, json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
