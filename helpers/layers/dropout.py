"""Dropout: in training, a random share of the values is missing.

As in every layer, `_forward` and `_backward` get arrays with the batch last in memory: x and dy
are (H, W, C, N) or (F, N). See `helpers.layers.base` for the contract.
"""

import numpy as np

from helpers import arguments
from helpers.layers.base import Layer


class Dropout(Layer):
    """Drops a random share of the values in training and scales up the rest; does nothing else.

    Parameters
    ----------
    rate : float
        Share dropped, 0 <= rate < 1. The others are multiplied by 1 / (1 - rate) ("inverted"
        dropout), so that prediction needs no change.
    rng : numpy.random.Generator or int, optional
        Draws the masks.

    References
    ----------
    Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR
    2014.
    """

    # In `fit`, which images of the whole batch this replica has: (start, whole batch size).
    shard = None

    def __init__(self, rate, *, rng=None):
        super().__init__()
        self.rate = arguments.number(rate, "rate", 0.0, 1.0)
        self.rng = np.random.default_rng(0 if rng is None else rng)

    def _forward(self, x, training):
        """y = x * mask, where the mask holds 0 or 1 / (1 - rate)."""
        self._mask = None
        y = self.memory("y", x.shape, x.dtype, over=x)
        if not training or self.rate == 0:
            if y is not x:
                np.copyto(y, x)
            return y
        start, whole = (0, x.shape[-1]) if self.shard is None else self.shard
        bits = self.memory("bits", (*x.shape[:-1], whole), np.uint16)
        self.memory.run(self._draw, bits)
        kept = bits[..., start : start + x.shape[-1]] >= min(round(self.rate * 2**16), 2**16 - 1)
        self._mask = self.memory("mask", x.shape, x.dtype)
        np.multiply(kept, x.dtype.type(1 / (1 - self.rate)), out=self._mask)
        return np.multiply(x, self._mask, out=y)

    def _backward(self, dy):
        """dx = dy * mask."""
        dx = self.memory("dx", dy.shape, dy.dtype, over=dy)
        if self._mask is None:
            np.copyto(dx, dy)
            return dx
        return np.multiply(dy, self._mask, out=dx)

    def _draw(self, bits):
        """Fill with random 16-bit numbers, of which a share `rate` is small enough to drop.

        Every replica draws those of the whole batch and keeps its part, so that the result does not
        depend on the number of threads.
        """
        # Whole 64-bit words are the cheapest random numbers there are.
        words = self.rng.integers(2**64, size=-(-bits.size // 4), dtype=np.uint64)
        bits[...] = words.view(np.uint16)[: bits.size].reshape(bits.shape)

    def config(self):
        return {"rate": self.rate}
