"""Find the sheet of paper in a picture: the largest bright patch with four corners.

A photograph shows more than the sheet: a desk, the edge of a book, the shadow of the phone. To a
network the edge of a sheet is a fine 7. So what lies outside is painted over with paper.

1. **Fill the ink.** Every pixel takes the brightest shade around it, then the darkest of those:
   thin strokes vanish, edges stay (a *closing*).
2. **Try thresholds.** What is brighter falls into patches; of each threshold the largest counts.
3. **Is it a sheet?** It is if it fills the four-sided figure between its outermost corners, and
   becomes darker all along its edge at once, as paper does and light does not.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from helpers.images.ink import extent, shrink

SIDE = 128  # longer side in pixels at which the sheet is looked for
FEWEST = 64  # pixels; a smaller picture shows no more than its digit
STROKE = 0.07  # width of the widest stroke that is filled, as a share of the picture
THRESHOLDS = 10
SMALLEST, LARGEST = 0.12, 0.985  # area of a sheet, as a share of the picture
FOUR_CORNERED = 0.88  # overlap with the figure between four corners, of what both cover
STEP = 0.07  # how much darker it is outside the edge, of the range from black to white
SHARP = 0.8  # share of the edge where it is that much darker at once
MARGIN = 2  # pixels at the edge that belong to neither side


@dataclass(frozen=True, eq=False)
class Sheet:
    """Where a sheet lies.

    Attributes
    ----------
    box : tuple of int
        Its (left, top, right, bottom) in the picture, right and bottom just outside.
    inside : ndarray of shape (H, W), bool
        Where it is, in the whole picture.
    """

    box: tuple
    inside: np.ndarray


def find_sheet(grey):
    """Find the largest bright patch with four corners.

    Parameters
    ----------
    grey : ndarray of shape (H, W)
        Shades from 0 (black) to 1 (white).

    Returns
    -------
    Sheet or None
        None if the picture shows nothing but the sheet, or no sheet.
    """
    small = shrink(grey, SIDE)
    if max(small.shape) < FEWEST or min(small.shape) < 8:
        return None
    filled = _without_strokes(small)
    low, high = np.quantile(filled, [0.01, 0.99])
    if high - low < STEP:
        return None
    best, clearest = None, 0
    for threshold in np.linspace(low, high, THRESHOLDS + 2)[1:-1]:
        patch = _largest_patch(filled > threshold)
        clear = _edge(patch, filled) if _has_four_corners(patch) else 0
        if clear > clearest:
            best, clearest = patch, clear
    if best is None:
        return None
    return _sheet(ndimage.binary_erosion(best, iterations=MARGIN, border_value=1), grey.shape)


def cut_out(colours, sheet):
    """Cut a sheet out of a picture, and paint over what lies outside.

    Parameters
    ----------
    colours : ndarray of shape (H, W) or (H, W, 3)
    sheet : Sheet

    Returns
    -------
    ndarray of shape (h, w) or (h, w, 3)
        What the box of the sheet holds. A pixel outside has taken the shade of the nearest inside.
    """
    left, top, right, bottom = sheet.box
    inside = sheet.inside[top:bottom, left:right]
    part = colours[top:bottom, left:right]
    if inside.all():
        return part
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    smooth = ndimage.uniform_filter(part, (9, 9) + (1,) * (part.ndim - 2), mode="nearest")
    return np.where(inside[(...,) + (None,) * (part.ndim - 2)], part, smooth[tuple(nearest)])


def _without_strokes(grey):
    """Close the gaps that ink makes in the paper; around the picture, all is dark."""
    width = max(3, round(STROKE * max(grey.shape)) | 1)
    closed = ndimage.grey_closing(np.pad(grey, width), (width, width))
    return closed[width:-width, width:-width]


def _largest_patch(mask):
    """Return the largest connected piece of a mask, its holes filled if it may be a sheet."""
    numbers, _ = ndimage.label(mask)
    areas = np.bincount(numbers.ravel())
    areas[0] = 0
    patch = numbers == areas.argmax()
    return ndimage.binary_fill_holes(patch) if SMALLEST / 3 <= patch.mean() <= LARGEST else patch


def _has_four_corners(patch):
    if not SMALLEST <= patch.mean() <= LARGEST:
        return False
    corners = _four_corners(patch)
    return (patch & corners).sum() >= FOUR_CORNERED * (patch | corners).sum()


def _four_corners(patch):
    """Return the four-sided figure between the outermost corners of a patch, as a mask.

    Of a figure that stands on its side the corners lie outermost along the diagonals; of one that
    stands on a corner, to the left, right, top and bottom. The larger figure of the two counts.
    """
    y, x = np.nonzero(patch)
    figures = []
    for directions in ([x + y, x - y, -x - y, y - x], [x, -y, -x, y]):
        corners = [(int(x[i]), int(y[i])) for i in map(np.argmax, directions)]
        image = Image.new("1", patch.shape[::-1])
        ImageDraw.Draw(image).polygon(corners, fill=1, outline=1)
        figures.append(np.asarray(image))
    return max(figures, key=np.sum)


def _edge(patch, grey):
    """Return by how much it gets darker at the edge, 0 if not at once nearly everywhere."""
    edge = ndimage.binary_dilation(patch) & ~patch
    if not edge.any():
        return 0
    at_once, around = (
        (ndimage.maximum_filter(grey, side) - ndimage.minimum_filter(grey, side))[edge]
        for side in (5, 17)
    )
    sharp = (at_once >= STEP) & (at_once >= around / 2)
    return at_once.mean() if sharp.mean() >= SHARP else 0


def _sheet(inside, shape):
    """Bring what was found in a small picture to the size of the whole one."""
    whole = Image.fromarray(inside).resize(shape[::-1], Image.Resampling.NEAREST)
    inside = np.asarray(whole)
    return Sheet(extent(inside), inside)
