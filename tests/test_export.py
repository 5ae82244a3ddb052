"""Students deploy: every architecture as an ONNX file with open sizes, run by ONNX Runtime, against Keras."""

import importlib
import pathlib

import keras
import numpy as np
import onnxruntime
import pytest
from keras import ops

from segkit.layers import BilinearUpsample, MaxPoolWithIndices, MaxUnpool2D, PadToMultiple

EXAMPLES = sorted(path.stem for path in (pathlib.Path(__file__).parent / "examples").glob("[a-z]*.py"))
SIZES = [(33, 20), (19, 45)]

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports through TensorFlow")


def run_both(model, file, arrays):
    """What Keras and ONNX Runtime answer to each array."""
    model(arrays[0])  # Keras exports what was called
    model.export(file, format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(str(file))
    for array in arrays:
        answers = session.run(None, {session.get_inputs()[0].name: array})
        yield keras.tree.flatten(model(array)), answers


def noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize("module", EXAMPLES)
def test_every_example_is_the_same_in_onnx_runtime(module, tmp_path):
    models = importlib.import_module(f"tests.examples.{module}").example_models()
    models.pop("encoder", None)  # of Keras' own layers; converting its 150 takes half a minute
    for name, (model, _) in models.items():
        arrays = [100 + 50 * noise(2, *size, 3) for size in SIZES]
        for (expected,), (answer,) in run_both(model, tmp_path / f"{name}.onnx", arrays):
            expected = ops.convert_to_numpy(expected)
            np.testing.assert_allclose(answer, expected, atol=1e-3 * np.abs(expected).max(), err_msg=name)


def test_layers_with_odd_factors(tmp_path):
    images = keras.Input((None, None, 2))
    pooled, indices = MaxPoolWithIndices(3)(images)
    outputs = [pooled, MaxUnpool2D(3)(pooled, indices, images), BilinearUpsample(3)(PadToMultiple(5)(images))]
    arrays = [noise(2, *size, 2) for size in ((7, 9), (4, 11))]
    for expected, answers in run_both(keras.Model(images, outputs), tmp_path / "layers.onnx", arrays):
        for one, other in zip(expected, answers, strict=True):
            np.testing.assert_allclose(other, ops.convert_to_numpy(one), atol=1e-5)
