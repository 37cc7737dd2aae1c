"""The judge itself: centred differences, relative error, reports, and what they leave alone."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from layer_oracles import in_float64, memory_orders

from helpers import architectures
from helpers.gradient_check import (
    GradientError,
    away_from_kinks,
    check_layer,
    check_network,
    numerical_gradient,
    relative_error,
)
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from helpers.network import Sequential

# ---------------------------------------------------------------- numerical_gradient


@pytest.mark.parametrize(
    ("f", "derivative"),
    [
        (np.sin, np.cos),
        (np.exp, np.exp),
        (lambda x: x**3, lambda x: 3 * x**2),
        (lambda x: 1 / (2 + x), lambda x: -1 / (2 + x) ** 2),
    ],
)
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3), (2, 1, 3, 2)], ids=str)
def test_numerical_gradient_agrees_with_calculus(f, derivative, shape):
    rng = np.random.default_rng(0)
    x, dy = rng.uniform(-1, 1, size=shape), rng.normal(size=shape)
    x, dy = np.array(x), np.array(dy)
    found = numerical_gradient(lambda x: float(f(x).sum()), x)
    assert found.shape == shape and found.dtype == np.float64
    assert relative_error(found, derivative(x)) < 1e-9
    assert relative_error(numerical_gradient(f, x, dy), dy * derivative(x)) < 1e-9


def test_numerical_gradient_of_several_outputs():
    rng = np.random.default_rng(0)
    a, x, dy = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=(4, 5))
    assert relative_error(numerical_gradient(lambda x: a @ x, x, dy), a.T @ dy) < 1e-9
    # A parameter that the function uses of itself.
    assert relative_error(numerical_gradient(lambda _: a @ x, a, dy), dy @ x.T) < 1e-9


def test_numerical_gradient_of_a_view_of_its_argument():
    x, dy = np.arange(6.0).reshape(2, 3), np.arange(6.0)[::-1] + 1
    np.testing.assert_allclose(numerical_gradient(lambda x: x.ravel(), x, dy).ravel(), dy)


@pytest.mark.parametrize("h", [1e-3, 1e-5])
def test_numerical_gradient_uses_its_step(h):
    # The error of centred differences of x**3 is h**2, exactly.
    found = numerical_gradient(lambda x: float((x**3).sum()), np.array([0.5]), h=h)
    assert abs(found[0] - 0.75 - h**2) < 1e-10


def test_numerical_gradient_puts_every_bit_back():
    x = np.random.default_rng(0).normal(size=(3, 4))
    before = x.copy()
    numerical_gradient(lambda x: float((x**2).sum()), x)
    np.testing.assert_array_equal(x, before)

    calls = []

    def breaks(x):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return float(x.sum())

    with pytest.raises(KeyboardInterrupt):
        numerical_gradient(breaks, x)
    np.testing.assert_array_equal(x, before)


def test_numerical_gradient_names_what_it_cannot_use():
    def total(x):
        return float(np.sum(x))

    with pytest.raises(TypeError, match="float32"):
        numerical_gradient(total, np.zeros(2, np.float32))
    with pytest.raises(TypeError, match="list"):
        numerical_gradient(total, [1.0, 2.0])
    with pytest.raises(TypeError, match="f returned float32.*parameters"):
        numerical_gradient(lambda x: x.astype(np.float32), np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="h must be positive"):
        numerical_gradient(total, np.zeros(2), h=0.0)
    with pytest.raises(ValueError, match=r"shape \(2,\).*shape \(\).*give a dy"):
        numerical_gradient(lambda x: x * 2, np.zeros(2))
    with pytest.raises(ValueError, match=r"shape \(2,\) and dy has shape \(3,\)"):
        numerical_gradient(lambda x: x * 2, np.zeros(2), np.ones(3))
    frozen = np.zeros(2)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        numerical_gradient(total, frozen)


# ---------------------------------------------------------------- relative_error

numbers = st.integers(-(10**9), 10**9).map(lambda n: n / 1000)
pairs = hnp.array_shapes(max_dims=3, max_side=4).flatmap(
    lambda shape: st.tuples(*[hnp.arrays(np.float64, shape, elements=numbers)] * 2)
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(pairs)
def test_relative_error_is_symmetric_and_a_share(pair):
    a, b = pair
    error = relative_error(a, b)
    assert error == relative_error(b, a)
    assert 0 <= error <= 1 + 1e-15
    assert (error == 0) == np.array_equal(a, b)
    assert relative_error(a, a) == 0
    if a.any():
        assert relative_error(a, np.zeros_like(a)) == 1
        assert relative_error(a, -a) == pytest.approx(1)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_relative_error_does_not_depend_on_the_scale(scale):
    rng = np.random.default_rng(0)
    a = rng.normal(size=100)
    b = a * (1 + 1e-6)
    assert relative_error(scale * a, scale * b) == pytest.approx(5e-7, rel=1e-3)


def test_relative_error_ignores_rounding_near_zero_but_no_wrong_entry():
    rng = np.random.default_rng(0)
    a = rng.normal(size=10_000)
    a[:5_000] = 0.0
    noise = a + 1e-14 * rng.normal(size=a.shape)
    assert relative_error(a, noise) < 1e-12
    for wrong in (0, 9_999):
        b = noise.copy()
        b[wrong] += 1e-5
        assert relative_error(a, b) > 1e-7


def test_relative_error_sees_swapped_axes():
    a = np.random.default_rng(0).normal(size=(4, 3, 5, 5))
    assert relative_error(a, a.swapaxes(2, 3)) > 0.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_relative_error_of_what_is_no_number_is_nan(bad):
    assert np.isnan(relative_error([1.0, bad], [1.0, 2.0]))
    assert np.isnan(relative_error([1.0, bad], [1.0, bad]))


def test_relative_error_names_shapes_that_differ():
    with pytest.raises(ValueError, match=r"\(2,\) and \(2, 1\)"):
        relative_error([1.0, 2.0], [[1.0], [2.0]])
    with pytest.raises(ValueError, match=r"\(0,\)"):
        relative_error([], [])


# ---------------------------------------------------------------- away_from_kinks


@pytest.mark.parametrize("shape", [(1,), (2,), (7,), (2, 3, 5, 4), (8, 16, 14, 14)], ids=str)
def test_away_from_kinks_is_away_from_kinks(shape):
    x = away_from_kinks(shape, np.random.default_rng(0))
    values = np.sort(x.ravel())
    assert x.shape == shape and x.dtype == np.float64
    assert -2 <= values[0] and values[-1] <= 2
    assert np.abs(values).min() >= 2 / x.size - 1e-12 > 5e-5
    assert np.diff(values, append=np.inf).min() >= 4 / x.size - 1e-12 > 1e-4
    np.testing.assert_array_equal(x, away_from_kinks(shape, np.random.default_rng(0)))
    if x.size > 2:
        assert not np.array_equal(x, away_from_kinks(shape, np.random.default_rng(1)))


# ---------------------------------------------------------------- check_layer


def conv_case():
    rng = np.random.default_rng(0)
    return Conv2D(2, 3, (3, 2), padding=1, rng=rng), rng.normal(size=(2, 2, 5, 4))


class WrongFactor(Dense):
    """Forgets nothing but a factor of two."""

    def backward(self, dy):
        dx = super().backward(dy)
        self.grads["weight"] *= 2.0
        return dx


def test_a_report_says_what_was_compared():
    layer, x = conv_case()
    report = check_layer(layer, x, tolerance=1e-8)
    assert report.passed is True and bool(report) is True
    assert report.raise_if_failed() is report
    assert [row.name for row in report.rows] == ["x", "weight", "bias"]
    assert [row.size for row in report.rows] == [80, 36, 3]
    assert report.error == max(report.errors.values()) > 0
    text = str(report)
    assert "Conv2D: passed" in text and "80 of 80" in text and "below 1e-08" in text
    assert repr(report) == text, "what a notebook and a failed assertion show"


def test_a_failed_report_names_layer_parameter_index_and_both_values():
    layer, x = WrongFactor(3, 2), np.random.default_rng(0).normal(size=(4, 3))
    dy = np.random.default_rng(1).normal(size=(4, 2))
    report = check_layer(layer, x, dy)
    assert report.passed is False and bool(report) is False
    row = {row.name: row for row in report.rows}["weight"]
    assert row.error == pytest.approx(1 / 3, rel=0.2)
    assert row.numerical == pytest.approx((x.T @ dy)[row.index], rel=1e-8)
    assert row.analytic == pytest.approx(2 * row.numerical, rel=1e-8)
    with pytest.raises(GradientError) as caught:
        report.raise_if_failed()
    text = str(caught.value)
    assert "WrongFactor: FAILED" in text
    index = ", ".join(map(str, row.index))
    assert f"weight[{index}]: backward gives {row.analytic:.8g}" in text
    assert f"numerical gradient is {row.numerical:.8g}" in text
    assert "2 times the numerical gradient" in text
    assert "FAILED: x" not in text and "FAILED: bias" not in text


def test_the_gradient_from_above_counts():
    layer, x = in_float64(Dense(3, 2), np.random.default_rng(0)), np.ones((4, 3))
    dy = np.arange(8.0).reshape(4, 2) - 3
    row = check_layer(layer, x, dy).rows[0]
    assert row.numerical == pytest.approx((dy @ layer.params["weight"].T)[row.index], rel=1e-8)
    with pytest.raises(ValueError, match=r"dy must have the output's shape \(4, 2\), got \(2, 4\)"):
        check_layer(layer, x, np.ones((2, 4)))


def test_a_kink_inside_the_step_is_left_behind_and_one_at_the_point_is_named():
    x = away_from_kinks((5, 4))
    x[2, 3] = 3e-7
    assert check_layer(ReLU(), x).passed
    x[2, 3] = 0.0
    report = check_layer(ReLU(), x)
    assert not report.passed and report.rows[0].index == (2, 3)
    assert "kink" in str(report) and "away_from_kinks" in str(report)
    tie = np.zeros((1, 1, 2, 2))
    assert "kink" in str(check_layer(MaxPool2D(), tie))


def test_a_check_leaves_the_layer_as_it_was():
    rng = np.random.default_rng(0)
    norm, dropout = BatchNorm(3), Dropout(0.5, rng=np.random.default_rng(7))
    dense = Dense(3, 2, rng=rng)
    x = rng.normal(size=(6, 3))
    norm.forward(x.astype(np.float32), training=True)
    for layer in (norm, dropout, dense):
        weights = dict(layer.params)
        before = copy.deepcopy(layer)
        assert check_layer(layer, x).passed
        assert all(layer.params[name] is array for name, array in weights.items())
        for name, array in before.params.items():
            assert layer.params[name].dtype == np.float32
            np.testing.assert_array_equal(layer.params[name], array)
        assert layer.grads == {}
    before = BatchNorm(3)
    before.forward(x.astype(np.float32), training=True)
    np.testing.assert_array_equal(norm.running_mean, before.running_mean)
    np.testing.assert_array_equal(norm.running_var, before.running_var)
    expected = np.random.default_rng(7).bit_generator.state
    assert dropout.rng.bit_generator.state == expected


def test_a_check_leaves_its_arguments_as_they_were():
    layer, x = conv_case()
    dy = np.random.default_rng(1).normal(size=layer.forward(x).shape)
    for _, laid in memory_orders(x):
        for _, above in memory_orders(dy):
            assert check_layer(layer, laid, above, samples=5).passed
            np.testing.assert_array_equal(above, dy)
        np.testing.assert_array_equal(laid, x)


def test_a_check_keeps_the_memory_order_of_x():
    class Sees(ReLU):
        def forward(self, x, training=False):
            seen.append(x.strides)
            return super().forward(x, training=training)

    for name, laid in memory_orders(away_from_kinks((2, 3, 4, 5))):
        seen = []
        assert check_layer(Sees(), laid).passed
        assert set(seen) == {laid.strides}, name


def test_float32_and_lists_are_checked_in_float64():
    x = away_from_kinks((4, 3)).astype(np.float32)
    assert check_layer(Dense(3, 2), x).error < 1e-9
    assert check_layer(Dense(3, 2), x.tolist(), [[1, 2]] * 4).error < 1e-9


def test_a_check_is_the_same_every_time():
    layer, x = conv_case()
    assert str(check_layer(layer, x)) == str(check_layer(layer, x))
    other = check_layer(layer, x, rng=np.random.default_rng(5))
    assert other.passed and str(other) != str(check_layer(layer, x))


def test_samples_limit_what_is_moved_one_by_one():
    layer, x = conv_case()
    report = check_layer(layer, x, samples=10)
    assert [(row.checked, row.size) for row in report.rows] == [(10, 80), (10, 36), (3, 3)]
    with pytest.raises(ValueError, match="samples"):
        check_layer(layer, x, samples=0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_input_that_is_no_number_is_named(bad):
    with pytest.raises(ValueError, match=r"x of shape \(2, 3\).*finite"):
        check_layer(Dense(3, 2), np.full((2, 3), bad))


def test_prediction_is_checked_when_asked():
    layer = BatchNorm(3)
    layer.running_mean, layer.running_var = np.array([1.0, 2, 3]), np.array([1.0, 4, 9])
    x = np.random.default_rng(0).normal(size=(5, 3))
    training, prediction = (check_layer(layer, x, training=t) for t in (True, False))
    assert training.passed and prediction.passed
    assert training.rows[0].analytic != prediction.rows[0].analytic


# ---------------------------------------------------------------- check_network


def small_net(rng):
    return Sequential(
        [
            Conv2D(1, 4, 3, padding=1, rng=rng),
            BatchNorm(4),
            ReLU(),
            MaxPool2D(2),
            Dropout(0.3, rng=np.random.default_rng(3)),
            Flatten(),
            Dense(4 * 4 * 3, 8, l2=0.1, rng=rng),
            ReLU(),
            Dense(8, 5, rng=rng),
        ],
        input_shape=(1, 8, 6),
    )


def small_batch(rng):
    return rng.random((4, 1, 8, 6)), np.array([0, 4, 2, 2])


@pytest.mark.parametrize("training", [True, False], ids=["training", "prediction"])
def test_a_network_with_every_layer_passes(training):
    rng = np.random.default_rng(0)
    net, (images, labels) = small_net(rng), small_batch(rng)
    report = check_network(net, images, labels, training=training, samples=None)
    # A bias in front of batch norm has no effect: its gradient is rounding, and must not fail.
    assert report.passed
    assert report.error < 1e-6
    assert set(report.errors) == {
        "images",
        "0 Conv2D.weight",
        "0 Conv2D.bias",
        "1 BatchNorm.gamma",
        "1 BatchNorm.beta",
        "6 Dense.weight",
        "6 Dense.bias",
        "8 Dense.weight",
        "8 Dense.bias",
    }


@pytest.mark.parametrize("name", architectures.NAMES)
def test_the_networks_of_the_course_pass(name):
    rng = np.random.default_rng(0)
    images, labels = rng.random((2, 1, 28, 28), np.float32), np.array([3, 8])
    report = check_network(architectures.make(name), images, labels, samples=2)
    assert report.passed


def test_a_wrong_layer_in_a_network_is_named():
    rng = np.random.default_rng(0)
    net, (images, labels) = small_net(rng), small_batch(rng)
    net.layers[-1] = WrongFactor(8, 5, rng=rng)
    report = check_network(net, images, labels)
    assert {name for name, error in report.errors.items() if error > 1e-5} == {
        "8 WrongFactor.weight"
    }
    net.layers[-1] = Dense(8, 5, rng=rng)
    assert check_network(net, images, labels).passed


class NoScale(Dropout):
    def backward(self, dy):
        return super().backward(dy) * (1 - self.rate)


def test_a_wrong_gradient_spreads_to_all_layers_below():
    rng = np.random.default_rng(0)
    net, (images, labels) = small_net(rng), small_batch(rng)
    net.layers[4] = NoScale(0.3)
    wrong = {name for name, e in check_network(net, images, labels).errors.items() if e > 1e-5}
    assert wrong == {"images", "0 Conv2D.weight", "1 BatchNorm.gamma", "1 BatchNorm.beta"}


def test_a_forgotten_penalty_is_caught():
    class Forgets(Dense):
        def backward(self, dy):
            dx = super().backward(dy)
            self.grads["weight"] -= self.l2 * self.params["weight"]
            return dx

    rng = np.random.default_rng(0)
    images, labels = rng.normal(size=(4, 6)), np.array([0, 1, 2, 0])
    for layer, passes in ((Dense(6, 3, l2=0.1), True), (Forgets(6, 3, l2=0.1), False)):
        assert check_layer(layer, images).passed is passes
        assert check_network(Sequential([layer], (6,)), images, labels).passed is passes


def test_a_check_leaves_the_network_as_it_was():
    rng = np.random.default_rng(0)
    net, (images, labels) = small_net(rng), small_batch(rng)
    before, arrays = net.get_state(), net.parameters
    state = net.layers[4].rng.bit_generator.state
    check_network(net, images, labels)
    assert all(a is b for a, b in zip(net.parameters, arrays, strict=True))
    for name, array in net.get_state().items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, before[name])
    assert net.layers[4].rng.bit_generator.state == state


def test_generators_shared_by_layers_are_held_too():
    shared = np.random.default_rng(0)
    layers = [Dropout(0.3, rng=shared), Dense(6, 4), Dropout(0.3, rng=shared), Dense(4, 3)]
    images = np.random.default_rng(1).normal(size=(4, 6))
    assert check_network(Sequential(layers, (6,)), images, [0, 1, 2, 0]).passed


def test_bad_labels_and_images_are_named():
    rng = np.random.default_rng(0)
    net, (images, labels) = small_net(rng), small_batch(rng)
    with pytest.raises(ValueError, match="0 to 4"):
        check_network(net, images, labels + 1)
    with pytest.raises(ValueError, match="images of shape.*finite"):
        check_network(net, images * np.nan, labels)


def test_biases_that_are_not_zero_are_checked_as_they_are():
    layer = in_float64(Dense(3, 2), np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(4, 3))
    assert layer.params["bias"].all() and check_layer(layer, x).error < 1e-9
