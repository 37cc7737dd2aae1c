"""What every layer promises, whichever it is: gradients, memory, dtype, arguments left alone."""

import numpy as np
import oracles
import pytest
from layer_oracles import assert_close, check_relu, in_float64, memory_orders

from helpers.gradient_check import away_from_kinks, check_layer
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU

# Layers that only add, choose or copy come closer to centred differences than the others.
EXACT, GOOD = 1e-9, 1e-7

CASES = {
    "dense": (lambda: Dense(7, 5), (4, 7), EXACT),
    "dense of one": (lambda: Dense(1, 1), (1, 1), EXACT),
    "dense with l2": (lambda: Dense(6, 3, l2=0.3), (5, 6), EXACT),
    "relu (N, F)": (ReLU, (4, 7), EXACT),
    "relu (N, C, H, W)": (ReLU, (3, 2, 5, 4), EXACT),
    "flatten": (Flatten, (3, 2, 5, 4), EXACT),
    "flatten (N, F)": (Flatten, (3, 4), EXACT),
    "pool": (MaxPool2D, (3, 2, 6, 8), EXACT),
    "pool with a rest": (MaxPool2D, (2, 3, 7, 5), EXACT),
    "pool, overlapping": (lambda: MaxPool2D(3, 1), (2, 3, 6, 5), EXACT),
    "pool, not square": (lambda: MaxPool2D((1, 3), (2, 2)), (2, 2, 5, 7), EXACT),
    "conv": (lambda: Conv2D(2, 3, 3), (2, 2, 6, 5), GOOD),
    "conv 1x1": (lambda: Conv2D(3, 2, 1), (2, 3, 3, 4), GOOD),
    "conv, one image": (lambda: Conv2D(4, 4, 3, padding=1), (1, 4, 6, 5), GOOD),
    "conv, wide": (lambda: Conv2D(4, 5, 3, padding="same"), (3, 4, 7, 6), GOOD),
    "conv, wide 5x5": (lambda: Conv2D(5, 4, 5), (2, 5, 9, 7), GOOD),
    "conv, not square": (lambda: Conv2D(2, 3, (2, 3), (2, 1), (0, 2)), (2, 2, 7, 5), GOOD),
    "conv, as large as the input": (lambda: Conv2D(3, 2, (5, 4)), (2, 3, 5, 4), GOOD),
    "batch norm (N, F)": (lambda: BatchNorm(5), (8, 5), GOOD),
    "batch norm (N, C, H, W)": (lambda: BatchNorm(3), (4, 3, 2, 3), GOOD),
    "dropout": (lambda: Dropout(0.4), (5, 6), GOOD),
    "dropout (N, C, H, W)": (lambda: Dropout(0.4), (3, 2, 5, 4), GOOD),
}
each_case = pytest.mark.parametrize(("make", "shape", "tolerance"), CASES.values(), ids=CASES)
# One of each kind, for what does not depend on the shape.
KINDS = [
    "dense",
    "relu (N, F)",
    "relu (N, C, H, W)",
    "flatten",
    "pool",
    "pool, overlapping",
    "conv",
    "conv, wide",
    "batch norm (N, F)",
    "batch norm (N, C, H, W)",
    "dropout",
]
each_layer = pytest.mark.parametrize(
    ("make", "shape", "tolerance"), [CASES[name] for name in KINDS], ids=KINDS
)


def ready(make, shape):
    """A layer with random float64 parameters, and an input for it."""
    rng = np.random.default_rng(0)
    layer = in_float64(make(), rng)
    if isinstance(layer, BatchNorm):
        layer.running_mean = rng.normal(size=layer.features)
        layer.running_var = rng.uniform(0.5, 2.0, size=layer.features)
    return layer, away_from_kinks(shape, rng)


@pytest.mark.parametrize("training", [True, False], ids=["training", "prediction"])
@each_case
def test_gradients_agree_with_centred_differences(make, shape, tolerance, training):
    layer, x = ready(make, shape)
    report = check_layer(layer, x, training=training, tolerance=tolerance, samples=None)
    assert report.passed
    assert set(report.errors) == {"x", *layer.params}
    assert all(row.checked == row.size for row in report.rows)


@each_layer
def test_gradients_agree_for_any_memory_order(make, shape, tolerance):
    layer, x = ready(make, shape)
    for name, laid in memory_orders(x):
        assert check_layer(layer, laid, tolerance=tolerance).passed, name
    y = layer.forward(x)
    for _, dy in memory_orders(np.random.default_rng(1).normal(size=y.shape)):
        dx = layer.backward(dy)
        layer.forward(x)
        assert_close(dx, layer.backward(dy.copy()), 1e-13)


