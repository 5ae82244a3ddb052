"""Pictures: fields of equal length, parts that copy nothing, and what is refused."""

import numpy as np
import pytest

from segkit.datasets import Pictures

CLASSES = ("pet", "background", "border")


def numbered(count=7, size=(5, 4), **fields):
    """Pictures whose red channel holds their number and whose mask follows from their pixels."""
    random = np.random.RandomState(0)
    masks = random.randint(0, 3, (count, *size)).astype(np.uint8)
    images = np.stack(
        [np.broadcast_to(np.arange(count)[:, None, None], masks.shape), masks * 80, masks * 100], axis=-1
    )
    return Pictures(images.astype(np.uint8), masks, CLASSES, tuple(map(str, range(count))), fields)


def test_parts_carry_every_field():
    pictures = numbered(20, labels=np.arange(40).reshape(20, 2))
    for part in (pictures.take(5), pictures.rows([3, 1, 4]), *pictures.split(0.8, seed=1)):
        order = part.images[:, 0, 0, 0]
        np.testing.assert_array_equal(part["labels"][:, 0], 2 * order)
        np.testing.assert_array_equal(part["mask"], pictures.masks[order])
        assert part.names == tuple(map(str, order)) and part.classes == CLASSES
    train, validation = pictures.split(0.8, seed=1)
    assert (len(train), len(validation)) == (16, 4) and not set(train.names) & set(validation.names)
    assert len(pictures.take(None)) == 20


def test_taking_copies_nothing_and_checks_nothing_again(monkeypatch):
    pictures = numbered(20, labels=np.arange(20))
    monkeypatch.setattr(
        "segkit.datasets.pictures.check_mask", lambda *arguments: pytest.fail("checked again")
    )
    part = pictures.take(5)
    assert np.shares_memory(part.images, pictures.images) and np.shares_memory(
        part["labels"], pictures["labels"]
    )
    pictures.rows([1, 2])


def test_a_field_that_is_not_there_is_told_what_is():
    with pytest.raises(KeyError, match="no 'boxes'; they have image, mask, labels"):
        numbered(3, labels=np.arange(3))["boxes"]


IMAGES, MASKS = np.zeros((2, 4, 4, 3), np.uint8), np.zeros((2, 4, 4), np.uint8)


@pytest.mark.parametrize(
    "images, masks, fields, error, words",
    [
        (IMAGES / 255, MASKS, {}, TypeError, "float64: multiply shares of 0..1 by 255"),
        (IMAGES + np.float32("nan"), MASKS, {}, TypeError, "these are float32"),
        (IMAGES[..., 0], MASKS, {}, ValueError, "repeat grey ones three times"),
        (list(IMAGES), MASKS, {}, TypeError, "np.stack"),
        (IMAGES, MASKS[:1], {}, ValueError, "2 pictures and 1 masks"),
        (IMAGES, MASKS, {"boxes": np.zeros((3, 1, 4))}, ValueError, "2 pictures and 3 boxess?"),
        (IMAGES, MASKS, {"instances": MASKS / 1}, TypeError, "instances holds float64"),
        (IMAGES, MASKS + np.uint8(3), {}, ValueError, "label 3, but there are 3 classes"),
        (IMAGES, MASKS[:, 1:], {}, ValueError, "3×4.*4×4"),
        (IMAGES[:0], MASKS[:0], {}, ValueError, "no pictures here"),
    ],
)
def test_what_pictures_are_not(images, masks, fields, error, words):
    with pytest.raises(error, match=words):
        Pictures(images, masks, CLASSES, (), fields)


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        (lambda p: p.rows(3), TypeError, r"rows\(\[3\]\)"),
        (lambda p: p.take(0), ValueError, "no pictures here"),
        (lambda p: p.split(1.0), ValueError, "leaves one part empty"),
        (lambda p: p.class_weights((1, 2)), ValueError, "2 entries for 3 classes.*pet, background, border"),
        (
            lambda p: p.class_weights({"pet": 1, "background": 1, "border": 2}),
            ValueError,
            "a number for each",
        ),
        (lambda p: p.class_weights(2), ValueError, "1 entries for 3 classes"),
        *[
            (lambda p, size=size: p.batches(size), ValueError, "batch_size is .*whole number of pictures")
            for size in (0, -1, None, "8", 2.0, True)
        ],
    ],
)
def test_bad_arguments_get_one_sentence(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong(numbered())
