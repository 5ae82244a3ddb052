"""Panoptic quality against the official definition, written as a loop over segments; crowds, void, empty pictures."""

import keras
import numpy as np
import pytest
from keras import ops

from segkit.metrics import PanopticQuality

CLASSES, THINGS = 4, (1, 2)


def segments(maps, void=255):
    """{(class, number): mask} of one picture."""
    pairs = {tuple(pair) for pair in maps.reshape(-1, 2) if pair[0] != void}
    return {pair: np.all(maps == pair, axis=-1) for pair in sorted(pairs)}


def by_loop(truths, guesses):
    """Kirillov and others' counts, one segment after another → {class: [ious, matched, missed, invented]}."""
    table = np.zeros((CLASSES, 4))
    for truth, guess in zip(truths, guesses, strict=True):
        void, true, named = truth[..., 0] == 255, segments(truth), segments(guess)
        matched_true, matched_named = set(), set()
        for (label, number), mask in true.items():
            for other, answer in named.items():
                if number == -1 or other[0] != label:
                    continue
                shared = (mask & answer).sum()
                iou = shared / (mask.sum() + answer.sum() - shared - (void & answer).sum())
                if shared and iou > 0.5:
                    table[label, :2] += iou, 1
                    matched_true.add((label, number))
                    matched_named.add(other)
        for pair in true:
            table[pair[0], 2] += pair not in matched_true and pair[1] != -1
        for pair, answer in named.items():
            crowd = true.get((pair[0], -1), np.zeros_like(void))
            free = (answer & (void | crowd)).sum() / answer.sum() <= 0.5
            table[pair[0], 3] += pair not in matched_named and free
    return table


def pq_of(table):
    present = table[:, 1:].sum(axis=1) > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        quality = np.nan_to_num(table[:, 0] / table[:, 1])
        recognised = np.nan_to_num(table[:, 1] / (table[:, 1] + table[:, 2:].sum(axis=1) / 2))
    scores = quality * recognised

    def mean(values, where):
        return values[where].mean() if where.any() else 0.0

    thing = np.isin(np.arange(CLASSES), THINGS)
    return {
        "pq": mean(scores, present),
        "sq": mean(quality, present),
        "rq": mean(recognised, present),
        "pq_things": mean(scores, present & thing),
        "pq_stuff": mean(scores, present & ~thing),
    }


def random_maps(random, size, numbers=(1, 2, 3), void=0.0, crowd=False):
    """Stuff 0 and 3 in two halves, boxes of things on top, some of them void or a crowd."""
    height, width = size
    maps = np.zeros((height, width, 2), np.int32)
    maps[random.integers(0, height + 1) :, :, 0] = 3
    for number in random.permutation(numbers)[: random.integers(0, len(numbers) + 1)]:
        top, left = random.integers(0, height), random.integers(0, width)
        box = np.s_[top : top + random.integers(1, height + 1), left : left + random.integers(1, width + 1)]
        maps[box] = random.choice(THINGS), -1 if crowd and random.random() < 0.3 else number
    maps[random.random((height, width)) < void] = 255, 0
    return maps


def nearly(maps, random):
    """The same map, moved by a pixel or two and with some classes changed: segments that match, and some that do not."""
    moved = np.roll(maps, random.integers(-2, 3, 2), axis=(0, 1))
    moved[moved[..., 0] == 255] = 0, 0
    moved[moved[..., 1] == -1, 1] = 5
    if random.random() < 0.3:
        moved[moved[..., 1] == 1, 0] = random.choice(THINGS)
    return moved


