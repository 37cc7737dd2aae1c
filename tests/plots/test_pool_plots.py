"""Pictures of pooling say what they show, and its explorers follow their fields."""

import legibility
import numpy as np
import pytest

from helpers import plots
from helpers.plots import style

IMAGE = np.array([[1, 2, 0, 1], [0, 1, 3, 0], [2, 0, 1, 1], [1, 0, 0, 2]])
DIGITS = np.zeros((10, 14, 14))
DIGITS[:, 4:9, 5:8] = np.random.default_rng(0).random((10, 5, 3))
FIELD = np.zeros((8, 8))
FIELD[2:4, 3:5] = [[1, 0], [0.5, 0.2]]


def views(image):
    return {"as it is": image, "pooled": image.reshape(7, 2, 7, 2).max(axis=(1, 3))}


def scores():
    live = plots.LiveScores(100, 2)
    live.add(0, (2.4, 0.1, 2.5, 0.08))
    live.add(100, (0.5, 0.9, 0.6, 0.85))
    return live


PICTURES = {
    "influence": lambda: plots.influence(
        {"a": FIELD, "b": FIELD}, {"a": (2, 3, 2), "b": (0, 0, 3)}
    ),
    "pooling_explorer": lambda: plots.pooling_explorer(IMAGE),
    "shift_explorer": lambda: plots.shift_explorer(DIGITS, views),
}


@pytest.mark.parametrize("name", PICTURES)
def test_is_legible_complete_and_fits_a_slide(name, figures):
    PICTURES[name]()
    ((figure, alt),) = figures
    assert len(alt) > 30 and alt.endswith(".")
    legibility.check(figure, alt)


def test_influence_is_counted_in_its_frame(figures):
    PICTURES["influence"]()
    assert "a: 3 of the 4 pixels in the frame, 0 outside" in figures[-1][1]
    assert "b: 0 of the 9 pixels in the frame, 3 outside" in figures[-1][1]
    with pytest.raises(ValueError, match="a field for each"):
        plots.influence({"a": FIELD}, {})


def test_pooling_goes_step_by_step(figures):
    explorer = plots.pooling_explorer(IMAGE)
    assert "Step 4 of 4, window 2 by 2, stride 1" in figures[-1][1] or "of 9" in figures[-1][1]
    explorer.stride.value = 2
    explorer.step.value = 2
    said = explorer.picture.value
    assert "Step 2 of 4, window 2 by 2, stride 2: the window holds 0 1 3 0" in said
    assert "Its largest, 3 in row 1, column 2, goes into y in row 0, column 1" in said


def test_fewer_windows_take_the_step_back(figures):
    explorer = plots.pooling_explorer(IMAGE)
    assert explorer.step.value == explorer.step.max == 9
    explorer.size.value = 3
    assert explorer.step.value == explorer.step.max == 4
    assert "Step 4 of 4, window 3 by 3" in explorer.picture.value


def test_a_shift_says_how_much_changes(figures):
    explorer = plots.shift_explorer(DIGITS, views)
    explorer.right.value = 0
    assert "Change: digit 0%, as it is 0%, pooled 0%." in explorer.picture.value
    explorer.down.value = -2
    assert "moved -2 down and 0 to the right" in explorer.picture.value
    names = [field.description for field in (explorer.digit, explorer.down, explorer.right)]
    assert names == ["digit", "down", "right"]


def test_live_scores_grow_and_say_the_first_and_the_last():
    live = scores()
    figure, alt = live._drawn()
    legibility.check(figure, alt)
    assert (live.seen, len(live.rows)) == ([0, 100], 2)
    assert alt == (
        "After 100 images: training loss 0.50, accuracy 90.0%; validation loss 0.60, "
        "accuracy 85.0%. At first: loss 2.40, accuracy 10.0%."
    )
    colours = {line.get_color() for line in figure.axes[0].lines}
    assert colours == {style.BLUE, style.VERMILLION}
