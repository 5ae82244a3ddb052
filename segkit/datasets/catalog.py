"""`load`: a named data set as train, validation and test pictures, with all that it knows."""

import dataclasses
import difflib
import functools

from . import storage
from .pictures import Pictures
from .registry import SOURCES
from .sizes import as_size

VALIDATION_SHARE = 0.15  # cut out of train where a data set brings no validation split


@dataclasses.dataclass(frozen=True)
class DataSet:
    """`train`, `validation` and `test`, each read when first used. `name` is what was really loaded."""

    name: str
    requested: str
    target: str
    size: tuple
    splits: dict = dataclasses.field(repr=False)

    @property
    def targets(self):
        """What masks can hold → the names of the classes."""
        return SOURCES[self.name].targets

    @property
    def classes(self):
        if self.target == "instances":
            return (
                "background",
                *(f"object {number}" for number in range(1, self.train["valid"].shape[1] + 1)),
            )
        return self.targets[self.target]

    @functools.cached_property
    def train(self):
        return self._read("train") if "validation" in self.splits else self._cut[0]

    @functools.cached_property
    def validation(self):
        return self._read("validation") if "validation" in self.splits else self._cut[1]

    @functools.cached_property
    def test(self):
        return self._read("test")

    @functools.cached_property
    def _cut(self):
        # A fixed cut, whatever the seed of the run: runs with different seeds are compared on one validation set.
        return self._read("train").split(1 - VALIDATION_SHARE, seed=0)

    def _read(self, split):
        fields, names = self.splits[split](self.size)
        images, masks = fields.pop("image"), fields[self.target]
        if self.target == "instances":
            count = fields["valid"].shape[1]
            return Pictures(
                images,
                masks,
                ("background", *(f"object {number + 1}" for number in range(count))),
                names,
                fields,
            )
        return Pictures(images, masks, self.targets[self.target], names, fields)


def load(name="paper_pets", target=None, *, size=128):
    """Load a data set by name: `load("paper_pets")`, `load("paper_places")`, `load("paper_cells")`,
    `load("oxford_iiit_pet")` or `load("camvid")`.

    `target` says what the masks hold: "trimap" (pet, background, border), "classes" (background and species) or
    "instances" (0 background, 1 … N from back to front); left out, it is the first that the set has. The others, and
    boxes and key points where they are known, come along: `load("paper_pets").train["boxes"]`.
    `size` is (height, width), or the height alone.
    A set that is not here and cannot be downloaded is replaced by a drawn one, with a line that says so.
    """
    if name not in SOURCES:
        near = difflib.get_close_matches(str(name), SOURCES, 1, 0.5)
        raise ValueError(
            f"There is no data set {name!r}; {f'did you mean {near[0]!r}? C' if near else 'c'}hoose {', '.join(SOURCES)}, or "
            "read your own with from_folder."
        )
    target = target or next(iter(SOURCES[name].targets))
    known = [*SOURCES[name].targets, *(["instances"] if SOURCES[name].objects else [])]
    if target not in known:
        raise ValueError(f"{name} has no target {target!r}; choose {', '.join(known)}.")
    size = as_size(size, SOURCES[name].shape)
    try:
        return DataSet(name, name, target, size, SOURCES[name].open())
    except storage.NotAvailable as reason:
        other = SOURCES[name].stand_in
        print(
            f"{name} is not on this machine and cannot be downloaded ({reason}); using {other} in its place. "
            f"For the real pictures: {SOURCES[name].cure}."
        )
        return DataSet(other, name, target, size, SOURCES[other].open())
