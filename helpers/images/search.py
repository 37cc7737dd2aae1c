"""Search a picture for digits: several of them, small ones, on ruled paper, in boxes, in colour.

1. **See ink** in several ways: what is darker than the paper around it, what is lighter, what has
   another colour.
2. **Cut lines away**: long straight runs of ink no thicker than a pen, and the frames that they
   make. Where a stroke crosses a line, the stroke stays.
3. **Pieces**: what is connected, and pieces that lie over each other are one find.
4. **Order**: a find stands in the row of the one to its left if both overlap in height; rows go
   from top to bottom.

Which finds are digits, only a network can say.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from helpers.images.ink import WORKING_SIDE, crop, grain, shrink
from helpers.images.lines import closed, straight_lines
from helpers.images.pictures import grey_of
from helpers.images.prepare import ink_to_mnist, stroke_width

SIDE = 1000  # longer side in pixels at which digits are searched for
WIDEST = 1 / 7  # width of the widest stroke that is seen, as a share of the shorter side
LEAST_CONTRAST = 0.05  # between ink and paper, of the range from black to white
FAINTEST_INK = 0.15  # of the strongest ink in the picture
FAINT_WAY = 0.4  # strongest ink seen in a way that counts, as a share of that of the clearest way
LEAST_SIGNAL = 5.0  # between ink and paper, in standard deviations of the paper's grain
FAINTEST, CERTAIN = 0.35, 0.5  # of the strongest ink around: may be ink, is ink
FAINT = 0.55  # contrast of a piece of a digit, as a share of that of its largest piece
SMALLEST = 8  # pixels of a digit's longer side
SMALL = 0.25  # longer side of what is too small to count beside the largest find, as a share of its
TALL = 0.4  # height of what may be a digit, as a share of the tallest piece's
LARGE_CUT = 0.25  # height of what the border cuts off and may be a digit, as a share of the picture
WHOLE = 0.2  # height of a find within the picture that outweighs what the border cuts off
SAME_ROW = 0.35  # height in common, as a share of the lower one's, of two digits of a row
FLATTEST = 1.6  # width of a digit, as a share of its height
MOST_FINDS = 64


@dataclass(frozen=True, eq=False)
class Find:
    """Something that may be a digit.

    Attributes
    ----------
    box : tuple of int
        Its (left, top, right, bottom) in the picture searched, right and bottom just outside.
    image : ndarray of shape (28, 28), float32
        In the form of MNIST.
    contrast : float
        Between its ink and the paper.
    pen : float
        Width of its strokes, in pixels.
    amount : float
        How many pixels its ink fills.
    """

    box: tuple
    image: np.ndarray
    contrast: float = 1.0
    pen: float = 1.0
    amount: float = 1.0

    @property
    def height(self):
        """In pixels."""
        return self.box[3] - self.box[1]


def search(colours):
    """Yield what may be the digits of a picture, seen in one way after the other.

    Parameters
    ----------
    colours : ndarray of shape (H, W) or (H, W, 3), float32
        Shades from 0 to 1, no larger than `SIDE`.

    Yields
    ------
    found : list of Find
        In reading order, at most `MOST_FINDS`.
    amount : int
        How many pixels all ink fills, also that of no find.
    """
    for departure, shade in ways_to_see(colours):
        inked = ink_mask(departure)
        yield finds(departure, inked, shade), int(inked.sum())
        lines = straight_lines(inked)
        if lines.any():
            strokes = inked & ~lines
            without = np.where(ndimage.binary_dilation(lines) & ~strokes, 0, departure)
            yield finds(without, closed(strokes, 3), shade), int(strokes.sum())


def ways_to_see(colours):
    """Yield the ink of a picture: what is darker, what is lighter, what has another colour.

    Parameters
    ----------
    colours : ndarray of shape (H, W) or (H, W, 3), float32

    Yields
    ------
    ndarray of shape (H, W), float32
        How far each pixel departs from the paper, 0 where nothing stands out.
    """
    grey = grey_of(colours)
    smooth, width = ndimage.uniform_filter(grey, 3), max(3, round(WIDEST * min(grey.shape)) | 1)
    noise = grain(grey)
    bright = ndimage.grey_closing(smooth, (width, width), mode="nearest")
    dark = ndimage.grey_opening(smooth, (width, width), mode="nearest")
    ways = [(_standing_out(bright - grey, noise), -grey), (_standing_out(grey - dark, noise), grey)]
    if colours.ndim == 3:
        distance = _colour_distance(colours)
        ways.append((_standing_out(distance, noise), distance))
    peaks = [ndimage.uniform_filter(departure, 3).max() for departure, _ in ways]
    for way, peak in zip(ways, peaks, strict=True):
        if peak >= FAINT_WAY * max(peaks) and peak > 0:
            way[0][way[0] < FAINTEST_INK * max(peaks)] = 0
            yield way


def _standing_out(departure, noise):
    """Set to 0 what is no more than grain, or faint beside what is near."""
    departure = departure - np.median(departure)
    least = max(LEAST_CONTRAST, LEAST_SIGNAL * noise)
    departure[departure < least / 2] = 0
    return departure if departure.max() > least else np.zeros_like(departure)


def _colour_distance(colours):
    """Return how far the colour of each pixel is from the commonest around, grey left out."""
    tint = colours - grey_of(colours)[..., None]
    tint = ndimage.uniform_filter(tint, (3, 3, 1))
    paper = np.median(tint[::4, ::4], axis=(0, 1))
    return np.sqrt(np.square(tint - paper).sum(axis=2))


def ink_mask(departure):
    """Return where there is ink: at least `FAINTEST` of the strongest around.

    Parameters
    ----------
    departure : ndarray of shape (H, W), float32
        As of `ways_to_see`.

    Returns
    -------
    ndarray of shape (H, W), bool
    """
    around = max(3, max(departure.shape) // 8 | 1)
    strongest = ndimage.maximum_filter(ndimage.uniform_filter(departure, 3), around)
    return departure > np.maximum(FAINTEST * strongest, LEAST_CONTRAST / 2)


def finds(departure, inked, shade):
    """Return what may be digits: pieces of ink, joined where they lie over each other.

    Parameters
    ----------
    departure : ndarray of shape (H, W), float32
    inked : ndarray of shape (H, W), bool

    Returns
    -------
    list of Find
        In reading order.
    """
    numbers, boxes = _pieces(inked)
    if not len(boxes):
        return []
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    kept = np.flatnonzero((longer >= SMALLEST / 2) & (longer >= SMALL / 3 * longer.max()))
    kept = kept[np.argsort(-longer[kept], kind="stable")][: 4 * MOST_FINDS]
    groups = [kept[group] for group in joined(boxes[kept])]
    found = [_find(departure, shade, numbers, boxes[group], group + 1) for group in groups]
    found = _within([find for find in found if find is not None], inked.shape)
    return [find for row in rows_of(found[:MOST_FINDS]) for find in row]


def _within(found, shape):
    """Leave out what the border of the picture cuts off, unless it is large and nothing else is."""
    height, width = shape
    whole, cut = [], []
    for find in found:
        left, top, right, bottom = find.box
        if min(left, top) > 0 and right < width and bottom < height:
            whole.append(find)
        elif bottom - top >= LARGE_CUT * height and right - left >= LARGE_CUT / 5 * width:
            cut.append(find)
    tall, tallest = (max((find.height for find in some), default=0) for some in (whole, cut))
    return whole if tall > WHOLE * tallest else whole + cut


def pieces_apart(inked):
    """Return how many pieces of a digit's height a mask has, those over each other as one.

    Parameters
    ----------
    inked : ndarray of shape (H, W), bool

    Returns
    -------
    int
    """
    _, boxes = _pieces(inked)
    heights = boxes[:, 3] - boxes[:, 1]
    return len(joined(boxes[heights >= TALL * heights.max()]))


def _pieces(inked):
    """Number the connected pieces of a mask, and return their boxes too."""
    numbers, _ = ndimage.label(inked, np.ones((3, 3)))
    places = ndimage.find_objects(numbers)
    boxes = [[x.start, y.start, x.stop, y.stop] for y, x in places]
    return numbers, np.array(boxes, int).reshape(-1, 4)


def joined(boxes):
    """Group boxes that lie over each other.

    Two belong together if they touch in height, or nearly, and the narrower is by half within the
    width of the other.

    Parameters
    ----------
    boxes : ndarray of shape (N, 4), int
        Each (left, top, right, bottom).

    Returns
    -------
    list of list of int
        The numbers of the boxes in each group.
    """
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    common = np.minimum(high, high.swapaxes(0, 1)) - np.maximum(low, low.swapaxes(0, 1))
    sides = boxes[:, 2:] - boxes[:, :2]
    smaller = np.minimum(sides[:, None], sides[None])
    taller = np.maximum(sides[:, None, 1], sides[None, :, 1])
    together = (common[..., 0] > 0.5 * smaller[..., 0]) & (common[..., 1] > -0.12 * taller)
    groups, left = [], set(range(len(boxes)))
    while left:
        group, new = [], [left.pop()]
        while new:
            group.append(new.pop())
            near = left & set(np.flatnonzero(together[group[-1]]))
            new.extend(near)
            left -= near
        groups.append(group)
    return groups


def _find(departure, shade, numbers, boxes, members):
    """Cut one find out of a picture, with nothing of its neighbours."""
    boxes, members = _as_dark(departure, numbers, boxes, members)
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    if max(right - left, bottom - top) < SMALLEST or right - left > FLATTEST * (bottom - top):
        return None
    place = slice(max(0, top - 2), bottom + 2), slice(max(0, left - 2), right + 2)
    mine = np.isin(numbers[place], members)
    contrast, amount = float(np.median(departure[place][mine])), float(mine.sum())
    if not _on_paper(shade, mine, place, contrast):
        return None
    near = ndimage.binary_dilation(mine, np.ones((3, 3)))
    ink = shrink(np.where(near & (mine | (numbers[place] == 0)), departure[place], 0), WORKING_SIDE)
    strongest = np.quantile(ink[ink > 0], 0.95)
    ink = (ink / np.median(ink[ink > CERTAIN * strongest])).clip(0, 1)
    ink[ink < 0.05] = 0
    box = (int(left), int(top), int(right), int(bottom))
    return Find(box, ink_to_mnist(crop(ink)), contrast, stroke_width(mine), amount)


def _as_dark(departure, numbers, boxes, members):
    """Leave out the pieces of a find that are far fainter than the largest of them."""
    places = [(slice(top, bottom), slice(left, right)) for left, top, right, bottom in boxes]
    pieces = [(numbers[at] == k, departure[at]) for k, at in zip(members, places, strict=True)]
    contrasts = np.array([part[mine].mean() for mine, part in pieces])
    largest = np.argmax([mine.sum() for mine, _ in pieces])
    dark = contrasts >= FAINT * contrasts[largest]
    return boxes[dark], members[dark]


def _on_paper(shade, mine, place, contrast):
    """Return whether a piece departs from most of what is around, as ink does.

    The paper within the loop of a digit stands out as well, but not from most of what is around.
    """
    room = max(max(mine.shape) // 2, max(shade.shape) // 12)
    rows, columns = (slice(max(0, side.start - room), side.stop + room) for side in place)
    around = np.median(shade[rows, columns][::2, ::2])
    return shade[place][mine].mean() - around >= 0.4 * contrast


def rows_of(found):
    """Sort finds, or anything with a ``box``, into rows.

    Parameters
    ----------
    found : list of Find

    Returns
    -------
    list of list of Find
        Rows from top to bottom, each from left to right.
    """
    rows = []
    for find in sorted(found, key=lambda find: find.box[0]):
        overlaps = [max(_overlap(near.box, find.box) for near in row[-3:]) for row in rows]
        if overlaps and max(overlaps) >= SAME_ROW:
            rows[int(np.argmax(overlaps))].append(find)
        else:
            rows.append([find])
    return sorted(rows, key=lambda row: np.mean([find.box[1] + find.box[3] for find in row]))


def _overlap(box, other):
    """Return the height that two boxes have in common, as a share of the lower one's height."""
    common = min(box[3], other[3]) - max(box[1], other[1])
    return common / max(1, min(box[3] - box[1], other[3] - other[1]))
