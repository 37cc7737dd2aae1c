"""Proof that a backward pass belongs to its forward pass.

`check_layer` and `check_network` compare every gradient with centred differences, in float64 and
under a random ``dy``: with a ``dy`` of ones, batch norm has no gradient and swapped axes can hide.
They also hold the layer to its contract: it writes to none of its arguments, gives the same answer
to the same question, and fills ``grads`` anew each time.
"""

import copy

import numpy as np

from helpers.gradient_check.contract import run_twice
from helpers.gradient_check.differences import STEP
from helpers.gradient_check.judge import compare
from helpers.gradient_check.report import GradientReport
from helpers.losses import softmax_cross_entropy

LAYER_TOLERANCE = 1e-7
# A loss is one number of about 1, known to 1e-16. Divided by h that leaves 1e-11, and gradients of
# a whole network are often as small as 1e-5.
NETWORK_TOLERANCE = 1e-5


def check_layer(
    layer, x, dy=None, *, rng=None, training=True, tolerance=LAYER_TOLERANCE, h=STEP, samples=1000
):
    """Compare a layer's backward with centred differences of its forward.

    The objective is ``sum(forward(x) * dy)``, plus the layer's ``penalty`` if it has one. A copy of
    the layer is checked, in float64; the layer itself stays as it was. A dropout mask is held: the
    state of ``layer.rng`` is the same before each forward.

    Parameters
    ----------
    layer : layer
        Has ``forward(x, training)``, ``backward(dy)`` and the dicts ``params`` and ``grads``.
    x : array_like
        Input of the layer. Memory order is kept. For ReLU and pooling, `away_from_kinks` makes one.
    dy : array_like, optional
        Gradient from above, of the shape of the output; standard normal unless given.
    rng : numpy.random.Generator, optional
        Chooses `dy` and the samples; ``np.random.default_rng(0)`` unless given.
    training : bool, default True
        Passed to ``forward``.
    tolerance : float, default 1e-7
        Largest relative error that passes.
    h : float, default 1e-5
        Step of the centred differences.
    samples : int or None, default 1000
        Most entries of an array that are moved one by one, chosen at random. Where there are more,
        all of them are also moved at once in a random direction, so that none goes unseen. None
        moves each.

    Returns
    -------
    GradientReport
        True if the check passed. ``print`` shows it, ``raise_if_failed()`` raises it.

    Raises
    ------
    ValueError
        If `x` is empty or not finite, or `dy` does not have the shape of the output.

    Examples
    --------
    >>> from helpers.layers import Dense
    >>> bool(check_layer(Dense(3, 2), np.random.default_rng(0).normal(size=(4, 3))))
    True
    """
    rng = np.random.default_rng(0) if rng is None else rng
    layer, x = _in_float64(layer), _as_float64(x, "x")
    forward = _repeatable([layer], lambda: layer.forward(x, training=training))
    parameters = [(name, layer, name) for name in getattr(layer, "params", {})]

    def gradient_from_above(y):
        if dy is not None and np.shape(dy) != y.shape:
            raise ValueError(f"dy must have the output's shape {y.shape}, got {np.shape(dy)}")
        above = np.empty_like(y, dtype=np.float64)
        above[...] = rng.normal(size=y.shape) if dy is None else dy
        return above

    run = run_twice(parameters, forward, layer.backward, ("x", x), gradient_from_above)

    def objective(_):
        return np.append(forward(), getattr(layer, "penalty", 0.0))

    weights = np.append(run.dy, 1.0)
    settings = {"rng": rng, "h": h, "tolerance": tolerance, "samples": samples}
    rows = [
        compare(name, objective, array, gradient, weights, accuracy=LAYER_TOLERANCE, **settings)
        for name, array, gradient in run.gradients
    ]
    return GradientReport(type(layer).__name__, tuple(rows), tolerance, tuple(run.problems))


def check_network(
    net,
    images,
    labels,
    *,
    rng=None,
    training=True,
    tolerance=NETWORK_TOLERANCE,
    h=STEP,
    samples=10,
):
    """Compare the gradients of a whole network's loss with centred differences.

    The objective is the softmax cross-entropy of the labels, plus the penalties of the layers. A
    copy of the network is checked, in float64; the network itself stays as it was.

    Parameters
    ----------
    net : Sequential
        The network.
    images : array_like of shape (N, ...)
        What it takes; two to four images are enough.
    labels : array_like of shape (N,)
        Their classes, integers.
    rng, training, h
        As for `check_layer`.
    tolerance : float, default 1e-5
        Largest relative error that passes. More than for a layer: one number, the loss, is all
        there is to take differences of.
    samples : int or None, default 10
        As for `check_layer`, for each parameter and for the images.

    Returns
    -------
    GradientReport
        Rows are called by the position of the layer, its class and the parameter, such as
        ``"0 Conv2D.weight"``, and ``"images"``.

    Raises
    ------
    ValueError, TypeError
        As `softmax_cross_entropy`, and if the images are empty or not finite.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    images = _as_float64(images, "images")
    net = copy.deepcopy(net).astype(np.float64)
    forward = _repeatable(net.layers, lambda: net.forward(images, training=training))
    parameters = [
        (f"{i} {type(layer).__name__}.{name}", layer, name)
        for i, layer in enumerate(net.layers)
        for name in layer.params
    ]

    def gradient_of_loss(logits):
        return softmax_cross_entropy(logits, labels)[1]

    run = run_twice(parameters, forward, net.backward, ("images", images), gradient_of_loss)

    def objective(_):
        loss, _ = softmax_cross_entropy(forward(), labels)
        return np.float64(loss + sum(getattr(layer, "penalty", 0.0) for layer in net.layers))

    settings = {"rng": rng, "h": h, "tolerance": tolerance, "samples": samples}
    rows = [
        compare(name, objective, array, gradient, 1.0, accuracy=NETWORK_TOLERANCE, **settings)
        for name, array, gradient in run.gradients
    ]
    return GradientReport(type(net).__name__, tuple(rows), tolerance, tuple(run.problems))


def _in_float64(layer):
    """A copy of a layer, its parameters in float64."""
    layer = copy.deepcopy(layer)
    for name, value in getattr(layer, "params", {}).items():
        layer.params[name] = np.array(value, dtype=np.float64)
    return layer


def _as_float64(array, name):
    array = np.asarray(array)
    if array.dtype != np.float64 or not array.flags.writeable:
        array = array.astype(np.float64, order="K")
    if array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} of shape {array.shape} must hold finite numbers, at least one")
    return array


def _repeatable(layers, forward):
    """Put every random generator back before each forward, so that masks are held."""
    generators = {id(layer.rng): layer.rng for layer in layers if hasattr(layer, "rng")}.values()
    states = [generator.bit_generator.state for generator in generators]

    def repeated():
        for generator, state in zip(generators, states, strict=True):
            generator.bit_generator.state = state
        return forward()

    return repeated
