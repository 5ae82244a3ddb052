"""What several architectures share: VGG-16's plan, and a way to make it narrower."""

# The 13 convolutions of VGG-16, from one pooling to the next.
VGG16_BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def scaled(blocks, width):
    """The same blocks with `width` times the filters."""
    if not width > 0:
        raise ValueError(f"width is {width!r}; give a number above 0: 0.5 halves the filters of every layer.")
    return tuple(tuple(max(1, round(filters * width)) for filters in block) for block in blocks)
