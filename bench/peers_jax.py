"""The networks of the course in JAX: a training step and a prediction, each jitted as a whole.

Images are (N, H, W, C) and filters (H, W, C, F), the order XLA likes best on the CPU.
"""

import functools
import math
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from bench.peers import LEARNING_RATE, batches

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8  # Adam's, as in helpers.optimizers


def make(form, net, batch_size):
    """See `bench.peers.make`; form is "jit"."""
    return _Jax(net, batch_size)


class _Jax:
    """All cores; the state is donated, so that XLA updates it in place."""

    def __init__(self, net, batch_size):
        if net.parameters[0].dtype == np.float64:
            jax.config.update("jax_enable_x64", True)
        self.batch_size, self.rng = batch_size, np.random.default_rng(0)
        self.layers = layers = net.layers
        params = [
            {name: jnp.array(_theirs(value)) for name, value in layer.params.items()}
            for layer in layers
        ]
        statistics = [
            {name: jnp.array(getattr(layer, name)) for name in layer.statistics} for layer in layers
        ]
        zeros = functools.partial(jax.tree.map, jnp.zeros_like)
        key = jax.random.key(0, impl="unsafe_rbg")  # the fastest one, for dropout
        self.state = params, statistics, zeros(params), zeros(params), jnp.array(0.0), key
        self._step = jax.jit(functools.partial(_step, layers), donate_argnums=0)
        self._predict = jax.jit(functools.partial(_predict, layers))
        self._gradients = jax.jit(jax.grad(functools.partial(_loss, layers), has_aux=True))

    def load(self, images, labels):
        self.images, self.labels = jnp.array(_channels_last(images)), jnp.array(labels)

    def train(self, count, epochs, warm=True):
        if warm:
            self._epoch(np.arange(self.batch_size))
        seconds = []
        for _ in range(epochs):
            start = time.perf_counter()
            self._epoch(self.rng.permutation(count))
            seconds.append(time.perf_counter() - start)
        return seconds

    def _epoch(self, order):
        for batch in batches(order, self.batch_size):
            self.state = self._step(self.state, self.images, self.labels, batch)
        jax.block_until_ready(self.state)

    def probabilities(self, images):
        params, statistics = self.state[:2]
        return np.asarray(self._predict(params, statistics, _channels_last(images)))

    def gradients(self, images, labels):
        params, statistics, *_, key = self.state
        found, _ = self._gradients(params, statistics, key, _channels_last(images), labels)
        # JAX sorts the keys of a dict.
        return [
            np.asarray(_ours(of_layer[name]))
            for of_layer, layer in zip(found, self.layers, strict=True)
            for name in layer.params
        ]


def _step(layers, state, images, labels, batch):
    params, statistics, mean, square, steps, key = state
    key, own = jax.random.split(key)
    gradient = jax.grad(functools.partial(_loss, layers), has_aux=True)
    gradients, statistics = gradient(params, statistics, own, images[batch], labels[batch])
    steps = steps + 1
    mean = jax.tree.map(lambda m, g: _BETA1 * m + (1 - _BETA1) * g, mean, gradients)
    square = jax.tree.map(lambda s, g: _BETA2 * s + (1 - _BETA2) * g * g, square, gradients)

    def updated(param, m, s):
        m, s = m / (1 - _BETA1**steps), s / (1 - _BETA2**steps)
        return param - LEARNING_RATE * m / (jnp.sqrt(s) + _EPSILON)

    return jax.tree.map(updated, params, mean, square), statistics, mean, square, steps, key


def _loss(layers, params, statistics, key, images, labels):
    """Mean loss with the penalties, and the new running statistics."""
    logits, statistics = _forward(layers, params, statistics, images, key)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)
    penalty = sum(
        layer.l2 / 2 * jnp.sum(values["weight"] ** 2)
        for layer, values in zip(layers, params, strict=True)
        if getattr(layer, "l2", 0.0)
    )
    return penalty - chosen.mean(), statistics


def _predict(layers, params, statistics, images):
    return jax.nn.softmax(_forward(layers, params, statistics, images)[0])


def _forward(layers, params, statistics, x, key=None):
    """Logits and new running statistics; in training mode where there is a key."""
    latest = []
    for i, (layer, values, known) in enumerate(zip(layers, params, statistics, strict=True)):
        own = None if key is None else jax.random.fold_in(key, i)
        x, known = _layer(layer, values, known, x, own)
        latest.append(known)
    return x, latest


def _layer(layer, values, statistics, x, key):
    match type(layer).__name__:
        case "Conv2D":
            padding = [(p, p) for p in layer.padding]
            order = "NHWC", "HWIO", "NHWC"
            y = lax.conv_general_dilated(
                x, values["weight"], layer.stride, padding, dimension_numbers=order
            )
            return y + values["bias"], statistics
        case "Dense":
            return x @ values["weight"] + values["bias"], statistics
        case "MaxPool2D":
            return _max_pool(layer, x, key is not None), statistics
        case "ReLU":
            return jnp.maximum(x, 0), statistics
        case "Flatten":
            x = x.transpose(0, 3, 1, 2) if x.ndim == 4 else x
            return x.reshape(len(x), math.prod(x.shape[1:])), statistics
        case "Dropout":
            return _dropout(layer, x, key), statistics
        case "BatchNorm":
            return _batch_norm(layer, values, statistics, x, key is not None)
    raise ValueError(f"there is no JAX form of {layer!r} here")


def _max_pool(layer, x, training):
    if not training or layer.stride != layer.pool_size:
        window, stride = (1, *layer.pool_size, 1), (1, *layer.stride, 1)
        return lax.reduce_window(x, -jnp.inf, lax.max, window, stride, "VALID")
    # `reduce_window` is the fastest forward, but its gradient is slow: `classic_cnn` would train at
    # half the speed.
    for axis, size in ((2, layer.pool_size[1]), (1, layer.pool_size[0])):
        length = x.shape[axis] // size * size
        first, *later = (lax.slice_in_dim(x, i, length, size, axis=axis) for i in range(size))
        x = functools.reduce(lambda best, other: jnp.where(other > best, other, best), later, first)
    return x


def _dropout(layer, x, key):
    if key is None or layer.rate == 0:
        return x
    kept = jax.random.bernoulli(key, 1 - layer.rate, x.shape)
    return jnp.where(kept, x / (1 - layer.rate), 0)


def _batch_norm(layer, values, statistics, x, training):
    mean, var = statistics["running_mean"], statistics["running_var"]
    if training:
        axes = tuple(range(x.ndim - 1))
        mean, var = x.mean(axes), x.var(axes)
        old, new = layer.momentum, 1 - layer.momentum
        statistics = {
            "running_mean": old * statistics["running_mean"] + new * mean,
            "running_var": old * statistics["running_var"] + new * var,
        }
    x = (x - mean) * (values["gamma"] * lax.rsqrt(var + layer.epsilon))
    return x + values["beta"], statistics


def _channels_last(images):
    return images.transpose(0, 2, 3, 1)


def _theirs(value):
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value


def _ours(value):
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value
