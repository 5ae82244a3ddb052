"""The README's pictures: docs/scenes.jpg, scenes above and their classes or objects below; and a figure of each lesson.

A lesson's figure is the one in the cell with "readme" in its metadata, as stored; of its panels, those that "card" names there
are shown. docs/scoreboard.png is the figure whose cell names it.
"""

import base64
import io

import numpy as np
from PIL import Image
from scipy import ndimage

from notebooks import ROOT, paths, read
from segkit import show
from segkit.datasets.registry import SOURCES
from segkit.paper.scenes import draw_scene

SEED, SIZE, GAP = 7, 224, 6
THUMBNAIL = (240, 120)  # no larger than
CARD = 240  # pixels: a panel
SCOREBOARD = "scoreboard.png"


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


def figure_of(notebook, named=True):
    """The stored picture, its bytes and its kind, of the cell that has this in its metadata under "readme"; None where there is none."""
    for cell in notebook.cells:
        if cell.metadata.get("readme") == named:
            for kind in ("jpeg", "png"):
                for output in cell.outputs:
                    if coded := output.get("data", {}).get(f"image/{kind}"):
                        return base64.b64decode(coded), kind
    return None


def card(notebook):
    """The panels of a lesson's figure that its cell names under "card", side by side, as a JPEG's bytes; None without one."""
    cell = next((cell for cell in notebook.cells if "card" in cell.metadata), None)
    if cell is None or not (figure := figure_of(notebook)):
        return None
    whole = Image.open(io.BytesIO(figure[0])).convert("RGB")
    every = panels(np.asarray(whole))
    chosen = [whole.crop(every[number]).resize((CARD, CARD)) for number in cell.metadata["card"]]
    joined = Image.new("RGB", (len(chosen) * (CARD + GAP) - GAP, CARD), "white")
    for number, panel in enumerate(chosen):
        joined.paste(panel, (number * (CARD + GAP), 0))
    file = io.BytesIO()
    joined.save(file, "jpeg", quality=88)
    return file.getvalue()


def panels(pixels):
    """Boxes (left, top, right, bottom) of a figure's pictures, row by row: large pieces between white gaps."""
    inked = pixels.min(axis=-1) < 235
    boxes = []
    for down, across in ndimage.find_objects(ndimage.label(inked)[0]):
        if min(down.stop - down.start, across.stop - across.start) > pixels.shape[1] / 10:
            # a rim with little ink belongs to letters or ticks that touch the picture
            rows, columns = (np.flatnonzero(inked[down, across].mean(axis=axis) > 0.7) for axis in (1, 0))
            (left, right), (top, bottom) = columns[[0, -1]] + across.start, rows[[0, -1]] + down.start
            boxes.append((int(left), int(top), int(right) + 1, int(bottom) + 1))
    return sorted(boxes, key=lambda box: (round(box[1] / pixels.shape[1] * 20), box[0]))


def store_lessons_figures():
    for path in paths():
        notebook = read(path)
        small = Image.open(io.BytesIO(card(notebook)))
        small.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
        small.save(ROOT / "docs" / f"{path.stem}.jpg", quality=88)
        if drawn := figure_of(notebook, SCOREBOARD):
            (ROOT / "docs" / SCOREBOARD).write_bytes(drawn[0])


if __name__ == "__main__":
    draw_scenes()
    store_lessons_figures()
