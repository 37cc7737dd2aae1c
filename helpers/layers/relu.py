"""ReLU, the kink that makes a network more than one matrix.

As in every layer, `_forward` and `_backward` get arrays with the batch last in memory: x and dy
are (H, W, C, N) or (F, N). See `helpers.layers.base` for the contract.
"""

import numpy as np

from helpers.layers.base import Layer


class ReLU(Layer):
    """y = max(x, 0), for a batch of any shape.

    At x = 0, where there is no derivative, 0 is taken.
    """

    def _forward(self, x, training):
        y = self.work.over(x, "y")
        if self.backward_follows:
            self._positive = self.work.array("positive", x.shape, np.bool_)
            np.greater(x, 0, out=self._positive)
        # Zeros, as NumPy's maximum of two arrays is three times as fast as of array and number.
        zeros = self.work.constant("zeros", x.shape[-3:], x.dtype, _with_zeros)
        return np.maximum(x, zeros, out=y)

    def _backward(self, dy):
        """dx = dy where x > 0, else 0."""
        return np.multiply(dy, self._positive, out=self.work.gradient_over(dy))


def _with_zeros(array):
    array[...] = 0
