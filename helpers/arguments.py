"""Arguments: what is wrong, what is accepted, what to do; and how one would write them."""

import inspect
import math
import numbers
import operator

import numpy as np


def whole_number(value, name, minimum=1):
    """`value` as an int of at least `minimum`, or a ValueError that says so."""
    try:
        found = operator.index(value)
    except TypeError:
        found = minimum - 1
    if found < minimum or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number of at least {minimum}, not {value!r}")
    return found


def pair(value, name, minimum=1):
    """A number or a pair of numbers as a pair, or a ValueError that says so."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(values) != 2:
        raise ValueError(f"{name} must be a number or a pair of numbers, not {value!r}")
    return tuple(whole_number(v, name, minimum) for v in values)


def number(value, name, low, high):
    """`value` as a float in [low, high), or a ValueError that says so."""
    if not isinstance(value, numbers.Real) or not low <= value < high:
        raise ValueError(f"{name} must be at least {low:g} and below {high:g}, not {value!r}")
    return float(value)


def images_and_labels(split):
    """The two arrays of a Split, or of a pair."""
    return (split.images, split.labels) if hasattr(split, "images") else split


def written(kind, values, always=()):
    """The call that makes such an object again, as one would write it.

    Parameters
    ----------
    kind : type
    values : dict of str to object
        Arguments. Those that are as by default are left out; pairs of equal numbers become one.
    always : sequence of str
        Names of those that are never left out.

    Returns
    -------
    str
    """
    parameters = inspect.signature(kind).parameters
    shown = []
    for name, value in values.items():
        if isinstance(value, tuple) and len(set(value)) == 1:
            value = value[0]
        if name in always or name not in parameters or value != parameters[name].default:
            shown.append(f"{name}={_short(value)}")
    return f"{kind.__name__}({', '.join(shown)})"


def _short(value):
    if isinstance(value, float | np.floating) and float(f"{value:g}") == value:
        return f"{value:g}"
    return repr(value)


# Of pixels in [0, 1] the mean square is at most 1, of standardised ones about 1, of 0 to 255
# thousands.
_LARGEST_MEAN_SQUARE = 100.0


def check_images(images, name):
    """Complain about images that no network of the course could make sense of.

    Parameters
    ----------
    images : ndarray of shape (N, ...)
    name : str
        What to call them.

    Raises
    ------
    ValueError
        If they are whole numbers, or floats from 0 to 255, or one holds a NaN or infinity.
    """
    if images.dtype.kind != "f":
        raise ValueError(f"{name} are {images.dtype}; divide by 255 to get floats in [0, 1]")
    if images.size == 0:
        return
    flat = images.reshape(-1).astype(np.float32, copy=False)
    # One pass of BLAS, the cheapest look at every pixel.
    with np.errstate(over="ignore", invalid="ignore"):
        mean_square = float(np.dot(flat, flat)) / flat.size
    if not math.isfinite(mean_square):
        bad = ~np.isfinite(images.reshape(len(images), -1)).all(axis=1)
        if bad.any():
            raise ValueError(f"{name}: number {int(bad.argmax())} holds a NaN or infinity")
    if not mean_square <= _LARGEST_MEAN_SQUARE:
        raise ValueError(
            f"{name} reach {float(images.max()):.6g}; divide by 255 to get floats in [0, 1]"
        )
