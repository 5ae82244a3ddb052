"""Change a picture and all that is known about it together: one transform, drawn once, applied to every field."""

import dataclasses
import math

import numpy as np
import tensorflow as tf
from scipy import ndimage

from ..paper import KEYPOINTS
from .sizes import as_size

# How each field moves. A field of another name moves as labels where it holds whole numbers for pixels, as a picture
# where it holds fractions for pixels, and stays as it is otherwise.
KINDS = {
    "image": "picture",
    "mask": "labels",
    "trimap": "labels",
    "classes": "labels",
    "instances": "labels",
    "keypoints": "points",
    "boxes": "boxes",
    "labels": "as it is",
    "valid": "valid",
}


@dataclasses.dataclass(frozen=True)
class Augment:
    """Random flip, zoom, shift, turn, elastic deformation and light for batches of pictures with all their fields.

    The geometry is drawn once a picture and moves each field by its kind: pictures bilinearly, masks by nearest
    neighbour, key points as points; boxes are measured again on the moved instances. What moves in from outside is
    a mirror image. The frames of a clip share one draw.
    A crop of 0.6 of the sides, drawn as large as the whole, shows everything 1.7 times as large as test pictures do;
    a smaller `size` for training sets that right, and is faster.
    All numbers come from `seed`, two integers: the same seed gives the same batch.
    """

    flip: bool = True
    zoom: tuple = (1.0, 1.0)  # share of the picture's sides that stays in view, drawn between these
    turn: float = 0.0  # largest angle, degrees
    size: int | tuple | None = None  # (height, width) that comes out, or the height alone; None keeps it
    light: float = 0.0  # largest change of brightness, contrast and colour, as a share
    points: tuple = KEYPOINTS  # names of the key points: in a mirror, left_… and right_… trade places
    elastic: float = 0.0  # pixels: standard deviation of how far nine points move, as if on rubber

    def __call__(self, fields, seed):
        images = fields["image"]
        frames = images.shape[1] if images.shape.rank == 5 else None
        count, (height, width) = tf.shape(images)[0], images.shape[-3:-1]
        size = as_size(self.size, (height, width)) if self.size else (height, width)
        seeds = tf.unstack(tf.random.split(seed, 7))

        def draw(index, low, high, *shape):
            numbers = tf.random.stateless_uniform((count, *shape), seeds[index], low, high)
            return tf.repeat(numbers, frames, axis=0) if frames else numbers

        moves = []
        if self.zoom != (1.0, 1.0) or self.turn or size != (height, width):
            zoom, shift = draw(1, *self.zoom), draw(3, -1.0, 1.0, 2)
            if self.turn or self.zoom[1] > 1:
                angle = draw(2, -1.0, 1.0) * self.turn * (math.pi / 180)
                moves.append(Warp(zoom, angle, shift, (height, width), size))
            else:
                moves.append(Crop(zoom, shift, (height, width), size))
        if self.elastic:
            noise = tf.random.stateless_normal((count, 3, 3, 2), tf.random.fold_in(seed, 7)) * self.elastic
            moves.append(Elastic(tf.repeat(noise, frames, axis=0) if frames else noise, size))
        if self.flip:
            moves.append(Mirror(draw(0, 0.0, 1.0) < 0.5))
        for move in moves:
            fields = self._moved(fields, move, frames)
        if self.light:
            strengths = [draw(4 + index, -1.0, 1.0, 1, 1, shades) for index, shades in enumerate((1, 1, 3))]
            fields = {
                **fields,
                "image": _per_frame(lambda x: self._lit(x, *strengths), fields["image"], frames),
            }
        return fields

    def _moved(self, fields, move, frames):
        moved = {}
        for name, field in fields.items():
            kind = KINDS.get(name) or _kind(field, fields["image"])
            if kind == "picture":
                moved[name] = _per_frame(move.picture, field, frames)
            elif kind == "labels":
                moved[name] = _per_frame(move.labels, field, frames)
            elif kind == "points":
                moved[name] = _per_frame(lambda points: self._points(points, move), field, frames)
            elif kind == "as it is":
                moved[name] = field
        if "boxes" in fields:
            if "instances" in moved:
                objects = fields["boxes"].shape[-2]
                moved["boxes"] = _per_frame(lambda ids: boxes_of(ids, objects), moved["instances"], frames)
            else:
                moved["boxes"] = _per_frame(
                    lambda boxes: _moved_corners(boxes, move), fields["boxes"], frames
                )
        if "valid" in fields:
            seen = moved["boxes"][..., 2] > moved["boxes"][..., 0] if "boxes" in moved else True
            moved["valid"] = fields["valid"] & seen
        return moved

    def _points(self, points, move):  # (B, M, P, 3): y, x, visibility
        if points.shape[-2] != len(self.points):
            raise ValueError(
                f"These pictures have {points.shape[-2]} key points and Augment knows {len(self.points)}: give their names, "
                "Augment(points=(…)), so that left_… and right_… trade places in a mirror."
            )
        places, seen = move.points(points[..., :2]), points[..., 2:]
        inside = tf.reduce_all((places >= 0) & (places < 1), axis=-1, keepdims=True) & (seen > 0)
        points = tf.where(inside, tf.concat([places, seen], axis=-1), 0.0)
        if not isinstance(move, Mirror):
            return points
        swapped = tf.gather(points, _mirrored_names(self.points), axis=-2)
        return tf.where(move.turned[:, None, None, None], swapped, points)

    def _lit(self, images, bright, contrast, tint):
        images = tf.cast(images, tf.float32)
        mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
        images = mean + (images - mean) * (1 + self.light * contrast)
        return _pixels(images * (1 + self.light * (bright + tint / 2)))


