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

from helpers.gradient_check.report import GradientRow

__all__ = ["away_from_kinks", "compare", "numerical_gradient", "relative_error"]

STEP = 1e-5
_norm = np.linalg.norm


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
        gradient[index] = _slope(f, x, index, 1.0, dy, h)
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
    return float(_shares(a - b, np.maximum(size, _mean(size))).max())


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


def compare(name, f, x, gradient, dy, *, rng, h, tolerance, samples, accuracy):
    """Judge a gradient of ``sum(f(x) * dy)`` by centred differences.

    Where the two are not clearly alike, h shrinks twice and the closest difference counts: a kink
    inside the step (ReLU at 0, a tie in a pool) is left behind, a wrong gradient stays wrong.

    Parameters
    ----------
    name : str
        What to call `x` in the result.
    f, x, dy, h
        As for `numerical_gradient`.
    gradient : ndarray of the shape of x
        The gradient to judge.
    rng : numpy.random.Generator
        Chooses entries and directions.
    tolerance : float
        Relative error that passes; above a hundredth of it the step is made smaller.
    samples : int or None
        Most entries to move one by one. Where there are more, all of them are also moved at once
        in a random direction, so that none goes unseen. None moves each.
    accuracy : float
        Relative error to which derivatives shall be known. Rounding leaves small ones fewer
        digits than that; their differences are measured against the smallest that has as many.

    Returns
    -------
    GradientRow
    """
    moves = _moves(x, samples, rng)
    at_once = np.array([where is ... for where, _ in moves])
    analytic = np.array([np.sum(gradient[where] * v) for where, v in moves])
    numerical = np.array([_slope(f, x, *move, dy, h) for move in moves])
    rounding = np.finfo(np.float64).eps * _norm(f(x) * dy) / h

    def errors():
        size = np.abs(analytic) + np.abs(numerical)
        # Along a random direction of length 1, the slope is about the root mean square of all.
        typical = np.where(at_once, _norm(gradient) / math.sqrt(x.size), _mean(size[~at_once]))
        return _shares(analytic - numerical, np.maximum(size, typical), rounding / accuracy)

    for smaller in (h / 10, h / 100):
        for i in np.flatnonzero(errors() > tolerance / 100):
            again = _slope(f, x, *moves[i], dy, smaller)
            if abs(again - analytic[i]) < abs(numerical[i] - analytic[i]):
                numerical[i] = again
    worst = int(np.argmax(errors()))
    error, where = float(errors()[worst]), moves[worst][0]
    hint = "" if error <= tolerance else _hint(f, x, moves[worst], dy, h, analytic, numerical)
    return GradientRow(
        name=name,
        error=error,
        index=None if where is ... else where,
        analytic=float(analytic[worst]),
        numerical=float(numerical[worst]),
        checked=int(np.sum(~at_once)),
        size=x.size,
        hint=hint,
    )


def _moves(x, samples, rng):
    """List what to move, and along which direction: single entries, perhaps all at once."""
    if samples is not None and samples < 1:
        raise ValueError(f"samples must be at least 1, or None for all, got {samples}")
    if samples is None or x.size <= samples:
        return [(index, 1.0) for index in np.ndindex(x.shape)]
    chosen = rng.choice(x.size, samples, replace=False)
    moves = [(tuple(map(int, np.unravel_index(i, x.shape))), 1.0) for i in chosen]
    # As long as the step of one entry, for the more is moved, the more kinks are in the way.
    lengths = rng.uniform(0.5, 1.5, x.shape) / math.sqrt(x.size)
    return [*moves, (..., rng.choice([-1.0, 1.0], x.shape) * lengths)]


def _slope(f, x, where, direction, dy, h):
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


def _shares(difference, size, least=0.0):
    """Absolute differences as shares of a size; nothing of nothing is 0."""
    size = np.maximum(size, least)
    return np.divide(np.abs(difference), size, out=np.zeros(size.shape), where=size > 0)


def _mean(values):
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


def _hint(f, x, move, dy, h, analytic, numerical):
    """Say what numbers that disagree suggest, or nothing."""
    left, right = _one_sided_slopes(f, x, *move, dy, h / 100)
    if move[0] is not ... and abs(left - right) > 1e-3 * (abs(left) + abs(right)):
        return (
            f"There is a kink here, slope {left:.3g} below and {right:.3g} above: use an input "
            "off it, as away_from_kinks() gives."
        )
    if not analytic.any():
        return "All that backward gives here is zeros."
    factor = (analytic @ numerical) / max(numerical @ numerical, 1e-300)
    if len(analytic) > 1 and _norm(analytic - factor * numerical) < 1e-5 * _norm(analytic):
        return f"All that backward gives here is {factor:.6g} times the numerical gradient."
    return ""


def _one_sided_slopes(f, x, where, direction, dy, h):
    old, here = np.array(x[where]), np.array(f(x))
    slopes = []
    for step in (-h, h):
        try:
            x[where] = old + step * direction
            slopes.append(float(np.sum((f(x) - here) * dy)) / step)
        finally:
            x[where] = old
    return slopes
