"""`fit` against the textbook loop, on any number of threads, and what it does with bad input."""

import contextlib
import copy
import signal
import threading
import tracemalloc

import numpy as np
import pytest

from helpers.architectures import mlp, small_cnn
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, ReLU
from helpers.losses import NO_CLASS, softmax_cross_entropy
from helpers.network import Sequential
from helpers.optimizers import SGD, Adam, Momentum
from helpers.training import History, fit


def make_net(seed=0, dtype=np.float32):
    """Every kind of layer, small enough to train in milliseconds."""
    rng = np.random.default_rng(seed)
    net = Sequential(
        [
            Conv2D(1, 6, 3, rng=rng),
            ReLU(),
            BatchNorm(6),
            MaxPool2D(2),
            Dropout(0.25, rng=np.random.default_rng([seed, 1])),
            Conv2D(6, 8, 3, padding="same", rng=rng),
            ReLU(),
            Flatten(),
            Dense(8 * 5 * 5, 16, rng=rng, l2=1e-3),
            BatchNorm(16),
            ReLU(),
            Dropout(0.5, rng=np.random.default_rng([seed, 2])),
            Dense(16, 10, rng=rng),
        ],
        input_shape=(1, 12, 12),
    )
    return net.astype(dtype)


def make_data(count=80, seed=1, size=12):
    """Bright squares whose place tells the class: learnt in a few epochs."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    images = rng.random((count, 1, size, size), dtype=np.float32) * 0.3
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 4)
        image[0, 1 + 3 * row : 4 + 3 * row, 3 * column : 3 + 3 * column] += 0.7
    return images, labels


def values_of(net):
    return np.concatenate([value.ravel() for value in net.get_state().values()])


def quiet_fit(net, data=None, **settings):
    return fit(net, make_data() if data is None else data, progress=False, **settings)


# --- what it computes ---------------------------------------------------------------------------


@pytest.mark.parametrize("make_optimizer", [lambda: SGD(0.05), lambda: Momentum(0.02), Adam])
@pytest.mark.parametrize("threads", [1, 2])
def test_it_is_the_textbook_loop(make_optimizer, threads):
    """One batch of all images, so that their order does not matter."""
    images, labels = make_data()
    images = images.astype(np.float64)
    net, textbook = make_net(dtype=np.float64), make_net(dtype=np.float64)
    history = quiet_fit(
        net,
        (images, labels),
        optimizer=make_optimizer(),
        epochs=3,
        batch_size=80,
        threads=threads,
        rng=_NoShuffle(0),
    )
    optimizer = make_optimizer()
    for epoch in range(3):
        logits = textbook.forward(images, training=True)
        loss, dlogits = softmax_cross_entropy(logits, labels)
        loss += textbook.penalty
        textbook.backward(dlogits)
        optimizer.update(textbook.parameters, textbook.gradients)
        assert history.loss[epoch] == pytest.approx(loss, rel=1e-9)
        assert history.accuracy[epoch] == pytest.approx((logits.argmax(axis=1) == labels).mean())
    np.testing.assert_allclose(values_of(net), values_of(textbook), rtol=1e-7, atol=1e-10)


class _NoShuffle(np.random.Generator):
    """Leaves the images in their order, so that dropout hits the same ones."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(seed))

    def permutation(self, count):
        return np.arange(count)


@pytest.mark.parametrize(("count", "batch_size"), [(80, 32), (65, 32), (5, 32), (7, 1)])
def test_every_image_is_seen_once_an_epoch(count, batch_size):
    images, labels = make_data(count)
    images[:, 0, 0, 0] = np.arange(count)  # each image carries its number
    seen = []

    def watch(batch, rng):
        seen.append(batch[:, 0, 0, 0].copy())
        return batch

    quiet_fit(make_net(), (images, labels), epochs=2, batch_size=batch_size, augment=watch)
    numbers = np.concatenate(seen)
    for epoch in (numbers[:count], numbers[count:]):
        np.testing.assert_array_equal(np.sort(epoch), np.arange(count))
    if count > 10:
        assert not np.array_equal(numbers[:count], numbers[count:])
    assert max(len(batch) for batch in seen) <= batch_size + 1


def test_it_learns():
    net = make_net()
    history = quiet_fit(
        net, make_data(600), validation=make_data(200, 2), epochs=8, optimizer=Adam(0.01)
    )
    assert history.validation_accuracy[-1] > 0.95
    assert history.loss[-1] < 0.5 * history.loss[0]
    images, labels = make_data(300, 3)
    assert (net.predict(images) == labels).mean() > 0.95