@pytest.mark.parametrize("training", [True, False], ids=["training", "prediction"])
@each_layer
def test_arguments_are_never_written_to(make, shape, tolerance, training):
    layer, x = ready(make, shape)
    for _, laid in memory_orders(x):
        y = layer.forward(laid, training=training)
        dy = np.random.default_rng(1).normal(size=y.shape)
        for _, above in memory_orders(dy):
            layer.backward(above)
            np.testing.assert_array_equal(above, dy)
        np.testing.assert_array_equal(laid, x)


@pytest.mark.parametrize("training", [True, False], ids=["training", "prediction"])
@each_layer
def test_results_are_fresh_arrays(make, shape, tolerance, training):
    layer, x = ready(make, shape)
    for _, laid in memory_orders(x):
        y = layer.forward(laid, training=training)
        dy = np.ones_like(y)
        dx = layer.backward(dy)
        kept = y.copy(), dx.copy()
        assert not np.shares_memory(y, laid) and not np.shares_memory(dx, dy)
        layer.forward(laid + 1.0, training=training)
        layer.backward(dy + 1.0)
        np.testing.assert_array_equal(y, kept[0])
        np.testing.assert_array_equal(dx, kept[1])


@each_layer
def test_what_becomes_of_the_output_does_not_matter_to_backward(make, shape, tolerance):
    layer, x = ready(make, shape)
    y = layer.forward(x)
    dy = np.random.default_rng(1).normal(size=y.shape)
    expected = layer.backward(dy)
    y = layer.forward(x)
    y[...] = 0.0
    np.testing.assert_array_equal(layer.backward(dy), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_layer
def test_the_dtype_of_the_parameters_is_kept(make, shape, tolerance, dtype):
    layer, x = make(), away_from_kinks(shape).astype(dtype)
    for name, value in layer.params.items():
        assert value.dtype == np.float32
        layer.params[name] = value.astype(dtype)
    for training in (True, False):
        y = layer.forward(x, training=training)
        dx = layer.backward(np.ones_like(y))
        assert y.dtype == dx.dtype == dtype
        assert all(gradient.dtype == dtype for gradient in layer.grads.values())


@each_layer
def test_float32_agrees_with_float64(make, shape, tolerance):
    wide, x = ready(make, shape)
    narrow, x = ready(make, shape)[0], x.astype(np.float32)
    for name, value in narrow.params.items():
        narrow.params[name] = value.astype(np.float32)
        wide.params[name] = narrow.params[name].astype(np.float64)
    expected = wide.forward(x.astype(np.float64), training=True)
    assert_close(narrow.forward(x, training=True), expected, 1e-5)
    dy = np.random.default_rng(1).normal(size=expected.shape).astype(np.float32)
    assert_close(narrow.backward(dy), wide.backward(dy.astype(np.float64)), 1e-5)
    for name, gradient in wide.grads.items():
        assert_close(narrow.grads[name], gradient, 1e-5)


@each_layer
def test_gradients_have_the_keys_and_shapes_of_parameters(make, shape, tolerance):
    layer, x = ready(make, shape)
    dx = layer.backward(np.ones_like(layer.forward(x)))
    assert dx.shape == shape
    assert {k: v.shape for k, v in layer.grads.items()} == {
        k: v.shape for k, v in layer.params.items()
    }


@each_layer
def test_gradients_are_those_of_the_latest_backward(make, shape, tolerance):
    layer, x = ready(make, shape)
    dy = np.random.default_rng(1).normal(size=layer.forward(x).shape)
    layer.backward(dy)
    once = {name: gradient.copy() for name, gradient in layer.grads.items()}
    layer.backward(dy)
    for name, gradient in once.items():
        assert_close(layer.grads[name], gradient, 1e-13)


@each_layer
def test_backward_needs_a_forward(make, shape, tolerance):
    with pytest.raises(RuntimeError, match="forward"):
        make().backward(np.zeros(shape, np.float32))


@each_layer
def test_a_gradient_of_the_wrong_shape_is_named(make, shape, tolerance):
    layer, x = ready(make, shape)
    y = layer.forward(x)
    with pytest.raises(ValueError, match="dy") as caught:
        layer.backward(np.zeros((y.shape[0] + 1, *y.shape[1:])))
    assert str(y.shape) in str(caught.value)
    assert np.isfinite(layer.backward(np.ones_like(y))).all(), "the forward is not lost"


@each_layer
def test_an_empty_batch_is_named(make, shape, tolerance):
    with pytest.raises(ValueError, match=r"\(0, "):
        make().forward(np.zeros((0, *shape[1:]), np.float32))


@each_layer
def test_output_shape_says_what_forward_returns(make, shape, tolerance):
    layer, x = ready(make, shape)
    assert layer.forward(x).shape == (shape[0], *layer.output_shape(shape[1:]))


@each_case
def test_config_makes_the_layer_again(make, shape, tolerance):
    layer = make()
    again = type(layer)(**layer.config())
    assert repr(again) == repr(layer)
    assert {k: v.shape for k, v in again.params.items()} == {
        k: v.shape for k, v in layer.params.items()
    }


def test_dense_agrees_with_sums():
    rng = np.random.default_rng(0)
    for batch, inputs, outputs in [(1, 1, 1), (1, 5, 3), (2, 1, 4), (5, 7, 1), (64, 30, 10)]:
        layer, x = in_float64(Dense(inputs, outputs), rng), rng.normal(size=(batch, inputs))
        weight, bias = layer.params["weight"], layer.params["bias"]
        expected = [[sum(r * w) + b for w, b in zip(weight.T, bias, strict=True)] for r in x]
        assert_close(layer.forward(x), np.array(expected))
        dy = rng.normal(size=(batch, outputs))
        assert_close(layer.backward(dy), np.array([[sum(w * g) for w in weight] for g in dy]))
        expected = [[sum(column * g) for g in dy.T] for column in x.T]
        assert_close(layer.grads["weight"], np.array(expected))
        assert_close(layer.grads["bias"], np.array([sum(g) for g in dy.T]))


def test_dense_penalty_is_half_l2_times_the_squares():
    layer = Dense(2, 2, l2=0.5)
    layer.params["weight"] = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert layer.penalty == 0.5 / 2 * 30.0
    layer.backward(np.zeros_like(layer.forward(np.zeros((1, 2)))))
    np.testing.assert_array_equal(layer.grads["weight"], 0.5 * layer.params["weight"])
    assert Dense(2, 2).penalty == 0.0


def test_dense_names_what_does_not_fit():
    with pytest.raises(ValueError, match="4 features.*5"):
        Dense(4, 2).forward(np.zeros((3, 5), np.float32))
    with pytest.raises(ValueError, match=r"\(3, 4, 1\)"):
        Dense(4, 2).forward(np.zeros((3, 4, 1), np.float32))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": 0}, "inputs"),
        ({"inputs": 2.0}, "inputs"),
        ({"outputs": -3}, "outputs"),
        ({"outputs": True}, "outputs"),
        ({"l2": -0.1}, "l2"),
        ({"l2": float("nan")}, "l2"),
    ],
    ids=str,
)
def test_dense_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Dense(**{"inputs": 2, "outputs": 2, **arguments})


