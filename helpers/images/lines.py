"""Cut ruled lines, squares, frames and borders out of a mask of ink, and leave the strokes.

1. **Straighten.** Ruled lines rarely run along the rows of pixels. Of many slopes the right one is
   that along which all ink lies in the fewest rows.
2. **Runs.** In a row, runs of ink longer than a stroke is wide, and no thicker than a pen, belong
   to a line if together they fill half of the row.
3. **Frames.** Ink along all four sides of a connected piece makes it a frame; its lines are those
   that reach from side to side of the piece.
4. **Crossings.** Where ink reaches higher than the line is thick, a stroke crosses it, and stays.
"""

import numpy as np
from scipy import ndimage

SHORTEST = 8  # pixels of a run
SHORTEST_RUN = 1 / 30  # length of a straight run of ink, as a share of the longer side
LONG_LINE = 0.5  # length of a line, as a share of the picture along it
THICKEST_LINE = 1 / 30  # thickness of a line, as a share of the longer side
STEEPEST = 0.15  # slope of a ruled line
FRAME = 0.7  # share of its four sides that are inked, if something is a frame


def straight_lines(inked):
    """Return the ruled lines, frames and borders of a mask, without the strokes that cross them.

    Parameters
    ----------
    inked : ndarray of shape (H, W), bool

    Returns
    -------
    ndarray of shape (H, W), bool
    """
    level, upright = _long_lines(inked), _long_lines(inked.T).T
    numbers, _ = ndimage.label(inked, np.ones((3, 3)))
    for number, place in enumerate(ndimage.find_objects(numbers), 1):
        piece = numbers[place] == number
        if min(piece.shape) >= 2 * SHORTEST and _is_frame(piece):
            thick = min(piece.shape) // 8
            level[place] |= _level_lines(piece, FRAME, thick)
            upright[place] |= _level_lines(piece.T, FRAME, thick).T
    crossing = _crossing(inked & ~upright, level) | _crossing(inked.T & ~level.T, upright.T).T
    lines = (level | upright) & ~crossing
    return lines & ~closed(inked & ~lines, round(1.5 * _thickness(lines)) + 2)


def _long_lines(inked):
    """Return the lines from left to right, or nearly, that cross half of the picture."""
    slope = _slope(inked)
    shift = np.rint(slope * np.arange(inked.shape[1])).astype(int)
    room = np.abs(shift).max()
    rows = np.arange(-room, len(inked) + room)[:, None] + shift
    there = (rows >= 0) & (rows < len(inked))
    straightened = there & inked[rows.clip(0, len(inked) - 1), np.arange(inked.shape[1])]
    lines = np.zeros_like(inked)
    y, x = np.nonzero(_level_lines(straightened, LONG_LINE, THICKEST_LINE * max(inked.shape)))
    lines[rows[y, x], x] = True
    return lines


def _slope(inked):
    """Return the slope along which ink lies in as few rows as can be: that of ruled lines."""
    y, x = np.nonzero(inked)
    some = slice(None, None, len(y) // 20_000 + 1)
    y, x = y[some], x[some]
    slopes = np.linspace(-STEEPEST, STEEPEST, 61)
    rows = [np.rint(y - slope * x).astype(int) for slope in slopes]
    return (
        slopes[np.argmax([np.square(np.bincount(r - r.min())).sum() for r in rows])]
        if len(y)
        else 0.0
    )


def _level_lines(inked, long, thickest):
    """Return the lines from left to right: thin runs of ink, of which some rows are nearly full."""
    longer = max(inked.shape)
    bold = ndimage.maximum_filter1d(inked, 3, axis=0)
    runs = inked & _opened(bold.T, max(SHORTEST, round(SHORTEST_RUN * longer))).T
    runs &= ~_opened(inked, max(SHORTEST, round(thickest)))
    near = ndimage.maximum_filter1d(runs, max(5, longer // 100), axis=0)
    return runs & (near.sum(axis=1) >= long * inked.shape[1])[:, None]


def _opened(inked, length):
    """Return the runs of ink in a column that have at least a length."""
    shortest = ndimage.minimum_filter1d(inked, length, axis=0, mode="constant")
    return ndimage.maximum_filter1d(shortest, length, axis=0, origin=-1 if length % 2 == 0 else 0)


def _crossing(inked, lines):
    """Return where level lines are crossed: where ink reaches higher than the line is thick."""
    return lines & _opened(inked, round(1.5 * _thickness(lines)) + 2)


def _thickness(lines):
    """Return the mean thickness of level lines, in pixels; of upright ones it is no less."""
    upper_edges = lines & ~np.roll(lines, 1, axis=0)
    return lines.sum() / max(1, upper_edges.sum())


def closed(inked, width):
    """Return a mask with the gaps closed that are narrower than `width`."""
    return ndimage.minimum_filter(ndimage.maximum_filter(inked, width), width)


def _is_frame(piece):
    """Return whether ink runs along all four sides of a piece."""
    rows, columns = (max(2, side // 8) for side in piece.shape)
    sides = piece[:rows], piece[-rows:], piece[:, :columns].T, piece[:, -columns:].T
    return all(side.any(axis=0).mean() >= FRAME for side in sides)
