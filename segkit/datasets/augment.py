"""Change picture and mask together: one transform, drawn once, applied to both."""

import dataclasses
import math

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Augment:
    """Random flip, zoom, shift, turn and light for batches of pictures and their masks.

    The geometry is one 3×3 matrix a picture, used for the picture (bilinear) and for the mask (nearest
    neighbour), so that the two cannot come apart. What moves in from outside is a mirror image.
    A crop of 0.6 of the sides, drawn as large as the whole, shows everything 1.7 times as large as test pictures do;
    a smaller `size` for training sets that right, and is faster.
    All numbers come from `seed`, two integers: the same seed gives the same batch.
    """

    flip: bool = True
    zoom: tuple = (1.0, 1.0)  # share of the picture's sides that stays in view, drawn between these
    turn: float = 0.0  # largest angle, degrees
    size: int | None = None  # sides of the square that comes out; None keeps the size
    light: float = 0.0  # largest change of brightness, contrast and colour, as a share

    def __call__(self, images, masks, seed):
        images = tf.cast(images, tf.float32)
        count, (height, width) = tf.shape(images)[0], images.shape[1:3]
        size = (self.size, self.size) if self.size else (height, width)
        seeds = tf.unstack(tf.random.split(seed, 7))

        def draw(index, low, high, *shape):
            return tf.random.stateless_uniform((count, *shape), seeds[index], low, high)

        if self.flip or self.zoom != (1.0, 1.0) or self.turn or self.size:
            mirror = tf.where(draw(0, 0.0, 1.0) < 0.5, -1.0, 1.0) if self.flip else tf.ones((count,))
            zoom = draw(1, self.zoom[0], self.zoom[1])
            angle = draw(2, -1.0, 1.0) * self.turn * (math.pi / 180)
            shift = draw(3, -1.0, 1.0, 2) * (1 - tf.minimum(zoom, 1.0))[:, None] / 2
            matrices = _matrices(mirror, zoom, angle, shift, (height, width), size)
            images = _transform(images, matrices, size, "BILINEAR")
            masks = tf.cast(_transform(masks[..., None], matrices, size, "NEAREST")[..., 0], masks.dtype)
        if self.light:
            bright, contrast, tint = (
                draw(4 + index, -1.0, 1.0, 1, 1, n) for index, n in enumerate((1, 1, 3))
            )
            mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
            images = mean + (images - mean) * (1 + self.light * contrast)
            images = images * (1 + self.light * (bright + tint / 2))
            images = tf.clip_by_value(images, 0.0, 255.0)
        return images, masks


def _matrices(mirror, zoom, angle, shift, old_size, new_size):
    """From output pixels to input pixels, about both centres, a row of eight numbers a picture."""
    old_center, new_center = ([(side - 1) / 2 for side in size] for size in (old_size, new_size))
    step_y, step_x = (zoom * old / new for old, new in zip(old_size, new_size, strict=True))
    a, b = mirror * tf.cos(angle) * step_x, -tf.sin(angle) * step_y
    c, d = mirror * tf.sin(angle) * step_x, tf.cos(angle) * step_y
    move_y = old_center[0] + shift[:, 0] * old_size[0] - c * new_center[1] - d * new_center[0]
    move_x = old_center[1] + shift[:, 1] * old_size[1] - a * new_center[1] - b * new_center[0]
    zero = tf.zeros_like(a)
    return tf.stack([a, b, move_x, c, d, move_y, zero, zero], axis=1)


def _transform(pictures, matrices, size, interpolation):
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=matrices,
        output_shape=size,
        interpolation=interpolation,
        fill_mode="REFLECT",
        fill_value=0.0,
    )
    return tf.ensure_shape(moved, (None, *size, pictures.shape[-1]))
