"""Change picture and mask together: one transform, drawn once, applied to both."""

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Augment:
    """Random flip, zoom, shift, turn and light for batches of pictures and their masks.

    The geometry is one 3×3 matrix a picture, used for the picture (bilinear) and for the mask (nearest
    neighbour), so that the two cannot come apart. What moves in from outside is a mirror image.
    All numbers come from `seed`, two integers: the same seed gives the same batch.
    """

    flip: bool = True
    zoom: tuple = (1.0, 1.0)  # share of the picture's sides that stays in view, drawn between these
    turn: float = 0.0  # largest angle, degrees
    light: float = 0.0  # largest change of brightness, contrast and colour, as a share

    def __call__(self, images, masks, seed):
        images = tf.cast(images, tf.float32)
        shape = tf.shape(images)
        count, height, width = shape[0], shape[1], shape[2]
        seeds = tf.unstack(tf.random.split(seed, 6))

        def draw(index, low, high, *extra):
            return tf.random.stateless_uniform((count, *extra), seeds[index], low, high)

        if self.flip or self.zoom != (1.0, 1.0) or self.turn:
            mirror = tf.where(draw(0, 0.0, 1.0) < 0.5, -1.0, 1.0) if self.flip else tf.ones((count,))
            scale = draw(1, self.zoom[0], self.zoom[1])
            angle = draw(2, -self.turn, self.turn) * (3.14159265 / 180) if self.turn else tf.zeros((count,))
            freedom = (1 - tf.minimum(scale, 1.0)) / 2
            shift = draw(3, -1.0, 1.0, 2) * freedom[:, None]
            matrices = _matrices(mirror, scale, angle, shift, height, width)
            images = _transform(images, matrices, "BILINEAR")
            masks = tf.cast(_transform(masks[..., None], matrices, "NEAREST")[..., 0], masks.dtype)
        if self.light:
            bright, contrast, tint = (
                draw(4, -1.0, 1.0, 1, 1, 1),
                draw(5, -1.0, 1.0, 1, 1, 1),
                draw(4, -1.0, 1.0, 1, 1, 3),
            )
            mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
            images = mean + (images - mean) * (1 + self.light * contrast)
            images = images * (1 + self.light * (bright + tint / 2))
            images = tf.clip_by_value(images, 0.0, 255.0)
        return images, masks


def _matrices(mirror, scale, angle, shift, height, width):
    """The map from output pixels to input pixels, about the picture's centre, one row of 8 a picture."""
    h, w = tf.cast(height, tf.float32), tf.cast(width, tf.float32)
    center_x, center_y = (w - 1) / 2, (h - 1) / 2
    cos, sin = tf.cos(angle) * scale, tf.sin(angle) * scale
    a, b = mirror * cos, -sin
    c, d = mirror * sin, cos
    move_x = center_x + shift[:, 0] * w - a * center_x - b * center_y
    move_y = center_y + shift[:, 1] * h - c * center_x - d * center_y
    zero = tf.zeros_like(a)
    return tf.stack([a, b, move_x, c, d, move_y, zero, zero], axis=1)


def _transform(pictures, matrices, interpolation):
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=matrices,
        output_shape=tf.shape(pictures)[1:3],
        interpolation=interpolation,
        fill_mode="REFLECT",
        fill_value=0.0,
    )
