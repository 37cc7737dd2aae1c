"""Downloading MNIST, from servers on this machine that behave well or badly."""

import contextlib
import gzip
import hashlib
import http.server
import shutil
import socketserver
import threading
import time

import numpy as np
import pytest

from bench import bad_servers
from helpers import files, mnist
from helpers.mnist import __main__ as command
from helpers.mnist import download, transfer
from helpers.mnist import files as mnist_files
from helpers.mnist.download import DownloadError
from helpers.mnist.files import NAMES, TRAIN_IMAGES, TRAIN_LABELS
from helpers.mnist.idx import write_idx

FIRST = f"{NAMES[0]}.gz"


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.files`, or does whatever `server.misbehave` does to the answer."""

    def do_HEAD(self):
        self.answer(head=True)

    def do_GET(self):
        self.answer(head=False)

    def answer(self, head):
        self.server.requests.append((self.command, self.path))
        content = self.server.files.get(self.path.rsplit("/", 1)[1])
        with contextlib.suppress(ConnectionError):
            self.server.behave(self, content, head)

    def send(self, content, head=False, status=200, length=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if not head:
            self.wfile.write(content)

    def log_message(self, *_):
        pass


def well(handler, content, head):
    handler.send(content, head)


def status(code):
    return lambda handler, content, head: handler.send(b"no", head, status=code)


def cut_off(handler, content, head):
    handler.send(content if head else content[: len(content) // 2], head, length=len(content))


def wrong_content(handler, content, head):
    handler.send(b"<html>Log in to the network</html>", head)


def hang(handler, content, head):
    handler.server.release.wait(20)


def hang_half_way(handler, content, head):
    cut_off(handler, content, head)
    if not head:
        handler.wfile.flush()
        handler.server.release.wait(20)


class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):
        # Without HTTPServer's look-up of this machine's name, which can take long offline.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address


@pytest.fixture
def serve(tiny_mnist, monkeypatch):
    """Start one server for each behaviour given, and make them the mirrors."""
    servers = []
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def start(*behaviours):
        mirrors = []
        for behave in behaviours:
            server = Server(("127.0.0.1", 0), Handler)
            server.files, server.behave = tiny_mnist, behave
            server.requests, server.release = [], threading.Event()
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            servers.append((server, thread))
            mirrors.append(f"http://127.0.0.1:{server.server_port}/mnist/")
        monkeypatch.setattr(download, "MIRRORS", tuple(mirrors))
        return [server for server, _ in servers[-len(behaviours) :]]

    yield start
    for server, thread in servers:
        server.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def tiny_mnist(tmp_path, monkeypatch):
    """Four files that take MNIST's place, in a checkout of their own. Returns name -> bytes."""
    rng = np.random.default_rng(0)
    files = {}
    for part, count in {"train": 200, "t10k": 50}.items():
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", (np.arange(count) % 10).astype("u1"))
    for name in NAMES:
        path = tmp_path / f"{name}.gz"
        files[path.name] = path.read_bytes()
        path.unlink()
    monkeypatch.setattr(download, "PUBLISHED_BYTES", {n: len(c) for n, c in files.items()})
    monkeypatch.setattr(
        download,
        "PUBLISHED_SHA256",
        {n: hashlib.sha256(c).hexdigest() for n, c in files.items()},
    )
    content = {n: hashlib.sha256(gzip.decompress(files[f"{n}.gz"])).hexdigest() for n in NAMES}
    monkeypatch.setitem(mnist_files.SHA256, "full", content)
    shutil.copytree(mnist_files.sample_folder(), tmp_path / "data" / "sample")
    monkeypatch.setattr(mnist_files, "DATA", tmp_path / "data")
    monkeypatch.setattr(download, "_offline", None)
    monkeypatch.delenv("MNIST_DIR", raising=False)
    return files


@pytest.fixture
def cache(tiny_mnist):
    return mnist_files.cache_folder()


@pytest.fixture
def impatient(monkeypatch):
    """Wait a fifth as long, so that the tests are short."""
    monkeypatch.setattr(transfer, "ANSWER_SECONDS", transfer.ANSWER_SECONDS / 5)
    monkeypatch.setattr(transfer, "WINDOW_SECONDS", transfer.WINDOW_SECONDS / 5)
    monkeypatch.setattr(download, "PATIENCE_SECONDS", download.PATIENCE_SECONDS / 5)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


ALL = sorted(f"{name}.gz" for name in NAMES)


# ---- when all is well


@pytest.mark.parametrize("source", ["auto", "full"])
def test_everything_is_fetched_once(serve, cache, tiny_mnist, source, capsys):
    (server,) = serve(well)
    digits = mnist.load(source)
    assert digits.source == "full" and len(digits.train) == 180 and len(digits.test) == 50
    assert names_in(cache) == ALL
    assert {name: (cache / name).read_bytes() for name in ALL} == tiny_mnist
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "Fetching 4 files of MNIST into data/mnist.",
        "MNIST from data/mnist: 180 training, 20 validation and 50 test images.",
    ]
    assert str(cache.parent) not in err
    assert sorted(path for verb, path in server.requests if verb == "GET") == [
        f"/mnist/{name}" for name in ALL
    ]
    server.requests.clear()
    mnist.load(source, verbose=False)
    assert server.requests == []


def test_only_what_is_missing_is_fetched(serve, cache, tiny_mnist):
    cache.mkdir()
    for name in ALL[1:]:
        (cache / name).write_bytes(tiny_mnist[name])
    (server,) = serve(well)
    mnist.fetch(verbose=False)
    assert server.requests == [("HEAD", f"/mnist/{ALL[0]}"), ("GET", f"/mnist/{ALL[0]}")]


def test_an_uncompressed_cache_is_taken(serve, cache, tiny_mnist):
    cache.mkdir()
    for name in NAMES:
        (cache / name).write_bytes(gzip.decompress(tiny_mnist[f"{name}.gz"]))
    (server,) = serve(well)
    assert mnist.load(verbose=False).source == "full"
    assert server.requests == []


def test_a_slow_download_shows_progress(serve, cache, capsys):
    def slowly(handler, content, head):
        handler.send(b"", length=len(content))
        if not head:
            for start in range(0, len(content), len(content) // 8 + 1):
                handler.wfile.write(content[start : start + len(content) // 8 + 1])
                handler.wfile.flush()
                time.sleep(0.1 if len(content) > 50_000 else 0)

    serve(slowly)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer, "CHUNK_BYTES", 4096)
        mnist.fetch()
    err = capsys.readouterr().err
    assert FIRST in err and "%" in err and "B/s" in err
    assert names_in(cache) == ALL


def test_no_word_and_no_bar_when_quiet(serve, cache, capsys):
    serve(well)
    mnist.load(verbose=False)
    assert capsys.readouterr() == ("", "")


def test_the_files_can_be_read_by_others(serve, cache):
    serve(well)
    mnist.fetch(verbose=False)
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in cache.iterdir())


# ---- mirrors that fail


@pytest.mark.parametrize(
    "bad", [status(403), status(404), status(500), cut_off, wrong_content, hang, hang_half_way]
)
def test_another_mirror_steps_in(serve, cache, impatient, bad):
    broken, _ = serve(bad, well)
    assert len(mnist.load("full", verbose=False).train) == 180
    assert names_in(cache) == ALL
    assert [verb for verb, _ in broken.requests].count("GET") <= 1  # not asked again for each file


@pytest.mark.parametrize(
    "bad, reason",
    [
        (status(403), "127.0.0.1:[0-9]+: HTTP 403 Forbidden"),
        (status(404), "HTTP 404 Not Found"),
        (cut_off, "the connection was lost half-way"),
        (wrong_content, r"wrong content, 34 bytes and not \d+ \(a log-in page"),
        (hang, "no answer"),
        (hang_half_way, "too slow, or it stopped half-way"),
    ],
)
def test_nothing_half_written_remains_and_the_next_try_works(
    serve, cache, impatient, bad, reason, capsys
):
    serve(bad)
    with pytest.raises(DownloadError, match=f"{FIRST} could not be fetched .*{reason}.*Connect to"):
        mnist.load("full", verbose=False)
    assert names_in(cache) == []
    download._offline = None
    digits = mnist.load()
    assert digits.source == "sample" and len(digits.train) == 3600
    out = capsys.readouterr().out
    assert "Out of reach" in out and "sample from data/sample" in out and "mnist.fetch()" in out
    serve(well)
    mnist.fetch(verbose=False)
    assert names_in(cache) == ALL
    assert mnist.load(verbose=False).source == "full"


def test_files_that_came_before_the_cut_stay(serve, cache):
    def cut_the_labels(handler, content, head):
        (cut_off if "labels" in handler.path else well)(handler, content, head)

    serve(cut_the_labels)
    with pytest.raises(DownloadError, match=f"{TRAIN_LABELS}.gz could not be fetched"):
        mnist.fetch(verbose=False)
    assert names_in(cache) == [f"{TRAIN_IMAGES}.gz"]


def test_a_damaged_cache_is_told_and_mended(serve, cache, tiny_mnist, capsys):
    cache.mkdir()
    for name in ALL:
        (cache / name).write_bytes(tiny_mnist[name])
    (cache / FIRST).write_bytes(tiny_mnist[FIRST][:1000])
    serve(cut_off)
    with pytest.raises(DownloadError, match="lost half-way"):
        mnist.load("full", verbose=False)
    assert len((cache / FIRST).read_bytes()) == 1000
    assert mnist.load(verbose=False).source == "sample"
    capsys.readouterr()
    (server,) = serve(well)
    assert mnist.load("full").source == "full"
    out = capsys.readouterr().out
    assert f"Damaged: {cache / FIRST}: found a gzip stream that is cut short" in out
    assert "Fetching 1 files" not in out and "Fetching 1 file of MNIST" in out
    assert names_in(cache) == ALL
    assert [path for verb, path in server.requests if verb == "GET"] == [f"/mnist/{FIRST}"]


def test_an_interrupted_download_leaves_nothing(serve, cache, capsys):
    serve(well)
    with pytest.MonkeyPatch.context() as patch:

        def interrupt(*_args, **_kwargs):
            raise KeyboardInterrupt

        patch.setattr("tqdm.tqdm.update", interrupt)
        assert command.main(["--fetch"]) == 130
    assert "Interrupted. No half-written file remains." in capsys.readouterr().err
    assert names_in(cache) == []
    mnist.fetch(verbose=False)
    assert names_in(cache) == ALL


# ---- what else a server can do wrong


@pytest.mark.parametrize("kind", bad_servers.KINDS)
def test_a_bad_server_costs_no_hang_and_no_flood(cache, tiny_mnist, impatient, monkeypatch, kind):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    bad = bad_servers.BadServer(bad_servers.KINDS[kind], tiny_mnist)
    good = bad_servers.BadServer(bad_servers.well_but_late, tiny_mnist)
    with bad, good:
        monkeypatch.setattr(download, "MIRRORS", (bad.url,))
        start = time.monotonic()
        assert mnist.load(verbose=False).source == "sample"
        assert names_in(cache) == []
        assert time.monotonic() - start < 5
        monkeypatch.setattr(download, "MIRRORS", (bad.url, good.url))
        start = time.monotonic()
        mnist.fetch(verbose=False)
        assert names_in(cache) == ALL
        assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "kind, reason",
    [
        ("drips", "too slow, or it stopped half-way"),
        ("drips its headers", "no answer"),
        ("never ends", r"wrong content, more than the [\d,]+ bytes"),
        ("is a captive portal", "a web page in place of the file .*log in"),
        ("is a captive portal without a length", "which is not even gzip"),
        ("lacks the last byte", "wrong content, 156883 bytes and not 156884"),
        ("has other content", "wrong content, its SHA-256 is not the published one"),
        ("speaks plain http on a tls port", "does not answer in TLS"),
        ("speaks no http", "does not speak HTTP"),
        ("redirects to itself", "redirects in a circle"),
        ("asks to come again", "HTTP 429 Too Many Requests"),
    ],
)
def test_what_is_wrong_is_said(cache, tiny_mnist, impatient, monkeypatch, kind, reason):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with bad_servers.BadServer(bad_servers.KINDS[kind], tiny_mnist) as bad:
        monkeypatch.setattr(download, "MIRRORS", (bad.url,))
        with pytest.raises(DownloadError, match=f"127.0.0.1:{bad.port}: .*{reason}"):
            mnist.fetch(verbose=False)


def test_a_content_encoding_that_is_none_does_no_harm(cache, tiny_mnist, monkeypatch):
    # Some servers say so of every .gz, and a browser would unpack it.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def mistaken(connection, method, content, release):
        answer = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(content)}\r\n"
        connection.sendall(f"{answer}\r\n".encode() + (b"" if method == "HEAD" else content))

    with bad_servers.BadServer(mistaken, tiny_mnist) as server:
        monkeypatch.setattr(download, "MIRRORS", (server.url,))
        mnist.fetch(verbose=False)
    assert names_in(cache) == ALL


def test_what_a_killed_download_left_is_swept(serve, cache):
    (left,) = [cache / ".fetching-0123abcd.tmp"]
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"half a file")
    serve(well)
    mnist.fetch(verbose=False)
    assert names_in(cache) == ALL


def test_a_download_that_goes_on_elsewhere_is_not_swept(serve, cache):
    cache.mkdir()
    serve(well)
    with files.scratch_folder(cache, ".fetching-") as other:
        mnist.fetch(verbose=False)
        assert other.is_dir()
    assert names_in(cache) == ALL


# ---- no network


def test_black_hole_gives_up_within_ten_seconds(serve, cache):
    # The real time-outs: three mirrors that take the connection and never say a word.
    servers = serve(hang, hang, hang)
    start = time.monotonic()
    assert mnist.load(verbose=False).source == "sample"
    assert time.monotonic() - start < 10
    assert names_in(cache) == []
    assert mnist.load(verbose=False).source == "sample"
    assert [len(server.requests) for server in servers] == [1, 1, 1]  # it was remembered


def test_mirrors_that_stall_one_after_the_other(serve, cache, impatient):
    servers = serve(hang_half_way, hang_half_way, hang_half_way)
    with pytest.raises(DownloadError, match="half-way"):
        mnist.fetch(verbose=False)
    # Two stalls of four seconds use up the patience of eight, so the third mirror has no turn.
    verbs = [verb for server in servers for verb, _ in server.requests]
    assert verbs.count("GET") == 2
    assert names_in(cache) == []


def test_a_name_server_that_never_answers(cache, impatient, monkeypatch):
    # No time-out of a socket covers the look-up of a name.
    released = threading.Event()

    def look_up(*_args, **_kwargs):
        released.wait(20)
        raise OSError("released")

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    monkeypatch.setattr(download, "MIRRORS", ("http://one.invalid/", "http://two.invalid/"))
    threads = set(threading.enumerate())
    start = time.monotonic()
    with pytest.raises(DownloadError, match="one.invalid: no answer; two.invalid: no answer"):
        mnist.fetch(verbose=False)
    assert time.monotonic() - start < 10
    released.set()
    for thread in set(threading.enumerate()) - threads:
        thread.join(5)


def test_failure_is_remembered_only_when_nobody_answered(serve, cache, impatient):
    (broken,) = serve(cut_off)
    for _ in range(2):
        broken.requests.clear()
        assert mnist.load(verbose=False).source == "sample"
        assert broken.requests != []
    serve(hang)
    assert mnist.load(verbose=False).source == "sample"
    (server,) = serve(well)
    assert mnist.load(verbose=False).source == "sample" and server.requests == []
    assert mnist.load("full", verbose=False).source == "full"  # asks all the same
    assert download.recent_failure() is None


def test_the_memory_fades(serve, cache, impatient, monkeypatch):
    serve(hang)
    mnist.load(verbose=False)
    serve(well)
    monkeypatch.setattr(download, "REMEMBER_SECONDS", 0)
    assert mnist.load(verbose=False).source == "full"


def test_a_refused_connection(cache, monkeypatch):
    with Server(("127.0.0.1", 0), Handler) as server:
        port = server.server_port
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "MIRRORS", (f"http://127.0.0.1:{port}/",))
    with pytest.raises(DownloadError, match=f"127.0.0.1:{port}: no connection"):
        mnist.fetch(verbose=False)


# ---- a folder that cannot be written


def test_a_read_only_folder(serve, cache, monkeypatch, capsys):
    (server,) = serve(well)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied", str(cache))

    # chmod would not stop an administrator.
    monkeypatch.setattr(download, "scratch_folder", refuse)
    with pytest.raises(DownloadError, match=r"cannot be written to .*Permission denied.*MNIST_DIR"):
        mnist.load("full", verbose=False)
    assert mnist.load().source == "sample"
    out = capsys.readouterr().out
    assert "cannot be written" in out and "set MNIST_DIR to a folder of yours" in out
    assert "internet" not in out
    assert server.requests == [] and download.recent_failure() is None


def test_a_file_where_the_folder_should_be(serve, cache, capsys):
    serve(well)
    cache.write_text("mine", encoding="utf-8")
    assert command.main(["--fetch"]) == 1
    assert "cannot be written to" in capsys.readouterr().err
    assert mnist.load(verbose=False).source == "sample"
    assert cache.read_text(encoding="utf-8") == "mine"


def test_a_full_disk(serve, cache, monkeypatch):
    serve(well, well)

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", no_space)
    with pytest.raises(DownloadError, match="cannot be written to .*No space left on device"):
        mnist.fetch(verbose=False)
    assert names_in(cache) == []


# ---- the command line


def test_fetch_on_the_command_line(serve, cache, capsys):
    serve(well)
    assert command.main(["--fetch"]) == 0
    out = capsys.readouterr().out
    assert "data/mnist   all of MNIST: 200 training and 50 test images, checksums correct" in out
    assert "mnist.load() takes data/mnist." in out
    assert command.main(["--fetch"]) == 0
    assert "Fetching" not in capsys.readouterr().out


def test_a_failed_fetch_on_the_command_line(serve, cache, capsys):
    serve(status(403))
    assert command.main(["--fetch"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ") and "HTTP 403" in err and err.count("\n") == 1
