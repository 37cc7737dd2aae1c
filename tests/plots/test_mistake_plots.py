"""The images behind a number are the right ones, and the sliders show the same."""

import re

import ipywidgets as widgets
import legibility
import numpy as np
import pytest

from helpers import plots

RNG = np.random.default_rng(4)
IMAGES = RNG.random((40, 1, 28, 28))
LABELS = np.arange(40) % 10
PREDICTIONS = np.where(LABELS == 9, 4, LABELS)  # every 9 is read as 4: images 9, 19, 29, 39
TRUTH = np.linspace(0.9, 0.1, 40)
GIVEN = IMAGES, LABELS, PREDICTIONS, TRUTH
RIGHT = {"strong": LABELS != 0, "weak": LABELS > 1, "perfect": LABELS >= 0}

PICTURES = {
    "mistakes": lambda: plots.mistakes(*GIVEN, 9, 4),
    "mistakes of one": lambda: plots.mistakes(
        IMAGES[:10], LABELS[:10], PREDICTIONS[:10], TRUTH[:10], 9, 4
    ),
    "mistakes of an empty cell": lambda: plots.mistakes(*GIVEN, 3, 5),
    "misread_by_one": lambda: plots.misread_by_one(IMAGES, LABELS, RIGHT, "weak", "strong"),
    "misread_by_one, none": lambda: plots.misread_by_one(
        IMAGES, LABELS, RIGHT, misreads="strong", reads="weak"
    ),
    "stages": lambda: plots.stages([RNG.random((9, 12, 12)), RNG.random((16, 4, 5))]),
    "stages with words": lambda: plots.stages([RNG.random((8, 4, 4))], caption="They are noise."),
    "sizes": lambda: plots.sizes(
        ["small", "large"],
        [1e4, 2e6],
        [90, 95],
        [91, 96],
        [92, 97],
        own=["small"],
        below=["large"],
        unit="accuracy (%)",
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_is_legible_complete_and_fits_a_slide(name, figures):
    PICTURES[name]()
    figure, alt = figures[-1]
    assert len(alt) > 30 and alt.endswith(".")
    legibility.check(figure, alt)


def test_the_least_believed_come_first(figures):
    plots.mistakes(*GIVEN, 9, 4)
    figure, alt = figures[-1]
    assert "9 read as 4 holds 4 images" in alt
    assert f"got {100 * TRUTH[[9, 19, 29, 39]].mean():.0f}% on average" in alt
    page = figure.axes[1].images[0].get_array()
    for place, index in enumerate((39, 29, 19, 9)):
        tile = page[1:29, 30 * place + 1 : 30 * place + 29]
        np.testing.assert_array_equal(tile, IMAGES[index, 0])


def test_an_empty_cell_is_said(figures):
    PICTURES["mistakes of an empty cell"]()
    assert "3 read as 5 holds 0 images." in figures[-1][1]


def test_only_what_one_misreads_is_shown(figures):
    PICTURES["misread_by_one"]()
    assert (
        "4 of 40 images are misread by weak and read by strong. The first of them: 1 1 1 1."
        in (figures[-1][1])
    )
    PICTURES["misread_by_one, none"]()
    assert "0 of 40 images" in figures[-1][1] and "none." in figures[-1][1]


def alt_of(explorer):
    return re.search(r'alt="([^"]*)"', explorer.children[-1].value)[1]


def test_sliders_have_names_and_redraw():
    explorer = plots.mistake_explorer(*GIVEN, 9, 4)
    true, read = explorer.children[:2]
    assert (true.description, read.description) == ("true class", "read as")
    assert "9 read as 4 holds 4 images" in alt_of(explorer)
    true.value = 8
    assert "8 read as 4 holds 0 images" in alt_of(explorer)


def test_lists_have_names_and_redraw():
    explorer = plots.misread_explorer(IMAGES, LABELS, RIGHT, misreads="weak", reads="strong")
    assert isinstance(explorer, widgets.VBox)
    misreads, reads = explorer.children[:2]
    assert (misreads.description, reads.description) == ("misreads", "reads")
    assert "misread by weak and read by strong" in alt_of(explorer)
    reads.value = "perfect"
    assert "8 of 40 images are misread by weak and read by perfect" in alt_of(explorer)


def test_stages_show_the_strongest_maps(figures):
    maps = np.stack([np.full((3, 3), value) for value in (0.1, 0.9, 0.5)])
    plots.stages([maps], columns=2)
    shown = [axes.images[0].get_array()[0, 0] for axes in figures[-1][0].axes]
    assert shown == [0.9, 0.5] and "3 of 3 by 3" in figures[-1][1]


def test_sizes_say_every_model(figures):
    PICTURES["sizes"]()
    assert "small 91.0 with 0.01 MB, large 96.0 with 2 MB." in figures[-1][1]
    assert "ours are blue circles" in figures[-1][1]


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plots.stages([]), "must hold layers"),
        (lambda: plots.stages([np.zeros((2, 3, 3))]), "at least 8 maps"),
        (lambda: plots.sizes(["a"], [1], [2, 3], [4], [5], unit="x"), "1 names need as many"),
        (lambda: plots.sizes([], [], [], [], [], unit="x"), "0 names need as many"),
    ],
)
def test_bad_input_is_explained(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
