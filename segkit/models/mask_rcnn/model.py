"""Mask R-CNN as one Keras model: `compile`, `fit`, `evaluate`, `predict`, `save` as any other."""

import dataclasses

import keras
import numpy as np
from keras import ops

from . import losses, targets
from .anchors import anchor_grid
from .config import MaskRCNNConfig
from .heads import box_head, keypoint_head, mask_head, proposal_head
from .paste import detect
from .proposals import first, nms, propose
from .rois import roi_align
from .trunk import trunk

TRUTH = ("boxes", "labels", "valid", "instances")
PARTS = ("something", "correction", "class", "box", "mask")


def with_truth(fields, seed):
    """For `pictures.batches(encode=with_truth)`: pictures, and of their objects what the five losses need."""
    return fields["image"], {name: fields[name] for name in (*TRUTH, "keypoints") if name in fields}


@keras.saving.register_keras_serializable("segkit")
class MaskRCNN(keras.Model):
    """Objects with boxes, classes and masks: `MaskRCNN(encoder("MobileNetV2", "paper"), MaskRCNNConfig.quick())`.

    `predict(pictures)` gives for each picture a fixed number of detections, the surest first: boxes (B, D, 4) as shares of
    the sides, labels, scores, masks (B, D, 28, 28) of probabilities inside the boxes, and `valid`: False for places that
    nothing fills. `detect(picture)` takes one picture of any size and gives masks of that size.
    It trains on batches of (pictures, truth); `truth` holds boxes, labels, valid and instances as `Pictures` has them.
    """

    def __init__(self, encoder, config, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.config, self.seed = config, seed
        dtype = self.dtype_policy
        self.trunk = trunk(encoder, config, dtype)
        self.proposal_head = proposal_head(config, dtype)
        self.box_head = box_head(config, dtype)
        self.mask_head = mask_head(config, dtype)
        self.keypoint_head = keypoint_head(config, dtype) if config.keypoints else None
        self.anchors = anchor_grid(
            config.map_sizes, config.strides, config.anchor_sizes, config.anchor_ratios
        )
        self.anchor_counts = [
            height * width * len(config.anchor_ratios) for height, width in config.map_sizes
        ]
        self.noise = keras.random.SeedGenerator(seed)
        names = PARTS + ("keypoints",) if config.keypoints else PARTS
        self.parts = {name: keras.metrics.Mean(name=f"{name}_loss") for name in names}
        self.recall = keras.metrics.Mean(name="recall")  # of objects, those that a proposal covers by half
        self.encoder_name = encoder.name
        self.built = True  # all layers are

    def compile(self, optimizer="adam", **options):
        """As any model. The optimizer makes its variables here: in the first step they would have it traced twice."""
        super().compile(optimizer, **options)
        self.optimizer.build(self.trainable_variables)

    def call(self, images, training=False):
        """Detections; in training what the losses need: maps, scores and corrections of all anchors, proposals."""
        found = self.look(images, training)
        return found if training else self.detections(found)

    def look(self, images, training=False):
        """The first half: from pictures to proposals."""
        self.check(images)
        maps = self.trunk(images, training=training)
        logits, deltas = zip(*(self.proposal_head(each) for each in maps), strict=True)
        logits, deltas = ops.concatenate(logits, axis=1), ops.concatenate(deltas, axis=1)
        proposals, scores, valid = propose(
            ops.stop_gradient(logits),
            ops.stop_gradient(deltas),
            ops.convert_to_tensor(self.anchors),
            self.anchor_counts,
            self.config,
        )
        return {
            "maps": maps,
            "logits": logits,
            "deltas": deltas,
            "proposals": proposals,
            "scores": scores,
            "valid": valid,
        }

    def features(
        self, maps, boxes, bins
    ):  # (B, R, 4) -> (B·R, bins, bins, filters): pictures no longer matter
        config = self.config
        strides = config.roi_strides
        cut = roi_align(maps[: len(strides)], boxes, strides, bins, config.samples, config.roi_cells)
        return ops.reshape(cut, (-1, bins, bins, config.filters))

    def judge(self, maps, boxes):
        """Of each box the logits of its class (B, R, classes), and a correction for each class (B, R, classes, 4)."""
        logits, deltas = self.box_head(self.features(maps, boxes, self.config.box_bins))
        count, classes = boxes.shape[1], self.config.num_classes
        return ops.reshape(logits, (-1, count, classes)), ops.reshape(deltas, (-1, count, classes, 4))

    def draw(self, maps, boxes, labels):
        """Of each box the mask of its class, as logits (B, R, bins, bins)."""
        logits = self.mask_head(self.features(maps, boxes, self.config.mask_bins))
        count, bins = boxes.shape[1], self.config.mask_size
        logits = ops.reshape(logits, (-1, count, bins, bins, self.config.num_classes))
        wanted = ops.one_hot(labels, self.config.num_classes, dtype=logits.dtype)
        return ops.einsum("brhwc,brc->brhw", logits, wanted)

    def point(self, maps, boxes):
        """Of each box a map for each key point, as logits (B, R, places, points)."""
        logits = self.keypoint_head(self.features(maps, boxes, self.config.mask_bins))
        return ops.reshape(
            logits, (-1, boxes.shape[1], (2 * self.config.mask_size) ** 2, self.config.keypoints)
        )

    def detections(self, found):
        """The second half: proposals are named and corrected, doubles go, class by class, and the best get masks."""
        config, maps, proposals = self.config, found["maps"], found["proposals"]
        logits, deltas = self.judge(maps, proposals)
        boxes = targets.decode(deltas, ops.expand_dims(proposals, 2), config.box_weights)
        boxes = targets.clip(boxes, config.size)[:, :, 1:]  # one for each class but background
        scores = ops.softmax(logits)[:, :, 1:]
        usable = ops.expand_dims(found["valid"], -1) & (targets.area(boxes) > 1e-3)
        pairs, kinds = config.proposals * (config.num_classes - 1), config.num_classes - 1
        scores = ops.reshape(ops.where(usable, scores, 0.0), (-1, pairs))
        boxes = ops.reshape(boxes, (-1, pairs, 4))
        scores, chosen = ops.top_k(scores, min(config.candidates, pairs))
        boxes, labels = targets.take(boxes, chosen), ops.cast(chosen, "int32") % kinds + 1
        kept = nms(boxes, scores > config.least_score, config.detection_iou, labels)
        chosen, scores, valid = first(kept, scores, config.detections)
        boxes = ops.where(ops.expand_dims(valid, -1), targets.take(boxes, chosen), 0.0)
        labels = ops.where(valid, targets.take(labels, chosen), 0)
        answer = {
            "boxes": boxes / np.array(config.size * 2, "float32"),
            "labels": labels,
            "scores": ops.where(valid, scores, 0.0),
            "masks": ops.sigmoid(self.draw(maps, boxes, labels)),
            "valid": valid,
        }
        if config.keypoints:
            answer["keypoints"] = self.keypoints_in(boxes, self.point(maps, boxes)) * ops.cast(
                valid[..., None, None], "float32"
            )
        return answer

    def keypoints_in(self, boxes, logits):
        """The highest place of each map: (B, D, P, 3), y and x as shares of the picture, and its probability."""
        bins = 2 * self.config.mask_size
        best = ops.cast(ops.argmax(logits, axis=2), "int32")
        sure = ops.max(ops.softmax(logits, axis=2), axis=2)
        place = (ops.cast(ops.stack([best // bins, best % bins], axis=-1), "float32") + 0.5) / bins
        top_left, bottom_right = boxes[:, :, None, :2], boxes[:, :, None, 2:]
        place = (top_left + place * (bottom_right - top_left)) / np.array(self.config.size, "float32")
        return ops.concatenate([place, ops.expand_dims(sure, -1)], axis=-1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The sum of the losses, each of which is reported; `y_pred` is what `call` gave in training."""
        truth = self.checked(y, sample_weight)
        found = y_pred if "maps" in y_pred else self.look(x)  # `evaluate` gives detections
        parts = {**self.proposal_losses(found, truth), **self.detection_losses(found, truth)}
        for name, value in parts.items():
            self.parts[name].update_state(value)
        return sum(parts.values())

    def proposal_losses(self, found, truth):
        """Sampled anchors: is something there, and which correction leads to it?"""
        config = self.config
        anchors = ops.expand_dims(ops.convert_to_tensor(self.anchors), 0)
        overlaps = targets.iou(anchors, truth["boxes"])
        matched, kind = targets.match(
            overlaps, truth["valid"], config.anchor_positive, config.anchor_negative, rescue=True
        )
        chosen, kind = self.sampled(kind, config.anchors_sampled, config.anchors_share)
        wanted = targets.encode(
            targets.take(truth["boxes"], targets.take(matched, chosen)),
            ops.take(anchors[0], chosen, axis=0),
        )
        return {
            "something": losses.something_loss(targets.take(found["logits"], chosen), kind),
            "correction": losses.correction_loss(targets.take(found["deltas"], chosen), wanted, kind),
        }

    def detection_losses(self, found, truth):
        """Sampled boxes: which class, which correction, and for those on objects which mask?"""
        config, maps = self.config, found["maps"]
        overlaps = targets.iou(found["proposals"], truth["boxes"])
        overlaps = ops.where(ops.expand_dims(found["valid"], -1), overlaps, 0.0)
        covered = ops.cast(ops.max(overlaps, axis=1) >= 0.5, "float32")
        self.recall.update_state(covered, sample_weight=ops.cast(truth["valid"], "float32"))
        # the true boxes join in: from the first step on there is something to learn from
        boxes = ops.concatenate([found["proposals"], truth["boxes"]], axis=1)
        filled = ops.concatenate([found["valid"], truth["valid"]], axis=1)
        overlaps = targets.iou(boxes, truth["boxes"])
        matched, kind = targets.match(overlaps, truth["valid"], config.roi_positive, config.roi_positive)
        kind = ops.where(filled, kind, -1)
        chosen, kind = self.sampled(kind, config.rois_sampled, config.rois_share)
        boxes, matched = targets.take(boxes, chosen), targets.take(matched, chosen)
        labels = ops.where(kind == 1, targets.take(truth["labels"], matched), 0)
        wanted = targets.encode(targets.take(truth["boxes"], matched), boxes, config.box_weights)
        logits, deltas = self.judge(maps, boxes)
        of_class = ops.one_hot(labels, config.num_classes, dtype=deltas.dtype)
        deltas = ops.einsum("brcd,brc->brd", deltas, of_class)
        parts = {
            "class": losses.class_loss(logits, labels, kind),
            "box": losses.correction_loss(deltas, wanted, kind),
        }
        few = slice(0, config.positive_rois)  # objects come first
        boxes, matched, kind, labels = boxes[:, few], matched[:, few], kind[:, few], labels[:, few]
        wanted = targets.mask_targets(truth["instances"], matched + 1, boxes, config.mask_size)
        parts["mask"] = losses.mask_loss(self.draw(maps, boxes, labels), wanted, kind)
        if config.keypoints:
            points = targets.take(truth["keypoints"], matched)
            cells, counts = targets.keypoint_targets(points, boxes, 2 * config.mask_size)
            counts &= ops.expand_dims(kind == 1, -1)
            parts["keypoints"] = losses.keypoint_loss(self.point(maps, boxes), cells, counts)
        return parts

    def sampled(self, kind, count, share):
        noise = keras.random.uniform(ops.shape(kind), seed=self.noise)
        return targets.sample(kind, min(count, kind.shape[1]), share, noise)

    def detect(self, picture, least_score=0.5, threshold=0.5):
        """One picture (H, W, 3) of any size with pixels 0..255 → its objects: boxes, labels, scores, masks (n, H, W)."""
        return detect(self, picture, least_score, threshold)

    def check(self, images):
        if tuple(images.shape[1:]) != (*self.config.size, 3):
            height, width = self.config.size
            raise ValueError(
                f"Pictures of shape {tuple(images.shape)} came, and this network was built for (batch, {height}, {width}, 3): "
                "give one of another size to detect(picture), or build with MaskRCNNConfig(size=…)."
            )

    def checked(self, truth, sample_weight):
        """Boxes in pixels; what is missing is said."""
        names = (*TRUTH, "keypoints") if self.config.keypoints else TRUTH
        missing = [name for name in names if not isinstance(truth, dict) or name not in truth]
        if missing:
            raise ValueError(
                f"The truth has no {missing[0]!r}: train on pictures with objects, pictures.batches(encode=with_truth)."
            )
        if sample_weight is not None:
            raise ValueError("Mask R-CNN takes no sample weights: give (pictures, truth).")
        height, width = self.config.size
        sides = np.array([height, width, height, width], "float32")
        boxes = ops.cast(truth["boxes"], "float32") * sides
        valid = ops.cast(truth["valid"], "bool")
        ready = {
            "boxes": ops.where(ops.expand_dims(valid, -1), boxes, 0.0),
            "labels": ops.cast(truth["labels"], "int32"),
            "valid": valid,
            "instances": truth["instances"],
        }
        if self.config.keypoints:
            ready["keypoints"] = ops.cast(truth["keypoints"], "float32") * np.array(
                [height, width, 1], "float32"
            )
        return ready

    def get_config(self):
        encoder = self.trunk.get_layer(self.encoder_name)
        return {
            **super().get_config(),
            "encoder": keras.saving.serialize_keras_object(encoder),
            "config": dataclasses.asdict(self.config),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        encoder = keras.saving.deserialize_keras_object(config.pop("encoder"))
        return cls(encoder, MaskRCNNConfig(**config.pop("config")), **config)
