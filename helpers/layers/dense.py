"""The dense layer: every output is a weighted sum of all inputs.

As in every layer, `_forward` and `_backward` get arrays with the batch last in memory: x is
(inputs, N) and dy is (outputs, N). See `helpers.layers.base` for the contract.
"""

import functools
import math

import numpy as np

from helpers import arguments
from helpers.fast import products
from helpers.layers.base import Layer, he_normal


class Dense(Layer):
    r"""Fully connected layer, y = x W + b.

    Parameters
    ----------
    inputs, outputs : int
    rng : numpy.random.Generator or int, optional
        Draws the initial weights, He normal: mean 0, variance 2 / inputs.
    l2 : float
        Adds the penalty l2 / 2 \|W\|^2 to the loss, and its gradient l2 W to `grads["weight"]`.

    References
    ----------
    He et al., "Delving Deep into Rectifiers", ICCV 2015, equation 10.
    """

    _ndims = (2,)

    def __init__(self, inputs, outputs, *, rng=None, l2=0.0):
        super().__init__()
        self.inputs = arguments.whole_number(inputs, "inputs")
        self.outputs = arguments.whole_number(outputs, "outputs")
        self.l2 = arguments.number(l2, "l2", 0.0, math.inf)
        self.params["weight"] = he_normal((self.inputs, self.outputs), self.inputs, rng)
        self._unseeded = rng is None
        self.params["bias"] = np.zeros(self.outputs, np.float32)

    @property
    def penalty(self):
        weight = self.params["weight"]
        return 0.5 * self.l2 * float(np.vdot(weight, weight)) if self.l2 else 0.0

    def as_replica(self, seat, work):
        """The penalty counts once: only the first replica has it."""
        replica = super().as_replica(seat, work)
        replica.l2 = self.l2 if seat.index == 0 else 0.0
        return replica

    def _arranged(self, x):
        """The transpose, without a copy: BLAS reads matrices row by row or column by column."""
        return x.T

    def _forward(self, x, training):
        """y = W^T x + b, with x (inputs, N) and y (outputs, N)."""
        weight = self.params["weight"]
        if len(x) != len(weight):
            raise ValueError(f"{self!r} takes {len(weight)} features an image, not {len(x)}")
        self._x = x
        y = self.work.array("y", (weight.shape[1], x.shape[1]), x.dtype)
        products.transposed_times(weight, x, y, self.work)
        y += self.params["bias"][:, None]
        return y

    def _backward(self, dy):
        """dW = x dy^T,  db = sum of dy over the batch,  dx = W dy."""
        weight = self.params["weight"]
        self.grads["weight"] = np.matmul(self._x, dy.T)
        if self.l2:
            self.grads["weight"] += self.l2 * weight
        self.grads["bias"] = dy.sum(axis=1)
        if not self.input_gradient:
            return None
        return products.times(weight, dy, self.work.gradient(self._x.shape, dy.dtype))

    def output_shape(self, input_shape):
        if tuple(input_shape) != (self.inputs,):
            raise ValueError(f"{self!r} takes shape ({self.inputs},), not {tuple(input_shape)}")
        return (self.outputs,)

    def reseed(self, rng):
        """Draw the weights anew, if they are as drawn without an `rng`."""
        weight = self.params["weight"]
        draw = functools.partial(he_normal, weight.shape, self.inputs)
        if self._unseeded and np.array_equal(weight, draw(None)):
            self.params["weight"] = draw(rng)
        self._unseeded = False

    def config(self):
        return {"inputs": self.inputs, "outputs": self.outputs} | (
            {"l2": self.l2} if self.l2 else {}
        )
