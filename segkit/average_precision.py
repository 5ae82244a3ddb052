"""Average precision of detections, as COCO counts it: pycocotools, asked with arrays."""

import contextlib
import io

import numpy as np

NAMES = ("AP", "AP50", "AP75")  # COCO's mean over ten thresholds from 0.50 to 0.95, and two of them alone


def average_precision(pictures, found, kind="masks", threshold=0.5):
    """{"AP": …, "AP50": …, "AP75": …}, each the mean over classes; `kind` is "masks" or "boxes".

    `pictures` are those that were asked about, with boxes, labels, valid and instances. `found` is what
    `MaskRCNN.predict` says of them. A mask's pixels are those that `threshold` or more of it is pasted on.
    """
    if kind not in ("masks", "boxes"):
        raise ValueError(f'kind is {kind!r}; choose "masks" or "boxes".')
    if len(pictures) != len(found["boxes"]):
        raise ValueError(
            f"There are {len(pictures)} pictures and answers to {len(found['boxes'])}: give what predict says of these."
        )
    score = _score(pictures, found, kind, threshold)
    precision = score.eval["precision"][:, :, :, 0, -1]  # thresholds, recalls, classes
    values = (precision, precision[:1], precision[5:6])
    return {
        name: float(np.mean(part[part > -1])) if (part > -1).any() else float("nan")
        for name, part in zip(NAMES, values, strict=True)
    }


def _score(pictures, found, kind, threshold):
    from pycocotools.cocoeval import COCOeval

    truth, answers = [], []
    for picture in range(len(pictures)):
        ids = pictures["instances"][picture]
        for number in np.flatnonzero(pictures["valid"][picture]):
            box, mask = pictures["boxes"][picture, number], ids == number + 1
            label = int(pictures["labels"][picture, number])
            truth.append(_described(picture, label, box, mask, kind) | {"iscrowd": 0})
        masks = _pasted(found, picture, ids.shape, threshold) if kind == "masks" else None
        for number in np.flatnonzero(found["valid"][picture]):
            box, label = found["boxes"][picture, number], int(found["labels"][picture, number])
            mask = masks[number] if masks is not None else np.zeros(ids.shape, bool)
            score = float(found["scores"][picture, number])
            answers.append(_described(picture, label, box, mask, kind) | {"score": score})
    with contextlib.redirect_stdout(io.StringIO()):  # it tells of every step
        height, width = pictures["instances"].shape[1:]
        sides = [{"id": picture, "height": height, "width": width} for picture in range(len(pictures))]
        categories = [{"id": label} for label in sorted({one["category_id"] for one in truth})]
        true, guessed = (_coco(part, sides, categories) for part in (truth, answers))
        evaluation = COCOeval(true, guessed, "segm" if kind == "masks" else "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def _coco(annotations, sides, categories):
    from pycocotools.coco import COCO

    coco = COCO()
    numbered = [one | {"id": number} for number, one in enumerate(annotations, start=1)]
    coco.dataset = {"images": sides, "categories": categories, "annotations": numbered}
    coco.createIndex()
    return coco


def _described(picture, label, box, mask, kind):
    from pycocotools import mask as run_lengths

    height, width = mask.shape
    top, left, bottom, right = (float(edge) for edge in box * np.array([height, width, height, width]))
    described = {"image_id": picture, "category_id": label}
    if kind == "boxes":
        return described | {
            "bbox": [left, top, right - left, bottom - top],
            "area": (right - left) * (bottom - top),
        }
    shape = run_lengths.encode(np.asfortranarray(mask.astype(np.uint8)))
    return described | {"segmentation": shape, "area": float(mask.sum())}


def _pasted(found, picture, size, threshold):
    from keras import ops

    from .models.mask_rcnn import paste

    return ops.convert_to_numpy(paste(found["masks"][picture], found["boxes"][picture], size)) >= threshold
