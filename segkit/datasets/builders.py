"""The course's own data sets as TFDS builders."""

import sys

import numpy as np
import tensorflow_datasets as tfds
from tqdm import tqdm

from .. import paper

# A split is drawn from a seed of its own; other uses of the scenes (pretraining) take seeds from 1000 on.
PAPER_PETS_SPLITS = {"train": (1, 600), "validation": (2, 100), "test": (3, 200)}
PAPER_PLACES_SPLITS = {"train": (1, 600), "validation": (2, 100), "test": (3, 200)}
# few cells to train on, as in laboratories
PAPER_CELLS_SPLITS = {"train": (1, 20), "validation": (2, 20), "test": (3, 60)}


def _drawings(of, split, draw, masks, seed, count):
    """A number and a drawing, `count` times; TFDS wants a channel for its masks."""
    # text on the error stream: in a notebook a widget would stay behind, as an output of whichever cell drew first
    bar = f"drawing {of}, {split}"
    for index in tqdm(range(count), bar, unit=" pictures", leave=False, file=sys.stderr):
        drawing = draw(seed, index)
        yield index, drawing | {name: drawing[name][..., None] for name in masks}


class PaperPets(tfds.core.GeneratorBasedBuilder):
    """Cut-paper cats, dogs and birds, drawn from a seed."""

    VERSION = tfds.core.Version("1.0.0")

    SPLITS, DRAW = PAPER_PETS_SPLITS, staticmethod(paper.draw_scene)
    MASKS = ("segmentation_mask", "class_mask", "instance_mask")

    def _info(self):
        size = 128
        points = len(paper.KEYPOINTS)
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            disable_shuffling=True,  # pictures come in the order in which they are drawn
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(size, size, 3), encoding_format="png"),
                    **{name: tfds.features.Image(shape=(size, size, 1)) for name in self.MASKS},
                    "bbox": tfds.features.Sequence(tfds.features.BBoxFeature()),
                    "label": tfds.features.Sequence(tfds.features.ClassLabel(names=list(paper.SPECIES))),
                    "keypoints": tfds.features.Sequence(
                        tfds.features.Tensor(shape=(points, 3), dtype=np.float32)
                    ),
                    "file_name": tfds.features.Text(),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {name: self._generate_examples(name, *numbers) for name, numbers in self.SPLITS.items()}

    def _generate_examples(self, split, seed, count):
        for index, scene in _drawings(self.name, split, self.DRAW, self.MASKS, seed, count):
            scene["bbox"] = [tfds.features.BBox(*map(float, box)) for box in scene["bbox"]]
            yield index, scene


class PaperPlaces(PaperPets):
    """Cut-paper animals on a floor, drawn from a seed: pets in a room, wild under the sky."""

    VERSION = tfds.core.Version("1.0.0")
    SPLITS, DRAW = PAPER_PLACES_SPLITS, staticmethod(paper.draw_place)
    MASKS = (*PaperPets.MASKS, "place_mask")


class PaperCells(tfds.core.GeneratorBasedBuilder):
    """Cells under a cut-paper microscope, drawn from a seed: touching, with faint borders."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        size = paper.cells.REFERENCE
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.__doc__,
            disable_shuffling=True,  # pictures come in the order in which they are drawn
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(size, size, 3), encoding_format="png"),
                    "cell_mask": tfds.features.Image(shape=(size, size, 1)),
                    "instance_mask": tfds.features.Image(shape=(size, size, 1), dtype=np.uint16),
                    "file_name": tfds.features.Text(),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {name: self._generate_examples(name, *numbers) for name, numbers in PAPER_CELLS_SPLITS.items()}

    def _generate_examples(self, split, seed, count):
        yield from _drawings(self.name, split, paper.draw_cells, ("cell_mask", "instance_mask"), seed, count)
