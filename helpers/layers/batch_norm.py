"""Batch normalisation: every feature brought to mean 0 and variance 1, then scaled as is learnt.

As in every layer, `_forward` and `_backward` get arrays with the batch last in memory: x and dy
are (H, W, C, N) or (F, N). See `helpers.layers.base` for the contract.
"""

import math

import numpy as np

from helpers import arguments
from helpers.fast.convolution import sum_per_channel
from helpers.layers.base import Layer


class BatchNorm(Layer):
    """Batch normalisation, per feature of (N, F) and per channel of (N, C, H, W).

        y = gamma (x - mean) / sqrt(var + epsilon) + beta

    In training, mean and (biased) variance are those of the batch; otherwise the running ones.

    Parameters
    ----------
    features : int
        Number of features or channels.
    momentum : float
        Weight of the OLD value in running = momentum * running + (1 - momentum) * batch.
    epsilon : float

    References
    ----------
    Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithms 1 and 2.
    """

    statistics = ("running_mean", "running_var")

    _ndims = (2, 4)

    def __init__(self, features, momentum=0.9, epsilon=1e-5):
        super().__init__()
        self.features = arguments.whole_number(features, "features")
        self.momentum = arguments.number(momentum, "momentum", 0.0, 1.0)
        self.epsilon = arguments.number(epsilon, "epsilon", 0.0, math.inf)
        self.params["gamma"] = np.ones(self.features, np.float32)
        self.params["beta"] = np.zeros(self.features, np.float32)
        self.running_mean = np.zeros(self.features, np.float32)
        self.running_var = np.ones(self.features, np.float32)

    def _forward(self, x, training):
        """Centre, scale and shift, with x seen as (pixels, features * N)."""
        self._shape, self._training = x.shape, training
        flat = _per_pixel(x)
        batch = x.shape[-1]
        if flat.shape[1] != self.features * batch:
            raise ValueError(f"{self!r} takes {self.features} features, not {x.shape[-2]}")
        if not (training or self.backward_follows):
            return self._predicted(flat, batch).reshape(x.shape)
        self._centred = self.work.over(flat, "centred")
        # What the values are centred on; `offset` is how far that is from the mean.
        centre = self.running_mean.astype(x.dtype)
        offset = self.work.array("offset", centre.shape, x.dtype)
        offset[...] = 0
        var = self.running_var.astype(x.dtype)
        if training:
            centre = sum_per_channel(x)
            centre /= len(flat) * batch
        np.subtract(flat, self._spread("centre", centre, batch), out=self._centred)
        if training:
            self._learn(centre, len(flat) * batch, offset, var)
        self._offset = offset
        self._inverse_std = 1 / np.sqrt(var + self.epsilon)
        y = self.work.array("y", flat.shape, x.dtype)
        gain = self.params["gamma"] * self._inverse_std
        shift = self.params["beta"] + gain * offset
        return self._scaled(self._centred, gain, shift, batch, out=y).reshape(x.shape)

    def _backward(self, dy):
        """Mean and variance depend on x too, hence two terms beside the direct one:

        dx = gamma / std * (dy - mean(dy) - xhat * mean(dy * xhat)),  xhat = centred / std.
        """
        batch = dy.shape[-1]
        flat = _per_pixel(dy)
        dbeta = sum_per_channel(dy)
        dgamma = _column_products(flat, self._centred).reshape(-1, batch).sum(axis=1)
        dgamma += self._offset * dbeta
        dgamma *= self._inverse_std
        self.grads["gamma"], self.grads["beta"] = dgamma, dbeta
        dx = self.work.gradient_over(flat)
        gain = self.params["gamma"] * self._inverse_std
        scale = self._spread("scale", gain, batch)
        if not self._training:
            np.multiply(flat, scale, out=dx)
            return dx.reshape(self._shape)
        means = self.work.array("means", (2, self.features), dy.dtype)
        self.work.run(self._mean_gradients, dgamma, dbeta, means)
        slope = self._inverse_std * means[0]
        lift = means[1] + slope * self._offset
        slope, lift = self._spread("slope", slope, batch), self._spread("lift", lift, batch)
        share = self.work.scratch_over(self._centred, "share")
        np.multiply(self._centred, slope, out=share)
        share += lift
        np.subtract(flat, share, out=dx)
        dx *= scale
        return dx.reshape(self._shape)

    def _predicted(self, flat, batch):
        """One factor and one summand for each feature, as nothing is asked of the batch."""
        gain = self.params["gamma"] / np.sqrt(self.running_var.astype(flat.dtype) + self.epsilon)
        shift = self.params["beta"] - gain * self.running_mean.astype(flat.dtype)
        y = self.work.over(flat, "y")
        return self._scaled(flat, gain, shift, batch, out=y)

    def _scaled(self, values, gain, shift, batch, out):
        np.multiply(values, self._spread("scale", gain, batch), out=out)
        out += self._spread("shift", shift, batch)
        return out

    def _learn(self, centre, count, offset, var):
        """Statistics of the whole batch, from the `count` values of each feature here."""
        squares = _column_products(self._centred, self._centred).reshape(len(centre), -1)
        counts = self.work.array("counts", centre.shape, centre.dtype)
        counts[...] = count
        parts = counts, centre, squares.sum(axis=1)
        running = self.running_mean, self.running_var
        self.work.run(self._whole_batch, *parts, *running, offset, var)

    def _whole_batch(self, counts, means, squares, running_mean, running_var, offset, var):
        """Statistics of the whole batch, from those of its parts; fills the last four arrays.

        References
        ----------
        Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance", 1983, equation 2.1.
        """
        parts = np.stack(self.seat.share(np.stack([counts, means, squares])))
        self._count = parts[:, 0, 0].sum()
        mean = (parts[:, 0] * parts[:, 1]).sum(axis=0) / self._count
        between = parts[:, 0] * (parts[:, 1] - mean) ** 2
        np.subtract(means, mean, out=offset)
        np.divide((parts[:, 2] + between).sum(axis=0), self._count, out=var)
        for running, latest in ((running_mean, mean), (running_var, var)):
            running *= self.momentum
            running += (1 - self.momentum) * latest

    def _mean_gradients(self, dgamma, dbeta, means):
        """Means of dy * xhat and of dy over the whole batch."""
        np.divide(sum(self.seat.share(np.stack([dgamma, dbeta]))), self._count, out=means)

    def _spread(self, name, values, batch):
        """Each feature's value once for every image, as one row (features * N,)."""
        row = self.work.array(name, (self.features, batch), values.dtype)
        np.copyto(row, values[:, None])
        return row.reshape(-1)

    def config(self):
        return {"features": self.features, "momentum": self.momentum, "epsilon": self.epsilon}


def _per_pixel(x):
    """(H, W, C, N) as (H * W, C * N), or (F, N) as (1, F * N)."""
    return x.reshape(math.prod(x.shape[:-2]), -1)


def _column_products(a, b):
    """Sum over rows of a * b, without an array for the products."""
    return np.einsum("pc,pc->c", a, b)
