"""The drawing pad: draw a digit in the notebook, and see it read.

>>> from helpers.drawing import DigitPad
>>> pad = DigitPad()  # as the last line of a cell, `pad` shows it

A program can draw on it too: `pen_down`, `pen_move` and `pen_up` are what the mouse calls.
"""

import collections
from dataclasses import dataclass

import numpy as np

from helpers import handwriting
from helpers.drawing.reader import told_reader
from helpers.drawing.view import HINT, PadView
from helpers.images import (
    NoInkError,
    check_strokes,
    strokes_to_mnist,
    to_mnist,
)
from helpers.images.pictures import load, to_colour
from helpers.images.search import search
from helpers.reading import (
    SIDE,
    ask,
    best_network,
    check_network,
    read_picture,
    shrink_colours,
)

SIZE = 280  # canvas pixels
SHORTEST_MOVE = 3  # canvas pixels; shorter moves change nothing and cost a message each
UNDO_STEPS = 100
NOTHING_DRAWN = "Draw a digit with the mouse or a finger."
EXAMPLES = (3, 7, 2, 8, 5, 0, 4, 6, 9, 1)


@dataclass(frozen=True)
class _Sheet:
    """What is on the canvas: strokes, or a picture (H, W) or (H, W, 3) of bytes."""

    strokes: tuple = ()
    picture: np.ndarray | None = None

    @property
    def empty(self):
        return not self.strokes and self.picture is None


