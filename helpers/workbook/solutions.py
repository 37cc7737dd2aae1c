"""The exercises of the course with their solutions, as the notebooks hold them."""

import ast
import functools
import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@dataclass(frozen=True)
class Solution:
    """The cell in which an exercise is solved.

    Attributes
    ----------
    exercise : str
        The grade_id of the cell.
    notebook : str
        Such as ``"02_softmax"``.
    position : int
        Of the cell in the notebook.
    source : str
        The whole cell.
    """

    exercise: str
    notebook: str
    position: int
    source: str

    @property
    def names(self):
        """The functions, classes and variables that the cell defines, in order."""
        found = []
        for node in ast.parse(self.source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.append(node.name)
            elif isinstance(node, ast.Assign):
                found += [
                    n.id
                    for n in ast.walk(node)
                    if isinstance(getattr(n, "ctx", 0), ast.Store) and isinstance(n, ast.Name)
                ]
        return found

    @property
    def lines(self):
        """The lines between the two marks."""
        lines = self.source.splitlines()
        marks = [i for i, line in enumerate(lines) if BEGIN in line or END in line]
        return textwrap.dedent("\n".join(lines[marks[0] + 1 : marks[1]])).splitlines()


def in_notebook(path):
    """Return the solutions of a notebook, in order.

    Parameters
    ----------
    path : Path

    Returns
    -------
    list of Solution
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = []
    for i, cell in enumerate(cells):
        known = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and known.get("solution"):
            source = "".join(cell["source"])
            found.append(Solution(known["grade_id"], path.stem, i, source))
    return found


@functools.cache
def all_solutions(folder=NOTEBOOKS):
    """Return every solution of the course by its exercise.

    Parameters
    ----------
    folder : Path
        Where the notebooks with their solutions are.

    Returns
    -------
    dict of str to Solution
        In the order of the course. Empty where the notebooks are not at hand.
    """
    paths = sorted(p for p in folder.glob("*.ipynb") if re.match(r"\d\d_", p.name))
    return {solution.exercise: solution for path in paths for solution in in_notebook(path)}
