"""Files that appear whole or not at all.

What is being written lies beside its place (see `helpers.files.leftovers`) until it is whole.
"""

import contextlib
import errno
import io
import os
import secrets
import shutil
import stat
import time
from pathlib import Path

import numpy as np

from helpers.files.leftovers import held, sweep

_TRIES = 5  # to put a file in its place while another program (OneDrive, a scanner) holds it
# What file systems answer that know no modes or no flushing, as OneDrive and CIFS.
_REFUSALS = {
    errno.EINVAL,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EPERM,
    errno.EACCES,
    errno.ENOSYS,
}


@contextlib.contextmanager
def replacing(path):
    """Yield a binary file that takes the place of `path` when the block ends without an error.

    Whatever happens before, even a power cut, leaves the old file as it was. The new one has the
    mode of the old, or what the umask gives; a link stays one, and what it points to is replaced.
    What killed writes of the same file left behind is removed.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    OSError
        If there is no such folder, or the file cannot be written: it is named.
    """
    target = Path(os.path.realpath(path))
    with _naming(path, target.parent):
        _require_place(target)
        file, temporary, lock = _create(target)
    try:
        with lock, _naming(path, temporary):
            with file:
                yield file
                file.flush()
                _unless_refused(os.fsync, file.fileno())
            _put_in_place(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def require_writable(path):
    """Raise the error now that `replacing` would raise after the work.

    Parameters
    ----------
    path : str or Path
        Of the file that is to be written later.

    Raises
    ------
    OSError
        If there is no such folder, or no file can be made in it.
    """
    target = Path(os.path.realpath(path))
    with _naming(path, target.parent):
        _require_place(target)
        file, temporary, lock = _create(target)
        with lock:
            file.close()
            temporary.unlink()


def write_npz(path, arrays):
    """Write arrays to a compressed .npz file, whole or not at all.

    Parameters
    ----------
    path : str or Path
    arrays : dict of str to array_like
        No objects: nothing is pickled.

    Raises
    ------
    TypeError
        If an array holds objects.
    OSError
        If the file cannot be written: it is named.
    """
    arrays = {name: np.asarray(value) for name, value in arrays.items()}
    for name, value in arrays.items():
        if value.dtype.hasobject:
            raise TypeError(
                f"{name} holds Python objects; only arrays of numbers and text are kept"
            )
    with replacing(path) as file:
        # In memory first: on a full disk zipfile would leave errors of its own.
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        file.write(content.getbuffer())


def _require_place(target):
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "There is no such folder to write to; make it first")
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        what = "A folder, a pipe or a device has this name; take another"
        raise OSError(errno.EINVAL, what)


def _create(target):
    """Make the file beside `target`; return it, its path and what keeps it locked."""
    prefix = f".{target.name[:60]}."
    sweep(target.parent, prefix)
    while True:
        temporary = target.with_name(f"{prefix}{secrets.token_hex(4)}.tmp")
        file = open(temporary, "xb")  # noqa: SIM115 - `replacing` closes it
        lock = contextlib.ExitStack()
        if os.name != "nt":  # of its own, since the file is closed before it is put in its place
            lock.enter_context(held(os.dup(file.fileno())))
        if temporary.exists():  # else another's sweep was quicker than the lock
            break
        file.close()
        lock.close()
    if target.exists():
        _unless_refused(shutil.copymode, target, temporary)
    return file, temporary, lock


def _put_in_place(temporary, target):
    for left in reversed(range(_TRIES)):
        try:
            return os.replace(temporary, target)
        except PermissionError:
            if not left:
                raise
            time.sleep(0.1)


def _unless_refused(function, *args):
    """Do what a file may be kept without."""
    try:
        function(*args)
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise


@contextlib.contextmanager
def _naming(path, *stand_ins):
    """Let an error of the file system name `path`, not nothing or what stands in for it."""
    try:
        yield
    except OSError as error:
        named = {None, *map(str, stand_ins)}
        if error.errno is None or (error.filename and str(error.filename)) not in named:
            raise
        what = f"{error.strerror}. Nothing was written; an earlier file is as it was"
        raise OSError(error.errno, what, str(path)) from error
