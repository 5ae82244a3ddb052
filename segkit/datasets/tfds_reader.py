"""From a prepared TFDS set to arrays: all that an example knows, resized, in the course's numbering."""

import functools

import numpy as np
import tensorflow as tf

from ..labels import VOID


def splits(builder, read_example, objects=0):
    """For each split a function size → (fields, names). `objects` is the most that one picture has."""
    return {
        split: functools.partial(_read, builder, split, functools.partial(read_example, objects=objects))
        for split in builder.info.splits
    }


def _read(builder, split, read_example, size):
    def read(example):
        return {name: _resized(name, field, size) for name, field in read_example(example).items()}

    try:
        # order as prepared, so that two runs see the same pictures in the same order
        examples = builder.as_dataset(split=split, shuffle_files=False)
        examples = examples.map(read, num_parallel_calls=tf.data.AUTOTUNE).batch(64).prefetch(2)
        parts = list(examples.as_numpy_iterator())
    except (tf.errors.DataLossError, tf.errors.NotFoundError) as error:
        raise OSError(
            f"The prepared data in {builder.data_path} are damaged: remove that folder and run again; the set is then "
            "prepared anew."
        ) from error
    fields = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    names = tuple(name.decode() for name in fields.pop("name"))
    return fields, names


def paper_pets(example, objects):
    count = tf.shape(example["label"])[0]

    def padded(values):
        rest = [[0, objects - count], *[[0, 0]] * (values.shape.rank - 1)]
        return tf.ensure_shape(tf.pad(values, rest), (objects, *values.shape[1:]))

    points = tf.gather(example["keypoints"], [1, 0, 2], axis=-1)  # stored as x, y; here y comes first
    return {
        "image": example["image"],
        "trimap": _trimap(example),
        "classes": example["class_mask"][..., 0],
        "instances": tf.cast(example["instance_mask"][..., 0], tf.int32),
        "boxes": padded(example["bbox"]),
        "labels": padded(tf.cast(example["label"] + 1, tf.int32)),  # as in "classes", where 0 is background
        "keypoints": padded(points),
        "valid": tf.sequence_mask(count, objects),
        "name": example["file_name"],
    }


def paper_places(example, objects):
    return paper_pets(example, objects) | {"places": example["place_mask"][..., 0]}


def paper_cells(example, objects):
    return {
        "image": example["image"],
        "cells": example["cell_mask"][..., 0],
        "instances": tf.cast(example["instance_mask"][..., 0], tf.int32),
        "name": example["file_name"],
    }


def oxford_iiit_pet(example, objects):
    """One animal a picture; for species, its border belongs to neither side."""
    trimap = _trimap(example)
    labels = tf.stack(
        [tf.cast(example["species"], tf.uint8) + 1, tf.constant(0, tf.uint8), tf.constant(VOID, tf.uint8)]
    )
    return {
        "image": example["image"],
        "trimap": trimap,
        "classes": tf.gather(labels, tf.cast(trimap, tf.int32)),
        "name": example["file_name"],
    }


def _trimap(example):
    """1 pet, 2 background, 3 border → 0, 1, 2. A 0, which no trimap has, must not wrap round to 255, void."""
    trimap = example["segmentation_mask"][..., 0]
    return tf.where(tf.equal(trimap, 0), tf.constant(254, tf.uint8), trimap - 1)


def _resized(name, field, size):
    if name == "image":
        if field.shape[:2] != size:
            field = tf.image.resize(field, size, method="bilinear", antialias=True)
            field = tf.cast(tf.clip_by_value(tf.round(field), 0, 255), tf.uint8)
        return field
    if name in ("trimap", "classes", "places", "cells", "instances") and field.shape != size:
        return tf.image.resize(field[..., None], size, method="nearest")[..., 0]
    return field
