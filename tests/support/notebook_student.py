"""What a student does with a notebook: write, be checked, think, predict, and run cells again.

Every check takes a notebook and its path, and yields a sentence for each thing that is wrong.
"""

import re

from notebook_anatomy import FRAMES
from notebook_text import markdown, targets

from helpers.workbook import cells, solutions
from helpers.workbook.needed import Names

FEWEST_HINTS, MOST_HINTS, MOST_LINES = 2, 3, 15
READ_ON = range(3, 6)
COMPARE = "NBVAL_CHECK_OUTPUT"


def check_exercise_lines(notebook, path):
    found = solutions.exercises(notebook)
    for exercise in found:
        if not exercise.kind:
            yield (
                f"exercise {exercise.grade_id!r} has no line '**Exercise: name** · core · 5 minutes"
                "' in the markdown right above it"
            )
    written = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    begun = sum(len(re.findall(r"^\*\*Exercise\b", text, re.M)) for text in written)
    if begun > sum(bool(exercise.kind) for exercise in found):
        yield (
            "a line that begins with **Exercise belongs to no exercise; the kinds are "
            f"{', '.join(solutions.KINDS)}"
        )


def check_hints(notebook, path):
    for exercise in solutions.exercises(notebook):
        count = len(exercise.hints)
        if not FEWEST_HINTS <= count <= MOST_HINTS:
            yield (
                f"exercise {exercise.grade_id!r} has {count} hints between its cell and its check; "
                f"it should have {FEWEST_HINTS} or {MOST_HINTS}, each a <details> with a <summary>"
            )


def check_blanks(notebook, path):
    for exercise in solutions.exercises(notebook):
        name, lines = exercise.grade_id, exercise.source.splitlines()
        begin = next((line for line in lines if solutions.BEGIN in line), "")
        if not begin.startswith(" "):
            yield f"the blank of exercise {name!r} is at the top level; put it into a function"
        if len(exercise.lines) > MOST_LINES:
            yield f"exercise {name!r} has {len(exercise.lines)} lines; {MOST_LINES} is the limit"
        if not any(exercise.names):
            yield f"exercise {name!r} defines no function or class"
        for i in exercise.checks[:1]:
            if not re.search(
                rf"^with check\(\s*\"{re.escape(name)}\"", notebook.cells[i].source, re.M
            ):
                yield f'the check of exercise {name!r} must begin: with check("{name}"'


def check_nothing_calls_a_blank(notebook, path):
    for exercise in solutions.exercises(notebook):
        end = exercise.checks[0] if exercise.checks else exercise.solution + 1
        own = set(exercise.names)
        for i in range(exercise.solution, end):
            cell = notebook.cells[i]
            used = Names(cell.source).called if cell.cell_type == "code" else set()
            if used & own:
                yield f"cell {i} calls {min(used & own)} before its check: a blank would break it"


def check_ci_names(notebook, path):
    code = {i: cell for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
    names = {i: Names(cell.source) for i, cell in code.items()}
    ci = {i for i, cell in code.items() if "ci" in cells.tags(cell)}
    lasting = set().union(*(names[i].defined for i in code if i not in ci))
    for i in ci:
        bound = names[i].assigned | (names[i].defined - lasting)
        for j in code.keys() - ci:
            if taken := bound & names[j].used - names[j].assigned - names[j].defined:
                yield (
                    f"cell {i} is tagged ci, so a student does not have it, but cell {j} uses "
                    f"{min(taken)}, which it binds"
                )


def check_compared_cells_are_tagged(notebook, path):
    for i, cell in enumerate(notebook.cells):
        if COMPARE in cell.source:
            yield f"cell {i} says {COMPARE} in its source; give it the tag nbval-check-output"


def check_questions(notebook, path):
    for i, cell in enumerate(notebook.cells):
        after = notebook.cells[i + 1] if i + 1 < len(notebook.cells) else None
        if cell.cell_type == "markdown" and "**Think.**" in cell.source:
            if after is None or "answer" not in cells.tags(after):
                yield f"cell {i} asks **Think.**; the next cell must be its answer, tagged answer"
        if "answer" in cells.tags(cell):
            if "<details>" not in cell.source or cells.grading(cell):
                yield f"cell {i} is tagged answer: a fold (<details>), which nobody grades"


def check_predictions(notebook, path):
    asked = any("**Predict first.**" in cell.source for cell in notebook.cells)
    if path.stem not in FRAMES and not asked:
        yield "a notebook asks **Predict first.** before something surprising, at least once"


def check_written_answers(notebook, path):
    written = [cell for cell in notebook.cells if cells.is_written(cell)]
    if len(written) > 1:
        yield f"{len(written)} answers are graded by hand; one is the limit, the rest are to think"


def check_reading(notebook, path):
    begins = [i for i, c in enumerate(notebook.cells) if re.search(r"^## ", markdown(c), re.M)]
    last = notebook.cells[begins[-1] :] if begins else []
    links = [target for cell in last for target in targets(cell) if target.startswith("http")]
    if path.stem != "00_start_here" and len(links) not in READ_ON:
        yield f"the last section has {len(links)} links to read on; it should have 3 to 5"


def check_notation(notebook, path):
    if path.stem != "00_start_here" and not any(
        "notation.md" in target for cell in notebook.cells[:12] for target in targets(cell)
    ):
        yield "the page of notation, notation.md, must be linked near the top"


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]
