"""The exercises of a notebook: what is to be written, how it is solved, and what checks it.

An exercise is a cell with a solution between two marks, known to nbgrader, and the locked cells
that check it. The markdown above says its kind: ``**Exercise: softmax** · core · 5 minutes``.
"""

import ast
import re
import textwrap
from dataclasses import dataclass

from helpers.workbook import cells

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"  # nbgrader's own
BLANK = "# YOUR CODE HERE\nraise NotImplementedError()"  # nbgrader's own
KINDS = ("core", "practice", "challenge")
LINE = re.compile(
    rf"^\*\*Exercise: (?P<title>[^*\n]+)\*\* · (?P<kind>{'|'.join(KINDS)}) · "
    r"(?P<minutes>\d+) minutes?\b",
    re.M,
)
HINT = re.compile(r"<details>\s*<summary>(.+?)</summary>", re.S)


@dataclass(frozen=True)
class Exercise:
    """A solution and what checks it.

    Attributes
    ----------
    grade_id : str
    notebook : str
        Such as ``"02_softmax"``.
    solution : int
        Position of the cell to be filled in.
    checks : list of int
        Positions of the locked cells that check it.
    source : str
        The solution's whole cell.
    points : float
    title, kind : str
        As its line says; empty where it has none.
    minutes : int
    hints : tuple of str
        The symptoms that its hints are titled by.
    form : str
        ``"write"``, or ``"order"`` where the lines are given and are to be put in order.
    """

    grade_id: str
    notebook: str
    solution: int
    checks: list
    source: str
    points: float
    title: str
    kind: str
    minutes: int
    hints: tuple
    form: str

    @property
    def names(self):
        """The functions, classes and variables that the cell defines, in order."""
        return defined(self.source)

    @property
    def lines(self):
        """The lines between the two marks, without blank ones."""
        lines = self.source.splitlines()
        marks = [i for i, line in enumerate(lines) if BEGIN in line or END in line]
        region = textwrap.dedent("\n".join(lines[marks[0] + 1 : marks[1]]))
        return [line for line in region.splitlines() if line.strip()]


def exercises(notebook, name=""):
    """Return the exercises of a notebook that are code, in order.

    The checks of a solution are the first check cell after it and those that follow before the
    next solution.

    Parameters
    ----------
    notebook : dict
    name : str
        Of the notebook.

    Returns
    -------
    list of Exercise
    """
    parts = notebook["cells"]
    found = []
    for i, cell in enumerate(parts):
        if cells.is_solution(cell):
            checks = _checks(parts, i)
            points = sum(cells.grading(parts[j]).get("points", 0) for j in checks)
            said = _line(parts, i)
            found.append(
                Exercise(
                    grade_id=cells.grading(cell).get("grade_id"),
                    notebook=name,
                    solution=i,
                    checks=checks,
                    source=cell["source"],
                    points=points,
                    title=said["title"] if said else "",
                    kind=said["kind"] if said else "",
                    minutes=int(said["minutes"]) if said else 0,
                    hints=_hints(parts, i, checks),
                    form=cell["metadata"].get("course", {}).get("form", "write"),
                )
            )
    return found


def _checks(parts, solution):
    checks = []
    for j in range(solution + 1, len(parts)):
        if cells.is_check(parts[j]):
            checks.append(j)
        elif checks and cells.is_solution(parts[j]):
            break
    return checks


def _line(parts, solution):
    """Return the match of the exercise's own line: the last one in the markdown right above it."""
    for cell in reversed(parts[:solution]):
        if cell["cell_type"] != "markdown":
            return None
        if found := list(LINE.finditer(cell["source"])):
            return found[-1]
    return None


def _hints(parts, solution, checks):
    between = parts[solution + 1 : checks[0]] if checks else []
    texts = [cell["source"] for cell in between if cell["cell_type"] == "markdown"]
    return tuple(title for text in texts for title in HINT.findall(text))


def defined(source):
    """Return the functions, classes and variables that a cell defines at its top level, in order.

    Parameters
    ----------
    source : str

    Returns
    -------
    list of str
        Empty if the cell is no Python.
    """
    try:
        body = ast.parse(cells.plain(source)).body
    except SyntaxError:
        return []
    found = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
            found += [n.id for n in stored if isinstance(n.ctx, ast.Store)]
    return found


def answer(source, replacement=BLANK):
    """Return a solution cell's source with another answer between its two marks.

    Parameters
    ----------
    source : str
        Contains one line ``### BEGIN SOLUTION`` and one ``### END SOLUTION``.
    replacement : str
        Lines of code, indented as if they stood alone. By default what nbgrader's students start
        from.

    Returns
    -------
    str
    """
    lines = source.splitlines()
    (begin,) = (i for i, line in enumerate(lines) if BEGIN in line)
    (end,) = (i for i, line in enumerate(lines) if END in line)
    indent = re.match(r"\s*", lines[begin])[0]
    middle = textwrap.indent(textwrap.dedent(replacement).strip("\n"), indent)
    return "\n".join([*lines[:begin], middle, *lines[end + 1 :]])


def solved(source):
    """Return a solution cell's source without its two marks.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
    """
    lines = source.splitlines()
    return "\n".join(line for line in lines if BEGIN not in line and END not in line)
