"""Which last layer draws the finest mask? Six of nearly equal weights, on features of stride 8.

python benchmarks/ablations/01_upsampling.py [--seed 0] [--only TABLE]

"masks": each last layer with a tiny encoder that sees the true mask in colours, so that nothing has to be recognised.
"pictures": four of them behind the course's pretrained encoder, which stays as it is, on the pictures themselves.
"""

import time

import keras
from common import main
from keras import layers

from segkit import show
from segkit.backbones import encoder
from segkit.datasets import Pictures, load
from segkit.layers import SubPixel
from segkit.metrics import iou_per_class
from segkit.training import FeatureBatches, compile_segmenter, features_of

CLASS_WEIGHTS = (2, 1, 2)
ON_PICTURES = ("bilinear", "bilinear, then convolve", "sub-pixel", "transposed")
PET, BORDER = 0, 2
SHOWN = [
    ("masks", "border IoU", "bilinear", "nearest"),
    ("masks", "border IoU", "bilinear, then convolve", "bilinear"),
    ("masks", "border IoU", "×2 and convolve, three times", "bilinear, then convolve"),
    ("masks", "border IoU", "sub-pixel", "×2 and convolve, three times"),
    ("masks", "border IoU", "transposed", "×2 and convolve, three times"),
    ("masks", "CPU ms per picture", "transposed", "sub-pixel"),
    ("masks", "CPU ms per picture", "×2 and convolve, three times", "transposed"),
]


def convolution(filters, size=3):
    return layers.Conv2D(filters, size, padding="same", activation="relu")


def growing(factor):
    return layers.UpSampling2D(factor, interpolation="bilinear")


HEADS = {  # (height / 8, width / 8, 32) → (height, width, 3)
    "bilinear": lambda: [convolution(192), layers.Conv2D(3, 1), growing(8)],
    "nearest": lambda: [convolution(192), layers.Conv2D(3, 1), layers.UpSampling2D(8)],
    "bilinear, then convolve": lambda: [
        *(convolution(168), layers.Conv2D(32, 1), growing(8)),
        layers.Conv2D(3, 3, padding="same"),
    ],
    "×2 and convolve, three times": lambda: [
        *(growing(2), convolution(64), growing(2), convolution(48), growing(2), convolution(20)),
        layers.Conv2D(3, 3, padding="same"),
    ],
    "sub-pixel": lambda: [SubPixel(3, 8)],
    "transposed": lambda: [layers.Conv2DTranspose(3, 24, 8, "same")],
}


def built(head, x):
    """The logits of a head, and its number of weights."""
    stack = head()
    for layer in stack:
        x = layer(x)
    return layers.Activation("linear", dtype="float32")(x), sum(layer.count_params() for layer in stack)


def scores(model, inputs, masks):
    predictions = model.predict(inputs, batch_size=50, verbose=0).argmax(axis=-1)
    iou = iou_per_class(masks, predictions, 3)
    return {"pet IoU": iou[PET], "border IoU": iou[BORDER]}


def milliseconds(model, inputs):
    """Seconds of all cores for a picture, in thousandths: the best of five."""
    taken = []
    for _ in range(5):
        started = time.process_time()
        model(inputs)
        taken.append(time.process_time() - started)
    return 1000 * min(taken) / len(inputs)


def on_masks(seed):
    pets = load("paper_pets", size=64)
    train, validation = (
        Pictures(show.paint(part.masks, part.classes), part.masks, part.classes)
        for part in (pets.train, pets.validation)
    )
    rows = {}
    for name, head in HEADS.items():
        keras.utils.set_random_seed(seed)  # everyone starts with the same encoder
        pictures = keras.Input((64, 64, 3))
        x = layers.Rescaling(1 / 127.5, offset=-1)(pictures)
        for filters, strides in ((16, 2), (32, 2), (32, 2), (32, 1)):
            x = layers.Conv2D(filters, 3, strides, padding="same", activation="relu")(x)
        logits, weights = built(head, x)
        model = compile_segmenter(keras.Model(pictures, logits), keras.optimizers.Adam(3e-3))
        weigh = train.class_weights(CLASS_WEIGHTS)
        model.fit(train.batches(16, training=True, encode=weigh, seed=seed), epochs=6, verbose=0)
        rows[name] = {
            "parameters": weights,
            "CPU ms per picture": milliseconds(model, validation.images[:50].astype("float32")),
            "border IoU": scores(model, validation.images, validation.masks)["border IoU"],
        }
    return rows


def on_pictures(seed):
    pets = load("paper_pets", size=128)
    eyes = encoder("MobileNetV2", "paper")
    train = features_of(eyes, pets.train.images, (8, 16))
    validation = [part[0] for part in features_of(eyes, pets.validation.images, (8, 16), mirrored=False)]
    rows = {}
    for name in ON_PICTURES:
        keras.utils.set_random_seed(seed)
        maps = [keras.Input(part.shape[2:]) for part in train]
        fine, coarse = (layers.Conv2D(48, 1)(part) for part in maps)
        x = layers.Activation("relu")(layers.Add()([fine, growing(2)(coarse)]))
        logits, _ = built(HEADS[name], convolution(32)(x))
        model = compile_segmenter(keras.Model(maps, logits), keras.optimizers.Adam(2e-3))
        batches = FeatureBatches(train, pets.train.masks, 16, CLASS_WEIGHTS, seed=seed)
        model.fit(batches, epochs=5, verbose=0)
        rows[name] = scores(model, validation, pets.validation.masks)
    return rows


if __name__ == "__main__":
    main(__doc__, {"masks": on_masks, "pictures": on_pictures})
