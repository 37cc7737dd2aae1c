"""Notebook files as plain data: read, written whole, and what a cell's metadata say of it."""

import json
import re

from helpers import files


class NotebookError(ValueError):
    """A file is not a notebook that can be read, with the reason."""


def read(path):
    """Return a notebook; the source of each cell is one text.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        As the file has it.

    Raises
    ------
    NotebookError
        If the file is not there, or is no notebook.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for i, cell in enumerate(notebook["cells"]):
            if not isinstance(cell["source"], str):
                cell["source"] = "".join(cell["source"])
            cell.setdefault("metadata", {})
            cell.setdefault("id", f"cell-{i}")
    except FileNotFoundError:
        raise NotebookError(f"{path.name} is not there: {path}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotebookError(
            f"{path.name} cannot be read as a notebook ({type(error).__name__}: {error})"
        ) from error
    return notebook


def write(path, notebook):
    """Write a notebook, whole or not at all, as JupyterLab lays it out.

    Parameters
    ----------
    path : Path
    notebook : dict
    """
    parts = [{**c, "source": c["source"].splitlines(keepends=True)} for c in notebook["cells"]]
    text = json.dumps({**notebook, "cells": parts}, indent=1, ensure_ascii=False, sort_keys=True)
    with files.replacing(path) as file:
        file.write(text.encode() + b"\n")


def code(identity, source, **metadata):
    """Return a code cell that has not been run.

    Parameters
    ----------
    identity : str
        Unique in its notebook.
    source : str
    **metadata

    Returns
    -------
    dict
    """
    cell = {"cell_type": "code", "id": identity, "metadata": metadata, "source": source}
    return {**cell, "outputs": [], "execution_count": None}


def markdown(identity, source, **metadata):
    """Return a markdown cell.

    Parameters
    ----------
    identity, source, **metadata
        As for `code`.

    Returns
    -------
    dict
    """
    return {"cell_type": "markdown", "id": identity, "metadata": metadata, "source": source}


def tags(cell):
    """Return the tags of a cell.

    Parameters
    ----------
    cell : dict

    Returns
    -------
    list of str
    """
    return cell["metadata"].get("tags", [])


def grading(cell):
    """Return what nbgrader knows of a cell; for most cells that is nothing.

    Parameters
    ----------
    cell : dict

    Returns
    -------
    dict
    """
    return cell["metadata"].get("nbgrader", {})


def is_solution(cell):
    """Return whether a cell is code to be filled in and checked by a later cell.

    Parameters
    ----------
    cell : dict

    Returns
    -------
    bool
    """
    known = grading(cell)
    return bool(cell["cell_type"] == "code" and known.get("solution") and not known.get("grade"))


def is_check(cell):
    """Return whether a cell is code that checks an answer.

    Parameters
    ----------
    cell : dict

    Returns
    -------
    bool
    """
    known = grading(cell)
    return bool(cell["cell_type"] == "code" and known.get("grade") and not known.get("solution"))


def is_written(cell):
    """Return whether a cell is a text to be written and graded by hand.

    Parameters
    ----------
    cell : dict

    Returns
    -------
    bool
    """
    known = grading(cell)
    return bool(cell["cell_type"] == "markdown" and known.get("solution"))


def key(cell):
    """Return by what a cell is known again in another version of its notebook.

    Parameters
    ----------
    cell : dict

    Returns
    -------
    str
        Of nbgrader's cells the grade_id: a cell that was split or copied has another id.
    """
    name = grading(cell).get("grade_id")
    return f"exercise {name}" if name else cell["id"]


def plain(source):
    """Return code with lines that only IPython understands turned into comments.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
    """
    return re.sub(r"^(\s*)(?=[%!?])", r"\1#", source, flags=re.M)
