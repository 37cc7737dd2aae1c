"""Layers with a planted bug: the gradient check or an oracle must catch each of them.

A check is worth what it catches. Most of these bugs were made in real courses.
"""

import numpy as np
import pytest
from layer_oracles import (
    check_batch_norm,
    check_conv2d,
    check_dropout,
    check_max_pool,
    check_relu,
    in_float64,
)

from helpers.gradient_check import away_from_kinks, check_layer
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, MaxPool2D, ReLU

IMAGES, ROWS = (3, 4, 6, 6), (6, 5)


def changed(layer, method, change):
    """The layer, with what a method returns (and what it was given) passed through `change`."""
    original = getattr(type(layer), method)

    def replacement(self, argument, *rest, **options):
        return change(self, argument, original(self, argument, *rest, **options))

    mutant = type(f"Mutant{type(layer).__name__}", (type(layer),), {method: replacement})
    layer.__class__ = mutant
    return layer


def zeros(layer, dy, dx):
    layer.grads = {name: np.zeros_like(value) for name, value in layer.params.items()}
    return np.zeros_like(dx)


def scaled(name, factor):
    def change(layer, dy, dx):
        if name == "x":
            return dx * factor
        layer.grads[name] = layer.grads[name] * factor
        return dx

    return change


def one_entry(name):
    """One entry of a gradient, the last, off by very little."""

    def change(layer, dy, dx):
        dx = dx.copy()
        array = dx if name == "x" else layer.grads[name]
        array[(-1,) * array.ndim] += 1e-3
        return dx

    return change


def transposed_kernel(layer, dy, dx):
    layer.grads["weight"] = layer.grads["weight"].swapaxes(2, 3)
    return dx


def conv():
    return Conv2D(4, 5, 3, padding=1)


# Bugs in backward: name, layer, shape of x, change of (layer, dy, dx), where it must show.
WRONG_GRADIENTS = {
    "dense of zeros": (lambda: Dense(5, 3), ROWS, zeros, {"x", "weight", "bias"}),
    "convolution of zeros": (conv, IMAGES, zeros, {"x", "weight", "bias"}),
    "pool of zeros": (MaxPool2D, IMAGES, zeros, {"x"}),
    "batch norm of zeros": (lambda: BatchNorm(4), IMAGES, zeros, {"x", "gamma", "beta"}),
    "dense, bias averaged": (lambda: Dense(5, 3), ROWS, scaled("bias", 1 / 6), {"bias"}),
    "convolution, bias of zeros": (conv, IMAGES, scaled("bias", 0.0), {"bias"}),
    "convolution, wrong sign": (conv, IMAGES, scaled("x", -1.0), {"x"}),
    "convolution, kernel axes swapped": (conv, IMAGES, transposed_kernel, {"weight"}),
    "dense, one entry": (lambda: Dense(5, 3), ROWS, one_entry("weight"), {"weight"}),
    "convolution, one entry": (conv, IMAGES, one_entry("x"), {"x"}),
    "pool, one entry": (MaxPool2D, IMAGES, one_entry("x"), {"x"}),
    "batch norm, one entry": (lambda: BatchNorm(4), IMAGES, one_entry("gamma"), {"gamma"}),
}


@pytest.mark.parametrize(
    ("make", "shape", "change", "where"), WRONG_GRADIENTS.values(), ids=WRONG_GRADIENTS
)
def test_a_wrong_gradient_is_caught_where_it_is(make, shape, change, where):
    layer, x = in_float64(make(), np.random.default_rng(0)), away_from_kinks(shape)
    assert check_layer(layer, x).passed
    report = check_layer(changed(layer, "backward", change), x)
    assert not report.passed
    assert {name for name, error in report.errors.items() if error > 1e-7} == where
    if change is zeros:
        assert report.errors == dict.fromkeys(where, 1.0)
        assert "zeros" in str(report)


@pytest.mark.parametrize("name", ["x", "weight"])
def test_one_wrong_entry_of_thousands_is_caught_without_looking_at_each(name):
    layer = in_float64(Conv2D(8, 24, 3), np.random.default_rng(0))
    x = away_from_kinks((4, 8, 16, 16))
    assert check_layer(layer, x, samples=20).passed
    report = check_layer(changed(layer, "backward", one_entry(name)), x, samples=20)
    assert {row.name for row in report.rows if row.error > 1e-7} == {name}
    (row,) = (row for row in report.rows if row.name == name)
    assert row.checked == 20 and row.size > 1000


def test_relu_from_its_output_with_greater_or_equal_is_caught():
    def always_passes(layer, dy, dx):
        return dy * (np.maximum(layer.seen, 0) >= 0)

    def remember(layer, x, y):
        layer.seen = x
        return y

    layer = changed(changed(ReLU(), "forward", remember), "backward", always_passes)
    assert check_layer(layer, away_from_kinks(ROWS)).errors["x"] > 0.5
    with pytest.raises(AssertionError):
        check_relu(layer, away_from_kinks(ROWS), np.random.default_rng(0))


