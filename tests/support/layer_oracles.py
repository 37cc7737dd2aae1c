"""Checks of one layer against the oracles, for the real layers and for the mutants alike."""

import numpy as np
import oracles


def assert_close(actual, expected, tolerance=1e-11):
    """Largest difference, as a share of the largest expected value, is within the tolerance."""
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    difference = np.abs(actual - expected).max()
    largest = max(np.abs(expected).max(), 1.0)
    assert difference <= tolerance * largest, f"off by {difference:.2e}, largest {largest:.2e}"


def in_float64(layer, rng):
    """Give the layer random float64 parameters, biases too: zeros could hide a bug."""
    for name, value in layer.params.items():
        layer.params[name] = rng.normal(size=value.shape)
    return layer


def in_float32(layer, rng):
    """Give the layer random float32 parameters."""
    for name, value in layer.params.items():
        layer.params[name] = rng.normal(size=value.shape).astype(np.float32)
    return layer


def check_conv2d(layer, x, rng, *, loops=False, tolerance=1e-11):
    """Forward and backward of a Conv2D, against seven loops or the faster oracle."""
    forward, backward = (
        (oracles.conv2d, oracles.conv2d_backward)
        if loops
        else (oracles.conv2d_by_taps, oracles.conv2d_backward_by_taps)
    )
    weight, bias = (layer.params[k].astype(np.float64) for k in ("weight", "bias"))
    wide = x.astype(np.float64)
    expected = forward(wide, weight, bias, layer.stride, layer.padding)
    assert_close(layer.forward(x, training=True), expected, tolerance)
    dy = rng.normal(size=expected.shape).astype(x.dtype)
    dx = layer.backward(dy)
    expected = backward(wide, weight, dy.astype(np.float64), layer.stride, layer.padding)
    found = (dx, layer.grads["weight"], layer.grads["bias"])
    for actual, wanted in zip(found, expected, strict=True):
        assert_close(actual, wanted, tolerance)


def check_max_pool(layer, x, rng):
    """Forward and backward of a MaxPool2D. Nothing is rounded, so y is exact."""
    y = layer.forward(x, training=True)
    np.testing.assert_array_equal(y, oracles.max_pool(x, layer.pool_size, layer.stride))
    dy = rng.normal(size=y.shape)
    expected = oracles.max_pool_backward(x, dy, layer.pool_size, layer.stride)
    assert_close(layer.backward(dy), expected, 1e-14)


def check_batch_norm(layer, x, rng):
    """Forward in training and in prediction, running statistics and backward of a BatchNorm."""
    gamma, beta = layer.params["gamma"], layer.params["beta"]
    old_mean, old_var = layer.running_mean.copy(), layer.running_var.copy()
    assert_close(layer.forward(x, training=True), oracles.batch_norm(x, gamma, beta, layer.epsilon))
    dy = rng.normal(size=x.shape)
    dx = layer.backward(dy)
    expected = oracles.batch_norm_backward(x, gamma, layer.epsilon, dy)
    found = (dx, layer.grads["gamma"], layer.grads["beta"])
    for actual, wanted in zip(found, expected, strict=True):
        assert_close(actual, wanted)
    columns = [x[:, k].ravel() for k in range(x.shape[1])]
    keep = layer.momentum
    mean = keep * old_mean + (1 - keep) * np.array([c.mean() for c in columns])
    var = keep * old_var + (1 - keep) * np.array([c.var() for c in columns])
    assert_close(layer.running_mean, mean)
    assert_close(layer.running_var, var)
    expected = oracles.batch_norm(x, gamma, beta, layer.epsilon, mean, var)
    assert_close(layer.forward(x, training=False), expected)


def check_dropout(layer, x, rng):
    """Share dropped, scale, the same mask backward, nothing in prediction. x holds no zero."""
    y = layer.forward(x, training=True)
    kept = y != 0
    assert_close(y[kept], x[kept] / (1 - layer.rate), 1e-14)
    # Five standard deviations of a binomial share.
    spread = 5 * np.sqrt(layer.rate * (1 - layer.rate) / x.size)
    assert abs(1 - kept.mean() - layer.rate) <= spread
    dy = rng.normal(size=x.shape)
    assert_close(layer.backward(dy), np.where(kept, dy / (1 - layer.rate), 0.0), 1e-14)
    assert not np.array_equal(layer.forward(x, training=True) != 0, kept), "the mask never changes"
    np.testing.assert_array_equal(layer.forward(x, training=False), x)
    np.testing.assert_array_equal(layer.backward(dy), dy)


def check_relu(layer, x, rng):
    """max(x, 0), and dy where x > 0. x may hold zeros: there the derivative is 0."""
    np.testing.assert_array_equal(layer.forward(x, training=True), np.where(x > 0, x, 0.0))
    dy = rng.normal(size=x.shape)
    np.testing.assert_array_equal(layer.backward(dy), np.where(x > 0, dy, 0.0))


def memory_orders(x):
    """Yield (name, array equal to x) for the ways in which an array may lie in memory."""
    yield "C", np.ascontiguousarray(x)
    yield "Fortran", np.asfortranarray(x)
    last = (*range(1, x.ndim), 0)
    for name, axes in {"batch last, NCHW": last, "batch last, HWCN": (2, 3, 1, 0)}.items():
        if x.ndim == 4 or axes == last:
            yield name, np.ascontiguousarray(x.transpose(axes)).transpose(np.argsort(axes))
    sliced = np.full([2 * n + 1 for n in x.shape], np.nan)[(slice(1, None, 2),) * x.ndim]
    sliced[...] = x
    yield "sliced", sliced
    flip = (slice(None, None, -1),) * x.ndim
    yield "negative strides", np.ascontiguousarray(x[flip])[flip]
    frozen = x.copy()
    frozen.flags.writeable = False
    yield "read-only", frozen
