"""Read the digits in any picture: one or several, on a sheet on a desk, on a form, or none.

>>> from helpers.reading import read_picture
>>> reading = read_picture("page.jpg")
>>> print(reading.words)

1. **The sheet** of paper is found, and what lies outside is painted over.
2. **One digit**: the picture is read as that of a single digit.
3. **Search**: if the network is not sure of that, or the ink falls apart into several pieces of a
   digit's height, digits are searched for, and the network is asked about each find.

A find counts as read if the network is sure of it by 60 %. Nothing is read for certain that is not
in the picture as ink, and what the network does not know is no digit.
"""

from dataclasses import dataclass, replace

import numpy as np

from helpers.images.ink import WORKING_SIDE, NoInkError, crop, extent, ink_map, shrink
from helpers.images.lines import straight_lines
from helpers.images.pictures import grey_of, load, to_colour
from helpers.images.prepare import ink_to_mnist
from helpers.images.search import FLATTEST, SIDE, pieces_apart, rows_of, search
from helpers.images.sheet import cut_out, find_sheet

__all__ = ["Digit", "Reading", "ask", "best_network", "check_network", "read_picture"]

SURE = 0.6  # confidence from which a digit counts as read
CERTAIN = 0.9  # confidence of each of several digits that outweigh a reading as one
LEAST = 0.3  # confidence below which something is no digit
LEAST_INK = 0.3  # ink of the sure digits, as a share of all ink in the picture
SMALL, LARGE = 0.45, 2.2  # height of a digit, as a share of the median of those in the picture
FAINT = 0.55  # contrast of a digit, as a share of the median of those in the picture
THIN = 0.5  # width of a digit's strokes, as a share of the median of those in the picture
FAINTER = 0.75  # ink of a ruled line, as a share of that of a stroke
STROKE = 2.2  # how much longer than wide a bright patch is that is a stroke rather than a sheet


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

    @property
    def height(self):
        """In pixels."""
        return self.box[3] - self.box[1]


@dataclass(frozen=True, eq=False)
class Reading:
    """What a picture says.

    Attributes
    ----------
    digits : tuple of Digit
        In reading order: rows from top to bottom, each from left to right. Empty if there is none.
        A single one, or one among others, may be unsure.
    sheet : tuple of int
        The (left, top, right, bottom) of the sheet of paper, in pixels of the upright picture; the
        whole picture if no edge of the paper is in view.
    """

    digits: tuple
    sheet: tuple

    @property
    def rows(self):
        """The digits, row by row."""
        return tuple(tuple(row) for row in rows_of(self.digits))

    @property
    def text(self):
        """What is read, such as "2026"; empty if there is no digit, or none is sure."""
        if not any(digit.sure for digit in self.digits):
            return ""
        return "".join(str(digit.value) for digit in self.digits)

    @property
    def words(self):
        """A sentence that says what is read, and how sure that is."""
        if not self.digits:
            return "I see no digit that I can read."
        least = min(self.digits, key=lambda digit: digit.confidence)
        if len(self.digits) == 1:
            return _words_of_one(least)
        rows = ["".join(str(digit.value) for digit in row) for row in self.rows]
        said = rows[0] if len(rows) == 1 else f"{', '.join(rows[:-1])} and {rows[-1]}"
        said = (
            f"I read {said}: {len(self.digits)} digits{f' in {len(rows)} rows' * (len(rows) > 1)}"
        )
        if least.sure:
            share = percent(least.confidence)
            return (
                f"{said}, each {share if share.startswith('over') else f'at least {share}'} sure."
            )
        unsure = [str(digit.value) for digit in self.digits if not digit.sure]
        return f"{said}, but I am not sure of the {', '.join(unsure)}."


def _words_of_one(digit):
    share = percent(digit.confidence)
    if digit.confidence >= CERTAIN:
        return f"I read {digit.value}, {share} sure."
    if digit.sure:
        return f"I read {digit.value}, but I am only {share} sure."
    return f"I am not sure. It may be {digit.value}, {share}."


def percent(share):
    """Write a share as people say it."""
    return "over 99 %" if share >= 0.995 else f"{100 * share:.0f} %"


