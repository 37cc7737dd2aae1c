"""Reading images at other points than their pixels, and making strokes thicker or thinner.

For each pixel of the new image, a map gives the point of the old one that it shows: a plane over
the pixels (1, x and y with weights of their own for each image) plus, where wanted, a smooth
surface over a few knots. Both are matrix products for the whole batch, with the batch last in
memory.
"""

import functools
import math
import threading

import numpy as np

from helpers.fast import order

__all__ = ["KNOTS", "move", "surface_deviation", "thicken"]

# A smooth surface lies over this many cells along each side of an image, and has three knots more.
_CELLS = 4
KNOTS = _CELLS + 3


class _Scratch(threading.local):
    """Work arrays by name, each thread its own. New memory takes longer to get than to fill."""

    def __init__(self):
        self._blocks = {}

    def __call__(self, name, shape, dtype=np.float32):
        size = math.prod(shape)
        block = self._blocks.get(name)
        if block is None or block.size < size:
            whole = np.empty(size + order.PAGE, dtype)
            skip = order.bytes_to_skip(whole, len(self._blocks)) // whole.itemsize
            self._blocks[name] = block = whole[skip : skip + size]
        return block[:size].reshape(shape)


_scratch = _Scratch()


def move(images, planes, knots, out):
    """Read images at the points of a map.

    Parameters
    ----------
    images : ndarray of shape (N, H, W), float32
    planes : pair of ndarray of shape (3, N), float32
        For the x and the y of the points, in pixels from the centre: weights of 1, x and y.
    knots : pair of ndarray of shape (KNOTS**2, N) or (0, N), float32
        What is added to x and to y at the knots of a smooth surface, in pixels.
    out : ndarray of shape (H, W, N), float32
        Receives the new images.
    """
    count, height, width = images.shape
    points = []
    for name, weights, bend in zip("xy", planes, knots, strict=True):
        place = _scratch(name, (height * width, count))
        place = np.matmul(_basis(height, width), weights, out=place).reshape(height, width, count)
        if bend.size:
            place += _surface(bend, height, width)
        points.append(place)
    _read(images, *points, out)


@functools.lru_cache
def _basis(height, width):
    """1, x and y of each pixel from the centre, (H * W, 3)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y -= (height - 1) / 2
    x -= (width - 1) / 2
    basis = np.stack([np.ones_like(x).ravel(), x.ravel(), y.ravel()], axis=1)
    basis.flags.writeable = False
    return basis


def _surface(knots, height, width):
    """The surface over knots (KNOTS**2, N) at each pixel, (H, W, N): first down, then across."""
    count = knots.shape[1]
    down = _splines(height) @ knots.reshape(KNOTS, -1)
    shape = (height, width, count)
    return np.matmul(
        _splines(width), down.reshape(height, KNOTS, count), out=_scratch("surface", shape)
    )


@functools.lru_cache
def _splines(size):
    """Cubic B-splines over `_CELLS` cells at each pixel, (size, KNOTS); each row sums to 1."""
    place = (np.arange(size) + 0.5) / size * _CELLS
    distance = np.abs(place[:, None] - (np.arange(KNOTS) - 1))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    splines = np.where(distance < 1, near, far).astype(np.float32)
    splines.flags.writeable = False
    return splines


def surface_deviation():
    """Standard deviation of a surface whose knots have one of 1, over 28 x 28 pixels."""
    return float(np.square(_splines(28)).sum(axis=1).mean())


def _read(images, x, y, out):
    """Bilinear interpolation of images (N, H, W) at points (H, W, N) from the centre, into `out`.

    A frame of paper is put around each image, and points further out are moved onto it: one pixel
    before, two behind, so that every point has a next pixel. `x` and `y` are written over.
    """
    count, height, width = images.shape
    framed = _scratch("framed", (count, height + 3, width + 3))
    framed.fill(0)
    framed[:, 1:-2, 1:-2] = images
    column = _split(x, width, "column")
    row = _split(y, height, "row")
    row *= width + 3
    row += column
    index = _scratch("index", x.shape, np.intp)
    np.copyto(index, row, casting="unsafe")
    index += np.arange(count) * framed[0].size
    flat = framed.reshape(-1)
    # The four pixels around each point are the same numbers, counted from four places.
    upper = _between(flat, index, x, "upper")
    lower = _between(flat[width + 3 :], index, x, "lower")
    lower -= upper
    lower *= y
    np.add(lower, upper, out=out)


def _split(place, size, name):
    """Turn places from the centre into the pixel before each (returned) and the rest (in place)."""
    place += (size + 1) / 2
    np.clip(place, 0, size + 1, out=place)
    whole = np.floor(place, out=_scratch(name, place.shape))
    place -= whole
    return whole


def _between(flat, index, share, name):
    """Between each pixel and the next one. All numbers are in range: "clip" only spares a copy."""
    left = flat.take(index, out=_scratch("left", index.shape), mode="clip")
    right = flat[1:].take(index, out=_scratch(name, index.shape), mode="clip")
    right -= left
    right *= share
    right += left
    return right


def thicken(images, strokes):
    """Make strokes thicker or thinner, by up to one pixel on each side.

    Each pixel goes the share |stroke| of the way to the largest (> 0: dilation) or smallest (< 0:
    erosion) of itself and its four neighbours. Thin strokes fade when they are eroded, so each
    image is brought back to its full ink.

    Parameters
    ----------
    images : ndarray of shape (H, W, N), float32
        Changed in place.
    strokes : ndarray of shape (N,), float32
        In [-1, 1].
    """
    ink = images.max(axis=(0, 1))
    # Erosion is dilation of the negative.
    sign = np.where(strokes < 0, np.float32(-1), np.float32(1))
    signed = np.multiply(images, sign, out=_scratch("x", images.shape))
    widest = _scratch("y", images.shape)
    np.copyto(widest, signed)
    np.maximum(widest[1:], signed[:-1], out=widest[1:])
    np.maximum(widest[:-1], signed[1:], out=widest[:-1])
    np.maximum(widest[:, 1:], signed[:, :-1], out=widest[:, 1:])
    np.maximum(widest[:, :-1], signed[:, 1:], out=widest[:, :-1])
    widest -= signed
    widest *= strokes  # the sign is in the strokes
    images += widest
    images *= ink / np.maximum(images.max(axis=(0, 1)), np.float32(1e-6))
