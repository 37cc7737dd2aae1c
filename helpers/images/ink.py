"""Find the ink in a picture of a digit, whatever the paper and the light.

1. **Paper.** A border of one shade says what the paper is. Else, as in a photograph, the paper at a
   pixel is the median of its surroundings, as strokes are too thin to move a median; then, more
   exactly, the mean of the bare paper around it.
2. **Ink** departs from the paper, to the dark or the light side, whichever departs more.
3. **Specks** are too small to belong to the digit; what sticks to the border lies outside it.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image, ImageFilter
from scipy import ndimage

WORKING_SIDE = 240  # longer side in pixels at which ink is looked for
PAPER_SIDE = 64  # longer side in pixels at which paper is looked for
EVEN_BORDER = 0.05  # share of the grey range within which a border counts as one shade
LEAST_CONTRAST = 0.06  # between ink and paper, of the range from black to white
LEAST_SIGNAL = 5.0  # between ink and paper, in standard deviations of the paper's grain
FAINTEST, CERTAIN = 0.25, 0.5  # of the strongest ink: may be ink beside ink; is ink
SPECK = 0.05  # area of a speck, as a share of the largest piece
SUBSTANTIAL = 0.15  # longer side of what may be a whole digit, as a share of the picture's
MOST_PIECES = 20


class NoInkError(ValueError):
    """A picture or drawing holds nothing that could be a digit."""


def find_ink(grey):
    """Return how much ink each pixel holds.

    Parameters
    ----------
    grey : ndarray of shape (H, W)
        Shades from 0 (black) to 1 (white).

    Returns
    -------
    ndarray of shape (h, w), float32
        From 0 (paper) to 1 (full ink), cropped to the ink, at most `WORKING_SIDE` a side.

    Raises
    ------
    NoInkError
        If no ink stands out from the paper.
    """
    return crop(ink_map(shrink(grey, WORKING_SIDE)))


def ink_map(grey):
    """Return how much of the digit's ink each pixel of a small picture holds; see `find_ink`.

    Parameters
    ----------
    grey : ndarray of shape (H, W), float32
        Shades from 0 (black) to 1 (white), no larger than `WORKING_SIDE`.

    Returns
    -------
    ndarray of shape (H, W), float32
        From 0 (paper) to 1 (full ink).

    Raises
    ------
    NoInkError
        If no ink stands out from the paper.
    """
    departure = _departure_from_paper(grey)
    peak, noise = np.quantile(departure, 0.999), grain(grey)
    if peak < max(LEAST_CONTRAST, LEAST_SIGNAL * noise):
        raise NoInkError(
            "no ink stands out. The digit must be clearly darker or clearly lighter than its paper."
        )
    certain = departure > CERTAIN * peak
    digit = _digit_pieces(departure > max(FAINTEST * peak, 2 * noise), certain)
    ink = (departure / np.median(departure[digit & certain])).clip(0, 1)
    ink[~_largest_around(digit) | (ink < 0.05)] = 0
    return ink


def shrink(grey, side):
    """Return `grey` with its longer side at most `side` pixels, each the mean of several."""
    scale = side / max(grey.shape)
    if scale >= 1:
        return np.asarray(grey, np.float32)
    height, width = (max(1, round(n * scale)) for n in grey.shape)
    return resize(grey, width, height, Image.Resampling.BOX)


def resize(grey, width, height, resample=Image.Resampling.HAMMING):
    """Resize a 2-D float array with Pillow's antialiasing filters."""
    image = Image.fromarray(np.asarray(grey, np.float32))
    return np.asarray(image.resize((width, height), resample))


def crop(ink):
    """Cut away the rows and columns at the edges that hold nothing."""
    left, top, right, bottom = extent(ink)
    return ink[top:bottom, left:right]


def extent(ink):
    """Return the (left, top, right, bottom) of what is not 0, right and bottom just outside."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return tuple(int(side) for side in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def grain(grey):
    """Return the standard deviation of the noise, from the differences of neighbours."""
    differences = np.abs(np.diff(grey, axis=1))
    return np.median(differences) / 0.6745 / np.sqrt(2) if differences.size else 0.0


def _departure_from_paper(grey):
    """Return the distance from the paper's shade on the ink's side, negative on the other side."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    low, high = np.quantile(border, [0.05, 0.95])
    if high - low <= EVEN_BORDER * np.ptp(grey):
        difference = np.median(border) - grey
        return difference * _side_of_ink(difference)
    thumbnail = shrink(grey, PAPER_SIDE)
    paper = _median_around(thumbnail)
    difference = paper - thumbnail
    side = _side_of_ink(difference)
    bare = difference * side < FAINTEST * np.quantile(difference * side, 0.99)
    paper = _mean_around(thumbnail, bare, otherwise=paper)
    return side * (resize(paper, *grey.shape[::-1], Image.Resampling.BILINEAR) - grey)


def _side_of_ink(difference):
    """Return 1 if the ink is darker than the paper, -1 if it is lighter."""
    thumbnail = shrink(difference, 2 * PAPER_SIDE)  # averages the grain away
    darker, lighter = thumbnail.clip(min=0), thumbnail.clip(max=0)
    return 1 if np.square(darker).sum() >= np.square(lighter).sum() else -1


def _median_around(grey):
    """Return the median of each pixel's surroundings, a third of the picture wide."""
    window = max(grey.shape) // 3 | 1
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.MedianFilter(window)))


def _mean_around(grey, bare, otherwise):
    """Return the mean of the bare paper around each pixel, `otherwise` where there is none."""
    window = max(grey.shape) // 6 | 1
    windows = [
        sliding_window_view(np.pad(a, window // 2, mode="edge"), (window, window)).sum(axis=(2, 3))
        for a in (grey * bare, bare.astype(np.float32))
    ]
    return np.where(windows[1] > 0, windows[0] / np.maximum(windows[1], 1), otherwise)


def _digit_pieces(mask, certain):
    """Keep the connected pieces of `mask` that belong to the digit."""
    numbers, _ = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(numbers.ravel())
    candidates = np.unique(numbers[certain & mask])
    candidates = candidates[np.argsort(-areas[candidates])][:MOST_PIECES]
    pieces = [numbers == number for number in candidates]
    inside = [piece for piece in pieces if not _touches_border(piece)]
    if any(max(crop(piece).shape) >= SUBSTANTIAL * max(mask.shape) for piece in inside):
        pieces = inside
    return np.any([piece for piece in pieces if piece.sum() >= SPECK * pieces[0].sum()], axis=0)


def _largest_around(a):
    """Return the largest value among each pixel and its eight neighbours."""
    a = np.pad(a, 1)
    a = np.maximum(np.maximum(a[:-2], a[1:-1]), a[2:])
    return np.maximum(np.maximum(a[:, :-2], a[:, 1:-1]), a[:, 2:])


def _touches_border(piece):
    return piece[0].any() or piece[-1].any() or piece[:, 0].any() or piece[:, -1].any()