class Mirror:
    """Left becomes right where `turned`; exact, and without arithmetic."""

    def __init__(self, turned):
        self.turned = turned
        self.places = [tf.cast(tf.where(side)[:, 0], tf.int32) for side in (~turned, turned)]

    def picture(self, images):  # (B, H, W, C)
        kept, others = (tf.gather(images, places) for places in self.places)
        # of two or three axes, TensorFlow reverses one many times faster than of four
        rows = tf.reverse(tf.reshape(others, (-1, *images.shape[2:])), axis=[1])
        both = tf.dynamic_stitch(self.places, [kept, tf.reshape(rows, tf.shape(others))])
        return tf.ensure_shape(both, (None, *images.shape[1:]))

    labels = picture  # (B, H, W)

    def points(self, places):  # (B, …, 2) of y, x as shares
        turned = tf.reshape(self.turned, (-1, *[1] * (places.shape.rank - 2)))
        y, x = places[..., 0], places[..., 1]
        return tf.stack([y, tf.where(turned, 1 - x, x)], axis=-1)


class Crop:
    """A part of each picture, of whole pixels, drawn at another size."""

    def __init__(self, zoom, shift, old_size, new_size):
        self.new_size = new_size
        old = tf.constant(old_size, tf.float32)
        self.size = tf.maximum(tf.round(zoom[:, None] * old), 1)  # (B, 2): height and width
        self.corner = tf.round((old - self.size) * (shift + 1) / 2)
        self.old_size = old

    def picture(self, images):
        # One at a time: TensorFlow's resizing is several times as fast as its cropping and resizing of batches.
        def resized(one):
            picture, corner, size = one
            part = picture[None, corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]]
            grown = tf.raw_ops.ResizeBilinear(images=part, size=self.new_size, half_pixel_centers=True)[0]
            return tf.cast(grown + 0.5 if images.dtype == tf.uint8 else grown, images.dtype)

        whole = (images, tf.cast(self.corner, tf.int32), tf.cast(self.size, tf.int32))
        shape = (*self.new_size, images.shape[-1])
        return tf.map_fn(resized, whole, fn_output_signature=tf.TensorSpec(shape, images.dtype))

    def labels(self, masks):
        for axis in (0, 1):  # rows; then the columns, which are the rows of the transposed mask
            steps = (tf.range(self.new_size[axis], dtype=tf.float32) + 0.5) / self.new_size[axis]
            places = tf.cast(
                self.corner[:, axis, None] + tf.floor(steps * self.size[:, axis, None]), tf.int32
            )
            masks = tf.transpose(tf.gather(masks, places, axis=1, batch_dims=1), (0, 2, 1))
        return masks

    def points(self, places):
        corner, size = (_spread(numbers, places) for numbers in (self.corner, self.size))
        return (places * self.old_size - corner) / size


