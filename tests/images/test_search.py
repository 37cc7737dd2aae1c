"""Each step of the search: ways to see ink, lines cut away, pieces joined, rows."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from helpers import handwriting
from helpers.images import strokes_to_image, to_mnist
from helpers.images.lines import straight_lines
from helpers.images.search import Find, joined, pieces_apart, rows_of, search, ways_to_see


def inked(*places, size=(400, 300), pen=10):
    """Where copybook digits lie, each (digit, left, top, height)."""
    strokes = [s * h + (x, y) for d, x, y, h in places for s in handwriting.write(d)]
    return np.asarray(strokes_to_image(strokes, size, pen)) > 127


def page(mask, paper=0.8, ink=0.2):
    grey = np.where(mask, ink, paper) + np.random.default_rng(0).normal(0, 0.01, mask.shape)
    return grey.astype(np.float32)


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


# Ways to see


@pytest.mark.parametrize(("paper", "ink"), [(0.8, 0.2), (0.2, 0.8)])
def test_dark_and_light_ink_stand_out(paper, ink):
    mask = inked((3, 100, 60, 180))
    seen = [departure for departure, _ in ways_to_see(page(mask, paper, ink))]
    assert max(overlap(departure > 0.3, mask) for departure in seen) > 0.9


def test_a_shadow_does_not_stand_out():
    mask = inked((3, 100, 60, 180))
    grey = page(mask)
    grey[:, 250:] *= 0.5
    departure, _ = next(ways_to_see(grey))
    assert overlap(departure > 0.3, mask) > 0.8


def test_ink_of_another_colour_stands_out():
    mask = inked((3, 100, 60, 180))
    colours = np.where(mask[..., None], [0.95, 0.4, 0.6], [0.55, 0.62, 0.55]).astype(np.float32)
    assert any(overlap(departure > 0.2, mask) > 0.8 for departure, _ in ways_to_see(colours))


def test_on_blank_paper_nothing_stands_out():
    assert list(ways_to_see(page(np.zeros((200, 300), bool)))) == []


# Lines


def ruled(mask, pitch, slope=0.0, both=False, width=2):
    image = Image.fromarray((255 * mask).astype(np.uint8))
    pen, (across, down) = ImageDraw.Draw(image), image.size
    for at in range(-down, 2 * down, pitch):
        pen.line([(0, at), (across, at + slope * across)], fill=255, width=width)
    if both:
        for at in range(-across, 2 * across, pitch):
            pen.line([(at, 0), (at - slope * down, down)], fill=255, width=width)
    return np.asarray(image) > 127


@pytest.mark.parametrize("both", [False, True], ids=["ruled", "squared"])
@pytest.mark.parametrize("slope", [0, 0.02, -0.06])
def test_ruled_lines_are_cut_away_and_strokes_stay(slope, both):
    mask = inked((6, 120, 50, 200))
    marked = ruled(mask, 37, slope, both)
    left = marked & ~straight_lines(marked)
    assert overlap(left, mask) > 0.85 > overlap(marked, mask) + 0.2


def test_a_frame_is_cut_away():
    mask = inked((2, 160, 90, 120))
    image = Image.fromarray((255 * mask).astype(np.uint8))
    ImageDraw.Draw(image).rectangle([120, 60, 300, 240], outline=255, width=5)
    framed = np.asarray(image) > 127
    left = framed & ~straight_lines(framed)
    assert overlap(left, mask) > 0.9 and not left[60, 200]


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_is_no_line(digit):
    mask = inked((digit, 120, 60, 120))
    assert (straight_lines(mask) & mask).sum() < 0.05 * mask.sum()


def test_nothing_has_no_lines():
    assert not straight_lines(np.zeros((40, 60), bool)).any()


# Pieces


def test_pieces_over_each_other_are_one_find():
    boxes = np.array([(0, 0, 40, 20), (5, 22, 45, 80), (60, 0, 100, 80), (62, 300, 100, 380)])
    assert sorted(map(sorted, joined(boxes))) == [[0, 1], [2], [3]]
    assert joined(np.empty((0, 4), int)) == []


def test_pieces_side_by_side_are_counted():
    assert pieces_apart(inked((4, 60, 60, 150), (2, 230, 60, 150))) == 2
    assert pieces_apart(inked((4, 60, 60, 150))) == 1


def test_finds_look_as_digits_alone_would():
    mask = inked((4, 60, 60, 150), (2, 230, 60, 150))
    found, amount = next(search(page(mask)))
    assert len(found) == 2 and amount == pytest.approx(mask.sum(), rel=0.2)
    for find, x in zip(found, (slice(0, 200), slice(200, 400)), strict=True):
        left, top, right, bottom = find.box
        rows, columns = (
            np.flatnonzero(mask[:, x].any(axis=1)),
            np.flatnonzero(mask[:, x].any(axis=0)),
        )
        np.testing.assert_allclose((top, bottom - 1), rows[[0, -1]], atol=3)
        np.testing.assert_allclose((left, right - 1), columns[[0, -1]] + x.start, atol=3)
        assert np.abs(find.image - to_mnist(page(mask[:, x]))).mean() < 0.03


def test_the_paper_within_a_loop_is_no_find():
    for found, _ in search(page(inked((0, 60, 60, 150), (8, 230, 60, 150)))):
        assert len(found) in (0, 2)


# Rows


def rows(*boxes):
    return [[find.box for find in row] for row in rows_of([Find(box, None) for box in boxes])]


def test_rows_go_down_and_each_from_left_to_right():
    first, second, below = (0, 0, 30, 50), (60, 10, 90, 60), (10, 100, 40, 150)
    assert rows(below, second, first) == [[first, second], [below]]
    assert rows() == []


def test_a_row_may_climb():
    boxes = [(100 * k, 200 - 25 * k, 100 * k + 40, 260 - 25 * k) for k in range(8)]
    assert rows(*boxes[::-1]) == [boxes]


def test_a_small_digit_stays_in_its_row():
    boxes = [(0, 0, 40, 80), (60, 30, 90, 70), (110, 5, 150, 85)]
    assert rows(*boxes) == [boxes]
