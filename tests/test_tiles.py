"""predict_tiles: the whole picture's answer exactly, at any size, and one sentence where it cannot be."""

import keras
import numpy as np
import pytest
from keras import ops

from segkit import tiles
from segkit.models import mirror_padded, valid_unet
from segkit.tiles import predict_tiles


@pytest.fixture(scope="module")
def network():
    return valid_unet(2, (4, 6, 8))


def picture(height, width, channels=3):
    return np.random.RandomState(0).randint(0, 256, (height, width, channels)).astype("uint8")


@pytest.mark.parametrize("size", [(1, 1), (30, 45), (64, 64), (101, 70)])
@pytest.mark.parametrize("tile", [48, 60])
def test_tiles_make_the_whole_answer(network, size, tile):
    image = picture(*size)
    whole = ops.convert_to_numpy(mirror_padded(network)(image[None].astype("float32")))[0]
    for batch_size in (1, 3):
        found = predict_tiles(network, image, tile, batch_size, progress=False)
        np.testing.assert_allclose(found, whole, atol=1e-5)


def test_grey_pictures_of_fractions_too():
    network = valid_unet(1, (2, 4), channels=1)
    image = picture(20, 31, 1) / 1.5
    whole = ops.convert_to_numpy(mirror_padded(network)(image[None].astype("float32")))[0]
    np.testing.assert_allclose(predict_tiles(network, image, 20), whole, atol=1e-4)


def test_the_grid_of_the_poolings_is_what_matters(network, monkeypatch):
    """Tiles that begin elsewhere give other answers: this is why they begin where they do."""
    image = picture(64, 64)
    whole = predict_tiles(network, image, 104)
    monkeypatch.setattr(
        tiles,
        "_mirrored",
        lambda picture, top, left, side, original=tiles._mirrored: original(picture, top + 1, left + 1, side),
    )
    shifted = predict_tiles(network, image, 104)
    assert np.abs(shifted[:-1, :-1] - whole[1:, 1:]).max() > 1e-3


def test_progress_is_told_on_the_error_stream(network, capsys):
    predict_tiles(network, picture(40, 40), 48)
    said = capsys.readouterr()
    assert "tiles" in said.err and not said.out
    predict_tiles(network, picture(40, 40), 48, progress=False)
    assert "tiles" not in capsys.readouterr().err


@pytest.mark.parametrize("tile", [0, 47, 570.5, "big", True, 40, (60, 60)])
def test_a_tile_that_does_not_go_in(network, tile):
    with pytest.raises(ValueError, match=r"tile is .*4 less than a multiple of 4, as \d+"):
        predict_tiles(network, picture(8, 8), tile)


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 8, 3), (8, 8, 1), (0, 8, 3)])
def test_a_picture_of_another_shape(network, shape):
    with pytest.raises(ValueError, match=r"give one picture \(height, width, 3\)"):
        predict_tiles(network, np.zeros(shape, "uint8"))


def test_what_else_is_wrong(network):
    with pytest.raises(TypeError, match="complex128"):
        predict_tiles(network, np.zeros((8, 8, 3), complex))
    with pytest.raises(ValueError, match="batch_size is 0"):
        predict_tiles(network, picture(8, 8), batch_size=0)
    images = keras.Input((None, None, 3))
    padded = keras.Model(
        images, keras.layers.MaxPooling2D()(keras.layers.Conv2D(2, 3, padding="same", name="first")(images))
    )
    with pytest.raises(ValueError, match="U-Net without padding.*'first' pads"):
        predict_tiles(padded, picture(8, 8))
    with pytest.raises(ValueError, match="no pooling of its own"):
        predict_tiles(mirror_padded(network), picture(8, 8))
