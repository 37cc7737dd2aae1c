"""Ask any network for its reading, and check what it answers."""

import numpy as np


def best_network():
    """Load the best trained network of the course."""
    # Only now: a pad with a network of one's own needs no other.
    from helpers import architectures

    return architectures.best_pretrained()


def check_network(net):
    """Return `net` if it can be asked.

    Raises
    ------
    TypeError
        If it has no method ``predict_proba``.
    """
    if not callable(getattr(net, "predict_proba", None)):
        raise TypeError(
            f"a network needs a method predict_proba(images); {type(net).__name__} has none. "
            "helpers.architectures.pretrained(name) loads a trained one."
        )
    return net


def told_reader(net):
    """Say by whom a network reads, if it tells.

    Parameters
    ----------
    net : object
        What reads tells it by an attribute ``read_by``: ``"your own layers: Conv2D, Dense"``.

    Returns
    -------
    str
        A sentence; empty if the network does not tell.
    """
    told = str(getattr(net, "read_by", None) or "").strip().rstrip(".")
    return f"Read by {told}." if told else ""


def ask(net, image):
    """Let a network read one image.

    Parameters
    ----------
    net : object
        With a method ``predict_proba``.
    image : ndarray of shape (28, 28)

    Returns
    -------
    ndarray of shape (10,)
        Probability of each digit.

    Raises
    ------
    ValueError
        If the answer is not ten probabilities. What the network raises passes through.
    """
    answer = np.asarray(net.predict_proba(image[None, None].astype(np.float32)))
    if answer.shape != (1, 10):
        raise ValueError(f"probabilities must have the shape (1, 10), not {answer.shape}.")
    if not np.isfinite(answer).all():
        raise ValueError("it gave NaN or infinity: damaged weights, or training diverged.")
    if answer.min() < 0 or abs(answer.sum() - 1) > 1e-3:
        raise ValueError(
            "probabilities must be at least 0 and sum to 1, these range from "
            f"{answer.min():.3g} to {answer.max():.3g} and sum to {answer.sum():.3g}: "
            "is a softmax missing?"
        )
    return answer[0].copy()
