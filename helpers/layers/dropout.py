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

    def __init__(self, rate, *, rng=None):
        super().__init__()
        self.rate = arguments.number(rate, "rate", 0.0, 1.0)
        self.rng = np.random.default_rng(0 if rng is None else rng)
        self._unseeded = rng is None

    def _forward(self, x, training):
        """y = x * mask, where the mask holds 0 or 1 / (1 - rate)."""
        self._mask = None
        y = self.work.over(x, "y")
        if not training or self.rate == 0:
            if y is not x:
                np.copyto(y, x)
            return y
        start, whole = self.seat.shard or (0, x.shape[-1])
        bits = self.work.array("bits", (*x.shape[:-1], whole), np.uint16)
        self.work.run(self._draw, bits)
        kept = bits[..., start : start + x.shape[-1]] >= min(round(self.rate * 2**16), 2**16 - 1)
        self._mask = self.work.array("mask", x.shape, x.dtype)
        np.multiply(kept, x.dtype.type(1 / (1 - self.rate)), out=self._mask)
        return np.multiply(x, self._mask, out=y)

    def _backward(self, dy):
        """dx = dy * mask."""
        dx = self.work.gradient_over(dy)
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

    def reseed(self, rng):
        """Take another generator, if nothing was drawn yet from one made without an `rng`."""
        untouched = np.random.default_rng(0).bit_generator.state
        if self._unseeded and self.rng.bit_generator.state == untouched:
            self.rng = rng
        self._unseeded = False

    def config(self):
        return {"rate": self.rate}
