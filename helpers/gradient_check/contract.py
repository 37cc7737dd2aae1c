"""Whether forward and backward keep the contract of layers, whatever their numbers are."""

from dataclasses import dataclass

import numpy as np

from helpers.gradient_check.differences import relative_error


@dataclass
class Runs:
    """What two runs of forward and backward gave."""

    dy: np.ndarray
    problems: list
    gradients: list  # of (name, array, gradient); empty if there is a problem


def run_twice(parameters, forward, backward, argument, make_dy):
    """Run forward and backward twice; keep the gradients, and what breaks the contract."""
    params = [(label, layer.params[key]) for label, layer, key in parameters]
    before = [array.copy() for _, array in [argument, *params]]
    y = np.array(forward())
    dy = make_dy(y)
    before.append(dy.copy())
    found = _gradients(parameters, backward(dy))
    problems = _put_back([argument, *params, ("dy", dy)], before)
    problems += _defects("what forward returns", y, y.shape)
    for (label, array), gradient in zip([argument, *params], found, strict=True):
        problems += _defects(f"the gradient of {label}", gradient, array.shape)
    if not problems:
        again = forward()
        if not np.array_equal(again, y):
            problems.append(
                "forward gives two answers for one x: take random numbers from layer.rng only."
            )
        twice = _gradients(parameters, backward(dy))
        if any(relative_error(a, b) > 1e-9 for a, b in zip(found, twice, strict=True)):
            problems.append("a second backward gives other gradients: fill grads, do not add.")
    compared = zip([argument, *params], found, strict=True)
    return Runs(dy, problems, [] if problems else [(*pair, g) for pair, g in compared])


def _put_back(named, before):
    """Say which arrays were written to, and give them their old values."""
    problems = []
    for (name, array), old in zip(named, before, strict=True):
        if not np.array_equal(array, old):
            problems.append(f"{name} was written to: compute into a new array.")
            array[...] = old
    return problems


def _gradients(parameters, dx):
    """Copy the gradients of x and of each parameter; None for one that is missing."""
    found = [dx, *(getattr(layer, "grads", {}).get(key) for _, layer, key in parameters)]
    return [None if gradient is None else np.array(gradient) for gradient in found]


def _defects(what, array, shape):
    if array is None:
        return [f"{what} is missing."]
    if array.shape != shape:
        return [f"{what} has shape {array.shape}, not {shape}."]
    if array.dtype != np.float64:
        return [f"{what} is {array.dtype}, though x and all parameters are float64."]
    if not np.isfinite(array).all():
        return [f"{what} holds NaN or infinity."]
    return []
