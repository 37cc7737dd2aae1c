"""The pictures of speed show what is in the arrays, and say it in words."""

import legibility
import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.lib.stride_tricks import as_strided

from helpers import plots
from helpers.plots import style

IMAGES_FIRST = np.zeros((3, 2, 1, 5))
BATCH_LAST = np.zeros((1, 5, 2, 3)).transpose(3, 2, 0, 1)
MEMORY = np.zeros((1, 6, 2, 3))
VIEW = as_strided(MEMORY, (1, 4, 6, 3), MEMORY.strides)

PICTURES = {
    "memory_order": lambda: plots.memory_order(
        {"images first": IMAGES_FIRST, "batch last": BATCH_LAST}, np.s_[:, :, :, 1:4]
    ),
    "memory_order of one axis": lambda: plots.memory_order(
        {"a line": np.zeros((1, 1, 1, 7))}, np.s_[..., 2:]
    ),
    "windows": lambda: plots.windows(VIEW, MEMORY),
    "matrices": lambda: plots.matrices({"A": [[1, -0.25], [0, 1 / 3]], "B": [[0, 0, 0]]}),
    "rates": lambda: plots.rates(["slow", "fast"], [0.25, 4000], ceilings={"the limit": 9000}),
    "rates of one": lambda: plots.rates(["only"], [70], unit="digits per second"),
}


@pytest.fixture
def drawn(figures):
    """A function that draws a picture by its name and returns its figure and alt text."""

    def draw(name):
        PICTURES[name]()
        return figures[-1]

    return draw


@pytest.mark.parametrize("name", PICTURES)
def test_is_legible_complete_and_fits_a_slide(name, drawn):
    figure, alt = drawn(name)
    assert len(alt) > 30 and alt.endswith(".")
    legibility.check(figure, alt)


def test_pieces_of_memory_are_counted_by_the_strides(drawn):
    figure, alt = drawn("memory_order")
    assert "images first 6 pieces of 3 values, batch last 1 piece of 18 values" in alt
    columns = []
    for axes in figure.axes:
        boxes = [to_hex(box.get_facecolor()) for box in axes.patches]
        assert (len(boxes), boxes.count(style.BLUE.lower())) == (30, 18)
        places = sorted(axes.texts[:30], key=lambda text: text.get_position()[0])
        columns.append("".join(text.get_text() for text in places))
    assert columns == ["01234" * 6, "000000111111222222333333444444"]
    assert "1 piece of 5 values" in drawn("memory_order of one axis")[1]


def test_windows_are_where_the_view_reads(drawn, figures):
    assert "window 1 reads pixels 1 to 3" in drawn("windows")[1]
    stepped = as_strided(MEMORY, (1, 2, 6, 3), (*MEMORY.strides[:1], 96, 24, 8))
    plots.windows(stepped, MEMORY)
    assert "2 bars: window 0 reads pixels 0 to 2, window 1 reads pixels 2 to 4" in figures[-1][1]


def test_windows_side_by_side_do_not_overlap(figures):
    strides = (*MEMORY.strides[:1], 96, 24, 8)  # every second pixel
    for length, said in ((6, "The bars overlap."), (4, "The bars do not overlap.")):
        plots.windows(as_strided(MEMORY, (1, 2, length, 3), strides), MEMORY)
        assert figures[-1][1].endswith(said)


def test_matrices_are_written_as_fractions(drawn):
    assert "A has the rows (1 −1/4), (0 1/3); B has the rows (0 0 0)" in drawn("matrices")[1]


def test_rates_and_their_ceiling_are_said(drawn):
    figure, alt = drawn("rates")
    assert (
        alt == "Bars of images per second: slow 0.25, fast 4,000. Vertical lines: the limit 9,000."
    )
    (axes,) = figure.axes
    assert axes.get_xscale() == "log" and "images per second" in axes.get_xlabel()
    assert "Vertical" not in drawn("rates of one")[1]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.memory_order({"a": np.zeros((2, 3))}, ...), r"axes \(N, C, H, W\)"),
        (lambda: plots.memory_order({"a": np.zeros((5, 3, 1, 3))}, ...), "at most 40 values"),
        (lambda: plots.memory_order({"a": np.zeros((1, 1, 1, 9))[..., ::2]}, ...), "has gaps"),
        (lambda: plots.memory_order({"a": IMAGES_FIRST}, np.s_[5:]), "wanted must choose some"),
        (lambda: plots.windows(VIEW.copy(), MEMORY), "must look at memory"),
        (lambda: plots.windows(MEMORY[0], MEMORY), "both must have four axes"),
        (lambda: plots.matrices({"a": [1, 2]}), r"wanted are matrices"),
        (lambda: plots.matrices({"a": np.eye(10), "b": np.eye(9)}), "at most 18 columns"),
        (lambda: plots.rates(["a"], [1, 2]), "1 names need values of that number"),
        (lambda: plots.rates(["a", "b"], [1, 0]), "rates must be greater than 0"),
        (lambda: plots.rates(["a"], [1], ceilings={"b": 0}), "rates must be greater than 0"),
        (lambda: plots.rates(["a"], [np.nan]), "rates must be greater than 0"),
    ],
)
def test_bad_input_is_explained(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
