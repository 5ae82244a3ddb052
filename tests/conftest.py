"""What several test files share."""

import os
import pathlib

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

ROOT = pathlib.Path(__file__).resolve().parents[1]
REAL = ROOT.parent / "shared" / "data"


@pytest.fixture
def real_data(monkeypatch):
    """Real pictures and ImageNet weights (in keras_home) for checking; they are not part of the course."""
    if not (REAL / "tfds").is_dir():
        pytest.skip("no real pictures on this machine")
    monkeypatch.setenv("TFDS_DATA_DIR", str(REAL / "tfds"))
    return REAL
