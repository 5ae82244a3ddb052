"""Average precision of what a detector finds, as COCO counts it: pycocotools, asked with arrays."""

import contextlib
import io

import numpy as np

NAMES = ("AP", "AP50", "AP75")  # COCO's mean over ten thresholds from 0.50 to 0.95, and two of them alone
KINDS = {"boxes": "bbox", "masks": "segm", "keypoints": "keypoints"}


class AveragePrecision:
    """AP of boxes, masks or key points over all batches seen: `update_state` for each, `result` once.

    The truth has boxes, labels, valid and instances (and keypoints, and crowd, where a region is many objects), as the
    course's Pictures have them; what is found has boxes, labels, scores and valid, and masks or keypoints. Masks may be of
    the pictures' size or small, to be pasted into their boxes; their pixels are those of `threshold` or more. `spread` is
    how far a key point may lie aside, as a share of the object's size: COCO's sigma, one for all points.
    """

    def __init__(self, kind="masks", threshold=0.5, spread=0.05):
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}; choose {', '.join(map(repr, KINDS))}.")
        self.kind, self.threshold, self.spread = kind, threshold, spread
        self.reset_state()

    def reset_state(self):
        self.sides, self.truth, self.answers = [], [], []

    def update_state(self, truth, found):
        if len(truth["instances"]) != len(found["boxes"]):
            raise ValueError(
                f"There are {len(truth['instances'])} pictures and answers to {len(found['boxes'])}: give what predict says of these."
            )
        crowds = (
            truth["crowd"] if "crowd" in getattr(truth, "fields", truth) else np.zeros_like(truth["valid"])
        )
        for picture, ids in enumerate(truth["instances"]):
            place, (height, width) = len(self.sides), ids.shape
            self.sides.append({"id": place, "height": height, "width": width})
            for number in np.flatnonzero(truth["valid"][picture]):
                one = self.described(truth, picture, number, ids == number + 1)
                self.truth.append(one | {"image_id": place, "iscrowd": int(crowds[picture, number])})
            masks = self.pasted(found, picture, ids.shape) if self.kind == "masks" else None
            for number in np.flatnonzero(found["valid"][picture]):
                mask = masks[number] if masks is not None else np.zeros(ids.shape, bool)
                one = self.described(found, picture, number, mask)
                self.answers.append(
                    one | {"image_id": place, "score": float(found["scores"][picture, number])}
                )

    def described(self, objects, picture, number, mask):  # in COCO's words
        from pycocotools import mask as run_lengths

        height, width = mask.shape
        top, left, bottom, right = (
            float(edge)
            for edge in objects["boxes"][picture, number] * np.array([height, width, height, width])
        )
        one = {
            "category_id": int(objects["labels"][picture, number]),
            "bbox": [left, top, right - left, bottom - top],
            "area": (right - left) * (bottom - top),
        }
        if self.kind == "masks":
            shape = run_lengths.encode(np.asfortranarray(mask.astype(np.uint8)))
            return one | {"segmentation": shape, "area": float(mask.sum())}
        if self.kind == "keypoints":
            points = np.array(objects["keypoints"][picture, number], float)[:, [1, 0, 2]] * [width, height, 1]
            seen = {"num_keypoints": int(np.count_nonzero(points[:, 2]))}
            return (
                one | seen | {"keypoints": points.ravel().tolist(), "area": float(mask.sum()) or one["area"]}
            )
        return one

    def pasted(self, found, picture, size):
        masks = np.asarray(found["masks"][picture])
        if masks.shape[1:] != tuple(size):
            from keras import ops

            from .models.mask_rcnn import paste

            masks = ops.convert_to_numpy(paste(masks, found["boxes"][picture], size))
        return masks >= self.threshold

    def evaluated(self):
        """pycocotools' own record of all that was seen, for those who want more than three numbers."""
        from pycocotools.cocoeval import COCOeval

        with contextlib.redirect_stdout(io.StringIO()):  # it tells of every step
            categories = [{"id": label} for label in sorted({one["category_id"] for one in self.truth})]
            true, guessed = (_coco(part, self.sides, categories) for part in (self.truth, self.answers))
            evaluation = COCOeval(true, guessed, KINDS[self.kind])
            if self.kind == "keypoints" and self.truth:
                count = len(self.truth[0]["keypoints"]) // 3
                evaluation.params.kpt_oks_sigmas = np.full(count, self.spread)
            evaluation.evaluate()
            evaluation.accumulate()
        return evaluation

    def result(self):
        """{"AP": …, "AP50": …, "AP75": …}, each the mean over the classes of the truth; NaN where it has none."""
        precision = self.evaluated().eval["precision"][:, :, :, 0, -1]  # thresholds, recalls, classes
        values = (precision, precision[:1], precision[5:6])
        return {
            name: float(np.mean(part[part > -1])) if (part > -1).any() else float("nan")
            for name, part in zip(NAMES, values, strict=True)
        }


def average_precision(pictures, found, kind="masks", threshold=0.5):
    """AP of one set of answers: see `AveragePrecision`."""
    metric = AveragePrecision(kind, threshold)
    metric.update_state(pictures, found)
    return metric.result()


def _coco(annotations, sides, categories):
    from pycocotools.coco import COCO

    coco = COCO()
    numbered = [one | {"id": number} for number, one in enumerate(annotations, start=1)]
    coco.dataset = {"images": sides, "categories": categories, "annotations": numbered}
    coco.createIndex()
    return coco
