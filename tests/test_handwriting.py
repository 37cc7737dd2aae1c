"""Made-up handwriting can be read, and is the same for the same seed."""

import numpy as np
import pytest

from helpers import handwriting
from helpers.images import strokes_to_mnist


def test_drawings_lie_on_the_canvas_and_take_turns():
    drawings, labels = handwriting.drawings(60, np.random.default_rng(1), canvas=300)
    assert np.bincount(labels).tolist() == [6] * 10
    for strokes in drawings:
        points = np.concatenate(strokes)
        side = np.ptp(points, axis=0).max()
        assert 0.05 * 300 - 1e-6 <= points.min() and points.max() <= 0.95 * 300 + 1e-6
        assert 0.3 * 300 - 1e-6 <= side <= 0.85 * 300 + 1e-6


def test_the_same_seed_writes_the_same_and_another_does_not():
    def points(seed):
        drawings, _ = handwriting.drawings(20, np.random.default_rng(seed))
        return np.concatenate([stroke for strokes in drawings for stroke in strokes])

    assert np.array_equal(points(3), points(3))
    assert not np.array_equal(points(3), points(4))


@pytest.mark.parametrize("digit", range(10))
def test_a_copybook_digit_looks_like_mnist(digit, digits_sample):
    """The nearest mean digit of MNIST, by correlation, is its own or looks much like it."""
    strokes = handwriting.write(digit)
    assert np.ptp(np.concatenate(strokes), axis=0).max() == pytest.approx(1)
    image = strokes_to_mnist([100 * stroke for stroke in strokes]).ravel()
    train = digits_sample.train
    means = [train.images[train.labels == k].mean(axis=0).ravel() for k in range(10)]
    scores = [np.corrcoef(image, mean)[0, 1] for mean in means]
    assert digit in np.argsort(scores)[-2:]


@pytest.mark.parametrize("digit", [10, -1, "3"])
def test_there_are_ten_digits(digit):
    with pytest.raises(ValueError, match="from 0 to 9"):
        handwriting.write(digit)
