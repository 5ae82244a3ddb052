"""What layers, models, losses and metrics must be given, checked where it enters: one sentence, with the cure."""

import numbers

import keras
import numpy as np
from keras import ops

from .labels import VOID


def check_whole(least=1, most=None, **named):
    """`check_whole(factor=factor)`: each named number is a whole one, from `least` to `most`."""
    for name, number in named.items():
        whole = isinstance(number, numbers.Integral) and not isinstance(number, bool)
        if not whole or number < least or (most is not None and number > most):
            up_to = "" if most is None else f" to {most}"
            raise ValueError(f"{name} is {number!r}; give one whole number, from {least}{up_to}.")


def check_positive(**named):
    """Each named number is finite and above 0."""
    for name, number in named.items():
        real = isinstance(number, numbers.Real) and not isinstance(number, bool)
        if not real or not 0 < number < float("inf"):
            raise ValueError(f"{name} is {number!r}; give one number above 0.")


def check_maps(*shapes):
    """Each is the shape of a batch of feature maps, and Keras counts channels last."""
    check_channels_last()
    for shape in shapes:
        if len(shape) != 4:
            raise ValueError(
                f"A feature map of shape {tuple(shape)} came; give (batch, height, width, channels): one picture "
                "becomes a batch by picture[None], a mask gets its channel by mask[..., None]."
            )


def check_channels_last():
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            'segkit puts channels last: call keras.config.set_image_data_format("channels_last") before '
            "anything is built."
        )


def check_kept(channels_in, channels_out):
    """A bilinear start gives each channel to itself: as many come out as come in."""
    if channels_out != channels_in:
        raise ValueError(
            f"Bilinear keeps each channel, so it cannot turn {channels_in} channels into {channels_out}: "
            f"give the transposed convolution {channels_in} filters, or put a 1×1 convolution before it."
        )


def check_fits(large, small):
    """Where both sizes are known, the map `large` is at least as high and wide as `small`."""
    for side, needed in zip(large.shape[1:3], small.shape[1:3], strict=True):
        if isinstance(side, int) and isinstance(needed, int) and side < needed:
            raise ValueError(
                f"A map of {large.shape[1]}×{large.shape[2]} (height×width) cannot be cut to "
                f"{small.shape[1]}×{small.shape[2]}: give the picture or map that this one was made from."
            )


def check_alike(pooled, indices):
    """Where their sizes are known, values and indices have one shape."""
    for side, other in zip(pooled.shape, indices.shape, strict=True):
        if isinstance(side, int) and isinstance(other, int) and side != other:
            raise ValueError(
                f"Values {tuple(pooled.shape)} and indices {tuple(indices.shape)} do not belong together: give "
                "the indices that MaxPoolWithIndices made of a map of this size."
            )


def check_levels(levels, strides, last):
    """Strides of an encoder whose last map has the stride `last`: some of them, without a gap, finest first."""
    known = [tuple(strides[i:j]) for j in range(len(strides) + 1) for i in range(j)]
    if tuple(levels) not in known:
        raise ValueError(
            f"levels are {tuple(levels)!r}; give strides out of {tuple(strides)} that follow each other."
        )
    if max(levels) > last:
        raise ValueError(
            f"There is no level of stride {max(levels)}: this encoder's maps end at stride {last}. Build it with output_stride="
            f"{strides[-1]}."
        )


def check_crf(logits, pictures, most=None):
    """Scores and the pictures that they belong to, of one size, with at most `most` pixels and colours of 0..255."""
    check_maps(logits.shape, pictures.shape)
    if pictures.shape[-1] != 3:
        raise ValueError(f"Pictures of shape {tuple(pictures.shape)} came; give three colours of 0..255.")
    for side, other in zip(logits.shape[:3], pictures.shape[:3], strict=True):
        if isinstance(side, int) and isinstance(other, int) and side != other:
            raise ValueError(
                f"Scores {tuple(logits.shape)} do not belong to pictures {tuple(pictures.shape)}: grow them to the "
                "pictures' height and width first, for example by BilinearUpsample."
            )
    height, width = pictures.shape[1:3]
    if most and isinstance(height, int) and isinstance(width, int) and height * width > most:
        raise ValueError(
            f"The exact CRF would compare {height * width:,} pixels with each other; above {most:,} take the fast one: "
            "dense_crf(crf, logits, pictures)."
        )
    known = hasattr(pictures, "numpy") or isinstance(pictures, np.ndarray)  # not while a graph is traced
    if known and "float" in str(pictures.dtype) and 0 not in pictures.shape and 0 < ops.max(pictures) <= 1:
        raise ValueError("These pictures have colours of 0..1: multiply them by 255.")


