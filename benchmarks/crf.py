"""The dense CRF, exact, fast, and by pydensecrf2 where it is installed; prints one line of JSON.

python benchmarks/crf.py exact|fast|pydensecrf2 SIZE CLASSES own|strong     one thread, five iterations
"""

import json
import sys

import numpy as np
import tensorflow as tf
from measure import median_time, peak
from PIL import Image

from segkit.datasets import load
from segkit.layers import DenseCRF, dense_crf


def settings(name, size):
    """The layer's own, or so strong that a third of all labels change, with a reach that grows with the picture."""
    return DenseCRF() if name == "own" else DenseCRF(5, size / 8, 10, 2, (8.0, 2.0))


def scores_and_picture(size, classes):
    """A drawn scene at this size with a little noise, and scores in cells of an eighth of 128 pixels."""
    random = np.random.default_rng(0)
    picture = Image.fromarray(load("paper_pets", size=128).validation.images[0]).resize((size, size))
    picture = np.clip(np.asarray(picture) + random.normal(0, 3, (size, size, 3)), 0, 255).astype("uint8")
    coarse = random.normal(size=(classes, 16, 16)).astype("float32")
    grown = [
        np.asarray(Image.fromarray(plane).resize((size, size), Image.Resampling.BILINEAR)) for plane in coarse
    ]
    return 3 * np.stack(grown, axis=-1)[None], picture[None]


def by_pydensecrf(crf, scores, pictures):
    from pydensecrf import densecrf

    _, height, width, classes = scores.shape
    other = densecrf.DenseCRF2D(width, height, classes)
    surprise = np.logaddexp.reduce(scores[0], axis=-1, keepdims=True) - scores[0]
    other.setUnaryEnergy(np.ascontiguousarray(surprise.reshape(-1, classes).T))
    other.addPairwiseGaussian(sxy=crf.smooth_width, compat=crf.start[1])
    other.addPairwiseBilateral(sxy=crf.reach, srgb=crf.color_width, rgbim=pictures[0], compat=crf.start[0])
    return np.array(other.inference(crf.iterations)).T.reshape(scores.shape)


def measured(kind, size, classes, name):
    tf.config.threading.set_intra_op_parallelism_threads(1)
    scores, pictures = scores_and_picture(size, classes)
    crf = settings(name, size)
    exact = tf.function(lambda scores, pictures: crf(scores, pictures))
    ways = {
        "exact": lambda: np.asarray(exact(scores, pictures)),
        "fast": lambda: dense_crf(crf, scores, pictures),
        "pydensecrf2": lambda: by_pydensecrf(crf, scores, pictures),
    }
    try:
        labels = ways[kind]().argmax(axis=-1)
    except ImportError:
        return {"seconds": "not installed"}
    row = {"seconds": round(median_time(ways[kind], runs=3), 2), "peak_memory_mb": peak()}
    reference = "fast" if size > 96 else "exact"  # all pairs of larger pictures fill the memory
    agree = np.mean(labels == ways[reference]().argmax(axis=-1))
    return row | {"changed": np.mean(labels != scores.argmax(axis=-1)).round(3), "agreement": agree.round(4)}


if __name__ == "__main__":
    kind, size, classes, name = sys.argv[1:]
    print(json.dumps(measured(kind, int(size), int(classes), name)))
