"""What lesson 07 states and does not train live: python benchmarks/ablations/07_deeplab.py [--seed 0] [--only strides]

Pictures of 128×128, features of a frozen encoder: 400 pictures and their mirror images to train on, 100 of validation to score;
the same number of steps and, within two hundredths, of parameters for all rows of a table.
"""

import functools

import keras
import numpy as np
from common import main
from keras import layers

from segkit.backbones import STRIDES, encoder
from segkit.datasets import load
from segkit.graphs import opened
from segkit.layers import BilinearUpsample
from segkit.layers.pyramid import aspp
from segkit.losses import CrossEntropyDice
from segkit.metrics import iou_per_class
from segkit.training import FeatureBatches, compile_segmenter, rising_and_falling

SIZE, TRAINING, BATCH, EPOCHS, FILTERS = 128, 400, 16, 8, 64

# table, column, the row with more, the row with less
SHOWN = (
    ("strides", "mean IoU", "output stride 8", "output stride 32"),
    ("strides", "border IoU", "output stride 8", "output stride 32"),
    ("pyramid", "mean IoU", "rates 1, 3, 6", "rate 3"),
    ("pyramid", "mean IoU", "rate 3", "rate 1"),
    ("pyramid", "mean IoU", "rate 1", "rates 18, 24, 36"),
    ("pyramid", "pet IoU, small pets", "rates 1, 3, 6", "rate 1"),
    ("pyramid", "pet IoU, large pets", "rates 1, 3, 6", "rate 1"),
    ("decoder", "mean IoU", "v3+, map of stride 4", "v3"),
    ("decoder", "border IoU", "v3+, map of stride 4", "v3"),
    ("decoder", "border IoU", "v3+, map of stride 2", "v3+, map of stride 4"),
    ("decoder", "mean IoU", "v3+, map of stride 4", "v3+, map of stride 2"),
    ("decoder", "mean IoU", "maps of stride 8, 4 and 2", "v3+, map of stride 4"),
    ("decoder", "border IoU", "maps of stride 8, 4 and 2", "v3+, map of stride 2"),
)


@functools.cache
def pets():
    data = load("paper_pets", size=SIZE)
    return data.train.take(TRAINING), data.validation


@functools.lru_cache(maxsize=1)
def features(output_stride, shallow):
    """Of the maps of the strides `shallow`, and of the last one: training pictures with mirror images, validation pictures."""
    train, validation = pets()
    network = encoder("MobileNetV2", "paper", output_stride=output_stride)
    chosen = [*(network.outputs[STRIDES.index(stride)] for stride in shallow), network.outputs[-1]]
    network = keras.Model(network.input, chosen)

    def maps_of(*pictures):
        # compiled: the dense maps of a batch that is called directly would fill the memory
        answers = [
            keras.tree.flatten(network.predict(images, batch_size=20, verbose=0)) for images in pictures
        ]
        return [np.stack(maps).astype("float16") for maps in zip(*answers, strict=True)]

    return maps_of(train.images, train.images[:, :, ::-1]), maps_of(validation.images)


