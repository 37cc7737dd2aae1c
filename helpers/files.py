"""Files that appear whole or not at all."""

import contextlib
import os
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

# What NumPy and zipfile raise for a file that is no .npz, or a damaged one.
_DAMAGED = (
    AttributeError,  # an .npy file: it has no names
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


class DamagedError(Exception):
    """A file is not what its ending says, or was cut short."""


@contextlib.contextmanager
def replacing(path):
    """Yield a binary file that takes the place of `path` when the block ends without an error.

    Whatever happens before, even a power cut, leaves the old file as it was.

    Parameters
    ----------
    path : str or Path
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp's 0o600 would hide the file from others
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_npz(path):
    """Read all arrays of an .npz file.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    FileNotFoundError
    DamagedError
        If the file is no .npz file, or a damaged one.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        raise
    except _DAMAGED as error:
        raise DamagedError(str(error)) from error


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
    """
    arrays = {name: np.asarray(value) for name, value in arrays.items()}
    for name, value in arrays.items():
        if value.dtype.hasobject:
            raise TypeError(
                f"{name} holds Python objects; only arrays of numbers and text are kept"
            )
    with replacing(path) as file:
        np.savez_compressed(file, **arrays)
