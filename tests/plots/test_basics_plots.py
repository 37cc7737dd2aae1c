"""The pictures of the first notebooks say what is in their numbers, frame by frame."""

from types import SimpleNamespace

import legibility
import numpy as np
import pytest

from helpers import plots
from helpers.losses import softmax
from helpers.plots import sliders

RNG = np.random.default_rng(0)
NODES = {"a": (2, 12), "b": (-1, 8), "s": (1, 8), "p": (2, 4), "L": (2.5, 1)}
EDGES = {("a", "s"): 1, ("b", "s"): 1, ("a", "p"): 1, ("s", "p"): 2, ("p", "L"): 4}
STAGES = {0: np.zeros((20, 3))} | {n: n * RNG.normal(size=(20, 3)) for n in (1, 10, 100, 1000)}
SCORES = np.log([1.0, 2, 5])

PICTURES = {
    "luck": lambda: plots.luck(RNG.binomial(400, 0.1, 1000) / 400, 0.1, 3),
    "temperatures": lambda: plots.temperatures(SCORES, softmax, label=2),
    "surprise": lambda: plots.surprise({"1/10": 0.1, "1/8": 0.125, "5/8": 0.625}),
    "growing_templates": lambda: plots.growing_templates(STAGES, size=(4, 5)),
    "walk_back": lambda: plots.walk_back(NODES, EDGES),
}
WORDS = {
    "luck": ("1,000 readers", "a hump around 10%", "other images 10.0%"),
    "temperatures": ("at T = 0.2 the 2 has 99%", "at T = 1 the 2 has 62%", "least likely has 28"),
    "surprise": ("2.30 at 1/10", "0.47 at 5/8"),
    "growing_templates": ("3 digits", "after 1 step,", "after 1,000 steps"),
    "walk_back": ("a = 2, b = −1, s = 1", "dL = 1, dp = 4, ds = 8, db = 8, da = 12"),
}


@pytest.fixture
def controls(monkeypatch):
    """What would be shown with sliders: (picture, sliders) of each call."""
    found = []
    monkeypatch.setattr(
        sliders, "_interactive", lambda picture, shown, _: found.append((picture, shown))
    )
    return found


@pytest.mark.parametrize("name", PICTURES)
def test_the_still_is_legible_and_says_what_it_shows(name, figures):
    PICTURES[name]()
    ((figure, alt),) = figures
    legibility.check(figure, alt)
    for words in WORDS[name]:
        assert words in alt


@pytest.mark.parametrize("name", ["temperatures", "growing_templates", "walk_back"])
def test_sliders_have_names_and_every_frame_can_be_read(name, figures, controls):
    PICTURES[name]()
    ((picture, (slider,)),) = controls
    assert slider.description.strip()
    values = getattr(slider, "options", None) or [(i, i) for i in range(slider.max + 1)]
    said = set()
    for _, value in values[:: max(1, len(values) // 6)]:
        figure, alt = picture(value)
        legibility.check(figure, alt)
        said.add(alt)
    assert len(said) > 1


def test_gradients_are_shown_one_by_one_from_the_end(figures, controls):
    plots.walk_back(NODES, EDGES)
    picture = controls[0][0]
    assert "No gradient is known yet" in picture(0)[1]
    assert "the gradients, from the end: dL = 1, dp = 4." in picture(2)[1]


def test_an_edge_that_leads_back_is_refused():
    with pytest.raises(ValueError, match="from p to s does not lead forward"):
        plots.walk_back(NODES, {("p", "s"): 1})


def test_templates_of_one_stage_have_one_row(figures, controls):
    plots.growing_templates(STAGES, size=(4, 5))
    still, picture = figures[0][0], controls[0][0]
    assert len(still.axes) == 4 * 3 and len(picture(0)[0].axes) == 3


def test_curves_grow_from_any_object_with_the_four_lists(monkeypatch):
    said = []
    monkeypatch.setattr(plots.LiveFigure, "show", lambda _, figure, alt, caption: said.append(alt))
    seen = SimpleNamespace(loss=[], accuracy=[], validation_loss=[], validation_accuracy=[])
    live = plots.LiveCurves(3, every=2)
    for epoch in (1, 2, 3):
        for values in vars(seen).values():
            values.append(1 / epoch)
        live(seen)
    assert [alt.partition(":")[0] for alt in said] == ["After 2 epochs", "After 3 epochs"]
