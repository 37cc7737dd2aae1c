"""The convolutional layer: a bank of small filters, moved over the image.

As in every layer, `_forward` and `_backward` get arrays with the batch last in memory: x is
(H, W, channels, N) and dy is (H', W', filters, N). See `helpers.layers.base` for the contract; the
sums themselves are in `helpers.fast.convolution`.
"""

import functools
import math

import numpy as np

from helpers import arguments
from helpers.fast import convolution
from helpers.layers.base import Layer, he_normal, image_shape, outer_shape


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
        self.params["weight"] = he_normal(shape, math.prod(shape[1:]), rng)
        self._unseeded = rng is None
        self.params["bias"] = np.zeros(self.filters, np.float32)

    def _forward(self, x, training):
        """One matrix product for each output pixel: see `helpers.fast.convolution`."""
        self.output_shape(outer_shape(x))
        self._x = x
        weight, bias = self.params["weight"], self.params["bias"]
        return convolution.correlate(x, weight, self.stride, self.padding, bias, self.work)

    def _backward(self, dy):
        """dw correlates x with dy; db sums dy over pixels and images; dx spreads dy back with w."""
        weight = self.params["weight"]
        self.grads["weight"], self.grads["bias"] = convolution.parameter_gradients(
            self._x, dy, self.kernel_size, self.stride, self.padding, self.work
        )
        if not self.input_gradient:
            return None
        return convolution.input_gradient(
            dy, weight, self.stride, self.padding, self._x.shape, self.work
        )

    def output_shape(self, input_shape):
        channels, *size = image_shape(self, input_shape)
        if channels != self.channels:
            raise ValueError(f"{self!r} takes {self.channels} channels, not {channels}")
        if any(n + 2 * p < k for n, p, k in zip(size, self.padding, self.kernel_size, strict=True)):
            raise ValueError(f"{self!r}: the kernel is larger than the padded image {tuple(size)}")
        arguments = zip(size, self.kernel_size, self.stride, self.padding, strict=True)
        return (self.filters, *(convolution.output_size(*a) for a in arguments))

    def reseed(self, rng):
        """Draw the weights anew, if they are as drawn without an `rng`."""
        weight = self.params["weight"]
        draw = functools.partial(he_normal, weight.shape, math.prod(weight.shape[1:]))
        if self._unseeded and np.array_equal(weight, draw(None)):
            self.params["weight"] = draw(rng)
        self._unseeded = False

    def config(self):
        names = ("channels", "filters", "kernel_size", "stride", "padding")
        return {name: getattr(self, name) for name in names}


def _same_padding(padding, kernel_size, stride):
    if padding != "same":
        raise ValueError(f'padding must be a number, a pair or "same", not {padding!r}')
    if stride != (1, 1) or any(k % 2 == 0 for k in kernel_size):
        raise ValueError('padding="same" needs stride 1 and an odd kernel')
    return tuple(k // 2 for k in kernel_size)
