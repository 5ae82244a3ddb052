"""The model to play with in the browser: a trained U-Net, ONNX Runtime for the web, a few scenes, as scripts that need no server.

Each file is a script that names its content, since a page opened from a folder may not fetch others.
"""

import base64
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

import numpy as np

from notebooks import ROOT

RUNTIME = "onnxruntime-web@1.30.0"
PARTS = {"code": "package/dist/ort.wasm.bundle.min.mjs", "wasm": "package/dist/ort-wasm-simd-threaded.wasm"}
NAME = "light_unet_photographs"
WEIGHTS = ROOT / "segkit" / "weights" / f"{NAME}.npz"
SCENES = (10, 1, 23, 7, 11, 16)
SIZE, SEED = 128, 1002  # neither a split nor a training has drawn from this seed


def make(folder):
    """Fill the folder with what the page needs; what is there and still right stays. None where the runtime cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    runtime = folder / f"{RUNTIME.replace('@', '_')}.js"
    if not runtime.is_file():
        if not (text := packed_runtime()):
            return None
        runtime.write_text(text, encoding="utf-8")
    made_from = hashlib.sha256(WEIGHTS.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
    model, scenes = folder / f"model_{made_from}.js", folder / f"scenes_{made_from}.js"
    if not model.is_file() or not scenes.is_file():
        for stale in [*folder.glob("model_*.js"), *folder.glob("scenes_*.js")]:
            stale.unlink()
        command = [sys.executable, __file__, str(model), str(scenes)]  # what it logs is not for readers
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"The network for the browser could not be packed:\n{done.stderr[-2000:]}")
    return [runtime, model, scenes]


def script(name, content):
    return (
        f"window.playground = window.playground || {{}};\nwindow.playground.{name} = {json.dumps(content)};\n"
    )


def wrapped(content):
    """Packed, and as text: the page unpacks it."""
    return base64.b64encode(zlib.compress(content, 9)).decode()


def packed_runtime():
    """ONNX Runtime for the web, by the package's name; nothing where npm or the network is missing."""
    if not shutil.which("npm"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        try:
            subprocess.run(["npm", "pack", RUNTIME], cwd=folder, capture_output=True, check=True, timeout=300)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            code, wasm = (package.extractfile(member).read() for member in PARTS.values())
    return script("runtime", {"code": code.decode(), "wasm": wrapped(wasm)})


def exported_model():
    """Lesson 04's light U-Net, trained on scenes and photographs, for one picture of 128 × 128; weights in half precision, as they are stored."""
    import keras
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "model.onnx")
        trained().export(
            file, format="onnx", verbose=False, input_signature=[keras.KerasTensor((1, SIZE, SIZE, 3))]
        )
        model = onnx.load(file)
    for number, weights in enumerate([one for one in model.graph.initializer if np.prod(one.dims) > 256]):
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype == np.float32:
            short = onnx.numpy_helper.from_array(values.astype(np.float16), f"half_{number}")
            model.graph.initializer.remove(weights)
            model.graph.initializer.append(short)
            cast = onnx.helper.make_node("Cast", [short.name], [weights.name], to=onnx.TensorProto.FLOAT)
            model.graph.node.insert(0, cast)
    return model.SerializeToString()


def trained():
    from segkit.backbones import encoder
    from segkit.models import light_unet
    from segkit.stored import load_stored

    return load_stored(light_unet(encoder("MobileNetV2", "paper"), 3), NAME)


def drawn_scenes():
    from segkit.paper import draw_scene

    return [draw_scene(SEED, index, size=SIZE) for index in SCENES]


def photograph():
    """The cat of lesson 04, in the middle of scikit-image's own picture."""
    from PIL import Image
    from skimage.data import chelsea

    return np.array(Image.fromarray(chelsea()[:, 75:375]).resize((2 * SIZE, 2 * SIZE)))


def classes():
    from segkit import show

    names = ("pet", "background", "border")
    return [
        {"name": name, "color": color.tolist()}
        for name, color in zip(names, show.palette(names), strict=True)
    ]


def picture(image):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def main():
    model, scenes = map(Path, sys.argv[1:])
    model.write_text(script("model", wrapped(exported_model())), encoding="utf-8")
    colors = np.array([one["color"] for one in classes()], np.uint8)
    seen = [
        {
            "about": f"drawn scene {number}",
            "image": picture(scene["image"]),
            "truth": picture(colors[scene["segmentation_mask"] - 1]),
        }
        for number, scene in enumerate(drawn_scenes(), 1)
    ]
    seen.append({"about": "photograph of a cat", "image": picture(photograph())})
    text = script("scenes", seen) + script("classes", classes())
    scenes.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
