"""Every layer and model of segkit is saved here and loaded in one fresh process, which must give the same answers."""

import importlib
import pathlib
import subprocess
import sys

import keras
import numpy as np

import segkit.layers

EXAMPLES = sorted(path.stem for path in (pathlib.Path(__file__).parent / "examples").glob("[a-z]*.py"))

LOAD = """
import sys, pathlib, keras, numpy as np
import segkit.layers, segkit.metrics
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
    arrays = np.load(path.with_suffix(".npz"))
    answer = keras.models.load_model(path).predict(arrays["given"], verbose=0)
    np.testing.assert_allclose(answer, arrays["answer"], atol=1e-4, err_msg=path.stem)
    print("same", path.stem)
"""


def test_everything_loads_in_a_fresh_process(tmp_path):
    names, kinds = [], set()
    for module in EXAMPLES:
        for name, (model, given) in (
            importlib.import_module(f"tests.examples.{module}").example_models().items()
        ):
            names.append(f"{module}-{name}")
            kinds |= {
                type(layer) for part in (model, *model._flatten_layers()) for layer in part._flatten_layers()
            }
            model.save(tmp_path / f"{names[-1]}.keras")
            np.savez(tmp_path / f"{names[-1]}.npz", given=given, answer=model.predict(given, verbose=0))
    loaded = subprocess.run([sys.executable, "-c", LOAD, str(tmp_path)], capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr[-2000:]
    assert loaded.stdout.count("same") == len(names)
    layers = {
        value
        for value in vars(segkit.layers).values()
        if isinstance(value, type) and issubclass(value, keras.layers.Layer)
    }
    assert layers <= kinds, f"no example in tests/examples saves {layers - kinds}"
