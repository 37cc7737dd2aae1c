"""What training makes small: the softmax cross-entropy.

Softmax turns the scores of a network (its *logits*) into probabilities; the cross-entropy is the
mean surprise of the true labels under them. Both together have a gradient of one line,
``(softmax(logits) - one_hot(labels)) / N``, so they are one function here.
"""

import numpy as np

__all__ = ["NO_CLASS", "softmax", "softmax_cross_entropy"]

NO_CLASS = -1  # label of an image that is of no class: all classes shall be equally likely


class NotFiniteError(ValueError):
    """A logit is NaN or infinite, and says nothing of a class."""


def softmax(logits):
    """Turn logits into probabilities along the last axis.

    The largest logit is subtracted first: it cancels in the quotient and keeps ``exp`` from
    overflowing.

    Parameters
    ----------
    logits : array_like of shape (..., classes)
        Scores, any finite numbers.

    Returns
    -------
    ndarray of shape (..., classes)
        Probabilities in [0, 1] that sum to 1 along the last axis. float32 and float64 are kept,
        integers become float64.

    Raises
    ------
    ValueError
        If there is no class axis, or it is empty, or a logit is NaN or infinite.

    References
    ----------
    Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs".

    Examples
    --------
    >>> softmax([0.0, np.log(3.0)])
    array([0.25, 0.75])
    """
    logits = _as_float(logits)
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"softmax needs logits of shape (..., classes), got shape {logits.shape}")
    if not np.isfinite(logits).all():
        raise NotFiniteError(_not_finite(logits))
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    exponentials /= exponentials.sum(axis=-1, keepdims=True)
    return exponentials


def softmax_cross_entropy(logits, labels, *, batch_size=None):
    """Mean cross-entropy of the labels under the softmax of the logits, and its gradient.

    Before any training all classes are about equally likely, so with ten classes the loss starts
    near ``log(10) = 2.303``.

    Parameters
    ----------
    logits : array_like of shape (N, classes)
        Scores, finite; the output of the last layer, in any memory order.
    labels : array_like of shape (N,)
        The true classes, integers from 0 to classes - 1. `NO_CLASS` (-1) is an image that is of no
        class; its target is the same for all, ``1 / classes``, and its loss at least
        ``log(classes)``.
    batch_size : int, optional
        What the sum over the N rows is divided by, N unless given. With the size of a whole batch
        here, the losses and gradients of its parts add up to those of the whole.

    Returns
    -------
    loss : float
        Mean over the batch, in nats; at least 0.
    dlogits : ndarray of shape (N, classes)
        Gradient of the loss with respect to the logits, in their dtype and memory order.

    Raises
    ------
    ValueError
        If a shape, a label or an option is out of range.
    NotFiniteError
        If a logit is NaN or infinite, as happens when training diverges; a `ValueError` too.
    TypeError
        If the labels are not integers.

    References
    ----------
    Images of no class: Hendrycks, Mazeika, Dietterich (2019), "Deep anomaly detection with outlier
    exposure".
    """
    logits, labels = _as_float(logits), np.asarray(labels)
    some_even = _check(logits, labels, batch_size) == NO_CLASS
    # Share of the target that is spread evenly over all classes: of all rows, or of each.
    even = (labels == NO_CLASS).astype(logits.dtype) if some_even else 0.0
    rows = len(logits)
    scale = 1.0 / (rows if batch_size is None else batch_size)
    # What is not finite is reported below, better than NumPy's warning would.
    with np.errstate(invalid="ignore", over="ignore"):
        shifted = logits - logits.max(axis=1, keepdims=True)
    dlogits = np.exp(shifted)
    sums = dlogits.sum(axis=1, keepdims=True)
    true_class = (np.arange(rows), labels)
    losses = np.log(sums[:, 0])
    losses -= (1.0 - even) * shifted[true_class]
    if some_even:
        losses -= even * shifted.mean(axis=1)
    loss = float(losses.sum(dtype=np.float64)) * scale
    if not np.isfinite(loss):
        raise NotFiniteError(_not_finite(logits))
    dlogits *= scale / sums
    dlogits[true_class] -= (1.0 - even) * scale
    if some_even:
        by_class = dlogits.T
        by_class -= even * scale / logits.shape[1]
    return loss, dlogits


def _as_float(logits):
    logits = np.asarray(logits)
    return logits if logits.dtype.kind == "f" else logits.astype(np.float64)


def _check(logits, labels, batch_size):
    """Complain about what does not fit; return the lowest label."""
    if logits.ndim != 2 or logits.size == 0:
        raise ValueError(f"logits must have shape (N, classes), both at least 1: {logits.shape}")
    if labels.shape != logits.shape[:1]:
        hint = "; for one-hot labels take labels.argmax(axis=1)" if labels.ndim == 2 else ""
        raise ValueError(
            f"labels of shape {labels.shape} do not fit logits of shape {logits.shape}: "
            f"one class number a row is needed, shape {logits.shape[:1]}{hint}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    lowest, highest, classes = labels.min(), labels.max(), logits.shape[1]
    if lowest < NO_CLASS or highest >= classes:
        raise ValueError(
            f"labels must lie in 0 to {classes - 1} for logits with {classes} classes, "
            f"got {lowest} to {highest}"
        )
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    return lowest


def _not_finite(logits):
    # Finite logits can overflow too, when two of them are further apart than the dtype reaches.
    worst = np.argmin(np.where(np.isfinite(logits), -np.abs(logits), -np.inf))
    index = tuple(int(i) for i in np.unravel_index(worst, logits.shape))
    return (
        f"logits[{', '.join(map(str, index))}] is {logits[index]}: if this came up in training, it "
        "has diverged; lower the learning rate and look for NaN in the images"
    )
