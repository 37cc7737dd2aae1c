"""Made-up handwriting: ten digits as pen strokes, varied as hands vary them.

It lets a notebook draw hundreds of digits without a hand. It is no data set: nobody wrote these,
they all come from the same ten shapes, and what a network makes of them says little about what it
makes of people's writing. They are good for comparing two ways of preparing the same drawings.
"""

import numpy as np

from helpers.images import strokes_to_mnist

# Points of the pen in a box of height 1, x to the right and y down. Between them the pen moves in
# smooth curves; a corner is a point that is given twice.
_SHAPES = {
    0: [[(0.55, 0.02), (0.2, 0.2), (0.08, 0.55), (0.22, 0.92), (0.5, 0.98), (0.72, 0.75),
         (0.75, 0.4), (0.62, 0.1), (0.42, 0.03)]],
    1: [[(0.3, 0.0), (0.3, 0.35), (0.29, 0.7), (0.28, 1.0)]],
    2: [[(0.08, 0.25), (0.2, 0.06), (0.45, 0.0), (0.64, 0.14), (0.62, 0.36), (0.4, 0.65),
         (0.08, 0.97), (0.08, 0.97), (0.4, 0.96), (0.72, 0.97)]],
    3: [[(0.1, 0.12), (0.32, 0.0), (0.58, 0.1), (0.58, 0.32), (0.3, 0.47), (0.3, 0.47),
         (0.58, 0.56), (0.64, 0.78), (0.45, 0.97), (0.2, 0.98), (0.05, 0.86)]],
    4: [[(0.18, 0.02), (0.12, 0.3), (0.07, 0.55), (0.07, 0.55), (0.35, 0.56), (0.68, 0.52)],
        [(0.55, 0.05), (0.53, 0.4), (0.5, 0.75), (0.48, 1.0)]],
    5: [[(0.62, 0.02), (0.4, 0.02), (0.18, 0.03), (0.18, 0.03), (0.15, 0.22), (0.12, 0.42),
         (0.12, 0.42), (0.38, 0.38), (0.62, 0.55), (0.6, 0.82), (0.36, 0.98), (0.06, 0.92)]],
    6: [[(0.52, 0.0), (0.26, 0.22), (0.1, 0.55), (0.13, 0.85), (0.35, 0.99), (0.58, 0.86),
         (0.58, 0.66), (0.38, 0.56), (0.14, 0.72)]],
    7: [[(0.05, 0.06), (0.35, 0.05), (0.66, 0.04), (0.66, 0.04), (0.5, 0.4), (0.36, 0.7),
         (0.26, 1.0)]],
    8: [[(0.58, 0.14), (0.4, 0.01), (0.17, 0.1), (0.2, 0.32), (0.45, 0.5), (0.6, 0.74),
         (0.45, 0.97), (0.2, 0.93), (0.14, 0.7), (0.4, 0.46), (0.58, 0.28), (0.58, 0.14)]],
    9: [[(0.6, 0.16), (0.4, 0.01), (0.15, 0.12), (0.12, 0.36), (0.34, 0.48), (0.56, 0.32),
         (0.6, 0.16), (0.6, 0.16), (0.57, 0.5), (0.52, 0.8), (0.46, 1.0)]],
}  # fmt: skip
_PEN = (1.6, 3.0)  # pixels: strokes of MNIST are mostly that wide
_CANVAS = 100  # strokes are made in a box of side 1, and must be larger than a slip of the hand
_TREMBLE = 0.03  # of the height: by how much each point is off, as a standard deviation


def write(digit, rng=None):
    """Write a digit once.

    Parameters
    ----------
    digit : int
        From 0 to 9.
    rng : numpy.random.Generator, optional
        Varies shape, slant and width. Without it, the digit is written as in a copybook.

    Returns
    -------
    list of ndarray of shape (M, 2)
        The strokes: points (x, y), y down, in a box of which the longer side is 1.

    Raises
    ------
    ValueError
        If there is no such digit.
    """
    if digit not in _SHAPES:
        raise ValueError(f"digit must be a whole number from 0 to 9, it is {digit!r}")
    return by_hand(_SHAPES[digit], rng)


def by_hand(shape, rng=None):
    """Write any shape once.

    Parameters
    ----------
    shape : list of array_like of shape (M, 2)
        For each stroke points (x, y) in a box of height 1, y down. Between them the pen moves in
        smooth curves; a corner is a point that is given twice.
    rng : numpy.random.Generator, optional
        Varies shape, slant and width.

    Returns
    -------
    list of ndarray of shape (M, 2)
        The strokes: points (x, y), y down, in a box of which the longer side is 1.
    """
    strokes = [np.array(points) for points in shape]
    if rng is not None:
        slant, width, turn = rng.normal([0.12, 1, 0], [0.2, 0.15, 0.1])
        bend = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        bend = np.array([[width, 0], [-slant, 1]]) @ bend
        strokes = [(s + rng.normal(0, _TREMBLE, s.shape)) @ bend for s in strokes]
    strokes = [_smooth(stroke) for stroke in strokes]
    points = np.concatenate(strokes)
    return [(stroke - points.min(axis=0)) / np.ptp(points, axis=0).max() for stroke in strokes]


def as_mnist(shape, rng):
    """Write any shape once, with a pen of its own, in the form of MNIST.

    Parameters
    ----------
    shape
        As for `by_hand`.
    rng : numpy.random.Generator
        Varies shape, slant, width and pen.

    Returns
    -------
    ndarray of shape (28, 28), float32
        From 0 (paper) to 1 (ink).
    """
    strokes = by_hand(shape, rng)
    return strokes_to_mnist([_CANVAS * stroke for stroke in strokes], rng.uniform(*_PEN))


def drawings(count, rng, canvas=280, sizes=(0.3, 0.85)):
    """Draw digits on a canvas, each at a size and a place of its own.

    Parameters
    ----------
    count : int
        How many; the digits take turns.
    rng : numpy.random.Generator
    canvas : int
        Side of the canvas, in pixels.
    sizes : (float, float)
        The smallest and the largest longer side of a digit, as a share of the canvas.

    Returns
    -------
    drawings : list of list of ndarray of shape (M, 2)
        The strokes of each drawing, in canvas pixels.
    labels : ndarray of shape (count,), int64
    """
    labels = np.arange(count) % len(_SHAPES)
    made = []
    for digit in labels:
        strokes = write(int(digit), rng)
        side = rng.uniform(*sizes)
        extent = side * np.ptp(np.concatenate(strokes), axis=0)
        corner = rng.uniform(0.05, np.maximum(0.95 - extent, 0.05))
        made.append([canvas * (corner + side * stroke) for stroke in strokes])
    return made, labels


def _smooth(points, steps=6):
    """Lay a Catmull-Rom curve through the points, with `steps` pieces between any two."""
    ends = np.concatenate([points[:1], points, points[-1:]])
    before, here, there, after = (ends[i : len(ends) - 3 + i, None] for i in range(4))
    t = np.arange(steps)[:, None] / steps
    curve = 0.5 * (
        2 * here
        + (there - before) * t
        + (2 * before - 5 * here + 4 * there - after) * t**2
        + (3 * here - before - 3 * there + after) * t**3
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])
