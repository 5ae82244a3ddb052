"""Architectures, one file each."""

from ..backbones import vgg16_for_fcn
from .deeplab import deeplab_v2, deeplab_v3, deeplab_v3_plus, large_fov
from .fcn import fcn, fcn_decoder
from .mask_rcnn import MaskRCNN, MaskRCNNConfig
from .pyramids import fpn, pspnet
from .segnet import autoencoder, deconvnet, segnet
from .unet import light_unet, mirror_padded, unet, unet_decoder, valid_unet

__all__ = [
    "MaskRCNN",
    "MaskRCNNConfig",
    "autoencoder",
    "deconvnet",
    "deeplab_v2",
    "deeplab_v3",
    "deeplab_v3_plus",
    "fcn",
    "fcn_decoder",
    "fpn",
    "large_fov",
    "light_unet",
    "mirror_padded",
    "pspnet",
    "segnet",
    "unet",
    "unet_decoder",
    "valid_unet",
    "vgg16_for_fcn",
]
