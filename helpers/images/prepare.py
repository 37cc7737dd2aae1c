"""From strokes or any picture to what the network was trained on.

In MNIST the longer side of a digit is 20 of 28 pixels, strokes are about 2.5 pixels wide, ink is
white on black, and the centre of mass lies at pixel (14, 14), to the nearest pixel. A network that
has seen nothing else reads nothing else well, so every drawing is brought to that form.

References
----------
.. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
   recognition", Proceedings of the IEEE 86, 1998, section III.A (how MNIST was made).
"""

import numpy as np
from PIL import Image, ImageDraw

from helpers.images.ink import NoInkError, find_ink, resize
from helpers.images.pictures import to_grey

SIDE = 28  # pixels of an MNIST image
BOX = 20  # pixels of a digit's longer side
CENTRE = 14  # pixel index of a digit's centre of mass
PEN = 2.25  # pixels, the width of a stroke
THINNEST = 1.6  # pixels, thinner strokes are drawn over with the pen
OVERSAMPLING = 10  # how much finer than MNIST's pixels strokes are drawn before averaging
MOST_POINTS = 50_000  # of all strokes together
FARTHEST = 100_000  # canvas pixels
SMALLEST_DRAWING = 8  # canvas pixels; anything smaller is a slip of the hand


def strokes_to_image(strokes, size=280, pen_width=16):
    """Draw strokes on a canvas, each at its own place and size.

    Parameters
    ----------
    strokes : list of array_like of shape (M, 2)
        The points (x, y) that the pen passed, in canvas pixels: x to the right, y down.
    size : int or (int, int)
        Side of the canvas, or its width and height, in pixels.
    pen_width : float
        Width of the pen, in pixels.

    Returns
    -------
    PIL.Image.Image
        Grey, white ink (255) on black paper (0).

    Raises
    ------
    ValueError
        If a stroke is not a list of finite (x, y) points.

    See Also
    --------
    strokes_to_mnist : The same strokes as the network wants to see them.
    """
    width, height = (size, size) if np.isscalar(size) else size
    fine = 4  # Pillow draws without antialiasing: draw larger, then average
    canvas = Image.new("L", (width * fine, height * fine))
    pen = ImageDraw.Draw(canvas)
    for points in check_strokes(strokes):
        _draw_stroke(pen, (points + 0.5) * fine, pen_width * fine)
    return canvas.resize((width, height), Image.Resampling.BOX)


def strokes_to_mnist(strokes, pen_width=PEN):
    """Draw strokes as MNIST would have them, whatever the size and place of the drawing.

    The points are scaled first and drawn with the pen afterwards, so that strokes have the same
    width in a small drawing and in a large one.

    Parameters
    ----------
    strokes : list of array_like of shape (M, 2)
        The points (x, y) that the pen passed, in canvas pixels: x to the right, y down.
    pen_width : float
        Width of the strokes, in pixels of the result.

    Returns
    -------
    ndarray of shape (28, 28), float32
        From 0 (paper) to 1 (ink).

    Raises
    ------
    NoInkError
        If there are no points, or all lie within `SMALLEST_DRAWING` pixels.
    ValueError
        If a stroke is not a list of finite (x, y) points.
    """
    strokes = check_strokes(strokes)
    if not strokes:
        raise NoInkError("Nothing is drawn yet.")
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    if extent.max() < SMALLEST_DRAWING:
        raise NoInkError("This is only a dot. Draw a larger digit.")
    pen_width = pen_width * OVERSAMPLING
    scale = (BOX * OVERSAMPLING - pen_width) / extent.max()
    width, height = np.ceil((extent * scale + pen_width) / OVERSAMPLING).astype(int)
    image = Image.new("L", (int(width) * OVERSAMPLING, int(height) * OVERSAMPLING))
    pen = ImageDraw.Draw(image)
    for points in strokes:
        _draw_stroke(pen, (points - low) * scale + pen_width / 2, pen_width)
    return _frame(np.asarray(image.reduce(OVERSAMPLING), np.float32))


def to_mnist(picture):
    """Bring a picture of one digit to the form of MNIST.

    Find the ink (dark on light or light on dark, on uneven paper too), cut it out, draw over
    strokes that are too thin, scale the longer side to 20 pixels with the aspect kept, stretch to
    full contrast and put the centre of mass at pixel (14, 14).

    Parameters
    ----------
    picture : PIL.Image.Image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        An array holds shades from 0 (black) to 1 (white) if it is of floats, to the largest number
        of its type if of integers.

    Returns
    -------
    ndarray of shape (28, 28), float32
        From 0 (paper) to 1 (ink).

    Raises
    ------
    NoInkError
        If nothing stands out, as in a picture that is all white or all black.
    helpers.images.PictureError
        If the picture is too large.
    TypeError, ValueError
        If `picture` is no picture.
    """
    return ink_to_mnist(find_ink(to_grey(picture)))


