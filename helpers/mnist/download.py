"""Download MNIST's four files, from whichever mirror answers first.

All mirrors are asked at the same time, so that a machine without a network knows it within seconds.
A file is downloaded beside its place, compared with its published checksum, and only then moved in.
"""

import contextlib
import queue
import shutil
import time
from urllib.parse import urlsplit

from helpers.files import replacing, scratch_folder
from helpers.mnist import transfer
from helpers.mnist.transfer import NO_ANSWER, NO_CONNECTION, TOO_SLOW, Published

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://raw.githubusercontent.com/fgnt/mnist/master/",
)
PUBLISHED_SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
PUBLISHED_BYTES = dict(zip(PUBLISHED_SHA256, (9_912_422, 28_881, 1_648_877, 4_542), strict=True))
PATIENCE_SECONDS = 8.0  # of waiting in one call of `fetch`, over all mirrors together
TOTAL_SECONDS = 600.0  # for all files, at the slowest rate that is borne
SHORTEST_SECONDS = 0.1  # a mirror with less time than this is not tried
REMEMBER_SECONDS = 300.0  # that no mirror answered
ADVICE = (
    "Connect to the internet and call mnist.fetch(), or set MNIST_DIR to a folder with the four "
    'files, or take the 5,000 digits of the course with mnist.load(source="sample").'
)
ADVICE_TO_WRITE = (
    "Make room there, or set MNIST_DIR to a folder of yours with the four files, or take the "
    '5,000 digits of the course with mnist.load(source="sample").'
)

_offline = None  # (when, error) of the last time that no mirror answered


class DownloadError(OSError):
    """MNIST could not be fetched.

    Parameters
    ----------
    reason : str
        Why.
    advice : str
        What to do about it, as full sentences.
    """

    def __init__(self, reason, advice=ADVICE):
        super().__init__(reason, advice)
        self.reason, self.advice = reason, advice

    def __str__(self):
        return f"{self.reason}. {self.advice}"


def fetch(folder, names=tuple(PUBLISHED_SHA256), *, progress=True):
    """Download files of MNIST into a folder.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.
    names : iterable of str
        Which of the four files, each with its ``.gz``. A file that is there is replaced.
    progress : bool
        Show a progress bar for any file that takes more than half a second.

    Raises
    ------
    DownloadError
        If the folder cannot be written, no mirror answers, or none has the right file. What was
        there before is untouched, and no partial file remains.
    """
    import pooch  # noqa: F401 - now, not while a server is waited for
    import requests  # noqa: F401
    import tqdm  # noqa: F401

    global _offline
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with scratch_folder(folder, ".fetching-") as scratch:
            clock, problems = _Clock(), {}
            for name in names:
                _fetch_one(name, scratch, clock, problems, progress)
                with open(scratch / name, "rb") as source, replacing(folder / name) as file:
                    shutil.copyfileobj(source, file)
    except DownloadError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).removesuffix(".")
        reason = f"MNIST cannot be written to {folder} ({reason})"
        raise DownloadError(reason, ADVICE_TO_WRITE) from error
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()  # only if it is empty
    _offline = None


def recent_failure():
    """Return the error of the last time that no mirror answered, or None if that is long ago."""
    if _offline and time.monotonic() - _offline[0] < REMEMBER_SECONDS:
        return _offline[1]
    return None


def _fetch_one(name, folder, clock, problems, progress):
    """Try one mirror after the other, the quickest first, without those that have failed."""
    published = Published(name, PUBLISHED_BYTES[name], PUBLISHED_SHA256[name])
    clock.bytes_came()
    while mirrors := [mirror for mirror in MIRRORS if mirror not in problems]:
        if clock.patience() < SHORTEST_SECONDS:
            break
        seconds = min(transfer.ANSWER_SECONDS, clock.patience())
        mirror = _first_to_answer(mirrors, published, seconds, problems)
        if mirror is None:
            break
        problem = _download(mirror, published, folder, clock, progress)
        if problem is None:
            return
        problems[mirror] = problem
        clock.mirror_failed()
    _give_up(name, problems)


class _Clock:
    """How many more seconds of waiting to bear, over all mirrors together."""

    def __init__(self):
        self.left, self.last_bytes = PATIENCE_SECONDS, time.monotonic()
        self.end = time.monotonic() + TOTAL_SECONDS

    def patience(self):
        now = time.monotonic()
        return max(0.0, min(self.left - (now - self.last_bytes), self.end - now))

    def bytes_came(self):
        self.last_bytes = time.monotonic()

    def mirror_failed(self):
        self.left, self.last_bytes = self.patience(), time.monotonic()


def _give_up(name, problems):
    global _offline
    reasons = "; ".join(f"{urlsplit(m).netloc}: {problems[m]}" for m in sorted(problems))
    error = DownloadError(f"{name} could not be fetched ({reasons or 'no mirrors'})")
    if all(why in (NO_ANSWER, NO_CONNECTION, TOO_SLOW) for why in problems.values()):
        _offline = time.monotonic(), error
    raise error


def _first_to_answer(mirrors, published, seconds, problems):
    """Ask all mirrors at once; return the first that has the file, and note others' problems."""
    answers = queue.SimpleQueue()
    waiting = {mirror + published.name: mirror for mirror in mirrors}
    for url in waiting:
        transfer.ask(url, published, seconds, answers)
    deadline = time.monotonic() + seconds
    while waiting:
        try:
            url, problem = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        mirror = waiting.pop(url)
        if problem is None:
            return mirror
        problems[mirror] = problem
    problems.update(dict.fromkeys(waiting.values(), NO_ANSWER))
    return None


def _download(mirror, published, folder, clock, progress):
    """Download and verify one file; return what went wrong, or None."""
    from tqdm import tqdm

    bar = tqdm(
        desc=published.name,
        total=published.size,
        unit="B",
        unit_scale=True,
        delay=0.5,
        leave=False,
        disable=not progress,
    )
    with bar:
        return transfer.download(mirror + published.name, published, folder, clock, bar)
