"""Take over a new version of the course into a workbook, or start one of its notebooks anew."""

import re
from datetime import datetime

from helpers.workbook import cells, make, merge

NOTHING = "Nothing has changed."
KEPT = "kept"  # the folder of earlier versions in a workbook


def update(workbook, source=None):
    """Bring a workbook up to date; nothing that a student wrote is lost.

    Parameters
    ----------
    workbook : Path
    source : Path, optional
        The folder of the course's notebooks, if not `notebooks/`.

    Returns
    -------
    list of str
        What was done, in lines to be printed.

    Raises
    ------
    WorkbookError
        If the folder is no workbook.
    """
    given = make.marker(workbook)["handed_out"]
    copies, told = make.student_copies(source), []
    unread, merged = [], {}
    for name, copy in copies.items():
        path = workbook / f"{name}.ipynb"
        try:
            hers = cells.read(path) if path.exists() else None
        except cells.NotebookError as error:
            told.append(f"{error}; it stays as it is.")
            unread.append(name)
            continue
        if hers is None:
            merged[name] = copy
            told.append(f"{name}: new")
        else:
            found = merge.merge(dict(given.get(name, [])), copy["cells"], hers["cells"])
            merged[name] = {**hers, "cells": _unique(found.cells)}
            told += _told(name, found)
    _write(workbook, merged)
    make.record(workbook, copies, source, unread)  # last: it says what they were merged from
    return told or [NOTHING]


def _write(workbook, merged):
    for name, notebook in merged.items():
        path = workbook / f"{name}.ipynb"
        if not path.exists() or cells.read(path)["cells"] != notebook["cells"]:
            cells.write(path, notebook)


def _told(name, found):
    if not found.changed:
        return []
    new = "1 cell is" if found.changed == 1 else f"{found.changed} cells are"
    line = f"{name}: {new} new"
    if found.kept:
        line += f", {len(found.kept)} of yours kept"
    told = [line]
    told += [f"  {key}: both changed; the new text stands below yours" for key in found.beside]
    return told


def _unique(parts):
    """Give cells whose id is taken another one."""
    seen, made = set(), []
    for cell in parts:
        name, i = cell["id"], 1
        while name in seen:
            i += 1
            name = f"{cell['id'][:50]}-{i}"
        seen.add(name)
        made.append({**cell, "id": name})
    return made


def reset(workbook, names, source=None, now=None):
    """Start notebooks anew; what was there is kept with the date in its name.

    Parameters
    ----------
    workbook : Path
    names : list of str
        Such as ``"05"`` or ``"05_pooling"``.
    source : Path, optional
        The folder of the course's notebooks, if not `notebooks/`.
    now : datetime, optional

    Returns
    -------
    list of str
        What was done, in lines to be printed.

    Raises
    ------
    WorkbookError
        If there is no such notebook, or the folder is no workbook.
    """
    make.marker(workbook)
    fresh, told = make.student_copies(source), []
    anew = chosen(fresh, names)
    for name in anew:
        path = workbook / f"{name}.ipynb"
        if path.exists():
            copy = keep_copy(path, workbook, now)
            told.append(f"{name} is new. What you had is {copy.relative_to(workbook)}.")
        cells.write(path, fresh[name])
    make.record(workbook, fresh, source, but=set(fresh) - set(anew))
    return told


def keep_copy(path, workbook, now=None):
    """Keep a file of a workbook under a name with the date.

    Parameters
    ----------
    path, workbook : Path
    now : datetime, optional

    Returns
    -------
    Path
    """
    now = now or datetime.now()
    place = workbook / KEPT
    place.mkdir(exist_ok=True)
    stem, i = f"{path.stem}_{now:%Y-%m-%d_%H-%M-%S}", 1
    target = place / f"{stem}{path.suffix}"
    while target.exists():
        i += 1
        target = place / f"{stem}_{i}{path.suffix}"
    target.write_bytes(path.read_bytes())
    return target


def chosen(there, names):
    """Return the full names of notebooks that are called by their number or name.

    Parameters
    ----------
    there : iterable of str
    names : list of str
        Empty for all.

    Returns
    -------
    list of str

    Raises
    ------
    WorkbookError
        If there is no such notebook.
    """
    if not names:
        return list(there)
    found = []
    for name in names:
        asked = re.sub(r"\.ipynb$", "", name.replace("\\", "/").rsplit("/", 1)[-1])
        fitting = [n for n in there if n == asked or (asked and n.startswith(f"{asked.zfill(2)}_"))]
        if len(fitting) != 1:
            raise make.WorkbookError(
                f"There is no notebook {name}. There are: {', '.join(there)}. The number is enough."
            )
        found += [n for n in fitting if n not in found]
    return found
