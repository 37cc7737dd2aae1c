"""What is being written, and what killed processes left of it.

A file or folder that is being written has a name that begins with a dot and ends in .tmp, and is
locked for as long as its process lives. So the next write knows what a killed one left. By hand,
since no library of the course has it.
"""

import contextlib
import glob
import os
import secrets
import shutil
import time

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None

_OLD_SECONDS = 86_400.0  # after which a file that cannot be locked counts as left behind
_CLOSING_SECONDS = 60.0  # the same on Windows, where a file that is open cannot be removed


@contextlib.contextmanager
def held(descriptor):
    """Lock a file or folder until the block ends or the process does; close the descriptor then."""
    try:
        if fcntl:
            _is_locked_by_others(descriptor)
        yield
    finally:
        os.close(descriptor)


def sweep(folder, prefix):
    """Remove what killed processes left under such names."""
    for path in folder.glob(f"{glob.escape(prefix)}*.tmp"):
        with contextlib.suppress(OSError):
            if _is_abandoned(path):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _is_abandoned(path):
    seconds = time.time() - path.stat().st_mtime
    if fcntl is None:
        return seconds > (_OLD_SECONDS if path.is_dir() else _CLOSING_SECONDS)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return not _is_locked_by_others(descriptor, unknown=seconds < _OLD_SECONDS)
    finally:
        os.close(descriptor)


def _is_locked_by_others(descriptor, unknown=False):
    """Lock a file until the descriptor is closed or the process ends, if nobody else has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return unknown
    return False


@contextlib.contextmanager
def scratch_folder(parent, prefix):
    """Yield a new folder in `parent` that is gone afterwards, and remove what killed ones left.

    Parameters
    ----------
    parent : Path
    prefix : str
        How the name of every such folder begins.
    """
    sweep(parent, prefix)
    folder = parent / f"{prefix}{secrets.token_hex(4)}.tmp"
    folder.mkdir()
    with contextlib.ExitStack() as lock:
        lock.callback(shutil.rmtree, folder, ignore_errors=True)
        if fcntl:
            lock.enter_context(held(os.open(folder, os.O_RDONLY)))
        yield folder