def test_dropout_backward_without_the_scale_is_caught():
    layer = changed(Dropout(0.4), "backward", lambda layer, dy, dx: dx * (1 - layer.rate))
    report = check_layer(layer, away_from_kinks((10, 20)))
    assert not report.passed and "0.6 times" in str(report)
    with pytest.raises(AssertionError):
        check_dropout(layer, away_from_kinks((100, 20)), np.random.default_rng(0))


def test_dropout_without_the_scale_both_ways_is_caught_by_the_oracle():
    layer = Dropout(0.4)
    for method in ("forward", "backward"):
        changed(layer, method, lambda layer, argument, result: result * (1 - layer.rate))
    assert check_layer(layer, away_from_kinks((10, 20))).passed, "consistent, but not dropout"
    with pytest.raises(AssertionError):
        check_dropout(layer, away_from_kinks((100, 20)), np.random.default_rng(0))


class DropoutInPrediction(Dropout):
    """Drops in prediction too."""

    def forward(self, x, training=False):
        return super().forward(x, training=True)


class DropoutAnyRandomness(Dropout):
    """Takes its random numbers from where nobody can hold them."""

    def forward(self, x, training=False):
        self.kept = np.random.default_rng().random(x.shape) >= self.rate
        return x * self.kept / (1 - self.rate)

    def backward(self, dy):
        return dy * self.kept / (1 - self.rate)


def test_dropout_in_prediction_is_caught():
    with pytest.raises(AssertionError):
        check_dropout(DropoutInPrediction(0.4), away_from_kinks((100, 20)), np.random.default_rng())


def test_randomness_that_cannot_be_held_is_caught():
    report = check_layer(DropoutAnyRandomness(0.4), away_from_kinks((10, 20)))
    assert not report.passed and "layer.rng" in str(report)


class PixelNorm(BatchNorm):
    """Batch norm over the images only: each pixel has statistics of its own."""

    def forward(self, x, training=False):
        self.shape = x.shape
        gamma, beta = self.params["gamma"][:, None, None], self.params["beta"][:, None, None]
        self.std = np.sqrt(x.var(axis=0) + self.epsilon)
        self.xhat = (x - x.mean(axis=0)) / self.std
        return gamma * self.xhat + beta

    def backward(self, dy):
        self.grads["gamma"] = (dy * self.xhat).sum(axis=(0, 2, 3))
        self.grads["beta"] = dy.sum(axis=(0, 2, 3))
        along = self.xhat * (dy * self.xhat).mean(axis=0)
        return self.params["gamma"][:, None, None] / self.std * (dy - dy.mean(axis=0) - along)


class StatisticsTakenAsConstants(BatchNorm):
    """Forgets that mean and variance depend on x."""

    def backward(self, dy):
        dx = super().backward(dy)
        std = np.sqrt(self.variance + self.epsilon)
        return dy * (self.params["gamma"] / std)[:, None, None] + 0 * dx

    def forward(self, x, training=False):
        self.variance = x.var(axis=(0, 2, 3))
        return super().forward(x, training=training)


class NewValueWeighs(BatchNorm):
    """Takes momentum for the weight of the new value."""

    def forward(self, x, training=False):
        self.momentum = 1 - self.momentum
        y = super().forward(x, training=training)
        self.momentum = 1 - self.momentum
        return y


def test_batch_norm_per_pixel_is_caught_by_the_oracle():
    rng = np.random.default_rng(0)
    layer, x = in_float64(PixelNorm(4), rng), rng.normal(size=(16, *IMAGES[1:]))
    assert check_layer(layer, x, samples=50).passed, "consistent, but not batch norm"
    with pytest.raises(AssertionError):
        check_batch_norm(layer, x, rng)


def test_batch_norm_with_constant_statistics_is_caught():
    rng = np.random.default_rng(0)
    layer, x = in_float64(StatisticsTakenAsConstants(4), rng), rng.normal(size=IMAGES)
    assert check_layer(layer, x).errors["x"] > 1e-3
    with pytest.raises(AssertionError):
        check_batch_norm(layer, x, rng)


def test_batch_norm_momentum_the_wrong_way_round_is_caught():
    rng = np.random.default_rng(0)
    with pytest.raises(AssertionError):
        check_batch_norm(in_float64(NewValueWeighs(4), rng), rng.normal(size=IMAGES), rng)


class TrueConvolution(Conv2D):
    """Turns the kernel round, which deep learning does not."""

    def forward(self, x, training=False):
        weight = self.params["weight"]
        self.params["weight"] = weight[:, :, ::-1, ::-1].copy()
        y = super().forward(x, training=training)
        self.params["weight"] = weight
        return y


class SwappedKernelAxes(Conv2D):
    """Takes the kernel's columns for its rows, forward."""

    def forward(self, x, training=False):
        weight = self.params["weight"]
        self.params["weight"] = weight.swapaxes(2, 3).copy()
        y = super().forward(x, training=training)
        self.params["weight"] = weight
        return y


