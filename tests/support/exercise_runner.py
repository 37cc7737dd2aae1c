"""Try answers to the exercises of a notebook: right ones, wrong ones, and none at all.

Only the cells that an exercise needs are run, each once, so that no network is trained twice.
"""

import contextlib
import sys
import types
import warnings

import IPython.display
import matplotlib.pyplot as plt
from IPython.core.inputtransformer2 import TransformerManager

from helpers.workbook.needed import needed_cells
from helpers.workbook.solutions import BLANK, answer, exercises

SHORTEST_MESSAGE = 15  # characters


def problems(notebook, wrong_answers, right_answers=None):
    """Return what is wrong with the exercises of a notebook.

    Parameters
    ----------
    notebook : NotebookNode
    wrong_answers : dict of str to list of (str or (str, str))
        For each grade_id, answers that its check must refuse, each with words that the message must
        hold. Every exercise needs one.
    right_answers : dict of str to list of str, optional
        For each grade_id, answers that its check must pass.

    Returns
    -------
    list of str
        Empty if all solutions pass, and all blanks and wrong answers are refused with a message.
    """
    wanted = [exercise for exercise in exercises(notebook) if exercise.checks]
    names = [exercise.grade_id for exercise in wanted]
    found = [f"{name}: no wrong answer is listed" for name in names if not wrong_answers.get(name)]
    right_answers = right_answers or {}
    listed = set(wrong_answers) | set(right_answers)
    found += [f"{name}: there is no such exercise" for name in listed - set(names)]
    by_cell = {exercise.solution: exercise for exercise in wanted}
    with _Namespace() as namespace:
        for i in needed_cells(notebook, wanted):
            if i in by_cell:
                tried = [(BLANK, ""), *map(_with_words, wrong_answers.get(by_cell[i].grade_id, ()))]
                found += _try_answers(notebook, by_cell[i], tried, namespace)
                right = right_answers.get(by_cell[i].grade_id, ())
                found += _try_right_answers(notebook, by_cell[i], right, namespace)
            if error := namespace.run(notebook.cells[i].source):
                return [*found, f"cell {i} fails with its solution in place: {_describe(error)}"]
    return found


def _with_words(answer):
    return (answer, "") if isinstance(answer, str) else answer


def _try_answers(notebook, exercise, answers, namespace):
    found = []
    for text, words in answers:
        first, refusals = _try_one(notebook, exercise, text, namespace)
        what = "a blank answer" if text is BLANK else f"the wrong answer\n{text}\n"
        refusal = next(filter(None, refusals), None)
        if refusal is None:
            found.append(f"{exercise.grade_id}: {what} passes its check")
        elif not _helps(first if text is BLANK and first else refusal, text is BLANK):
            found.append(
                f"{exercise.grade_id}: {what} is refused with {_describe(refusal)}; the check "
                "should assert, with a message that says what is wrong"
            )
        elif words not in str(refusal):
            found.append(
                f"{exercise.grade_id}: {what} should be refused with {words!r} in the message, "
                f"but it is: {refusal}"
            )
    return found


def _try_right_answers(notebook, exercise, answers, namespace):
    found = []
    for text in answers:
        _, refusals = _try_one(notebook, exercise, text, namespace)
        for refusal in filter(None, refusals):
            found.append(
                f"{exercise.grade_id}: the right answer\n{text}\nis refused: {_describe(refusal)}"
            )
    return found


def _try_one(notebook, exercise, text, namespace):
    """Return the error of an answer's own cell, and those of its checks."""
    between = needed_cells(notebook, [exercise])
    between = [i for i in between if exercise.solution < i < exercise.checks[0]]
    before = namespace.save()
    first = namespace.run(answer(notebook.cells[exercise.solution].source, text))
    for i in between:
        first = first or namespace.run(notebook.cells[i].source)
    refusals = [namespace.run(notebook.cells[i].source) for i in exercise.checks]
    namespace.restore(before)
    return first, refusals


def _helps(error, blank):
    if blank and isinstance(error, NotImplementedError):
        return True
    return isinstance(error, AssertionError) and len(str(error)) >= SHORTEST_MESSAGE


def _describe(error):
    return f"{type(error).__name__}: {error}"


class _Namespace:
    """The names of a notebook outside Jupyter, with pictures drawn into nothing."""

    NAME = "notebook_under_test"

    def __enter__(self):
        plt.switch_backend("Agg")
        module = sys.modules[self.NAME] = types.ModuleType(self.NAME)
        self._names = module.__dict__
        self._names["display"] = IPython.display.display
        self._names["get_ipython"] = _NoShell
        return self

    def __exit__(self, *_):
        plt.close("all")
        del sys.modules[self.NAME]

    def run(self, source):
        """Run a cell; return its exception, or None."""
        code = compile(TransformerManager().transform_cell(source), "<cell>", "exec")
        # nbval sees the warnings; here plt.show() would add one.
        with warnings.catch_warnings(), contextlib.suppress(SystemExit):
            warnings.simplefilter("ignore")
            try:
                exec(code, self._names)
            except Exception as error:
                return error
        return None

    def save(self):
        return dict(self._names)

    def restore(self, names):
        # The same dictionary: functions of earlier cells look their names up in it.
        self._names.clear()
        self._names.update(names)


class _NoShell:
    def run_line_magic(self, *_):
        """Do nothing: no magic changes an answer."""