@pytest.mark.parametrize("threads", [1, 3])
def test_images_of_no_class_count_in_the_loss_alone(threads):
    """One step on a whole batch: loss and accuracy by hand, of the network before the step."""
    images, labels = make_data(40)
    net = Sequential([Flatten(), Dense(144, 10, rng=np.random.default_rng(0))], (1, 12, 12))
    quiet_fit(net, (images, labels), epochs=5, optimizer=Adam(0.01))
    labels = np.where(np.arange(40) % 4 == 0, NO_CLASS, labels)
    logits = net.forward(images)
    history = quiet_fit(net, (images, labels), batch_size=40, epochs=1, threads=threads)
    loss, _ = softmax_cross_entropy(logits, labels)
    assert history.loss[0] == pytest.approx(loss, rel=1e-5)
    of_a_class = labels != NO_CLASS
    right = (logits.argmax(axis=1) == labels)[of_a_class]
    assert history.accuracy[0] == right.mean() > 0.2


def test_a_batch_of_no_class_alone_has_no_accuracy():
    images, labels = make_data(20)
    history = quiet_fit(make_net(), (images, np.full_like(labels, NO_CLASS)), epochs=1)
    assert history.accuracy == [0.0]


# --- threads ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_two_and_three_threads_agree_after_twenty_steps(dtype):
    images, labels = make_data(160)
    results = []
    for threads in (1, 2, 3):
        net = make_net(dtype=dtype)
        quiet_fit(
            net,
            (images.astype(dtype), labels),
            optimizer=Momentum(0.01),
            epochs=4,
            batch_size=32,
            threads=threads,
        )
        results.append(values_of(net))
    limit = 1e-5 if dtype == np.float32 else 1e-12
    for other in results[1:]:
        assert np.linalg.norm(other - results[0]) <= limit * np.linalg.norm(results[0])
    assert np.abs(results[0] - values_of(make_net(dtype=dtype))).max() > 1e-3


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_bits(threads):
    def trained(seed):
        net = make_net()
        quiet_fit(net, epochs=3, batch_size=16, threads=threads, rng=seed)
        return values_of(net)

    np.testing.assert_array_equal(trained(5), trained(5))
    assert not np.array_equal(trained(5), trained(6))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_batch_norm_has_the_statistics_of_the_whole_batch(threads):
    images, labels = make_data(64)
    net = Sequential([Flatten(), BatchNorm(144), Dense(144, 10)], input_shape=(1, 12, 12))
    quiet_fit(net, (images, labels), epochs=1, batch_size=64, threads=threads)
    flat = images.reshape(64, -1).astype(np.float64)
    norm = net.layers[1]
    np.testing.assert_allclose(norm.running_mean, 0.1 * flat.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(norm.running_var, 0.9 + 0.1 * flat.var(axis=0), rtol=1e-5)


def test_more_threads_than_images_are_no_trouble():
    net = make_net()
    history = quiet_fit(net, make_data(2), epochs=2, batch_size=64, threads=3)
    assert history.epochs == 2
    assert np.isfinite(values_of(net)).all()


class _Bomb(Dropout):
    """A layer that fails in its forward pass number `fuse`, on one thread only."""

    fuse = 3
    _lock = threading.Lock()
    count = 0

    def _forward(self, x, training):
        with self._lock:
            type(self).count += 1
            fails = type(self).count == self.fuse
        if fails:
            raise RuntimeError("the bomb went off")
        return super()._forward(x, training)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_an_error_in_a_worker_reaches_the_caller(threads):
    """The others wait for batch norm's sums then; nobody may be left waiting."""
    _Bomb.count = 0
    net = make_net()
    net.layers.insert(4, _Bomb(0.0))
    arrays, optimizer = net.parameters, Adam(0.01)
    caught = []

    def train():
        try:
            quiet_fit(net, epochs=2, batch_size=16, threads=threads, optimizer=optimizer)
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=train, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "fit hangs after an error"
    assert caught == ["the bomb went off"]
    # The network is whole: the same arrays, finite, and it trains on.
    assert all(a is b for a, b in zip(arrays, net.parameters, strict=True))
    assert np.isfinite(values_of(net)).all()
    before = values_of(net)
    assert quiet_fit(net, epochs=1, batch_size=16, threads=threads).epochs == 1
    assert not np.array_equal(before, values_of(net))


def test_a_diverging_run_says_so_and_gives_everything_back():
    net = mlp()
    optimizer = SGD(1e12)
    rng = np.random.default_rng(0)
    data = rng.random((64, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 64)
    with pytest.raises(ValueError, match="Lower the learning rate"), np.errstate(all="ignore"):
        quiet_fit(net, data, optimizer=optimizer, epochs=20, batch_size=16, schedule=lambda _: 0.5)
    assert optimizer.learning_rate == 1e12


# --- what it leaves alone -----------------------------------------------------------------------


def test_arrays_of_the_network_stay_the_same_objects():
    net = make_net()
    arrays = net.parameters
    before = [array.copy() for array in arrays]
    quiet_fit(net, epochs=1)
    for array, now, value in zip(arrays, net.parameters, before, strict=True):
        assert now is array
        assert not np.array_equal(array, value)


def test_data_are_not_written_to():
    images, labels = make_data()
    copies = images.copy(), labels.copy()
    images.flags.writeable = labels.flags.writeable = False
    quiet_fit(make_net(), (images, labels), epochs=2, validation=(images, labels))
    np.testing.assert_array_equal(images, copies[0])
    np.testing.assert_array_equal(labels, copies[1])


def test_the_global_random_numbers_are_left_alone():
    np.random.seed(3)  # noqa: NPY002 - to see that nobody else draws
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    quiet_fit(make_net(), epochs=1)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_outputs_given_out_before_are_not_written_to():
    """Work arrays are fit's own: what a student got from `forward` stays."""
    images, _ = make_data()
    net = make_net()
    output = net.forward(images)
    before = output.copy()
    quiet_fit(net, epochs=1, threads=2)
    np.testing.assert_array_equal(output, before)


# --- history, validation, early stopping --------------------------------------------------------


def test_history_has_a_figure_for_each_epoch():
    told = []
    history = quiet_fit(
        make_net(),
        validation=make_data(40, 2),
        optimizer=Adam(0.002),
        epochs=3,
        on_epoch=lambda history: told.append(history.epochs),
    )
    assert told == [1, 2, 3]
    assert history.epochs == 3
    for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "seconds"):
        measured = getattr(history, name)
        assert len(measured) == 3, name
        assert all(isinstance(value, float) and value >= 0 for value in measured), name
    assert history.learning_rate == [0.002] * 3
    assert history.best_epoch == int(np.argmin(history.validation_loss))
    assert history.stopped == "finished"


def test_validation_is_measured_on_the_network_as_it_is():
    net, validation = make_net(), make_data(50, 2)
    history = quiet_fit(net, validation=validation, epochs=2)
    logits = net.forward(validation[0])
    loss, _ = softmax_cross_entropy(logits, validation[1])
    assert history.validation_loss[-1] == pytest.approx(loss, rel=1e-5)
    assert history.validation_accuracy[-1] == (logits.argmax(axis=1) == validation[1]).mean()


def test_without_validation_there_is_no_best_epoch():
    history = quiet_fit(make_net(), epochs=1)
    assert history.validation_loss == []
    assert history.best_epoch is None
    assert History().best_epoch is None


def overfit(net, **settings):
    """Random labels: the validation loss soon rises."""
    images, _ = make_data(60)
    train = images, np.random.default_rng(0).integers(0, 10, 60)
    validation = make_data(60, 2)
    return validation, quiet_fit(
        net, train, validation=validation, optimizer=Adam(0.005), batch_size=16, **settings
    )


def test_early_stopping_brings_the_best_weights_back():
    net = make_net()
    validation, history = overfit(net, epochs=60, patience=4)
    assert history.stopped == "early stopping"
    assert history.epochs == history.best_epoch + 1 + 4 < 60
    loss, _ = softmax_cross_entropy(net.forward(validation[0]), validation[1])
    assert loss == pytest.approx(min(history.validation_loss), rel=1e-5)
    assert loss < history.validation_loss[-1]


def test_the_best_weights_come_back_when_patience_lasts():
    net = make_net()
    validation, history = overfit(net, epochs=20, patience=20)
    assert history.stopped == "finished"
    assert history.epochs == 20
    loss, _ = softmax_cross_entropy(net.forward(validation[0]), validation[1])
    assert loss == pytest.approx(min(history.validation_loss), rel=1e-5)
    assert history.best_epoch < 19


# --- interruption -------------------------------------------------------------------------------


class interrupt_at:  # small letters: used like a function
    """An augmentation that presses Ctrl+C at one step, and changes no image."""

    def __init__(self, step):
        self._step, self._steps = step, iter(range(1, 1_000_000))

    def __call__(self, images, rng):
        if next(self._steps) == self._step:
            signal.raise_signal(signal.SIGINT)
        return images

    def __repr__(self):
        return "no change"


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interruption_ends_cleanly_and_keeps_what_was_learnt(threads):
    """Stopped in step 8, the network is where eight steps lead."""
    handler = signal.getsignal(signal.SIGINT)
    net, twin = make_net(), make_net()
    history = quiet_fit(
        net, epochs=9, batch_size=16, threads=threads, augment=interrupt_at(8), optimizer=SGD(0.01)
    )
    assert history.stopped == "interrupted"
    assert history.epochs == 2
    assert len(history.loss) == len(history.seconds) == 2
    assert signal.getsignal(signal.SIGINT) is handler
    count = 0

    def freeze_after_eight(done):
        nonlocal count
        count += 1
        return 1.0 if count <= 8 else 1e-30

    quiet_fit(
        twin,
        epochs=2,
        batch_size=16,
        threads=threads,
        schedule=freeze_after_eight,
        optimizer=SGD(0.01),
    )
    for ours, expected in zip(net.parameters, twin.parameters, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-25)


def test_an_interruption_with_patience_brings_the_best_weights_back():
    net = make_net()
    validation, history = overfit(net, epochs=60, patience=50, augment=interrupt_at(4 * 30 + 2))
    assert history.stopped == "interrupted"
    assert history.epochs == 31
    loss, _ = softmax_cross_entropy(net.forward(validation[0]), validation[1])
    assert loss == pytest.approx(min(history.validation_loss), rel=1e-5)


def test_a_second_interruption_ends_it_at_once_and_leaves_a_whole_network():
    net = make_net()
    arrays, handler = net.parameters, signal.getsignal(signal.SIGINT)

    def augment(images, rng):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        return images

    with pytest.raises(KeyboardInterrupt):
        quiet_fit(net, epochs=2, augment=augment)
    assert signal.getsignal(signal.SIGINT) is handler
    assert all(a is b for a, b in zip(arrays, net.parameters, strict=True))
    assert quiet_fit(net, epochs=1).stopped == "finished"


def test_it_trains_outside_the_main_thread():
    """Where signals cannot be caught."""
    results = []
    thread = threading.Thread(target=lambda: results.append(quiet_fit(make_net(), epochs=1)))
    thread.start()
    thread.join(30)
    assert results[0].epochs == 1


# --- progress -----------------------------------------------------------------------------------


def test_progress_shows_a_line_for_each_epoch(capsys):
    fit(make_net(), make_data(), validation=make_data(20, 2), epochs=2)
    shown = capsys.readouterr()
    text = shown.out + shown.err
    for epoch in ("epoch 1/2", "epoch 2/2"):
        assert epoch in text
    assert "validation loss" in text
    assert "images/s" in text


def test_without_progress_nothing_is_printed(capsys):
    quiet_fit(make_net(), epochs=1)
    assert capsys.readouterr() == ("", "")


# --- bad input ----------------------------------------------------------------------------------


def bad(images=None, labels=None, **settings):
    def run():
        good_images, good_labels = make_data(20)
        data = (
            good_images if images is None else images,
            good_labels if labels is None else labels,
        )
        quiet_fit(make_net(), data, **settings)

    return run


IMAGES, LABELS = make_data(20)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            bad(images=IMAGES[:, :, :, :11]),
            r"train images have shape \(20, 1, 12, 11\); the network",
        ),
        (bad(images=IMAGES[:0], labels=LABELS[:0]), "with N of at least 1"),
        (bad(images=(IMAGES * 255).astype(np.uint8)), "train images are uint8; divide by 255"),
        (bad(labels=LABELS[:19]), "train labels must be 20 integers, one an image"),
        (bad(labels=LABELS * 1.0), "train labels must be 20 integers, one an image, not float64"),
        (
            bad(labels=np.eye(10, dtype=int)[LABELS]),
            r"labels of shape \(20, 10\) look one-hot: give labels.argmax",
        ),
        (bad(labels=LABELS + 5), "labels must lie in 0 to 9"),
        (bad(labels=LABELS - 11), "labels must lie in 0 to 9"),
        (bad(validation=(IMAGES, LABELS * 0 - 1)), "validation labels must lie in 0 to 9"),
        (bad(validation=(IMAGES, LABELS[:3])), "validation labels must be 20 integers"),
        (bad(epochs=0), "epochs must be a whole number of at least 1, not 0"),
        (bad(epochs=1.5), "epochs must be a whole number of at least 1, not 1.5"),
        (bad(batch_size=0), "batch_size must be a whole number of at least 1, not 0"),
        (bad(batch_size=-4), "batch_size must be a whole number of at least 1, not -4"),
        (bad(threads=0), "threads must be a whole number of at least 1, not 0"),
        (bad(patience=2), r"early stopping \(patience\) needs validation images"),
        (bad(patience=0, validation=(IMAGES, LABELS)), "patience must be a whole number"),
        (bad(optimizer=Adam(), rng=-1), "non-negative"),
    ],
)
def test_bad_input_is_named(run, message):
    with pytest.raises(ValueError, match=message):
        run()


