"""Count what the course asks of a student, and hold it to its bounds.

    uv run python -m tests.count_course

For each notebook and all: blanks by kind, minutes, lines that a student writes, the longest blank,
hints, wrong and right answers that the tests try, points, and the share of code lines that draw
pictures or wire widgets.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from helpers.workbook import cells, course, solutions
from tests import answers

PLUMBING = re.compile(r"plots\.(drawing|show|as_html)|widgets\.|axes\.|figure\.")
# What must hold of the whole course, and of each notebook.
MOST_LINES, MOST_PLUMBING, MOST_BY_HAND = 15, 0.08, 0.25
FEWEST_CORE, LINES_IN_ALL = 45, range(350, 551)
FEWEST_WRONG, FEWEST_RIGHT, FEWEST_WRONG_EACH = 250, 60, 5


@dataclass
class Count:
    """What a notebook, or the whole course, asks of a student.

    Attributes
    ----------
    name : str
    kinds : dict of str to int
        Blanks by kind; the key is empty for those without a line that says it.
    minutes, written, longest, code, plumbing, hints, wrong, right : int
        `written` of the lines of `code` are the student's; `plumbing` of them draw or wire.
    points, by_hand : float
        For code, and for answers that are graded by hand.
    """

    name: str
    kinds: dict = field(default_factory=dict)
    minutes: int = 0
    written: int = 0
    longest: int = 0
    code: int = 0
    plumbing: int = 0
    hints: int = 0
    wrong: int = 0
    right: int = 0
    points: float = 0
    by_hand: float = 0

    def __str__(self):
        kinds = ", ".join(f"{count} {kind or '?'}" for kind, count in self.kinds.items())
        return (
            f"{self.name:<20} {self.written:4} of {self.code:5} lines by the student; "
            f"blanks: {kinds or 'none'}; longest {self.longest}; {self.minutes} minutes; "
            f"{self.hints} hints; {self.wrong} wrong, {self.right} right answers; "
            f"{self.points:g} points and {self.by_hand:g} by hand; "
            f"plumbing {self.plumbing / max(self.code, 1):.1%}"
        )


def count(notebook, name=""):
    """Count one notebook.

    Parameters
    ----------
    notebook : dict
    name : str
        Such as ``"02_softmax"``.

    Returns
    -------
    Count
    """
    found = Count(name)
    for exercise in solutions.exercises(notebook, name):
        found.kinds[exercise.kind] = found.kinds.get(exercise.kind, 0) + 1
        found.minutes += exercise.minutes
        found.written += len(exercise.lines)
        found.longest = max(found.longest, len(exercise.lines))
        found.hints += len(exercise.hints)
        found.points += exercise.points
        found.wrong += len(answers.WRONG.get(name, {}).get(exercise.grade_id, ()))
        found.right += len(answers.RIGHT.get(name, {}).get(exercise.grade_id, ()))
    for cell in notebook["cells"]:
        lines = sum(bool(line.strip()) for line in cell["source"].splitlines())
        if cells.is_written(cell):
            found.by_hand += cells.grading(cell).get("points", 0)
        elif cell["cell_type"] == "code":
            found.code += lines
            if not (cells.is_solution(cell) or cells.is_check(cell)):
                found.plumbing += lines * bool(PLUMBING.search(cell["source"]))
    return found


def total(counts):
    """Add up the counts of notebooks.

    Parameters
    ----------
    counts : list of Count

    Returns
    -------
    Count
    """
    found = Count("all", longest=max((one.longest for one in counts), default=0))
    for one in counts:
        for kind, blanks in one.kinds.items():
            found.kinds[kind] = found.kinds.get(kind, 0) + blanks
        for name in ("minutes", "written", "code", "plumbing", "hints", "wrong", "right"):
            setattr(found, name, getattr(found, name) + getattr(one, name))
        found.points, found.by_hand = found.points + one.points, found.by_hand + one.by_hand
    return found


def problems_of_one(found):
    """Yield a sentence for each bound that a notebook breaks.

    Parameters
    ----------
    found : Count
    """
    if found.longest > MOST_LINES:
        yield f"its longest blank has {found.longest} lines; {MOST_LINES} is the limit"
    if found.plumbing > MOST_PLUMBING * found.code:
        share = found.plumbing / found.code
        yield f"{share:.1%} of its code lines draw or wire; {MOST_PLUMBING:.0%} is the limit"
    if found.by_hand > MOST_BY_HAND * (found.points + found.by_hand):
        yield f"{found.by_hand:g} points are given by hand, and only {found.points:g} for code"


def problems_of_all(found):
    """Yield a sentence for each bound that the whole course breaks.

    Parameters
    ----------
    found : Count
    """
    if found.kinds.get("core", 0) < FEWEST_CORE:
        yield f"{found.kinds.get('core', 0)} core blanks; at least {FEWEST_CORE} are promised"
    if found.written not in LINES_IN_ALL:
        fewest, most = LINES_IN_ALL[0], LINES_IN_ALL[-1]
        yield f"a student writes {found.written} lines; it should be {fewest} to {most}"
    if found.wrong < FEWEST_WRONG:
        yield f"{found.wrong} wrong answers are tried; at least {FEWEST_WRONG} are promised"
    if found.right < FEWEST_RIGHT:
        yield f"{found.right} unusual right answers are tried; at least {FEWEST_RIGHT} are promised"


def counts(place=course.NOTEBOOKS):
    """Return the counts of a folder's notebooks, in order.

    Parameters
    ----------
    place : Path

    Returns
    -------
    list of Count
    """
    return [count(cells.read(path), path.stem) for path in course.paths(Path(place))]


def main():
    """Print the counts, and what is out of bounds.

    Returns
    -------
    int
        Exit status: 0, or 1 if something is out of bounds.
    """
    found = counts()
    print(*found, total(found), sep="\n")
    wrong = [f"{one.name}: {problem}" for one in found for problem in problems_of_one(one)]
    wrong += [f"all: {problem}" for problem in problems_of_all(total(found))]
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
