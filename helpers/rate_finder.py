"""The learning-rate finder: which rates are too small, which are too large, in one short sweep.

The rate grows by the same factor at every step. While it is too small, the loss stands still; then
it falls; then the steps are too long and it rises. A good rate is where it falls fastest.
"""

import copy
import dataclasses
import math

import numpy as np
from tqdm.auto import tqdm

from helpers import arguments
from helpers.losses import softmax_cross_entropy
from helpers.optimizers import Adam
from helpers.threads import one_blas_thread

__all__ = ["RateSearch", "find_rate"]

# The sweep ends where the smoothed loss is so many times its lowest value.
_DIVERGED = 4.0
_SMOOTHING = 0.9


@dataclasses.dataclass(frozen=True, eq=False)
class RateSearch:
    """What `find_rate` saw.

    Attributes
    ----------
    rates : ndarray of shape (steps,)
        Learning rates, each the same factor above the one before.
    losses : ndarray of shape (steps,)
        Loss of the batch before the step with that rate.
    smoothed : ndarray of shape (steps,)
        Exponential mean of the losses, with weight 0.9 on the past, corrected for its start.
    suggestion : float
        The rate at which the smoothed loss falls fastest, before its lowest point.
    diverged : bool
        Whether the sweep ended early, as the loss had grown fourfold or was no number any more.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    suggestion: float
    diverged: bool


def find_rate(
    net,
    train,
    *,
    optimizer=None,
    lowest=1e-6,
    highest=1.0,
    steps=100,
    batch_size=128,
    rng=None,
    progress=True,
):
    """Try learning rates from `lowest` to `highest` on a copy of a network.

    The network and the optimizer are left as they were.

    Parameters
    ----------
    net : helpers.network.Sequential
    train : Split or (images, labels)
        images (N, C, H, W) or (N, F) of floats; labels (N,) of integers.
    optimizer : helpers.optimizers.Optimizer, optional
        Default `Adam()`. Its own learning rate does not matter.
    lowest, highest : float
        First and last learning rate, above 0.
    steps : int
        At least 10. If they need more batches than there are, images come again.
    batch_size : int
    rng : numpy.random.Generator or int, optional
        Draws the batches. Default: seed 0.
    progress : bool
        Show a bar.

    Returns
    -------
    RateSearch

    Raises
    ------
    ValueError
        If a setting is out of range, or the loss is no number from the start.

    References
    ----------
    Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, section 3.3.
    """
    images, labels = arguments.images_and_labels(train)
    _check(lowest, highest, steps, batch_size, len(labels))
    trial = net.copy()
    optimizer = Adam() if optimizer is None else copy.deepcopy(optimizer)
    rates = np.geomspace(lowest, highest, steps)
    batches = _batches(len(labels), batch_size, np.random.default_rng(rng or 0))
    losses, smoothed = [], []
    with one_blas_thread(), np.errstate(all="ignore"):
        for rate in tqdm(rates, unit=" steps", leave=False, disable=not progress):
            batch = next(batches)
            optimizer.learning_rate = float(rate)
            try:
                losses.append(_step(trial, optimizer, images[batch], labels[batch]))
            except ValueError:  # the logits are no numbers any more
                if not losses:
                    raise
                break
            smoothed.append(_smooth(losses, smoothed))
            if smoothed[-1] > _DIVERGED * min(smoothed):
                break
    return _result(rates[: len(losses)], losses, smoothed, len(losses) < len(rates))


def _step(net, optimizer, images, labels):
    """Loss before the step, which is then taken."""
    loss, dlogits = softmax_cross_entropy(net.forward(images, training=True), labels)
    loss += net.penalty
    net.backward(dlogits)
    optimizer.update(net.parameters, net.gradients)
    return loss


def _smooth(losses, smoothed):
    """The next exponential mean: the latest one is taken without its correction first."""
    count = len(losses)
    before = smoothed[-1] * (1 - _SMOOTHING ** (count - 1)) if smoothed else 0.0
    return (_SMOOTHING * before + (1 - _SMOOTHING) * losses[-1]) / (1 - _SMOOTHING**count)


def _result(rates, losses, smoothed, diverged):
    until = max(2, int(np.argmin(smoothed)) + 1)
    slopes = np.gradient(smoothed[:until], np.log(rates[:until])) if len(rates) > 1 else [0.0]
    suggestion = float(rates[int(np.argmin(slopes))])
    return RateSearch(rates, np.array(losses), np.array(smoothed), suggestion, diverged)


def _batches(count, batch_size, rng):
    """Endless batches of image numbers, in an order that is drawn anew for each pass."""
    size = min(batch_size, count)
    while True:
        order = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def _check(lowest, highest, steps, batch_size, count):
    if not 0 < lowest < highest < math.inf:
        raise ValueError(f"0 < lowest < highest is needed, not {lowest!r} and {highest!r}")
    arguments.whole_number(steps, "steps", minimum=10)
    arguments.whole_number(batch_size, "batch_size")
    if count == 0:
        raise ValueError("there are no images to try rates on")
