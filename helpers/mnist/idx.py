"""The IDX file format, in which MNIST is published: read it, check it, write it.

An IDX file is a header and then the numbers, row by row. All of it is big-endian::

    00 00        two zero bytes
    08           type of the numbers, here uint8
    03           number of dimensions
    00 00 ea 60  size of the first dimension, here 60,000
    ...          one size for each further dimension
    ...          the numbers

References
----------
.. [1] Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits",
   section "File formats", http://yann.lecun.com/exdb/mnist/
"""

import gzip
import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from helpers import files

DTYPES = {
    0x08: np.dtype("uint8"),
    0x09: np.dtype("int8"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
MAX_DIMENSIONS = 64  # NumPy's own limit
MAX_BYTES = 2**28  # MNIST's largest file has 47,040,016
_BEGINNING_BYTES = 2**10  # which show that a file is no IDX


class IdxError(ValueError):
    """A file is not what it should be.

    Parameters
    ----------
    file : str or Path
        The file at fault.
    found, expected : str
        What is in the file, and what should be.
    advice : str
        What to do next, as a full sentence.
    """

    def __init__(self, file, found, expected, advice="Get a fresh copy of the file."):
        super().__init__(str(file), found, expected, advice)
        self.file, self.found, self.expected, self.advice = self.args

    def __str__(self):
        return f"{self.file}: found {self.found}, expected {self.expected}. {self.advice}"


def read_idx(path):
    """Read an IDX file, gzip-compressed or not.

    Parameters
    ----------
    path : str or Path
        The file. Whether it is compressed is seen from its content, not from its name.

    Returns
    -------
    ndarray
        In the shape that the header gives, in the machine's own byte order.

    Raises
    ------
    IdxError
        If the file is empty, damaged, cut short, too long, or not IDX.
    OSError
        If the file cannot be read.
    """
    return parse_idx(read_content(path), file=path)


def read_content(path):
    """Return the bytes of a file, decompressed if it is gzip.

    No more is read, or decompressed, than the header at the beginning promises.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    bytearray
        At most one byte more than the header promises: enough to see that there is too much.

    Raises
    ------
    IdxError
        If the gzip stream is cut short or damaged, or the header promises more than `MAX_BYTES`.
    OSError
        If the file cannot be read, or is no ordinary file.
    """
    content = bytearray()
    with files.open_ordinary(path) as file:
        try:
            for piece in files.pieces(file):
                content += piece
                if len(content) > _promised(content, path):
                    del content[_promised(content, path) + 1 :]
                    break
        except EOFError:
            found = f"a gzip stream that is cut short after {file.tell():,} bytes"
            raise IdxError(path, found, "a complete gzip stream") from None
        except zlib.error as error:
            found = f"a damaged gzip stream ({error})"
            raise IdxError(path, found, "an intact gzip stream") from None
    return content


def _promised(content, path):
    """How many bytes a file has by its header; not above what is no header, or not yet whole."""
    try:
        dtype, dimensions = _parse_magic(content[:4], path)
    except IdxError:
        return _BEGINNING_BYTES
    start = 4 + 4 * dimensions
    if len(content) < start:
        return start
    promised = start + math.prod(_shape(content, dimensions)) * dtype.itemsize
    if promised > MAX_BYTES < len(content):
        raise IdxError(path, f"more than {MAX_BYTES:,} bytes", "a file that fits into memory")
    return min(promised, MAX_BYTES)


def _shape(content, dimensions):
    return struct.unpack(f">{dimensions}I", content[4 : 4 + 4 * dimensions])


def parse_idx(content, file="IDX data"):
    """Turn the uncompressed bytes of an IDX file into an array.

    Parameters
    ----------
    content : bytes
    file : str or Path
        The name to give in errors.

    Returns
    -------
    ndarray
        In the shape that the header gives, in the machine's own byte order.

    Raises
    ------
    IdxError
        If the bytes are not exactly one IDX array.
    """
    dtype, dimensions = _parse_magic(content, file)
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise IdxError(
            file, f"{len(content)} bytes", f"a header of {start} bytes for {dimensions} dimensions"
        )
    shape = _shape(content, dimensions)
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        problem = "too short" if len(content) < expected else "too long"
        raise IdxError(
            file,
            f"{len(content):,} bytes ({problem})",
            f"{expected:,} bytes for shape {shape} of {dtype.name}",
        )
    try:
        array = np.frombuffer(content, dtype, offset=start).reshape(shape)
    except ValueError as error:  # no value at all, but axes of billions
        raise IdxError(file, f"the shape {shape}", "one that an array can have") from error
    return array.astype(dtype.newbyteorder("="), copy=not array.flags.writeable)


def _parse_magic(content, file):
    """Check the first four bytes; return the dtype and the number of dimensions."""
    if not content:
        raise IdxError(file, "an empty file", "IDX data")
    if len(content) < 4:
        raise IdxError(file, f"only {len(content)} bytes", "a magic number of 4 bytes")
    if content[:2] != b"\0\0":
        hint = " (a web page?)" if content.lstrip().startswith(b"<") else ""
        raise IdxError(
            file, f"magic number {content[:4].hex(' ')}{hint}", "one that starts with 00 00"
        )
    code, dimensions = content[2], content[3]
    if code not in DTYPES:
        known = ", ".join(f"0x{known:02x} ({dtype.name})" for known, dtype in DTYPES.items())
        raise IdxError(file, f"type byte 0x{code:02x}", f"one of {known}")
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise IdxError(file, f"{dimensions} dimensions", f"from 1 to {MAX_DIMENSIONS}")
    return DTYPES[code], dimensions


def write_idx(path, array):
    """Write an array as an IDX file, compressed if the name ends in ``.gz``.

    The same array gives the same bytes: no time stamp, no file name inside. The file appears
    whole or not at all.

    Parameters
    ----------
    path : str or Path
    array : ndarray
        One or more dimensions of uint8, int8, int16, int32, float32 or float64.

    Raises
    ------
    ValueError
        If IDX cannot hold the array's type or number of dimensions.
    OSError
        If the file cannot be written.
    """
    path, array = Path(path), np.asarray(array)
    codes = {dtype.newbyteorder("="): code for code, dtype in DTYPES.items()}
    code = codes.get(array.dtype.newbyteorder("="))
    if code is None:
        names = ", ".join(dtype.name for dtype in codes)
        raise ValueError(f"IDX cannot hold {array.dtype}; convert the array to one of {names}.")
    if not 1 <= array.ndim <= MAX_DIMENSIONS:
        raise ValueError(f"IDX holds 1 to {MAX_DIMENSIONS} dimensions, not {array.ndim}.")
    header = struct.pack(f">4B{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    content = header + array.astype(DTYPES[code]).tobytes()
    with files.replacing(path) as file:
        file.write(_compress(content) if path.suffix == ".gz" else content)


def _compress(content):
    # Not gzip.compress: with mtime=0 it may write the operating system into the header.
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()
