"""Max pooling: the largest value of each window.

As in every layer, `_forward` and `_backward` get arrays with the batch last in memory: x is
(H, W, C, N) and dy is (H', W', C, N). See `helpers.layers.base` for the contract; the comparisons
themselves are in `helpers.fast.pooling`.
"""

from helpers import arguments
from helpers.fast import convolution, pooling
from helpers.layers.base import Layer, image_shape, outer_shape


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
        self.output_shape(outer_shape(x))
        self._shape = x.shape
        (ph, pw), (sh, sw) = self.pool_size, self.stride
        rest = self.work, "columns", self.backward_follows
        self._row_best, self._columns = pooling.max_along(x, 1, pw, sw, *rest)
        rest = self.work, "rows", self.backward_follows
        y, self._rows = pooling.max_along(self._row_best, 0, ph, sh, *rest)
        return y if ph * pw > 1 else y.copy()

    def _backward(self, dy):
        """The whole gradient goes to the element that was the maximum, zero to the others."""
        (ph, pw), (sh, sw) = self.pool_size, self.stride
        middle = self.work.scratch("pool", self._row_best.shape, dy.dtype)
        pooling.route_along(dy, self._rows, 0, ph, sh, middle)
        dx = self.work.gradient(self._shape, dy.dtype)
        pooling.route_along(middle, self._columns, 1, pw, sw, dx)
        return dx

    def output_shape(self, input_shape):
        channels, *size = image_shape(self, input_shape)
        if any(n < k for n, k in zip(size, self.pool_size, strict=True)):
            raise ValueError(f"{self!r}: the window is larger than the image {tuple(size)}")
        arguments = zip(size, self.pool_size, self.stride, (0, 0), strict=True)
        return (channels, *(convolution.output_size(*a) for a in arguments))

    def config(self):
        stride = None if self.stride == self.pool_size else self.stride
        return {"pool_size": self.pool_size, "stride": stride}