def test_bad_input_changes_nothing():
    net = make_net()
    before = values_of(net)
    for labels in (LABELS[:19], LABELS + 5):
        with pytest.raises(ValueError, match="labels"):
            quiet_fit(net, (IMAGES, labels))
    np.testing.assert_array_equal(values_of(net), before)


def test_parameters_of_two_dtypes_are_named():
    net = make_net()
    net.layers[0].params["weight"] = net.layers[0].params["weight"].astype(np.float64)
    with pytest.raises(ValueError, match="different dtypes .float32, float64."):
        quiet_fit(net)


# --- memory -------------------------------------------------------------------------------------


@contextlib.contextmanager
def peak_of_memory():
    """Yields a list that ends up holding the peak in bytes above the start."""
    tracemalloc.start()
    found = []
    try:
        start, _ = tracemalloc.get_traced_memory()
        yield found
        found.append(tracemalloc.get_traced_memory()[1] - start)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_memory_of_a_prediction_is_bounded(threads):
    """Each thread sets 64 MiB of address space aside for its work, for any number of images. All at
    once, 4,000 images would need more than 200 MB.
    """
    net = small_cnn()
    images = np.random.default_rng(0).random((4000, 1, 28, 28), dtype=np.float32)
    peaks = []
    for count in (1000, 4000):
        with peak_of_memory() as found:
            probabilities = net.predict_proba(images[:count], threads=threads)
        assert probabilities.shape == (count, 10)
        peaks += found
    assert peaks[1] < 2**26 * threads + 10e6
    # Only the results grow.
    assert peaks[1] - peaks[0] < 3000 * 10 * 4 * 6


