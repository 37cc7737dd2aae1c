"""Download MNIST's four files, from whichever mirror answers first.

All mirrors are asked at the same time, so that a machine without a network knows it within seconds.
A file is downloaded beside its place, compared with its published checksum, and only then moved in.
"""

# requests, pooch and tqdm are imported where they are used: 0.2 s that only a download needs.
import contextlib
import functools
import logging
import os
import queue
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

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
ANSWER_SECONDS = 4.0  # for any mirror to answer at all
STALL_SECONDS = 4.0  # for a download that has begun to send its next bytes
PATIENCE_SECONDS = 8.0  # of silence in one call of `fetch`, over all mirrors together
SHORTEST_SECONDS = 0.1  # a mirror with less time than this is not tried
REMEMBER_SECONDS = 300.0  # that no mirror answered
CHUNK_BYTES = 1 << 16
NO_ANSWER, NO_CONNECTION = "no answer", "no connection"
ADVICE = (
    "Connect to the internet and call mnist.fetch(), or set MNIST_DIR to a folder with the four "
    'files, or take the 5,000 digits of the course with mnist.load(source="sample").'
)

_offline = None  # (when, error) of the last time that no mirror answered


class DownloadError(OSError):
    """MNIST could not be fetched.

    Parameters
    ----------
    reason : str
        Why; the message adds what to do about it.
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason

    def __str__(self):
        return f"{self.reason}. {ADVICE}"


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
    global _offline
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=folder, prefix=".fetching-", ignore_cleanup_errors=True
        ) as scratch:
            clock, problems = _Clock(), {}
            for name in names:
                _fetch_one(name, Path(scratch), clock, problems, progress)
                os.replace(Path(scratch, name), folder / name)
    except DownloadError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise DownloadError(f"MNIST cannot be written to {folder} ({reason})") from error
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
    clock.byte_came()
    while mirrors := [mirror for mirror in MIRRORS if mirror not in problems]:
        if clock.patience() < SHORTEST_SECONDS:
            break
        mirror = _first_to_answer(mirrors, name, min(ANSWER_SECONDS, clock.patience()), problems)
        if mirror is None:
            break
        problem = _download(mirror + name, folder, clock, progress)
        if problem is None:
            return
        problems[mirror] = problem
        clock.mirror_failed()
    _give_up(name, problems)


class _Clock:
    """How many more seconds of silence to bear, over all mirrors together."""

    def __init__(self):
        self.left, self.last_byte = PATIENCE_SECONDS, time.monotonic()

    def patience(self):
        return max(0.0, self.left - (time.monotonic() - self.last_byte))

    def byte_came(self):
        self.last_byte = time.monotonic()

    def mirror_failed(self):
        self.left, self.last_byte = self.patience(), time.monotonic()


def _give_up(name, problems):
    global _offline
    reasons = "; ".join(f"{urlsplit(m).netloc}: {problems[m]}" for m in sorted(problems))
    error = DownloadError(f"{name} could not be fetched ({reasons or 'no mirrors'})")
    if all(why in (NO_ANSWER, NO_CONNECTION) for why in problems.values()):
        _offline = time.monotonic(), error
    raise error


def _first_to_answer(mirrors, name, seconds, problems):
    """Ask all mirrors at once; return the first that has the file, and note others' problems.

    In threads, because looking up a host's name knows no time-out.
    """
    from requests import head  # here, not in the threads: importing takes its time

    answers = queue.SimpleQueue()
    for mirror in mirrors:
        args = (head, mirror, name, seconds, answers)
        threading.Thread(target=_ask, args=args, daemon=True).start()
    deadline = time.monotonic() + seconds
    waiting = set(mirrors)
    while waiting:
        try:
            mirror, problem = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if problem is None:
            return mirror
        waiting.remove(mirror)
        problems[mirror] = problem
    problems.update(dict.fromkeys(waiting, NO_ANSWER))
    return None


def _ask(head, mirror, name, seconds, answers):
    try:
        with head(mirror + name, timeout=seconds, allow_redirects=True) as response:
            response.raise_for_status()
        answers.put((mirror, None))
    except Exception as error:  # a thread has nobody else to tell
        answers.put((mirror, _reason(error)))


def _download(url, folder, clock, progress):
    """Download and verify one file; return what went wrong, or None."""
    import pooch
    import requests
    from tqdm import tqdm

    name = url.rsplit("/", 1)[1]
    bar = tqdm(desc=name, unit="B", unit_scale=True, delay=0.5, leave=False, disable=not progress)
    stream = functools.partial(_stream, clock=clock, bar=bar)
    try:
        with bar, _quiet(pooch.get_logger()):
            pooch.retrieve(
                url,
                known_hash=f"sha256:{PUBLISHED_SHA256[name]}",
                fname=name,
                path=folder,
                downloader=stream,
            )
        (folder / name).chmod(0o644)  # pooch leaves it readable by its owner alone
    except (requests.RequestException, ValueError) as error:
        return _reason(error)
    return None


def _stream(url, output_file, _pooch, *, clock, bar):
    """Download one URL; a downloader as pooch wants it."""
    import requests

    seconds = max(SHORTEST_SECONDS, min(STALL_SECONDS, clock.patience()))
    # The files are compressed already, and must arrive as published.
    headers = {"Accept-Encoding": "identity"}
    with requests.get(url, stream=True, timeout=seconds, headers=headers) as response:
        response.raise_for_status()
        bar.total = int(response.headers.get("Content-Length", 0)) or None
        with open(output_file, "wb") as file:
            for chunk in response.iter_content(CHUNK_BYTES):
                file.write(chunk)
                bar.update(len(chunk))
                clock.byte_came()


@contextlib.contextmanager
def _quiet(logger):
    """Keep pooch from printing where on this machine it writes."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)


def _reason(error):
    """Say in a few words why a mirror failed."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"HTTP {error.response.status_code} {error.response.reason}".strip()
    if isinstance(error, requests.Timeout):
        return NO_ANSWER
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate was refused (a log-in page of the network?)"
    if isinstance(error, requests.exceptions.ChunkedEncodingError) or "timed out" in str(error):
        return "the connection was lost half-way"
    if isinstance(error, requests.ConnectionError):
        return NO_CONNECTION
    if isinstance(error, requests.RequestException):
        return f"{type(error).__name__}: {error}"
    if isinstance(error, ValueError):
        return "wrong content, its SHA-256 is not the published one"
    return f"{type(error).__name__}: {error}"
