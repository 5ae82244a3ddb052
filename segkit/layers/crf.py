"""The dense CRF: each pixel agrees with all others that are near, or near and alike. Exact, and fast for large pictures."""

import keras
import numpy as np
import scipy.sparse as sparse
from keras import ops

from ..checks import check_crf, check_maps, check_positive, check_whole
from ..lattice import lattice_filter

MOST_PIXELS = 128 * 128  # of the exact form: its matrix then takes a gigabyte a picture


def gaussians(features):  # (…, N, d) -> (…, N, N)
    """exp(−½ squared distance) of each pair of points, each axis in units of its width.

    Taught in notebooks/07b_dense_crf.ipynb.
    """
    apart = 0  # axis by axis: a product of matrices has too few digits on a GPU
    for places in ops.split(features, features.shape[-1], axis=-1):  # (…, N, 1)
        apart += ops.square(places - ops.swapaxes(places, -1, -2))
    return ops.exp(-ops.minimum(apart / 2, 60))  # smaller numbers would be nothing but slow


@keras.saving.register_keras_serializable("segkit")
class DenseCRF(keras.layers.Layer):
    """Scores of a network and pictures of 0..255 → scores that agree with the pictures, in float32: mean field, exact.

    `reach` and `smooth_width` are in pixels, `color_width` in steps of 0..255; `strengths` belong to the appearance kernel
    and the smoothness kernel. Memory grows with the square of the pixels: above 128×128 take `dense_crf`.
    Taught in notebooks/07b_dense_crf.ipynb.
    """

    def __init__(
        self, iterations=5, reach=20, color_width=13, smooth_width=2, strengths=(4.0, 2.0), **kwargs
    ):
        super().__init__(autocast=False, **kwargs)
        check_whole(iterations=iterations)
        check_positive(reach=reach, color_width=color_width, smooth_width=smooth_width)
        self.iterations, self.start = iterations, tuple(strengths)
        self.reach, self.color_width, self.smooth_width = reach, color_width, smooth_width

    def build(self, logits_shape, pictures_shape):
        check_maps(logits_shape, pictures_shape)
        classes = logits_shape[-1]
        potts = 1 - np.eye(classes)  # two labels that differ cost 1
        for name, values in {"strengths": self.start, "compatibility": potts}.items():
            start = keras.initializers.Constant(np.asarray(values, "float32"))
            weight = self.add_weight(np.shape(values), start, autocast=False, name=name)
            setattr(self, name, weight)

    def call(self, logits, pictures):  # (B, H, W, C), (B, H, W, 3) -> (B, H, W, C)
        check_crf(logits, pictures, most=MOST_PIXELS)
        logits, pictures = ops.cast(logits, "float32"), ops.cast(pictures, "float32")
        alike = gaussians(self.features(pictures))  # (B, H*W, H*W)
        share = ops.rsqrt(ops.sum(alike, axis=2, keepdims=True))
        (rows, own_row), (columns, own_column) = self.smoothing(pictures)

        def from_alike(belief):
            flat = share * ops.reshape(belief, (-1, ops.shape(share)[1], belief.shape[3]))
            return ops.reshape(share * (ops.matmul(alike, flat) - flat), ops.shape(belief))  # without its own

        def from_near(belief):  # a Gaussian of the plane is one along the rows times one along the columns
            everyone = ops.einsum("yr,brsc->bysc", rows, belief)
            everyone = ops.einsum("xs,bysc->byxc", columns, everyone)
            return everyone - ops.expand_dims(own_row * ops.transpose(own_column), -1) * belief

        return self.mean_field(logits, from_alike, from_near)

    def features(self, pictures):  # (B, H, W, 3) -> (B, H*W, 5): place and colour in units of the widths
        batch, height, width, _ = ops.shape(pictures)
        places = ops.stack(ops.meshgrid(ops.arange(height), ops.arange(width), indexing="ij"), axis=-1)
        places = ops.broadcast_to(ops.cast(places, "float32") / self.reach, (batch, height, width, 2))
        five = ops.concatenate([places, pictures / self.color_width], axis=-1)
        return ops.reshape(five, (batch, height * width, 5))

    def smoothing(self, pictures):
        """The smoothness kernel along rows and along columns, normalised, each with its diagonal."""
        for side in ops.shape(pictures)[1:3]:
            near = gaussians(ops.expand_dims(ops.arange(side, dtype="float32"), 1) / self.smooth_width)
            share = ops.rsqrt(ops.sum(near, axis=1, keepdims=True))
            yield near * share * ops.transpose(share), share**2

    def mean_field(self, logits, from_alike, from_near):
        """Each step: listen to all others, weigh the kernels, price the labels, add the network's own scores."""
        refined = logits
        for _ in range(self.iterations):
            belief = ops.softmax(refined)
            heard = self.strengths[0] * from_alike(belief) + self.strengths[1] * from_near(belief)
            refined = logits - ops.matmul(heard, ops.transpose(self.compatibility))
        return refined

    def compute_output_shape(self, logits_shape, pictures_shape):
        return logits_shape

    def get_config(self):
        names = ("iterations", "reach", "color_width", "smooth_width")
        mine = {name: getattr(self, name) for name in names} | {"strengths": self.start}
        return {**super().get_config(), **mine}


def dense_crf(crf, logits, pictures):
    """What a `DenseCRF` layer says of pictures of any size, about: a lattice in place of all pairs, and no gradients.

    Taught in notebooks/07b_dense_crf.ipynb.
    """
    logits, pictures = np.asarray(logits, "float32"), np.asarray(pictures, "float32")
    check_crf(logits, pictures)
    if not crf.built:
        crf.build(logits.shape, pictures.shape)
    size = (1, *logits.shape[1:])
    _, height, width, classes = size
    (rows, own_row), (columns, own_column) = keras.tree.map_structure(
        ops.convert_to_numpy, list(crf.smoothing(pictures))
    )
    own_near = (own_row * own_column.T)[:, :, None]
    rows, columns = (sparse.csr_array(np.where(kernel > 1e-5, kernel, 0)) for kernel in (rows, columns))

    def from_near(belief):
        belief = ops.convert_to_numpy(belief)[0]
        down = (rows @ belief.reshape(height, -1)).reshape(belief.shape).swapaxes(0, 1)
        across = (columns @ down.reshape(width, -1)).reshape(down.shape).swapaxes(0, 1)
        return (across - own_near * belief)[None]

    refined = np.empty_like(logits)
    for index in range(len(logits)):
        one = slice(index, index + 1)
        everyone, own = lattice_filter(ops.convert_to_numpy(crf.features(pictures[one]))[0])
        share = 1 / np.sqrt(everyone(np.ones((height * width, 1))))

        def from_alike(belief, everyone=everyone, own=own, share=share):
            flat = share * ops.convert_to_numpy(belief).reshape(-1, classes)
            return (share * (everyone(flat) - own * flat)).reshape(size)

        refined[one] = ops.convert_to_numpy(crf.mean_field(logits[one], from_alike, from_near))
    return refined
