"""What every lesson's training needs and none teaches: compiling, a rate that rises and falls, frozen features."""

import keras
import numpy as np
from keras import ops

from .backbones import STRIDES
from .labels import VOID

CHUNK = 64  # pictures whose features are in memory at once in full precision


def compile_segmenter(model, optimizer="adam", loss=None, metrics=()):
    """Compile for masks: cross-entropy of the logits, void left out, unless another loss is given.

    Batch normalisation follows the data within tens of steps: Keras' 0.99 takes hundreds, which a lesson has not got.
    """
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=VOID)
    for layer in _all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = min(layer.momentum, 0.9)
    model.compile(optimizer, loss, metrics=list(metrics))
    return model


def rising_and_falling(peak, steps):
    """A learning rate that climbs to `peak` in a tenth of the steps and falls to 0 along a cosine in the others."""
    rise = steps // 10
    return keras.optimizers.schedules.CosineDecay(
        peak / 10, steps - rise, warmup_target=peak, warmup_steps=rise
    )


def start_of(model):
    """A function that sets a compiled model, its optimizer included, back to where it is now; it returns the model."""
    model.optimizer.build(model.trainable_variables)
    state = model.variables + model.optimizer.variables
    values = [ops.convert_to_numpy(variable) for variable in state]

    def start_over():
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
        return model

    return start_over


def features_of(encoder, images, strides=STRIDES, mirrored=True):
    """What an encoder says of pictures and of their mirror images: for each stride an array (2, N, h, w, channels).

    In half precision, and a few pictures at a time: the features of a data set are many times as large as its pictures.
    Without the mirror images (`mirrored=False`), as for pictures that are only looked at, the first axis has length 1.
    """
    network = keras.Model(encoder.input, [encoder.outputs[STRIDES.index(stride)] for stride in strides])
    stored = None
    for start in range(0, len(images), CHUNK):
        part = np.asarray(images[start : start + CHUNK])
        for side, pictures in enumerate((part, part[:, :, ::-1]) if mirrored else (part,)):
            # called directly: compiling a network takes longer than these few calls
            answer = keras.tree.flatten(network(pictures, training=False))
            maps = [ops.convert_to_numpy(each) for each in answer]
            if stored is None:
                sides = 2 if mirrored else 1
                stored = [np.empty((sides, len(images), *each.shape[1:]), "float16") for each in maps]
            for whole, each in zip(stored, maps, strict=True):
                whole[side, start : start + len(part)] = each
    return stored


class FeatureBatches(keras.utils.PyDataset):
    """Stored features with their masks, mirrored together or not at all, for the training of a decoder.

    Order and mirrors are drawn anew in each epoch; `fresh_flips=False` draws the mirrors once. `class_weights` adds the
    weight of its class to each pixel. What is left over after whole batches waits for the next epoch.
    """

    def __init__(self, features, masks, batch_size=16, class_weights=None, fresh_flips=True, seed=0):
        super().__init__()
        self.features, self.masks = features, np.stack([masks, masks[:, :, ::-1]])
        self.batch_size, self.class_weights, self.fresh_flips = batch_size, class_weights, fresh_flips
        self.random = np.random.default_rng(seed)
        self.flips = self.random.integers(0, 2, len(masks))
        self.order = self.random.permutation(len(masks))

    def __len__(self):
        return len(self.order) // self.batch_size

    def __getitem__(self, index):
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        rows = self.flips[chosen], chosen
        maps, masks = tuple(part[rows] for part in self.features), self.masks[rows]
        if self.class_weights is None:
            return maps, masks
        table = np.zeros(VOID + 1, "float32")
        table[: len(self.class_weights)] = self.class_weights
        return maps, masks, table[masks]

    def on_epoch_end(self):
        self.random.shuffle(self.order)
        if self.fresh_flips:
            self.flips = self.random.integers(0, 2, len(self.order))


def both_ways(model, images):
    """Class probabilities, averaged over the picture and its mirror image."""
    if not len(images):
        raise ValueError("There are no pictures to segment: give (number, height, width, 3), at least one.")
    straight = ops.softmax(model.predict(images, verbose=0))
    mirrored = ops.softmax(model.predict(images[:, :, ::-1], verbose=0))
    return ops.convert_to_numpy((straight + mirrored[:, :, ::-1]) / 2)


def _all_layers(model):
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from _all_layers(layer)
