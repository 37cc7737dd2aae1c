"""Made-up letters: thirteen capitals that nobody takes for a digit, as pen strokes.

No network of the course was trained on letters. They show what a network makes of something that
is written like a digit and is none.
"""

import numpy as np

from helpers.handwriting import as_mnist
from helpers.images import SIDE

__all__ = ["LETTERS", "letters"]


def _straight(*points):
    """A stroke of straight lines: the points between its ends are corners."""
    return [points[0], *np.repeat(points[1:-1], 2, axis=0).tolist(), points[-1]]


# Letters that look like a digit are left out: B (8), D, O and Q (0), I, J and L (1), G (6), S (5),
# Z (2), and C, U and V (a 0 or a 6, left open).
_SHAPES = {
    "A": [_straight((0, 1), (0.35, 0), (0.7, 1)), [(0.14, 0.62), (0.35, 0.62), (0.56, 0.62)]],
    "E": [_straight((0.6, 0), (0, 0), (0, 1), (0.6, 1)), [(0, 0.5), (0.25, 0.5), (0.5, 0.5)]],
    "F": [_straight((0.6, 0), (0, 0), (0, 1)), [(0, 0.48), (0.25, 0.48), (0.5, 0.48)]],
    "H": [[(0, 0), (0, 0.5), (0, 1)], [(0.65, 0), (0.65, 0.5), (0.65, 1)],
          [(0, 0.5), (0.3, 0.5), (0.65, 0.5)]],
    "K": [[(0, 0), (0, 0.5), (0, 1)], _straight((0.6, 0), (0, 0.55), (0.6, 1))],
    "M": [_straight((0, 1), (0.05, 0), (0.4, 0.65), (0.75, 0), (0.8, 1))],
    "N": [_straight((0, 1), (0, 0), (0.65, 1), (0.65, 0))],
    "P": [[(0, 0), (0, 0.5), (0, 1)],
          [(0, 0.02), (0.35, 0.02), (0.55, 0.25), (0.35, 0.48), (0, 0.5)]],
    "R": [[(0, 0), (0, 0.5), (0, 1)],
          [(0, 0.02), (0.35, 0.02), (0.55, 0.25), (0.35, 0.48), (0, 0.5)],
          [(0.15, 0.5), (0.35, 0.75), (0.6, 1)]],
    "T": [[(0, 0), (0.35, 0), (0.7, 0)], [(0.35, 0), (0.35, 0.5), (0.35, 1)]],
    "W": [_straight((0, 0), (0.2, 1), (0.45, 0.35), (0.7, 1), (0.9, 0))],
    "X": [[(0, 0), (0.32, 0.5), (0.65, 1)], [(0.65, 0), (0.32, 0.5), (0, 1)]],
    "Y": [_straight((0, 0), (0.35, 0.5), (0.7, 0)), [(0.35, 0.5), (0.35, 0.75), (0.35, 1)]],
}  # fmt: skip
LETTERS = "".join(_SHAPES)


def letters(count, rng):
    """Write letters, each in a hand of its own.

    Parameters
    ----------
    count : int
        How many; the letters take turns.
    rng : numpy.random.Generator
        Varies shape, slant, width and pen.

    Returns
    -------
    images : ndarray of shape (count, 1, 28, 28), float32
        In the form of MNIST, from 0 (paper) to 1 (ink).
    written : ndarray of shape (count,), of str
        Which letter each is.
    """
    written = np.array([LETTERS[i % len(LETTERS)] for i in range(count)], dtype="<U1")
    images = np.empty((count, 1, SIDE, SIDE), np.float32)
    for image, letter in zip(images, written, strict=True):
        image[0] = as_mnist(_SHAPES[str(letter)], rng)
    return images, written
