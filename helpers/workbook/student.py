"""A notebook as a student gets it: blanks, fields to write in, goals, and locked text."""

import base64
import re

from helpers.workbook import blanks, cells, solutions

ANSWER = "**Your answer** (double-click to write):\n\n…"
PREDICTION = "**Your prediction** (double-click to write):\n\n…"
GOAL = "The goal: what this cell draws when your code is right (numbers: with all 70,000 digits)"
CHECKED = re.compile(r"\bcheck\(\s*[\"']([\w-]+)")
GOES_ON = "raises-exception"  # Run All goes on after an error in such a cell


def copy_of(notebook, name=""):
    """Return a student's copy of a notebook.

    Parameters
    ----------
    notebook : dict
        With solutions and outputs.
    name : str
        Of the notebook, such as ``"02_softmax"``.

    Returns
    -------
    dict
    """
    parts = notebook["cells"]
    by_cell = {e.solution: e for e in solutions.exercises(notebook, name)}
    copied = []
    for i, cell in enumerate(parts):
        if "ci" in cells.tags(cell):
            continue
        before = parts[i - 1] if i else None
        if cell["cell_type"] == "markdown":
            copied += _text(cell, before)
        elif cell["cell_type"] == "code":
            copied += _code(cell, by_cell.get(i))
        else:
            copied.append(cell)
    return {**notebook, "cells": copied}


def _text(cell, before):
    """A text, and a field beside it where the reader is asked something."""
    if cells.is_written(cell):
        return [{**cell, "source": blanks.written(cell["source"])}]
    made = [_locked(cell)]
    asked = before is not None and "**Think.**" in before["source"]
    if asked and "answer" in cells.tags(cell):
        made.insert(0, _field(cell, ANSWER))
    if "**Predict first.**" in cell["source"]:
        made.append(_field(cell, PREDICTION))
    return made


def _field(cell, text):
    return cells.markdown(f"{cell['id'][:50]}-yours", text, course={"field": True})


def _code(cell, exercise):
    bare = {**cell, "outputs": [], "execution_count": None}
    if exercise is not None:
        return [{**_going_on(bare), "source": blanks.blank(exercise)}, *_goal(cell)]
    made = _folded_check(_going_on(bare)) if cells.is_check(cell) else bare
    return [made, *_goal(cell)]


def _folded_check(cell):
    """A check, locked and folded: its first line stays to be seen, and says what to do."""
    named = CHECKED.search(cell["source"])
    what = f"checks {named[1]}" if named else "is a check"
    source = f"# Run this cell: it {what}. Open it to see how.\n{cell['source']}"
    folded = _locked({**cell, "source": source})
    folded["metadata"]["jupyter"] = {"source_hidden": True}
    return folded


def _locked(cell):
    return {**cell, "metadata": {**cell["metadata"], "editable": False, "deletable": False}}


def _going_on(cell):
    found = [*cells.tags(cell), GOES_ON]
    return {**cell, "metadata": {**cell["metadata"], "tags": found, "deletable": False}}


def _goal(cell):
    """The stored pictures of a cell tagged `goal`, folded, each with its alt text."""
    if "goal" not in cells.tags(cell):
        return []
    pictures, shown = {}, []
    for output in cell["outputs"]:
        for kind, data in output.get("data", {}).items():
            if kind.startswith("image/"):
                file = f"goal-{len(pictures) + 1}.{kind.removeprefix('image/').partition('+')[0]}"
                alt = output.get("metadata", {}).get(kind, {}).get("alt", "the goal")
                pictures[file] = {kind: _base64(kind, data)}
                shown.append(f"![{_bracketless(alt)}](attachment:{file})")
    if not shown:
        return []
    text = "\n\n".join([f"<details><summary>{GOAL}</summary>", *shown, "</details>"])
    made = cells.markdown(f"{cell['id'][:50]}-goal", text)
    return [{**_locked(made), "attachments": pictures}]


def _base64(kind, data):
    text = data if isinstance(data, str) else "".join(data)
    if kind == "image/svg+xml":
        return base64.b64encode(text.encode()).decode()
    return text.replace("\n", "")


def _bracketless(text):
    return text.replace("[", "(").replace("]", ")").replace("\n", " ")
