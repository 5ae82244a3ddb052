"""The scoreboard: its counting against TensorFlow's own, its rows against its file, a run that is cut short."""

import importlib.util
import json
import statistics
import sys

import keras
import numpy as np
import pytest

from segkit import scoreboard

from .conftest import ROOT


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("scoreboard_bench", ROOT / "benchmarks" / "scoreboard.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["FCN-8s", "light U-Net", "FPN", "SegNet", "original U-Net, narrow"])
def test_multiply_adds_are_those_that_tensorflow_counts(bench, name):
    import tensorflow as tf

    model = bench.architectures()[name][2](None)
    graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec((1, 128, 128, 3))
    )
    count = 0  # of the convolutions' own operations: a sum of products is two
    for operation in graph.graph.get_operations():
        if operation.type in ("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput"):
            kernel = operation.inputs[1].shape
            if operation.type == "Conv2DBackpropInput":
                places, per_place = operation.inputs[2].shape[1:3], np.prod(kernel)
            else:
                places, per_place = operation.outputs[0].shape[1:3], np.prod(kernel)
            count += int(np.prod([side or 0 for side in places]) * per_place)
    assert bench.multiply_adds(model, 128) == pytest.approx(count, rel=0.01)


def test_scores_are_those_of_the_metrics(bench):
    dice = np.random.default_rng(0)
    masks = dice.integers(0, 3, (25, 20, 24)).astype("uint8")
    logits = dice.normal(size=(25, 20, 24, 3)).astype("float32")
    scores = bench.scores_of(masks, logits)
    metric = keras.metrics.MeanIoU(3, sparse_y_pred=False)
    metric.update_state(masks, logits)
    assert scores["mean_iou"] == pytest.approx(float(metric.result()), abs=1e-4)
    assert scores["pixel_accuracy"] == pytest.approx(np.mean(logits.argmax(-1) == masks), abs=1e-4)
    assert scores["border_iou"] == scores["iou"][2]


def test_a_run_goes_on_where_it_stopped(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "STORED", tmp_path / "scoreboard.json")
    row = {"mean_iou": 0.5}
    assert not bench.stands("quality", "paper_pets", "FCN-8s", 0)
    bench.keep("quality", "paper_pets", 0, {"FCN-8s": row})
    bench.keep("quality", "paper_pets", 1, {"FCN-8s": row})
    bench.keep("costs", "paper_pets", 0, {"FCN-8s": {"parameters": 1}})
    assert bench.stands("quality", "paper_pets", "FCN-8s", 1) and bench.stands(
        "costs", "paper_pets", "FCN-8s", 0
    )
    assert not bench.stands("quality", "oxford_iiit_pet", "FCN-8s", 0)
    assert not bench.stands("longer", "paper_pets", "FCN-8s", 0)
    stored = json.loads((tmp_path / "scoreboard.json").read_text())
    assert stored["paper_pets"]["quality"]["FCN-8s"] == {"0": row, "1": row}


def test_every_row_is_what_was_measured():
    stored = json.loads(scoreboard.STORED.read_text())["paper_pets"]["quality"]
    rows = scoreboard.rows("paper_pets")
    assert [row["mean_iou"] for row in rows] == sorted((row["mean_iou"] for row in rows), reverse=True)
    assert {row["name"] for row in rows} == set(stored)
    for row in rows:
        runs = stored[row["name"]].values()
        assert row["mean_iou"] == pytest.approx(statistics.mean(run["mean_iou"] for run in runs))
        assert row["mean_iou"] == pytest.approx(np.mean(row["iou"]), abs=2e-4)
        assert row["parameters"] > 0 and row["multiply_adds"] > 0
    lines = scoreboard.table().split("\n\n")[0].splitlines()
    assert len(lines) == len(rows) + 2 and len({line.count("|") for line in lines}) == 1


