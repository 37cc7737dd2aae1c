"""Tables of numbers show which squares are marked, and say what stands in them."""

import legibility
import numpy as np
import pytest
from matplotlib.colors import to_hex

from helpers import plots
from helpers.plots import squares

IMAGE = [[1, 2, 0], [0, -1, 3]]


def test_a_table_is_legible_and_says_its_numbers(figures):
    plots.tables(
        {"image $x$": IMAGE, "words": [["$w_{11}$", ""]]},
        says="Two tables.",
        marked={"image $x$": [(0, 1)]},
        window={"image $x$": [(1, 0)]},
    )
    ((figure, alt),) = figures
    legibility.check(figure, alt)
    assert alt == "Two tables. image x: 1 2 0, 0 −1 3; words: w11 empty."


def test_marked_squares_are_dark_with_white_numbers(figures):
    plots.tables({"a": IMAGE}, says="A table.", marked={"a": [(0, 1)]}, window={"a": [(1, 0)]})
    texts = figures[-1][0].axes[0].texts
    assert [text.get_text() for text in texts if to_hex(text.get_color()) == "#ffffff"] == ["2"]
    (mesh,) = figures[-1][0].axes[0].collections
    assert np.array_equal(np.reshape(mesh.get_array(), (2, 3)), [[0, 1, 0], [0.35, 0, 0]])


def test_squares_are_as_large_in_a_short_table_as_in_a_tall_one(figures):
    plots.tables({"tall": np.zeros((5, 2)), "short": [[1, 2]]}, says="Two tables.")
    assert {axes.get_ylim() for axes in figures[-1][0].axes} == {(5, 0)}


@pytest.mark.parametrize("named", [{}, {"a row": [1, 2]}])
def test_refuses_what_is_no_table(named):
    with pytest.raises(ValueError, match="rows and columns"):
        plots.tables(named, says="Nothing.")


def test_numbers_are_written_plainly():
    assert [squares.written(v) for v in (-0.0, 1 / 3, 12, "1/9")] == ["0", "0.333", "12", "1/9"]
