"""Reading .npz files that may be anything, in bounded time and memory.

Nothing that is read is executed, and an array is read only when its header has said how large it
is.
"""

import contextlib
import io
import math
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.files.ordinary import DamagedError, open_ordinary

# What the arrays of one file may take together. A larger file on disk may take `_EXPANSION` times
# its own size: weights hardly compress, so that only a made-up file asks for more.
MAX_BYTES = 2**27
_EXPANSION = 8
_MAX_DIRECTORY_BYTES = 2**18  # of the list of contents, for some thousands of arrays
_HEADER_BYTES = 1024  # NumPy writes 128
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # what NumPy writes
_KINDS = "biufcSU"  # of dtypes: numbers and text


class Header(NamedTuple):
    """What is known of an array before it is read."""

    shape: tuple
    dtype: np.dtype

    @property
    def nbytes(self):
        """Bytes that the array takes in memory."""
        return math.prod(self.shape) * self.dtype.itemsize


class Archive:
    """An open .npz file: what is in it, and each array when it is asked for.

    Not `numpy.load`, which believes what a file says of its own size, and whose errors advise to
    load it unsafely.

    Parameters
    ----------
    path : str or Path

    Attributes
    ----------
    headers : dict of str to Header
        Shape and dtype of each array.
    limit : int
        How many bytes arrays may take together.

    Raises
    ------
    FileNotFoundError
    DamagedError
        If this is no .npz file of numbers and text.
    """

    def __init__(self, path):
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open_ordinary(path))
                self.limit = max(MAX_BYTES, _EXPANSION * Path(path).stat().st_size)
                self._zip = stack.enter_context(zipfile.ZipFile(_Guarded(file)))
                self._members, self.headers = {}, {}
                for member in self._zip.infolist():
                    self._add(member)
            except (FileNotFoundError, DamagedError):
                raise
            except Exception as error:  # zipfile has many kinds for bytes that are no archive
                raise DamagedError(_describe(error)) from error
            self._stack = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def read(self, names=None):
        """Read arrays, by default all.

        Returns
        -------
        dict of str to ndarray

        Raises
        ------
        DamagedError
            If they would take more than `limit` bytes, or what is there is no such array.
        """
        names = list(self.headers if names is None else names)
        total = sum(self.headers[name].nbytes for name in names)
        if total > self.limit:
            raise DamagedError(f"arrays of {total:,} bytes; at most {self.limit:,} are read")
        return {name: self._read(name) for name in names}

    def _add(self, member):
        name, ending = member.filename[:-4], member.filename[-4:]
        if ending != ".npy" or name in self.headers:
            raise DamagedError(f"{member.filename!r} in it is no array, or there twice")
        if member.compress_type not in _COMPRESSIONS:
            raise DamagedError(f"{name} is compressed by an unknown method")
        self.headers[name], start = self._header(member, name)
        if member.file_size != start + self.headers[name].nbytes:
            raise DamagedError(f"{name} has another length than its header says")
        self._members[name] = member

    def _header(self, member, name):
        """Header of one array, and how long it is."""
        with self._zip.open(member) as opened:
            start = io.BytesIO(opened.read(_HEADER_BYTES))
        try:
            version = np.lib.format.read_magic(start)
            read = getattr(np.lib.format, f"read_array_header_{version[0]}_{version[1]}")
            with warnings.catch_warnings(action="error"):  # of headers as Python 2 wrote them
                shape, _, dtype = read(start, max_header_size=_HEADER_BYTES)
            header = Header(tuple(map(int, shape)), dtype)
        except Exception as error:  # a header is text that Python's own parser reads
            raise DamagedError(f"{name} has an unreadable header") from error
        if min(header.shape, default=0) < 0:
            raise DamagedError(f"{name} has the shape {header.shape}")
        if dtype.kind not in _KINDS or not dtype.itemsize:
            raise DamagedError(f"{name} holds {dtype}, not numbers or text")
        return header, start.tell()

    def _read(self, name):
        try:
            with self._zip.open(self._members[name]) as member:
                array = np.lib.format.read_array(
                    member, allow_pickle=False, max_header_size=_HEADER_BYTES
                )
                member.read(1)  # at its end a member's checksum is compared
            return array
        except Exception as error:  # zipfile, zlib and NumPy have many kinds for damaged bytes
            raise DamagedError(f"{name} cannot be read: {_describe(error)}") from error


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
        If the file is no .npz file of numbers and text, a damaged one, or too large.
    """
    with Archive(path) as archive:
        return archive.read()


class _Guarded(io.RawIOBase):
    """A file that is never read in one large piece, as zipfile reads a list of contents."""

    def __init__(self, file):
        self._file = file

    def read(self, size=-1):
        most = _MAX_DIRECTORY_BYTES + 1
        content = self._file.read(most if size < 0 else min(size, most))
        if len(content) > _MAX_DIRECTORY_BYTES:
            raise DamagedError("a list of contents that is too long")
        return content

    def seek(self, *where):
        return self._file.seek(*where)

    def tell(self):
        return self._file.tell()

    def seekable(self):
        return True


def _describe(error):
    """What to say of an error; never NumPy's words, which advise to load what is unsafe."""
    known = isinstance(error, (OSError, EOFError, zipfile.BadZipFile, zlib.error))
    return str(error)[:200] if known and str(error) else type(error).__name__
