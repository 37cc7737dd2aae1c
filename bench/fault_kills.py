"""Processes killed in the middle: what becomes of their files, and of the next run.

Each operation runs in a process of its own, forked, and is ended at a random moment.
"""

import contextlib
import os
import random
import resource
import shutil
import signal
import tempfile
import time
from pathlib import Path

import numpy as np

from bench import stand_ins
from helpers import training_record
from helpers.mnist import __main__ as mnist_command
from helpers.mnist import download
from helpers.mnist import files as mnist_files
from helpers.network import Sequential
from helpers.recipes import __main__ as recipes_command

WAYS = ("KILL", "TERM", "INT", "two INTs", "full disk")
HANG_SECONDS = 30.0
SAVING_SECONDS = 0.3
FOREIGN = 70  # exit status of a child that raised what is none of the project's own errors


class Lost(Exception):
    """A half file, an earlier version that is gone, another result, or a leftover."""


def _require(condition, what):
    if not condition:
        raise Lost(what)


def _hidden(folder):
    return [path.name for path in Path(folder).rglob(".*")]


class Save:
    """A network that is saved over another, again and again."""

    name = "`Sequential.save`"
    seconds = SAVING_SECONDS

    def __init__(self, folder):
        from bench.fault_cases import make_net

        self.nets = [make_net(seed) for seed in (1, 2)]

    def prepare(self, folder):
        self.nets[0].save(folder / "net.npz", {"seed": 1})

    def run(self, folder):
        end = time.monotonic() + SAVING_SECONDS
        while time.monotonic() < end:
            for seed, net in enumerate(self.nets, 1):
                net.save(folder / "net.npz", {"seed": seed})
        return 0

    def check(self, folder, after):
        found = Sequential.load(folder / "net.npz").parameters[0]
        same = [np.array_equal(found, net.parameters[0]) for net in self.nets]
        _require(any(same), "the file holds another network")
        if after:
            _require(same[1], "the next run did not save")
            _require(sorted(os.listdir(folder)) == ["net.npz"], f"left: {os.listdir(folder)}")


class Fetch:
    """``python -m helpers.mnist --fetch`` from a server on this machine."""

    name = "`helpers.mnist --fetch`"
    seconds = 0.6

    def __init__(self, folder):
        import pooch  # noqa: F401 - so that no kill is spent on importing
        import requests  # noqa: F401
        import tqdm  # noqa: F401

        self.files = stand_ins.published(folder, 200)
        self.url, _ = stand_ins.served(stand_ins.slowly, self.files)

    def prepare(self, folder):
        shutil.copytree(mnist_files.sample_folder(), folder / "sample")
        (folder / "mnist").mkdir()
        name = next(iter(self.files))
        (folder / "mnist" / name).write_bytes(self.files[name])

    def run(self, folder):
        os.environ.pop("MNIST_DIR", None)
        os.environ["NO_PROXY"] = "127.0.0.1"
        download.MIRRORS = (self.url,)
        mnist_files.DATA = folder
        return mnist_command.main(["--fetch"])

    def check(self, folder, after):
        there = {path.name: path for path in (folder / "mnist").glob("*.gz")}
        for name, path in there.items():
            _require(path.read_bytes() == self.files[name], f"{name} is not whole")
        _require(next(iter(self.files)) in there, "what was there before is gone")
        if after:
            _require(len(there) == 4, f"after the next run there are {sorted(there)}")
            _require(not _hidden(folder), f"left: {_hidden(folder)}")


class Train:
    """``python -m helpers.recipes train mlp`` for three epochs, over an earlier network."""

    name = "`helpers.recipes train`"

    def __init__(self, folder):
        self.earlier, self.whole = folder / "earlier", folder / "whole"
        for place, seed in ((self.earlier, 1), (self.whole, 0)):
            place.mkdir()
            start = time.monotonic()
            status = _finished(_forked(lambda p=place, s=seed: self.run(p, s)))
            _require(status == 0, "the first training failed")
            self.seconds = 1.1 * (time.monotonic() - start)

    def prepare(self, folder):
        shutil.copytree(self.earlier, folder, dirs_exist_ok=True)

    def run(self, folder, seed=0):
        command = f"train mlp --source sample --epochs 3 --seed {seed} --no-test --output"
        return recipes_command.main([*command.split(), str(folder)])

    def check(self, folder, after):
        training_record.verify("mlp", folder / "mlp")
        found = Sequential.load(folder / "mlp.npz").parameters[0]
        known = [Sequential.load(p / "mlp.npz").parameters[0] for p in (self.earlier, self.whole)]
        same = [np.array_equal(found, values) for values in known]
        _require(any(same), "the file holds another network")
        if after:
            _require(same[1], "the run that went on ends at other weights")
            names = sorted(os.listdir(folder))
            _require(names == ["mlp.json", "mlp.npz"], f"left: {names}")


OPERATIONS = (Save, Fetch, Train)


def run(operation, way, seed, count):
    """End an operation so many times; return how often each outcome came, and some of the others.

    Parameters
    ----------
    operation : object
        One of `OPERATIONS`, made.
    way : str
        One of `WAYS`.
    seed, count : int

    Returns
    -------
    dict of str to int, list of str
    """
    outcomes = dict.fromkeys(("clean result", "clean error", "other", "hang", "lost"), 0)
    others, draw = [], random.Random(f"{operation.name} {way} {seed}")
    for number in range(count):
        with tempfile.TemporaryDirectory() as folder:
            outcome, error = _once(operation, way, Path(folder), draw)
        outcomes[outcome] += 1
        if error and len(others) < 20:
            others.append(f"{operation.name}, {way}, case {number}: {error}")
    return outcomes, others


def _once(operation, way, folder, draw):
    operation.prepare(folder)
    room = draw.randrange(1, 60_000) if way == "full disk" else None
    process = _forked(lambda: operation.run(folder), room)
    if way != "full disk":
        time.sleep(draw.uniform(0, operation.seconds))
        _end(process, way, draw)
    status = _finished(process)
    if status is None:
        return "hang", f"no end within {HANG_SECONDS:.0f} s"
    try:
        operation.check(folder, after=False)
        if _finished(_forked(lambda: operation.run(folder))) != 0:
            raise Lost("the next run failed")
        operation.check(folder, after=True)
    except Exception as error:  # whatever cannot be read any more
        return "lost", repr(error)[:300]
    if status == FOREIGN:
        return "other", "an error that is none of the project's own"
    return ("clean result" if status == 0 else "clean error"), None


def _end(process, way, draw):
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, getattr(signal, f"SIG{way}", signal.SIGINT))
        if way == "two INTs":
            time.sleep(draw.uniform(0, 0.05))
            os.kill(process, signal.SIGINT)


def _forked(action, room=None):
    """Run a function in a process of its own; return its number."""
    if process := os.fork():
        return process
    status = FOREIGN
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as the commands have it
        if room is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        status = action()
    except KeyboardInterrupt:
        status = 130
    except (OSError, ValueError):
        status = 1
    finally:
        os._exit(status)


def _finished(process):
    """Exit status of a process: None if it had to be killed, negative if a signal ended it."""
    end = time.monotonic() + HANG_SECONDS
    while time.monotonic() < end:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None
