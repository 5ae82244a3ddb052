"""The pipeline from pictures in memory to batches: shuffle, change, encode; the same for the same seed and epoch."""

import numbers
import os

import numpy as np
import tensorflow as tf

from ..labels import VOID
from .transforms import Augment

WORKERS = os.cpu_count() or 2  # fixed: a number that TensorFlow tunes starts small again in each epoch


def make_batches(pictures, batch_size, training, augment, encode, seed):
    """See `Pictures.batches`."""
    if isinstance(batch_size, bool) or not isinstance(batch_size, numbers.Integral) or batch_size < 1:
        raise ValueError(f"batch_size is {batch_size!r}; give a whole number of pictures, 1 or more.")
    if augment is not None and not training:
        raise ValueError("Pictures are augmented in training only: give training=True, or no augment.")
    encode = encode or image_and_mask
    with tf.device("CPU"):
        stored = _stored(pictures)
        epoch = tf.Variable(-1, dtype=tf.int64, trainable=False)

    def batch(rows, key):
        fields = {name: tf.gather(field, rows) for name, field in stored.items()}
        if augment is not None:
            fields = _checked(
                augment(fields, key), len(pictures.classes), trusted=isinstance(augment, Augment)
            )
        return encode(fields, key)

    # Once by hand: what is wrong with an augmentation or an encoding is said here, without TensorFlow's text around it.
    with tf.device("CPU"):
        _check_encoded(batch(tf.range(min(2, len(pictures))), tf.constant([0, 0], tf.int64)))

    count, steps = len(pictures), -(-len(pictures) // batch_size)

    def one_epoch(epoch):
        order = tf.range(count)
        if training:
            order = tf.random.experimental.stateless_shuffle(
                order, seed=tf.stack([tf.cast(seed, tf.int64), epoch])
            )
        rows = tf.data.Dataset.from_tensor_slices(order).batch(batch_size).enumerate()
        return rows.map(
            lambda step, rows: (rows, tf.stack([tf.cast(seed, tf.int64) * 1_000_003 + epoch, step]))
        )

    # Each pass over the data set begins here: it counts the epoch that order and noise are drawn from.
    counter = tf.data.Dataset.from_tensors(0).map(lambda _: epoch.assign_add(1))
    dataset = counter.flat_map(one_epoch).apply(tf.data.experimental.assert_cardinality(steps))
    dataset = dataset.map(batch, num_parallel_calls=WORKERS).prefetch(2 * WORKERS)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False  # they cost time at each start
    dataset = dataset.with_options(options)
    dataset.epoch = epoch  # `segkit.callbacks.Resume` sets it
    return dataset


def image_and_mask(fields, seed):
    """What `batches` yields where no `encode` is given."""
    return fields["image"], fields["mask"]


def _stored(pictures):
    """The fields as tensors; two names for one array share one tensor."""
    arrays = {"image": pictures.images, "mask": pictures.masks, **pictures.fields}
    tensors = {}
    for array in arrays.values():
        if _place(array) not in tensors:
            tensors[_place(array)] = tf.constant(array)
    return {name: tensors[_place(array)] for name, array in arrays.items()}


def _place(array):
    return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str


def _checked(fields, num_classes, trusted):
    """What an augmentation of the student's own returned must still be pictures with masks."""
    if trusted:
        return fields
    if not (isinstance(fields, dict) and {"image", "mask"} <= fields.keys()):
        raise TypeError(
            "The augmentation must return the fields that it was given, a dictionary with image and mask."
        )
    masks, images = tf.convert_to_tensor(fields["mask"]), fields["image"]
    if not masks.dtype.is_integer:
        raise TypeError(
            f"The augmentation returned masks of {masks.dtype.name}: labels are whole numbers, so move them with "
            "nearest neighbour and return the type they came in."
        )
    if masks.shape[1:3].as_list() != list(images.shape[1:3]):
        raise ValueError("The augmentation made picture and mask different in size.")
    labels = tf.cast(masks, tf.int32)
    wrong = tf.reduce_any((labels != VOID) & ((labels < 0) | (labels >= num_classes)))
    sentence = f"The augmentation made labels that are none of the {num_classes} classes."
    if tf.executing_eagerly() and wrong:
        raise ValueError(sentence)
    with tf.control_dependencies([tf.debugging.Assert(~wrong, [sentence])]):
        return {**fields, "mask": tf.identity(masks)}


def _check_encoded(encoded):
    if not isinstance(encoded, tuple) or len(encoded) not in (2, 3):
        raise TypeError("encode must return a tuple: (x, y), or (x, y, weights).")
    for part in tf.nest.flatten(encoded):
        if not isinstance(part, np.ndarray | tf.Tensor | tf.RaggedTensor):
            raise TypeError(f"encode returned {type(part).__name__} where a tensor belongs.")
