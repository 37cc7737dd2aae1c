"""Averages of weights: a point in the middle of where training wanders.

With noisy gradients the weights circle around a minimum. Their average lies nearer to it than they
do, and often generalises better. `Averaged` goes around any optimizer, so `fit` and its checkpoints
need to know nothing of it:

    optimizer = Averaged(Adam(0.001), decay=0.999)
    fit(net, digits.train, optimizer=optimizer)
    optimizer.copy_to(net)
    recompute_statistics(net, digits.train.images)      # only matters with batch norm
"""

import numpy as np

from helpers import arguments
from helpers.layers import BatchNorm
from helpers.optimizers import Optimizer
from helpers.threads import FlatParameters, one_blas_thread

__all__ = ["Averaged", "recompute_statistics"]


class Averaged(Optimizer):
    """An optimizer that also keeps an average of the weights that it reaches.

    After each step, average <- average + share * (weights - average). The share is 1 / n after n
    steps, which is the plain mean, until it would fall below 1 - decay; from there on it is
    1 - decay, an exponential average. So the start leaves no bias.

    Parameters
    ----------
    optimizer : helpers.optimizers.Optimizer
        Takes the steps.
    decay : float
        In [0, 1]. 0.999 averages over about the last 1,000 steps; 1 over all.
    start : int
        Steps that are taken before averaging begins.

    Attributes
    ----------
    learning_rate : float
        The optimizer's.

    Raises
    ------
    ValueError
        If a setting is out of range.

    References
    ----------
    Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992. Izmailov et
    al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018 (decay=1 and
    a late start).
    """

    def __init__(self, optimizer, decay=0.999, start=0):
        if not 0 <= decay <= 1:
            raise ValueError(f"decay must be in [0, 1], not {decay!r}")
        # The learning rate and the state are those of the optimizer inside: nothing is inherited.
        self.optimizer, self.decay = optimizer, float(decay)
        self.start = arguments.whole_number(start, "start", minimum=0)
        self._average = []

    @property
    def learning_rate(self):
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.optimizer.learning_rate = value

    @property
    def steps(self):
        """How many updates were made."""
        return self.optimizer.steps

    def begin_step(self, params):
        """First half of `update`: see `Optimizer.begin_step`."""
        self.optimizer.begin_step(params)
        if self.steps > self.start and not self._average:
            self._average = [np.zeros_like(param) for param in params]

    def update_one(self, i, param, grad):
        """Second half of `update`: step, then add where it led to the average."""
        self.optimizer.update_one(i, param, grad)
        averaged = self.steps - self.start
        if averaged > 0:
            share = max(1 / averaged, 1 - self.decay)
            self._average[i] += share * (param - self._average[i])

    def state(self):
        """Everything but the settings that a later step depends on. See `Optimizer.state`."""
        return self.optimizer.state() | {"average": self._average}

    def restore(self, state):
        """Take over what `state` returned."""
        self.optimizer.restore(state)
        self._average = [np.array(average) for average in state.get("average", [])]

    def copy_to(self, net):
        """Give a network the averaged weights. Running statistics stay: `recompute_statistics`.

        Parameters
        ----------
        net : helpers.network.Sequential
            The one that was trained, or another of the same architecture.

        Raises
        ------
        RuntimeError
            If there is no average yet.
        ValueError
            If the average is of another network.
        """
        if not self._average:
            raise RuntimeError(
                f"no average yet: {self.steps} steps were made, averaging starts after {self.start}"
            )
        flat = FlatParameters(net)  # as `fit` hands the parameters to the optimizer
        try:
            own = net.parameters
            targets = own if _shapes(own) == _shapes(self._average) else flat.arrays
            if _shapes(targets) != _shapes(self._average):
                raise ValueError(f"the average is of another network than {net!r}")
            for target, average in zip(targets, self._average, strict=True):
                target[...] = average
        finally:
            flat.release()

    def __repr__(self):
        start = f", start={self.start}" if self.start else ""
        return f"Averaged({self.optimizer!r}, decay={self.decay:g}{start})"


def recompute_statistics(net, images, batch_size=128):
    """Set the running statistics of batch norm to means over images, for the weights as they are.

    Averaged weights were never used in training, so the statistics of training are not theirs.

    Parameters
    ----------
    net : helpers.network.Sequential
        Its running means and variances are replaced. Nothing else changes.
    images : ndarray of shape (N, *input_shape)
        Training images; some thousands are enough.
    batch_size : int
        At least 2; a remainder smaller than this is left out, unless there is nothing else.

    Raises
    ------
    ValueError
        If there are fewer than two images, or `batch_size` is below 2.

    References
    ----------
    Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI 2018,
    section 3.2.
    """
    arguments.whole_number(batch_size, "batch_size", minimum=2)
    if len(images) < 2:
        raise ValueError(f"batch statistics need at least two images, not {len(images)}")
    if not any(isinstance(layer, BatchNorm) for layer in net.layers):
        return
    trial = net.copy()  # so that dropout's random state stays where it is
    batches = max(1, len(images) // batch_size)
    with one_blas_thread():
        for done in range(batches):
            for layer in trial.layers:
                if isinstance(layer, BatchNorm):
                    layer.momentum = done / (done + 1)  # so that all batches weigh the same
            trial.forward(images[done * batch_size : (done + 1) * batch_size], training=True)
    for layer, worked in zip(net.layers, trial.layers, strict=True):
        for name in layer.statistics:
            getattr(layer, name)[...] = getattr(worked, name)


def _shapes(arrays):
    return [array.shape for array in arrays]
