"""benchmarks/run.py measures the sections that were asked for, and leaves the others as they are."""

import importlib.util
import sys

import numpy as np
import pytest

from segkit.datasets import load

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import run  # noqa: E402

MEASURED = (
    "pipeline",
    "startup",
    "growth",
    "cells",
    "segmenters",
    "output_strides",
    "detectors",
    "costs",
    "crf",
    "minutes",
)


def rewrite(monkeypatch, readme, *arguments):
    monkeypatch.setattr(run, "README", readme)
    monkeypatch.setattr(sys, "argv", ["run.py", *arguments])
    run.main()
    return readme.read_text(encoding="utf-8")


def test_what_is_not_measured_again_keeps_its_text(monkeypatch, tmp_path):
    first = "Made elsewhere (1 core).\n\n## Input pipeline alone\n\nkept\n\n"
    readme = tmp_path / "README.md"
    readme.write_text(f"{first}## Minutes a lesson\n\nforgotten\n", encoding="utf-8")
    after = rewrite(monkeypatch, readme, "--sections", "Minutes a lesson")
    assert after.startswith(f"{first}## Minutes a lesson\n\n*quick*") and "forgotten" not in after
    assert rewrite(monkeypatch, readme, "--sections", "Minutes a lesson") == after


def test_a_new_section_takes_its_place_and_says_where_it_was_measured(monkeypatch, tmp_path):
    readme = tmp_path / "README.md"
    before = "Made elsewhere (1 core).\n\n## Input pipeline alone\n\nkept\n"
    behind = "\n## Minutes a lesson\n\nkept too\n"
    readme.write_text(before + behind, encoding="utf-8")
    monkeypatch.setattr(run, "growth", lambda: "grown")
    after = rewrite(monkeypatch, readme, "--sections", "Growth with picture size and batch")
    new = "\n## Growth with picture size and batch\n\ngrown\n\nMeasured on "
    assert after.startswith(before + new) and after.endswith(behind)


def test_without_a_choice_everything_is_measured(monkeypatch, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("Made elsewhere (1 core).\n\n## Of another time\n\nforgotten\n", encoding="utf-8")
    monkeypatch.setattr(run, "pets", lambda seeds, *rest: f"over {seeds} seeds")
    monkeypatch.setattr(run, "real_cells", lambda folder, seeds: "real")
    for name in MEASURED:
        monkeypatch.setattr(run, name, lambda name=name: f"new {name}")
    after = rewrite(monkeypatch, readme, "--seeds", "5")
    assert all(f"\n\nnew {name}\n" in after for name in MEASURED) and "\n\nover 5 seeds\n" in after
    assert not any(word in after for word in ("elsewhere", "forgotten", "Measured on"))


def test_an_unknown_section_is_refused(monkeypatch, tmp_path):
    with pytest.raises(SystemExit):
        rewrite(monkeypatch, tmp_path / "README.md", "--sections", "No such section")


def test_the_experiment_on_fur_counts_outlines(monkeypatch):
    """Scores that a perfect answer replaces gain all that was missing; equal ones gain nothing."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "benchmarks" / "ablations")])
    spec = importlib.util.spec_from_file_location(
        "dense_crf_ablation", ROOT / "benchmarks" / "ablations" / "07b_dense_crf.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    test = load("paper_pets", size=128, target="instances").test.take(6)
    perfect = np.eye(2, dtype="float32")[(test.masks > 0).astype(int)]
    moved = np.roll(perfect, 4, axis=1)
    monkeypatch.setattr(module, "pictures", lambda seed: (None, test))
    for before, gains in ((perfect, lambda gain: gain == 0), (moved, lambda gain: gain > 0.3)):
        monkeypatch.setattr(module, "refined", lambda seed, name, before=before: (before, perfect))
        rows = module.fur(0)
        assert len(rows) == 4 and all(gains(row["gain"]) for row in rows.values()), rows
        assert all(row["after the CRF"] == 1 and row["share made worse"] == 0 for row in rows.values())
