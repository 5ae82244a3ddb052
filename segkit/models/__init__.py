"""Architectures, one file each."""

from .unet import light_unet, unet, unet_decoder

__all__ = ["light_unet", "unet", "unet_decoder"]
