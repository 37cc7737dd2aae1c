"""The pictures of training show paths and learning rates as they are, and say it in words."""

from types import SimpleNamespace

import legibility
import numpy as np
import pytest

from helpers import plots, rate_finder
from helpers.plots import style


def bowl(point):
    return (np.asarray(point) ** 2).sum(axis=-1)


def zigzag(factor, steps=10):
    """A path along x = 4, with y = 1, factor, factor^2, ..."""
    return np.stack([np.full(steps + 1, 4.0), factor ** np.arange(steps + 1.0)], axis=1)


SEARCH = SimpleNamespace(
    rates=np.geomspace(1e-4, 1, 5),
    losses=np.array([2.4, 2.2, 1.0, 0.5, 7.0]),
    smoothed=np.array([2.3, 2.2, 1.5, 1.0, 2.0]),
    suggestion=1e-2,
)
RACE = {"slow": {0.1: 2.0, 1.0: 0.51, 10.0: 9.0}, "fast": {0.01: 0.5, 0.1: 0.25}}
PICTURES = {
    "lines": lambda: plots.lines(
        {"falls": [100, 10, 1], "stays": [1, 1, 1], "close": [1, 1, 1.01]},
        xlabel="step",
        ylabel="loss",
        log="y",
        alt="One line falls to where two others are, and stay.",
    ),
    "lines with x": lambda: plots.lines(
        {"rises": [1, 2]}, [1, 10], xlabel="rate", ylabel="loss", log="x", ylim=(0, 3), alt="A " * 9
    ),
    "descent": lambda: plots.show(*plots.descent(bowl, zigzag(-0.5), "Rate 0.1")),
    "descents": lambda: plots.descents(bowl, {"A": zigzag(-0.5), "B": zigzag(-9.0, 200)}),
    "one descent": lambda: plots.descents(bowl, {"A": zigzag(0.5)}),
    "rate_race": lambda: plots.rate_race(RACE, ylim=(0, 3)),
    "rate_search": lambda: plots.rate_search(SEARCH),
}


@pytest.fixture
def drawn(monkeypatch):
    """A function that draws a picture by its name and returns its figure and alt text."""
    seen = []
    for module in (style, plots):
        monkeypatch.setattr(module, "show", lambda *given: seen.append(given[:2]))

    def draw(name):
        PICTURES[name]()
        return seen[-1]

    return draw


@pytest.mark.parametrize("name", PICTURES)
def test_is_legible_complete_and_fits_a_slide(name, drawn):
    figure, alt = drawn(name)
    assert alt
    legibility.check(figure, alt, smallest=9)


def test_lines_carry_their_names_and_no_name_covers_another(drawn):
    figure, _ = drawn("lines")
    (axes,) = figure.axes
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert set(heights) == {"falls", "stays", "close"} and axes.get_yscale() == "log"
    assert np.diff(sorted(heights.values())).min() > 0.08
    assert list(axes.lines[0].get_xdata()) == [1, 2, 3]


def test_a_line_s_name_stands_at_its_end(drawn):
    figure, _ = drawn("lines with x")
    (text,) = figure.axes[0].texts
    assert text.get_position()[1] == pytest.approx(2 / 3)


def test_a_descent_is_put_into_words(drawn):
    assert drawn("descent")[1] == (
        "Rate 0.1: 10 steps from (4, 1) cross y = 0 10 times, and the loss goes from 17 to 16."
    )
    assert "cross y = 0 never" in drawn("one descent")[1]


def test_a_path_that_diverges_is_drawn_as_far_as_it_can_be_seen(drawn):
    figure, alt = drawn("descents")
    assert "B: 200 steps" in alt and "it diverges" in alt and alt.count("diverges") == 1
    assert [axes.get_title() for axes in figure.axes] == ["A", "B"]
    for axes in figure.axes:
        assert axes.get_xlim() == (-12, 12)
        assert max(np.abs(line.get_xydata()).max() for line in axes.lines) < 121


def test_a_path_that_ends_as_no_number_diverges():
    path = np.array([[1.0, 1.0], [np.nan, np.nan]])
    assert "diverges" in plots.descent(bowl, path, "Rate 9")[1]


def test_the_race_names_the_best_rate_of_each(drawn):
    figure, alt = drawn("rate_race")
    assert alt.endswith("2 lines. Their lowest points: slow 0.51 at 1, fast 0.25 at 0.1.")
    (axes,) = figure.axes
    assert axes.get_xscale() == "log" and axes.get_ylim() == (0, 3)
    assert len({line.get_marker() for line in axes.lines}) == 2


def test_the_race_passes_over_what_diverged(figures):
    plots.rate_race({"SGD": {0.01: np.nan, 0.1: 0.5}, "Adam": {0.1: np.inf}})
    assert figures[-1][1].endswith("SGD 0.50 at 0.1, Adam none, as every rate diverged.")


def test_a_loss_that_never_rises_is_not_said_to(figures):
    falls = np.linspace(2, 1, 20)
    rates = np.geomspace(1e-4, 1e-1, 20)
    plots.rate_search(rate_finder.RateSearch(rates, falls, falls, 1e-2, diverged=False))
    assert figures[-1][1].endswith("is lowest near 0.1.")


def test_the_search_says_where_the_loss_falls_fastest(drawn):
    figure, alt = drawn("rate_search")
    assert "near 2.4 for tiny rates" in alt
    assert "fastest near 0.01 and is lowest near 0.1" in alt
    assert figure.axes[0].lines[-1].get_xdata() == [0.01, 0.01]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.lines({}, xlabel="x", ylabel="y", alt="-"), "at least one line"),
        (
            lambda: plots.lines({"a": [1, 2], "b": [1]}, xlabel="x", ylabel="y", alt="-"),
            r"'b' has the shape \(1,\), x has \(2,\)",
        ),
        (lambda: plots.descent(bowl, np.zeros((3, 3)), "A"), r"not \(3, 3\)"),
        (lambda: plots.descents(bowl, {"A": np.zeros(2)}), r"\(steps \+ 1, 2\)"),
        (lambda: plots.descents(bowl, {}), "at least one path"),
        (lambda: plots.rate_race({}), "at least one optimizer"),
        (lambda: plots.rate_race({"A": {}}), "at least one rate"),
    ],
)
def test_bad_input_is_explained(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
