"""Pictures of digits and other images, and of their numbers. Use them as ``plots.…``."""

import math

import numpy as np
from matplotlib.patches import Rectangle

from helpers.plots import style

# So many digits are listed in an alt text; more than that nobody listens to.
_LISTED = 30


def digit_grid(images, labels=None, predictions=None, *, columns=10, caption=None):
    """Show digits in rows, each under its label; a frame marks what was misread.

    Parameters
    ----------
    images : array_like of shape (N, 28, 28) or (N, 1, 28, 28)
        From 0 (paper) to 1 (ink). Any size of image will do.
    labels, predictions : array_like of shape (N,), optional
        True classes, and what a network read. With both, mistakes are marked.
    columns : int
        Digits in a row.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If the images have another shape, or there is not one label for each.
    """
    images = _stack(images)
    count = len(images)
    labels = _classes("labels", labels, count)
    predictions = _classes("predictions", predictions, count)
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    titled = labels is not None or predictions is not None
    side = min(style.WIDTH / columns, 2)
    with style.drawing(side * columns, rows * (side + 0.3 * titled)) as figure:
        figure.get_layout_engine().set(w_pad=0.04, h_pad=0.05)
        grid = figure.subplots(rows, columns, squeeze=False)
        for i, axes in enumerate(grid.flat):
            axes.axis("off")
            if i < count:
                wrong = _wrong(labels, predictions, i)
                draw_image(axes, images[i], frame=wrong)
                axes.set_title(
                    _digit_title(labels, predictions, i),
                    fontsize=13 if columns <= 10 else 10,
                    color=style.VERMILLION if wrong else style.INK,
                    fontweight="bold" if wrong else "normal",
                    pad=4,
                )
    style.show(figure, _grid_alt(labels, predictions, count, rows, columns), caption)


