"""What `fit` promises for any number of threads, and however it ends."""

import builtins
import os
import signal
import sys

import numpy as np
import pytest
from test_training import make_data, make_net, quiet_fit, values_of

from helpers import threads
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, ReLU
from helpers.losses import softmax_cross_entropy
from helpers.network import Sequential
from helpers.optimizers import SGD, Adam, Momentum
from helpers.training import CheckpointError, DivergenceError, fit

# Any number of threads


@pytest.mark.parametrize(("count", "batch_size"), [(65, 32), (66, 32), (67, 16), (5, 4)])
def test_any_number_of_threads_takes_the_same_steps(count, batch_size):
    """65 images in batches of 32 are three steps, the last with one image."""
    trained = {}
    for number in (1, 2, 3):
        net, optimizer = make_net(dtype=np.float64), SGD(0.05)
        history = quiet_fit(
            net,
            make_data(count),
            optimizer=optimizer,
            epochs=2,
            batch_size=batch_size,
            threads=number,
        )
        trained[number] = values_of(net), history.loss
        assert optimizer.steps == 2 * -(-count // batch_size)
    for number in (2, 3):
        np.testing.assert_allclose(trained[number][0], trained[1][0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(trained[number][1], trained[1][1], rtol=1e-9)


def test_the_loss_of_an_epoch_is_the_mean_over_images():
    """A short last batch counts by its images."""
    images, labels = make_data(50)
    net = Sequential([Flatten(), Dense(144, 10, rng=0)], (1, 12, 12))
    twin = net.copy()
    history = quiet_fit(net, (images, labels), optimizer=SGD(1e-9), epochs=1, batch_size=40)
    loss, _ = softmax_cross_entropy(twin.forward(images), labels)
    assert history.loss[0] == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize("rate", [0.999, 0.99999, 1 - 2**-17])
def test_dropout_near_rate_one_keeps_its_share(rate):
    layer = Dropout(rate, rng=0)
    x = np.ones((1000, 1000), np.float32)
    kept = layer.forward(x, training=True)
    share = np.count_nonzero(kept) / kept.size
    least = 2.0**-16  # of which one value in 65,536 is the least that can be kept
    assert share == pytest.approx(max(1 - rate, least), rel=0.5)
    assert kept.max() == pytest.approx(1 / (1 - rate), rel=1e-3)


def test_small_networks_get_one_thread_and_large_ones_all_cores(monkeypatch):
    monkeypatch.setattr(threads.cores, "physical_cores", lambda: 6)
    dense = Sequential([Flatten(), Dense(784, 128), ReLU(), Dense(128, 10)])
    deep = Sequential([Conv2D(1, 32, 3), ReLU(), Conv2D(32, 32, 3), Flatten(), Dense(18432, 10)])
    assert threads.default_threads(dense) == 1
    assert threads.default_threads(deep) == 6
    assert threads.check_threads(4, dense) == 4


@pytest.mark.parametrize(("operations", "count"), [(0, 1), (1_999_999, 1), (2_000_000, 6)])
def test_threads_begin_at_two_million_operations_an_image(monkeypatch, operations, count):
    monkeypatch.setattr(threads.cores, "physical_cores", lambda: 6)
    net = Sequential([Flatten(), Dense(784, 10)])
    monkeypatch.setattr(net, "operations", lambda: operations)
    assert threads.default_threads(net) == count


# Seeds


def test_layers_without_a_generator_begin_with_numbers_of_their_own():
    net = Sequential([Flatten(), Dense(784, 128), Dense(128, 128), Dropout(0.5), Dropout(0.5)])
    first, second = net.layers[1].params["weight"], net.layers[2].params["weight"]
    assert not np.isclose(first.ravel()[:100], second.ravel()[:100] * np.sqrt(128 / 784)).any()
    x = np.ones((4, 128), np.float32)
    masks = [layer.forward(x, training=True) for layer in net.layers[3:]]
    assert not np.array_equal(*masks)
    assert first.std() == pytest.approx(np.sqrt(2 / 784), rel=0.02)


def test_the_stream_of_each_layer_is_the_documented_one():
    def make(seed):
        return Sequential([Flatten(), Dense(784, 8)], seed=seed)

    drawn = np.random.default_rng([7, 1]).standard_normal((784, 8)) * np.sqrt(2 / 784)
    np.testing.assert_array_equal(make(7).layers[1].params["weight"], drawn.astype(np.float32))
    np.testing.assert_array_equal(make(0).parameters[0], make(0).parameters[0])
    assert not np.array_equal(make(0).parameters[0], make(1).parameters[0])


def test_a_network_draws_nothing_anew_that_was_given():
    seeded, changed = Dense(784, 8, rng=5), Dense(8, 8)
    changed.params["weight"] *= 2
    before = seeded.params["weight"].copy(), changed.params["weight"].copy()
    Sequential([Flatten(), seeded, changed])
    np.testing.assert_array_equal(seeded.params["weight"], before[0])
    np.testing.assert_array_equal(changed.params["weight"], before[1])
    again = Dense(784, 8)
    first = Sequential([Flatten(), again]).parameters[0].copy()
    np.testing.assert_array_equal(Sequential([Flatten(), again], seed=3).parameters[0], first)


# Recording


class Counting(Layer):
    """Counts how often its Python runs."""

    calls = 0

    def _forward(self, x, training):
        Counting.calls += 1
        return x.copy()

    def _backward(self, dy):
        return dy.copy()


@pytest.mark.parametrize("settings", [{"record": False}, {}])
def test_without_recording_every_step_runs_the_layers(monkeypatch, settings):
    calls = []
    forward = ReLU._forward
    monkeypatch.setattr(
        ReLU, "_forward", lambda self, x, training: calls.append(1) or forward(self, x, training)
    )
    quiet_fit(make_net(), make_data(96), epochs=2, batch_size=32, threads=1, **settings)
    steps, relus = 6, 3
    assert len(calls) == (steps * relus if settings else relus)


def test_recorded_or_not_gives_the_same_weights_to_the_bit():
    nets = [make_net(), make_net()]
    for net, record in zip(nets, (True, False), strict=True):
        quiet_fit(net, epochs=2, batch_size=32, threads=2, record=record)
    np.testing.assert_array_equal(*map(values_of, nets))


@pytest.mark.parametrize("place", ["_forward", "_backward"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_layer_that_looks_at_values_is_not_recorded(monkeypatch, place, number):
    """As someone does who edits a layer to see what goes by: nothing changes, nothing fails."""
    expected = make_net()
    quiet_fit(expected, epochs=2, batch_size=32, threads=number)
    method, seen = getattr(Dense, place), []

    def looking(self, x, *rest):
        seen.append(float(x.max()))
        return method(self, x, *rest)

    monkeypatch.setattr(Dense, place, looking)
    net = make_net()
    quiet_fit(net, epochs=2, batch_size=32, threads=number)
    np.testing.assert_array_equal(values_of(net), values_of(expected))
    assert len(set(seen)) > 6


# Divergence


def nets_that_diverge():
    return make_net(), {"optimizer": SGD(1e30), "batch_size": 20, "threads": 2}


def test_divergence_gives_back_the_weights_it_began_with():
    net, settings = nets_that_diverge()
    before = values_of(net)
    with np.errstate(all="ignore"), pytest.raises(DivergenceError) as caught:
        quiet_fit(net, epochs=3, **settings)
    text = str(caught.value)
    for words in ("diverged in epoch 1, step", "learning rate, which was 1e+30", "began with"):
        assert words in text
    np.testing.assert_array_equal(values_of(net), before)
    assert caught.value.history.stopped == "diverged"
    assert caught.value.history.epochs == 0


def test_divergence_later_on_keeps_the_epochs_before():
    net, optimizer = make_net(), SGD(0.01)
    good = []

    def raise_rate(history):
        good.append(values_of(net))
        if history.epochs == 2:
            optimizer.learning_rate = 1e30

    with np.errstate(all="ignore"), pytest.raises(DivergenceError, match="weights of epoch 2"):
        quiet_fit(net, epochs=4, optimizer=optimizer, batch_size=20, on_epoch=raise_rate)
    np.testing.assert_array_equal(values_of(net), good[-1])
    assert np.isfinite(values_of(net)).all()
    assert optimizer.learning_rate == 0.01


def test_an_overflow_in_the_very_last_step_is_noticed():
    net = Sequential([Flatten(), Dense(144, 10, rng=0)], (1, 12, 12))
    before = values_of(net)
    with np.errstate(all="ignore"), pytest.raises(DivergenceError, match="weight of layer 1"):
        quiet_fit(net, make_data(20), optimizer=_ToInfinity(), epochs=1, batch_size=20)
    np.testing.assert_array_equal(values_of(net), before)


class _ToInfinity(SGD):
    def __init__(self):
        super().__init__(0.1)

    def _step(self, param, grad):
        param[...] = np.inf


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_image_that_is_not_finite_is_named_at_the_door(value):
    images, labels = make_data(20)
    images[7, 0, 3, 4] = value
    net = make_net()
    with pytest.raises(ValueError, match="train images: number 7 holds a NaN or infinity"):
        quiet_fit(net, (images, labels))
    with pytest.raises(ValueError, match="images: number 7 holds"):
        net.predict(images)


def test_pixels_up_to_255_are_refused():
    images, labels = make_data(20)
    with pytest.raises(ValueError, match=r"train images reach 25\d.*divide by 255"):
        quiet_fit(make_net(), (images * 255, labels))


def test_a_loss_far_above_guessing_is_told():
    with pytest.warns(UserWarning, match="guessing has 2.3.*learning rate too high"):
        quiet_fit(
            Sequential([Flatten(), Dense(144, 10, rng=0)], (1, 12, 12)),
            optimizer=SGD(500.0),
            epochs=3,
        )


# Arguments of another kind


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda: (make_net(), make_data()[0], make_data()[1]), r"together, \(images, labels\)"),
        (lambda: (make_net(), type("Digits", (), {"train": 1})()), "give digits.train"),
        (lambda: (make_net().layers, make_data()), "net must be a helpers.network.Sequential"),
    ],
)
def test_arguments_of_another_kind_are_named(arguments, message):
    with pytest.raises(TypeError, match=message):
        fit(*arguments(), progress=False)


@pytest.mark.parametrize(
    ("optimizer", "message"), [(Adam, r"write Adam\(\)"), ("adam", r"not 'adam'")]
)
def test_an_optimizer_that_is_none_is_named(optimizer, message):
    with pytest.raises(TypeError, match=message):
        quiet_fit(make_net(), optimizer=optimizer)


# Checkpoints of another run


CHANGES = {
    "rng": {"rng": 9},
    "training images": {"data": (make_data(40)[0] * 0.5, make_data(40)[1])},
    "training labels": {"data": (make_data(40)[0], make_data(40)[1][::-1].copy())},
    "augment": {"augment": lambda images, rng: images * 0.9},
    "first weights": {"net": make_net(seed=3)},
    "dtype": {"net": make_net(dtype=np.float64)},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_checkpoint_resumes_no_other_run(tmp_path, what):
    path = tmp_path / "run.checkpoint.npz"
    settings = {"epochs": 1, "batch_size": 20, "checkpoint": path}
    quiet_fit(make_net(), make_data(40), rng=4, **settings)
    change = dict(CHANGES[what])
    net, data = change.pop("net", None) or make_net(), change.pop("data", make_data(40))
    net = net.copy()
    before = values_of(net)
    with pytest.raises(CheckpointError, match=f"belongs to another run: {what} was"):
        quiet_fit(net, data, **{"rng": 4} | settings | change)
    np.testing.assert_array_equal(values_of(net), before)


# Interruptions while the network is taken over and given back


@pytest.mark.parametrize("twice", [False, True])
def test_an_interruption_at_any_line_leaves_a_sound_network(monkeypatch, twice):
    """At every line of taking over, of an epoch and of giving back."""
    data = make_data(12)
    files = {"fit.py", "run.py", "flat_parameters.py", "team.py", "interruption.py"}
    for at in range(1, 100_000, 7 if twice else 5):
        net, optimizer = _small(), Momentum(0.01)
        arrays, handler = net.parameters, signal.getsignal(signal.SIGINT)
        passed = _interrupted(net, optimizer, data, files, at, twice)
        assert all(a is b for a, b in zip(arrays, net.parameters, strict=True)), at
        assert np.isfinite(values_of(net)).all()
        assert optimizer.learning_rate == 0.01
        assert signal.getsignal(signal.SIGINT) is handler
        if passed < at:
            return


def _small():
    layers = [Flatten(), Dense(144, 6, rng=0), BatchNorm(6), ReLU(), Dense(6, 10, rng=1)]
    return Sequential(layers, (1, 12, 12))


def _interrupted(net, optimizer, data, files, at, twice):
    """Train with Ctrl+C pressed at line number `at`, perhaps again soon after."""
    passed = 0

    def trace(frame, event, _):
        nonlocal passed
        if os.path.basename(frame.f_code.co_filename) not in files:
            return None
        if event == "line":
            passed += 1
            if passed == at or twice and passed == at + 3:
                signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)
    try:
        fit(
            net,
            data,
            validation=data,
            optimizer=optimizer,
            schedule=lambda done: 1 - done / 2,
            patience=3,
            epochs=1,
            batch_size=6,
            threads=2,
            progress=False,
        )
    except builtins.KeyboardInterrupt:
        pass
    finally:
        sys.settrace(None)
    return passed


# What is taken over is given back


def test_read_only_parameters_are_replaced():
    net = _small()
    weight = net.layers[1].params["weight"]
    weight.flags.writeable = False
    before = weight.copy()
    quiet_fit(net, make_data(12), epochs=1)
    np.testing.assert_array_equal(weight, before)
    assert net.layers[1].params["weight"] is not weight
    assert net.layers[1].params["weight"].flags.owndata
    assert not np.array_equal(net.layers[1].params["weight"], before)


def test_flatten_takes_a_list_of_features_with_the_batch_last_in_memory():
    x = np.asfortranarray(np.arange(12.0).reshape(3, 4))
    layer = Flatten()
    y = layer.forward(x)
    np.testing.assert_array_equal(y, x)
    assert not np.shares_memory(y, x)
    np.testing.assert_array_equal(layer.backward(2 * x), 2 * x)


def test_images_below_zero_are_told_once():
    net = make_net()
    images = make_data(20)[0] * 2 - 1
    with pytest.warns(UserWarning, match=r"values down to -0.99.* \(images \+ 1\) / 2"):
        net.predict(images)
    net.predict_proba(images)
