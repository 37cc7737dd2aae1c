"""Servers on this machine that do wrong what a server can do wrong, for `bench.faults` and tests.

Each kind is a function of a connection, the request's method, the content asked for and an event
that ends it. It says what it does in its docstring. All of them end by themselves.
"""

import contextlib
import functools
import gzip
import socket
import struct
import threading
import time

MAX_SECONDS = 60.0  # that a server goes on by itself
FLOOD_BYTES = 2**31  # that a server sends at most
PORTAL = b"<html><body>Welcome to the network. Please log in.</body></html>"


class BadServer:
    """A server of one kind. A context manager.

    Parameters
    ----------
    behave : callable
        One of `KINDS`, or `well`.
    files : dict of str to bytes
        What it has, by file name.

    Attributes
    ----------
    url : str
        Where it is reached.
    requests : list of str
        First lines of the requests.
    """

    def __init__(self, behave, files):
        self.behave, self.files, self.requests = behave, files, []
        self.release = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"{getattr(behave, 'scheme', 'http')}://127.0.0.1:{self.port}/mnist/"

    def __enter__(self):
        if getattr(self.behave, "closed", False):
            self._socket.close()
        else:
            threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.release.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self):
        while not self.release.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ValueError), connection:
            connection.settimeout(MAX_SECONDS)
            if getattr(self.behave, "at_once", False):
                self.behave(connection, "", b"", self.release)
                return
            lines = connection.makefile("rb")
            first = lines.readline(2000).decode("latin-1").strip()
            while lines.readline(2000).strip():
                pass
            self.requests.append(first)
            method, path, *_ = first.split()
            content = self.files.get(path.rsplit("/", 1)[1], b"")
            self.behave(connection, method, content, self.release)