def digit_numbers(image, *, origin=(0, 0), caption=None):
    """Show an image as what it is: numbers, each in a square as dark as the number is large.

    Parameters
    ----------
    image : array_like of shape (H, W)
        Whole numbers are shown as they are, others with two digits after the point. More than 28
        numbers side by side cannot be read.
    origin : (int, int)
        Row and column of the first number, if this is a part of a larger image.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If the image is not two-dimensional, or larger than 28 x 28.
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.size == 0 or max(image.shape) > 28:
        raise ValueError(
            f"image must have a shape (H, W) of at most (28, 28), it has {image.shape}"
        )
    height, width = image.shape
    cell = 8 / max(width, 12)  # inches
    largest = max(float(image.max()), 1.0)
    # Two or three digits have to fit a square.
    size = 72 * cell / (2.6 if width <= 14 else 2.2)
    with style.drawing(cell * width + 0.9, cell * height + 0.7) as figure:
        axes = figure.subplots()
        axes.imshow(image, cmap=style.DIGIT, vmin=0, vmax=largest)
        for (row, column), value in np.ndenumerate(image):
            colour = "white" if value > largest / 2 else style.INK if value else style.GREY
            text = _number(value)
            axes.text(column, row, text, ha="center", va="center", fontsize=size, color=colour)
        _numbered(axes, height, width, origin)
    style.show(figure, _numbers_alt(image, origin), caption)


def _stack(images):
    """Images as (N, H, W) floats."""
    images = np.asarray(images, dtype=float)
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    require(images, 3, "images", "(N, 28, 28) or (N, 1, 28, 28)")
    return images


def require(array, ndim, name, shape):
    """Raise ValueError unless an array has `ndim` axes and is not empty.

    Parameters
    ----------
    array : ndarray
    ndim : int
    name, shape : str
        What the message calls the array, and the shape it wants.
    """
    if array.ndim != ndim or array.size == 0:
        raise ValueError(f"{name} must have the shape {shape}, not {array.shape}")


def _classes(name, values, count):
    if values is None:
        return None
    values = np.asarray(values)
    if values.shape != (count,):
        raise ValueError(f"{count} images need {name} of shape ({count},), not {values.shape}")
    return values


def _wrong(labels, predictions, i):
    return labels is not None and predictions is not None and labels[i] != predictions[i]


def _digit_title(labels, predictions, i):
    if _wrong(labels, predictions, i):
        return f"{predictions[i]}, is {labels[i]}"
    known = labels if predictions is None else predictions
    return "" if known is None else str(known[i])


def _grid_alt(labels, predictions, count, rows, columns):
    alt = f"{count} handwritten digits in {rows} row{'s' if rows > 1 else ''}"
    alt += f" of {columns}." if count == rows * columns else f" of up to {columns}."
    if labels is None or predictions is None:
        listed = labels if predictions is None else predictions
        kind = "are" if predictions is None else "are read as"
        if listed is not None and count <= _LISTED:
            alt += f" Row by row they {kind} {' '.join(map(str, listed))}."
        return alt
    wrong = [i for i in range(count) if _wrong(labels, predictions, i)]
    alt += f" Above each stands how it was read: {count - len(wrong)} of {count} right."
    mistakes = [
        f"{'an' if labels[i] == 8 else 'a'} {labels[i]} read as {predictions[i]} "
        f"(row {i // columns + 1}, column {i % columns + 1})"
        for i in wrong[:_LISTED]
    ]
    return alt + (f" Framed: {', '.join(mistakes)}." if mistakes else "")


def _number(value):
    if isinstance(value, np.integer | np.bool_):
        return str(int(value))
    return f"{value:.2f}".replace("0.", ".") if abs(value) < 1 else f"{value:.2f}"


def _numbers_alt(image, origin):
    height, width = image.shape
    row, column = np.unravel_index(image.argmax(), image.shape)
    return (
        f"{height} rows of {width} numbers, each on a square as dark as the number is large. "
        f"{np.count_nonzero(image == 0)} of {image.size} are 0; the largest is {image.max():.3g}, "
        f"in row {row + origin[0]}, column {column + origin[1]}."
    )


def _numbered(axes, height, width, origin):
    """Number rows and columns as the array does."""
    for axis, size, first in ((axes.yaxis, height, origin[0]), (axes.xaxis, width, origin[1])):
        step = 1 if size <= 14 else 4
        ticks = range(-first % step, size, step)
        axis.set_ticks(ticks, [str(first + tick) for tick in ticks])
    axes.set(xlabel="column", ylabel="row")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def draw_image(axes, image, *, frame=False, box=None, point=None):
    """Draw one image as ink on white paper.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    image : ndarray of shape (H, W)
        From 0 (paper) to 1 (ink).
    frame : bool
        Put a frame around it that marks a mistake.
    box : (top, bottom, left, right), optional
        Draw another frame inside, in pixels.
    point : (row, column), optional
        Draw a cross, in pixels.
    """
    height, width = image.shape
    axes.imshow(image, cmap=style.DIGIT, vmin=0, vmax=1, interpolation="nearest")
    edge = {"edgecolor": style.VERMILLION, "linewidth": 4}
    if not frame:
        edge = {"edgecolor": style.GREY, "linewidth": 0.8}
    _outline(axes, (0, height, 0, width), **edge)
    if box is not None:
        _outline(axes, box, edgecolor=style.BLUE, linewidth=3)
    if point is not None:
        row, column = point
        # A light rim, so that the cross also shows on ink.
        for colour, size, thick in (("white", 22, 7), (style.VERMILLION, 20, 3)):
            axes.plot(column, row, "+", color=colour, markersize=size, markeredgewidth=thick)


def _outline(axes, box, **look):
    top, bottom, left, right = box
    corner = (left - 0.5, top - 0.5)  # pixel 0 reaches from -0.5 to 0.5
    axes.add_patch(Rectangle(corner, right - left, bottom - top, fill=False, clip_on=False, **look))
