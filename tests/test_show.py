"""Colours, pictures of masks, and how a figure reaches the notebook."""

import base64
import io
import itertools

import IPython
import IPython.display
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from segkit import show
from segkit.datasets.registry import SOURCES
from segkit.labels import VOID

CLASS_SETS = [names for source in SOURCES.values() for names in source.targets.values()]


@pytest.fixture(autouse=True)
def figures_are_closed():
    plt.close("all")
    yield
    assert plt.get_fignums() == []


@pytest.fixture
def published(monkeypatch):
    """What a notebook would show: a list of (data, metadata), as the fake shell received them."""
    shell = type("Shell", (), {"kernel": object()})()
    outputs = []

    def display(bundle, raw, metadata, display_id):
        assert raw and display_id is True
        outputs.append((bundle, metadata))
        return Handle(outputs)

    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    monkeypatch.setattr(IPython.display, "display", display)
    return outputs


class Handle:
    def __init__(self, outputs):
        self.outputs, self.updates = outputs, 0

    def update(self, bundle, raw, metadata):
        assert raw
        self.updates += 1
        self.outputs[-1] = (bundle, metadata)


def a_figure():
    figure, axes = plt.subplots(figsize=(2, 2))
    axes.plot([0, 1], [0, 1])
    return figure


def decoded(bundle, kind):
    return Image.open(io.BytesIO(base64.b64decode(bundle[f"image/{kind}"])))


# ---------------------------------------------------------------- colours


def test_a_palette_is_rows_of_red_green_and_blue():
    classes = ("background", "pet", "nucleus")
    colors = show.palette(classes)
    assert colors.shape == (3, 3) and colors.dtype == np.uint8
    for index, (name, row) in enumerate(zip(classes, colors, strict=True)):
        assert row / 255 == pytest.approx(to_rgb(show.color(name, index)), abs=0.5 / 255)


@pytest.mark.parametrize("classes", CLASS_SETS, ids=", ".join)
def test_the_classes_of_a_data_set_stay_apart(classes):
    colors = show.palette(classes).astype(int)
    for one, other in itertools.combinations(colors, 2):
        assert np.abs(one - other).sum() > 60


def test_a_class_has_the_same_colour_wherever_it_stands():
    assert show.color("dog", 0) == show.color("dog", 7) == show.CLASS_COLORS["dog"]
    assert show.palette(("dog", "cat"))[1].tolist() == show.palette(("background", "cat"))[1].tolist()


def test_an_unknown_class_takes_its_colour_from_the_cycle():
    assert show.color("nucleus", 2) == show.CYCLE[2]
    assert show.color("nucleus", 2 + len(show.CYCLE)) == show.CYCLE[2]
    assert len(set(show.CYCLE)) == len(show.CYCLE)


@pytest.mark.parametrize("width, count, columns", [(8, 11, 7), (8, 3, 3), (0.5, 3, 1), (3.3, 3, 3)])
def test_a_legend_is_no_wider_than_its_figure(width, count, columns):
    assert show.legend_columns(width, ["class"] * count) == columns


# ---------------------------------------------------------------- masks


def test_paint_gives_each_class_its_colour_and_void_white():
    classes = ("background", "cat", "dog")
    picture = show.paint(np.array([[0, 1], [2, VOID]], np.uint8), classes)
    assert picture.shape == (2, 2, 3) and picture.dtype == np.uint8
    assert picture[0].tolist() == show.palette(classes)[:2].tolist()
    assert picture[1, 0].tolist() == show.palette(classes)[2].tolist()
    assert picture[1, 1].tolist() == [255, 255, 255]