class Warp:
    """Zoom, shift, turn and another size: for each pixel that comes out, the place that it is read from."""

    def __init__(self, zoom, angle, shift, old_size, new_size):
        self.old_size, self.new_size = old_size, new_size
        step_y, step_x = (zoom * old / new for old, new in zip(old_size, new_size, strict=True))
        # One pixel on moves the place by these (y, x).
        self.down = tf.stack([tf.cos(angle) * step_y, -tf.sin(angle) * step_y], axis=-1)
        self.right = tf.stack([tf.sin(angle) * step_x, tf.cos(angle) * step_x], axis=-1)
        old_center, new_center = ([(side - 1) / 2 for side in size] for size in (old_size, new_size))
        room = (1 - tf.minimum(zoom, 1.0))[:, None] * tf.constant(old_size, tf.float32) / 2
        self.first = old_center + shift * room - self.down * new_center[0] - self.right * new_center[1]

    def picture(self, images):
        moved = self._projected(tf.cast(images, tf.float32), "BILINEAR")
        return _pixels(moved) if images.dtype == tf.uint8 else tf.cast(moved, images.dtype)

    def labels(self, masks):
        return self._projected(masks[..., None], "NEAREST")[..., 0]

    def points(self, places):
        down, right, first = (_spread(numbers, places) for numbers in (self.down, self.right, self.first))
        y, x = tf.unstack(places * tf.constant(self.old_size, tf.float32) - 0.5 - first, axis=-1)
        area = down[..., 0] * right[..., 1] - down[..., 1] * right[..., 0]
        row = (y * right[..., 1] - x * right[..., 0]) / area
        column = (x * down[..., 0] - y * down[..., 1]) / area
        return (tf.stack([row, column], axis=-1) + 0.5) / tf.constant(self.new_size, tf.float32)

    def _projected(self, images, interpolation):
        (down_y, down_x), (right_y, right_x) = (
            tf.unstack(self.down, axis=-1),
            tf.unstack(self.right, axis=-1),
        )
        zero = tf.zeros_like(down_y)
        matrices = [right_x, down_x, self.first[:, 1], right_y, down_y, self.first[:, 0], zero, zero]
        moved = tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=tf.stack(matrices, axis=1),
            output_shape=self.new_size,
            interpolation=interpolation,
            fill_mode="REFLECT",
            fill_value=0.0,
        )
        return tf.ensure_shape(moved, (None, *self.new_size, images.shape[-1]))


class Elastic:
    """Rubber: a 3×3 grid of points is moved, and between them all follow, along a bicubic spline (U-Net's recipe).

    `moves` (B, 3, 3, 2): how far from each point of the grid its pixel is read, in pixels down and right. The outer points
    lie on the corner pixels.
    """

    def __init__(self, moves, size):
        height, width = self.size = size
        self.nine = moves
        # (B, H, W, 2): the same for each pixel; the spline is linear in the nine moves, so two small matrices make it
        self.moves = tf.einsum("yi,bijk,xj->byxk", spline(height), tf.cast(moves, tf.float32), spline(width))
        grid = tf.meshgrid(
            tf.range(height, dtype=tf.float32), tf.range(width, dtype=tf.float32), indexing="ij"
        )
        self.places = tf.stack(grid, axis=-1) + self.moves

    def picture(self, images):
        low = tf.floor(self.places)
        down, right = tf.split(self.places - low, 2, axis=-1)
        corners = [
            self._at(tf.cast(images, tf.float32), low + corner)
            for corner in ((0.0, 0.0), (0, 1), (1, 0), (1, 1))
        ]
        upper, lower = (a + right * (b - a) for a, b in (corners[:2], corners[2:]))
        moved = upper + down * (lower - upper)
        return _pixels(moved) if images.dtype == tf.uint8 else tf.cast(moved, images.dtype)

    def labels(self, masks):
        return self._at(masks, tf.round(self.places))

    def points(self, places):
        """A point lands where it is read from: sought step by step, as the spline cannot be solved for it."""
        wanted = found = places * tf.constant(self.size, tf.float32) - 0.5
        for _ in range(8):
            flat = tf.cast(tf.round(tf.reshape(found, (tf.shape(found)[0], -1, 2))), tf.int32)
            near = tf.clip_by_value(flat, 0, tf.constant(self.size) - 1)
            found = wanted - tf.reshape(tf.gather_nd(self.moves, near, batch_dims=1), tf.shape(wanted))
        return tf.ensure_shape((found + 0.5) / tf.constant(self.size, tf.float32), places.shape)

    def _at(self, maps, places):
        """(B, H, W, …) read at whole places (B, H, W, 2); beyond the edge lies the mirror image."""
        inside = []
        for axis, side in enumerate(self.size):
            steps = tf.cast(places[..., axis], tf.int32) % (2 * side)
            inside.append(tf.minimum(steps, 2 * side - 1 - steps))
        return tf.gather_nd(maps, tf.stack(inside, axis=-1), batch_dims=1)


