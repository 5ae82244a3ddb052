"""What lesson 02 states and does not train live: python benchmarks/ablations/02_fcn.py [--seed 0] [--only skips]

Decoders on the stored features of a frozen encoder, 200 training pictures of 128×128, the same batches and steps for all,
scored on the 100 validation pictures.
"""

import keras
from common import main
from keras import layers

from segkit.backbones import encoder
from segkit.datasets import load
from segkit.layers import Bilinear, Hypercolumns
from segkit.metrics import iou_per_class
from segkit.models import fcn_decoder
from segkit.training import FeatureBatches, compile_segmenter, features_of, rising_and_falling

STRIDES, EPOCHS, PICTURES = (8, 16, 32), 10, 200

# table, column, the row with more, the row with less
SHOWN = (
    ("skips", "border IoU", "FCN-16s", "FCN-32s"),
    ("skips", "border IoU", "FCN-8s", "FCN-16s"),
    ("skips", "mean IoU", "FCN-8s", "FCN-16s"),
    ("skips", "mean IoU", "FCN-8s", "hypercolumns"),
    ("skips", "mean IoU", "FCN-32s, four times as long", "FCN-32s"),
    ("skips", "mean IoU", "FCN-16s", "FCN-32s, four times as long"),
    ("skips", "border IoU", "FCN-16s", "FCN-32s, four times as long"),
    ("encoders", "mean IoU", "ImageNet, then drawn animals", "random"),
)


def pets():
    data = load("paper_pets", size=128)
    return data.train.take(PICTURES), data.validation


def stored_features(weights):
    network = encoder("MobileNetV2", weights)
    train, validation = pets()
    tests = features_of(network, validation.images, STRIDES, mirrored=False)
    return features_of(network, train.images, STRIDES), tests


def even(maps):
    """Each channel to mean 0 and spread 1: a random network's maps are small, and scales are not what is compared."""
    straight = maps[0].astype("float32")
    return layers.Normalization(mean=straight.mean(axis=(0, 1, 2)), variance=straight.var(axis=(0, 1, 2)))


def hypercolumn_decoder(features):
    scores = layers.Conv2D(3, 1)(Hypercolumns()(features))
    growing = {"use_bias": False, "kernel_initializer": Bilinear()}
    return layers.Conv2DTranspose(3, 16, 8, "same", dtype="float32", **growing)(scores)


def score(seed, build, features, epochs=EPOCHS):
    """Train one decoder; mean IoU and border IoU of its answers."""
    (train, validation), (seen, tests) = pets(), features
    keras.utils.set_random_seed(seed)
    inputs = [keras.Input(maps.shape[2:]) for maps in seen]
    decoder = keras.Model(inputs, build([even(maps)(x) for maps, x in zip(seen, inputs, strict=True)]))
    batches = FeatureBatches(seen, train.masks, class_weights=(1, 1, 2), seed=seed)
    compile_segmenter(decoder, keras.optimizers.Adam(rising_and_falling(5e-3, epochs * len(batches))))
    decoder.fit(batches, epochs=epochs, verbose=0)
    guess = decoder.predict([maps[0] for maps in tests], verbose=0).argmax(axis=-1)
    iou = iou_per_class(validation.masks, guess, 3)
    trained = sum(weight.numpy().size for weight in decoder.trainable_weights)
    return {"parameters": trained, "mean IoU": iou.mean(), "border IoU": iou[2]}


def skips(seed):
    features = stored_features("paper")
    decoders = {
        f"FCN-{stride}s": lambda maps, stride=stride: fcn_decoder(maps, 3, stride) for stride in (32, 16, 8)
    }
    decoders["hypercolumns"] = hypercolumn_decoder
    rows = {name: score(seed, build, features) for name, build in decoders.items()}
    # its one large kernel has six times the weights of FCN-8s: does it only need more time?
    longer = score(seed, decoders["FCN-32s"], features, epochs=4 * EPOCHS)
    return rows | {"FCN-32s, four times as long": longer}


def encoders(seed):
    """FCN-8s on a pretrained and on a random encoder, both frozen."""
    rows = {}
    for name, weights in {"ImageNet, then drawn animals": "paper", "random": None}.items():
        keras.utils.set_random_seed(seed)
        row = score(seed, lambda maps: fcn_decoder(maps, 3, 8), stored_features(weights))
        rows[name] = {column: row[column] for column in ("border IoU", "mean IoU")}
    return rows


if __name__ == "__main__":
    main(__doc__, {"skips": skips, "encoders": encoders})
