"""The check of an exercise: it says what is wrong, keeps what is right, and lets nobody get stuck.

A check cell of a notebook reads

    with check("softmax", says="right for rows, and for scores of any size") as test:
        test.gives(softmax, logs, wanted=[[0.125, 0.25, 0.625]], known={"...": ...})

Where it fails, the course's own definition stands in for the student's, so that the notebook goes
on. Where it passes in a workbook, hers is kept (see `helpers.workbook.keep`).
"""

import contextlib
import copy
import linecache
import sys
import traceback

import numpy as np

from helpers import gradient_check
from helpers.workbook import comparison, keep, solutions

# For each notebook and exercise where the course stands in: the student's own definitions.
_stood_in = {}


class NotYet(AssertionError):
    """An answer that does not pass, with what is wrong and what to do next."""

    def _render_traceback_(self):
        """What IPython shows instead of a traceback: the message alone."""
        return str(self).splitlines()


class Blank(NotYet):
    """An answer that has not been begun."""


class check:  # noqa: N801 - used like a function: with check("softmax") as test
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
        self._worst = None

    def __enter__(self):
        self._names = sys._getframe(1).f_globals
        # Where the course stood in, it is the student's answer that is tried again.
        stood_in = _stood_in.pop((id(self._names), self.exercise), {})
        for name, (course, own) in stood_in.items():
            if self._names.get(name) is course:
                self._put(name, own)
        return self

    def __exit__(self, kind, error, trace):
        if error is None:
            self._passed()
            return
        if not isinstance(error, Exception):
            return  # an interrupt says nothing of the answer
        blank = isinstance(error, NotImplementedError)
        message = self._blank() if blank else self._explained(error, trace)
        if standing_in := self._stand_in():
            message += (
                f"\n\nUntil yours passes, the course's own {' and '.join(standing_in)} "
                f"{'stands' if len(standing_in) == 1 else 'stand'} in, so that you can go on."
            )
        raise (Blank if blank else NotYet)(message) from None

    def that(self, condition, message):
        """Refuse the answer with a message unless the condition holds.

        Parameters
        ----------
        condition : bool
        message : str
            A sentence that names what is wrong, or what to look at.
        """
        if not condition:
            raise NotYet(message)

    def call(self, function, *arguments, writes=(), **named):
        """Call a function of the student's; refuse it if it writes to an argument.

        Parameters
        ----------
        function : callable
        *arguments, **named
            Handed on.
        writes : tuple of int
            Positions of arguments that the function is meant to write to.

        Returns
        -------
        object
            What the function returned.
        """
        before = copy.deepcopy(_plain_values(arguments))
        with np.errstate(all="ignore"):
            result = function(*arguments, **named)
        for i, (old, new) in enumerate(zip(before, arguments, strict=True)):
            if i not in writes and comparison.written(old, new):
                raise NotYet(
                    f"{_name(function)} writes to its argument {_argument(function, i)}. Whoever "
                    "called it still needs that array: compute into a new one."
                )
        return result

    def same(self, got, wanted, what, known=None, rtol=1e-7, atol=1e-10):
        """Refuse a value that is not what it should be.

        Parameters
        ----------
        got, wanted, what, known, rtol, atol
            As for `helpers.workbook.comparison.problem`.
        """
        if found := comparison.problem(got, wanted, what, known, rtol, atol):
            raise NotYet(found)

    def gives(self, function, *arguments, wanted, what=None, known=None, writes=(), **named):
        """Refuse a function that does not give what it should for some arguments.

        Parameters
        ----------
        function : callable
        *arguments, **named
            Handed on.
        wanted, known
            As for `same`.
        what : str, optional
            What the result is called; by default the function's name and its arguments.
        writes : tuple of int
            As for `call`.

        Returns
        -------
        object
            What the function returned.
        """
        what = what or f"{_name(function)}({', '.join(map(_short, arguments))})"
        got = self.call(function, *arguments, writes=writes, **named)
        self.same(got, wanted, what, known)
        return got

    def gradient(self, got, f, x, dy=None, *, what="the gradient", known=None, tolerance=1e-7):
        """Refuse a gradient that centred differences do not confirm.

        Parameters
        ----------
        got : array_like
            The student's gradient of f at x.
        f, x, dy
            As for `helpers.gradient_check.numerical_gradient`.
        what : str
        known : dict of str to array_like, optional
            As for `same`.
        tolerance : float
            Largest relative error that passes.
        """
        if got is None:
            raise NotYet(f"{what} is None: a function without return returns nothing.")
        if np.shape(got) != x.shape:
            raise NotYet(f"{what} should have the shape {x.shape}, but has {np.shape(got)}.")
        for sentence, value in (known or {}).items():
            if comparison.problem(got, value, what) is None:
                raise NotYet(f"{what}: {sentence}")
        measured = gradient_check.numerical_gradient(f, x, dy)
        error = gradient_check.relative_error(got, measured)
        if not error <= tolerance:
            off = np.abs(np.asarray(got, float) - measured)
            where = tuple(int(i) for i in np.unravel_index(np.nan_to_num(off).argmax(), off.shape))
            raise NotYet(
                f"{what} fails the gradient check: relative error {error:.1e}, to be below "
                f"{tolerance:.0e}. At {list(where)} yours is {np.asarray(got)[where]:.5g}, centred "
                f"differences say {measured[where]:.5g}.{_factor(np.asarray(got, float), measured)}"
            )
        self._worst = max(error, self._worst or 0.0)

    def layer(self, layer, x, dy=None, **settings):
        """Refuse a layer whose backward does not belong to its forward.

        Parameters
        ----------
        layer, x, dy, **settings
            As for `helpers.gradient_check.check_layer`.
        """
        report = gradient_check.check_layer(layer, x, dy, **settings)
        if not report.passed:
            raise NotYet(str(report))
        self._worst = max(report.error, self._worst or 0.0)

    def not_using(self, function, *names):
        """Refuse a function that calls what judges it, or does its work.

        Parameters
        ----------
        function : callable
        *names : str
            Such as ``"numerical_gradient"``.
        """
        code = getattr(function, "__code__", None)
        for name in names:
            if code is not None and name in code.co_names:
                raise NotYet(f"{_name(function)} calls {name}: write it without.")

    def _passed(self):
        found = f"{self.exercise}: passed"
        if self._says:
            found += f", {self._says}"
        if self._worst is not None:
            found += f"; largest relative error {self._worst:.0e}"
        print(found + ".")
        workbook = keep.folder()
        if workbook is None:
            return
        solution = solutions.all_solutions().get(self.exercise)
        definitions = [
            n for n in (solution.names if solution else []) if callable(self._names.get(n))
        ]
        if definitions:
            self._names.setdefault("__course_notebook__", solution.notebook.replace("_", " "))
            keep.keep(definitions, self._names, workbook)
            print(f"Kept in mine.py: {', '.join(definitions)}. What follows uses yours.")

    def _blank(self):
        return (
            f"{self.exercise} is still blank. Write it in the cell above, run that cell, then this."
        )

    def _explained(self, error, trace):
        if isinstance(error, AssertionError):
            return f"{self.exercise}: not yet. {error}"
        if isinstance(error, NameError) and not _in_answer(trace):
            return (
                f"{self.exercise}: not yet. {error}. Run the cell above; if it shows an error, "
                "mend that first."
            )
        line = _in_answer(trace)
        place = f", in the line\n\n    {line}\n\n" if line else ". "
        return f"{self.exercise}: not yet. {type(error).__name__}: {error}{place}".rstrip()

    def _stand_in(self):
        """Put the course's definitions in place of the student's; return their names."""
        solution = solutions.all_solutions().get(self.exercise)
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


