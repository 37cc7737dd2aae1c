"""Read the digits in any picture: one or several, on a sheet on a desk, on a form, or none.

>>> from helpers.reading import read_picture
>>> reading = read_picture("page.jpg")
>>> print(reading.words)

The sheet of paper is found first. Then the picture is taken for that of one digit. Only if the
network is not sure of it, the picture is searched for others.
"""

import os
from dataclasses import dataclass

import numpy as np
from PIL import Image

from helpers.images import NoInkError, ink_to_mnist
from helpers.ink import WORKING_SIDE, crop, ink_map, shrink
from helpers.pictures import grey_of, open_file, open_picture, to_colour
from helpers.search import SIDE, rows_of, search
from helpers.sheet import cut_out, find_sheet

__all__ = ["Digit", "Reading", "read_picture"]

SURE = 0.6  # probability from which a digit counts as read
LEAST = 0.3  # probability below which something is no digit


@dataclass(frozen=True, eq=False)
class Digit:
    """A digit in a picture.

    Attributes
    ----------
    value : int
        From 0 to 9.
    confidence : float
        How sure the network is, from 0 to 1.
    box : tuple of int
        Its (left, top, right, bottom) in pixels of the upright picture, right and bottom just
        outside.
    image : ndarray of shape (28, 28), float32
        What the network saw, from 0 (paper) to 1 (ink).
    probabilities : ndarray of shape (10,)
        Of each digit.
    """

    value: int
    confidence: float
    box: tuple
    image: np.ndarray
    probabilities: np.ndarray

    @property
    def sure(self):
        """Whether the confidence is at least 60 %."""
        return self.confidence >= SURE


@dataclass(frozen=True, eq=False)
class Reading:
    """What a picture says.

    Attributes
    ----------
    digits : tuple of Digit
        In reading order. None of them may be sure; empty if there is no digit.
    sheet : tuple of int
        The (left, top, right, bottom) of the sheet of paper, or of the whole picture.
    """

    digits: tuple
    sheet: tuple

    @property
    def text(self):
        """What is read, such as "2026"; empty if nothing is, or nothing for sure."""
        if not any(digit.sure for digit in self.digits):
            return ""
        return "".join(str(digit.value) for digit in self.digits)


def read_picture(picture, net=None):
    if net is None:
        from helpers import architectures
        net = architectures.best_pretrained()
    colours = to_colour(picture)
    colours = reduced(colours)
    whole = (0, 0, colours.shape[1], colours.shape[0])
    sheet = find_sheet(grey_of(colours))
    if sheet is not None:
        view = cut_out(colours, sheet)
        r, blank = read_view(view, net)
        h, w = view.shape[:2]
        if r or not (blank and max(h, w) > 2.2 * min(h, w)):
            return Reading(tuple(r), sheet.box)
    return Reading(tuple(read_view(colours, net)[0]), whole)

def read_view(view, net):
    d = one_digit(view, net)
    if d is not None and d.sure:
        return [d], False
    best = (0, [] if d is None or d.confidence < LEAST else [d])
    for found in search(view):
        digits = ask(net, found)
        s = score(digits)
        if s > best[0]: best = s, keep(digits)
    return best[1], d is None

def reduced(colours):
    from PIL import Image
    n = max(colours.shape[:2])
    if n <= SIDE: return colours
    if colours.ndim == 2: return shrink(colours, SIDE)
    return np.stack([shrink(colours[..., i], SIDE) for i in range(3)], axis=-1)

def one_digit(view, net):
    try:
        ink = ink_map(shrink(grey_of(view), WORKING_SIDE))
    except NoInkError:
        return None
    ink = crop(ink)
    if ink.shape[1] > 1.6 * ink.shape[0]: return None
    image = ink_to_mnist(ink)
    p = net.predict_proba(image[None, None])[0]
    return Digit(int(p.argmax()), float(p.max()), (0, 0, 1, 1), image, p)

def ask(net, found):
    if not found: return []
    p = net.predict_proba(np.stack([f.image for f in found])[:, None])
    return [Digit(int(q.argmax()), float(q.max()), f.box, f.image, q) for f, q in zip(found, p)]

def size(d):
    return max(d.box[2] - d.box[0], d.box[3] - d.box[1])

def score(digits):
    if not digits: return 0
    sure = [d for d in digits if d.sure]
    if not sure: return 0
    m = np.median([size(d) for d in sure])
    big = [d for d in digits if size(d) >= .5 * m]
    return sum((size(d) / m) ** 1 * (d.confidence if d.sure else -.5) for d in big) 

def keep(digits):
    sure = [d for d in digits if d.sure]
    if not sure: return []
    m = np.median([size(d) for d in sure])
    return [d for d in digits if d.confidence >= LEAST and .5 * m <= size(d) <= 2 * m]
