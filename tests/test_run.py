"""start(), Run.pick and Run.claim."""

import json
import os
import subprocess
import sys

import keras
import pytest

import segkit
from segkit import run as lesson


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("SEGKIT_PROFILE", "SEGKIT_SEED", "SEGKIT_CLAIMS", "SEGKIT_STORED"):
        monkeypatch.delenv(name, raising=False)
    yield
    keras.config.set_dtype_policy("float32")


def pretend_gpu(monkeypatch, capability):
    monkeypatch.setattr(lesson, "_gpus", lambda: ["gpu:0"])
    monkeypatch.setattr(lesson.shutil, "which", lambda name: f"/usr/bin/{name}")
    answer = subprocess.CompletedProcess([], 0, stdout=f"{capability}\n")
    monkeypatch.setattr(lesson.subprocess, "run", lambda *args, **kwargs: answer)


def test_without_a_gpu_the_profile_is_quick_and_float32(capsys):
    run = segkit.start("04_unet_pets")
    assert (run.profile, run.precision, run.seed) == ("quick", "float32", 0)
    assert run.pick(quick=1, full=2) == 1
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 1
    assert all(word in printed for word in ("04_unet_pets", "quick", "CPU", "float32", "seed 0"))


@pytest.mark.parametrize(
    "capability, policy", [("9.0", "mixed_bfloat16"), ("7.5", "mixed_float16"), ("6.1", "float32")]
)
def test_with_a_gpu_the_profile_is_full_and_trainings_are_told_the_precision(monkeypatch, capability, policy):
    pretend_gpu(monkeypatch, capability)
    keras.config.set_dtype_policy("mixed_bfloat16")  # left by a lesson that ran before in this kernel
    run = segkit.start("04_unet_pets")
    assert (run.profile, run.precision) == ("full", policy)
    assert keras.config.dtype_policy().name == "float32"
    assert run.pick(quick=1, full=2) == 2


def test_float16_training_scales_the_loss(monkeypatch):
    pretend_gpu(monkeypatch, "7.5")
    keras.config.set_dtype_policy(segkit.start("04_unet_pets").precision)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)


def test_the_environment_chooses_profile_and_seed(monkeypatch):
    monkeypatch.setenv("SEGKIT_PROFILE", "full")
    monkeypatch.setenv("SEGKIT_SEED", "7")
    run = segkit.start("04_unet_pets")
    assert (run.profile, run.seed) == ("full", 7)


@pytest.mark.parametrize("seed", ["abc", "-1", "1.5", str(2**32)])
def test_a_seed_that_is_none_is_named_with_its_cure(monkeypatch, seed):
    monkeypatch.setenv("SEGKIT_SEED", seed)
    with pytest.raises(ValueError, match=f"SEGKIT_SEED is '{seed}'; set it to a whole number"):
        segkit.start("04_unet_pets")


@pytest.mark.parametrize("values, named", [((8, 30), {}), ((), {"quick": 8}), ((), {"quick": 8, "slow": 9})])
def test_pick_says_how_it_is_called(values, named):
    with pytest.raises(TypeError, match=r"by name: run.pick\(quick=8, full=30\)"):
        segkit.start("04_unet_pets").pick(*values, **named)


def test_an_unknown_lesson_is_told_the_near_miss():
    with pytest.raises(ValueError, match="Did you mean '04_unet_pets'"):
        segkit.start("04_unet_pet")
    with pytest.raises(ValueError, match="no lesson 'cooking'. Lessons are called like '00_start_here'"):
        segkit.start("cooking")


def test_a_notebook_of_ones_own_is_a_lesson_and_tells_its_minutes(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    metadata = {"minutes": {"quick": [1.5, 3]}}
    (tmp_path / "cooking.ipynb").write_text(json.dumps({"cells": [], "metadata": metadata}))
    assert segkit.start("cooking").lesson == "cooking"
    assert "1.5 to 3 minutes" in capsys.readouterr().out
    monkeypatch.setenv("SEGKIT_PROFILE", "full")
    segkit.start("cooking")
    assert "minutes" not in capsys.readouterr().out
    monkeypatch.setenv("SEGKIT_PROFILE", "quick")
    monkeypatch.setenv("SEGKIT_STORED", "1")  # its page says them already
    segkit.start("cooking")
    assert "minutes" not in capsys.readouterr().out


def test_an_unknown_profile_is_named_with_its_cure(monkeypatch):
    monkeypatch.setenv("SEGKIT_PROFILE", "fast")
    with pytest.raises(ValueError, match="fast.*quick or full"):
        segkit.start("04_unet_pets")


def test_a_claim_fails_when_it_is_not_so(capsys):
    run = segkit.start("04_unet_pets")
    run.claim("a gain", 0.2, against=0, bound=0.1)
    assert "a gain: 0.2 (at least 0.1: holds)" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="a gain: measured 0.05"):
        run.claim("a gain", 0.05, against=0, bound=0.1)
    run.claim("less than half", 0.3, against=0.5, bound=0.4)
    with pytest.raises(AssertionError, match="expected at most 0.4"):
        run.claim("less than half", 0.45, against=0.5, bound=0.4)
    with pytest.raises(AssertionError):
        run.claim("not a number", float("nan"), against=0, bound=0.1)
    with pytest.raises(ValueError, match="to be told from"):
        run.claim("anything", 1, against=0.5, bound=0.5)


def test_the_full_profile_says_that_it_does_not_judge(monkeypatch, capsys):
    monkeypatch.setenv("SEGKIT_PROFILE", "full")
    segkit.start("04_unet_pets").claim("a gain", 0.05, against=0, bound=0.1)
    assert "not judged" in capsys.readouterr().out


def test_claims_are_written_down_for_make_claims(monkeypatch, tmp_path):
    journal = tmp_path / "claims.jsonl"
    monkeypatch.setenv("SEGKIT_CLAIMS", str(journal))
    segkit.start("04_unet_pets").claim("a gain", 0.05, against=0, bound=0.1)  # recorded, not raised
    row = json.loads(journal.read_text())
    assert row == {"seed": 0, "claim": "a gain", "value": 0.05, "against": 0, "bound": 0.1}


def in_a_new_process(code):
    """What the code prints, and what it and all that it loads write to stderr."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES"}  # a student has neither set
    loud = {name: value for name, value in os.environ.items() if name not in quiet}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=loud)
    return ran.stdout, ran.stderr


def test_the_first_cell_shows_no_log_lines():
    lines = ("import segkit", "run = segkit.start('00_start_here')", "import keras", "keras.ops.ones(3) + 1")
    out, err = in_a_new_process("\n".join(lines))
    assert out.startswith("00_start_here") and err == ""


def test_import_segkit_brings_in_nothing_heavy():
    heavy = "('tensorflow_datasets', 'matplotlib', 'scipy', 'tensorflow', 'keras')"
    code = f"import sys, segkit; print([name for name in {heavy} if name in sys.modules])"
    assert in_a_new_process(code) == ("[]\n", "")
    with pytest.raises(AttributeError, match="segkit has no 'utils'"):
        _ = segkit.utils