def _head(status="200 OK", length=None, **headers):
    if length is not None:
        headers["Content-Length"] = length
    headers = {"Connection": "close", **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    return f"HTTP/1.1 {status}\r\n{''.join(lines)}\r\n".encode()


def well(connection, method, content, release):
    """All is well."""
    connection.sendall(_head(length=len(content)))
    if method != "HEAD":
        connection.sendall(content)


def well_but_late(connection, method, content, release):
    """All is well, but any other server is asked for the file first."""
    if method == "HEAD":
        release.wait(0.3)
    well(connection, method, content, release)


def _drip(connection, data, release, seconds=0.2):
    end = time.monotonic() + MAX_SECONDS
    for value in data:
        if release.wait(seconds) or time.monotonic() > end:
            return
        connection.sendall(bytes([value]))


def _flood(connection, piece, release):
    end, sent = time.monotonic() + MAX_SECONDS, 0
    while sent < FLOOD_BYTES and not release.is_set() and time.monotonic() < end:
        connection.sendall(piece)
        sent += len(piece)


def _silence(release):
    release.wait(MAX_SECONDS)


def _reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _marked(**marks):
    def mark(function):
        for name, value in marks.items():
            setattr(function, name, value)
        return function

    return mark


KINDS = {}


def _kind(function=None, **marks):
    if function is None:
        return functools.partial(_kind, **marks)
    KINDS[function.__name__.replace("_", " ")] = _marked(**marks)(function)
    return function


# ---- connections


@_kind(closed=True)
def refuses_connections(connection, method, content, release):
    """Nobody listens."""


@_kind(at_once=True)
def never_answers(connection, method, content, release):
    """The connection is made, and that is all."""
    _silence(release)


@_kind(at_once=True)
def closes_at_once(connection, method, content, release):
    """The connection is closed as soon as it is made."""


@_kind(at_once=True)
def resets_at_once(connection, method, content, release):
    """The connection is reset as soon as it is made."""
    _reset(connection)


@_kind
def closes_after_the_request(connection, method, content, release):
    """No answer, but a closed connection."""


@_kind
def resets_after_the_request(connection, method, content, release):
    """No answer, but a reset connection."""
    _reset(connection)


@_kind
def speaks_no_http(connection, method, content, release):
    """The answer is that of another protocol."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    _silence(release)


@_kind
def answers_with_random_bytes(connection, method, content, release):
    """The answer is noise."""
    connection.sendall(bytes(range(1, 256)) * 40)


@_kind
def speaks_tls_on_a_plain_port(connection, method, content, release):
    """A TLS alert in place of HTTP."""
    connection.sendall(bytes.fromhex("15030100020246"))


@_kind(scheme="https", at_once=True)
def speaks_plain_http_on_a_tls_port(connection, method, content, release):
    """HTTP in place of TLS."""
    connection.recv(4096)
    connection.sendall(_head("400 Bad Request", length=0))


@_kind(scheme="https", at_once=True)
def never_ends_the_handshake(connection, method, content, release):
    """Silence in place of TLS."""
    connection.recv(4096)
    _silence(release)


@_kind(scheme="https", at_once=True)
def closes_in_the_handshake(connection, method, content, release):
    """A closed connection in place of TLS."""
    connection.recv(4096)


# ---- headers


@_kind
def drips_its_headers(connection, method, content, release):
    """The headers come a byte at a time."""
    _drip(connection, _head(length=len(content)) * 20, release)


@_kind
def drips_one_header_without_end(connection, method, content, release):
    """A header's value goes on and on, slowly."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _drip(connection, b"x" * 10**6, release)


@_kind
def sends_headers_without_end(connection, method, content, release):
    """Headers follow headers."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    _flood(connection, b"X-More: and more\r\n" * 1000, release)


@_kind
def sends_a_header_line_without_end(connection, method, content, release):
    """A header without a line's end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _flood(connection, b"x" * 2**16, release)


@_kind
def says_continue_for_ever(connection, method, content, release):
    """100 Continue, again and again."""
    _flood(connection, b"HTTP/1.1 100 Continue\r\n\r\n", release)


@_kind
def has_no_content(connection, method, content, release):
    """204 No Content."""
    connection.sendall(_head("204 No Content"))


@_kind
def forbids(connection, method, content, release):
    """403 Forbidden."""
    connection.sendall(_head("403 Forbidden", length=0))


@_kind
def finds_nothing(connection, method, content, release):
    """404 Not Found."""
    connection.sendall(_head("404 Not Found", length=0))


@_kind
def asks_to_come_again(connection, method, content, release):
    """429 with an hour to wait."""
    connection.sendall(_head("429 Too Many Requests", length=0, Retry_After=3600))


@_kind
def has_an_error(connection, method, content, release):
    """500 Internal Server Error."""
    connection.sendall(_head("500 Internal Server Error", length=0))


@_kind
def redirects_to_itself(connection, method, content, release):
    """302 to the same place."""
    connection.sendall(_head("302 Found", length=0, Location="?"))


@_kind
def redirects_to_a_file_on_this_machine(connection, method, content, release):
    """302 to a file: address."""
    connection.sendall(_head("302 Found", length=0, Location="file:///etc/hostname"))


@_kind
def redirects_to_nowhere(connection, method, content, release):
    """302 to no address at all."""
    connection.sendall(_head("302 Found", length=0, Location="http://[:::"))


# ---- captive portals and wrong lengths


@_kind
def is_a_captive_portal(connection, method, content, release):
    """200 with a page to log in."""
    connection.sendall(_head(length=len(PORTAL), Content_Type="text/html") + PORTAL)


@_kind
def is_a_captive_portal_without_a_length(connection, method, content, release):
    """The same, without a length or a type."""
    connection.sendall(_head() + PORTAL)


@_kind
def wants_a_log_in(connection, method, content, release):
    """511 Network Authentication Required."""
    connection.sendall(_head("511 Network Authentication Required", length=len(PORTAL)) + PORTAL)


@_kind
def says_a_length_of_ten_gigabytes(connection, method, content, release):
    """A length that is far too large, and bytes without end."""
    connection.sendall(_head(length=10**10))
    if method != "HEAD":
        _flood(connection, bytes(2**16), release)


@_kind
def says_a_length_below_zero(connection, method, content, release):
    """A length of -1."""
    connection.sendall(_head(length=-1))
    _flood(connection, content or b"0", release)


@_kind
def says_a_length_in_words(connection, method, content, release):
    """A length that is no number."""
    connection.sendall(_head(length="much"))
    _flood(connection, content or b"0", release)


@_kind
def lacks_the_last_byte(connection, method, content, release):
    """All but one byte, with a length that fits."""
    well(connection, method, content[:-1], release)


@_kind
def has_a_byte_too_many(connection, method, content, release):
    """One byte more, without a length."""
    connection.sendall(_head())
    if method != "HEAD":
        connection.sendall(content + b"0")


# ---- bodies


@_kind
def never_ends(connection, method, content, release):
    """The right beginning, and then bytes without end."""
    connection.sendall(_head())
    if method != "HEAD":
        connection.sendall(content)
        _flood(connection, bytes(2**16), release)


@_kind
def never_ends_in_chunks(connection, method, content, release):
    """The same, in chunks."""
    connection.sendall(_head(Transfer_Encoding="chunked"))
    if method != "HEAD":
        _flood(connection, b"1000\r\n" + content[:4096].ljust(4096) + b"\r\n", release)


@_kind
def sends_broken_chunks(connection, method, content, release):
    """Chunks whose length is no number."""
    connection.sendall(_head(Transfer_Encoding="chunked"))
    if method != "HEAD":
        connection.sendall(b"zzzz\r\n" + content)


@_kind
def drips(connection, method, content, release):
    """The right file, a few bytes a second."""
    connection.sendall(_head(length=len(content)))
    if method != "HEAD":
        _drip(connection, content, release)


@_kind
def drips_in_chunks(connection, method, content, release):
    """The same, in chunks."""
    connection.sendall(_head(Transfer_Encoding="chunked"))
    if method != "HEAD":
        for value in content[:300]:
            connection.sendall(b"1\r\n" + bytes([value]) + b"\r\n")
            if release.wait(0.2):
                return


@_kind
def drips_after_a_good_beginning(connection, method, content, release):
    """Half the file, and then a few bytes a second."""
    connection.sendall(_head(length=len(content)))
    if method != "HEAD":
        connection.sendall(content[: len(content) // 2])
        _drip(connection, content[len(content) // 2 :], release)


@_kind
def falls_silent_half_way(connection, method, content, release):
    """Half the file, and then nothing."""
    connection.sendall(_head(length=len(content)))
    if method != "HEAD":
        connection.sendall(content[: len(content) // 2])
        _silence(release)


@_kind
def resets_half_way(connection, method, content, release):
    """Half the file, and then a reset connection."""
    connection.sendall(_head(length=len(content)))
    if method != "HEAD":
        connection.sendall(content[: len(content) // 2])
        time.sleep(0.2)
        _reset(connection)


@_kind
def has_other_content(connection, method, content, release):
    """A file of the right length and kind, with other bytes."""
    well(connection, method, content[:1000] + bytes(len(content[1000:])), release)


@_kind
def compresses_a_bomb(connection, method, content, release):
    """A gzip stream that unpacks to a gigabyte, said to be the encoding of the file."""
    bomb = gzip.compress(bytes(2**20)) * 1000
    connection.sendall(_head(Content_Encoding="gzip"))
    if method != "HEAD":
        connection.sendall(bomb)
