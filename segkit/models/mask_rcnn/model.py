"""Mask R-CNN as one Keras model: `compile`, `fit`, `evaluate`, `predict`, `save` as any other."""

import keras
from keras import ops

from ...boxes import area, best, clip, take
from ...detectors import Detector
from .anchors import anchor_grid
from .heads import box_head, keypoint_head, mask_head, proposal_head
from .losses import class_loss, correction_loss, keypoint_loss, mask_loss, something_loss
from .paste import paste
from .proposals import nms, propose
from .rois import roi_align
from .targets import decode, encode, iou, keypoint_targets, mask_targets, match, sample
from .trunk import trunk


@keras.saving.register_keras_serializable("segkit")
class MaskRCNN(Detector):
    """Objects with boxes, classes and masks: `MaskRCNN(encoder("MobileNetV2", "paper"), MaskRCNNConfig.quick())`.

    `predict(pictures)` gives for each picture a fixed number of detections, the surest first: boxes (B, D, 4) as shares of
    the sides, labels, scores, masks (B, D, 28, 28) of chances inside the boxes, and `valid`: False for empty places.
    `detect(picture)` takes one of any size. It trains on (pictures, truth): `pictures.batches(encode=with_truth)`.
    Taught in notebooks/08c_mask_rcnn_training.ipynb.
    """

    paste = staticmethod(paste)

    def __init__(self, encoder, config, seed=0, **kwargs):
        super().__init__(config, seed, **kwargs)
        dtype, self.encoder = self.dtype_policy, encoder
        self.trunk = trunk(encoder, config, dtype)
        self.proposal_head = proposal_head(config, dtype)
        self.box_head = box_head(config, dtype)
        self.mask_head = mask_head(config, dtype)
        self.keypoint_head = keypoint_head(config, dtype) if config.keypoints else None
        grid = config.map_sizes, config.strides, config.anchor_sizes, config.anchor_ratios
        self.anchors = anchor_grid(*grid)

    def call(self, images, training=False):
        """Detections; in training what the losses need: maps, scores and corrections of all anchors, proposals."""
        found = self.look(images, training)
        return found if training else self.detections(found)

    def look(self, images, training=False):
        """The first half: from pictures to proposals."""
        self.check(images)
        maps = self.trunk(images, training=training)
        answers = [self.proposal_head(each) for each in maps]
        logits, deltas = (ops.concatenate(part, axis=1) for part in zip(*answers, strict=True))
        counts = [height * width * len(self.config.anchor_ratios) for height, width in self.config.map_sizes]
        fixed = (
            ops.stop_gradient(logits),
            ops.stop_gradient(deltas),
        )  # no loss reaches back through a proposal
        boxes, scores, valid = propose(*fixed, ops.convert_to_tensor(self.anchors), counts, self.config)
        return dict(maps=maps, logits=logits, deltas=deltas, proposals=boxes, scores=scores, valid=valid)

    def features(self, maps, boxes, bins):
        """(B, R, 4) → (B·R, bins, bins, filters): from here on it does not matter whose picture a box is from."""
        config, strides = self.config, self.config.roi_strides
        cut = roi_align(maps[: len(strides)], boxes, strides, bins, config.samples, config.roi_cells)
        return ops.reshape(cut, (-1, bins, bins, config.filters))

    def judge(self, maps, boxes):
        """Of each box the logits of its class (B, R, classes), and a correction for each class (B, R, classes, 4)."""
        logits, deltas = self.box_head(self.features(maps, boxes, self.config.box_bins))
        shape = (-1, boxes.shape[1], self.config.num_classes)
        return ops.reshape(logits, shape), ops.reshape(deltas, (*shape, 4))

    def draw(self, maps, boxes, labels):
        """Of each box the mask of its class, as logits (B, R, bins, bins)."""
        logits = self.mask_head(self.features(maps, boxes, self.config.mask_bins))
        count, bins, classes = boxes.shape[1], self.config.mask_size, self.config.num_classes
        logits = ops.reshape(logits, (-1, count, bins, bins, classes))
        return ops.einsum("brhwc,brc->brhw", logits, ops.one_hot(labels, classes, dtype=logits.dtype))

    def point(self, maps, boxes):
        """Of each box a map for each key point, as logits (B, R, places, points)."""
        logits = self.keypoint_head(self.features(maps, boxes, self.config.mask_bins))
        places = (2 * self.config.mask_size) ** 2
        return ops.reshape(logits, (-1, boxes.shape[1], places, self.config.keypoints))

    def detections(self, found):
        """The second half: proposals are named and corrected, doubles go, class by class, and the best get masks."""
        config, maps, proposals = self.config, found["maps"], found["proposals"]
        logits, deltas = self.judge(maps, proposals)
        boxes = decode(deltas, ops.expand_dims(proposals, 2), config.box_weights)
        boxes = clip(boxes, config.size)[:, :, 1:]  # one for each class but background
        usable = ops.expand_dims(found["valid"], -1) & (area(boxes) > 1e-3)
        kinds = config.num_classes - 1
        pairs = config.proposals * kinds  # of a box and a class
        scores = ops.reshape(ops.where(usable, ops.softmax(logits)[:, :, 1:], 0.0), (-1, pairs))
        scores, chosen = ops.top_k(scores, min(config.candidates, pairs))
        boxes = take(ops.reshape(boxes, (-1, pairs, 4)), chosen)
        labels = ops.cast(chosen, "int32") % kinds + 1
        kept = nms(boxes, scores > config.least_score, config.detection_iou, labels)
        chosen, scores, valid = best(kept, scores, config.detections)
        boxes = ops.where(ops.expand_dims(valid, -1), take(boxes, chosen), 0.0)
        labels, scores = ops.where(valid, take(labels, chosen), 0), ops.where(valid, scores, 0.0)
        masks = ops.sigmoid(self.draw(maps, boxes, labels))
        answer = dict(boxes=self.as_shares(boxes), labels=labels, scores=scores, masks=masks, valid=valid)
        if config.keypoints:
            points = self.keypoints_in(boxes, self.point(maps, boxes))
            answer["keypoints"] = points * ops.cast(valid[..., None, None], "float32")
        return answer

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The sum of the losses, each of which is reported; `y_pred` is what `call` gave in training."""
        truth = self.in_pixels(y, sample_weight)
        found = y_pred if "maps" in y_pred else self.look(x)  # `evaluate` gives detections
        return self.report({**self.proposal_losses(found, truth), **self.detection_losses(found, truth)})

    def proposal_losses(self, found, truth):
        """Sampled anchors: is something there, and which correction leads to it?"""
        config, anchors = self.config, ops.convert_to_tensor(self.anchors)
        overlaps = iou(ops.expand_dims(anchors, 0), truth["boxes"])
        limits = config.anchor_positive, config.anchor_negative
        matched, kind = match(overlaps, truth["valid"], *limits, rescue=True)
        chosen, kind = sample(kind, config.anchors_sampled, config.anchors_share, self.random(kind))
        wanted = encode(take(truth["boxes"], take(matched, chosen)), ops.take(anchors, chosen, axis=0))
        something = something_loss(take(found["logits"], chosen), kind)
        correction = correction_loss(take(found["deltas"], chosen), wanted, kind)
        return {"something": something, "correction": correction}

    def detection_losses(self, found, truth):
        """Sampled boxes: which class, which correction, and for those on objects which mask?"""
        config, maps = self.config, found["maps"]  # the true boxes join in: something to learn from at once
        boxes = ops.concatenate([found["proposals"], truth["boxes"]], axis=1)
        filled = ops.concatenate([found["valid"], truth["valid"]], axis=1)
        overlaps = iou(boxes, truth["boxes"])
        covered = ops.max(overlaps[:, : config.proposals], axis=1) >= 0.5
        self.recall.update_state(ops.cast(covered, "float32"), ops.cast(truth["valid"], "float32"))
        matched, kind = match(overlaps, truth["valid"], config.roi_positive, config.roi_positive)
        kind = ops.where(filled, kind, -1)
        chosen, kind = sample(kind, config.rois_sampled, config.rois_share, self.random(kind))
        boxes, matched = take(boxes, chosen), take(matched, chosen)
        labels = ops.where(kind == 1, take(truth["labels"], matched), 0)
        wanted = encode(take(truth["boxes"], matched), boxes, config.box_weights)
        logits, deltas = self.judge(maps, boxes)
        of_class = ops.one_hot(labels, config.num_classes, dtype=deltas.dtype)
        deltas = ops.einsum("brcd,brc->brd", deltas, of_class)
        parts = {"class": class_loss(logits, labels, kind), "box": correction_loss(deltas, wanted, kind)}
        few = slice(0, config.positive_rois)  # objects come first
        boxes, matched, kind, labels = boxes[:, few], matched[:, few], kind[:, few], labels[:, few]
        wanted = mask_targets(truth["instances"], matched + 1, boxes, config.mask_size)
        parts["mask"] = mask_loss(self.draw(maps, boxes, labels), wanted, kind)
        if config.keypoints:
            cells, counts = keypoint_targets(take(truth["keypoints"], matched), boxes, 2 * config.mask_size)
            counts &= ops.expand_dims(kind == 1, -1)
            parts["keypoints"] = keypoint_loss(self.point(maps, boxes), cells, counts)
        return parts
