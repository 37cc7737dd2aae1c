"""Derivatives by centred differences, and how far another derivative is from them.

The derivative of a function is what it changes by when its argument moves a little. So move a
number by h both ways, and see: ``(f(x + h) - f(x - h)) / (2 h)``. That is slow to get and hard to
get wrong, so it judges every gradient of the course.

Two things make it sharp. Everything is float64, where h = 1e-5 leaves about ten good digits;
float32 would leave two. And with several outputs, each output's difference is taken before they
are weighted with ``dy`` and added: an output that does not move then adds no rounding.
"""

import math

import numpy as np

__all__ = ["away_from_kinks", "numerical_gradient", "relative_error"]

STEP = 1e-5


def numerical_gradient(f, x, dy=None, h=STEP):
    """Gradient by centred differences, one entry after the other.

    Parameters
    ----------
    f : callable
        Called as ``f(x)``. Returns a number, or with `dy` an array, float64.
    x : ndarray, float64
        Where to take the gradient, any shape. Its entries are moved in place while `f` runs, and
        hold their old values to the bit afterwards. So `x` may be a parameter that `f` uses of
        itself: ``numerical_gradient(lambda _: layer.forward(x), layer.params["weight"], dy)``.
    dy : array_like, optional
        Weights of the outputs, of their shape. The gradient is that of ``sum(f(x) * dy)``.
    h : float, default 1e-5
        Step to each side. Near 1e-5 the error of the formula, of order h**2, and that of rounding,
        of order 1e-16 / h, are both small.

    Returns
    -------
    ndarray of the shape of x, float64

    Raises
    ------
    TypeError
        If `x`, or what `f` returns, is not float64.
    ValueError
        If `x` is read-only, `h` is not positive, or `f` returns another shape than `dy` has.

    References
    ----------
    Press et al., "Numerical Recipes", 3rd edition, section 5.7.

    Examples
    --------
    >>> numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        kind = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"x must be a float64 array, got {kind}: x.astype(np.float64) makes one")
    if not x.flags.writeable:
        raise ValueError("x is read-only, but its entries have to be moved: give x.copy()")
    if not h > 0:
        raise ValueError(f"h must be positive, got {h}")
    dy = np.asarray(1.0 if dy is None else dy, dtype=np.float64)
    _check_output(f(x), dy)
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        gradient[index] = slope(f, x, index, 1.0, dy, h)
    return gradient


def relative_error(a, b):
    """Largest difference between two gradients, relative to their size; symmetric.

    Each difference ``|a - b|`` is divided by ``|a| + |b|`` of that entry, or by the mean of
    ``|a| + |b|`` over all entries where that is larger. Without the mean, an entry that should be 0
    and is 1e-17 by rounding would count as an error of 1.

    Parameters
    ----------
    a, b : array_like of one shape
        The gradient from backward and the numerical one, in any order.

    Returns
    -------
    float
        In [0, 1]: 0.0 if equal, 1.0 if one of them is all zeros or has the wrong sign. NaN if
        either holds a NaN or infinity. Below 1e-7 is good in float64.

    Raises
    ------
    ValueError
        If the shapes differ, or there is nothing to compare.

    Examples
    --------
    >>> relative_error([1.0, 2.0], [1.0, 2.0])
    0.0
    >>> relative_error([1.0, 2.0], [0.0, 0.0])
    1.0
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.size == 0:
        raise ValueError(f"two gradients of one shape are needed, got {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return math.nan
    size = np.abs(a) + np.abs(b)
    return float(shares(a - b, np.maximum(size, mean(size))).max())


def away_from_kinks(shape, rng=None):
    """Numbers between -2 and 2, no two alike and none near zero, in random order.

    Max pooling has no derivative where two numbers tie, ReLU none at zero. Between these numbers
    all gaps are alike, and wide against the step of a gradient check.

    Parameters
    ----------
    shape : tuple of int
        Shape of the result.
    rng : numpy.random.Generator, optional
        Chooses the order; ``np.random.default_rng(0)`` unless given.

    Returns
    -------
    ndarray of the given shape, float64
    """
    rng = np.random.default_rng(0) if rng is None else rng
    size = math.prod(shape)
    values = (np.arange(size) - size // 2 + 0.5) * (4 / max(size, 1))
    return rng.permutation(values).reshape(shape)


def slope(f, x, where, direction, dy, h):
    """Centred difference of ``sum(f(x) * dy)`` when ``x[where]`` moves along a direction."""
    old = np.array(x[where])
    try:
        x[where] = old + h * direction
        # A copy: what f returns may be a view of x, as it is for Flatten.
        above = np.array(f(x))
        x[where] = old - h * direction
        change = above - f(x)
    finally:
        x[where] = old
    return float(np.sum(change * dy)) / (2 * h)


def shares(difference, size, least=0.0):
    """Absolute differences as shares of a size; nothing of nothing is 0."""
    size = np.maximum(size, least)
    return np.divide(np.abs(difference), size, out=np.zeros(size.shape), where=size > 0)


def mean(values):
    """Mean that rounding does not lift above the largest value."""
    return min(values.mean(), values.max())


def _check_output(y, dy):
    y = np.asarray(y)
    if y.shape != dy.shape:
        raise ValueError(
            f"f returned shape {y.shape} and dy has shape {dy.shape}: for an f that returns an "
            "array give a dy of its shape, for one that returns a number none"
        )
    if y.dtype != np.float64:
        raise TypeError(
            f"f returned {y.dtype}, too coarse for differences: compute in float64, parameters "
            "included"
        )
