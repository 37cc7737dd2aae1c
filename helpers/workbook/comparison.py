"""What is wrong with an answer, in one sentence: nothing, shape, kind, or values."""

import numpy as np

# A larger array is described by its worst entry.
_SHOWN = 12


def problem(got, wanted, what, known=None, rtol=1e-7, atol=1e-10):
    """Return what is wrong with an answer, or None.

    Parameters
    ----------
    got, wanted : array_like, or a tuple, list or dict of such
        Other but equal forms are equal: lists, float32 (to its own precision), NumPy's scalars.
    what : str
        What `got` is called: ``"softmax(z)"``.
    known : dict of str to array_like, optional
        What well-known mistakes give, by a sentence that says what the mistake is. An answer that
        is right is never one of them, even where a mistake happens to give the same.
    rtol, atol : float
        As in `numpy.allclose`.

    Returns
    -------
    str or None
    """
    if got is None:
        return f"{what} is None: a function without return returns nothing."
    found = _problem(got, wanted, what, rtol, atol)
    if found is None:
        return None
    for sentence, value in (known or {}).items():
        if _problem(got, value, what, rtol, atol) is None:
            return f"{what}: {sentence}"
    return found


def _problem(got, wanted, what, rtol, atol):
    if isinstance(wanted, dict):
        return _in_dict(got, wanted, what, rtol, atol)
    if isinstance(wanted, tuple) and any(not np.isscalar(part) for part in wanted):
        return _in_parts(got, wanted, what, rtol, atol)
    try:
        array, goal = np.asarray(got), np.asarray(wanted)
    except ValueError:
        return f"{what} should be an array of shape {np.shape(wanted)}, not rows of unequal length."
    if goal.dtype.kind not in "biufc":
        return None if np.array_equal(array, goal) else f"{what} should be {wanted!r}, not {got!r}."
    if array.dtype.kind not in "biufc":
        return f"{what} should be numbers, not {type(got).__name__}."
    if array.shape != goal.shape:
        return f"{what} should have the shape {goal.shape}, but has {array.shape}."
    return _in_values(array, goal, what, rtol, atol)


def _in_values(array, goal, what, rtol, atol):
    if array.dtype.kind == "f" and array.dtype.itemsize < 8:
        rtol, atol = max(rtol, 1e-4), max(atol, 1e-6)
    if np.allclose(array, goal, rtol, atol, equal_nan=True):
        return None
    strange = ~np.isfinite(array) & np.isfinite(goal)
    if strange.any():
        where = _place(strange)
        return f"{what} holds {array[where]} {_at(where)}, where {_number(goal[where])} should be."
    if goal.size <= _SHOWN:
        return f"{what} should be {_shown(goal)}, but is {_shown(array)}."
    off = np.abs(array.astype(float) - goal)
    where = np.unravel_index(off.argmax(), off.shape)
    return (
        f"{what}: {np.mean(off > atol + rtol * np.abs(goal)):.0%} of the {goal.size} numbers are "
        f"off; {_at(where)} it should be {_number(goal[where])}, but is {_number(array[where])}."
    )


def _in_parts(got, wanted, what, rtol, atol):
    if not isinstance(got, tuple | list) or len(got) != len(wanted):
        given = f"{len(got)} values" if isinstance(got, tuple | list) else type(got).__name__
        return f"{what} should be {len(wanted)} values, but is {given}."
    for i, (part, goal) in enumerate(zip(got, wanted, strict=True)):
        name = f"value {i + 1} of {what}"
        if found := problem(part, goal, name, None, rtol, atol):
            return found
    return None


def _in_dict(got, wanted, what, rtol, atol):
    if not isinstance(got, dict):
        return f"{what} should be a dict, not {type(got).__name__}."
    for key, goal in wanted.items():
        if key not in got:
            return f"{what} lacks {key!r}; it has {', '.join(map(repr, got)) or 'nothing'}."
        if found := problem(got[key], goal, f"{what}[{key!r}]", None, rtol, atol):
            return found
    return None


def _place(mask):
    return np.unravel_index(mask.argmax(), mask.shape)


def _at(where):
    where = tuple(int(i) for i in where)
    return f"at [{', '.join(map(str, where))}]" if where else "there"


def _number(value):
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _shown(array):
    if array.dtype.kind == "f":
        array = np.array([float(f"{value:.5g}") for value in array.ravel()]).reshape(array.shape)
    return str(array.tolist())


def written(before, after):
    """Return whether values differ: arrays, and lists, tuples and dicts of them.

    Parameters
    ----------
    before, after : object
        What is neither array nor container, nor number nor text, is taken to be unchanged.

    Returns
    -------
    bool
    """
    if isinstance(before, np.ndarray):
        same = np.shape(after) == before.shape and np.asarray(after).dtype == before.dtype
        numbers = before.dtype.kind in "fc"
        return not (same and np.array_equal(before, after, equal_nan=numbers))
    if isinstance(before, dict):
        keys = isinstance(after, dict) and list(before) == list(after)
        return not keys or any(written(before[key], after[key]) for key in before)
    if isinstance(before, list | tuple):
        return len(before) != len(after) or any(map(written, before, after))
    return isinstance(before, int | float | str) and before != after == after  # NaN is no change
