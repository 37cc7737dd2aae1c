"""Pictures that are no digits: noise, scribbles, made-up signs, shapes, empty paper.

A network that has only ever seen digits takes everything for one. These pictures teach it to say
that it does not know: in training their label is `helpers.losses.NO_CLASS`. Nobody drew them.

References
----------
.. [1] D. Hendrycks, M. Mazeika, T. Dietterich, "Deep anomaly detection with outlier exposure",
   ICLR 2019.
"""

import itertools

import numpy as np
from PIL import Image

from helpers import arguments
from helpers.handwriting import as_mnist
from helpers.images import SIDE
from helpers.losses import NO_CLASS
from helpers.mnist import Split

__all__ = ["KINDS", "added_to", "pictures"]


def pictures(count, rng, kinds=None):
    """Make pictures that are no digits.

    Parameters
    ----------
    count : int
        How many; the kinds take turns.
    rng : numpy.random.Generator
    kinds : sequence of str, optional
        Names of `KINDS`; one that is there twice has two turns. Unless given, all of them, with
        two turns for what a hand might draw on the pad.

    Returns
    -------
    ndarray of shape (count, 1, 28, 28), float32
        From 0 (paper) to 1 (ink).

    Raises
    ------
    ValueError
        If there is no such kind, or `count` is negative.
    """
    kinds = _MIX if kinds is None else tuple(kinds)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        raise ValueError(f"kinds must be some of {', '.join(KINDS)}, not {unknown or kinds!r}")
    arguments.whole_number(count, "count", minimum=0)
    made = np.empty((count, 1, SIDE, SIDE), np.float32)
    for i, kind in zip(range(count), itertools.cycle(kinds), strict=False):
        made[i, 0] = KINDS[kind](rng)
    return made


def added_to(train, share, rng):
    """Append pictures that are no digits to training images.

    Parameters
    ----------
    train : helpers.mnist.Split
    share : float
        How many, as a share of the images that are there.
    rng : numpy.random.Generator

    Returns
    -------
    helpers.mnist.Split
        The label of the new ones is `helpers.losses.NO_CLASS`. `train` itself if there are none.
    """
    count = round(share * len(train))
    if count == 0:
        return train
    labels = np.full(count, NO_CLASS, train.labels.dtype)
    return Split(
        np.concatenate([train.images, pictures(count, rng)]),
        np.concatenate([train.labels, labels]),
    )


def _noise(rng):
    """White noise, smoothed, cut to black and white, made rare or faint, each by chance."""
    side = rng.choice([SIDE, SIDE, 14, 9, 6])
    grey = rng.random((side, side), np.float32)
    if rng.random() < 0.4:
        grey = (grey < rng.uniform(0.02, 0.6)).astype(np.float32)
    how = rng.choice([Image.Resampling.NEAREST, Image.Resampling.BICUBIC])
    grey = np.asarray(Image.fromarray(grey).resize((SIDE, SIDE), how)).clip(0, 1)
    if rng.random() < 0.4:  # as tall and wide as a digit
        grey = grey * _inside(rng)
    return grey * (1 if rng.random() < 0.7 else rng.uniform(0.1, 1))


def _inside(rng):
    """A box about as large as a digit: 1 in it, 0 around it."""
    box = np.zeros((SIDE, SIDE), np.float32)
    height, width = rng.integers(10, 21, 2)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    box[top : top + height, left : left + width] = 1
    return box


def _scribble(rng):
    """One to three strokes of the pen with many turns."""
    strokes = int(rng.choice([1, 1, 2, 3]))
    turns = {1: (8, 16), 2: (5, 9), 3: (4, 7)}[strokes]
    shape = [_wander(rng.integers(*turns), rng) for _ in range(strokes)]
    return as_mnist(shape, rng)


def _wander(points, rng):
    """Points of a stroke that wanders about; where one stands twice, the stroke has a corner."""
    points = rng.random((points, 2)) * [rng.uniform(0.7, 1), 1]
    corners = rng.random(len(points)) < rng.choice([0, 0.3, 1])
    return np.repeat(points, 1 + corners, axis=0)