def spline(side):
    """(side, 3): how much each of three points in a row counts at each pixel, along a cubic spline."""
    along = np.linspace(0, 2, side)[None]
    rows = [ndimage.map_coordinates(unit, along, order=3, mode="mirror") for unit in np.eye(3)]
    return np.stack(rows, axis=1).astype(np.float32)


def boxes_of(instances, count):
    """(B, H, W) ids 1 … count → (B, count, 4) boxes as shares of the sides; zeros for an id without pixels."""
    batch, (height, width) = tf.shape(instances)[0], instances.shape[1:]
    segments = instances + (count + 1) * tf.range(batch)[:, None, None]
    edges = []
    for places in (tf.range(height)[None, :, None], tf.range(width)[None, None]):
        places = tf.broadcast_to(places, tf.shape(instances))
        low = tf.math.unsorted_segment_min(places, segments, batch * (count + 1))
        high = tf.math.unsorted_segment_max(places, segments, batch * (count + 1)) + 1
        edges.append([tf.reshape(edge, (batch, count + 1))[:, 1:] for edge in (low, high)])
    (top, bottom), (left, right) = edges
    boxes = tf.stack([top / height, left / width, bottom / height, right / width], axis=-1)
    return tf.cast(tf.where((bottom > top)[..., None], boxes, 0), tf.float32)


def _moved_corners(boxes, move):
    """Where there are no instances: the box round the moved corners, as far as it lies in the picture."""
    top, left, bottom, right = tf.unstack(boxes, axis=-1)
    corners = [tf.stack([y, x], axis=-1) for y in (top, bottom) for x in (left, right)]
    corners = tf.clip_by_value(move.points(tf.stack(corners, axis=2)), 0.0, 1.0)
    moved = tf.concat([tf.reduce_min(corners, axis=2), tf.reduce_max(corners, axis=2)], axis=-1)
    is_box = (bottom > top) & (moved[..., 2] > moved[..., 0]) & (moved[..., 3] > moved[..., 1])
    return tf.where(is_box[..., None], moved, 0.0)


def _kind(field, images):
    """The kind of a field of the student's own."""
    rank = images.shape.rank
    if (
        field.shape.rank not in (rank - 1, rank)
        or field.shape[rank - 3 : rank - 1] != images.shape[rank - 3 : rank - 1]
    ):
        return "as it is"
    return "labels" if field.dtype.is_integer and field.shape.rank == rank - 1 else "picture"


def _per_frame(move, field, frames):
    """Call with the frames of all clips in one row, and lay them out again."""
    if not frames:
        return move(field)
    moved = move(tf.reshape(field, (-1, *field.shape[2:])))
    return tf.reshape(moved, (-1, frames, *moved.shape[1:]))


def _spread(numbers, places):
    """(B, 2) numbers, one pair a picture, beside places (B, …, 2)."""
    return tf.reshape(numbers, (-1, *[1] * (places.shape.rank - 2), 2))


def _pixels(images):
    return tf.cast(tf.clip_by_value(images, 0.0, 255.0) + 0.5, tf.uint8)


def _mirrored_names(names):
    """For each key point the number of the one that takes its place in a mirror."""
    other = {"left": "right", "right": "left"}
    twins = [
        f"{other[side]}_{rest}" if side in other else name
        for name in names
        for side, _, rest in [name.partition("_")]
    ]
    return [names.index(twin) if twin in names else number for number, twin in enumerate(twins)]