def head(inputs, output_stride, rates, filters, shallow):
    """ASPP, and the way back: v3's single step, or by the maps of the strides `shallow`, largest first, as v3+ goes."""
    *maps, deepest = inputs
    x, here = aspp(deepest, filters, rates, separable=True), output_stride

    def convolve(x, convolution):
        return layers.ReLU()(layers.BatchNormalization()(convolution(x)))

    for stride, skip in zip(shallow, maps, strict=True):
        skip = convolve(skip, layers.Conv2D(48, 1, use_bias=False))
        x, here = layers.Concatenate()([BilinearUpsample(here // stride)(x), skip]), stride
        for _ in range(2 if len(shallow) == 1 else 1):
            x = convolve(x, layers.SeparableConv2D(filters, 3, padding="same", use_bias=False))
    return BilinearUpsample(here)(layers.Conv2D(3, 1)(x))


def train(seed, output_stride, rates, filters=FILTERS, shallow=()):
    """The same steps for every head; its masks of the validation pictures."""
    seen, tests = features(output_stride, shallow)
    keras.utils.set_random_seed(seed)
    inputs = [keras.Input(maps.shape[2:]) for maps in seen]
    model = keras.Model(inputs, head(inputs, output_stride, rates, filters, shallow))
    batches = FeatureBatches(seen, pets()[0].masks, BATCH, seed=seed)
    rate = rising_and_falling(2e-3, EPOCHS * len(batches))
    compile_segmenter(model, keras.optimizers.Adam(rate), CrossEntropyDice())
    model.fit(batches, epochs=EPOCHS, verbose=0)
    guess = model.predict([maps[0] for maps in tests], verbose=0).argmax(axis=-1)
    return model, guess


def scores(guess):
    iou = iou_per_class(pets()[1].masks, guess, 3)
    return {"mean IoU": iou.mean(), "border IoU": iou[2]}


def multiply_adds(model, size=SIZE):
    """How many products of a weight and a value one picture takes, in billions."""
    total = 0

    def count(layer, *args, **kwargs):
        nonlocal total
        out = layer(*args, **kwargs)
        if isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.SeparableConv2D):
            kernels = sum(np.prod(weight.shape) for weight in layer.weights if weight.name.endswith("kernel"))
            total += kernels * np.prod(out.shape[1:3])
        return out

    pictures = keras.Input((size, size, 3))
    keras.models.clone_model(opened(model), pictures, clone_function=lambda layer: layer, call_function=count)
    return float(total) / 1e9


def strides(seed):
    """Output strides, the head's rates chosen so that it reaches equally many pixels."""
    rows = {}
    for output_stride in (32, 16, 8):
        rates = tuple(32 // output_stride * step for step in (1, 2))
        cost = multiply_adds(encoder("MobileNetV2", "paper", output_stride=output_stride))
        model, guess = train(seed, output_stride, rates)
        rows[f"output stride {output_stride}"] = {
            "parameters": model.count_params(),
            "billion multiply-adds of the encoder": cost,
        } | scores(guess)
    return rows


def by_size(guess):
    """The pet's IoU in the half of the pictures with little pet, and in the half with much; the mean IoU of all."""
    masks = pets()[1].masks
    share = (masks == 0).mean(axis=(1, 2))
    small = share < np.median(share)
    return {
        "pet IoU, small pets": iou_per_class(masks[small], guess[small], 3)[0],
        "pet IoU, large pets": iou_per_class(masks[~small], guess[~small], 3)[0],
        "mean IoU": iou_per_class(masks, guess, 3).mean(),
    }


def pyramid(seed):
    """Three branches of one rate against three rates, on a map of 16×16: the same parameters."""
    choices = {
        "rate 1": (1, 1, 1),
        "rate 3": (3, 3, 3),
        "rates 1, 3, 6": (1, 3, 6),
        "rates 18, 24, 36": (18, 24, 36),
    }
    return {name: by_size(train(seed, 8, rates)[1]) for name, rates in choices.items()}


def decoder(seed):
    """v3 grows its scores sixteenfold; v3+ meets a shallow map on the way, a U-Net several. The longer, the narrower."""
    rows = {
        "v3": train(seed, 16, (2, 4), filters=75),
        "v3+, map of stride 4": train(seed, 16, (2, 4), shallow=(4,)),
        "v3+, map of stride 2": train(seed, 16, (2, 4), shallow=(2,)),
        "maps of stride 8, 4 and 2": train(seed, 16, (2, 4), filters=53, shallow=(8, 4, 2)),
    }
    return {
        name: {"parameters": model.count_params()} | scores(masks) for name, (model, masks) in rows.items()
    }


if __name__ == "__main__":
    main(__doc__, {"strides": strides, "pyramid": pyramid, "decoder": decoder})