def read_picture(picture, net=None):
    """Read the digits in a picture.

    Parameters
    ----------
    picture : path, bytes, PIL.Image.Image or ndarray
        A file (PNG, JPEG, WebP, GIF, BMP or TIFF), its content, or the picture itself, as
        `images.to_mnist` takes it. Dark on light, light on dark, or of two colours.
    net : object, optional
        Anything with a method ``predict_proba`` that turns images of shape (N, 1, 28, 28), float32
        from 0 to 1, into probabilities of shape (N, 10). It had better know what is no digit.
        Default: the best trained network of the course.

    Returns
    -------
    Reading

    Raises
    ------
    helpers.images.PictureError
        If it is no picture that can be read, damaged or too large.
    TypeError, ValueError
        If it is something else, an array of another shape or range, or `net` is no network.
    OSError
        If there is no such file.

    Examples
    --------
    >>> from helpers.images import strokes_to_image
    >>> read_picture(strokes_to_image([[(140, 60), (135, 220)]])).text
    '1'
    """
    net = best_network() if net is None else check_network(net)
    picture, size = load(picture)
    colours = shrink_colours(to_colour(picture), SIDE)
    scale = np.array(size) / colours.shape[1::-1]
    whole = (0, 0, colours.shape[1], colours.shape[0])
    sheet = find_sheet(grey_of(colours))
    if sheet is not None:
        digits = read_view(cut_out(colours, sheet), net)
        if digits is not None:
            return _reading(digits, sheet.box, scale)
    return _reading(read_view(colours, net) or (), whole, scale)


def _reading(digits, sheet, scale):
    """Bring boxes from the view of a sheet to the whole picture."""

    def placed(box, corner=(0, 0)):
        corners = (np.reshape(box, (2, 2)) + corner) * scale
        return tuple(np.rint(corners).astype(int).ravel().tolist())

    digits = [replace(digit, box=placed(digit.box, sheet[:2])) for digit in digits]
    return Reading(tuple(digits), placed(sheet))


def shrink_colours(colours, side):
    """Return a picture with its longer side at most `side` pixels, each the mean of several."""
    if colours.ndim == 2 or max(colours.shape) <= side:
        return shrink(colours, side) if colours.ndim == 2 else colours
    return np.stack([shrink(colours[..., k], side) for k in range(3)], axis=-1)


def read_view(colours, net):
    """Read what is on one sheet.

    Parameters
    ----------
    colours : ndarray of shape (H, W) or (H, W, 3), float32
        At most `SIDE` a side.
    net : object

    Returns
    -------
    list of Digit, or None
        None if it is the view of a single bright stroke rather than of a sheet.
    """
    single, doubt = _read_as_one(colours, net)
    likely = single is not None and single.confidence >= (SURE if _is_upright(single) else CERTAIN)
    if likely and not doubt:
        return [single]
    several = _search(colours, net)
    if likely:
        certain = len(several) > 1 and all(digit.confidence >= CERTAIN for digit in several)
        return several if certain or (several and doubt == "lined") else [single]
    if several:
        return several
    if single is not None and single.confidence >= LEAST and _is_upright(single):
        return [single]
    height, width = colours.shape[:2]
    stroke = single is None and max(height, width) > STROKE * min(height, width)
    return None if stroke else []


def _read_as_one(colours, net):
    """Read a picture as that of a single digit, and say what speaks against it, if anything.

    A digit's ink is not "wide", does not fall "apart" side by side, and is not "lined": no fainter
    line goes through it from one side of the picture to the other.
    """
    grey = shrink(grey_of(colours), WORKING_SIDE)
    try:
        ink = ink_map(grey)
    except NoInkError:
        return None, ""
    scale = np.tile([colours.shape[1] / grey.shape[1], colours.shape[0] / grey.shape[0]], 2)
    box = tuple(np.rint(extent(ink) * scale).astype(int).tolist())
    single = _digits([ink_to_mnist(crop(ink))], [box], net)[0]
    if not _is_upright(single):
        return single, "wide"
    apart = pieces_apart(ink > 0.5) > 1
    return single, "apart" if apart else "lined" if _is_lined(ink) else ""


