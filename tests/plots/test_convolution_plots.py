"""Pictures of convolution say what they show, and the kernel explorer what it now holds."""

import legibility
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from helpers import plots

RNG = np.random.default_rng(0)
DIGITS = RNG.random((10, 12, 12))
KERNELS = {
    "edges": np.array([[-1, 0, 1]] * 3),
    "blur": np.full((3, 3), 1 / 9),
    "nothing": np.zeros((3, 3)),
}


def filter_image(image, kernel):
    return (sliding_window_view(image, kernel.shape) * kernel).sum(axis=(2, 3))


PICTURES = {
    "answers": lambda: plots.answers({"a digit": DIGITS[0], "filtered": DIGITS[0] - 0.5}),
    "kernels": lambda: plots.kernels(DIGITS[0], KERNELS, filter_image),
    "places": lambda: plots.places([(1, 0), (2, 0), (2, 1)]),
    "kernel_explorer": lambda: plots.kernel_explorer(DIGITS, KERNELS, filter_image),
}


@pytest.mark.parametrize("name", PICTURES)
def test_is_legible_complete_and_fits_a_slide(name, figures):
    PICTURES[name]()
    ((figure, alt),) = figures
    assert len(alt) > 30 and alt.endswith(".")
    legibility.check(figure, alt)


def test_answers_count_what_is_positive_and_negative(figures):
    plots.answers({"ink": np.eye(2), "signed": np.array([[2, -1, 0], [-3, 0, 0]])})
    assert "ink: 2 by 2 pixels, 2 of them dark" in figures[-1][1]
    assert "signed: 2 by 3 pixels, 1 of them positive, 2 negative" in figures[-1][1]


def test_kernels_are_written_with_fractions_and_signs(figures):
    plots.kernels(DIGITS[0], KERNELS, filter_image)
    alt = figures[-1][1]
    assert "edges, −1 0 1, −1 0 1, −1 0 1: 10 by 10 pixels" in alt
    assert "blur, 1/9 1/9 1/9" in alt


def test_places_are_counted(figures):
    plots.places([(2, 1), (2, 0)], size=5, k=3)
    assert (
        "stride 2, padding 1: 3 places, pixels −1 to 1, 1 to 3, 3 to 5".replace("−", "-")
        in (figures[-1][1])
    )
    assert "stride 2, padding 0: 2 places, pixels 0 to 2, 2 to 4" in figures[-1][1]


@pytest.mark.parametrize("make", [plots.answers, plots.places])
def test_refuses_nothing_to_draw(make):
    with pytest.raises(ValueError, match="at least one"):
        make({} if make is plots.answers else [])
    with pytest.raises(ValueError, match="at least one"):
        plots.kernels(DIGITS[0], {}, filter_image)


# The explorer


@pytest.fixture
def explorer(figures):
    return plots.kernel_explorer(DIGITS, KERNELS, filter_image)


def test_explorer_names_its_controls(explorer):
    assert [box.tooltip for box in explorer.boxes][:4] == [
        "row 0, column 0",
        "row 0, column 1",
        "row 0, column 2",
        "row 1, column 0",
    ]
    assert (explorer.preset.description, explorer.digit.description) == ("kernel", "digit")


def test_a_chosen_kernel_fills_the_nine_numbers(explorer):
    before = explorer.picture.value
    explorer.preset.value = "blur"
    np.testing.assert_allclose(explorer.kernel, 1 / 9)
    assert explorer.picture.value != before and "1/9 1/9 1/9" in explorer.picture.value


def test_a_changed_number_is_no_longer_called_by_the_kernel(explorer):
    explorer.boxes[4].value = 5
    assert explorer.preset.value == "your own" and "−1 5 1" in explorer.picture.value
    explorer.boxes[4].value = 0
    assert explorer.preset.value == "edges"
    explorer.preset.value = "your own"
    np.testing.assert_array_equal(explorer.kernel, KERNELS["edges"])


def test_another_digit_is_drawn(explorer):
    explorer.digit.value = 8
    assert "A handwritten 8" in explorer.picture.value


def test_a_saved_notebook_holds_a_sentence(explorer):
    assert repr(explorer) == "Run this cell to use what it shows."
