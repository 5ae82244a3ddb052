"""CamVid: pictures from a car, 11 classes. It has no TFDS builder, so its folder is read as a student's own would be."""

import dataclasses
import functools
import os
import pathlib

from ..labels import VOID
from .folder import from_folder
from .prepare import NotAvailable, home

CLASSES = (
    "Sky",
    "Building",
    "Column-Pole",
    "Road",
    "Side-walk",
    "Tree",
    "Sign-Symbol",
    "Fence",
    "Car",
    "Pedestrian",
    "Bicyclist",
)
UNLABELLED = 11
# Where a split's pictures and masks lie: as the course puts them, or as SegNet's authors hand them out.
LAYOUTS = (("{}/images", "{}/labels"), ("{}", "{}annot"))


@dataclasses.dataclass(frozen=True)
class CamVid:
    """`train`, `validation` and `test`, each read when first used."""

    root: pathlib.Path
    size: tuple
    name: str = "camvid"
    requested: str = "camvid"
    target: str = "classes"
    classes: tuple = CLASSES

    @functools.cached_property
    def train(self):
        return self._read("train")

    @functools.cached_property
    def validation(self):
        return self._read("val")

    @functools.cached_property
    def test(self):
        return self._read("test")

    def _read(self, split):
        for images, masks in LAYOUTS:
            folders = self.root / images.format(split), self.root / masks.format(split)
            if folders[1].is_dir():
                return from_folder(*folders, CLASSES, size=self.size, void=(UNLABELLED, VOID))
        raise FileNotFoundError(
            f"{self.root} has neither {split}/labels nor {split}annot: put CamVid's masks there."
        )


def find():
    """The folder that holds CamVid: `$CAMVID_DIR`, else `camvid` beside the prepared sets."""
    root = pathlib.Path(os.environ.get("CAMVID_DIR") or home() / "camvid").expanduser()
    if not (root / "train").is_dir():
        raise NotAvailable(f"there is no folder {root / 'train'}")
    return root
