"""The pictures of notebook 08 show what each remedy does, and say it in words."""

import legibility
import numpy as np
import pytest

from helpers.augmentation import Augmentation
from helpers.plots import regularising, style


@pytest.fixture
def shown(monkeypatch):
    seen = []
    monkeypatch.setattr(style, "show", lambda *given: seen.append(given))
    return seen


def the_one(shown):
    ((figure, alt, *_),) = shown
    legibility.check(figure, alt)
    return figure, alt


def test_weights_are_shown_with_what_they_read(shown):
    images = {0: np.ones((4, 4)), 0.3: np.full((4, 4), 0.1)}
    regularising.weight_images(images, {0: (0.99, 0.8), 0.3: (0.9, 0.85)})
    _, alt = the_one(shown)
    assert "1.00 with λ = 0, 0.10 with λ = 0.3" in alt and "85.0% with λ = 0.3" in alt


def test_dropped_units_are_counted(shown):
    def every_other(units, rate, rng):
        mask = np.arange(len(units)) % 2 * 2.0
        return units * mask, mask

    regularising.explore_dropout(np.ones(10), every_other)
    assert "10 units at rate 0.5: 5 are dropped" in the_one(shown)[1]


def test_a_shaky_reading_is_counted(shown):
    regularising.shaky_reading(np.eye(8), [2, 6, 6, 6, 1, 1], 2)
    figure, alt = the_one(shown)
    assert "read 6 times" in alt and "6 3 times, 1 twice, 2 once" in alt
    assert [bar.get_height() for bar in figure.axes[1].patches][6] == 3


@pytest.mark.parametrize("step", range(7))
def test_the_graph_of_batch_norm_shows_the_gradients_found_so_far(step):
    figure, alt = regularising.norm_graph_frame(step)
    legibility.check(figure, alt)
    assert ("dvar = 0.28" in alt) == (step >= 4)
    assert ("dx = (0.52, −0.64, −0.36, 0.48)" in alt) == (step == 6)


def test_no_number_of_the_graph_covers_another():
    figure, _ = regularising.norm_graph_frame(6)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])


def test_the_spread_of_activations_is_said(shown):
    rng = np.random.default_rng(0)
    seen = {name: [[rng.normal(0, s, 500)] * 3] * 4 for name, s in (("without", 3), ("with", 1))}
    regularising.activations(seen)
    figure, alt = the_one(shown)
    assert "at 3 ReLUs" in alt and "step 3" in alt and len(figure.axes) == 6


def test_activations_that_overflow_are_drawn(shown):
    seen = {"without": [[np.array([np.inf, -np.inf, np.nan, 1.0])]]}
    with np.errstate(all="ignore"):
        legibility.check(*regularising.activations_frame(seen, 0))


def test_changed_digits_are_shown_with_their_limits(shown):
    regularising.explore_augmentation(np.eye(28), Augmentation)
    figure, alt = the_one(shown)
    assert "turned by up to 10 degrees, scaled by up to 10%" in alt and len(figure.axes) == 12


def test_remedies_are_shown_with_each_seed(shown):
    regularising.remedies({"nothing": [93.0, 94.0], "batch norm": [95.0, 95.5]})
    _, alt = the_one(shown)
    assert "nothing 93.5%, batch norm 95.2%" in alt and "1.0 points apart" in alt
