"""The layers as textbooks write them: NCHW in memory, im2col, one large matrix product.

Right, readable, and the measure of what `helpers` gains. Compare Saitoh, "Deep Learning from
Scratch", O'Reilly 2019, chapter 7, and the assignments of Stanford's CS231n. Square kernels, stride
1, no padding, windows of a pool side by side: what the networks of the course need.
"""

import numpy as np


def im2col(x, size):
    """Each window of x (N, C, H, W) as one row: (N * Ho * Wo, C * size * size)."""
    batch, channels, height, width = x.shape
    out_h, out_w = height - size + 1, width - size + 1
    columns = np.empty((batch, channels, size, size, out_h, out_w), x.dtype)
    for i in range(size):
        for j in range(size):
            columns[:, :, i, j] = x[:, :, i : i + out_h, j : j + out_w]
    return columns.transpose(0, 4, 5, 1, 2, 3).reshape(batch * out_h * out_w, -1)


def col2im(columns, shape, size):
    """The reverse of `im2col`: add every window to the place (N, C, H, W) it came from."""
    batch, channels, height, width = shape
    out_h, out_w = height - size + 1, width - size + 1
    columns = columns.reshape(batch, out_h, out_w, channels, size, size).transpose(0, 3, 4, 5, 1, 2)
    x = np.zeros(shape, columns.dtype)
    for i in range(size):
        for j in range(size):
            x[:, :, i : i + out_h, j : j + out_w] += columns[:, :, i, j]
    return x


class Conv2D:
    """y[n, f, i, j] = b[f] + sum of w[f] * (window of x[n] at i, j)."""

    def __init__(self, weight, bias):
        self.params = [weight, bias]

    def forward(self, x, training):
        weight, bias = self.params
        filters, _, size, _ = weight.shape
        self.shape, self.columns = x.shape, im2col(x, size)
        y = self.columns @ weight.reshape(filters, -1).T + bias
        out_h, out_w = x.shape[2] - size + 1, x.shape[3] - size + 1
        return y.reshape(len(x), out_h, out_w, filters).transpose(0, 3, 1, 2)

    def backward(self, dy):
        weight, _ = self.params
        filters, _, size, _ = weight.shape
        dy = dy.transpose(0, 2, 3, 1).reshape(-1, filters)
        self.grads = [(dy.T @ self.columns).reshape(weight.shape), dy.sum(axis=0)]
        return col2im(dy @ weight.reshape(filters, -1), self.shape, size)


class MaxPool2D:
    """Maximum of each window; the gradient goes to the first element that reached it."""

    params = grads = ()

    def __init__(self, size):
        self.size = size

    def forward(self, x, training):
        self.shape, size = x.shape, self.size
        batch, channels, height, width = x.shape
        out_h, out_w = height // size, width // size
        windows = x[:, :, : out_h * size, : out_w * size]
        windows = windows.reshape(batch, channels, out_h, size, out_w, size)
        windows = windows.transpose(0, 1, 2, 4, 3, 5).reshape(batch, channels, out_h, out_w, -1)
        self.winner = windows.argmax(axis=-1)[..., None]
        return np.take_along_axis(windows, self.winner, axis=-1)[..., 0]

    def backward(self, dy):
        (batch, channels, out_h, out_w), size = dy.shape, self.size
        windows = np.zeros((*dy.shape, size * size), dy.dtype)
        np.put_along_axis(windows, self.winner, dy[..., None], axis=-1)
        windows = windows.reshape(*dy.shape, size, size).transpose(0, 1, 2, 4, 3, 5)
        dx = np.zeros(self.shape, dy.dtype)
        dx[:, :, : out_h * size, : out_w * size] = windows.reshape(
            batch, channels, out_h * size, out_w * size
        )
        return dx


class ReLU:
    """y = max(x, 0)."""

    params = grads = ()

    def forward(self, x, training):
        self.positive = x > 0
        return np.maximum(x, 0)

    def backward(self, dy):
        return dy * self.positive


class Flatten:
    """(N, C, H, W) to (N, C * H * W)."""

    params = grads = ()

    def forward(self, x, training):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy):
        return dy.reshape(self.shape)


