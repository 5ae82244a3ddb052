"""Scores from the table of counts, against scikit-learn and NumPy, on hundreds of random masks."""

import keras
import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, jaccard_score

from segkit.metrics import FrequencyWeightedIoU, MeanClassAccuracy, MeanDice

from .test_metrics import logits_of, random_masks

CLASSES = 4


def expected(name, truth, guess):
    """By scikit-learn, over the pixels that count; averaged over the classes that the score can be asked of."""
    counted = truth != 255
    truth, guess = truth[counted], guess[counted]
    if not truth.size:
        return 0.0
    if name == "accuracy":
        return balanced_accuracy_score(truth, guess)
    if name == "dice":
        labels = np.union1d(truth, guess)
        return f1_score(truth, guess, labels=labels, average="macro", zero_division=0)
    labels, counts = np.unique(truth, return_counts=True)
    return np.average(jaccard_score(truth, guess, labels=labels, average=None), weights=counts)


METRICS = {"accuracy": MeanClassAccuracy, "weighted": FrequencyWeightedIoU, "dice": MeanDice}


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("void", [0.0, 0.3, 1.0])
def test_a_hundred_cases_agree_with_scikit_learn(name, void):
    metric = METRICS[name](CLASSES)
    for seed in range(100):
        classes = 1 + seed % CLASSES  # some masks lack classes
        truth = random_masks((2, 9, 13), classes=classes, seed=seed, void=void)
        guess = random_masks((2, 9, 13), classes=CLASSES, seed=1000 + seed)
        metric.reset_state()
        metric.update_state(truth[:1], logits_of(guess[:1], CLASSES))
        metric.update_state(truth[1:], logits_of(guess[1:], CLASSES))
        assert float(metric.result()) == pytest.approx(expected(name, truth, guess), abs=1e-6)


def test_the_table_of_counts_is_scikit_learns():
    truth, guess = random_masks((3, 20, 20), CLASSES, void=0.1), random_masks((3, 20, 20), CLASSES, seed=1)
    metric = MeanDice(CLASSES)
    metric.update_state(truth, logits_of(guess, CLASSES))
    counted = truth != 255
    table = confusion_matrix(truth[counted], guess[counted], labels=range(CLASSES))
    np.testing.assert_array_equal(metric.table, table)


@pytest.mark.parametrize("name", METRICS)
def test_weights_count_as_repeats(name):
    truth, guess = random_masks((2, 8, 8), CLASSES), random_masks((2, 8, 8), CLASSES, seed=1)
    logits = logits_of(guess, CLASSES)
    weighted, repeated = METRICS[name](CLASSES), METRICS[name](CLASSES)
    weighted.update_state(truth, logits, np.array([1, 3]))
    repeated.update_state(truth[[0, 1, 1, 1]], logits[[0, 1, 1, 1]])
    assert float(weighted.result()) == pytest.approx(float(repeated.result()), abs=1e-6)


@pytest.mark.parametrize("name", METRICS)
def test_logits_that_are_no_numbers_count_as_wrong(name):
    truth = random_masks((1, 8, 8), CLASSES)
    metric = METRICS[name](CLASSES)
    metric.update_state(truth, np.full((1, 8, 8, CLASSES), np.nan, "float32"))
    assert float(metric.result()) == 0


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("jit", [False, True])
def test_in_evaluate_under_xla(name, jit):
    if jit and keras.backend.backend() not in ("tensorflow", "jax"):
        pytest.skip("this backend has no XLA")
    truth = random_masks((4, 12, 10), CLASSES)
    model = keras.Sequential([keras.Input((12, 10, 1)), keras.layers.Conv2D(CLASSES, 1)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=[METRICS[name](CLASSES, name=name)], jit_compile=jit)
    pictures = truth[..., None].astype("float32")
    guess = np.asarray(model.predict(pictures, verbose=0)).argmax(-1)
    seen = model.evaluate(pictures, truth, batch_size=3, verbose=0, return_dict=True)
    assert seen[name] == pytest.approx(expected(name, truth, guess), abs=1e-5)


@pytest.mark.parametrize("name", METRICS)
def test_they_survive_their_config(name):
    metric = METRICS[name](CLASSES, name="n")
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert again.get_config() == metric.get_config()
