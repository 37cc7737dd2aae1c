"""Exercises as nbgrader knows them: a cell with a solution, then a locked cell that checks it.

Instructors keep the solution; nbgrader cuts it out of the students' copy.
"""

import re
import textwrap
from dataclasses import dataclass

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
BLANK = "# YOUR CODE HERE\nraise NotImplementedError()"  # nbgrader's own
KEYS = {"grade_id", "grade", "solution", "locked", "schema_version"}


@dataclass(frozen=True)
class Exercise:
    """A solution and what checks it.

    Attributes
    ----------
    grade_id : str
    solution : int
        Position of the cell to be filled in.
    checks : list of int
        Positions of the locked cells that check it.
    """

    grade_id: str
    solution: int
    checks: list


def settings(cell):
    """Return what nbgrader knows of a cell; for most cells that is nothing."""
    return cell.metadata.get("nbgrader", {})


def is_solution(cell):
    """Return whether a cell is code to be filled in and checked by a later cell."""
    known = settings(cell)
    return cell.cell_type == "code" and known.get("solution") and not known.get("grade")


def is_check(cell):
    """Return whether a cell is code that checks an answer."""
    known = settings(cell)
    return cell.cell_type == "code" and known.get("grade") and not known.get("solution")


def exercises(notebook):
    """Return the exercises of a notebook that are code, in order.

    The checks of a solution are the first check cell after it and those that follow before the
    next solution.
    """
    found = []
    for i, cell in enumerate(notebook.cells):
        if is_solution(cell):
            checks = []
            for j in range(i + 1, len(notebook.cells)):
                if is_check(notebook.cells[j]):
                    checks.append(j)
                elif checks and is_solution(notebook.cells[j]):
                    break
            found.append(Exercise(settings(cell).get("grade_id"), i, checks))
    return found


def answer(source, replacement=BLANK):
    """Return a solution cell's source with another answer between its two markers.

    Parameters
    ----------
    source : str
        Contains one line ``### BEGIN SOLUTION`` and one ``### END SOLUTION``.
    replacement : str
        Lines of code, indented as if they stood alone. By default what a student starts from.

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


def check_nbgrader(notebook, path):
    seen = set()
    for i, cell in enumerate(notebook.cells):
        known = settings(cell)
        if known:
            yield from (f"cell {i}: {problem}" for problem in _metadata_problems(cell, known))
            if (name := known.get("grade_id")) in seen:
                yield f"cell {i}: the grade_id {name!r} is taken"
            seen.add(known.get("grade_id"))
        elif BEGIN in cell.source or END in cell.source:
            yield f"cell {i} holds a solution but is no solution cell: students would see it"


def _metadata_problems(cell, known):
    if missing := KEYS - set(known):
        yield f"nbgrader's metadata lack {', '.join(sorted(missing))}"
        return
    if known["schema_version"] != 3:
        yield f"nbgrader's metadata have schema_version {known['schema_version']}, not 3"
    if not re.fullmatch(r"[\w-]+", str(known["grade_id"])):
        yield f"the grade_id {known['grade_id']!r} must be letters, digits, - and _"
    if known["grade"] and not isinstance(known.get("points"), int | float):
        yield "a graded cell needs points"
    if known["locked"] == known["solution"]:
        yield "a cell is either locked or to be filled in"
    if cell.cell_type == "markdown" and known["grade"] != known["solution"]:
        yield "a written answer is graded and a solution at once"
    if known["solution"]:
        yield from _region_problems(cell)


def _region_problems(cell):
    lines = cell.source.splitlines()
    marks = [mark for line in lines for mark in (BEGIN, END) if mark in line]
    if marks != [BEGIN, END]:
        yield f"a solution stands between '### {BEGIN}' and '### {END}', once"
    elif cell.cell_type == "code":
        begin, end = (next(i for i, line in enumerate(lines) if m in line) for m in (BEGIN, END))
        if not any(line.strip() for line in lines[begin + 1 : end]):
            yield "the solution is empty"


def check_checks(notebook, path):
    for exercise in exercises(notebook):
        if not exercise.checks:
            yield f"exercise {exercise.grade_id!r} has no check cell after it"


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]
