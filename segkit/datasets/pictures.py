"""Pictures with their masks, in memory as uint8, and the batches that training takes from them."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from ..labels import VOID, check_mask


@dataclasses.dataclass(frozen=True)
class Pictures:
    """`images` (N, H, W, 3) and `masks` (N, H, W), both uint8, of one size; `classes` names the labels.

    `objects` holds a dictionary a picture (boxes, labels, key points) where the data set has them.
    """

    images: np.ndarray
    masks: np.ndarray
    classes: tuple
    names: tuple = ()
    objects: tuple = ()

    def __post_init__(self):
        if len(self.images) == 0:
            raise ValueError(
                "There are no pictures here: check the folder, the split, or the number you asked for."
            )
        if len(self.images) != len(self.masks):
            raise ValueError(
                f"There are {len(self.images)} pictures and {len(self.masks)} masks: every picture needs its own."
            )
        check_mask(self.masks, len(self.classes), self.images[0], "A mask")

    def __len__(self):
        return len(self.images)

    def __repr__(self):
        height, width = self.masks.shape[1:]
        return f"{len(self)} pictures of {height}×{width}, classes {', '.join(self.classes)}"

    def rows(self, index):
        """The pictures at these positions (a slice or a list of numbers)."""
        order = np.arange(len(self))[index]
        pick = lambda values: tuple(values[i] for i in order) if values else ()  # noqa: E731
        return dataclasses.replace(
            self,
            images=self.images[order],
            masks=self.masks[order],
            names=pick(self.names),
            objects=pick(self.objects),
        )

    def take(self, count):
        """The first `count` pictures."""
        return self.rows(slice(count))

    def split(self, share, seed=0):
        """Two parts, `share` and the rest, in an order drawn from `seed`: `train, validation = p.split(0.85)`."""
        order = np.random.RandomState(seed).permutation(len(self))
        cut = round(share * len(self))
        return self.rows(order[:cut]), self.rows(order[cut:])

    def batches(self, batch_size=16, *, training=False, augment=None, class_weights=None, seed=0):
        """A `tf.data.Dataset` of (images float32 0..255, masks uint8), for `fit`, `evaluate` and `predict`.

        `training=True` shuffles, anew each epoch; `augment(images, masks, seed)` then changes each batch, anew
        each epoch too. Order and noise depend on (`seed`, epoch) alone, so that a resumed training repeats them.
        `class_weights` adds a third part, a weight a pixel, which `fit` hands to the loss; void weighs 0.
        """
        if augment is not None and not training:
            raise ValueError("Pictures are augmented in training only: give training=True, or no augment.")
        if class_weights is not None and len(class_weights) != len(self.classes):
            raise ValueError(
                f"class_weights has {len(class_weights)} numbers for {len(self.classes)} classes: give one each."
            )
        with tf.device("CPU"):
            images, masks = tf.constant(self.images), tf.constant(self.masks)
            epoch = tf.Variable(-1, dtype=tf.int64, trainable=False)
            weights = np.zeros(256, np.float32)
            weights[: len(self.classes)] = 1 if class_weights is None else class_weights
            weights = tf.constant(weights)
        count, num_classes = len(self), len(self.classes)

        def batch(epoch, step, rows):
            batch_images, batch_masks = tf.gather(images, rows), tf.gather(masks, rows)
            if augment is not None:
                key = tf.stack([tf.cast(seed, tf.int64) * 1_000_003 + epoch, step])
                batch_images, batch_masks = augment(batch_images, batch_masks, key)
                batch_masks = _checked(batch_images, batch_masks, num_classes)
            batch_images = tf.cast(batch_images, tf.float32)
            if class_weights is None:
                return batch_images, batch_masks
            return batch_images, batch_masks, tf.gather(weights, tf.cast(batch_masks, tf.int32))

        def one_epoch(epoch):
            order = tf.range(count)
            if training:
                order = tf.random.experimental.stateless_shuffle(
                    order, seed=tf.stack([tf.cast(seed, tf.int64), epoch])
                )
            rows = tf.data.Dataset.from_tensor_slices(order).batch(batch_size).enumerate()
            return rows.map(lambda step, rows: batch(epoch, step, rows), num_parallel_calls=tf.data.AUTOTUNE)

        # Each pass over the data set begins here: it counts the epoch that order and noise are drawn from.
        counter = tf.data.Dataset.from_tensors(0).map(lambda _: epoch.assign_add(1))
        dataset = counter.flat_map(one_epoch)
        dataset = dataset.apply(tf.data.experimental.assert_cardinality(math.ceil(count / batch_size)))
        dataset = dataset.prefetch(tf.data.AUTOTUNE)
        dataset.epoch = epoch  # `segkit.callbacks.Resume` sets it
        return dataset


def _checked(images, masks, num_classes):
    """`check_mask` for what an augmentation returned, inside the pipeline."""
    if not masks.dtype.is_integer:
        raise TypeError(
            f"The augmentation returned masks of {masks.dtype.name}: labels are whole numbers, so move them with "
            "nearest neighbour and return the type they came in."
        )
    labels = tf.cast(masks, tf.int32)
    largest = tf.reduce_max(tf.where(labels == VOID, 0, labels))
    checks = [
        tf.debugging.assert_less(
            largest, num_classes, f"The augmentation made labels that are none of the {num_classes} classes."
        ),
        tf.debugging.assert_equal(
            tf.shape(masks)[1:3],
            tf.shape(images)[1:3],
            "The augmentation made picture and mask different in size.",
        ),
    ]
    with tf.control_dependencies(checks):
        return tf.identity(masks)