@pytest.mark.parametrize("mutant", [TrueConvolution, SwappedKernelAxes])
@pytest.mark.parametrize("loops", [True, False], ids=["loops", "taps"])
def test_a_convolution_with_another_kernel_is_caught(mutant, loops):
    rng = np.random.default_rng(0)
    layer, x = in_float64(mutant(4, 5, 3, padding=1), rng), rng.normal(size=IMAGES)
    assert not check_layer(layer, x).passed
    with pytest.raises(AssertionError):
        check_conv2d(layer, x, rng, loops=loops)


class LastOfEquals(MaxPool2D):
    """On a tie, the last element gets the gradient."""

    def forward(self, x, training=False):
        return super().forward(x[:, :, ::-1, ::-1], training=training)[:, :, ::-1, ::-1]

    def backward(self, dy):
        return super().backward(dy[:, :, ::-1, ::-1])[:, :, ::-1, ::-1]


class SharedAmongEquals(MaxPool2D):
    """On a tie, every one of the largest elements gets the whole gradient."""

    def forward(self, x, training=False):
        self.x, self.y = x, super().forward(x, training=training)
        return self.y

    def backward(self, dy):
        return (self.x == np.kron(self.y, np.ones((2, 2)))) * np.kron(dy, np.ones((2, 2)))


@pytest.mark.parametrize("mutant", [LastOfEquals, SharedAmongEquals])
def test_a_tie_that_goes_elsewhere_is_caught(mutant):
    rng = np.random.default_rng(0)
    assert check_layer(mutant(), away_from_kinks(IMAGES)).passed, "right where nothing ties"
    check_max_pool(MaxPool2D(), rng.integers(0, 3, size=IMAGES).astype(float), rng)
    with pytest.raises(AssertionError):
        check_max_pool(mutant(), rng.integers(0, 3, size=IMAGES).astype(float), rng)


def write(layer, argument, result):
    argument *= 0.5
    return result


def add_up(layer, dy, dx):
    total = layer.__dict__.setdefault("total", {})
    for name, gradient in layer.grads.items():
        total[name] = total.get(name, 0.0) + gradient
    layer.grads.update(total)
    return dx


def lose_bias(layer, dy, dx):
    del layer.grads["bias"]
    return dx


def flat_bias(layer, dy, dx):
    layer.grads["bias"] = layer.grads["bias"][:, None]
    return dx


def decay(layer, x, y):
    layer.params["weight"] *= 0.9
    return y


# Breaches of the contract: layer, shape, method, change, what the report must say.
BREACHES = {
    "writes into x": (lambda: Dense(5, 3), ROWS, "forward", write, "x was written to"),
    "relu writes into x": (ReLU, ROWS, "forward", write, "x was written to"),
    "writes into dy": (conv, IMAGES, "backward", write, "dy was written to"),
    "pool writes into dy": (MaxPool2D, IMAGES, "backward", write, "dy was written to"),
    "writes into a weight": (lambda: Dense(5, 3), ROWS, "forward", decay, "weight was written to"),
    "no bias gradient": (conv, IMAGES, "backward", lose_bias, "gradient of bias is missing"),
    "gradient of another shape": (conv, IMAGES, "backward", flat_bias, r"shape \(5, 1\), not"),
    "dx of another shape": (
        ReLU,
        ROWS,
        "backward",
        lambda layer, dy, dx: dx[:1],
        r"gradient of x has shape \(1, 5\), not \(6, 5\)",
    ),
    "nothing returned": (
        ReLU,
        ROWS,
        "backward",
        lambda layer, dy, dx: None,
        "gradient of x is missing",
    ),
    "gradients added up": (lambda: Dense(5, 3), ROWS, "backward", add_up, "second backward"),
    "float32 inside": (
        conv,
        IMAGES,
        "backward",
        lambda layer, dy, dx: dx.astype(np.float32),
        "gradient of x is float32",
    ),
    "float32 forward": (
        conv,
        IMAGES,
        "forward",
        lambda layer, x, y: y.astype(np.float32),
        "forward returns is float32",
    ),
    "NaN": (ReLU, ROWS, "backward", lambda layer, dy, dx: dx * np.nan, "NaN"),
}


@pytest.mark.parametrize(
    ("make", "shape", "method", "change", "message"), BREACHES.values(), ids=BREACHES
)
def test_a_breach_of_the_contract_is_caught_and_named(make, shape, method, change, message):
    layer, x = in_float64(make(), np.random.default_rng(0)), away_from_kinks(shape)
    before = x.copy()
    report = check_layer(changed(layer, method, change), x)
    assert not report.passed
    assert len(report.problems) == 1
    with pytest.raises(AssertionError, match=message):
        report.raise_if_failed()
    np.testing.assert_array_equal(x, before)
