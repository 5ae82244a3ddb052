"""Architectures, one file each."""

from .deeplab import large_fov
from .fcn import fcn, fcn_decoder, vgg16_for_fcn
from .segnet import autoencoder, deconvnet, segnet
from .unet import light_unet, unet, unet_decoder

__all__ = [
    "autoencoder",
    "deconvnet",
    "fcn",
    "fcn_decoder",
    "large_fov",
    "light_unet",
    "segnet",
    "unet",
    "unet_decoder",
    "vgg16_for_fcn",
]
