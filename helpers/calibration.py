"""Whether a network is as sure as it is right: calibration.

A network is calibrated when, of the images that it is 80 % sure of, it reads 80 % right. Dividing
all logits by one number, the *temperature*, changes how sure it is and never what it reads.

References
----------
.. [1] C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks", ICML
   2017 (the expected calibration error, and the temperature).
"""

import dataclasses

import numpy as np

from helpers import arguments
from helpers.layers import Dense
from helpers.losses import softmax

__all__ = [
    "Reliability",
    "apply_temperature",
    "calibration_error",
    "fit_temperature",
    "reliability",
]

_COLDEST, _HOTTEST = 0.01, 100.0


@dataclasses.dataclass(frozen=True, eq=False)
class Reliability:
    """How sure and how right a network is, bin by bin of how sure it is.

    Attributes
    ----------
    confidence, accuracy : ndarray of shape (bins,), float64
        Means over the images of each bin; NaN where there is none.
    count : ndarray of shape (bins,), int64
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @property
    def error(self):
        """The expected calibration error: mean gap between both, weighted with the counts."""
        some = self.count > 0
        gaps = np.abs(self.confidence - self.accuracy)[some]
        return float(np.average(gaps, weights=self.count[some]))


def reliability(probabilities, labels, bins=15):
    """Sort images into bins by how sure the network is of them, and see how often it is right.

    Parameters
    ----------
    probabilities : array_like of shape (N, classes)
        Rows that sum to 1.
    labels : array_like of shape (N,)
        The true classes, integers from 0.
    bins : int
        Of equal width between 0 and 1. A bin holds its upper edge, not its lower.

    Returns
    -------
    Reliability

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, rows do not sum to 1, or a label is out of range.
    """
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    _check(probabilities, labels, "probabilities")
    if probabilities.min() < 0 or not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        raise ValueError("each row of probabilities must be at least 0 and sum to 1")
    bins = arguments.whole_number(bins, "bins")
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)

    def mean(values):
        total = np.bincount(place, weights=values, minlength=bins)
        return np.divide(total, count, out=np.full(bins, np.nan), where=count > 0)

    return Reliability(mean(confidence), mean(right), count)


def calibration_error(probabilities, labels, bins=15):
    """Expected calibration error: by how much the network is surer than right, or less sure.

    Parameters
    ----------
    probabilities, labels, bins
        As for `reliability`.

    Returns
    -------
    float
        In [0, 1]; 0 is calibrated.
    """
    return reliability(probabilities, labels, bins).error


def fit_temperature(logits, labels):
    """The temperature with which the logits fit the labels best.

    It makes the cross-entropy of ``softmax(logits / temperature)`` smallest. That is convex in
    ``1 / temperature``, so its slope has one zero, which is found by halving.

    Parameters
    ----------
    logits : array_like of shape (N, classes)
        Of images that the network was not trained on.
    labels : array_like of shape (N,)
        The true classes, integers from 0.

    Returns
    -------
    float
        Above 1 for a network that is too sure of itself, below for one that is too modest. From
        0.01 to 100: no further, however far the labels would have it.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, a logit is not finite, or a label is out of range.
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels)
    _check(logits, labels, "logits")
    true = logits[np.arange(len(labels)), labels].mean()
    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    for _ in range(50):
        middle = (low + high) / 2
        expected = (softmax(logits * np.exp(-middle)) * logits).sum(axis=1).mean()
        # More heat where the network promises larger logits than the true classes have.
        low, high = (middle, high) if expected > true else (low, middle)
    return float(np.exp((low + high) / 2))


def apply_temperature(net, temperature):
    """Divide all logits of a network by a temperature, in place.

    Parameters
    ----------
    net : helpers.network.Sequential
        Its last layer must be dense: weights and biases are divided.
    temperature : float
        Above 0.

    Raises
    ------
    ValueError
        If the last layer is another, or the temperature not above 0.
    """
    last = net.layers[-1]
    if not isinstance(last, Dense):
        raise ValueError(f"the last layer must be Dense to take a temperature, it is {last!r}")
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be above 0, not {temperature!r}")
    for name, value in last.params.items():
        last.params[name] = (value / temperature).astype(value.dtype)


def _check(scores, labels, name):
    if scores.ndim != 2 or scores.size == 0 or labels.shape != scores.shape[:1]:
        raise ValueError(
            f"{name} must have shape (N, classes) and labels (N,), not {scores.shape} "
            f"and {labels.shape}"
        )
    if not np.isfinite(scores).all():
        raise ValueError(f"{name} hold values that are not finite")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    if labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ValueError(
            f"labels must lie in 0 to {scores.shape[1] - 1}, got {labels.min()} to {labels.max()}"
        )