def ink_to_mnist(ink):
    """Bring the ink of a digit, cut out of its picture, to the form of MNIST.

    Parameters
    ----------
    ink : ndarray of shape (H, W)
        From 0 (paper) to 1 (ink), no row or column at the edges empty.

    Returns
    -------
    ndarray of shape (28, 28), float32
        From 0 (paper) to 1 (ink).
    """
    scale = BOX / max(ink.shape)
    if stroke_width(ink > 0.5) * scale < THINNEST:
        ink = _draw_over(ink)
        scale = BOX / max(ink.shape)
    height, width = (max(1, round(n * scale)) for n in ink.shape)
    return _frame(resize(ink, width, height).clip(0))


def naive_resize(picture):
    """Shrink the whole picture to 28 x 28 pixels, and do nothing else.

    What one tries first, and what fails on many drawings: the digit comes out too small, too thin
    and off centre.

    Parameters
    ----------
    picture : PIL.Image.Image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4)
        White ink on black paper.

    Returns
    -------
    ndarray of shape (28, 28), float32
        From 0 to 1.
    """
    return resize(to_grey(picture), SIDE, SIDE, Image.Resampling.BOX)


def check_strokes(strokes):
    """Return the strokes that have points, as float arrays.

    Raises
    ------
    ValueError
        If a stroke is not a list of finite (x, y) points, or there are more than `MOST_POINTS`.
    """
    try:
        arrays = [np.asarray(stroke, np.float64) for stroke in strokes]
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"strokes must be a list of arrays of points (x, y), each of shape (M, 2): {error}"
        ) from None
    for number, points in enumerate(arrays):
        if points.size == 0:
            continue
        if points.ndim != 2 or points.shape[1] != 2:
            found = f"the shape {points.shape}"
        elif not np.isfinite(points).all():
            found = "NaN or infinity in it"
        elif np.abs(points).max() > FARTHEST:
            found = f"a point more than {FARTHEST:,} pixels away"
        else:
            continue
        raise ValueError(
            "a stroke must be an array of finite points (x, y), of shape (M, 2); "
            f"stroke {number} has {found}."
        )
    return _bounded([points for points in arrays if points.size])


def _bounded(strokes):
    count = sum(map(len, strokes))
    if count > MOST_POINTS:
        raise ValueError(
            f"the strokes have {count:,} points, at most {MOST_POINTS:,} can be drawn. Leave out "
            "points that lie closer than a pixel to the one before."
        )
    return strokes


def _draw_stroke(pen, points, width):
    """Draw one stroke with round ends and joints on a `PIL.ImageDraw`."""
    pen.line([tuple(point) for point in points], fill=255, width=round(width))
    for x, y in points:
        pen.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)


def _frame(digit):
    """Place a digit of at most 20 x 20 pixels in the frame of an MNIST image, at full contrast."""
    digit = digit / digit.max()
    shape = np.array(digit.shape)
    centre = [np.average(np.arange(n), weights=digit.sum(axis=1 - k)) for k, n in enumerate(shape)]
    row, column = np.clip(np.rint(CENTRE - np.array(centre)), 0, SIDE - shape).astype(int)
    image = np.zeros((SIDE, SIDE), np.float32)
    image[row : row + shape[0], column : column + shape[1]] = digit
    return image


def stroke_width(inked):
    """Return the width of the strokes of a mask: twice their area, divided by their outline."""
    inked = np.pad(inked, 1)
    inside = inked[:-2, 1:-1] & inked[2:, 1:-1] & inked[1:-1, :-2] & inked[1:-1, 2:]
    inked = inked[1:-1, 1:-1]
    return 2 * inked.sum() / max(1, (inked & ~inside).sum())


def _draw_over(ink):
    """Thicken strokes until they are as wide as the pen would have drawn them."""
    fine = BOX * 8
    scale = fine / max(ink.shape)
    height, width = (max(1, round(n * scale)) for n in ink.shape)
    ink = resize(ink, width, height, Image.Resampling.BILINEAR)
    radius = max(1, round((PEN * 8 - stroke_width(ink > 0.5)) / 2))
    padded = np.pad(ink, 2 * radius)
    thick = np.zeros((height + 2 * radius, width + 2 * radius), np.float32)
    for dy in range(2 * radius + 1):
        for dx in range(2 * radius + 1):
            if (dy - radius) ** 2 + (dx - radius) ** 2 <= radius**2:
                np.maximum(thick, padded[dy:, dx:][: thick.shape[0], : thick.shape[1]], out=thick)
    return thick
