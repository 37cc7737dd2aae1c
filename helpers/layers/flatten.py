"""Flatten: from images to rows of numbers, on the way to a dense layer.

As in every layer, `_forward` and `_backward` get arrays with the batch last in memory: x is
(H, W, C, N) and dy is (C * H * W, N). See `helpers.layers.base` for the contract.
"""

import math

import numpy as np

from helpers.fast import order
from helpers.layers.base import Layer


class Flatten(Layer):
    """(N, C, H, W) to (N, C * H * W), in the order channel, row, column."""

    def _arranged(self, x):
        """With the batch last only if it lies so: rows of (N, C, H, W) are flat already."""
        self._batch_last_in_memory = order.batch_last_view(x).flags.c_contiguous
        return order.batch_last_view(x)

    def _forward(self, x, training):
        self._shape = x.shape
        if not self._batch_last_in_memory:
            outer = order.batch_first(x)
            return self.work.own(outer).reshape(len(outer), -1).T
        if x.ndim != 4:
            return x.copy().reshape(-1, x.shape[-1])
        height, width, channels, batch = x.shape
        y = self.work.array("y", (channels, height, width, batch), x.dtype)
        np.copyto(y, x.transpose(2, 0, 1, 3))
        return y.reshape(-1, batch)

    def _backward(self, dy):
        if len(self._shape) != 4:
            return dy.reshape(self._shape).copy()
        height, width, channels, batch = self._shape
        dx = self.work.gradient(self._shape, dy.dtype)
        np.copyto(dx, dy.reshape(channels, height, width, batch).transpose(1, 2, 0, 3))
        return dx

    def output_shape(self, input_shape):
        return (math.prod(input_shape),)
