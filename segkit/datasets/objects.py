"""Objects of a picture, padded to a fixed number: boxes, labels and `valid`, made from instance ids."""

import numpy as np
from scipy import ndimage

from ..labels import VOID


def numbered(ids):
    """Any ids of one picture (H, W) → 1 … N in the same order as int32, 0 stays background."""
    ids = np.asarray(ids)
    found, numbers = np.unique(ids, return_inverse=True)
    return numbers.reshape(ids.shape).astype(np.int32) + int(0 not in found)


def boxes_of(instances, count):
    """(H, W) ids → (count, 4) boxes: top, left, bottom, right as shares of the sides; zeros for an id without pixels."""
    height, width = instances.shape
    boxes = np.zeros((count, 4), np.float32)
    for box, place in zip(boxes, ndimage.find_objects(instances, count), strict=True):
        if place is not None:
            rows, columns = place
            box[:] = rows.start / height, columns.start / width, rows.stop / height, columns.stop / width
    return boxes


def labels_of(instances, mask, count):
    """The class of each id: the label that most of its pixels have in `mask`; void does not vote."""
    labels = np.zeros(count, np.int32)
    for number, place in enumerate(ndimage.find_objects(instances, count)):
        if place is not None:
            votes = mask[place][(instances[place] == number + 1) & (mask[place] != VOID)]
            labels[number] = np.bincount(votes).argmax() if votes.size else 0
    return labels


def objects_of(instances, masks):
    """The fields that describe objects, from ids 1 … N of each picture and its mask."""
    counts = [int(ids.max(initial=0)) for ids in instances]
    most = max(1, *counts)  # one place even where there is no object: empty arrays stop compilers
    return {
        "instances": np.stack(instances),
        "boxes": padded([boxes_of(ids, count) for ids, count in zip(instances, counts, strict=True)], most),
        "labels": padded(
            [labels_of(ids, mask, count) for ids, mask, count in zip(instances, masks, counts, strict=True)],
            most,
        ),
        "valid": np.arange(most) < np.array(counts)[:, None],
    }


def padded(arrays, count):
    """Arrays (n, …) of different n → one array (N, count, …), zeros behind."""
    out = np.zeros((len(arrays), count, *arrays[0].shape[1:]), arrays[0].dtype)
    for row, array in zip(out, arrays, strict=True):
        row[: len(array)] = array
    return out
