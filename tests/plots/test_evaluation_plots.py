"""The pictures of evaluation show what is in the arrays, and say it in words."""

import legibility
import numpy as np
import pytest

from helpers import calibration, plots

DIGIT = np.zeros((28, 28))
DIGIT[6:22, 12:16] = 1
MAP = np.zeros((28, 28))
MAP[20, 3] = -2.5
BINS = np.array([0.3, np.nan, 0.9]), np.array([0.5, np.nan, 0.8]), np.array([4, 0, 12])

PICTURES = {
    "reliability_diagram": lambda: plots.reliability_diagram({"a net": BINS}),
    "reliability_diagram of two": lambda: plots.reliability_diagram({"one": BINS, "two": BINS}),
    "overlays": lambda: plots.overlays([DIGIT] * 2, [MAP, -MAP], ["a 1", "the same"], unit="lead"),
    "overlays in rows": lambda: plots.overlays(
        [DIGIT] * 5, [MAP] * 5, list("abcde"), columns=3, caption="At the lower left."
    ),
    "overlays of one": lambda: plots.overlays([DIGIT], [0 * MAP], ["nothing counts"]),
    "intervals": lambda: plots.intervals(
        ["a net", "another"], [98.8, 99.1], [99, 99.3], [99.2, 99.4], unit="accuracy (%)"
    ),
    "intervals with a mark": lambda: plots.intervals(
        ["a net"], [0.5], [0.6], [0.8], unit="share", marks={"chance": 0.55}
    ),
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


def test_reliability_is_drawn_and_said_without_empty_bins(drawn):
    figure, alt = drawn("reliability_diagram")
    # 4 images at 0.3 and 12 at 0.9; 2 and 9.6 of them right.
    assert "a net: on average 75.0% sure and 72.5% right; 1 of 2 points lie below" in alt
    points = figure.axes[0].lines[1]
    assert points.get_xdata().tolist() == [0.3, 0.9] and points.get_ydata().tolist() == [0.5, 0.8]
    assert [bar.get_height() for bar in figure.axes[1].patches] == [4, 12]


def test_reliability_takes_what_calibration_gives(figures):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), 200)
    found = calibration.reliability(probabilities, np.zeros(200, int))
    plots.reliability_diagram({"chance": (found.confidence, found.accuracy, found.count)})
    assert "chance: on average" in figures[-1][1]


def test_overlays_share_a_scale_and_name_the_strongest_place(drawn):
    figure, alt = drawn("overlays")
    assert "2 maps of lead" in alt and "a 1: strongest -2.5 in row 20, column 3" in alt
    assert [axes.images[0].get_clim() for axes in figure.axes[:2]] == [(-2.5, 2.5)] * 2
    assert drawn("overlays in rows")[1].endswith("At the lower left.")


def test_intervals_say_every_value(drawn):
    alt = drawn("intervals")[1]
    assert "a net 99.00, from 98.80 to 99.20; another 99.30, from 99.10 to 99.40." in alt
    assert drawn("intervals with a mark")[1].endswith("Vertical: chance at 0.55.")


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.reliability_diagram({}), "at least one network"),
        (lambda: plots.reliability_diagram({"a": ([1], [1, 0], [1])}), "a: .* equally long"),
        (lambda: plots.reliability_diagram({"a": ([0.5], [0.5], [0])}), "a: no bin holds"),
        (lambda: plots.overlays([], [], []), "0 images need as many maps and titles"),
        (lambda: plots.overlays([DIGIT], [MAP], []), "not 1 and 0"),
        (lambda: plots.overlays([DIGIT], [MAP[1:]], ["a"]), r"has a map of shape \(27, 28\)"),
        (
            lambda: plots.overlays([DIGIT[None]], [MAP[None]], ["a"]),
            r"must have the shape \(H, W\)",
        ),
        (lambda: plots.intervals(["a"], [1], [2, 3], [4], unit="x"), "1 names need as many"),
        (lambda: plots.intervals(["a"], [2], [1], [3], unit="x"), "between its low and its high"),
    ],
)
def test_bad_input_is_explained(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
