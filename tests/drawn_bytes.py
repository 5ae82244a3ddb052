"""The drawn world is the same everywhere: sums over its bytes, for the versions that they were taken with."""

import numpy as np
import PIL

PINNED = {"numpy": "2.4.6", "pillow": "13.0.0"}


def check_sums(found, pictures, labels):
    assert found[1] == labels  # under every version of NumPy and Pillow
    if {"numpy": np.__version__, "pillow": PIL.__version__} == PINNED:
        assert found[0] == pictures