def test_initial_weights_are_he_normal_and_follow_the_generator():
    dense, conv = Dense(400, 300), Conv2D(16, 64, 5)
    for layer, fan_in in ((dense, 400), (conv, 16 * 25)):
        weight = layer.params["weight"]
        # Mean and standard deviation of 120,000 and of 25,600 values, five deviations wide.
        assert abs(weight.mean()) < 5 * np.sqrt(2 / fan_in / weight.size)
        assert abs(weight.std() / np.sqrt(2 / fan_in) - 1) < 5 / np.sqrt(2 * weight.size)
        assert not layer.params["bias"].any()
    same, other = (Dense(400, 300, rng=np.random.default_rng(s)).params["weight"] for s in (0, 1))
    np.testing.assert_array_equal(dense.params["weight"], same)
    assert not np.array_equal(same, other)


def test_relu_agrees_with_its_definition_at_zero_too():
    rng = np.random.default_rng(0)
    for shape in [(1, 1), (4, 7), (2, 3, 4), (3, 2, 5, 4)]:
        for _, x in memory_orders(rng.integers(-2, 3, size=shape).astype(np.float64)):
            check_relu(ReLU(), x, rng)


def test_flatten_goes_channel_by_channel():
    x = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    for _, laid in memory_orders(x):
        layer = Flatten()
        np.testing.assert_array_equal(layer.forward(laid), oracles.flatten(x))
        np.testing.assert_array_equal(layer.backward(oracles.flatten(x)), x)


def test_integers_and_lists_are_taken_as_float32():
    assert Dense(2, 1).forward([[1, 2]]).dtype == np.float32
    assert Conv2D(1, 1, 1).forward(np.ones((1, 1, 2, 2), np.uint8)).dtype == np.float32
    np.testing.assert_array_equal(ReLU().forward([[-1, 2]]), [[0, 2]])
