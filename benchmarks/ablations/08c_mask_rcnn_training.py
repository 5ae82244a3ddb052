"""What lesson 08c states and does not train live: python benchmarks/ablations/08c_mask_rcnn_training.py [--seed 0] [--only mirror]

The shipped Mask R-CNN stays as it is. Heads for key points are trained anew, from random weights, on stored features of the
training pictures' true boxes, of the pictures as they are and in the mirror. All see as many boxes in as many steps, and point
in the true boxes of the validation pictures. Distances are shares of the square root of a box's area; visible points count.
"""

import functools

import keras
import numpy as np
from common import main
from keras import ops

from segkit.backbones import encoder
from segkit.datasets import load
from segkit.models.mask_rcnn import MaskRCNN, MaskRCNNConfig, keypoint_head
from segkit.models.mask_rcnn.losses import keypoint_loss, yes_or_no
from segkit.models.mask_rcnn.targets import keypoint_targets
from segkit.paper import KEYPOINTS
from segkit.stored import load_stored
from segkit.training import rising_and_falling

SIZE, BINS, BATCH, EPOCHS = 128, 56, 32, 3
EARS = np.array([name.endswith("_ear") for name in KEYPOINTS])
OTHER_SIDE = {"left_ear": "right_ear", "right_ear": "left_ear"}
TRADED = [KEYPOINTS.index(OTHER_SIDE.get(name, name)) for name in KEYPOINTS]

# table, column, the row with more, the row with less
SHOWN = (
    ("mirror", "distance of the ears", "mirrored, names kept", "mirrored, left and right trade places"),
    ("mirror", "distance of the ears", "mirrored, names kept", "never mirrored"),
    ("answers", "mean distance", "a sigmoid for each place", "one softmax over all places"),
    ("answers", "within 0.1", "one softmax over all places", "a sigmoid for each place"),
)


@functools.cache
def detector():
    return load_stored(MaskRCNN(encoder("MobileNetV2", None), MaskRCNNConfig.quick()), "mask_rcnn")


@functools.cache
def examples(part, mirrored=False, traded=True):
    """Of all true boxes of a part: features, boxes and key points, both in pixels."""
    pictures = getattr(load("paper_pets", size=SIZE), part)
    images, boxes, points = pictures.images, pictures["boxes"], pictures["keypoints"].copy()
    if mirrored:
        images, boxes = images[:, :, ::-1], boxes[..., [0, 3, 2, 1]] * [1, -1, 1, -1] + [0, 1, 0, 1]
        points[..., 1] = 1 - points[..., 1]
        points = points[:, :, TRADED] if traded else points
    boxes, points = (boxes * SIZE).astype("float32"), points * np.float32([SIZE, SIZE, 1])
    features = []
    for start in range(0, len(images), 50):
        maps = detector().trunk.predict_on_batch(images[start : start + 50])
        cut = detector().features(maps, boxes[start : start + 50], detector().config.mask_bins)
        features.append(ops.convert_to_numpy(cut).astype("float16"))
    valid = pictures["valid"]
    return np.concatenate(features)[valid.ravel()], boxes[valid], points[valid]


def softmax_loss(truth, logits):
    """One of all places is right."""
    return keypoint_loss(logits[None], ops.cast(truth[None, ..., 0], "int32"), truth[None, ..., 1] > 0)


def sigmoid_loss(truth, logits):
    """Of each place by itself: is it the point? Added up over the places."""
    wanted = ops.one_hot(ops.cast(truth[..., 0], "int32"), BINS**2, axis=1)
    counts = ops.cast(truth[..., 1], "float32")
    return ops.sum(ops.sum(yes_or_no(logits, wanted), axis=1) * counts) / ops.maximum(ops.sum(counts), 1)


@functools.cache
def distances(seed, parts, loss):
    """Train a head on parts of the examples; of each true validation box and point how far aside it lies, NaN where none is seen."""
    features, boxes, points = (
        np.concatenate(each) for each in zip(*(examples("train", *part) for part in parts), strict=True)
    )
    cells, counts = (
        ops.convert_to_numpy(each)[0] for each in keypoint_targets(points[None], boxes[None], BINS)
    )
    keras.utils.set_random_seed(seed)
    head = keypoint_head(MaskRCNNConfig.quick(keypoints=len(KEYPOINTS)))
    model = keras.Sequential([head, keras.layers.Reshape((BINS**2, len(KEYPOINTS)))])
    steps = EPOCHS * -(-len(features) // BATCH)
    model.compile(keras.optimizers.AdamW(rising_and_falling(2e-3, steps)), loss)
    truth = np.stack([cells, counts], axis=-1).astype("float32")
    model.fit(features.astype("float32"), truth, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    features, boxes, points = examples("validation")
    highest = model.predict(features.astype("float32"), batch_size=50, verbose=0).argmax(axis=1)
    sides = boxes[:, None, 2:] - boxes[:, None, :2]
    found = boxes[:, None, :2] + (np.stack([highest // BINS, highest % BINS], axis=-1) + 0.5) / BINS * sides
    apart = np.linalg.norm(found - points[..., :2], axis=-1) / np.sqrt(sides.prod(axis=-1))
    return np.where(points[..., 2] == 2, apart, np.nan)


def mirror(seed):
    """Pictures in the mirror teach nonsense, unless the names of the points are mirrored, too."""
    once = ((False,),)
    rows = {
        "mirrored, names kept": once + ((True, False),),
        "never mirrored": once * 2,
        "mirrored, left and right trade places": once + ((True, True),),
    }
    found = {row: distances(seed, parts, softmax_loss) for row, parts in rows.items()}
    return {
        row: {
            "distance of other points": np.nanmean(apart[:, ~EARS]),
            "distance of the ears": np.nanmean(apart[:, EARS]),
        }
        for row, apart in found.items()
    }


def answers(seed):
    """One question about all places, or one about each."""
    parts = ((False,), (True, True))
    rows = {"a sigmoid for each place": sigmoid_loss, "one softmax over all places": softmax_loss}
    found = {row: distances(seed, parts, loss) for row, loss in rows.items()}
    return {
        row: {"within 0.1": np.mean(apart[~np.isnan(apart)] < 0.1), "mean distance": np.nanmean(apart)}
        for row, apart in found.items()
    }


if __name__ == "__main__":
    main(__doc__, {"mirror": mirror, "answers": answers})
