"""Averages of weights against sums by hand."""

import copy

import numpy as np
import pytest

from helpers.averaging import Averaged, recompute_statistics
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from helpers.network import Sequential
from helpers.optimizers import SGD, Adam
from helpers.training import fit


def make_net(seed=0):
    rng = np.random.default_rng(seed)
    return Sequential(
        [
            Conv2D(1, 4, 3, rng=rng),
            BatchNorm(4),
            ReLU(),
            MaxPool2D(2),
            Flatten(),
            Dense(4 * 3 * 3, 12, rng=rng),
            BatchNorm(12),
            Dropout(0.3, rng=rng),
            Dense(12, 10, rng=rng),
        ],
        input_shape=(1, 8, 8),
    )


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    return rng.random((96, 1, 8, 8), dtype=np.float32), rng.integers(0, 10, 96)


def walk(optimizer, steps, seed=0):
    """Take random steps; return the weights after each of them."""
    rng = np.random.default_rng(seed)
    params = [rng.standard_normal((3, 4)), rng.standard_normal(4)]
    path = []
    for _ in range(steps):
        optimizer.update(params, [rng.standard_normal(p.shape) for p in params])
        path.append([p.copy() for p in params])
    return path


def test_decay_one_is_the_mean_of_all_points():
    averaged = Averaged(SGD(0.1), decay=1.0)
    path = walk(averaged, 20)
    for number, average in enumerate(averaged.state()["average"]):
        np.testing.assert_allclose(average, np.mean([p[number] for p in path], axis=0), rtol=1e-12)


def test_a_late_start_leaves_the_first_points_out():
    averaged = Averaged(SGD(0.1), decay=1.0, start=15)
    path = walk(averaged, 20)
    for number, average in enumerate(averaged.state()["average"]):
        expected = np.mean([p[number] for p in path[15:]], axis=0)
        np.testing.assert_allclose(average, expected, rtol=1e-12)


def test_decay_below_one_is_the_mean_first_and_exponential_then():
    averaged = Averaged(SGD(0.1), decay=0.9)
    path = walk(averaged, 30)
    for number, average in enumerate(averaged.state()["average"]):
        expected = np.mean([p[number] for p in path[:10]], axis=0)
        for point in path[10:]:
            expected = 0.9 * expected + 0.1 * point[number]
        np.testing.assert_allclose(average, expected, rtol=1e-10)


def test_the_steps_are_those_of_the_optimizer():
    assert len(walk(Averaged(Adam(0.1)), 5)) == 5
    for ours, its in zip(walk(Averaged(Adam(0.1)), 5), walk(Adam(0.1), 5), strict=True):
        for a, b in zip(ours, its, strict=True):
            np.testing.assert_array_equal(a, b)


def test_the_learning_rate_is_the_optimizers():
    averaged = Averaged(SGD(0.1))
    averaged.learning_rate = 0.02
    assert averaged.optimizer.learning_rate == 0.02
    assert averaged.learning_rate == 0.02


