"""Time, memory and size of one full-size network in a process of its own: python benchmarks/costs.py SegNet training

One picture of 224×224, the size at which DeconvNet needs no padding. Prints one line of JSON.
"""

import json
import pathlib
import sys
import tempfile

import keras
import numpy as np
from measure import median_time, peak

from segkit.backbones import encoder
from segkit.models import deconvnet, fcn, large_fov, segnet, vgg16_for_fcn

NETWORKS = {
    "SegNet": lambda: segnet(11),
    "LargeFOV": lambda: large_fov(21),
    "FCN-16s": lambda: fcn(vgg16_for_fcn(encoder("VGG16", None, frozen=False)), 21, 16),
    "DeconvNet": lambda: deconvnet(21),
}


def main(name, kind):
    before = peak()
    model = NETWORKS[name]()
    random = np.random.default_rng(0)
    picture = random.uniform(0, 255, (1, 224, 224, 3)).astype("float32")
    mask = random.integers(0, model.output_shape[-1], (1, 224, 224))
    row = {"network": name, "parameters": model.count_params()}
    forward = 1000 * median_time(lambda: model.predict_on_batch(picture))
    if kind == "inference":
        row |= {"forward_ms": forward, "inference_mb": peak() - before}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "network.weights.h5"
            model.save_weights(path)
            row["file_mb"] = path.stat().st_size / 1e6
    else:
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        step = 1000 * median_time(lambda: model.train_on_batch(picture, mask))
        row |= {"backward_ms": step - forward, "training_mb": peak() - before}
    print(json.dumps(row))


if __name__ == "__main__":
    main(*sys.argv[1:])
