"""The pictures of notebook 07 show noise, paths and races as they are, and say it in words."""

import legibility
import numpy as np
import pytest

from helpers.plots import racing, sliders, style


def bowl(point):
    return (np.asarray(point) ** 2).sum(axis=-1)


def spiral(steps=30, factor=0.9):
    turns = np.arange(steps + 1)
    return 5 * factor ** turns[:, None] * np.stack([np.cos(turns), np.sin(turns)], axis=1)


@pytest.fixture
def shown(monkeypatch):
    seen = []
    monkeypatch.setattr(style, "show", lambda *given: seen.append(given))
    return seen


def test_the_noise_is_said_to_cross_the_gradient(monkeypatch, shown):
    sizes = 4 ** np.arange(6)
    racing.noise(sizes, 8 / np.sqrt(sizes), 1.0)
    ((figure, alt, *_),) = shown
    legibility.check(figure, alt)
    assert "from 8.0 for one image to 0.25 for 1,024" in alt and "near 64 images" in alt


def test_the_explorer_begins_with_a_rate_that_is_written_as_it_is(shown):
    asked = []

    def path(rate, momentum):
        asked.append((rate, momentum))
        return spiral()

    racing.explore_descent(bowl, path)
    assert asked == [(0.018, 0.0)]
    assert shown[0][1].startswith("Learning rate 0.018, momentum 0.00: 30 steps")
    names = [name for name, _ in racing._RATES]
    assert "0.018" in names and len(set(names)) == len(names)


def test_nesterov_asks_ahead_and_ends_nearer(shown):
    slopes = np.array([1.0, 100.0])
    racing.nesterov(lambda p: 0.5 * (slopes * p**2).sum(-1), lambda p: slopes * p, 0.9, 0.008)
    ((figure, alt, *_),) = shown
    legibility.check(figure, alt)
    assert "y = -1.36" in alt and "ends, blue, at y = -1.86" in alt and "ends at y = -0.59" in alt


@pytest.mark.parametrize("step", [0, 7, 30])
def test_a_race_is_drawn_at_any_step(step):
    paths = {"quick": spiral(factor=0.8), "slow": spiral(factor=0.99)}
    figure, alt = racing.race_frame(bowl, paths, step)
    legibility.check(figure, alt)
    assert f"step {step}" in alt
    assert ("quick leads" in alt) == (step > 0)


def test_a_race_shows_a_still_before_it_moves(shown):
    racing.race(bowl, {"one": spiral(), "two": spiral(factor=0.5)})
    assert "step 20" in shown[0][1]


def test_sliders_have_names_and_whole_numbers_stay_whole():
    whole, share = sliders.slider("draw", 0, 0, 20, 1), sliders.slider("rate", 0.5, 0.0, 1.0, 0.1)
    assert (type(whole.value), type(share.value)) == (int, float)
    assert (whole.description, share.description) == ("draw", "rate")
    assert sliders.choice("size", [("small", 1), ("large", 9)], 9).label == "large"


def test_a_film_shows_its_last_frame_unless_told(shown):
    for still, seen in ((None, (None, "frame 9")), ((None, "a still"), (None, "a still"))):
        sliders.film(lambda frame: (None, f"frame {frame}"), 9, still=still)
        assert shown[-1] == seen


def test_moving_a_slider_draws_anew(monkeypatch, shown):
    place = []
    monkeypatch.setattr(sliders, "get_ipython", lambda: True)
    monkeypatch.setattr(sliders, "display", place.append)
    monkeypatch.setattr(style, "as_html", lambda figure, alt: alt)
    one = sliders.slider("draw", 2, 0, 20, 1)
    sliders.explore(lambda value: (None, f"draw {value}"), one)
    one.value = 5
    assert place[0].children[-1].value == "draw 5"
