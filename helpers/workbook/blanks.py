"""From a solution to a blank: what is to be written, said in its place."""

import ast
import random
import textwrap

from helpers.workbook import solutions

WRITTEN = "*Write your answer here: double-click, and replace this line.*"


def blank(exercise):
    """Return the cell of an exercise as a student gets it.

    Parameters
    ----------
    exercise : Exercise

    Returns
    -------
    str
        It says what to write and raises NotImplementedError with the exercise's name.
    """
    lines = exercise.lines
    if exercise.form == "order":
        told = ["Put these lines into the right order, each without its #:"]
        told += shuffled(lines, exercise.grade_id)
    else:
        about = f"about {len(lines)} lines" if len(lines) > 1 else "one line"
        told = [f"Write {exercise.title or exercise.grade_id} here: {about}."]
    comments = [f"# {line}".rstrip() for line in told]
    stop = f'raise NotImplementedError("{exercise.grade_id} is still blank")'
    return solutions.answer(exercise.source, "\n".join([*comments, stop]))


def shuffled(lines, seed):
    """Return lines of code in another order, the same one for the same seed.

    Parameters
    ----------
    lines : list of str
    seed : str

    Returns
    -------
    list of str
        Never in the order given, unless there is no other. A statement of several lines stays
        whole.
    """
    pieces = _statements(lines)
    mixed, draw = list(pieces), random.Random(seed)
    for _ in range(100):
        draw.shuffle(mixed)
        if mixed != pieces:
            break
    return [line for piece in mixed for line in piece]


def _statements(lines):
    """The lines by statement, comments with what follows; single lines where it is all one loop."""
    try:
        body = ast.parse(textwrap.dedent("\n".join(lines))).body
    except SyntaxError:  # a return stands alone well enough, but be sure
        return [[line] for line in lines]
    ends = [node.end_lineno for node in body]
    starts = [0, *ends[:-1]]
    pieces = [lines[a:b] for a, b in zip(starts, ends, strict=True)]
    return pieces if len(pieces) > 1 else [[line] for line in lines]


def written(source):
    """Return a text that is graded by hand as a student gets it: a field in the answer's place.

    Parameters
    ----------
    source : str

    Returns
    -------
    str
    """
    if solutions.BEGIN not in source:
        return source
    return solutions.answer(source, WRITTEN)
