"""Damaged and made-up files, one after the other: what becomes of each.

Called by `bench.faults` in a process of its own, whose memory is limited.
"""

import contextlib
import gzip
import resource
import signal
import time
from pathlib import Path

import numpy as np

from bench import damage
from helpers.files import DamagedError, read_npz, write_npz
from helpers.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from helpers.mnist import Split
from helpers.mnist.idx import IdxError, read_idx, write_idx
from helpers.network import Sequential, WeightsError
from helpers.optimizers import Adam
from helpers.training import fit
from helpers.training.checkpoints import CheckpointError

MEMORY_BYTES = 2**30  # more than the process has before the first case
CPU_SECONDS = 2.0
HANG_SECONDS = 10.0
NEW_AFTER = 50  # cases, another good file is damaged


class Hang(BaseException):
    """A case that did not end."""


class Changed(Exception):
    """A network that is another after an error."""


def make_net(seed=0):
    """A small network with an array of each kind."""
    rng = np.random.default_rng(seed)
    layers = [Conv2D(1, 4, 3, rng=rng), ReLU(), BatchNorm(4), MaxPool2D(2), Flatten()]
    return Sequential([*layers, Dropout(0.2, rng=rng), Dense(64, 10, rng=rng)], (1, 10, 10))


def _split():
    rng = np.random.default_rng(5)
    images = rng.random((16, 1, 10, 10), np.float32)
    return Split(images, rng.integers(0, 10, 16))


def _train(net, path):
    settings = {"batch_size": 8, "threads": 1, "progress": False, "rng": 3}
    fit(net, _split(), optimizer=Adam(0.01), epochs=1, checkpoint=path, **settings)


# ---- what is tried: a good file, what reads it, the errors that may come of it


def _good_idx(path, rng):
    shape = tuple(rng.integers(1, 12, rng.integers(1, 4)))
    dtype = rng.choice(["u1", "i2", "i4", "f4", "f8"])
    write_idx(path, rng.integers(0, 100, shape).astype(dtype))
    if rng.random() < 0.5:
        path.write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def _good_npz(path, rng):
    names = ("a", "b/c", "words")
    values = (rng.random((3, 4)), rng.integers(0, 9, 5), np.array("words"))
    write_npz(path, dict(zip(names, values, strict=True)))


def _good_weights(path, rng):
    make_net(int(rng.integers(100))).save(path, {"network": "small", "seed": 3})


def _good_checkpoint(path, rng):
    path.unlink(missing_ok=True)
    _train(make_net(), path)


def _load(path, rng):
    net = Sequential.load(path)
    with np.errstate(all="ignore"):
        net.forward(np.zeros((2, *net.input_shape), np.float32))


def _unchanged(action, net, errors):
    before = net.get_state()
    try:
        action()
    except errors:
        for name, value in net.get_state().items():
            if not np.array_equal(value, before[name]):
                raise Changed(name) from None
        raise


def _load_weights(path, rng):
    net = make_net(int(rng.integers(100)))
    _unchanged(lambda: net.load_weights(path), net, (Exception,))


def _resume(path, rng):
    net = make_net()
    _unchanged(lambda: _train(net, path), net, (Exception,))


KINDS = {
    "IDX": (_good_idx, lambda path, rng: read_idx(path), (IdxError, OSError)),
    "npz": (_good_npz, lambda path, rng: read_npz(path), (DamagedError, OSError)),
    "weights, `Sequential.load`": (_good_weights, _load, (WeightsError,)),
    "weights, `load_weights`": (_good_weights, _load_weights, (WeightsError,)),
    "checkpoints, `fit`": (_good_checkpoint, _resume, (CheckpointError,)),
}


# ---- the campaign


def run(kind, seed, count, folder):
    """Try so many files of a kind; return how often each outcome came, and some of the others.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    seed, count : int
    folder : Path

    Returns
    -------
    dict of str to int, list of str
    """
    write, read, errors = KINDS[kind]
    outcomes = dict.fromkeys(("clean result", "clean error", "other", "hang", "lost"), 0)
    others, path, rng = [], Path(folder) / "file", np.random.default_rng(seed)
    write(path, rng)
    good = path.read_bytes()
    with contextlib.suppress(CheckpointError):
        read(path, rng)  # what is imported late does not count
    _limit_memory()
    signal.signal(signal.SIGALRM, _alarm)
    for number in range(count):
        damage.clear(path)
        if number % NEW_AFTER == 0:
            write(path, rng)
            good = path.read_bytes()
        path.write_bytes(good)
        how = rng.choice(["damaged", "rewritten", "made up"], p=[0.5, 0.4, 0.1])
        if how == "made up":
            damage.made_up(path, rng)
        else:
            content = damage.damaged(good, rng) if how == "damaged" else damage.rewritten(path, rng)
            path.write_bytes(content)
        outcome, error = _outcome(lambda: read(path, rng), errors)
        outcomes[outcome] += 1
        if outcome in ("other", "hang", "lost") and len(others) < 20:
            others.append(f"{kind}, seed {seed}, case {number} ({how}): {error}")
    damage.clear(path)
    return outcomes, others


def _alarm(*_):
    raise Hang


def _limit_memory():
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))


def _outcome(action, errors):
    start = time.process_time()
    signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
    try:
        action()
        outcome, error = "clean result", None
    except errors as found:
        outcome, error = "clean error", found
    except Changed as found:
        outcome, error = "lost", found
    except Hang:
        outcome, error = "hang", "no end"
    except Exception as found:
        outcome, error = "other", repr(found)[:300]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    if time.process_time() - start > CPU_SECONDS:
        outcome, error = "hang", f"{time.process_time() - start:.1f} s of CPU"
    return outcome, error
