"""Reading ordinary files, piece by piece, decompressed; and JSON."""

import json
import stat
import zlib
from pathlib import Path

_GZIP_MAGIC = b"\x1f\x8b"
_PIECE_BYTES = 2**18
_MAX_MEMBERS = 100  # of a gzip file; gzip itself writes one


class DamagedError(Exception):
    """A file is not what its ending says, or was cut short, or asks for more than it can hold."""


def open_ordinary(path):
    """Open a file for reading.

    A folder cannot be read; a pipe or a device may never end.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    file
        Binary, open for reading, unbuffered.

    Raises
    ------
    FileNotFoundError
    OSError
        If the file cannot be read, or is no ordinary file.
    """
    path = Path(path)
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise OSError(f"{path} is {kind}, not an ordinary file")
    return path.open("rb", buffering=0)


def read_json(path, limit=2**22):
    """Read a JSON file of at most `limit` bytes.

    Raises
    ------
    OSError
        If the file cannot be read.
    DamagedError
        If it holds no JSON, or too much of it.
    """
    with open_ordinary(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise DamagedError(f"more than {limit:,} bytes")
    return parse_json(content)


def parse_json(text):
    """`json.loads`, with one kind of error for all that text can do to it.

    Raises
    ------
    DamagedError
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise DamagedError("nested too deep") from None
    except ValueError as error:
        raise DamagedError(f"no JSON: {error}") from error


def pieces(file):
    """Yield the content of a file piece by piece, decompressed if it is gzip.

    By zlib, since `gzip` reads without end what is compressed a thousandfold, or in members that
    hold nothing.

    Parameters
    ----------
    file : file
        Binary, as `open_ordinary` returns it.

    Yields
    ------
    bytes
        Never more than 256 KiB.

    Raises
    ------
    EOFError
        If the gzip stream is cut short.
    zlib.error
        If it is damaged.
    """
    piece = file.read(_PIECE_BYTES)
    if piece.startswith(_GZIP_MAGIC):
        yield from _decompressed(file, piece)
        return
    while piece:
        yield piece
        piece = file.read(_PIECE_BYTES)


def _decompressed(file, piece):
    for _ in range(_MAX_MEMBERS):
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # with the header of gzip
        while not stream.eof:
            if not piece and not (piece := file.read(_PIECE_BYTES)):
                raise EOFError
            yield stream.decompress(piece, _PIECE_BYTES)
            piece = stream.unconsumed_tail
        # Zeros after the end are padding, as of old tapes.
        piece = stream.unused_data.lstrip(b"\0")
        while not piece:
            if not (piece := file.read(_PIECE_BYTES)):
                return
            piece = piece.lstrip(b"\0")
    raise zlib.error(f"more than {_MAX_MEMBERS} members")
