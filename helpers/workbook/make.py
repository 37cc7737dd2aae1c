"""Make the student's copy of the course, a folder with everything that a student opens."""

import json
import shutil
import tempfile
import time
from pathlib import Path

from helpers import files
from helpers.workbook import cells, course, links, student

VERSION = 1  # of what the marker holds
FIRST = "00_start_here.ipynb"


class WorkbookError(Exception):
    """Something cannot be done with a workbook: why, and what to do."""


def make(workbook, source=None):
    """Make a workbook. It appears whole or not at all.

    Parameters
    ----------
    workbook : Path
        A folder that is not there yet.
    source : Path, optional
        The folder of the course's notebooks, if not `notebooks/`.

    Raises
    ------
    WorkbookError
        If the folder is there, or the notebooks are not.
    """
    if workbook.exists():
        raise WorkbookError(f"{workbook} is there already; nothing in it was changed.")
    copies = student_copies(source)
    workbook.parent.mkdir(parents=True, exist_ok=True)
    _clear_leftovers(workbook)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{workbook.name}-", dir=workbook.parent))
    try:
        unfinished.chmod(0o755)
        for name, copy in copies.items():
            cells.write(unfinished / f"{name}.ipynb", copy)
        record(unfinished, copies, source)
        unfinished.rename(workbook)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _clear_leftovers(workbook):
    """Remove what a killed run left half made, an hour ago or more."""
    for folder in workbook.parent.glob(f".{workbook.name}-*"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > 3600:
            shutil.rmtree(folder, ignore_errors=True)


def student_copies(source=None):
    """Return the student's copies of the course's notebooks by name, in order.

    Parameters
    ----------
    source : Path, optional

    Returns
    -------
    dict of str to dict

    Raises
    ------
    WorkbookError
        If there are no notebooks.
    """
    source = source or course.NOTEBOOKS
    found = course.paths(source)
    if not found:
        raise WorkbookError(f"{source} holds no notebooks of the course; get the whole project.")
    copies = {path.stem: student.copy_of(cells.read(path), path.stem) for path in found}
    for name, copy in copies.items():
        for cell in copy["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"], _ = _linked(cell, name, source)
    return copies


def _linked(cell, name, source):
    """The text of a cell as it stands in a workbook, and the files that it links to."""
    notebooks, file = source.resolve(), Path(f"{name}.ipynb")
    return links.within(cell["source"], notebooks / file, notebooks, file)


def record(workbook, copies, source=None, but=()):
    """Write into a workbook what it was made from, and the files that its notebooks link to.

    Parameters
    ----------
    workbook : Path
    copies : dict of str to dict
        The student's copies that are handed out with it.
    source : Path, optional
    but : iterable of str
        Notebooks of which the record stays as it is.
    """
    source = source or course.NOTEBOOKS
    (workbook / course.MARKER).parent.mkdir(exist_ok=True)
    found = {path.stem: cells.read(path) for path in course.paths(source)}
    texts = [(n, c) for n, book in found.items() for c in book["cells"] if "outputs" not in c]
    linked = [file for name, cell in texts for file in _linked(cell, name, source)[1]]
    links.copy_files(source.resolve(), linked, workbook)
    bare = {name: course.without_outputs(notebook) for name, notebook in found.items()}
    given = {name: _given(copy) for name, copy in copies.items()}
    if but:
        earlier, before = course.notebooks(workbook), marker(workbook)["handed_out"]
        bare |= {name: earlier[name] for name in but if name in earlier}
        given |= {name: before[name] for name in but if name in before}
    course.keep(workbook, bare)
    said = {"version": VERSION, "course": course.fingerprint(bare), "handed_out": given}
    with files.replacing(workbook / course.MARKER) as file:
        file.write(json.dumps(said, indent=1, ensure_ascii=False).encode())


def _given(copy):
    return [[cells.key(cell), cell["source"]] for cell in copy["cells"]]


def marker(workbook):
    """Return what a workbook says of itself.

    Parameters
    ----------
    workbook : Path

    Returns
    -------
    dict

    Raises
    ------
    WorkbookError
        If the folder is no workbook, or one of a later version of this program.
    """
    path = workbook / course.MARKER
    if not path.is_file():
        what = "is no workbook of this course" if workbook.exists() else "is not there"
        raise WorkbookError(
            f"{workbook} {what}. Make one with: cnn-course --folder {workbook.name}"
        )
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        version = said["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise WorkbookError(
            f"{path} cannot be read ({error}). Move {workbook.name} away, make a new workbook, and "
            "copy your notebooks into it."
        ) from error
    if version != VERSION:
        raise WorkbookError(f"{workbook} is of version {version}; this program knows {VERSION}.")
    return said
