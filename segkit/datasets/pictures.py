"""Pictures with all that is known about them, in memory, in arrays of equal length."""

import dataclasses
import numbers

import numpy as np

from ..labels import check_mask, separated
from .batches import make_batches

INTEGER_FIELDS = ("trimap", "classes", "cells", "instances", "labels")


@dataclasses.dataclass(frozen=True, repr=False)
class Pictures:
    """`images` (N, H, W, 3) and `masks` (N, H, W), both of one size; `classes` names the labels of the masks.

    `fields` holds what else is known, under these names; `pictures["boxes"]` reads one, "image" and "mask" too:
      trimap, classes, cells  (N, H, W)  other targets, as masks
      instances        (N, H, W)     int32 ids: 0 background, 1 … M
      boxes            (N, M, 4)     of each object: top, left, bottom, right as shares of the picture's sides
      labels           (N, M)        of each object: its class, 1 … (0 where there is no object)
      keypoints        (N, M, P, 3)  y, x as shares of the sides, and 0 absent, 1 hidden, 2 visible
      valid            (N, M)        True where there is an object; the rest is padding
    A clip has one axis more behind N: its frames.
    """

    images: np.ndarray
    masks: np.ndarray
    classes: tuple
    names: tuple = ()
    fields: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        images, masks = self.images, self.masks
        if not (hasattr(images, "shape") and hasattr(masks, "shape")):
            raise TypeError("Pictures takes arrays: make one of a list with np.stack(list).")
        if len(images) == 0:
            raise ValueError(
                "There are no pictures here: check the folder, the split, or the number you asked for."
            )
        if images.dtype != np.uint8:
            raise TypeError(
                f"Pictures are uint8 with pixels 0..255, and these are {images.dtype}: multiply shares of 0..1 by 255, "
                "then np.round(images).astype('uint8')."
            )
        if images.ndim not in (4, 5) or images.shape[-1] != 3:
            raise ValueError(
                f"Pictures have shape (N, height, width, 3), and these {images.shape}: repeat grey ones three times, "
                "np.repeat(images[..., None], 3, axis=-1)."
            )
        for name, field in {"mask": masks, **self.fields}.items():
            if len(field) != len(images):
                raise ValueError(
                    f"There are {len(images)} pictures and {len(field)} {name}s: every picture needs its own."
                )
            if name in INTEGER_FIELDS and not np.issubdtype(field.dtype, np.integer):
                raise TypeError(f"{name} holds {field.dtype} values, and these are whole numbers.")
        check_mask(
            masks.reshape(-1, *masks.shape[-2:]),
            len(self.classes),
            images[:1].reshape(-1, *images.shape[-3:])[0],
            "A mask",
        )

    def __len__(self):
        return len(self.images)

    def __repr__(self):
        height, width = self.images.shape[-3:-1]
        known = f"; also {', '.join(self.fields)}" if self.fields else ""
        return f"{len(self)} pictures of {height}×{width}, classes {', '.join(self.classes)}{known}"

    def __getitem__(self, field):
        everything = {"image": self.images, "mask": self.masks, **self.fields}
        if field not in everything:
            raise KeyError(f"These pictures have no {field!r}; they have {', '.join(everything)}.")
        return everything[field]

    def rows(self, index):
        """The pictures at these positions (a slice or a list of numbers). A slice copies nothing."""
        if isinstance(index, numbers.Integral):
            raise TypeError(f"rows takes a slice or a list of numbers: rows([{index}]).")
        order = index if isinstance(index, slice) else np.arange(len(self))[index]
        part = object.__new__(Pictures)  # checked already
        names = tuple(np.array(self.names, object)[order]) if self.names else ()
        values = (self.images[order], self.masks[order], self.classes, names)
        for field, value in zip(dataclasses.fields(self), values, strict=False):
            object.__setattr__(part, field.name, value)
        object.__setattr__(part, "fields", {name: field[order] for name, field in self.fields.items()})
        if len(part) == 0:
            raise ValueError(
                "There are no pictures here: check the folder, the split, or the number you asked for."
            )
        return part

    def take(self, count):
        """The first `count` pictures; all for None."""
        return self.rows(slice(count))

    def split(self, share, seed=0):
        """Two parts, `share` and the rest, in an order drawn from `seed`: `train, validation = p.split(0.85)`."""
        order = np.random.RandomState(seed).permutation(len(self))
        cut = round(share * len(self))
        if not 0 < cut < len(self):
            raise ValueError(
                f"A share of {share} of {len(self)} pictures leaves one part empty; give one between 0 and 1."
            )
        return self.rows(order[:cut]), self.rows(order[cut:])

    def batches(self, batch_size=16, *, training=False, augment=None, encode=None, seed=0):
        """A `tf.data.Dataset` of (images, masks), both uint8, for `fit`, `evaluate` and `predict`.

        `training=True` shuffles, anew each epoch; `augment(fields, seed) -> fields` then changes each batch, anew each
        epoch too. `encode(fields, seed) -> (x, y)` or `(x, y, weights)` makes of a batch's fields what the model trains
        on. Order and noise depend on (`seed`, epoch) alone, so that a resumed training repeats them.
        `fit(batches)` starts the pipeline once an epoch, some hundredths of a second; where that counts, on a GPU,
        `fit(batches.repeat(), steps_per_epoch=len(batches))` lets it run on.
        """
        return make_batches(self, batch_size, training, augment, encode, seed)

    def class_weights(self, weights):
        """An `encode` that adds a weight for each pixel, which `fit` hands to the loss: that of its class; void weighs 0."""
        weights = [weights] if np.ndim(weights) == 0 else list(weights)
        if len(weights) != len(self.classes) or any(isinstance(weight, str) for weight in weights):
            raise ValueError(
                f"class_weights has {len(weights)} entries for {len(self.classes)} classes; give a number for each, in this "
                f"order: {', '.join(self.classes)}."
            )
        table = np.zeros(256, np.float32)
        table[: len(weights)] = weights

        def encode(fields, seed):
            import tensorflow as tf

            return fields["image"], fields["mask"], tf.gather(table, tf.cast(fields["mask"], tf.int32))

        return encode

    def border_weights(self, w0=10.0, sigma=5.0, class_weights=(1.0, 1.0)):
        """An `encode` for touching objects: the mask is made anew from the instances, with a gap where two of them touch,
        and each pixel gets the weight that `segkit.losses.weight_map` says.

        Made of the instances as they are after the augmentation, so that gaps and weights are exact in every epoch.
        """
        from ..losses import weight_map  # here: reading pictures needs no Keras

        if "instances" not in self.fields:
            raise ValueError(
                "These pictures have no instances, and the weights are made from them: give from_folder(instances=…)."
            )

        def weigh(instances):
            apart = np.stack([separated(ids) for ids in instances])
            weights = np.stack([weight_map(ids, w0, sigma, class_weights) for ids in apart])
            return (apart > 0).astype(np.uint8), weights

        def encode(fields, seed):
            import tensorflow as tf

            masks, weights = tf.numpy_function(weigh, [fields["instances"]], (tf.uint8, tf.float32))
            shape = fields["instances"].shape
            return fields["image"], tf.ensure_shape(masks, shape), tf.ensure_shape(weights, shape)

        return encode
