"""What lesson 07b states and does not measure live: python benchmarks/ablations/07b_dense_crf.py [--seed 0] [--only fur]

Networks of the course as it ships them. A seed draws 20 validation pictures, on which reach and colour width are chosen for
each network by boundary IoU, and 100 test pictures, which are scored once. Two labels: animal or background.
"""

import functools

import keras
import numpy as np
from common import main
from keras import layers, ops
from scipy import ndimage

from segkit.backbones import encoder
from segkit.datasets import load
from segkit.layers import BilinearUpsample, DenseCRF, dense_crf
from segkit.metrics import BoundaryIoU, iou_per_class
from segkit.models import fcn, light_unet
from segkit.stored import load_stored

CHOOSING, SCORED = 20, 100
WIDTHS = [(reach, color_width) for reach in (8, 16) for color_width in (3, 5, 8)]
SMALLEST = 150  # pixels of an animal that is counted

# table, column, the row with more, the row with less
SHOWN = (
    ("sharpness", "gain", "FCN-8s", "light U-Net"),
    ("sharpness", "gain", "light U-Net, scores in cells of 8", "light U-Net"),
    ("sharpness", "gain", "light U-Net, scores in cells of 16", "light U-Net"),
    ("fur", "gain", "third with the plainest fur", "third with the strongest pattern"),
    ("fur", "gain", "third most unlike the room", "third most like the room"),
    ("fur", "share made worse", "third most like the room", "third most unlike the room"),
)


@functools.cache
def networks():
    return {
        "light U-Net": load_stored(light_unet(encoder("MobileNetV2", "paper"), 3), "light_unet"),
        "FCN-8s": load_stored(fcn(encoder("MobileNetV2", "paper"), 3, stride=8), "fcn_8s"),
    }


def scores_of(name, images):
    """Scores of background and animal: half of the border's probability belongs to each; `name, scores in cells of 8`
    are means over cells, grown again."""
    name, _, cell = name.partition(", scores in cells of ")
    chances = ops.softmax(networks()[name].predict(images, batch_size=20, verbose=0))
    scores = ops.log(chances[..., 1:0:-1] * [1, 0] + chances[..., :1] * [0, 1] + chances[..., 2:] / 2 + 1e-4)
    if cell:
        scores = BilinearUpsample(int(cell))(layers.AveragePooling2D(int(cell))(scores))
    return ops.convert_to_numpy(scores)


@functools.cache
def pictures(seed):
    """Those to choose on, and those to score."""
    pets = load("paper_pets", size=128, target="instances")
    random = np.random.default_rng(seed)
    return tuple(
        part.rows(random.permutation(len(part))[:count])
        for part, count in ((pets.validation, CHOOSING), (pets.test, SCORED))
    )


def boundary(masks, scores):
    metric = BoundaryIoU(2)
    metric.update_state((masks > 0).astype("int32"), scores)
    return float(metric.result())


@functools.cache
def refined(seed, name):
    """Scores of the test pictures before and after, the CRF's widths chosen on validation pictures."""
    choosing, test = pictures(seed)
    scores = scores_of(name, choosing.images)
    crfs = [DenseCRF(5, *widths, smooth_width=2, strengths=(8, 2)) for widths in WIDTHS]
    best = max(crfs, key=lambda crf: boundary(choosing.masks, dense_crf(crf, scores, choosing.images)))
    scores = scores_of(name, test.images)
    return scores, dense_crf(best, scores, test.images)


def sharpness(seed):
    """How much the CRF gives to scores that are sharp, and to blurred ones."""
    test, rows = pictures(seed)[1], {}
    names = ("light U-Net", *(f"light U-Net, scores in cells of {cell}" for cell in (8, 16)), "FCN-8s")
    for name in names:
        before, after = refined(seed, name)
        network, with_crf = (boundary(test.masks, scores) for scores in (before, after))
        pet = [
            iou_per_class((test.masks > 0).astype("uint8"), scores.argmax(-1), 2)[1]
            for scores in (before, after)
        ]
        rows[name] = {
            "animal IoU before": pet[0],
            "after": pet[1],
            "boundary IoU before": network,
            "after the CRF": with_crf,
            "gain": with_crf - network,
        }
    return rows


def animals_of(image, ids):
    """Of each animal that is large enough: how strong its pattern is, how unlike the room, and the pixels around it."""
    for number in np.unique(ids)[1:]:
        animal = ids == number
        inner = ndimage.binary_erosion(animal, iterations=2)
        room = ndimage.binary_dilation(animal, iterations=4) & (ids == 0)
        if animal.sum() >= SMALLEST and inner.sum() >= 40 and room.sum() > 10:
            fur = image[inner].astype("float32")
            pattern = np.sqrt(np.mean(np.sum((fur - fur.mean(0)) ** 2, axis=-1)))
            unlike = np.linalg.norm(fur.mean(0) - image[room].mean(0))
            yield pattern, unlike, ndimage.binary_dilation(animal, iterations=8)


def fur(seed):
    """FCN-8s' gain in the neighbourhood of each animal, for thirds by pattern and by likeness to the room."""
    test = pictures(seed)[1]
    metric, found = BoundaryIoU(2), []

    def bands(masks):
        return ops.convert_to_numpy(metric.band(masks) == 1)

    truth = bands((test.masks > 0).astype("int32"))
    masks = [bands(scores.argmax(-1).astype("int32")) for scores in refined(seed, "FCN-8s")]
    for index, (image, ids) in enumerate(zip(test.images, test.masks, strict=True)):
        for pattern, unlike, around in animals_of(image, ids):
            pairs = [(truth[index][around], mask[index][around]) for mask in masks]
            counts = [
                reduce(one, other).sum() for one, other in pairs for reduce in (np.logical_and, np.logical_or)
            ]
            found.append((pattern, unlike, *counts))
    found = np.array(found)
    rows = {}
    for column, name in ((0, "strongest pattern"), (1, "most unlike the room")):
        low, high = np.quantile(found[:, column], (1 / 3, 2 / 3))
        opposite = {"strongest pattern": "plainest fur", "most unlike the room": "most like the room"}[name]
        thirds = {opposite: found[:, column] <= low, name: found[:, column] >= high}
        for title, chosen in thirds.items():
            _, _, shared, either, after, after_either = found[chosen].sum(axis=0)
            each = found[chosen]
            worse = np.mean(each[:, 4] / each[:, 5] < each[:, 2] / each[:, 3])
            rows[f"third {'with the ' * (column == 0)}{title}"] = {
                "boundary IoU before": shared / either,
                "after the CRF": after / after_either,
                "share made worse": worse,
                "gain": after / after_either - shared / either,
            }
    return rows


if __name__ == "__main__":
    keras.config.disable_interactive_logging()
    main(__doc__, {"sharpness": sharpness, "fur": fur})
