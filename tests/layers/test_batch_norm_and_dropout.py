"""The two layers that behave differently in training and in prediction."""

import numpy as np
import pytest
from layer_oracles import (
    assert_close,
    check_batch_norm,
    check_dropout,
    in_float64,
    memory_orders,
)

from helpers.layers import BatchNorm, Dropout

SHAPES = [(8, 5), (64, 3), (2, 1), (4, 3, 2, 5), (1, 2, 4, 3), (16, 1, 3, 3), (5, 12, 1, 1)]


def float64_norm(features, rng, **settings):
    layer = in_float64(BatchNorm(features, **settings), rng)
    layer.running_mean = rng.normal(size=features)
    layer.running_var = rng.uniform(0.5, 2.0, size=features)
    return layer


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_agrees_with_the_formula(shape):
    rng = np.random.default_rng(0)
    layer = float64_norm(shape[1], rng)
    check_batch_norm(layer, rng.normal(3.0, 2.0, size=shape), rng)


@pytest.mark.parametrize("settings", [{"momentum": 0.0}, {"momentum": 0.99}, {"epsilon": 0.1}])
def test_batch_norm_settings(settings):
    rng = np.random.default_rng(0)
    layer = float64_norm(3, rng, **settings)
    check_batch_norm(layer, rng.normal(3.0, 2.0, size=(6, 3, 4, 2)), rng)


@pytest.mark.parametrize("shape", [(6, 5), (3, 4, 5, 2)], ids=str)
def test_batch_norm_takes_any_memory_order(shape):
    rng = np.random.default_rng(0)
    for _, x in memory_orders(rng.normal(size=shape)):
        check_batch_norm(float64_norm(shape[1], rng), x, rng)


def test_batch_norm_normalises_channels_not_pixels():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 3, 5, 5)) * np.array([1.0, 10.0, 100.0])[:, None, None] + 7.0
    y = in_float64(BatchNorm(3), rng)
    y.params.update(gamma=np.ones(3), beta=np.zeros(3))
    y = y.forward(x, training=True)
    assert_close(y.mean(axis=(0, 2, 3)), np.zeros(3), 1e-12)
    assert_close(y.var(axis=(0, 2, 3)), np.ones(3), 1e-4)
    # Normalised pixel by pixel, every one of these would be zero.
    assert np.abs(y.mean(axis=0)).max() > 0.1


def test_batch_norm_keeps_float32_precision_over_many_pixels():
    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 1.0, size=(64, 4, 26, 26))
    wide, narrow = BatchNorm(4), BatchNorm(4)
    wide.params.update({k: v.astype(np.float64) for k, v in wide.params.items()})
    dy = rng.normal(size=x.shape) + 0.1 * x
    y64, y32 = wide.forward(x, training=True), narrow.forward(x.astype("f4"), training=True)
    assert y32.dtype == np.float32
    assert_close(y32, y64, 1e-6)
    assert_close(narrow.backward(dy.astype("f4")), wide.backward(dy), 1e-5)
    assert_close(narrow.grads["gamma"], wide.grads["gamma"], 1e-5)
    assert_close(narrow.grads["beta"], wide.grads["beta"], 1e-5)


@pytest.mark.parametrize("x", [np.full((4, 2), 5.0), np.zeros((1, 2))], ids=["constant", "one"])
def test_batch_norm_of_what_does_not_vary_is_beta(x):
    layer = BatchNorm(2)
    layer.params["beta"] = np.array([1.0, -2.0])
    layer.params["gamma"] = np.array([3.0, 3.0])
    assert_close(layer.forward(x, training=True), np.broadcast_to([1.0, -2.0], x.shape), 1e-12)
    assert np.isfinite(layer.backward(np.ones_like(x))).all()


def test_batch_norm_prediction_changes_no_statistics():
    layer = BatchNorm(2)
    layer.forward(np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32))
    np.testing.assert_array_equal(layer.running_mean, [0, 0])
    np.testing.assert_array_equal(layer.running_var, [1, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": 0}, "features"),
        ({"features": 2.0}, "features"),
        ({"momentum": 1.0}, "momentum"),
        ({"momentum": -0.1}, "momentum"),
        ({"epsilon": -1e-5}, "epsilon"),
        ({"epsilon": float("nan")}, "epsilon"),
    ],
    ids=str,
)
def test_batch_norm_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        BatchNorm(**{"features": 2, **arguments})


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5, 5)], ids=str)
def test_batch_norm_names_features_that_do_not_fit(shape):
    with pytest.raises(ValueError, match="2 features, not 3"):
        BatchNorm(2).forward(np.zeros(shape, np.float32), training=True)
    with pytest.raises(ValueError, match=r"\(4, 2, 3\)"):
        BatchNorm(2).forward(np.zeros((4, 2, 3), np.float32))


@pytest.mark.parametrize("rate", [0.2, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(100, 40), (20, 5, 8, 7)], ids=str)
def test_dropout_agrees_with_its_definition(shape, rate):
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    check_dropout(Dropout(rate, rng=np.random.default_rng(1)), x, rng)


def test_dropout_takes_any_memory_order():
    rng = np.random.default_rng(0)
    for _, x in memory_orders(rng.normal(size=(20, 5, 8, 7))):
        check_dropout(Dropout(0.5, rng=np.random.default_rng(1)), x, rng)


def test_dropout_keeps_the_mean():
    x = np.ones((1000, 100))
    y = Dropout(0.3, rng=np.random.default_rng(1)).forward(x, training=True)
    # The mean of 100,000 values with standard deviation sqrt(0.3 / 0.7), five deviations wide.
    assert abs(y.mean() - 1.0) < 5 * np.sqrt(0.3 / 0.7 / x.size)


def test_dropout_drops_images_and_features_independently():
    dropped = Dropout(0.5, rng=np.random.default_rng(1)).forward(np.ones((50, 50)), True) == 0
    assert 0.2 < dropped.mean(axis=0).min() and dropped.mean(axis=0).max() < 0.8
    assert 0.2 < dropped.mean(axis=1).min() and dropped.mean(axis=1).max() < 0.8


def test_dropout_of_nothing_is_the_identity():
    x = np.random.default_rng(0).normal(size=(5, 4))
    layer = Dropout(0.0)
    np.testing.assert_array_equal(layer.forward(x, training=True), x)
    np.testing.assert_array_equal(layer.backward(x), x)


def test_dropout_masks_follow_the_generator():
    x = np.ones((50, 20))
    first, second, other = (
        Dropout(0.5, rng=np.random.default_rng(seed)).forward(x, training=True)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, float("nan")])
def test_dropout_bad_rate_is_named(rate):
    with pytest.raises(ValueError, match="rate"):
        Dropout(rate)
