"""What a gradient check found, in a form to print and to test."""

import math
from dataclasses import dataclass, field

__all__ = ["GradientError", "GradientReport", "GradientRow"]


class GradientError(AssertionError):
    """A backward pass disagrees with the forward pass it belongs to."""


@dataclass(frozen=True)
class GradientRow:
    """The comparison for one array.

    Attributes
    ----------
    name : str
        ``"x"`` or the name of a parameter.
    error : float
        Largest relative error found, at least 0.
    index : tuple of int or None
        Where it was found; None if along a random direction through all entries.
    analytic, numerical : float
        The two derivatives there: from backward, and from centred differences.
    checked, size : int
        How many entries were compared one by one, and how many the array has. Where not all were,
        a random direction through all of them was compared too.
    hint : str
        What the numbers suggest, or empty.
    """

    name: str
    error: float
    index: tuple | None
    analytic: float
    numerical: float
    checked: int
    size: int
    hint: str = ""


@dataclass(frozen=True, repr=False)
class GradientReport:
    """What a gradient check found. ``print`` it, or ``assert`` it: it is true when it passed.

    Attributes
    ----------
    subject : str
        The layer or network that was checked.
    rows : tuple of GradientRow
        One for each array that could be compared.
    tolerance : float
        The largest relative error that passes.
    problems : tuple of str
        What is wrong apart from the numbers: arguments written to, wrong shapes, missing
        gradients. Any of them fails the check.
    """

    subject: str
    rows: tuple[GradientRow, ...]
    tolerance: float
    problems: tuple[str, ...] = field(default=())

    @property
    def error(self):
        """Largest relative error of all rows; infinity if nothing could be compared."""
        # NaN counts as the largest.
        return max(self.errors.values(), key=lambda e: (math.isnan(e), e), default=math.inf)

    @property
    def errors(self):
        """Largest relative error of each array, by its name."""
        return {row.name: row.error for row in self.rows}

    @property
    def passed(self):
        """Whether every gradient is within the tolerance and nothing else is wrong."""
        return not self.problems and self.error <= self.tolerance

    def __bool__(self):
        return self.passed

    def raise_if_failed(self):
        """Return the report if the check passed, else raise it.

        Raises
        ------
        GradientError
            With the whole report as its message.
        """
        if not self.passed:
            raise GradientError(str(self))
        return self

    def __repr__(self):
        # The table, so that a notebook and a failed assertion show it.
        return str(self)

    def __str__(self):
        verdict = "passed" if self.passed else "FAILED"
        width = max([len("array"), *(len(row.name) for row in self.rows)])
        line = f"{{:{width}}}  {{:>14}}  {{:>14}}  {{:>16}}  {{:>13}}  {{:>13}}".format
        lines = [
            f"Gradient check of {self.subject}: {verdict}",
            line("array", "checked", "relative error", "worst at", "backward", "numerical"),
            *(line(*_cells(row)) for row in self.rows),
            f"Good: below {self.tolerance:.0e} in float64. Near 1: a wrong formula.",
        ]
        failed = [row for row in self.rows if not row.error <= self.tolerance]
        lines += [f"FAILED: {problem}" for problem in self.problems]
        lines += [f"FAILED: {_sentence(row)}" for row in failed]
        return "\n".join(lines)


def _cells(row):
    where = "all at once" if row.index is None else _index(row.index)
    checked = f"{row.checked} of {row.size}"
    values = (f"{value:+.6e}" for value in (row.analytic, row.numerical))
    return (row.name, checked, f"{row.error:.1e}", where, *values)


def _index(index):
    return f"[{', '.join(str(int(i)) for i in index)}]"


def _sentence(row):
    where = (
        f"{row.name}, all entries moved at once by a random sign"
        if row.index is None
        else f"{row.name}{_index(row.index)}"
    )
    text = (
        f"{where}: backward gives {row.analytic:.8g}, the numerical gradient is "
        f"{row.numerical:.8g}, relative error {row.error:.1e}."
    )
    return f"{text} {row.hint}" if row.hint else text
