"""Each kind of bad server, alone and beside a good one: what `mnist.load` makes of it."""

import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

from bench import bad_servers, stand_ins
from helpers import mnist
from helpers.mnist import download
from helpers.mnist import files as mnist_files

SECONDS = 15.0
WRITTEN_BYTES = 64 * 10**6
AT_ONCE = 4
SAMPLE = mnist_files.sample_folder()
IMAGES = 15_000  # of noise, so that the files are as large as MNIST's


def run(kinds, folder):
    """Try servers; return how often each outcome came, and what else is to be said.

    Parameters
    ----------
    kinds : iterable of str
        Of `bench.bad_servers.KINDS`.
    folder : Path

    Returns
    -------
    dict of str to (dict of str to int)
        Outcomes for a bad server "alone" and "beside a good one".
    list of str
        The cases that went wrong.
    float, int
        The longest time, and the most bytes that were written.
    """
    files = stand_ins.published(folder, IMAGES)
    names = ("clean result", "clean error", "other", "hang", "lost")
    outcomes = {place: dict.fromkeys(names, 0) for place in ("alone", "beside a good one")}
    cases = [(kind, place) for kind in kinds for place in outcomes]
    others, seconds, written = [], 0.0, 0
    for start in range(0, len(cases), AT_ONCE):
        for (kind, place), found in _together(cases[start : start + AT_ONCE], files, folder):
            outcomes[place][found["outcome"]] += 1
            seconds, written = max(seconds, found["seconds"]), max(written, found["written"])
            if found["outcome"] not in ("clean result", "clean error"):
                others.append(f"a server that {kind}, {place}: {found}")
    return outcomes, others, seconds, written


def _together(cases, files, folder):
    running = {}
    for number, case in enumerate(cases):
        process = os.fork()
        if not process:
            _in_a_process(case, files, folder / f"{number}.json")
        running[process] = number, case
    for process, (number, case) in running.items():
        os.waitpid(process, 0)
        yield case, json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))


def _in_a_process(case, files, answer):
    try:
        answer.write_text(json.dumps(_case(*case, files)), encoding="utf-8")
    finally:
        os._exit(0)


def _case(kind, place, files):
    os.environ.pop("MNIST_DIR", None)
    os.environ["NO_PROXY"] = "127.0.0.1"
    servers = [stand_ins.served(bad_servers.KINDS[kind], files)]
    if place != "alone":
        servers.append(stand_ins.served(bad_servers.well_but_late, files))
    download.MIRRORS = tuple(url for url, _ in servers)
    before, start = _written(), time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            mnist_files.DATA = Path(folder)
            shutil.copytree(
                Path(mnist_files.__file__).parents[2] / "data/sample", f"{folder}/sample"
            )
            before, start = _written(), time.monotonic()
            outcome = _outcome(place)
            seconds, written = time.monotonic() - start, _written() - before
            if _left(Path(folder) / "mnist", files):
                outcome = "lost"
    finally:
        for _, process in servers:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    if outcome.startswith("clean") and written > WRITTEN_BYTES:
        outcome = "other"
    return {
        "outcome": "hang" if seconds > SECONDS else outcome,
        "seconds": round(seconds, 2),
        "written": written,
    }


def _outcome(place):
    try:
        source = mnist.load(verbose=False).source
    except Exception:
        return "other"
    wanted = "sample" if place == "alone" else "full"
    return "clean result" if source == wanted else "clean error"


def _left(cache, files):
    """What is in the cache and is no whole file."""
    there = cache.iterdir() if cache.exists() else ()
    return [p.name for p in there if p.name not in files or p.read_bytes() != files[p.name]]


def _written():
    """Bytes that this process has written to files."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["wchar"])