def as_pixels(masks, logits, weights=None, classes=None):
    """Masks (B, H, W) or (B, H, W, 1) → int32 (B, H, W); weights for pictures or pixels → float32 (B, H, W)."""
    if len(logits.shape) != 4:
        raise ValueError(
            f"The logits have shape {tuple(logits.shape)}; give (batch, height, width, classes)."
        )
    if classes not in (None, logits.shape[-1]):
        raise ValueError(
            f"This metric counts {classes} classes, and these logits have {logits.shape[-1]}: make both equal (BorderIoU "
            "knows the trimap's 3 alone; for another class take keras.metrics.IoU)."
        )
    masks = ops.convert_to_tensor(masks)
    if len(masks.shape) == 4 and masks.shape[-1] == 1:
        masks = ops.squeeze(masks, -1)
    known = zip(masks.shape, logits.shape, strict=False)
    if len(masks.shape) != 3 or any(None not in pair and pair[0] != pair[1] for pair in known):
        raise ValueError(
            f"Masks of shape {tuple(masks.shape)} do not belong to logits of shape {tuple(logits.shape)}: "
            "give class numbers (batch, height, width) of the same batch and size."
        )
    if weights is not None:
        weights = ops.cast(weights, "float32")
        if len(weights.shape) == 4 and weights.shape[-1] == 1:
            weights = ops.squeeze(weights, -1)
        while len(weights.shape) < 3:  # one weight for each picture
            weights = ops.expand_dims(weights, -1)
        weights = ops.broadcast_to(weights, ops.shape(masks))
    return ops.cast(masks, "int32"), weights


def check_panoptic(truth, guess, weights, num_classes, most):
    """Two maps of class and object number of one size; numbers in range, where they are known."""
    if weights is not None:
        raise ValueError(
            "PanopticQuality counts segments, and they have no weights: leave sample_weight out."
        )
    for name, maps in (("truth", truth), ("answer", guess)):
        if len(maps.shape) != 4 or maps.shape[-1] != 2:
            raise ValueError(
                f"The {name} has shape {tuple(maps.shape)}; give (batch, height, width, 2): class and object number."
            )
        if "float" in str(maps.dtype):
            raise TypeError(
                f"The {name} holds {maps.dtype} values; give whole numbers, classes after argmax."
            )
    if any(None not in pair and pair[0] != pair[1] for pair in zip(truth.shape, guess.shape, strict=True)):
        raise ValueError(
            f"The truth is {tuple(truth.shape)} and the answer {tuple(guess.shape)}: give maps of the same pictures."
        )
    for name, maps, least in (("truth", truth, -1), ("answer", guess, 0)):
        if hasattr(maps, "numpy") or isinstance(maps, np.ndarray):  # not while a graph is traced
            classes, numbers = np.moveaxis(np.asarray(maps), -1, 0)
            counted = classes != VOID
            wrong = classes[(classes < 0) | (classes >= num_classes) & counted]
            if wrong.size:
                raise ValueError(
                    f"The {name} names class {wrong[0]}; there are 0 to {num_classes - 1}, and {VOID} for void."
                )
            wrong = numbers[((numbers < least) | (numbers > most)) & counted]
            if wrong.size:
                raise ValueError(
                    f"The {name} gives an object the number {wrong[0]}; {least} to {most} are possible: number the "
                    "objects anew in each picture, or raise most_objects=."
                )
