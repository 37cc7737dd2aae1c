"""The layers of the course.

Every layer keeps one contract:

    y  = layer.forward(x, training=False)    what the layer computes
    dx = layer.backward(dy)                  given dy = dL/dy: returns dL/dx, fills `layer.grads`

`layer.params` and `layer.grads` are dicts with the same keys and shapes. x and dy are never written
to. Activations are (N, C, H, W) or (N, F) to whoever calls; inside, `_forward` and `_backward` work
on the memory behind them, (H, W, C, N) or (F, N), with the batch last (see `helpers.memory`). What
all layers share is in `helpers.layer`.

The dtype follows the parameters: float32 to train, float64 to check gradients.
"""

import math

import numpy as np

from helpers import arguments, convolution, memory, pooling, products
from helpers.batch_norm import BatchNorm
from helpers.layer import Layer

__all__ = [
    "LAYERS",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "MaxPool2D",
    "ReLU",
]


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
        self.params["weight"] = _he_normal((self.inputs, self.outputs), self.inputs, rng)
        self.params["bias"] = np.zeros(self.outputs, np.float32)

    @property
    def penalty(self):
        weight = self.params["weight"]
        return 0.5 * self.l2 * float(np.vdot(weight, weight)) if self.l2 else 0.0

    def _arranged(self, x):
        """The transpose, without a copy: BLAS reads matrices row by row or column by column."""
        return x.T

    def _forward(self, x, training):
        """y = W^T x + b, with x (inputs, N) and y (outputs, N)."""
        weight = self.params["weight"]
        if len(x) != len(weight):
            raise ValueError(f"{self!r} takes {len(weight)} features an image, not {len(x)}")
        self._x = x
        y = self.memory("y", (weight.shape[1], x.shape[1]), x.dtype)
        products.transposed_times(weight, x, y, self.memory)
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
        return products.times(weight, dy, self.memory("dx", self._x.shape, dy.dtype))

    def output_shape(self, input_shape):
        if tuple(input_shape) != (self.inputs,):
            raise ValueError(f"{self!r} takes shape ({self.inputs},), not {tuple(input_shape)}")
        return (self.outputs,)

    def config(self):
        return {"inputs": self.inputs, "outputs": self.outputs} | (
            {"l2": self.l2} if self.l2 else {}
        )


class Conv2D(Layer):
    """Two-dimensional convolution (cross-correlation) with a bank of filters.

        y[n, f, ho, wo] = b[f] + sum over c, i, j of
                          w[f, c, i, j]  x[n, c, ho s + i - p, wo s + j - p]

    Parameters
    ----------
    channels, filters : int
        Channels of the input and of the output.
    kernel_size : int or (int, int)
        Height and width of a filter.
    stride : int or (int, int)
    padding : int, (int, int) or "same"
        Rows and columns of zeros on each side. "same" keeps the size at stride 1 and needs an odd
        kernel.
    rng : numpy.random.Generator or int, optional
        Draws the initial weights, He normal with fan-in channels * height * width.
    """

    _ndims = (4,)

    def __init__(self, channels, filters, kernel_size, stride=1, padding=0, *, rng=None):
        super().__init__()
        self.channels = arguments.whole_number(channels, "channels")
        self.filters = arguments.whole_number(filters, "filters")
        self.kernel_size = arguments.pair(kernel_size, "kernel_size")
        self.stride = arguments.pair(stride, "stride")
        if isinstance(padding, str):
            padding = _same_padding(padding, self.kernel_size, self.stride)
        self.padding = arguments.pair(padding, "padding", minimum=0)
        shape = (self.filters, self.channels, *self.kernel_size)
        self.params["weight"] = _he_normal(shape, math.prod(shape[1:]), rng)
        self.params["bias"] = np.zeros(self.filters, np.float32)

    def _forward(self, x, training):
        """One matrix product for each output pixel: see `helpers.convolution`."""
        self.output_shape(_outer_shape(x))
        self._x = x
        weight, bias = self.params["weight"], self.params["bias"]
        return convolution.correlate(x, weight, self.stride, self.padding, bias, self.memory)

    def _backward(self, dy):
        """dw correlates x with dy; db sums dy over pixels and images; dx spreads dy back with w."""
        weight = self.params["weight"]
        self.grads["weight"], self.grads["bias"] = convolution.parameter_gradients(
            self._x, dy, self.kernel_size, self.stride, self.padding, self.memory
        )
        if not self.input_gradient:
            return None
        return convolution.input_gradient(
            dy, weight, self.stride, self.padding, self._x.shape, self.memory
        )

    def output_shape(self, input_shape):
        channels, *size = _image_shape(self, input_shape)
        if channels != self.channels:
            raise ValueError(f"{self!r} takes {self.channels} channels, not {channels}")
        if any(n + 2 * p < k for n, p, k in zip(size, self.padding, self.kernel_size, strict=True)):
            raise ValueError(f"{self!r}: the kernel is larger than the padded image {tuple(size)}")
        arguments = zip(size, self.kernel_size, self.stride, self.padding, strict=True)
        return (self.filters, *(convolution.output_size(*a) for a in arguments))

    def config(self):
        names = ("channels", "filters", "kernel_size", "stride", "padding")
        return {name: getattr(self, name) for name in names}


