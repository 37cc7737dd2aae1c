"""What a check may ask of an answer, and the sentences in which it refuses one."""

import contextlib
import copy

import numpy as np

from helpers import gradient_check
from helpers.workbook import comparison


class NotYet(AssertionError):
    """An answer that does not pass, with what is wrong and what to do next."""

    def _render_traceback_(self):
        """What IPython shows instead of a traceback: the message alone."""
        return str(self).splitlines()


class Blank(NotYet):
    """An answer that has not been begun."""


class Trial:
    """Questions to an answer.

    Attributes
    ----------
    worst : float or None
        The largest relative error of the gradients that passed.
    """

    worst = None

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
            self._known(got, what, known)
            raise NotYet(f"{what} should have the shape {x.shape}, but has {np.shape(got)}.")
        measured = gradient_check.numerical_gradient(f, x, dy)
        error = gradient_check.relative_error(got, measured)
        if not error <= tolerance:
            self._known(got, what, known)
            off = np.abs(np.asarray(got, float) - measured)
            where = tuple(int(i) for i in np.unravel_index(np.nan_to_num(off).argmax(), off.shape))
            raise NotYet(
                f"{what} fails the gradient check: relative error {error:.1e}, to be below "
                f"{tolerance:.0e}. At {list(where)} yours is {np.asarray(got)[where]:.5g}, centred "
                f"differences say {measured[where]:.5g}.{_factor(np.asarray(got, float), measured)}"
            )
        self.worst = max(error, self.worst or 0.0)

    def _known(self, got, what, known):
        """Refuse a value that a well-known mistake gives, with the sentence that names it."""
        for sentence, value in (known or {}).items():
            if comparison.problem(got, value, what) is None:
                raise NotYet(f"{what}: {sentence}")

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
        self.worst = max(report.error, self.worst or 0.0)

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


def _name(function):
    return getattr(function, "__name__", type(function).__name__)


def _argument(function, i):
    with contextlib.suppress(AttributeError, IndexError):
        skip = 1 if hasattr(function, "__self__") else 0
        return function.__code__.co_varnames[i + skip]
    return str(i + 1)


def _plain_values(arguments):
    """What can be written to unseen: arrays and containers, not networks and generators."""
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