def _is_lined(ink):
    if not (ink[:, 0].any() and ink[:, -1].any() or ink[0].any() and ink[-1].any()):
        return False
    inked = ink > 0.25
    lines = straight_lines(inked)
    strokes = inked & ~lines
    return bool(lines.any() and strokes.any() and ink[lines].mean() < FAINTER * ink[strokes].mean())


def _is_upright(digit):
    return digit.box[2] - digit.box[0] <= FLATTEST * digit.height


def _search(colours, net):
    """Search for digits in every way to see ink, and return what the best way finds."""
    best, most = [], 0.0
    for found, amount in search(colours):
        digits = _digits([find.image for find in found], [find.box for find in found], net)
        digits, worth = _weigh(digits, found, amount)
        if worth > most:
            best, most = [digit for digit in digits if digit.confidence >= LEAST], worth
        if best and len(best) == len(found) and worth >= CERTAIN * len(found):
            break  # nothing is left to find
    return best


def _weigh(digits, found, amount):
    """Return the digits that are alike, and what they are worth.

    A sure one is worth its confidence. One that is not costs a half, and what is no digit costs
    one. Where the sure ones are but a small part of all ink, as in a photograph of something else,
    they are worth nothing.
    """
    alike = _alike(digits, found)
    sure = [find.amount for digit, find in alike if digit.sure]
    if sum(sure) < LEAST_INK * amount:
        return [], 0.0
    digits = [digit for digit, _ in alike]
    costs = [0.5 if digit.confidence >= LEAST else 1.0 for digit in digits if not digit.sure]
    return digits, sum(digit.confidence for digit in digits if digit.sure) - sum(costs)


def _digits(images, boxes, net):
    """Ask a network about images."""
    answers = ask(net, np.array(images)) if images else []
    return [
        Digit(int(p.argmax()), float(p.max()), box, image, p)
        for p, box, image in zip(answers, boxes, images, strict=True)
    ]


def _alike(digits, found):
    """Return the digits, with their finds, that are as tall, dark and bold as the sure ones."""
    pairs = list(zip(digits, found, strict=True))
    sure = [find for digit, find in pairs if digit.sure]
    if not sure:
        return []
    amounts = [find.amount for find in sure]
    height, contrast, pen = (
        _middle([getattr(find, name) for find in sure], amounts)
        for name in ("height", "contrast", "pen")
    )
    return [
        (digit, find)
        for digit, find in pairs
        if SMALL * height <= find.height <= LARGE * height
        and find.contrast >= FAINT * contrast
        and find.pen >= THIN * pen
    ]


def _middle(values, weights):
    """Return the weighted median."""
    order = np.argsort(values)
    sums = np.cumsum(np.array(weights)[order])
    return values[order[np.searchsorted(sums, sums[-1] / 2)]]


def best_network():
    """Load the best trained network of the course."""
    # Only now: who brings a network needs no other.
    from helpers import architectures

    return architectures.best_pretrained()


def check_network(net):
    """Return `net` if it can be asked.

    Raises
    ------
    TypeError
        If it has no method ``predict_proba``.
    """
    if not callable(getattr(net, "predict_proba", None)):
        raise TypeError(
            f"a network needs a method predict_proba(images); {type(net).__name__} has none. "
            "helpers.architectures.pretrained(name) loads a trained one."
        )
    return net


def ask(net, images):
    """Let a network read images.

    Parameters
    ----------
    net : object
        With a method ``predict_proba``.
    images : ndarray of shape (N, 28, 28)

    Returns
    -------
    ndarray of shape (N, 10)
        Probability of each digit.

    Raises
    ------
    ValueError
        If the answer is not ten probabilities an image. What the network raises passes through.
    """
    answer = np.asarray(net.predict_proba(images[:, None].astype(np.float32)))
    if answer.shape != (len(images), 10):
        raise ValueError(
            f"probabilities must have the shape ({len(images)}, 10), not {answer.shape}."
        )
    if not np.isfinite(answer).all():
        raise ValueError("it gave NaN or infinity: damaged weights, or training diverged.")
    if answer.min() < 0 or np.abs(answer.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError(
            "probabilities must be at least 0 and sum to 1, these range from "
            f"{answer.min():.3g} to {answer.max():.3g} and sum to {answer[0].sum():.3g}: "
            "is a softmax missing?"
        )
    return answer.copy()