def test_fit_averages_the_weights_of_a_network(data):
    """Every weight ends up in its place: one step, so that the average is the weights."""
    net, averaged = make_net(), Averaged(SGD(0.1))
    fit(net, data, optimizer=averaged, epochs=1, batch_size=96, threads=1, progress=False)
    trained = [value.copy() for value in net.parameters]
    for value in net.parameters:
        value += 1.0
    averaged.copy_to(net)
    for value, expected in zip(net.parameters, trained, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_copy_to_keeps_the_arrays_of_the_network(data):
    net, averaged = make_net(), Averaged(SGD(0.1))
    fit(net, data, optimizer=averaged, epochs=1, batch_size=32, threads=1, progress=False)
    before = net.parameters
    averaged.copy_to(net)
    assert all(a is b for a, b in zip(before, net.parameters, strict=True))


def test_copy_to_takes_averages_of_single_parameters():
    net, averaged = make_net(), Averaged(SGD(0.1))
    averaged.update(net.parameters, [np.ones_like(p) for p in net.parameters])
    other = make_net(seed=1)
    averaged.copy_to(other)
    for a, b in zip(other.parameters, net.parameters, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_checkpoint_brings_the_average_back(data, tmp_path):
    """Three epochs at a time and one, then two more, give the same average."""

    def run(epochs, checkpoint):
        net, averaged = make_net(), Averaged(Adam(0.01), decay=0.9)
        fit(
            net,
            data,
            optimizer=averaged,
            epochs=epochs,
            batch_size=32,
            checkpoint=checkpoint,
            threads=1,
            progress=False,
        )
        return averaged.state()["average"]

    whole = run(3, None)
    first = run(1, tmp_path / "run.checkpoint.npz")
    resumed = run(3, tmp_path / "run.checkpoint.npz")
    for a, b, c in zip(whole, resumed, first, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)


def test_no_average_yet_is_an_error():
    averaged = Averaged(SGD(0.1), start=5)
    walk(averaged, 3)
    with pytest.raises(RuntimeError, match="3 steps were made, averaging starts after 5"):
        averaged.copy_to(make_net())


def test_another_network_is_an_error_and_changes_nothing():
    averaged = Averaged(SGD(0.1))
    walk(averaged, 3)
    net = make_net()
    before = copy.deepcopy(net.parameters)
    with pytest.raises(ValueError, match="the average is of another network"):
        averaged.copy_to(net)
    for a, b in zip(before, net.parameters, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("decay", [-0.1, 1.1, float("nan")])
def test_decay_out_of_range_is_named(decay):
    with pytest.raises(ValueError, match=r"decay must be in \[0, 1\]"):
        Averaged(SGD(), decay)


@pytest.mark.parametrize("start", [-1, 1.5])
def test_start_out_of_range_is_named(start):
    with pytest.raises(ValueError, match="start must be a whole number of at least 0"):
        Averaged(SGD(), start=start)


def test_statistics_are_means_over_the_batches(data):
    images, _ = data
    net = Sequential([Flatten(), BatchNorm(64)], input_shape=(1, 8, 8))
    net.layers[1].running_mean[...] = 99
    recompute_statistics(net, images, batch_size=32)
    flat = images.reshape(3, 32, 64).astype(np.float64)
    np.testing.assert_allclose(net.layers[1].running_mean, flat.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(net.layers[1].running_var, flat.var(axis=1).mean(axis=0), rtol=1e-4)


def test_recomputing_changes_statistics_and_nothing_else(data):
    net = make_net()
    before = net.get_state()
    momenta = [layer.momentum for layer in net.layers if isinstance(layer, BatchNorm)]
    dropout = copy.deepcopy(net.layers[7].rng.bit_generator.state)
    recompute_statistics(net, data[0], batch_size=48)
    after = net.get_state()
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {f"{i}.running_{what}" for i in (1, 6) for what in ("mean", "var")}
    assert momenta == [layer.momentum for layer in net.layers if isinstance(layer, BatchNorm)]
    assert net.layers[7].rng.bit_generator.state == dropout


def test_recomputed_statistics_suit_the_weights(data):
    """Shifted inputs make the old statistics wrong; with new ones the outputs are normal again."""
    net = Sequential([Flatten(), BatchNorm(64)], input_shape=(1, 8, 8))
    shifted = data[0] * 5 + 3
    assert np.abs(net.forward(shifted).mean()) > 3
    recompute_statistics(net, shifted, batch_size=96)
    np.testing.assert_allclose(net.forward(shifted).mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(net.forward(shifted).std(axis=0), 1, atol=1e-3)


def test_too_few_images_are_an_error(data):
    with pytest.raises(ValueError, match="at least two images, not 1"):
        recompute_statistics(make_net(), data[0][:1])
    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 2, not 1"):
        recompute_statistics(make_net(), data[0], batch_size=1)
