"""The learning-rate finder: a sweep that finds the good rates and changes nothing."""

import numpy as np
import pytest

from helpers.architectures import mlp
from helpers.layers import Dense, Flatten
from helpers.losses import softmax_cross_entropy
from helpers.network import Sequential
from helpers.optimizers import SGD, Adam
from helpers.rate_finder import find_rate
from helpers.training import fit


@pytest.fixture(scope="module")
def train(digits_sample):
    return digits_sample.train


@pytest.fixture(scope="module")
def search(train):
    return find_rate(mlp(), train, lowest=1e-6, highest=10.0, steps=120, progress=False)


def test_rates_grow_by_the_same_factor(search):
    assert search.rates[0] == pytest.approx(1e-6)
    ratios = search.rates[1:] / search.rates[:-1]
    np.testing.assert_allclose(ratios, (10.0 / 1e-6) ** (1 / 119), rtol=1e-9)
    assert len(search.rates) == len(search.losses) == len(search.smoothed)


def test_the_loss_starts_near_chance_falls_and_grows(search):
    assert search.losses[0] == pytest.approx(np.log(10), abs=0.7)
    assert search.smoothed.min() < 1.0
    assert search.diverged
    assert search.smoothed[-1] > 4 * search.smoothed.min()
    assert len(search.rates) < 120


def test_smoothing_is_the_corrected_exponential_mean(search):
    weights = 0.9 ** np.arange(len(search.losses))[::-1]
    for count in (1, 2, 10, len(search.losses)):
        expected = np.average(search.losses[:count], weights=weights[-count:])
        assert search.smoothed[count - 1] == pytest.approx(expected, rel=1e-9)


def test_the_suggestion_lies_where_the_loss_falls(search):
    slopes = np.diff(search.smoothed) / np.diff(np.log(search.rates))
    at = int(np.searchsorted(search.rates, search.suggestion * 0.999))
    assert search.rates[at] == pytest.approx(search.suggestion)
    assert at < int(np.argmin(search.smoothed))
    assert slopes[at] < 0.5 * slopes.min()


def test_the_suggestion_trains_better_than_rates_far_off(search, train):
    def loss_after(rate):
        history = fit(mlp(), train, optimizer=Adam(rate), epochs=1, batch_size=128, progress=False)
        return history.loss[-1]

    good = loss_after(search.suggestion)
    assert good < loss_after(search.suggestion / 100)
    assert good < loss_after(search.suggestion * 100)


def test_losses_are_those_before_the_step_with_the_penalty(train):
    net = Sequential([Flatten(), Dense(784, 10, l2=0.1)], input_shape=(1, 28, 28))
    search = find_rate(net, train, lowest=1e2, highest=1e3, steps=10, rng=5, progress=False)
    batch = np.random.default_rng(5).permutation(len(train))[:128]
    loss, _ = softmax_cross_entropy(net.forward(train.images[batch]), train.labels[batch])
    assert search.losses[0] == pytest.approx(loss + net.penalty, rel=1e-5)


def test_network_and_optimizer_are_left_as_they_were(train):
    net, optimizer = mlp(), Adam(0.123)
    arrays, values = net.parameters, [value.copy() for value in net.parameters]
    find_rate(net, train, optimizer=optimizer, steps=10, progress=False)
    for now, before, value in zip(net.parameters, arrays, values, strict=True):
        assert now is before
        np.testing.assert_array_equal(now, value)
    assert optimizer.learning_rate == 0.123
    assert optimizer.steps == 0
    assert optimizer.state()["mean"] == []


def test_the_same_seed_gives_the_same_search(train):
    first, second, other = (
        find_rate(mlp(), train, steps=12, rng=seed, progress=False) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.losses, second.losses)
    assert not np.array_equal(first.losses, other.losses)


def test_a_loss_that_is_no_number_ends_the_sweep():
    """Huge steps on huge inputs overflow; that is a result, not a crash."""
    rng = np.random.default_rng(0)
    data = rng.random((64, 40)).astype(np.float32) * 1e4, rng.integers(0, 10, 64)
    net = Sequential([Dense(40, 10)], input_shape=(40,))
    search = find_rate(
        net, data, optimizer=SGD(), lowest=1e-9, highest=1e35, steps=45, progress=False
    )
    assert search.diverged
    assert np.isfinite(search.losses).all()
    assert np.isfinite(search.suggestion)


def test_few_images_come_again(train):
    search = find_rate(mlp(), train[:40], steps=12, batch_size=128, progress=False)
    assert len(search.losses) == 12
    assert not search.diverged


def test_a_network_of_no_numbers_is_an_error(train):
    net = mlp()
    net.layers[1].params["weight"][0, 0] = np.nan
    with pytest.raises(ValueError, match="is nan"):
        find_rate(net, train, progress=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lowest": 0}, "0 < lowest < highest is needed, not 0 and 1.0"),
        ({"lowest": 1, "highest": 0.1}, "0 < lowest < highest is needed, not 1 and 0.1"),
        ({"highest": float("inf")}, "0 < lowest < highest is needed"),
        ({"steps": 9}, "steps must be a whole number of at least 10, not 9"),
        ({"steps": 10.5}, "steps must be a whole number of at least 10, not 10.5"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, not 0"),
    ],
)
def test_settings_out_of_range_are_named(train, settings, message):
    with pytest.raises(ValueError, match=message):
        find_rate(mlp(), train, **settings)


def test_no_images_are_an_error(train):
    with pytest.raises(ValueError, match="there are no images to try rates on"):
        find_rate(mlp(), train[:0])
