"""Files that take MNIST's place in this process, and servers of them in processes of their own."""

import hashlib
import os
import time

import numpy as np

from bench import bad_servers
from helpers.mnist import download
from helpers.mnist import files as mnist_files
from helpers.mnist.idx import write_idx


def published(folder, count):
    """Make four files that take MNIST's place in this process; return their bytes by name."""
    rng = np.random.default_rng(0)
    for name in mnist_files.NAMES:
        of = count if name.startswith("train") else count // 4
        labels = (np.arange(of) % 10).astype(np.uint8)
        images = rng.integers(0, 256, (of, 28, 28), dtype=np.uint8)
        write_idx(folder / name, labels if "labels" in name else images)
        write_idx(folder / f"{name}.gz", labels if "labels" in name else images)
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        mnist_files.SHA256["full"][name] = digest
    files = {f"{name}.gz": (folder / f"{name}.gz").read_bytes() for name in mnist_files.NAMES}
    for name, content in files.items():
        download.PUBLISHED_SHA256[name] = hashlib.sha256(content).hexdigest()
        download.PUBLISHED_BYTES[name] = len(content)
    return files


def slowly(connection, method, content, release):
    """Send a file in no hurry."""
    connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode())
    for start in range(0, len(content) if method != "HEAD" else 0, 8192):
        connection.sendall(content[start : start + 8192])
        time.sleep(0.01)


def served(behave, files):
    """Start a server in a process of its own, which ends with this one.

    Parameters
    ----------
    behave : callable
        See `bench.bad_servers`.
    files : dict of str to bytes

    Returns
    -------
    str, int
        Its address and its process.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    process = os.fork()
    if not process:
        with bad_servers.BadServer(behave, files) as server:
            os.write(writer, server.url.encode())
            while os.getppid() == parent:
                time.sleep(0.2)
        os._exit(0)
    return os.read(reader, 100).decode(), process
