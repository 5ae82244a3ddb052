"""Sizes in a U-Net of valid 3×3 convolutions, two at each level: what goes in, what comes out, what is lost at the edges."""


def context(poolings):
    """Pixels that such a network needs on each side of what it answers for: 92 with four poolings."""
    return 6 * 2**poolings - 4


def side_in(side, poolings):
    """The smallest side that it takes and that makes an answer for at least `side` pixels: 572 for 388.

    Each pooling halves an even side: with four of them, sides are 12 more than a multiple of 16.
    """
    step = 2**poolings
    return (side + step - 5) // step * step + 4 + 2 * context(poolings)


def side_out(side, poolings):
    """What comes out where `side` goes in: 388 for 572; None for a side that it cannot take."""
    out = side - 2 * context(poolings)
    return out if out > 0 and (side + 4) % 2**poolings == 0 else None
