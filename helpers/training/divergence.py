"""Training that leaves the numbers: where it happened, and what to do."""

import copy

import numpy as np


class DivergenceError(ValueError):
    """Training has come to values that are not finite.

    The network has the weights and statistics of the last epoch before, or those it began with.

    Parameters
    ----------
    where : str
        See `where`.
    epoch, step : int
        Counted from 0.
    rate : float
        The learning rate at that step.
    history : helpers.training.History
        The epochs before.

    Attributes
    ----------
    history : helpers.training.History
    """

    def __init__(self, where, epoch, step, rate, history):
        kept = f"the weights of epoch {epoch}" if epoch else "the weights it began with"
        super().__init__(
            f"training diverged in epoch {epoch + 1}, step {step + 1}: {where}. The network has "
            f"{kept}; error.history tells of the epochs before. Lower the learning rate, which was "
            f"{rate:g}, or let it rise slowly (schedule=schedules.one_cycle())."
        )
        self.history = history


def where(net, images):
    """Say which layer is the first to give values that are not finite.

    Parameters
    ----------
    net : helpers.network.Sequential
        Is not changed.
    images : ndarray

    Returns
    -------
    str
    """
    x = images
    with np.errstate(all="ignore"):
        for i, layer in enumerate(copy.deepcopy(net.layers)):
            for name, value in layer.params.items():
                if not np.isfinite(value).all():
                    return f"{name} of layer {i}, {layer!r}, is not finite any more"
            x = layer.forward(x, training=True)
            if not np.isfinite(x).all():
                return f"layer {i}, {layer!r}, gives values that are not finite"
    return "the loss is not finite any more"
