"""Small stand-ins for lessons to come: what they will ask of the data core, it gives."""

import keras
import numpy as np
import tensorflow as tf

from segkit import callbacks, show
from segkit.datasets import Augment, Pictures, load
from segkit.datasets.objects import boxes_of


def test_a_model_with_two_outputs():
    """Masks and the number of animals from one picture, each with its loss."""

    def encode(fields, seed):
        count = tf.reduce_sum(tf.cast(fields["valid"], tf.float32), axis=1, keepdims=True)
        return fields["image"], {"mask": fields["classes"], "count": count}

    pets = load("paper_pets", size=32).validation.take(16)
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(keras.layers.Rescaling(1 / 255)(images))
    count = keras.layers.Dense(1, name="count")(keras.layers.GlobalAveragePooling2D()(x))
    model = keras.Model(images, {"mask": keras.layers.Conv2D(4, 1, name="mask")(x), "count": count})
    losses = {"mask": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "count": "mse"}
    model.compile("adam", losses)
    batches = pets.batches(8, training=True, augment=Augment(zoom=(0.7, 1.0)), encode=encode)
    history = model.fit(batches, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert model.predict(pets.images, verbose=0)["count"].shape == (16, 1)


def test_boxes_and_objects_of_one_batch_drawn_after_a_random_transform(monkeypatch):
    """The drawn boxes touch their animals on all four sides, whatever the transform did."""
    pets = load("paper_pets", size=96).validation
    everything = pets.batches(
        8,
        training=True,
        augment=Augment(zoom=(0.6, 1.0), turn=15),
        encode=lambda fields, seed: (fields["image"], fields),
    )
    _, fields = next(iter(everything))
    fields = {name: field.numpy() for name, field in fields.items()}
    published = []
    monkeypatch.setattr(show.pictures, "show", lambda figure, alt, **options: published.append(figure))
    rows = []
    for index in range(4):
        objects = show.instances(fields["image"][index], fields["instances"][index])
        boxed = show.boxed(objects, fields["boxes"][index], fields["valid"][index])
        rows.append([fields["image"][index], boxed])
        np.testing.assert_allclose(boxes_of(fields["instances"][index], 5), fields["boxes"][index], atol=1e-6)
        assert (boxed != objects).any()
    show.grid(rows, ["picture", "objects"], alt="Objects and their boxes")
    assert len(published) == 1


def test_a_prompt_is_a_random_point_of_a_random_object():
    """For each picture one of its objects, one of its pixels, and the mask of that object."""

    def encode(fields, seed):
        ids = fields["instances"]
        chances = tf.where(
            fields["valid"], tf.random.stateless_uniform(tf.shape(fields["valid"]), seed), -1.0
        )
        chosen = tf.argmax(chances, axis=1, output_type=tf.int32) + 1
        mask = ids == chosen[:, None, None]
        noise = tf.where(mask, tf.random.stateless_uniform(tf.shape(ids), seed + 1), -1.0)
        place = tf.argmax(tf.reshape(noise, (tf.shape(ids)[0], -1)), axis=1, output_type=tf.int32)
        point = tf.stack([place // ids.shape[2], place % ids.shape[2]], axis=1)
        return (fields["image"], point), tf.cast(mask, tf.uint8)

    pets = load("paper_pets", size=64).validation.take(20)
    batches = pets.batches(20, training=True, augment=Augment(), encode=encode)
    seen = []
    for _ in range(3):
        (_, points), masks = next(iter(batches))
        points, masks = points.numpy(), masks.numpy()
        assert masks[np.arange(20), points[:, 0], points[:, 1]].all() and not masks.all(axis=(1, 2)).any()
        seen.append(points)
    assert (seen[0] != seen[1]).any()


def test_a_clip_whose_frames_share_one_draw():
    pets = load("paper_pets", size=48).validation.take(6)
    still = np.stack([pets.images] * 3, axis=1)
    clips = Pictures(still, np.stack([pets.masks] * 3, axis=1), pets.classes, pets.names)
    images, masks = next(
        iter(clips.batches(6, training=True, augment=Augment(zoom=(0.6, 1.0), turn=10, light=0.3)))
    )
    assert images.shape == (6, 3, 48, 48, 3) and masks.shape == (6, 3, 48, 48)
    for frame in (1, 2):
        np.testing.assert_array_equal(images[:, frame], images[:, 0])
        np.testing.assert_array_equal(masks[:, frame], masks[:, 0])
    assert len({picture.tobytes() for picture in images[:, 0].numpy()}) == 6


def test_a_picture_without_objects():
    empty = Pictures(
        np.zeros((2, 8, 8, 3), np.uint8), np.zeros((2, 8, 8), np.uint8), ("background", "cell"),
        fields={"instances": np.zeros((2, 8, 8), np.int32), "boxes": np.zeros((2, 3, 4), np.float32), "valid": np.zeros((2, 3), bool)},
    )  # fmt: skip
    batches = empty.batches(
        2,
        training=True,
        augment=Augment(zoom=(0.5, 1.0)),
        encode=lambda fields, seed: (fields["image"], fields),
    )
    _, fields = next(iter(batches))
    assert not fields["valid"].numpy().any() and not fields["boxes"].numpy().any()


def test_the_display_draws_what_a_lesson_asks_for(monkeypatch):
    """Boxes in place of masks: the callback owns time and display, `draw` makes the rows."""
    shown = []
    monkeypatch.setattr(callbacks.show, "publish", lambda data, kind, alt, handle=None: shown.append(alt))
    pets = load("paper_pets", size=48).validation

    def boxes(pictures, outputs):
        return [
            [("picture", image), (f"{np.sum(valid)} animals", show.boxed(image, truth, valid))]
            for image, truth, valid in zip(pictures.images, pictures["boxes"], pictures["valid"], strict=True)
        ]

    model = keras.Sequential([keras.Input((48, 48, 3)), keras.layers.Conv2D(3, 1)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    callback = callbacks.DisplayCallback(pets, count=2, draw=boxes)
    model.fit(pets.take(8).batches(8), epochs=1, callbacks=[callback], verbose=0)
    assert len(shown) == 3 and "animals" in shown[-1]
