"""From corrected anchors to a fixed number of boxes that overlap little: the most promising first."""

from keras import ops

from ...boxes import area, best, clip, take
from .targets import decode, iou


def nms(boxes, valid, threshold, groups=None):
    """Non-maximum suppression of (B, N, 4), the best first: (B, N), True for each that no better kept box overlaps.

    A box that overlaps a kept box before it by more than `threshold` goes. Boxes of different `groups` (B, N) never meet.
    In place of one box after another, all are asked again and again, which of them those kept so far would remove,
    until the answer stays the same: the first box is right after one round, and each round settles at least one more.
    Taught in notebooks/08_mask_rcnn.ipynb.
    """
    count = boxes.shape[1]
    meets = iou(boxes, boxes) > threshold
    meets &= ops.reshape(ops.arange(count), (-1, 1)) < ops.arange(count)  # [b, earlier, later]
    if groups is not None:
        meets &= ops.expand_dims(groups, 2) == ops.expand_dims(groups, 1)

    def again(kept, changed):
        left = valid & ops.logical_not(ops.any(meets & ops.expand_dims(kept, 2), axis=1))
        return left, ops.any(left != kept)

    kept, _ = ops.while_loop(
        lambda kept, changed: changed, again, (valid, ops.any(valid)), maximum_iterations=count + 1
    )
    return kept


def propose(logits, deltas, anchors, counts, config):
    """Scores (B, A), corrections (B, A, 4) of all anchors → boxes (B, proposals, 4), logits, and which places are filled.

    Of each map (`counts` anchors) the best are corrected, cut at the edge, rid of doubles; of what is left the best of all.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    found, start = [], 0
    for count in counts:
        here = slice(start, start + count)
        start += count
        scores, chosen = ops.top_k(logits[:, here], min(config.per_level, count))
        boxes = decode(take(deltas[:, here], chosen), ops.take(anchors[here], chosen, axis=0))
        boxes = clip(boxes, config.size)
        kept = nms(boxes, area(boxes) > 1e-3, config.proposal_iou)
        found.append((boxes, scores, kept))
    boxes, scores, kept = (ops.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    chosen, scores, valid = best(kept, scores, config.proposals)
    return ops.where(ops.expand_dims(valid, -1), take(boxes, chosen), 0.0), scores, valid