def _sign(rng):
    """A sign of an alphabet that nobody uses: lines and arcs between the nodes of a lattice."""
    nodes = np.stack(np.meshgrid([0, 0.35, 0.7], [0, 0.5, 1]), axis=-1).reshape(-1, 2)
    ends = []
    while len(np.unique(ends)) < 5:  # with fewer, many would be a 1 or a 7
        ends = [rng.choice(len(nodes), 2, replace=False) for _ in range(rng.integers(3, 6))]
    shape = []
    for a, b in nodes[ends]:
        bulge = rng.choice([0, 0, 0.3, -0.3]) * np.array([b[1] - a[1], a[0] - b[0]])
        shape.append([a, (a + b) / 2 + bulge, b])
    return as_mnist(shape, rng)


def _figure(rng):
    """What a pen draws by rule: lattices, stars, spirals, zigzags, rings with something in them."""
    make = (_lattice, _star, _spiral, _zigzag, _ring, _dots)[rng.integers(6)]
    return as_mnist(make(rng), rng)


def _lattice(rng):
    rows, columns = rng.integers(2, 5, 2)
    across = [[(0, y), (0.5, y), (1, y)] for y in np.linspace(0.1, 0.9, rows)]
    return across + [[(x, 0), (x, 0.5), (x, 1)] for x in np.linspace(0.1, 0.9, columns)]


def _star(rng, fewest=3):
    lines = rng.integers(fewest, 7)
    angles = np.arange(lines) * np.pi / lines + rng.uniform(0, np.pi)
    ends = 0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return [[0.5 - end, (0.5, 0.5), 0.5 + end] for end in ends]


def _spiral(rng):
    angle = np.linspace(0, 2 * np.pi * rng.uniform(2.2, 4), 40)
    turned = rng.choice([-1, 1]) * angle + rng.uniform(0, 2 * np.pi)
    return [angle[:, None] / angle[-1] * np.stack([np.cos(turned), np.sin(turned)], axis=1) / 2]


def _zigzag(rng):
    y = np.linspace(0, 1, rng.integers(6, 12))
    points = np.stack([np.arange(len(y)) % 2 * rng.uniform(0.4, 0.9), y], axis=1)
    points = np.repeat(points, 2 if rng.random() < 0.5 else 1, axis=0)
    return [points[:, ::-1] if rng.random() < 0.5 else points]


def _ring(rng):
    angle = np.linspace(0, 2 * np.pi, 5 if rng.random() < 0.4 else 20) + np.pi / 4
    ring = 0.5 + 0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if len(ring) == 5:
        ring = np.repeat(ring, 2, axis=0)  # a square: sharp corners
    return [ring, *_star(rng, fewest=2)]


def _dots(rng):
    places = rng.random((rng.integers(3, 12), 1, 2))
    return [place + rng.normal(0, 0.02, (2, 2)) for place in places]


def _texture(rng):
    """Stripes, checks and blobs: pictures rather than drawings."""
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE / 2 - rng.uniform(-4, 4, (2, 1, 1))
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(3, 14)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    stripes, checks = np.sin(6.3 * along / length), np.sin(6.3 * across / length)
    blob = 1 - np.hypot(along, across * rng.uniform(1, 2)) / rng.uniform(3, 9)
    grey = (stripes, stripes * checks, blob, along / 5)[rng.integers(4)]
    grey = 0.5 + grey * rng.choice([0.5, 10]) * rng.choice([-1, 1])
    grey = grey.clip(0, 1).astype(np.float32)
    return grey * _inside(rng) if rng.random() < 0.4 else grey


def _blank(rng):
    """Empty paper: often just that, or of one shade, or with a few specks."""
    paper = np.zeros((SIDE, SIDE), np.float32)
    kind = rng.integers(4)
    if kind == 1:
        paper += rng.random(dtype=np.float32)
    elif kind == 2:
        paper += rng.uniform(0, 0.1) * rng.random((SIDE, SIDE), np.float32)
    elif kind == 3:
        paper[tuple(rng.integers(0, SIDE, (2, rng.integers(1, 4))))] = rng.uniform(0.2, 1)
    return paper


KINDS = {
    "noise": _noise,
    "scribbles": _scribble,
    "signs": _sign,
    "figures": _figure,
    "textures": _texture,
    "blank": _blank,
}
_MIX = (*KINDS, "scribbles", "signs")
