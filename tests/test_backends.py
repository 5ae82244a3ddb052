"""The tests of layers, models, metrics and callbacks once more under PyTorch and JAX, where one is installed."""

import importlib.util
import os
import subprocess
import sys

import pytest

from .conftest import ROOT

FILES = "upsampling sizes metrics confusion panoptic losses backbones unpooling fcn segnet deeplab pyramids receptive_field unet mask_rcnn_pieces mask_rcnn saving callbacks run".split()


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_the_same_code_under(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: pip install {backend}, and this runs too")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            *(f"tests/test_{name}.py" for name in FILES),
        ],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]
