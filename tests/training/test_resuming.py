"""Checkpoints: a run that was stopped goes on to the same weights, whatever stopped it."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from test_training import interrupt_at, make_data, make_net, values_of

from helpers.augmentation import Augmentation
from helpers.layers import Dense, Dropout, Flatten
from helpers.network import Sequential
from helpers.optimizers import SGD, Adam, Momentum, RMSProp
from helpers.schedules import one_cycle
from helpers.training import fit
from helpers.training.checkpoints import CheckpointError

EPOCHS = 6


def run(checkpoint, epochs=EPOCHS, threads=2, optimizer=None, net=None, **settings):
    """A run with all that has a state: dropout, batch norm, optimizer, schedule, augmentation."""
    net = make_net() if net is None else net
    history = fit(
        net,
        make_data(96),
        validation=make_data(40, 2),
        optimizer=Adam(0.01) if optimizer is None else optimizer,
        epochs=epochs,
        batch_size=32,
        rng=4,
        augment=settings.pop("augment", Augmentation(shift=1, elastic=0.5)),
        checkpoint=checkpoint,
        threads=threads,
        progress=False,
        **settings,
    )
    return net, history


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.checkpoint.npz"


def assert_same(first, second):
    """Networks and histories, to the bit; only the seconds may differ."""
    (net, history), (other_net, other_history) = first, second
    np.testing.assert_array_equal(values_of(net), values_of(other_net))
    for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate"):
        assert getattr(history, name) == getattr(other_history, name), name


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("make", [SGD, Momentum, RMSProp, Adam], ids=lambda make: make.__name__)
def test_a_longer_run_goes_on_from_a_shorter_one(path, make, threads):
    whole = run(None, threads=threads, optimizer=make(0.01))
    run(path, epochs=2, threads=threads, optimizer=make(0.01))
    resumed = run(path, threads=threads, optimizer=make(0.01))
    assert_same(whole, resumed)


def test_dropouts_that_share_a_generator_go_on_as_well(path):
    """As those of `architectures.deep_cnn` do: one generator makes the whole network."""

    def net():
        rng = np.random.default_rng(0)
        layers = [Flatten(), Dense(144, 40, rng=rng), Dropout(0.3, rng=rng)]
        layers += [Dense(40, 30, rng=rng), Dropout(0.4, rng=rng), Dense(30, 10, rng=rng)]
        return Sequential(layers, input_shape=(1, 12, 12))

    whole = run(None, net=net())
    run(path, epochs=2, net=net())
    assert_same(whole, run(path, net=net()))


def test_a_checkpoint_changes_nothing(path):
    assert_same(run(None), run(path))


def test_a_finished_run_is_only_loaded(path):
    first = run(path)
    calls = []
    second = run(path, on_epoch=calls.append)
    assert calls == []
    assert_same(first, second)


@pytest.mark.parametrize("step", [4, 5, 9])
def test_an_interrupted_run_goes_on_to_the_same_weights(path, step):
    """The epoch that was cut off begins anew; three steps are an epoch."""
    settings = {"schedule": one_cycle(0.3)}
    whole = run(None, augment=lambda images, rng: images, **settings)
    _, history = run(path, augment=interrupt_at(step), **settings)
    assert history.stopped == "interrupted"
    assert path.exists()
    resumed = run(path, augment=interrupt_at(None), **settings)
    assert resumed[1].stopped == "finished"
    assert_same(whole, resumed)


def test_early_stopping_goes_on_where_it_was(path):
    settings = {"epochs": 40, "patience": 3, "optimizer": Adam(0.03)}
    whole = run(None, **settings)
    assert whole[1].stopped == "early stopping"
    run(path, **settings | {"epochs": whole[1].best_epoch + 2, "optimizer": Adam(0.03)})
    resumed = run(path, **settings | {"optimizer": Adam(0.03)})
    assert resumed[1].stopped == "early stopping"
    assert_same(whole, resumed)


CHILD = """
    import os, signal, sys
    sys.path.insert(0, {tests!r})
    from test_resuming import run
    from helpers.files import writing as files
    from helpers.augmentation import Augmentation

    def die():
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    where, number, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]

    draw, steps = Augmentation.draw, 0
    def deadly_draw(self, count, rng):
        global steps
        steps += 1
        if where == "step" and steps == number:
            die()
        return draw(self, count, rng)
    Augmentation.draw = deadly_draw

    replace, writes = os.replace, 0
    def deadly_replace(source, target):
        global writes
        writes += 1
        if where == "before replacing" and writes == number:
            die()
        replace(source, target)
        if where == "after replacing" and writes == number:
            die()
    files.os.replace = deadly_replace

    write = files.np.savez_compressed
    def deadly_write(file, **arrays):
        if where == "while writing" and writes + 1 == number:
            file.write(b"half a file")
            file.flush()
            die()
        write(file, **arrays)
    files.np.savez_compressed = deadly_write

    run(path)
    print("finished")
