"""Exercises as nbgrader knows them: a cell with a solution, then a locked cell that checks it.

Instructors keep the solution; nbgrader cuts it out of the students' copy.
"""

import re

from helpers.workbook.cells import grading
from helpers.workbook.solutions import BEGIN, END, exercises

KEYS = {"grade_id", "grade", "solution", "locked", "schema_version"}


def check_nbgrader(notebook, path):
    seen = set()
    for i, cell in enumerate(notebook.cells):
        known = grading(cell)
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