@pytest.mark.parametrize("void", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("crowd", [False, True])
def test_panoptic_quality_agrees_with_the_loop_on_a_hundred_pictures(void, crowd):
    random = np.random.default_rng(0)
    metric, table = PanopticQuality(CLASSES, THINGS, most_objects=9), 0
    for size in ((17, 23), (1, 9), (32, 32), (5, 1)):
        truths = np.stack([random_maps(random, size, void=void, crowd=crowd) for _ in range(30)])
        guesses = np.stack([nearly(maps, random) for maps in truths])
        guesses[::5, : size[0] // 2, :, 0] = 255  # an answer may leave pixels out
        guesses[guesses[..., 0] == 255] = 255, 0
        metric.update_state(truths[:11], guesses[:11])
        metric.update_state(truths[11:], guesses[11:])
        table = table + by_loop(truths, guesses)
    found = {name: float(value) for name, value in metric.result().items()}
    assert found == pytest.approx(pq_of(table), abs=1e-6)
    if void < 1:
        assert 0.1 < found["pq"] < 0.99 and table[:, 1].min() > 5 and table[:, 2:].min() > 5


def test_a_perfect_answer_has_one_and_an_empty_one_nothing():
    maps = random_maps(np.random.default_rng(3), (20, 30))[None]
    metric = PanopticQuality(CLASSES, THINGS, most_objects=9)
    assert float(metric.result()["pq"]) == 0  # nothing seen
    metric.update_state(maps, maps)
    assert {name: float(value) for name, value in metric.result().items() if name in ("pq", "sq", "rq")} == {
        "pq": 1,
        "sq": 1,
        "rq": 1,
    }
    metric.reset_state()
    metric.update_state(maps, np.full_like(maps, 255) * np.array([1, 0], np.int32))
    assert float(metric.result()["pq"]) == 0


@pytest.mark.parametrize("jit", [False, True])
def test_it_counts_in_evaluate_and_under_xla(jit):
    if jit and keras.backend.backend() not in ("tensorflow", "jax"):
        pytest.skip("this backend has no XLA")
    random = np.random.default_rng(1)
    truths = np.stack([random_maps(random, (16, 12)) for _ in range(6)])
    guesses = np.stack([nearly(maps, random) for maps in truths])

    class Same(keras.layers.Layer):
        def call(self, maps):
            return maps

        def compute_output_spec(self, maps):
            return keras.KerasTensor(maps.shape, maps.dtype)

    model = keras.Sequential([keras.Input((16, 12, 2), dtype="int32"), Same(dtype="int32")])
    model.compile(
        loss=lambda truth, guess: ops.mean(ops.cast(guess, "float32")),
        metrics=[PanopticQuality(CLASSES, THINGS, most_objects=9)],
        jit_compile=jit,
    )
    seen = model.evaluate(guesses, truths, batch_size=3, verbose=0, return_dict=True)
    assert float(seen["pq"]) == pytest.approx(pq_of(by_loop(truths, guesses))["pq"], abs=1e-6)


def test_it_survives_its_config():
    metric = PanopticQuality(3, (1,), most_objects=7, name="p")
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert again.get_config() == metric.get_config()


GOOD = np.zeros((1, 4, 4, 2), np.int32)


@pytest.mark.parametrize(
    ("truth", "guess", "words"),
    [
        (GOOD[0], GOOD, "class and object number"),
        (GOOD, GOOD[:, :2], "the same pictures"),
        (GOOD + 7, GOOD, "there are 0 to 3"),
        (GOOD, GOOD + [0, 12], "raise most_objects"),
        (GOOD, GOOD - [0, 1], "raise most_objects"),
        (GOOD, GOOD.astype("float32"), "whole numbers"),
    ],
)
def test_bad_maps_are_told_the_cure(truth, guess, words):
    with pytest.raises((ValueError, TypeError), match=words):
        PanopticQuality(4, (1,), most_objects=9).update_state(truth, guess)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="asks a graph of TensorFlow")
def test_numbers_beyond_most_poison_the_score_where_they_cannot_be_refused():
    import tensorflow as tf

    metric = PanopticQuality(4, (1,), most_objects=3)
    tf.function(metric.update_state)(tf.constant(GOOD), tf.constant(GOOD + np.array([0, 9], np.int32)))
    assert np.isnan(float(metric.result()["pq"]))
