"""Links of a notebook that lead out of its folder, and the files behind them."""

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote

from helpers import files

# Where files from outside of `notebooks/` lie in a workbook, as they lie in the project.
BESIDE = "course"
LINK = re.compile(r"(?<=\]\()([^)\s]+)|(?<=src=[\"'])([^\"']+)|(?<=href=[\"'])([^\"']+)")


def within(text, file, notebooks, inside):
    """Return a text of the project whose links work in a workbook.

    Parameters
    ----------
    text : str
        Markdown.
    file : Path
        Where it stands in the project.
    notebooks : Path
        The folder of the course's notebooks, right below the project's.
    inside : Path
        Where the text will stand, seen from the workbook: ``Path("course/data/README.md")``.

    Returns
    -------
    text : str
    linked : list of Path
        The files of the project that it links to, but for those beside the notebooks.
    """
    linked, root = [], notebooks.parent

    def moved(match):
        target, mark, part = match[0].partition("#")
        behind = (file.parent / unquote(target)).resolve()
        if re.match(r"\w+:", target) or not _may_be_seen(behind, root):
            return match[0]
        if not behind.is_relative_to(notebooks):
            linked.append(behind)
        place = os.path.relpath(_place(behind, notebooks), inside.parent)
        return quote(Path(place).as_posix()) + mark + part

    return LINK.sub(moved, text), linked


def _may_be_seen(file, root):
    """Tests hold answers to the exercises, and so stay away."""
    inside = file.is_relative_to(root) and file.is_file()
    return inside and file.relative_to(root).parts[0] != "tests"


def _place(file, notebooks):
    """Where a file of the project lies in a workbook."""
    if file.is_relative_to(notebooks):
        return file.relative_to(notebooks)
    return Path(BESIDE) / file.relative_to(notebooks.parent)


def copy_files(notebooks, linked, workbook):
    """Copy what lies beside the notebooks, and what they link to, into a workbook.

    Parameters
    ----------
    notebooks : Path
    linked : list of Path
        Files elsewhere in the project. What these link to is copied too.
    workbook : Path
    """
    waiting, seen = [*_beside(notebooks), *linked], set()
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            place = _place(file, notebooks)
            content = file.read_bytes()
            if file.suffix == ".md":
                text, more = within(content.decode(), file, notebooks, place)
                content, waiting = text.encode(), waiting + more
            _put(workbook / place, content)


def _beside(notebooks):
    for file in sorted(notebooks.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(notebooks).parts)
        if file.is_file() and not hidden and file.suffix not in {".ipynb", ".pyc"}:
            yield file


def _put(target, content):
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_file() or target.read_bytes() != content:
        with files.replacing(target) as file:
            file.write(content)