class Dense:
    """y = x W + b, with the penalty l2 / 2 |W|^2."""

    def __init__(self, weight, bias, l2=0.0):
        self.params, self.l2 = [weight, bias], l2

    def forward(self, x, training):
        self.x = x
        return x @ self.params[0] + self.params[1]

    def backward(self, dy):
        weight, _ = self.params
        self.grads = [self.x.T @ dy + self.l2 * weight, dy.sum(axis=0)]
        return dy @ weight.T


class Dropout:
    """Drop a share `rate` of the values in training, scale the others up."""

    params = grads = ()

    def __init__(self, rate, rng):
        self.rate, self.rng = rate, rng

    def forward(self, x, training):
        self.mask = np.ones_like(x)
        if not training:
            return x
        kept = self.rng.random(x.shape, dtype=np.float32) >= self.rate
        self.mask = kept.astype(x.dtype) / x.dtype.type(1 - self.rate)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class BatchNorm:
    """y = gamma (x - mean) / sqrt(var + epsilon) + beta, for each channel or feature."""

    def __init__(self, gamma, beta, mean, var, momentum, epsilon):
        self.params = [gamma, beta]
        self.running_mean, self.running_var = mean, var
        self.momentum, self.epsilon = momentum, epsilon

    def forward(self, x, training):
        self.axes = (0,) if x.ndim == 2 else (0, 2, 3)
        gamma, beta = map(self._spread, self.params)
        mean, var = self._spread(self.running_mean), self._spread(self.running_var)
        if training:
            mean = x.mean(axis=self.axes, keepdims=True)
            var = x.var(axis=self.axes, keepdims=True)
            self.running_mean = self._mixed(self.running_mean, mean)
            self.running_var = self._mixed(self.running_var, var)
        self.std = np.sqrt(var + self.epsilon)
        self.normalised = (x - mean) / self.std
        return gamma * self.normalised + beta

    def backward(self, dy):
        self.grads = [(dy * self.normalised).sum(axis=self.axes), dy.sum(axis=self.axes)]
        count = dy.size // len(self.params[0])
        dgamma, dbeta = (self._spread(gradient) / count for gradient in self.grads)
        gamma = self._spread(self.params[0])
        return gamma / self.std * (dy - dbeta - self.normalised * dgamma)

    def _spread(self, values):
        return values.reshape(1, -1) if self.axes == (0,) else values.reshape(1, -1, 1, 1)

    def _mixed(self, running, latest):
        return self.momentum * running + (1 - self.momentum) * latest.reshape(-1)


class Network:
    """One layer after the other."""

    def __init__(self, layers):
        self.layers = layers

    def forward(self, x, training=False):
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    @property
    def parameters(self):
        return [value for layer in self.layers for value in layer.params]

    @property
    def gradients(self):
        return [value for layer in self.layers for value in layer.grads]


def like(net, seed=0):
    """The textbook's version of a network of the course, with copies of its weights.

    Parameters
    ----------
    net : helpers.network.Sequential
    seed : int
        Draws the masks of dropout.

    Returns
    -------
    Network

    Raises
    ------
    ValueError
        If a layer needs more than the textbook's can do (see the top of this module).
    """
    rng = np.random.default_rng(seed)
    return Network([_like(layer, rng) for layer in net.layers])


def _like(layer, rng):
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    square = window is not None and window[0] == window[1]
    values = [value.copy() for value in layer.params.values()]
    match type(layer).__name__:
        case "Conv2D" if layer.stride == (1, 1) and layer.padding == (0, 0) and square:
            return Conv2D(*values)
        case "MaxPool2D" if layer.stride == layer.pool_size and square:
            return MaxPool2D(layer.pool_size[0])
        case "ReLU":
            return ReLU()
        case "Flatten":
            return Flatten()
        case "Dense":
            return Dense(*values, layer.l2)
        case "Dropout":
            return Dropout(layer.rate, rng)
        case "BatchNorm":
            statistics = layer.running_mean.copy(), layer.running_var.copy()
            return BatchNorm(*values, *statistics, layer.momentum, layer.epsilon)
    raise ValueError(f"the textbook version has no {layer!r}")
