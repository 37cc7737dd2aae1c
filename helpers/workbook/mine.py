"""The file `mine.py` of a workbook: her definitions, one block each, read and written whole.

It is plain Python that imports NumPy, and what comes with Python, only.
"""

import ast
import contextlib
import hashlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from helpers import files
from helpers.workbook import update

NAME = "mine.py"
LOCK, WRITTEN = Path(".course") / "mine.lock", Path(".course") / "mine.sha256"
WAIT_SECONDS, STALE_SECONDS = 20, 15
HEAD = '''"""Your own network: what is marked "yours" has passed its check in the course.

Made by the notebooks, one block a definition, in the order of the course. "given" is code that a
notebook gives and that uses yours; "the course's" stands in until yours passes. Change a
definition in its notebook, not here: a check that passes writes its block anew.
"""
'''
YOURS, GIVEN, COURSE = "yours", "given", "the course's"
_BLOCK = re.compile(
    rf"^# %% (?P<where>[^:\n]+): (?P<name>\w+) \((?P<whose>{YOURS}|{GIVEN}|{COURSE})\)$", re.M
)


class KeepError(ValueError):
    """A definition cannot be kept, or `mine.py` cannot be used: why, and what to do."""


@dataclass(frozen=True)
class Block:
    """A definition in `mine.py`.

    Attributes
    ----------
    name : str
    where : str
        The notebook that it comes from, such as ``"02 softmax"``.
    whose : str
        `YOURS`, `GIVEN` or `COURSE`.
    source : str
    """

    name: str
    where: str
    whose: str
    source: str


def read(path):
    """Return the blocks and the imports of a `mine.py`; none where there is no such file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    blocks : dict of str to Block
    imports : set of str

    Raises
    ------
    KeepError
        If the file is not Python that can be read.
    """
    if not path.is_file():
        return {}, set()
    try:
        text = path.read_text(encoding="utf-8")
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if getattr(error, "lineno", None) else ""
        raise KeepError(
            f"{path.name} is broken ({getattr(error, 'msg', error)}{line}) and stays as it is. "
            "Mend it, or delete it and say: cnn-course check"
        ) from error
    starts = list(_BLOCK.finditer(text))
    head = text[: starts[0].start()] if starts else text
    blocks = {}
    ends = [match.start() for match in starts[1:]] + [len(text)]
    for match, end in zip(starts, ends, strict=False):
        source = text[match.end() : end].strip("\n")
        blocks[match["name"]] = Block(match["name"], match["where"], match["whose"], source)
    return blocks, set(re.findall(r"^(?:import|from) .+$", head, re.M))


def text_of(blocks, imports):
    """Return a `mine.py` as text.

    Parameters
    ----------
    blocks : list of Block
        In order.
    imports : set of str

    Returns
    -------
    str

    Raises
    ------
    KeepError
        If it could not be imported.
    """
    plain = sorted(imports | {"import numpy as np"}, key=lambda line: (line[0] == "f", line))
    text = HEAD + "\n" + "\n".join(plain) + "\n"
    for block in blocks:
        text += f"\n\n# %% {block.where}: {block.name} ({block.whose})\n{block.source}\n"
    try:
        exec(compile(text, NAME, "exec"), {"__name__": "mine"})
    except Exception as error:
        raise KeepError(
            f"{NAME} could not be imported then ({type(error).__name__}: {error})"
        ) from None
    return text


def write(workbook, text):
    """Write `mine.py` whole; what was changed by hand is kept beside first.

    Parameters
    ----------
    workbook : Path
    text : str

    Returns
    -------
    Path or None
        The copy of a file that was changed by hand.
    """
    path, copy = workbook / NAME, None
    if _changed_by_hand(workbook):
        copy = update.keep_copy(path, workbook)
    with files.replacing(path) as file:
        file.write(text.encode())
    with files.replacing(workbook / WRITTEN) as file:
        file.write(hashlib.sha256(text.encode()).hexdigest().encode())
    return copy


def _changed_by_hand(workbook):
    path, known = workbook / NAME, workbook / WRITTEN
    if not path.is_file():
        return False
    now = hashlib.sha256(path.read_bytes()).hexdigest()
    return not known.is_file() or known.read_text().strip() != now


@contextlib.contextmanager
def locked(workbook):
    """Keep other notebooks from writing `mine.py` while the block runs.

    Parameters
    ----------
    workbook : Path

    Raises
    ------
    KeepError
        If another one does not let go.
    """
    lock, deadline = workbook / LOCK, time.monotonic() + WAIT_SECONDS
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > STALE_SECONDS:
                    lock.unlink()  # left by a notebook that was killed
            if time.monotonic() > deadline:
                raise KeepError(f"another notebook holds {NAME}; run this cell again") from None
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
