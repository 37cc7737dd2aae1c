"""The check of an exercise: it says what is wrong, keeps what is right, and lets nobody get stuck.

A check cell of a notebook reads

    with check("softmax", says="right for rows, and for scores of any size") as test:
        test.gives(softmax, logs, wanted=[[0.125, 0.25, 0.625]], known={"...": ...})

Where it fails, the course's own definition stands in for the student's, so that the notebook goes
on. Where it passes in a workbook, hers is kept (see `helpers.workbook.keep`).
"""

import linecache
import re
import sys
import traceback

from helpers.workbook import course, keep, mine
from helpers.workbook.trial import Blank, NotYet, Trial

# For each notebook and exercise where the course stands in: the student's own definitions.
_stood_in = {}


class check(Trial):  # small letters: it is used like a function: with check("softmax") as test
    """Context in which an answer is tried.

    Parameters
    ----------
    exercise : str
        The grade_id of the solution's cell.
    says : str, optional
        What a right answer has been shown to be: the end of the line that is printed for it.

    Raises
    ------
    Blank
        If the answer has not been begun.
    NotYet
        If it does not pass: nothing returned, another shape, other values, an argument written to,
        an error of its own.
    """

    def __init__(self, exercise, says=""):
        self.exercise = exercise
        self._says = says

    def __enter__(self):
        self._names = sys._getframe(1).f_globals
        # Where the course stood in, it is the student's answer that is tried again.
        stood_in = _stood_in.pop((id(self._names), self.exercise), {})
        for name, (lent, own) in stood_in.items():
            if self._names.get(name) is lent:
                self._put(name, own)
        return self

    def __exit__(self, kind, error, trace):
        if error is None:
            self._passed()
            return
        if not isinstance(error, Exception):
            return  # an interrupt says nothing of the answer
        blank = type(error) is NotImplementedError  # input() raises one of its kinds
        message = self._blank() if blank else self._explained(error, trace)
        if standing_in := self._stand_in():
            message += (
                f"\n\nUntil yours passes, the course's own {' and '.join(standing_in)} "
                f"{'stands' if len(standing_in) == 1 else 'stand'} in, so that you can go on."
            )
        raise (Blank if blank else NotYet)(message) from None

    def _passed(self):
        found = f"{self.exercise}: passed"
        if self._says:
            found += f", {self._says}"
        if self.worst is not None:
            found += f"; largest relative error {self.worst:.0e}"
        print(found + ".")
        self._keep()

    def _keep(self):
        workbook = course.folder()
        exercise = course.all_exercises(workbook).get(self.exercise) if workbook else None
        if exercise is None:
            return
        try:
            names, copy = keep.keep(exercise, self._names, workbook)
        except (mine.KeepError, OSError) as error:
            print(f"Not kept in mine.py: {error}.")
            return
        if copy:
            print(
                f"mine.py had been changed by hand; as it was, it is {copy.relative_to(workbook)}."
            )
        if names:
            print(f"Kept in mine.py: {', '.join(names)}. What follows uses yours.")

    def _blank(self):
        return (
            f"{self.exercise} is still blank. Write it in the cell above, run that cell, then this."
        )

    def _explained(self, error, trace):
        line = _in_answer(trace)
        place = f", in the line\n\n    {line}\n\n" if line else ". "
        if isinstance(error, AssertionError):
            said = str(error) or f"An assert fails{place}".rstrip()
            return f"{self.exercise}: not yet. {said}"
        if isinstance(error, UnboundLocalError):
            name = re.search(r"'(\w+)'", str(error))  # Python has it in the text only
            said = f"{name[1]} is used before it is computed" if name else str(error)
            return f"{self.exercise}: not yet. {said}{place}".rstrip()
        if isinstance(error, NameError) and not line:
            return (
                f"{self.exercise}: not yet. {error}. Run the cell above; if it shows an error, "
                "mend that first."
            )
        return f"{self.exercise}: not yet. {type(error).__name__}: {error}{place}".rstrip()

    def _stand_in(self):
        """Put the course's definitions in place of the student's; return their names."""
        solution = course.all_exercises(course.folder()).get(self.exercise)
        if solution is None:
            return []
        own = {name: self._names.get(name) for name in solution.names}
        filename = f"<course {self.exercise}>"
        lines = solution.source.splitlines(keepends=True)
        linecache.cache[filename] = (len(solution.source), None, lines, filename)
        exec(compile(solution.source, filename, "exec"), self._names)
        _stood_in[id(self._names), self.exercise] = {
            name: (self._names[name], own[name]) for name in solution.names
        }
        return solution.names

    def _put(self, name, value):
        if value is None:
            self._names.pop(name, None)
        else:
            self._names[name] = value


def _in_answer(trace):
    """Return the line of the student's cell in which an error arose, or None."""
    frames = traceback.extract_tb(trace)[1:]  # the first is the check itself
    lines = [f.line for f in frames if "ipykernel" in f.filename or f.filename.startswith("<cell")]
    return lines[-1] if lines else None
