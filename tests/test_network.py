"""Drawings made from models: their arrows are those of the graph, their numbers those of the model."""

import keras
import matplotlib.pyplot as plt
import pytest
from keras import layers

from segkit import show
from segkit.backbones import encoder
from segkit.layers import Hypercolumns, MaxPoolWithIndices, SubPixel
from segkit.models import (
    autoencoder,
    deconvnet,
    deeplab_v3_plus,
    fcn,
    fpn,
    light_unet,
    pspnet,
    segnet,
    unet,
    valid_unet,
)
from segkit.models.segnet import SMALL_BLOCKS
from segkit.show.network import plan


@pytest.fixture(scope="module")
def pretrained():
    return encoder("MobileNetV2", None)


def hypercolumns():
    images = keras.Input((None, None, 3))
    wide = layers.Conv2D(4, 3, padding="same")(images)
    deep = layers.Conv2D(8, 3, 2, padding="same")(wide)
    return keras.Model(images, layers.Conv2D(3, 1)(Hypercolumns()([wide, deep])))


def sub_pixel():  # its kernel size is one number
    images = keras.Input((None, None, 3))
    return keras.Model(images, SubPixel(3, 2)(layers.Conv2D(4, 3, 2, padding="same")(images)))


NETWORKS = {
    "unet": lambda network: unet(network, 3, filters=(8, 8, 8, 8)),
    "unet with two skips": lambda network: unet(network, 3, filters=(8, 8, 8, 8), skips=(2, 16)),
    "light unet": lambda network: light_unet(network, 3),
    "valid unet": lambda network: valid_unet(2, (4, 6, 8)),
    "fcn 8s": lambda network: fcn(network, 3, 8),
    "fcn 32s": lambda network: fcn(network, 3, 32),
    "segnet": lambda network: segnet(3, blocks=SMALL_BLOCKS),
    "segnet, bilinear": lambda network: segnet(3, "bilinear", blocks=SMALL_BLOCKS),
    "deconvnet": lambda network: deconvnet(3, blocks=((4,), (8, 8)), bridge=(7, 16)),
    "autoencoder": lambda network: autoencoder(),
    "hypercolumns": lambda network: hypercolumns(),
    "sub-pixel": lambda network: sub_pixel(),
    "deeplab v3+": lambda network: deeplab_v3_plus(network, 3, filters=8, rates=(1, 3, 4)),
    "pspnet": lambda network: pspnet(network, 3, filters=8),
}
PYRAMIDS = {  # their levels share a layer, which stands on several arrows
    "fpn": lambda network: fpn(network, 3, filters=64),
    "fpn with bins": lambda network: fpn(network, 3, 64, levels=(2, 4, 8, 16), bins=(1, 2, 3, 6)),
}