def test_the_order_is_the_one_that_the_lesson_explains():
    """By the finest map that answers; a random start behind a pretrained one; v3+ mends what v3 loses."""
    iou = {row["name"]: row["mean_iou"] for row in scoreboard.rows("paper_pets")}
    pet, background, border = range(3)
    by_stride = (
        ("light U-Net", "U-Net"),
        ("FPN", "DeepLab v3+"),
        ("FCN-8s", "hypercolumns"),
        ("FCN-16s", "PSPNet", "DeepLab v3"),
        ("FCN-32s", "U-Net without skips"),
    )
    for finer, coarser in zip(by_stride, by_stride[1:], strict=False):
        assert min(iou[name] for name in finer) > max(iou[name] for name in coarser)
    assert iou["FCN-16s"] > iou["DeepLab v3"]  # so stride is not all
    assert iou["light U-Net, random encoder"] < 0.75 * iou["light U-Net"]
    classes = {row["name"]: row["iou"] for row in scoreboard.rows("paper_pets")}
    plain, sharpened = classes["DeepLab v3+"], classes["DeepLab v3+ and dense CRF"]
    assert sharpened[pet] > plain[pet] and sharpened[border] < plain[border] / 2
    longer = json.loads(scoreboard.STORED.read_text())["paper_pets"]["longer"]
    for name in set(longer) & set(classes):
        gain = [after - before for before, after in zip(classes[name], longer[name]["iou"], strict=True)]
        assert min(gain) > 0 and max(gain) == gain[border]


def test_the_table_says_how_many_pictures_each_checkpoint_saw(bench, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "tools")])
    from train_weights import RECIPES

    counts = {name: count for name, (_, count) in RECIPES.items()}
    counts["segnet"] += counts["segnet_start"]
    assert {row: counts[weights] for row, (weights, _) in bench.LONGER.items()} == {
        row: count for row, (_, count) in bench.LONGER.items()
    }
    longer = json.loads(scoreboard.STORED.read_text())["paper_pets"]["longer"]
    assert {row: values["learned_from"] for row, values in longer.items()} == {
        row: count for row, (_, count) in bench.LONGER.items()
    }


def test_the_order_on_photographs_is_the_one_that_the_lesson_states():
    rows = scoreboard.rows("oxford_iiit_pet")
    iou = {row["name"]: row["mean_iou"] for row in rows}
    groups = (("FPN", "U-Net", "light U-Net"), ("FCN-8s", "hypercolumns"), ("FCN-16s",))
    for better, worse in zip(groups, groups[1:], strict=False):
        assert min(iou[name] for name in better) > max(iou[name] for name in worse)
    others = iou.keys() - {name for group in groups for name in group}
    assert iou["FCN-16s"] > max(iou[name] for name in others)
    sharpened = "DeepLab v3+ and dense CRF"
    pretrained = [
        row["mean_iou"] for row in rows if row["start"] == "pretrained" and row["name"] != sharpened
    ]
    assert min(pretrained) > max(row["mean_iou"] for row in rows if row["start"] == "random")
    assert rows[0]["pictures"] == {"train": 393, "test": 100} and "393 photographs" in scoreboard.table()


def test_a_row_with_several_seeds_shows_their_spread_and_one_with_a_single_seed_shows_none(
    tmp_path, monkeypatch
):
    stored = json.loads(scoreboard.STORED.read_text())
    quality = stored["paper_pets"]["quality"]
    quality["FPN"] = {
        seed: {**quality["FPN"]["0"], "mean_iou": value} for seed, value in (("0", 0.7), ("1", 0.72))
    }
    quality["SegNet"] = {"0": quality["SegNet"]["0"]}
    monkeypatch.setattr(scoreboard, "STORED", tmp_path / "scoreboard.json")
    scoreboard.STORED.write_text(json.dumps(stored))
    lines = {line.split(" | ")[0].strip("| "): line for line in reversed(scoreboard.table().splitlines())}
    assert "0.710 ±0.010" in lines["FPN"] and "±" not in lines["SegNet"]
    figures = []
    monkeypatch.setattr(scoreboard.show, "show", lambda figure, alt: figures.append(figure))
    scoreboard.draw(scoreboard.rows(), "every architecture")
    upper, lower = figures[0].axes
    names = [text.get_text() for text in upper.texts]
    assert sorted(names) == sorted(quality)  # each once
    spreads = [line.get_xdata() for line in lower.lines if line.get_color() == "black"]
    assert sum(high > low for low, high in spreads) >= 1
