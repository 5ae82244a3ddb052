"""Architectures, one file each."""

from .deeplab import large_fov
from .fcn import convolutionalize, fcn, fcn_decoder, remove_strides, shift_and_stitch, vgg16_for_fcn
from .segnet import autoencoder, convolve, deconvnet, grow, scaled, segnet, shrink
from .unet import light_unet, unet, unet_decoder

__all__ = [
    "autoencoder",
    "convolutionalize",
    "convolve",
    "deconvnet",
    "fcn",
    "fcn_decoder",
    "grow",
    "large_fov",
    "light_unet",
    "remove_strides",
    "scaled",
    "segnet",
    "shift_and_stitch",
    "shrink",
    "unet",
    "unet_decoder",
    "vgg16_for_fcn",
]
