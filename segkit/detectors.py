"""What a detector needs and no lesson shows: its numbers in one place, its bookkeeping, pictures of any size."""

import dataclasses

import keras
import numpy as np
from keras import ops
from PIL import Image

from .checks import check_positive, check_whole

STRIDES = (4, 8, 16, 32, 64)
ABOUT = {
    "the picture": ("num_classes", "size"),
    "pyramid": ("strides", "filters"),
    "anchors": ("anchor_sizes", "anchor_ratios"),
    "learning where something is": ("anchor_positive", "anchor_negative", "anchors_sampled", "anchors_share"),
    "proposals": ("per_level", "proposal_iou", "proposals"),
    "learning what it is": ("roi_positive", "rois_sampled", "rois_share"),
    "features of a box": ("roi_cells", "box_bins", "mask_bins", "samples"),
    "heads": ("box_units", "mask_filters", "mask_layers", "box_weights", "keypoints"),
    "detections": ("candidates", "least_score", "detection_iou", "detections"),
}


@dataclasses.dataclass(frozen=True, repr=False)
class MaskRCNNConfig:
    """`MaskRCNNConfig.quick()` for drawn scenes of 128 px, `MaskRCNNConfig.full()` as in the paper; `print` shows all."""

    num_classes: int = 91  # background, class 0, is counted
    size: tuple = (512, 512)  # height and width that the network sees; other pictures are resized and padded
    strides: tuple = STRIDES  # of the pyramid's maps; 64 is the map of 32, every second cell
    filters: int = 256
    anchor_sizes: tuple = (32, 64, 128, 256, 512)  # pixels: one for each stride
    anchor_ratios: tuple = (0.5, 1.0, 2.0)  # height through width
    anchor_positive: float = 0.7  # an anchor that overlaps an object so much is one
    anchor_negative: float = (
        0.3  # and one that overlaps none so much is background; in between it is not asked
    )
    anchors_sampled: int = 256
    anchors_share: float = 0.5  # of objects among the sampled, at most
    per_level: int = 1000  # best corrected anchors of each map that go on to suppression
    proposal_iou: float = 0.7
    proposals: int = 512  # what is left of all maps
    roi_positive: float = 0.5
    rois_sampled: int = 512
    rois_share: float = 0.25
    roi_cells: int = (
        14  # a box is read from the map on which its side is this many cells, up to twice as many
    )
    box_bins: int = 7
    mask_bins: int = 14  # the mask itself has twice as many
    samples: int = 2  # points along each side of a bin
    box_units: int = 1024
    mask_filters: int = 256
    mask_layers: int = 4
    box_weights: tuple = (10.0, 10.0, 5.0, 5.0)  # how the second correction is scaled up
    keypoints: int = 0  # how many an object has; 0 builds no head for them
    candidates: int = 1000  # (box, class) pairs that go on to the last suppression
    least_score: float = 0.05
    detection_iou: float = 0.5
    detections: int = 100

    @classmethod
    def quick(cls, num_classes=4, **changes):
        """For drawn scenes of 128 px and MobileNetV2: small objects, narrow heads, a CPU."""
        small = {
            "size": (128, 128),
            "strides": (4, 8, 16, 32),
            "filters": 64,
            "anchor_sizes": (24, 40, 64, 104),
            "anchors_sampled": 128,
            "per_level": 128,
            "proposals": 64,
            "rois_sampled": 32,
            "roi_cells": 10,
            "box_units": 256,
            "mask_filters": 64,
            "candidates": 128,
            "least_score": 0.01,  # AP asks for unsure answers, too: +0.01 AP50 on validation pictures, against 0.05
            "detections": 16,
        }
        return cls(num_classes, **{**small, **changes})

    @classmethod
    def full(cls, num_classes=91, **changes):
        """The paper's sizes, for ResNet-50."""
        return cls(num_classes, **changes)

    def __post_init__(self):
        for name in ("size", "strides", "anchor_sizes", "anchor_ratios", "box_weights"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # a saved file has lists
        check_whole(num_classes=self.num_classes, least=2)
        check_whole(keypoints=self.keypoints, least=0)
        check_whole(
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if field.type is int and field.name not in ("num_classes", "keypoints")
            }
        )
        check_positive(
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if field.type is float
            }
        )
        if self.strides not in (STRIDES, STRIDES[:-1]):
            raise ValueError(f"strides is {self.strides}; the pyramid has {STRIDES[:-1]}, or {STRIDES}.")
        if len(self.anchor_sizes) != len(self.strides):
            raise ValueError(
                f"There are {len(self.anchor_sizes)} anchor_sizes for {len(self.strides)} strides; give one for each."
            )
        if len(self.size) != 2 or any(side < 1 or side % self.strides[-1] for side in self.size):
            raise ValueError(
                f"size is {self.size}; give height and width as multiples of {self.strides[-1]}, the coarsest stride."
            )

    @property
    def map_sizes(self):
        """Height and width of each map of the pyramid."""
        return tuple((self.size[0] // stride, self.size[1] // stride) for stride in self.strides)

    @property
    def roi_strides(self):
        """Of the maps that boxes are cut from: the map of 64 has no new content."""
        return tuple(stride for stride in self.strides if stride <= 32)

    @property
    def mask_size(self):
        return 2 * self.mask_bins

    @property
    def positive_rois(self):
        """How many places the masks of one picture have in training."""
        return max(1, round(self.rois_sampled * self.rois_share))

    def __repr__(self):
        lines = [
            f"{about:28} " + ", ".join(f"{name} {getattr(self, name)}" for name in names)
            for about, names in ABOUT.items()
        ]
        return "\n".join(lines)


TRUTH = ("boxes", "labels", "valid", "instances")
PARTS = ("something", "correction", "class", "box", "mask")


def with_truth(fields, seed):
    """For `pictures.batches(encode=with_truth)`: pictures, and of their objects what the losses need."""
    return fields["image"], {name: fields[name] for name in (*TRUTH, "keypoints") if name in fields}


class Detector(keras.Model):
    """A Keras model that reports several losses, samples at random, is saved with its config, and takes any picture.

    Subclasses give `call`, `compute_loss`, and `paste`, which makes masks as large as a picture.
    """

    def __init__(self, config, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.config, self.seed = config, seed
        self.noise = keras.random.SeedGenerator(seed)
        names = PARTS + ("keypoints",) if config.keypoints else PARTS
        self.parts = {name: keras.metrics.Mean(name=f"{name}_loss") for name in names}
        self.recall = keras.metrics.Mean(name="recall")  # of objects, those that a proposal covers by half
        self.built = True  # subclasses build all layers when they are made

    def compile(self, optimizer="adam", **options):
        """As any model. The optimizer makes its variables here: in the first step they would have it traced twice."""
        super().compile(optimizer, **options)
        self.optimizer.build(self.trainable_variables)

    def report(self, parts):
        """Note each loss, and add them."""
        for name, value in parts.items():
            self.parts[name].update_state(value)
        return sum(parts.values())

    def random(self, like):
        """Numbers from 0 to 1, one for each place."""
        return keras.random.uniform(ops.shape(like), seed=self.noise)

    def check(self, images):
        """Pictures of the size that the network was built for."""
        if tuple(images.shape[1:]) != (*self.config.size, 3):
            height, width = self.config.size
            raise ValueError(
                f"Pictures of shape {tuple(images.shape)} came, and this network was built for (batch, {height}, {width}, 3): "
                "give one of another size to detect(picture), or build with MaskRCNNConfig(size=…)."
            )

    def in_pixels(self, truth, sample_weight=None):
        """The truth with boxes and key points in pixels; what is missing is said."""
        names = (*TRUTH, "keypoints") if self.config.keypoints else TRUTH
        missing = [name for name in names if not isinstance(truth, dict) or name not in truth]
        if missing:
            raise ValueError(
                f"The truth has no {missing[0]!r}: train on pictures with objects, pictures.batches(encode=with_truth)."
            )
        if sample_weight is not None:
            raise ValueError("Mask R-CNN takes no sample weights: give (pictures, truth).")
        height, width = self.config.size
        valid = ops.cast(truth["valid"], "bool")
        boxes = ops.cast(truth["boxes"], "float32") * ops.convert_to_tensor([height, width] * 2, "float32")
        ready = {
            "boxes": ops.where(ops.expand_dims(valid, -1), boxes, 0.0),
            "labels": ops.cast(truth["labels"], "int32"),
            "valid": valid,
            "instances": truth["instances"],
        }
        if self.config.keypoints:
            sides = ops.convert_to_tensor([height, width, 1], "float32")
            ready["keypoints"] = ops.cast(truth["keypoints"], "float32") * sides
        return ready

    def as_shares(self, boxes):
        """Pixels of the network's input → shares of its sides."""
        return boxes / ops.convert_to_tensor(self.config.size * 2, "float32")

    def keypoints_in(self, boxes, logits):
        """The highest place of each map: (B, D, P, 3), y and x as shares of the picture, and its probability."""
        bins = 2 * self.config.mask_size
        highest = ops.cast(ops.argmax(logits, axis=2), "int32")
        sure = ops.max(ops.softmax(logits, axis=2), axis=2)
        place = (ops.cast(ops.stack([highest // bins, highest % bins], axis=-1), "float32") + 0.5) / bins
        top_left, bottom_right = boxes[:, :, None, :2], boxes[:, :, None, 2:]
        place = (top_left + place * (bottom_right - top_left)) / ops.convert_to_tensor(
            self.config.size, "float32"
        )
        return ops.concatenate([place, ops.expand_dims(sure, -1)], axis=-1)

    def detect(self, picture, least_score=0.5, threshold=0.5):
        """One picture (H, W, 3) of any size, uint8 → its objects, the surest first: boxes, labels, scores, masks (n, H, W)."""
        picture = np.asarray(picture)
        if picture.ndim != 3 or picture.shape[-1] != 3 or 0 in picture.shape or picture.dtype != np.uint8:
            raise ValueError(
                f"A picture of shape {picture.shape} and type {picture.dtype} came; give one picture (height, width, 3) of uint8."
            )
        canvas, shares = fitted(picture, self.config.size)
        found = {name: np.asarray(value)[0] for name, value in self.predict_on_batch(canvas[None]).items()}
        kept = found.pop("valid") & (found["scores"] >= least_score)
        found = {name: value[kept] for name, value in found.items()}
        found["boxes"] = np.clip(found["boxes"] / np.array(shares * 2, "float32"), 0, 1)
        if "keypoints" in found:
            found["keypoints"][..., :2] /= np.array(shares, "float32")
        size = picture.shape[:2]
        masks = [  # one after another: a hundred masks of a photograph in float32 do not fit everywhere
            ops.convert_to_numpy(self.paste(mask[None], box[None], size))[0] >= threshold
            for mask, box in zip(found["masks"], found["boxes"], strict=True)
        ]
        found["masks"] = np.stack(masks) if masks else np.zeros((0, *size), bool)
        return found

    def get_config(self):
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "config": dataclasses.asdict(self.config),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        encoder = keras.saving.deserialize_keras_object(config.pop("encoder"))
        return cls(encoder, MaskRCNNConfig(**config.pop("config")), **config)


@keras.saving.register_keras_serializable("segkit", name="MaskRCNN")
class SavedMaskRCNN(Detector):
    """Stands for `MaskRCNN` until that is imported: a saved one is loaded where nothing but segkit and Keras is."""

    @classmethod
    def from_config(cls, config):
        from .models.mask_rcnn import MaskRCNN

        return MaskRCNN.from_config(config)


def fitted(picture, size):
    """A picture made as large as fits into `size` and padded below and on the right; and how much of each side it takes.

    A box that the network finds, divided by these shares, is the box in the picture as it was: exactly, as the sides are
    rounded before the shares are taken.
    """
    height, width = picture.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner = tuple(
        max(1, min(side, round(scale * old))) for side, old in zip(size, (height, width), strict=True)
    )
    canvas = np.full((*size, 3), np.round(picture.mean(axis=(0, 1))), "uint8")
    smaller = picture
    if inner != (height, width):
        smaller = np.asarray(Image.fromarray(picture).resize(inner[::-1], Image.Resampling.BILINEAR))
    canvas[: inner[0], : inner[1]] = smaller
    return canvas, (inner[0] / size[0], inner[1] / size[1])
