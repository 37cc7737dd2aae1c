"""The course itself: its notebooks with their solutions, and where a workbook keeps them.

In a workbook they lie in `.course/course.json.gz`, compressed so that nobody reads a solution by
accident. Everywhere else they are those of `notebooks/`.
"""

import functools
import gzip
import hashlib
import json
import re
from pathlib import Path

from helpers import files
from helpers.workbook import cells, solutions

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
COURSE = Path(".course") / "course.json.gz"
MARKER = Path(".course") / "workbook.json"


def folder(start=None):
    """Return the workbook in which a notebook runs, or None.

    Parameters
    ----------
    start : Path, optional
        By default the folder in which this process works.

    Returns
    -------
    Path or None
    """
    start = Path.cwd() if start is None else Path(start).resolve()
    return next((f for f in (start, *start.parents) if (f / MARKER).is_file()), None)


def paths(place=NOTEBOOKS):
    """Return the notebooks of a folder that belong to the course, in order.

    Parameters
    ----------
    place : Path

    Returns
    -------
    list of Path
    """
    return sorted(p for p in place.glob("*.ipynb") if re.match(r"\d\d_", p.name))


def notebooks(workbook=None):
    """Return the notebooks of the course with their solutions, without outputs.

    Parameters
    ----------
    workbook : Path, optional
        Take those that this workbook was made from, if it has them.

    Returns
    -------
    dict of str to dict
        By name, such as ``"02_softmax"``, in order. Empty if they are not at hand.
    """
    if workbook is not None and (workbook / COURSE).is_file():
        path = workbook / COURSE
        return _kept(path, path.stat().st_mtime_ns)
    found = paths(NOTEBOOKS)
    return _written(tuple(found), tuple(path.stat().st_mtime_ns for path in found))


@functools.lru_cache(maxsize=4)
def _kept(path, _time):
    return json.loads(gzip.decompress(path.read_bytes()))


@functools.lru_cache(maxsize=4)
def _written(found, _times):
    return {path.stem: without_outputs(cells.read(path)) for path in found}


def without_outputs(notebook):
    """Return what a notebook says, without what it showed.

    Parameters
    ----------
    notebook : dict

    Returns
    -------
    dict
    """
    kept = ("cell_type", "id", "metadata", "source")
    return {"cells": [{name: cell[name] for name in kept} for cell in notebook["cells"]]}


def keep(workbook, found):
    """Put the course's notebooks into a workbook, so that it can go on without them.

    Parameters
    ----------
    workbook : Path
    found : dict of str to dict
        As `notebooks` returns them.
    """
    with files.replacing(workbook / COURSE) as file:
        file.write(gzip.compress(json.dumps(found).encode(), mtime=0))


def fingerprint(found):
    """Return a short word that changes whenever a cell of the course does.

    Parameters
    ----------
    found : dict of str to dict

    Returns
    -------
    str
    """
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:10]


def all_exercises(workbook=None):
    """Return every exercise of the course by its grade_id, in the order of the course.

    Parameters
    ----------
    workbook : Path, optional
        As for `notebooks`.

    Returns
    -------
    dict of str to Exercise
    """
    found = notebooks(workbook).items()
    every = (e for name, notebook in found for e in solutions.exercises(notebook, name))
    return {exercise.grade_id: exercise for exercise in every}