"""


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ("step", 2),
        ("step", 8),
        ("while writing", 1),
        ("while writing", 3),
        ("before replacing", 3),
        ("after replacing", 3),
    ],
)
def test_a_killed_run_goes_on_to_the_same_weights(path, where, number):
    """SIGKILL cannot be caught: whatever the moment, the file is the last whole checkpoint."""
    code = textwrap.dedent(CHILD.format(tests=os.path.dirname(__file__)))
    child = subprocess.run(
        [sys.executable, "-c", code, where, str(number), str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "finished" not in child.stdout, child.stdout
    if hasattr(signal, "SIGKILL"):
        assert child.returncode == -signal.SIGKILL, child.stderr
    epochs_kept = {"step": (number - 1) // 3, "after replacing": number}.get(where, number - 1)
    if epochs_kept:
        with np.load(path, allow_pickle=False) as file:
            assert f'"epoch": {epochs_kept},' in str(file["record"])
    else:
        assert not path.exists()
    assert_same(run(None), run(path))


# --- checkpoints that cannot be used ------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no zip file", b"PK\x03\x04 half"])
def test_a_damaged_checkpoint_is_named_and_kept(path, content):
    path.write_bytes(content)
    net = make_net()
    before = values_of(net)
    with pytest.raises(CheckpointError, match="run.checkpoint.npz is no checkpoint, or damaged"):
        run(path, net=net)
    assert path.read_bytes() == content
    np.testing.assert_array_equal(values_of(net), before)


def test_a_truncated_checkpoint_is_named(path):
    run(path, epochs=1)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CheckpointError, match="delete it to start anew"):
        run(path)


def test_a_weights_file_is_no_checkpoint(path):
    net = make_net()
    net.save(path)
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        run(path)


def test_a_checkpoint_of_another_run_is_named(path):
    run(path, epochs=1)
    with pytest.raises(CheckpointError, match="belongs to another run: optimizer was"):
        run(path, optimizer=SGD(0.01))
    with pytest.raises(CheckpointError, match="belongs to another run: optimizer was"):
        run(path, optimizer=Adam(0.02))
    with pytest.raises(CheckpointError, match="belongs to another run: schedule was None, now it"):
        run(path, schedule=one_cycle(0.3))
    with pytest.raises(CheckpointError, match="belongs to another run: early stopping was False"):
        run(path, patience=3)
    with pytest.raises(CheckpointError, match="belongs to another run: training images was '96 "):
        fit(
            make_net(),
            make_data(50),
            optimizer=Adam(0.01),
            batch_size=32,
            checkpoint=path,
            augment=Augmentation(shift=1, elastic=0.5),
            progress=False,
        )


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (Momentum(0.1, momentum=0.9), Momentum(0.1, momentum=0.5)),
        (Adam(0.01), Adam(0.01, beta2=0.99)),
    ],
)
def test_an_optimizer_with_other_settings_is_another_run(path, first, then):
    run(path, epochs=1, optimizer=first)
    with pytest.raises(CheckpointError, match="belongs to another run: optimizer was"):
        run(path, optimizer=then)


def test_validation_cannot_begin_on_the_way(path):
    settings = {"batch_size": 32, "checkpoint": path, "progress": False}
    fit(make_net(), make_data(96), epochs=1, **settings)
    with pytest.raises(CheckpointError, match="validation images was 'none', now it is '40 "):
        fit(make_net(), make_data(96), validation=make_data(40, 2), patience=2, **settings)


@pytest.mark.parametrize("kind", ["PCG64", "MT19937", "Philox", "SFC64"])
def test_any_generator_goes_on(path, kind):
    def train(epochs, checkpoint):
        def generator(seed):
            return np.random.Generator(getattr(np.random, kind)(seed))

        layers = [Flatten(), Dropout(0.3, rng=generator(1)), Dense(144, 10)]
        net = Sequential(layers, input_shape=(1, 12, 12))
        settings = {"batch_size": 32, "checkpoint": checkpoint, "progress": False}
        return net, fit(net, make_data(96), epochs=epochs, rng=generator(2), **settings)

    whole = train(3, None)
    train(1, path)
    assert_same(whole, train(3, path))


def test_a_schedule_needs_the_same_number_of_epochs(path):
    run(path, epochs=2, schedule=one_cycle(0.3))
    with pytest.raises(CheckpointError, match="belongs to another run: epochs was 2, now it is 6"):
        run(path, schedule=one_cycle(0.3))
