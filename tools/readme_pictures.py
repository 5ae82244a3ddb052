"""The README's pictures: docs/scenes.jpg, scenes above and their classes or objects below; and a figure of each lesson.

A lesson's figure is the one in the cell with "readme" in its metadata, as stored; a file name there asks for that file.
"""

import base64
import io

import numpy as np
from PIL import Image

from notebooks import ROOT, paths, read
from segkit import show
from segkit.datasets.registry import SOURCES
from segkit.paper.scenes import draw_scene

SEED, SIZE, GAP = 7, 224, 6
THUMBNAIL = (280, 120)  # no larger than


def column(index, paint):
    scene = draw_scene(SEED, index, SIZE)
    gap = np.full((GAP, SIZE, 3), 255, np.uint8)
    return np.vstack([scene["image"], gap, paint(scene)])


def draw_scenes(indices=(9, 2, 27, 7, 13)):
    def classes(scene):
        return show.overlay(
            scene["image"], scene["class_mask"], SOURCES["paper_pets"].targets["classes"], opacity=0.65
        )

    def objects(scene):
        return show.instances(scene["image"], scene["instance_mask"], opacity=0.65)

    def trimap(scene):
        return show.paint(scene["segmentation_mask"] - 1, SOURCES["paper_pets"].targets["trimap"])

    painters = (trimap, classes, objects, classes, trimap)
    columns = [column(index, paint) for index, paint in zip(indices, painters, strict=True)]
    gap = np.full((columns[0].shape[0], GAP, 3), 255, np.uint8)
    parts = [part for pair in zip(columns, [gap] * len(columns), strict=True) for part in pair][:-1]
    Image.fromarray(np.hstack(parts)).save(ROOT / "docs" / "scenes.jpg", quality=88)


def store_lessons_figures():
    for path in paths():
        for cell in read(path).cells:
            if "readme" in cell.metadata:
                bundle = next(output.data for output in cell.outputs if "data" in output)
                data = bundle.get("image/jpeg") or bundle["image/png"]
                if isinstance(cell.metadata["readme"], str):  # a picture of its own, as it is
                    (ROOT / "docs" / cell.metadata["readme"]).write_bytes(base64.b64decode(data))
                    continue
                figure = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
                figure.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
                figure.save(ROOT / "docs" / f"{path.stem}.jpg", quality=88)


if __name__ == "__main__":
    draw_scenes()
    store_lessons_figures()
