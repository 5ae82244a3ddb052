"""The pipeline: order, noise and epochs; what an augmentation or an encoding may do wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from segkit.datasets import Augment, load
from segkit.labels import separated
from segkit.losses import weight_map

from .test_pictures import numbered


def passes(dataset, count):
    return [
        [np.concatenate(parts) for parts in zip(*((i.numpy(), m.numpy()) for i, m in dataset), strict=True)]
        for _ in range(count)
    ]


def test_without_training_the_order_is_kept_and_nothing_becomes_a_float():
    pictures = numbered()
    dataset = pictures.batches(3)
    assert dataset.cardinality() == 3
    assert [spec.dtype for spec in dataset.element_spec] == [tf.uint8, tf.uint8]
    for images, masks in passes(dataset, 2):
        np.testing.assert_array_equal(images, pictures.images)
        np.testing.assert_array_equal(masks, pictures.masks)


def test_training_shuffles_anew_each_epoch_and_repeats_for_the_same_seed():
    pictures = numbered(20)
    first, again, other = (passes(pictures.batches(8, training=True, seed=seed), 2) for seed in (1, 1, 2))
    for epoch in (0, 1):
        np.testing.assert_array_equal(first[epoch][0], again[epoch][0])
        np.testing.assert_array_equal(np.sort(first[epoch][0][:, 0, 0, 0]), np.arange(20))
    assert (first[0][0] != first[1][0]).any() and (first[0][0] != other[0][0]).any()


@pytest.mark.parametrize("augment", [Augment(), Augment(zoom=(0.5, 1.0)), Augment(turn=10.0, light=0.3)])
def test_an_epoch_can_be_repeated(augment):
    dataset = numbered(20).batches(8, training=True, augment=augment)
    _, second, third = passes(dataset, 3)
    dataset.epoch.assign(0)  # the next pass is the second
    for again, before in zip(passes(dataset, 2), (second, third), strict=True):
        np.testing.assert_array_equal(again[0], before[0])
        np.testing.assert_array_equal(again[1], before[1])
    assert (second[0] != third[0]).any()


def test_a_model_casts_what_it_is_given():
    """Pixels travel as one byte; the first layer makes numbers of its own precision of them."""
    pictures = numbered(8)
    model = keras.Sequential(
        [keras.Input((None, None, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Conv2D(3, 1)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(pictures.batches(4, training=True), validation_data=pictures.batches(4), epochs=1, verbose=0)
    expected = model.predict(pictures.images.astype("float32"), verbose=0)
    np.testing.assert_allclose(model.predict(pictures.batches(4), verbose=0), expected, atol=1e-6)


def test_an_endless_stream_has_the_same_epochs():
    """For `fit(batches.repeat(), steps_per_epoch=len(batches))`, which does not start the pipeline anew."""
    augment = Augment(zoom=(0.5, 1.0))
    alone, stream = (numbered(20).batches(8, training=True, augment=augment) for _ in range(2))
    endless = iter(stream.repeat())
    for epoch in (0, 1, 2, 1):
        alone.epoch.assign(epoch - 1)
        stream.epoch.assign(epoch - 1)  # as Resume does at the beginning of each epoch
        ((images, masks),) = passes(alone, 1)
        batches = [next(endless) for _ in range(len(stream))]
        np.testing.assert_array_equal(np.concatenate([batch[0] for batch in batches]), images)
        np.testing.assert_array_equal(np.concatenate([batch[1] for batch in batches]), masks)


def wrong_labels_later(fields, seed):
    """Right for the trial batch (epoch 0, step 0), wrong afterwards."""
    return fields | {"mask": fields["mask"] + tf.cast(3 * tf.minimum(seed[1], 1), tf.uint8)}


@pytest.mark.parametrize(
    "broken, error, words",
    [
        (
            lambda fields, seed: fields | {"mask": tf.cast(fields["mask"], tf.float32)},
            TypeError,
            "^The augmentation returned masks of float32",
        ),
        (
            lambda fields, seed: fields | {"mask": fields["mask"] + 3},
            ValueError,
            "^The augmentation made labels that are none of the 3 classes",
        ),
        (
            lambda fields, seed: fields | {"mask": fields["mask"][:, 1:]},
            ValueError,
            "^The augmentation made picture and mask different",
        ),
        (
            lambda fields, seed: (fields["image"], fields["mask"]),
            TypeError,
            "^The augmentation must return the fields",
        ),
        (wrong_labels_later, tf.errors.InvalidArgumentError, "labels that are none of the 3 classes"),
    ],
)
def test_an_augmentation_that_breaks_masks_is_caught(broken, error, words):
    with pytest.raises(error, match=words):
        list(numbered().batches(3, training=True, augment=broken))


@pytest.mark.parametrize(
    "encode, words",
    [
        (lambda fields, seed: fields["image"], "must return a tuple"),
        (lambda fields, seed: (fields["image"], "mask"), "returned str where a tensor belongs"),
    ],
)
def test_an_encoding_that_is_none(encode, words):
    with pytest.raises(TypeError, match=words):
        numbered().batches(3, encode=encode)


def test_class_weights_become_pixel_weights():
    pictures = numbered()
    pictures.masks[0, 0, 0] = 255
    _, masks, weights = next(iter(pictures.batches(7, encode=pictures.class_weights((1, 2, 5)))))
    np.testing.assert_array_equal(
        weights, np.select([masks == 0, masks == 1, masks == 2], [1.0, 2.0, 5.0], 0.0)
    )


def test_augmenting_outside_training_is_refused():
    with pytest.raises(ValueError, match="training=True"):
        numbered().batches(augment=Augment())


def test_border_weights_are_made_of_the_instances_as_they_were_moved():
    cells = load("paper_cells").train.take(3)

    def both(fields, seed):
        return (*cells.border_weights(8.0, 4.0, (1, 2))(fields, seed)[:2], fields["instances"])

    weighted = cells.batches(
        3, training=True, augment=Augment(elastic=4), encode=cells.border_weights(8.0, 4.0, (1, 2))
    )
    (images, masks, weights), (_, _, ids) = (
        next(iter(batches))
        for batches in (weighted, cells.batches(3, training=True, augment=Augment(elastic=4), encode=both))
    )
    assert images.shape == (3, 128, 128, 3) and masks.dtype == tf.uint8 and weights.dtype == tf.float32
    for mask, weight, moved in zip(masks.numpy(), weights.numpy(), ids.numpy(), strict=True):
        apart = separated(moved)
        np.testing.assert_array_equal(mask, apart > 0)
        np.testing.assert_array_equal(weight, weight_map(apart, 8.0, 4.0, (1, 2)))
    with pytest.raises(ValueError, match="no instances"):
        numbered().border_weights()
