"""Judge a gradient by centred differences: what to move, how far off it is, what that suggests."""

import math

import numpy as np

from helpers.gradient_check.differences import mean, shares, slope
from helpers.gradient_check.report import GradientRow

_norm = np.linalg.norm


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
    numerical = np.array([slope(f, x, *move, dy, h) for move in moves])
    rounding = np.finfo(np.float64).eps * _norm(f(x) * dy) / h
    # Along a random direction of length 1, the slope is about the root mean square of all.
    along = np.where(at_once, _norm(gradient) / math.sqrt(x.size), 0.0)

    def errors():
        size = np.abs(analytic) + np.abs(numerical)
        typical = np.where(at_once, along, mean(size[~at_once]))
        return shares(analytic - numerical, np.maximum(size, typical), rounding / accuracy)

    for smaller in (h / 10, h / 100):
        for i in np.flatnonzero(errors() > tolerance / 100):
            again = slope(f, x, *moves[i], dy, smaller)
            if abs(again - analytic[i]) < abs(numerical[i] - analytic[i]):
                numerical[i] = again
    worst = int(np.argmax(errors()))
    error, where = float(errors()[worst]), moves[worst][0]
    hint = "" if error <= tolerance else _hint(f, x, moves[worst], dy, h, analytic, numerical)
    index = None if where is ... else where
    slopes = float(analytic[worst]), float(numerical[worst])
    return GradientRow(name, error, index, *slopes, int(np.sum(~at_once)), x.size, hint)


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
