"""One file from one server, whatever the server does.

`pooch` keeps what is half there out of the way and compares the checksum, `requests` speaks HTTP.
By hand is what neither has: an end to waiting. A server that sends a byte a second is never silent
for long, and looking up a host's name knows no time-out. So each request runs in a thread, and the
caller watches how much arrives.
"""

# requests and pooch are imported where they are used: 0.2 s that only a download needs.
import contextlib
import logging
import queue
import threading
import time
from typing import NamedTuple

ANSWER_SECONDS = 4.0  # for any mirror to answer at all
WINDOW_SECONDS = 4.0  # for the next `WINDOW_BYTES`, or the rest
WINDOW_BYTES = 80_000  # 20 kB a second
CHUNK_BYTES = 1 << 12
MAX_REDIRECTS = 5
GZIP_MAGIC = b"\x1f\x8b"
NO_ANSWER, NO_CONNECTION = "no answer", "no connection"
TOO_SLOW = "too slow, or it stopped half-way"
LOST = "the connection was lost half-way"
_NO_TLS = ("WRONG_VERSION", "RECORD_LAYER", "UNKNOWN_PROTOCOL", "UNEXPECTED_EOF", "HTTP_REQUEST")


class Published(NamedTuple):
    """What is known of a file."""

    name: str
    size: int
    sha256: str


class Refused(Exception):
    """A server's answer that is not the file, in a few words."""


def ask(url, published, seconds, answers):
    """Ask in a thread whether a server has the file; answer (url, what is wrong or None)."""
    from requests import Session  # here, not in the thread: importing takes its time

    def work():
        try:
            with Session() as session:
                session.max_redirects = MAX_REDIRECTS
                with session.head(url, timeout=seconds, allow_redirects=True) as response:
                    _check(response, published)
            answers.put((url, None))
        except Exception as error:  # a thread has nobody else to tell
            answers.put((url, reason(error)))

    threading.Thread(target=work, daemon=True).start()


def download(url, published, folder, clock, bar):
    """Download and verify one file.

    Parameters
    ----------
    url : str
    published : Published
    folder : Path
        Gets the file.
    clock : object
        `patience()` is the seconds left, `bytes_came()` is called when enough has arrived.
    bar : tqdm

    Returns
    -------
    str or None
        What went wrong.

    Raises
    ------
    OSError
        If the file cannot be written here.
    """
    import pooch
    from requests import RequestException

    def stream(url, output_file, _pooch):  # a downloader as pooch wants it
        with _Answer(url, published) as answer, open(output_file, "wb") as file:
            for chunk in answer.chunks(clock):
                file.write(chunk)
                bar.update(len(chunk))

    try:
        with _quiet(pooch.get_logger()):
            pooch.retrieve(
                url,
                known_hash=f"sha256:{published.sha256}",
                fname=published.name,
                path=folder,
                downloader=stream,
            )
    except (RequestException, Refused, ValueError) as error:
        return reason(error)
    return None


class _Answer:
    """What a server sends, received in a thread that touches no file.

    A context manager: leaving it gives up. The thread then ends with the next bytes.
    """

    def __init__(self, url, published):
        self.url, self.published = url, published
        self._events, self._given_up = queue.SimpleQueue(), threading.Event()

    def __enter__(self):
        threading.Thread(target=self._receive, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._given_up.set()

    def chunks(self, clock):
        """Yield bytes as they come, as long as enough of them come."""
        since, arrived, begun = time.monotonic(), 0, False
        while True:
            left = min(since + WINDOW_SECONDS - time.monotonic(), clock.patience())
            try:
                event = self._events.get(timeout=max(0.0, left))
            except queue.Empty:
                raise Refused(TOO_SLOW if begun else NO_ANSWER) from None
            if event is None:
                return
            if isinstance(event, Exception):
                raise event
            begun = True
            yield event
            arrived += len(event)
            if arrived >= WINDOW_BYTES:
                since, arrived = time.monotonic(), 0
                clock.bytes_came()

    def _receive(self):
        import requests

        # The files are compressed already, and must arrive as published.
        headers = {"Accept-Encoding": "identity"}
        settings = {"stream": True, "timeout": WINDOW_SECONDS, "headers": headers}
        try:
            with requests.Session() as session:
                session.max_redirects = MAX_REDIRECTS
                with session.get(self.url, **settings) as response:
                    _check(response, self.published)
                    self._events.put(b"")  # it has begun
                    response.raw.headers.discard("Content-Encoding")  # said of what is a .gz anyway
                    self._pass_on(response.iter_content(CHUNK_BYTES))
            self._events.put(None)
        except Exception as error:  # a thread has nobody else to tell
            is_network = isinstance(error, (requests.RequestException, Refused))
            self._events.put(error if is_network else Refused(reason(error)))

    def _pass_on(self, chunks):
        received = 0
        for chunk in chunks:
            if self._given_up.is_set():
                raise Refused("given up")
            if not received and not chunk.startswith(GZIP_MAGIC):
                raise Refused("wrong content, which is not even gzip")
            received += len(chunk)
            if received > self.published.size:
                raise Refused(f"wrong content, more than the {self.published.size:,} bytes of it")
            self._events.put(chunk)
        if received < self.published.size:
            raise Refused(LOST)


def reason(error):
    """Say in a few words why a server failed."""
    import requests

    text = str(error)
    if isinstance(error, requests.Timeout):
        return NO_ANSWER
    if isinstance(error, requests.TooManyRedirects):
        return "it redirects in a circle"
    if isinstance(error, requests.exceptions.SSLError):
        if any(word in text.upper() for word in _NO_TLS):
            return "it does not answer in TLS (a proxy, or a log-in page of the network?)"
        return "its certificate was refused (a log-in page of the network?)"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy that the environment names does not let it through"
    if isinstance(error, requests.exceptions.ChunkedEncodingError) or "timed out" in text:
        return LOST
    if isinstance(error, requests.ConnectionError):
        aborted = "Connection aborted" in text
        return "it closes the connection, or does not speak HTTP" if aborted else NO_CONNECTION
    if isinstance(error, Refused):
        return text
    if isinstance(error, ValueError) and "hash" in text:
        return "wrong content, its SHA-256 is not the published one"
    return f"{type(error).__name__}: {text[:200]}"


def _check(response, published):
    """Raise Refused unless this is an answer that can bring the file."""
    if response.status_code != 200:
        raise Refused(f"HTTP {response.status_code} {(response.reason or '')[:100]}".strip())
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise Refused("a web page in place of the file (does the network want you to log in?)")
    length = response.headers.get("Content-Length", published.size)
    if str(length) != str(published.size):
        raise Refused(
            f"wrong content, {str(length)[:20]} bytes and not {published.size} "
            "(a log-in page of the network?)"
        )


@contextlib.contextmanager
def _quiet(logger):
    """Keep pooch from printing where on this machine it writes."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