def _name(function):
    return getattr(function, "__name__", type(function).__name__)


def _argument(function, i):
    with contextlib.suppress(AttributeError, IndexError):
        skip = 1 if hasattr(function, "__self__") else 0
        return function.__code__.co_varnames[i + skip]
    return str(i + 1)


def _plain_values(arguments):
    """Arrays and containers, which can be written to unseen; None for all else."""
    kinds = np.ndarray | list | tuple | dict
    return [value if isinstance(value, kinds) else None for value in arguments]


def _short(value):
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    text = repr(value)
    return text if len(text) <= 40 else type(value).__name__


def _factor(got, measured):
    """Say that a gradient is a multiple of the right one, where it is."""
    square = float((measured**2).sum())
    factor = float((got * measured).sum()) / square if square else 0.0
    if (
        np.isfinite(factor)
        and np.abs(got - factor * measured).max() < 1e-5 * np.abs(measured).max()
    ):
        return f" All of yours is {factor:.4g} times what it should be."
    return ""


def _in_answer(trace):
    """Return the line of the student's cell in which an error arose, or None."""
    frames = traceback.extract_tb(trace)[1:]  # the first is the check itself
    lines = [f.line for f in frames if "ipykernel" in f.filename or f.filename.startswith("<cell")]
    return lines[-1] if lines else None
