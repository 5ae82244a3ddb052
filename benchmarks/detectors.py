"""Mask R-CNN in time and memory, and RoIAlign beside its likes, one measurement a process; prints one line of JSON.

python benchmarks/detectors.py quick|full training|inference SIZE BATCH [OBJECTS]     OBJECTS: places in the truth, 5
python benchmarks/detectors.py align segkit|onnx|crop_and_resize                      4096 boxes of 14×14×64, 256 of 7×7×256
python benchmarks/detectors.py precision [PROPOSALS]     of the shipped weights on paper_pets' test pictures, by pycocotools
python benchmarks/detectors.py nuclei FOLDER [STEPS]     trained on FOLDER/train, scored on FOLDER/test; 600 steps
"""

import json
import pathlib
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from measure import median_time, peak

from segkit.backbones import encoder
from segkit.datasets import Augment, from_folder, load
from segkit.detectors import with_truth
from segkit.metrics import average_precision
from segkit.models import MaskRCNN, MaskRCNNConfig
from segkit.models.mask_rcnn.rois import align_one
from segkit.stored import load_stored
from segkit.training import rising_and_falling

MAPS = {  # side, channels, bins, boxes
    "4096 boxes, 32×32×64 to 14×14": (32, 64, 14, 4096),
    "256 boxes, 128×128×256 to 7×7": (128, 256, 7, 256),
}


def network(form, kind, size, batch, objects=5):
    before = peak()
    if form == "quick":
        model = MaskRCNN(encoder("MobileNetV2", "paper", frozen=4), MaskRCNNConfig.quick(size=(size, size)))
    else:
        model = MaskRCNN(encoder("ResNet50", None, frozen=4), MaskRCNNConfig.full(size=(size, size)))
    model.compile("sgd")
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (batch, size, size, 3)).astype("uint8")
    corner = random.uniform(0, 0.6, (batch, objects, 2))
    truth = {
        "boxes": np.concatenate([corner, corner + 0.3], axis=-1).astype("float32"),
        "labels": random.integers(1, 4, (batch, objects)),
        "valid": np.ones((batch, objects), bool),
        "instances": random.integers(0, objects + 1, (batch, size, size)).astype("int32"),
    }
    calls = {
        "training": lambda: model.train_on_batch(images, truth),
        "inference": lambda: model.predict_on_batch(images),
    }
    seconds = median_time(calls[kind], runs=5 if form == "quick" else 3)
    return {
        "parameters": model.count_params(),
        "ms": round(1000 * seconds / batch, 1),
        "peak_memory_mb": peak() - before,
    }


def by_onnx(features, boxes, bins):
    """A call without arguments, ready to be timed; channels come first."""
    import onnx
    import onnxruntime

    names, describe = ("features", "boxes", "pictures"), onnx.helper.make_tensor_value_info
    arrays = [
        np.ascontiguousarray(np.moveaxis(features, -1, 1)),
        np.ascontiguousarray(boxes[0][:, [1, 0, 3, 2]]),
        np.zeros(len(boxes[0]), "int64"),
    ]
    node = onnx.helper.make_node(
        "RoiAlign", names, ["out"], output_height=bins, output_width=bins, sampling_ratio=2
    )
    given = [
        describe(name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, arrays, strict=True)
    ]
    graph = onnx.helper.make_graph([node], "align", given, [describe("out", onnx.TensorProto.FLOAT, None)])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, dict(zip(names, arrays, strict=True)))[0]


def by_crop(features, boxes, bins):
    """Widespread, and not the same: bilinear points on the corners of the bins, then the mean of each four."""
    side = features.shape[1]
    crops = tf.image.crop_and_resize(
        features, boxes[0] / (side - 1), tf.zeros(boxes.shape[1], tf.int32), (2 * bins, 2 * bins)
    )
    return tf.nn.avg_pool2d(crops, 2, 2, "VALID")


