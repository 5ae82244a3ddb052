"""MirrorPad is NumPy's symmetric padding, also where the mirror is smaller than what it must show."""

import numpy as np
import pytest
from keras import ops

from segkit.layers import MirrorPad
from segkit.unet_sizes import context, side_in


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (40, 33)])
@pytest.mark.parametrize("poolings", [1, 3])
def test_padding_is_numpys_symmetric_padding(size, poolings):
    images = np.random.RandomState(0).normal(size=(2, *size, 3)).astype("float32")
    before = context(poolings)
    pads = [(before, side_in(side, poolings) - side - before) for side in size]
    expected = np.pad(images, ((0, 0), *pads, (0, 0)), mode="symmetric")
    layer = MirrorPad(poolings)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(images)), expected)
    assert layer.compute_output_shape((2, *size, 3)) == expected.shape
    assert layer.compute_output_shape((None, None, None, 3)) == (None, None, None, 3)
