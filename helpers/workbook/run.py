"""Run what a student has saved, in fresh kernels, and say for each exercise whether it passes.

Only the cells that the exercises need are run. Checks are run as the course has them, whatever
became of them in the student's copy.
"""

import time
from dataclasses import dataclass

from helpers.workbook import blanks, cells, course, kernel, make, merge, needed, solutions, student

PASSED, NOT_YET, BLANK, NOT_RUN = "passed", "not yet", "blank", "not run"
SECONDS = 300  # that a notebook may take
SHARE = 5  # an exercise may take this part of it


@dataclass(frozen=True)
class Result:
    """What became of an exercise.

    Attributes
    ----------
    exercise : Exercise
        As the course has it.
    status : str
        `PASSED`, `NOT_YET`, `BLANK` or `NOT_RUN`.
    message : str
        What the check said, or why nothing was run.
    """

    exercise: solutions.Exercise
    status: str
    message: str = ""


def run(workbook, name, seconds=SECONDS, done=lambda count: None):
    """Run a saved notebook.

    Parameters
    ----------
    workbook : Path
    name : str
        Such as ``"05_pooling"``.
    seconds : float
        That it may take.
    done : callable, optional
        Called with the number of exercises of which something new is known.

    Returns
    -------
    list of Result
        One for each exercise of the notebook, in order. It always comes back: an endless loop, a
        dead kernel and a file that cannot be read are said in it.
    """
    source = course.notebooks(workbook)[name]
    wanted = solutions.exercises(source, name)
    try:
        saved = cells.read(workbook / f"{name}.ipynb")
    except cells.NotebookError as error:
        done(len(wanted))
        return [Result(exercise, NOT_RUN, f"{error}.") for exercise in wanted]
    notebook = as_saved(workbook, source, name, saved)
    attempt = _Attempt(workbook, notebook, wanted, time.monotonic() + seconds, seconds / SHARE)
    results = attempt.results(done)
    return [results[exercise.grade_id] for exercise in wanted]


def as_saved(workbook, source, name, saved):
    """Return a student's notebook as it is run: her answers and cells, the course's checks.

    Parameters
    ----------
    workbook : Path
    source : dict
        The notebook of the course, with solutions.
    name : str
    saved : dict
        Hers.

    Returns
    -------
    dict
    """
    given = dict(make.marker(workbook)["handed_out"].get(name, []))
    bare = {"cells": [{**c, "outputs": []} for c in source["cells"]]}
    checks = {cells.key(cell): cell for cell in source["cells"] if cells.is_check(cell)}
    merged = merge.merge(given, student.copy_of(bare, name)["cells"], saved["cells"]).cells
    return {"cells": [checks.get(cells.key(cell), cell) for cell in merged]}


class _Attempt:
    """Runs a notebook, again from its top without what hung or killed the kernel."""

    def __init__(self, workbook, notebook, wanted, deadline, cell_seconds):
        self._workbook, self._notebook = workbook, notebook
        self._deadline, self._cell_seconds = deadline, cell_seconds
        self._wanted = {exercise.grade_id: exercise for exercise in wanted}
        self._here = {e.grade_id: e for e in solutions.exercises(notebook)}
        self._dropped, self._found = {}, {}

    def results(self, done):
        begun = [e for e in self._here.values() if not self._is_blank(e)]
        for name in set(self._here) - {e.grade_id for e in begun}:
            self._say(name, BLANK, "", done)
        positions = self._positions(begun)
        while begun and not self._round(positions, done):
            pass
        for name in self._wanted:
            if name not in self._found:
                self._say(name, NOT_RUN, "There was no time left for it.", done)
        return self._found

    def _is_blank(self, exercise):
        return exercise.source == blanks.blank(self._wanted[exercise.grade_id])

    def _positions(self, begun):
        """The cells to run: what the exercises need, with the checks of all that is not theirs."""
        while True:
            positions = needed.needed_cells(self._notebook, begun)
            more = [e for e in self._here.values() if e.solution in positions and e not in begun]
            if not more:
                return positions
            begun = begun + more

    def _round(self, positions, done):
        """Run the cells in a fresh kernel; return whether that came to an end."""
        owner = {i: e for e in self._here.values() for i in (e.solution, *e.checks)}
        errors, said = {}, ""
        with kernel.fresh(self._workbook) as session:
            for i in positions:
                if i in self._dropped:
                    errors[i] = self._dropped[i]
                else:
                    left = self._deadline - time.monotonic()
                    if left <= 0:
                        return True
                    share = self._cell_seconds if i in owner else max(left / 2, self._cell_seconds)
                    errors[i] = session.run(self._source(i), min(left, share))
                    said = session.said
                    if errors[i] and errors[i].lost:
                        return self._lose(i, owner.get(i), errors[i], done)
                if i in owner and i == owner[i].checks[-1]:
                    self._judge(owner[i], errors, said, done)
        return True

    def _source(self, i):
        cell = self._notebook["cells"][i]
        # A student may have given the name to something else.
        again = "from helpers.workbook import check\n" if "with check(" in cell["source"] else ""
        return (again if cells.is_check(cell) else "") + cell["source"]

    def _lose(self, i, exercise, error, done):
        """Leave out what hung or killed the kernel, so that the rest can be run."""
        blank = exercise and blanks.blank(self._wanted[exercise.grade_id])
        cell = self._notebook["cells"][exercise.solution if exercise else i]
        if exercise is None or cell["source"] == blank:
            self._dropped[i] = error
        else:  # its blank is run in its place, and its check lets the course stand in
            self._say(exercise.grade_id, NOT_YET, error.message, done)
            cell["source"] = blank
        return time.monotonic() > self._deadline

    def _judge(self, exercise, errors, said, done):
        name = exercise.grade_id
        if name in self._found:
            return
        refused = [errors[i] for i in exercise.checks if errors.get(i)]
        if not refused:
            told = [line for line in said.splitlines() if line.startswith("Not kept")]
            self._say(name, PASSED, "\n".join(told), done)
            return
        own, first = errors.get(exercise.solution), refused[0]
        if own and own.kind != "NotImplementedError":
            self._say(name, NOT_YET, f"The cell of your answer fails. {own.message}", done)
        elif first.kind in ("Blank", "NotImplementedError") or (own and own.kind):
            self._say(name, BLANK, "", done)
        else:
            why = first.message.partition("\n\nUntil yours passes")[0]
            self._say(name, NOT_YET, why.removeprefix(f"{name}: not yet. "), done)

    def _say(self, name, status, message, done):
        if name in self._wanted and name not in self._found:
            self._found[name] = Result(self._wanted[name], status, message)
            done(1)