def test_the_memory_of_training_does_not_grow_with_the_steps():
    net = small_cnn()
    rng = np.random.default_rng(0)
    images, labels = rng.random((512, 1, 28, 28), dtype=np.float32), rng.integers(0, 10, 512)
    peaks = []
    for epochs in (1, 4):
        with peak_of_memory() as found:
            quiet_fit(net, (images, labels), epochs=epochs, batch_size=64, threads=1)
        peaks += found
    assert peaks[1] < 1.05 * peaks[0]


class Sigmoid(Layer):
    """A layer of a student's own, which needs its output on the way back."""

    def _forward(self, x, training):
        self._y = 1 / (1 + np.exp(-x))
        return self._y

    def _backward(self, dy):
        return dy * self._y * (1 - self._y)


@pytest.mark.parametrize("after", [ReLU(), BatchNorm(8), Dropout(0.5, rng=7)], ids=repr)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_layer_of_ones_own_keeps_its_output(after, threads):
    """`fit` lets layers write on their input, but not on what such a layer still needs."""

    def make():
        rng = np.random.default_rng(3)
        row = [Flatten(), Dense(144, 8, rng=rng), Sigmoid(), copy.deepcopy(after)]
        net = Sequential([*row, Dense(8, 10, rng=rng)], input_shape=(1, 12, 12))
        return net.astype(np.float64)

    images, labels = make_data(24)
    images = images.astype(np.float64)
    trained, expected = make(), make()
    order = np.random.default_rng(0).permutation(24)  # as `fit` draws it
    _, dlogits = softmax_cross_entropy(
        expected.forward(images[order], training=True), labels[order]
    )
    expected.backward(dlogits)
    SGD(0.5).update(expected.parameters, expected.gradients)
    settings = {"optimizer": SGD(0.5), "batch_size": 24, "rng": 0, "threads": threads}
    fit(trained, (images, labels), epochs=1, progress=False, **settings)
    np.testing.assert_allclose(values_of(trained), values_of(expected), rtol=1e-10)