class DigitPad:
    """A pad to draw a digit on, which a network reads.

    As the last line of a cell it shows itself. No error costs a drawing: what went wrong stands
    below the pad, and every step can be undone.

    Parameters
    ----------
    net : object, optional
        Anything with a method ``predict_proba`` that turns images of shape (N, 1, 28, 28), float32
        from 0 to 1, into probabilities of shape (N, 10). Default: the best trained network of the
        course. If it has an attribute ``read_by``, such as ``"your own layers: Conv2D"``, the pad
        says so beside each reading.
    size : int
        Side of the canvas, in pixels.

    Attributes
    ----------
    image : ndarray of shape (28, 28), float32, or None
        What the network sees, from 0 (paper) to 1 (ink). None if nothing is drawn, or a picture
        holds no digit or several.
    probabilities : ndarray of shape (10,), or None
        Of each digit. None without an image, or if the network failed.
    reading : helpers.reading.Reading or None
        What a picture says: its digits, each with its place. None for a drawing.
    message : str
        The line below the pad: a hint, or what went wrong.
    widget : ipywidgets.Widget
        The pad as a widget, to be put beside others.

    Raises
    ------
    TypeError
        If `net` has no method ``predict_proba``.
    FileNotFoundError, helpers.network.WeightsError
        If `net` is not given and there is no trained network, or its file is damaged.

    Examples
    --------
    >>> pad = DigitPad()
    >>> pad.pen_down(140, 60)
    >>> pad.pen_move(135, 220)
    >>> pad.pen_up()
    >>> pad.prediction
    1
    """

    def __init__(self, net=None, size=SIZE):
        self.size = size
        self._network = best_network() if net is None else check_network(net)
        self._sheet = _Sheet()
        self._earlier = collections.deque(maxlen=UNDO_STEPS)
        self._stroke = None  # points of the stroke in progress
        self._short_move = None  # a point not drawn yet, too near to the last
        self._examples = 0
        self._view = PadView(size, self)
        self._show(self._sheet)

    @property
    def widget(self):
        return self._view.widget

    @property
    def message(self):
        return self._view.message

    @property
    def network(self):
        """The network that reads. Setting it reads the drawing again."""
        return self._network

    @network.setter
    def network(self, net):
        self._network = check_network(net)
        self._show(self._sheet)

    @property
    def read_by(self):
        """Who reads, in a sentence; empty if the network has no attribute ``read_by``."""
        return told_reader(self._network)

    @property
    def prediction(self):
        """The most likely digit, from 0 to 9; the number, if a picture holds several; or None."""
        if self.probabilities is not None:
            return int(np.argmax(self.probabilities))
        return int(self.reading.text) if self.reading is not None and self.reading.text else None

    @property
    def strokes(self):
        """The strokes drawn so far: a list of arrays (M, 2) of points (x, y) in canvas pixels."""
        return [stroke.copy() for stroke in self._sheet.strokes]

    def pen_down(self, x, y):
        """Begin a stroke at (x, y), in canvas pixels from the upper left corner.

        On a picture, it begins a new drawing.
        """
        self.pen_up()
        point = _check_point(x, y)
        if self._sheet.picture is not None:
            self._view.canvas.draw([])
        self._stroke, self._short_move = [point], None
        self._view.canvas.draw_line(self._stroke)

    def pen_move(self, x, y):
        """Draw a line to (x, y). While the pen is up, nothing happens."""
        if self._stroke is None:
            return
        point = _check_point(x, y)
        if np.hypot(*np.subtract(point, self._stroke[-1])) < SHORTEST_MOVE:
            self._short_move = point
            return
        self._stroke.append(point)
        self._short_move = None
        self._view.canvas.draw_line(self._stroke[-2:])

    def pen_up(self):
        """End the stroke and read the drawing. While the pen is up, nothing happens."""
        if self._stroke is None:
            return
        points = self._stroke + [self._short_move] * (self._short_move is not None)
        self._stroke = None
        self._earlier.append(self._sheet)
        self._sheet = _Sheet((*self._sheet.strokes, np.array(points)))
        self._read()

    def clear(self):
        """Take an empty sheet."""
        self.pen_up()
        self._replace(_Sheet())

    def undo(self):
        """Take back the last stroke, clearing, upload or example."""
        self.pen_up()
        if self._earlier:
            self._show(self._earlier.pop())

    def draw(self, strokes):
        """Replace what is on the pad by a drawing.

        Parameters
        ----------
        strokes : list of array_like of shape (M, 2)
            The points (x, y) that the pen passes, in canvas pixels.

        Raises
        ------
        ValueError
            If a stroke is not a list of finite (x, y) points.
        """
        strokes = tuple(check_strokes(strokes))
        self.pen_up()
        self._replace(_Sheet(strokes))

    def draw_example(self):
        """Replace what is on the pad by a digit, another one each time."""
        strokes = handwriting.write(EXAMPLES[self._examples % len(EXAMPLES)])
        self._examples += 1
        height = 0.64 * self.size
        middle = np.ptp(np.concatenate(strokes), axis=0) / 2
        self.draw([(stroke - middle) * height + self.size / 2 for stroke in strokes])

    def load_image(self, picture):
        """Replace what is on the pad by a picture, and read the digits in it.

        Parameters
        ----------
        picture : path, bytes, PIL.Image.Image or ndarray
            As `reading.read_picture` takes it.

        Raises
        ------
        helpers.images.PictureError
            If it is no picture, damaged or too large.
        helpers.images.NoInkError
            If nothing stands out, as on a white page.
        TypeError, ValueError
            If it is something else, or an array of another shape or range.
        OSError
            If there is no such file.
        """
        try:
            colours = shrink_colours(to_colour(load(picture)[0]), SIDE)
            _check_ink(colours)
        except Exception as error:
            self._view.say(f"Not loaded: {error}", error=True)
            raise
        self.pen_up()
        self._replace(_Sheet(picture=np.rint(255 * colours).astype(np.uint8)))

    def redraw(self):
        """Send the whole drawing to the page once more."""
        unfinished = [] if self._stroke is None else [self._stroke]
        picture = self._sheet.picture if self._stroke is None else None
        digits = () if picture is None or self.reading is None else self.reading.digits
        marks = [(digit.box, f"{digit.value}" if digit.sure else "?") for digit in digits]
        self._view.canvas.draw([*self._sheet.strokes, *unfinished], picture, marks)

    def __repr__(self):
        if self.prediction is None:
            return f"<DigitPad: {'empty' if self._sheet.empty else 'no reading'}>"
        several = self.probabilities is None
        return f"<DigitPad: reads {self.reading.text if several else self.prediction}>"

    def _repr_mimebundle_(self, **options):
        return self.widget._repr_mimebundle_(**options) | {"text/plain": repr(self)}

    def _replace(self, sheet):
        if not (sheet.empty and self._sheet.empty):
            self._earlier.append(self._sheet)
        self._show(sheet)

    def _show(self, sheet):
        self._sheet = sheet
        self._read()
        self.redraw()

    def _read(self):
        """Bring image, probabilities and what the page shows up to date with the drawing."""
        self.image = self.probabilities = self.reading = None
        instead, problem = NOTHING_DRAWN, None
        try:
            if self._sheet.picture is not None:
                instead = self._read_picture()
            elif self._sheet.strokes:
                self.image = strokes_to_mnist(self._sheet.strokes)
                self.probabilities = ask(self._network, self.image[None])[0]
        except NoInkError as error:
            instead = f"{error}"
        # A network is the user's own and may fail in any way; the drawing outlives it.
        except Exception as error:
            instead = "No reading"
            problem = f"The network failed, the drawing is kept. {type(error).__name__}: {error}"
        digits = () if self.reading is None else self.reading.digits
        several = [digit.image for digit in digits]
        self._view.show(self.image, self.probabilities, instead, self.read_by, several)
        self._view.say(problem or HINT, error=problem is not None)

    def _read_picture(self):
        """Read the picture on the pad, and return what it says in words."""
        self.reading = read_picture(self._sheet.picture, self._network)
        if len(self.reading.digits) == 1:
            self.image = self.reading.digits[0].image
            self.probabilities = self.reading.digits[0].probabilities
        return self.reading.words


def _check_ink(colours):
    """Raise an error if nothing stands out in a picture, in whatever way it is seen."""
    try:
        to_mnist(colours)
    except NoInkError:
        if not any(found for found, _ in search(colours)):
            raise


def _check_point(x, y):
    if not (np.isfinite(x) and np.isfinite(y)):
        raise ValueError(f"the pen's place must be finite, this is ({x}, {y})")
    return float(x), float(y)