def test_overlay_leaves_what_is_skipped_as_it_was():
    image = np.full((1, 3, 3), 100, np.uint8)
    mask = np.array([[0, 1, VOID]], np.uint8)
    classes = ("background", "pet")
    mixed = show.overlay(image, mask, classes, opacity=0.5)
    assert mixed.dtype == np.uint8
    assert mixed[0, 0].tolist() == [100, 100, 100]
    assert mixed[0, 1].tolist() == ((100 + show.palette(classes)[1].astype(int)) // 2).tolist()
    assert mixed[0, 2].tolist() == [177, 177, 177]
    assert show.overlay(image, mask, classes, skip=())[0, 0].tolist() != [100, 100, 100]
    assert show.overlay(image, mask, classes, opacity=1)[0, 1].tolist() == show.palette(classes)[1].tolist()
    assert image.min() == image.max() == 100


def test_instances_have_their_own_colours_and_a_white_outline():
    image = np.zeros((5, 8, 3), np.uint8)
    ids = np.zeros((5, 8), np.uint8)
    ids[:, 2:5], ids[:, 5:] = 1, 2
    picture = show.instances(image, ids)
    assert picture[2, 0].tolist() == [0, 0, 0]
    assert picture[2, 2].tolist() == picture[2, 5].tolist() == [255, 255, 255]
    assert picture[2, 3].tolist() != picture[2, 6].tolist()
    assert picture[0, 0].tolist() == [0, 0, 0], "the picture's edge is no outline"
    many = show.instances(np.zeros((1, 60, 3), np.uint8), np.arange(60)[None] // 3)
    assert many.shape == (1, 60, 3), "more objects than colours"


def test_skeletons_are_dots_and_lines_and_leave_out_what_is_absent():
    picture = np.full((20, 40, 3), 100, np.uint8)
    points = np.float32([[[0.25, 0.25, 2], [0.25, 0.75, 1], [0.75, 0.5, 0]]])
    colors = {0: "#0072b2", 1: "#e69f00"}
    drawn = show.skeletons(picture, points, [(0, 1), (1, 2)], colors, scale=5)
    assert drawn.shape == (100, 200, 3) and drawn.dtype == np.uint8
    for number in range(2):
        y, x = points[0, number, :2]
        assert drawn[int(y * 100), int(x * 200)] / 255 == pytest.approx(to_rgb(colors[number]), abs=1 / 255)
    assert drawn[25, 100].tolist() == [255, 255, 255], "the line between both"
    assert drawn[75, 100].tolist() == drawn[50, 130].tolist() == [100, 100, 100], (
        "no third point, no line to it"
    )
    assert (picture == 100).all(), "the picture itself stays"
    assert np.array_equal(
        show.skeletons(picture, points[:0], []), picture.repeat(4, axis=0).repeat(4, axis=1)
    )


def test_functions_share_their_names_and_heat_marks_the_true_place(monkeypatch):
    figures = []
    monkeypatch.setattr("segkit.show.plots.show", lambda figure, alt: figures.append(figure))
    x = np.linspace(-1, 1, 5)
    show.functions(
        x, {"loss": {"square": x**2, "distance": abs(x)}, "slope": {"square": 2 * x}}, alt="two panels"
    )
    loss, slope = figures[0].axes
    assert [line.get_label() for line in loss.lines] == ["square", "distance"]
    assert len({line.get_linestyle() for line in loss.lines}) == 2 and not slope.get_legend()
    np.testing.assert_array_equal(slope.lines[0].get_ydata(), 2 * x)
    axes = plt.subplots()[1]
    show.heat(axes, np.zeros((4, 8)), np.eye(4, 8) / 4, (1.5, 2.5), "nose")
    assert axes.collections[0].get_offsets().tolist() == [[2.5, 1.5]] and axes.get_title() == "nose"
    plt.close("all")


# ---------------------------------------------------------------- figures


def test_boxes_lie_on_the_pixels_that_they_enclose():
    figure, axes = plt.subplots()
    axes.imshow(np.zeros((10, 20, 3), np.uint8))
    show.boxes(axes, [(0.2, 0.5, 0.6, 1.0)], names=["cat"])
    (patch,) = axes.patches
    assert patch.get_xy() == (9.5, 1.5)  # pixel 10 begins at 9.5
    assert (patch.get_width(), patch.get_height()) == pytest.approx((10, 4))
    assert axes.texts[0].get_text() == "cat"
    assert patch.get_edgecolor()[:3] == to_rgb(show.CYCLE[0])
    show.boxes(axes, [(0, 0, 1, 1)], colors=["#ff0000"])
    assert axes.patches[-1].get_edgecolor()[:3] == (1, 0, 0)
    plt.close(figure)


def test_legend_names_each_class_in_its_colour():
    figure = plt.figure(layout="constrained")
    legend = show.legend(figure, ("background", "cat"))
    assert [text.get_text() for text in legend.get_texts()] == ["background", "cat"]
    assert [patch.get_facecolor()[:3] for patch in legend.get_patches()] == [
        to_rgb(show.CLASS_COLORS[name]) for name in ("background", "cat")
    ]
    plt.close(figure)


def test_without_a_notebook_the_description_is_printed(capsys):
    show.show(a_figure(), alt="A line that rises from left to right.")
    assert capsys.readouterr().out == "A line that rises from left to right.\n"


def test_plots_are_png_and_pictures_jpeg_both_with_alt_text(published):
    show.show(a_figure(), alt="a plot of a rising line")
    show.show(a_figure(), alt="a picture of a rising line", photo=True)
    for (bundle, metadata), kind, alt in zip(
        published, ("png", "jpeg"), ("a plot of a rising line", "a picture of a rising line"), strict=True
    ):
        assert set(bundle) == {f"image/{kind}", "text/plain"}
        assert decoded(bundle, kind).format == kind.upper()
        assert bundle["text/plain"] == alt
        assert metadata["alt"] == metadata[f"image/{kind}"]["alt"] == alt


def test_a_figure_is_drawn_with_two_dots_for_each_that_is_shown(published, monkeypatch):
    for photo in (False, True):
        sizes = []
        for dots in ("1", "2", None):
            monkeypatch.setenv("SEGKIT_SHARPNESS", dots) if dots else monkeypatch.delenv("SEGKIT_SHARPNESS")
            show.show(a_figure(), alt="a rising line", photo=photo)
            (kind,) = set(published[-1][0]) - {"text/plain"}
            sizes.append((decoded(published[-1][0], kind[6:]).width, published[-1][1][kind]["width"]))
        (once, shown), twice, default = sizes
        assert once == shown and twice == default
        assert twice[0] == pytest.approx(2 * once, abs=2) and twice[1] == pytest.approx(shown, abs=1)


def test_a_handle_is_updated_in_place(published):
    frames = []
    for shade in (0, 255):
        file = io.BytesIO()
        Image.new("L", (8, 8), shade).save(file, "jpeg")
        frames.append(file.getvalue())
    handle = show.publish(frames[0], "jpeg", "the first frame")
    assert show.publish(frames[1], "jpeg", "the second frame", handle) is handle
    assert handle.updates == 1
    ((bundle, metadata),) = published
    assert base64.b64decode(bundle["image/jpeg"]) == frames[1] and metadata["alt"] == "the second frame"


def test_grid_shows_pictures_masks_and_grey_maps(published):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (12, 16, 3), dtype=np.uint8)
    mask = rng.integers(0, 2, (12, 16), dtype=np.uint8)
    show.grid(
        [[image, mask]] * 2,
        ["picture", "mask"],
        ("background", "pet"),
        alt="two pictures with masks",
        row_titles=["a", "b"],
    )
    show.grid([[image, mask / 1.0]], ["picture", "map"], alt="a picture and a map of floats")
    assert [list(bundle)[0] for bundle, _ in published] == ["image/jpeg"] * 2
    tall, flat = (decoded(bundle, "jpeg").size for bundle, _ in published)
    assert tall[1] > flat[1]


@pytest.mark.parametrize("rows", [[], [[np.zeros((4, 4))]], [[np.zeros((4, 4))] * 2, [np.zeros((4, 4))]]])
def test_grid_refuses_rows_that_do_not_fit_their_titles(rows):
    with pytest.raises(ValueError, match="rows of 2 pictures"):
        show.grid(rows, ["picture", "mask"], alt="never drawn")


def drawn_lines(monkeypatch, *arguments, **options):
    """The lines of each panel that `curves` drew: label → number of points."""
    panels = []
    monkeypatch.setattr(
        show.plots, "show", lambda figure, alt: (panels.extend(figure.axes), plt.close(figure))
    )
    show.curves(*arguments, **options)
    return [{line.get_label(): line for line in panel.lines} for panel in panels]


def test_curves_draw_training_solid_and_validation_dashed(monkeypatch):
    values = {"loss": [3, 2, 1], "val_loss": [3, 2.5, 2], "mean_iou": [0.1, 0.2, 0.3]}
    history = type("History", (), {"history": values})()
    loss, iou = drawn_lines(monkeypatch, {"": history}, ("loss", "mean_iou"), alt="x")
    assert {label: line.get_linestyle() for label, line in loss.items()} == {
        "training": "-",
        "validation": "--",
    }
    assert list(iou) == ["training"]
    assert loss["training"].get_xdata().tolist() == [1, 2, 3]


def test_curves_give_each_run_one_colour(monkeypatch):
    values = {"loss": [2, 1], "val_loss": [2, 1]}
    (lines,) = drawn_lines(monkeypatch, {"with": values, "without": values}, alt="x")
    assert list(lines) == ["with, training", "with, validation", "without, training", "without, validation"]
    assert lines["with, training"].get_color() == lines["with, validation"].get_color() == show.CYCLE[0]
    assert lines["without, training"].get_color() == show.CYCLE[1]


def test_curves_can_begin_at_zero(monkeypatch):
    (loss,) = drawn_lines(monkeypatch, {"": {"loss": [3.0, 2.9]}}, alt="x", bottom=0)
    assert loss["training"].axes.get_ylim()[0] == 0


def test_curves_publish_a_plot(published):
    show.curves({"": {"loss": [2, 1]}}, alt="the loss falls from two to one")
    ((bundle, _),) = published
    assert decoded(bundle, "png").format == "PNG"


def test_bars_are_a_group_a_run_and_a_colour_a_class(monkeypatch):
    drawn = []
    monkeypatch.setattr(show.plots, "show", lambda figure, alt: drawn.append((figure, alt)))
    runs = {"FCN-8s": [0.5, 0.9, 0.2], "FCN-8s, random": [0.1, 0.8, 0.0]}
    show.bars(runs, ("pet", "background", "border"), alt="IoU", title="paper_pets")
    ((figure, alt),) = drawn
    (axes,) = figure.axes
    assert alt == "IoU" and axes.get_title() == "paper_pets"
    heights = [[patch.get_height() for patch in group] for group in axes.containers]
    assert heights == [list(scores) for scores in zip(*runs.values(), strict=True)]
    for group, name in zip(axes.containers, ("pet", "background", "border"), strict=True):
        assert {patch.get_facecolor()[:3] for patch in group} == {to_rgb(show.color(name))}
    edges = sorted((patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(edges))  # no bar hides another
    plt.close(figure)


def test_defaults_hold_for_figures_made_later():
    with plt.rc_context():
        show.set_defaults()
        assert (
            plt.rcParams["figure.constrained_layout.use"] and plt.rcParams["image.interpolation"] == "nearest"
        )
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(show.CYCLE)
