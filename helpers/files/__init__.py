"""Files that are written whole or not at all, and read in bounded time and memory."""

from helpers.files.archives import Archive, read_npz
from helpers.files.leftovers import scratch_folder
from helpers.files.ordinary import DamagedError, open_ordinary, parse_json, pieces, read_json
from helpers.files.writing import replacing, require_writable, write_npz

__all__ = [
    "Archive",
    "DamagedError",
    "open_ordinary",
    "parse_json",
    "pieces",
    "read_json",
    "read_npz",
    "replacing",
    "require_writable",
    "scratch_folder",
    "write_npz",
]