def align(kind):
    row = {}
    for title, (side, channels, bins, count) in MAPS.items():
        random = np.random.default_rng(0)
        features = random.normal(size=(1, side, side, channels)).astype("float32")
        corner = random.uniform(0, 0.6 * side, (1, count, 2))
        boxes = np.concatenate([corner, corner + random.uniform(4, 0.4 * side, (1, count, 2))], axis=-1)
        boxes = boxes.astype("float32")
        if kind == "onnx":
            row[f"{title}, ms"] = round(1000 * median_time(by_onnx(features, boxes, bins)), 1)
            continue
        read = align_one if kind == "segkit" else by_crop

        def with_gradient(features, boxes, read=read, bins=bins):
            with tf.GradientTape() as tape:
                tape.watch(features)
                total = tf.reduce_sum(read(features, boxes, bins))
            return tape.gradient(total, features)

        given = tf.constant(features), tf.constant(boxes)
        forward = tf.function(lambda features, boxes, read=read, bins=bins: read(features, boxes, bins))
        training = tf.function(with_gradient)
        row[f"{title}, ms"] = round(1000 * median_time(lambda f=forward, g=given: f(*g).numpy()), 1)
        row[f"{title}, training, ms"] = round(
            1000 * median_time(lambda f=training, g=given: f(*g).numpy()), 1
        )
    return row


def precision(proposals=64):
    """COCO's numbers for boxes and for masks."""
    test = load("paper_pets").test
    model = MaskRCNN(encoder("MobileNetV2", None), MaskRCNNConfig.quick(proposals=proposals))
    found = load_stored(model, "mask_rcnn").predict(test.images, batch_size=25, verbose=0)
    return {kind: average_precision(test, found, kind) for kind in ("boxes", "masks")}


def nuclei(folder, steps=600):
    """Real cells: learned from crops of 128 px, found in whole pictures of 256. The weights do not know the size."""
    train, test = (
        from_folder(folder / split / "images", instances=folder / split / "instances", size=256)
        for split in ("train", "test")
    )
    small = {"anchor_sizes": (10, 18, 32, 64), "anchors_share": 0.5, "rois_sampled": 64, "rois_share": 0.5}
    many = {"proposals": 256, "per_level": 256, "candidates": 256, "detections": 128}
    learner, finder = (
        MaskRCNN(
            encoder("MobileNetV2", "paper", frozen=4), MaskRCNNConfig.quick(len(train.classes), **options)
        )
        for options in ({**small, "proposals": 128}, {**small, **many, "size": (256, 256)})
    )
    crops = Augment(flip=True, zoom=(0.5, 0.5), size=128, turn=90, light=0.2)
    learner.compile(keras.optimizers.AdamW(rising_and_falling(1e-3, steps), weight_decay=0.01))
    began = time.process_time()
    batches = train.batches(8, training=True, augment=crops, encode=with_truth)
    learner.fit(batches.repeat(), epochs=1, steps_per_epoch=steps, verbose=2)
    seconds = time.process_time() - began
    finder.set_weights(learner.get_weights())
    found = finder.predict(test.images, batch_size=5, verbose=0)
    scores = {kind: average_precision(test, found, kind) for kind in ("boxes", "masks")}
    return {"cpu_seconds": round(seconds), **scores}


if __name__ == "__main__":
    keras.utils.set_random_seed(0)
    if sys.argv[1] == "align":
        tf.config.threading.set_intra_op_parallelism_threads(1)
        print(json.dumps(align(sys.argv[2])))
    elif sys.argv[1] == "precision":
        print(json.dumps(precision(*map(int, sys.argv[2:]))))
    elif sys.argv[1] == "nuclei":
        print(json.dumps(nuclei(pathlib.Path(sys.argv[2]), *map(int, sys.argv[3:]))))
    else:
        print(json.dumps(network(*sys.argv[1:3], *map(int, sys.argv[3:]))))
