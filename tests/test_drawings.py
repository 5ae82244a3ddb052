"""Drawings by hand say what the things themselves say; sliders and what is stored of them; the tables of experiments."""

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.signal import correlate2d

from segkit import show
from segkit.receptive_field import receptive_field


@pytest.fixture
def figures(monkeypatch):
    """The figures that the drawing functions would publish."""
    kept = []
    for function in (show.sliding, show.play, show.numbers):
        monkeypatch.setitem(function.__globals__, "show", lambda figure, *rest: kept.append(figure))
    yield kept
    plt.close("all")


def test_the_answers_drawn_are_those_of_a_correlation(figures):
    random = np.random.default_rng(0)
    numbers, weights = (
        random.integers(0, 9, (3, 4)).astype(float),
        random.integers(1, 9, (2, 2)).astype(float),
    )
    show.sliding(numbers, weights, alt="a window that slides")
    answers = correlate2d(numbers, weights, "valid")
    *windows, result = figures[0].axes
    assert [panel.get_title() for panel in windows] == [f"here: {answer:g}" for answer in answers.ravel()]
    assert [float(text.get_text()) for text in result.texts] == answers.ravel().tolist()


def test_each_number_of_a_map_stands_in_its_cell(figures):
    maps = {"one": np.array([[1.0, 2.5], [0.0, 7.0]]), "other": np.array([[3.0]])}
    show.numbers(
        maps, alt="two maps", frames=[("other", (0, 0), 1, "red"), ("other", (1, 0), (1, 2), "blue")]
    )
    for panel, (title, array) in zip(figures[0].axes, maps.items(), strict=True):
        assert panel.get_title() == title
        places = {tuple(text.get_position()): float(text.get_text()) for text in panel.texts}
        assert places == {(x + 0.5, y + 0.5): value for (y, x), value in np.ndenumerate(array)}


def test_rows_and_columns_of_a_map_have_names(figures):
    names = ("ground", "cat")
    show.numbers(
        {"counts": np.array([[3, 1], [0, 2]])}, alt="counts", sides={"counts": ("true", "named", names)}
    )
    places = {
        text.get_text(): text.get_position() for text in figures[0].axes[0].texts if text.get_text().isalpha()
    }
    rows = [
        text for text in figures[0].axes[0].texts if text.get_text() in names and text.get_position()[0] < 0
    ]
    assert [text.get_position()[1] for text in rows] == [0.5, 1.5]
    assert places["true"][0] < 0 and places["named"][1] > 2  # left of the rows, below the columns


def test_counts_stand_in_their_cells_of_given_axes():
    figure, axes = plt.subplots()
    counts = np.array([[1, 2, 3], [4, 5, 6]])
    show.cells(axes, counts, "prints", most=6)
    places = {tuple(text.get_position()): int(text.get_text()) for text in axes.texts}
    assert places == {(x + 0.5, y + 0.5): count for (y, x), count in np.ndenumerate(counts)}
    assert axes.get_title() == "prints"
    plt.close(figure)


def test_a_matrix_of_letters_times_letters_is_what_numbers_give(capsys):
    matrix, values = (
        np.array([["x", "y", "0"], ["0", "0", "0"], ["0", "x", "y"]]),
        {"x": 2, "y": 3, "a": 5, "b": 7},
    )
    show.letters("a matrix", matrix, "ab0")
    title, *rows, product = capsys.readouterr().out.strip().splitlines()
    assert title == "a matrix:" and [row.split() for row in rows] == matrix.tolist()
    numbers = [[values.get(letter, 0) for letter in row] for row in matrix]
    found = product.split(" = ")[1].split(", ")
    sums = [
        sum(values[one] * values[other] for one, other in term.split(" + ")) if term != "0" else 0
        for term in found
    ]
    assert sums == (np.array(numbers) @ [5, 7, 0]).tolist()


def test_a_cone_is_as_wide_as_the_receptive_field(figures):
    chains = [[(3, 1), (3, 1)], [(3, 2), (2, 2), (3, 1)], [(5, 4), (3, 1)]]
    show.cones(chains, alt="three cones")
    for chain, panel in zip(chains, figures[0].axes, strict=True):
        network = [keras.layers.Conv2D(1, size, stride) for size, stride in chain]
        pixels = int(panel.texts[-1].get_text())
        assert pixels == receptive_field(keras.Sequential([keras.Input((None, None, 3)), *network]))[0]


def test_stages_hand_on_and_read_as_the_drawing_says(figures):
    chain = {"propose": "boxes", "read": "features", "draw": "masks"}
    show.stages("trunk", chain, fed=["propose", "read"], plain=["read"], alt="three stages")
    (axes,) = figures[0].axes
    words = [text.get_text() for text in axes.texts]
    assert [word for word in words if word] == [
        "trunk",
        "propose",
        "boxes",
        "read",
        "features",
        "draw",
        "masks",
    ]
    arrows = [text for text in axes.texts if not text.get_text()]
    down = [arrow for arrow in arrows if arrow.xy[0] == arrow.xyann[0]]
    assert len(down) == 2 and len(arrows) == 2 + len(chain)
    fills = {patch.get_x(): patch.get_facecolor() for patch in axes.patches if patch.get_y() == 0}
    first, second, third = (fills[place] for place in sorted(fills))
    assert first == third != second


def test_what_is_stored_of_sliders_are_their_settings_side_by_side(figures):
    drawn = []

    def draw(axes, size, color="red"):
        drawn.append((axes, size, color))

    show.play(
        draw, {"size": [1, 2, 3]}, [{"size": 1}, {"size": 3, "color": "blue"}], alt="two settings of three"
    )
    assert len(figures) == 1 and [axes for axes, *_ in drawn] == figures[0].axes
    assert [rest for _, *rest in drawn] == [[1, "red"], [3, "blue"]]


def test_a_moved_slider_draws_anew(figures, monkeypatch):
    ipywidgets = pytest.importorskip("ipywidgets")
    drawn, shown = [], []
    monkeypatch.delenv("SEGKIT_STORED", raising=False)
    monkeypatch.setitem(show.play.__globals__, "notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", shown.append)
    show.play(lambda axes, size: drawn.append(size), {"size": [1, 2, 3]}, [{"size": 1}], alt="one setting")
    slider, _ = shown[0].children
    assert isinstance(slider, ipywidgets.SelectionSlider)
    slider.value = 3
    assert drawn[-1] == 3