class MaxPool2D(Layer):
    """Maximum over windows; on a tie the first element in row-major order counts.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of the window.
    stride : int or (int, int), optional
        Default is `pool_size`. Windows may overlap; what no full window covers is left out.
    """

    _ndims = (4,)

    def __init__(self, pool_size=2, stride=None):
        super().__init__()
        self.pool_size = arguments.pair(pool_size, "pool_size")
        self.stride = self.pool_size if stride is None else arguments.pair(stride, "stride")

    def _forward(self, x, training):
        """The maximum of each window: along its rows, then down its columns."""
        self.output_shape(_outer_shape(x))
        self._shape = x.shape
        (ph, pw), (sh, sw) = self.pool_size, self.stride
        rest = self.memory, "columns", self.backward_follows
        self._row_best, self._columns = pooling.max_along(x, 1, pw, sw, *rest)
        rest = self.memory, "rows", self.backward_follows
        y, self._rows = pooling.max_along(self._row_best, 0, ph, sh, *rest)
        return y if ph * pw > 1 else y.copy()

    def _backward(self, dy):
        """The whole gradient goes to the element that was the maximum, zero to the others."""
        (ph, pw), (sh, sw) = self.pool_size, self.stride
        middle = self.memory("scratch pool", self._row_best.shape, dy.dtype)
        pooling.route_along(dy, self._rows, 0, ph, sh, middle)
        dx = self.memory("dx", self._shape, dy.dtype)
        pooling.route_along(middle, self._columns, 1, pw, sw, dx)
        return dx

    def output_shape(self, input_shape):
        channels, *size = _image_shape(self, input_shape)
        if any(n < k for n, k in zip(size, self.pool_size, strict=True)):
            raise ValueError(f"{self!r}: the window is larger than the image {tuple(size)}")
        arguments = zip(size, self.pool_size, self.stride, (0, 0), strict=True)
        return (channels, *(convolution.output_size(*a) for a in arguments))

    def config(self):
        stride = None if self.stride == self.pool_size else self.stride
        return {"pool_size": self.pool_size, "stride": stride}


class ReLU(Layer):
    """y = max(x, 0), for a batch of any shape.

    At x = 0, where there is no derivative, 0 is taken.
    """

    def _forward(self, x, training):
        y = self.memory("y", x.shape, x.dtype, over=x)
        if self.backward_follows:
            self._positive = self.memory("positive", x.shape, np.bool_)
            np.greater(x, 0, out=self._positive)
        # Zeros, as NumPy's maximum of two arrays is three times as fast as of array and number.
        zeros = self.memory("zeros", x.shape[-3:], x.dtype, fill=_with_zeros)
        return np.maximum(x, zeros, out=y)

    def _backward(self, dy):
        """dx = dy where x > 0, else 0."""
        return np.multiply(dy, self._positive, out=self.memory("dx", dy.shape, dy.dtype, over=dy))


class Flatten(Layer):
    """(N, C, H, W) to (N, C * H * W), in the order channel, row, column."""

    def _arranged(self, x):
        """With the batch last only if it lies so: rows of (N, C, H, W) are flat already."""
        self._batch_last_in_memory = memory.batch_last_view(x).flags.c_contiguous
        return memory.batch_last_view(x)

    def _forward(self, x, training):
        self._shape = x.shape
        if not self._batch_last_in_memory:
            outer = memory.batch_first(x)
            return self.memory.own(outer).reshape(len(outer), -1).T
        if x.ndim != 4:
            return x.copy().reshape(-1, x.shape[-1])
        height, width, channels, batch = x.shape
        y = self.memory("y", (channels, height, width, batch), x.dtype)
        np.copyto(y, x.transpose(2, 0, 1, 3))
        return y.reshape(-1, batch)

    def _backward(self, dy):
        if len(self._shape) != 4:
            return dy.reshape(self._shape).copy()
        height, width, channels, batch = self._shape
        dx = self.memory("dx", self._shape, dy.dtype)
        np.copyto(dx, dy.reshape(channels, height, width, batch).transpose(1, 2, 0, 3))
        return dx

    def output_shape(self, input_shape):
        return (math.prod(input_shape),)


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


LAYERS = (Dense, Conv2D, MaxPool2D, ReLU, Flatten, Dropout, BatchNorm)


def _outer_shape(x):
    """(C, H, W) of an array that lies as (H, W, C, N)."""
    return x.shape[2], x.shape[0], x.shape[1]


def _he_normal(shape, fan_in, rng):
    rng = np.random.default_rng(0 if rng is None else rng)
    return (rng.standard_normal(shape) * math.sqrt(2 / fan_in)).astype(np.float32)


def _with_zeros(array):
    array[...] = 0


def _image_shape(asking, shape):
    if len(shape) != 3:
        raise ValueError(f"{asking!r} takes images (C, H, W), not shape {tuple(shape)}")
    return shape


def _same_padding(padding, kernel_size, stride):
    if padding != "same":
        raise ValueError(f'padding must be a number, a pair or "same", not {padding!r}')
    if stride != (1, 1) or any(k % 2 == 0 for k in kernel_size):
        raise ValueError('padding="same" needs stride 1 and an odd kernel')
    return tuple(k // 2 for k in kernel_size)