def histories(thing):
    """Every [layer, node, tensor] in a configuration's nested arguments."""
    if isinstance(thing, dict):
        if "keras_history" in thing:
            yield thing["keras_history"][0], thing["keras_history"][2]
        for value in thing.values():
            yield from histories(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from histories(value)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_edge_of_the_graph_is_inside_a_box_or_an_arrow_and_no_arrow_is_invented(name, pretrained):
    model = NETWORKS[name](pretrained)
    blocks, arrows = plan(model, 128)
    nested = next((block.layers[0] for block in blocks if block.kind == "encoder"), None)
    taps = [block for block in blocks if block.kind == "encoder"]
    home = {layer: block for block in blocks if block.kind != "encoder" for layer in block.layers}
    on_arrow = {layer: arrow for arrow in arrows for layer in arrow.layers}
    drawn, found = {(id(arrow.start), id(arrow.end), arrow.kind == "indices") for arrow in arrows}, set()

    def block_of(layer, tensor=0):
        return taps[tensor] if layer == nested else home[layer]

    for layer in model.get_config()["layers"]:
        for node in layer["inbound_nodes"]:
            kind = layer["class_name"]
            given = list(histories(node))
            given = given[: {"CropLike": 1, "MaxUnpool2D": 2}.get(kind)]  # the last one gives a size alone
            for position, (source, tensor) in enumerate(given):
                target = layer["name"]
                if target in on_arrow and source in on_arrow:
                    assert on_arrow[target] is on_arrow[source]
                elif target in on_arrow:
                    assert on_arrow[target].start is block_of(source, tensor)
                elif source in on_arrow:
                    assert on_arrow[source].end is block_of(target)
                    found.add((id(on_arrow[source].start), id(block_of(target)), False))
                elif block_of(source, tensor) is not block_of(target):
                    indices = kind == "MaxUnpool2D" and position == 1
                    found.add((id(block_of(source, tensor)), id(block_of(target)), indices))
    found |= {(id(before), id(after), False) for before, after in zip(taps, taps[1:], strict=False)}
    assert found == drawn


@pytest.mark.parametrize("name", ["unet", "light unet", "fcn 8s", "segnet"])
def test_the_numbers_are_the_models(name, pretrained):
    model = NETWORKS[name](pretrained)
    blocks, _ = plan(model, 128)
    assert sum(block.parameters for block in blocks) == model.count_params()
    assert blocks[-1].shape == (128, 128, 3) and blocks[-1].kind == "logits"
    if name == "segnet":
        pools = [layer for layer in model.layers if isinstance(layer, MaxPoolWithIndices)]
        assert sum(block.kind == "smaller" for block in blocks) == len(pools)


def test_a_layer_that_a_lesson_defines_anew_is_drawn_like_segkits(pretrained, monkeypatch):
    """A source cell makes a class of its own; the size that CropLike takes from the picture is no skip."""
    from segkit.layers.sizes import CropLike as original

    edited = type("CropLike", (original,), {})
    monkeypatch.setitem(unet.__globals__, "CropLike", edited)
    arrows = plan(NETWORKS["unet"](pretrained), 128)[1]
    assert sorted(arrow.kind for arrow in arrows if arrow.kind != "flow") == ["skip"] * 4


def test_skips_and_indices_are_told_apart(pretrained):
    def kinds(model):
        return sorted(arrow.kind for arrow in plan(model, 128)[1] if arrow.kind != "flow")

    assert kinds(NETWORKS["light unet"](pretrained)) == ["skip"] * 5
    assert kinds(NETWORKS["valid unet"](pretrained)) == ["skip"] * 2
    assert kinds(NETWORKS["fcn 8s"](pretrained)) == ["skip"] * 2
    assert kinds(NETWORKS["segnet"](pretrained)) == ["indices"] * 5
    assert kinds(NETWORKS["segnet, bilinear"](pretrained)) == kinds(NETWORKS["autoencoder"](pretrained)) == []


def test_each_level_of_a_pyramid_is_drawn_once(pretrained):
    for name, sides in {"fpn": (4, 8, 16, 32), "fpn with bins": (8, 16, 32, 64)}.items():
        model = PYRAMIDS[name](pretrained)
        blocks, arrows = plan(model, 128)
        assert len({block.column for block in blocks}) == len(blocks)  # no box lies on another
        behind = [block for block in blocks if block.kind in ("convolution", "larger")]
        assert [block.shape[0] for block in behind] == list(sides)
        skips = [arrow for arrow in arrows if arrow.kind == "skip"]
        assert [arrow.kernel for arrow in skips if arrow.end is behind[-1]] == ["1×1 convolution"]
        (total,) = [
            block for block in blocks if block.kind == "sum"
        ]  # the finest level's answer flows into it
        assert [arrow.kernel for arrow in skips if arrow.end is total] == ["3×3 convolution"] * 3
    pooled = [arrow for arrow in skips if "means" in arrow.kernel]
    assert [arrow.kernel for arrow in pooled] == ["2×2 means", "3×3 means", "6×6 means"]
    assert len([block for block in blocks if block.kind == "encoder"]) == 4  # the coarsest map is not used


def test_every_text_of_a_drawing_is_inside_it_and_none_lies_on_another(pretrained, monkeypatch):
    kept = []
    monkeypatch.setitem(show.network.__globals__, "show", lambda figure, alt: kept.append(figure))
    for name in ("unet", "segnet", "fcn 8s", "deeplab v3+", "pspnet", "fpn", "fpn with bins"):
        show.network((NETWORKS | PYRAMIDS)[name](pretrained), alt="a network", title=name)
        figure = kept[-1]
        figure.canvas.draw()
        boxes = [
            text.get_window_extent() for axes in figure.axes for text in axes.texts if text.get_text().strip()
        ]
        for index, box in enumerate(boxes):
            assert box.x0 >= 0 and box.x1 <= figure.bbox.width
            assert not any(box.overlaps(other) for other in boxes[index + 1 :]), name
        plt.close(figure)


@pytest.mark.parametrize(("channels", "name"), [(3, "picture"), (1, "picture"), (64, "input")])
def test_what_goes_in_is_called_a_picture_where_it_is_one(channels, name, monkeypatch):
    drawn = []
    monkeypatch.setitem(show.network.__globals__, "show", lambda figure, alt: drawn.append(figure))
    maps = keras.Input((14, 14, channels))
    show.network(keras.Model(maps, layers.Conv2DTranspose(2, 2, 2)(maps)), alt="x", size=14)
    assert drawn[0].legends[0].get_texts()[0].get_text() == name
    plt.close("all")
