"""Checks of arguments that are numbers: what is wrong, what is accepted."""

import numbers
import operator


def whole_number(value, name, minimum=1):
    """`value` as an int of at least `minimum`, or a ValueError that says so."""
    try:
        found = operator.index(value)
    except TypeError:
        found = minimum - 1
    if found < minimum or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number of at least {minimum}, not {value!r}")
    return found


def pair(value, name, minimum=1):
    """A number or a pair of numbers as a pair, or a ValueError that says so."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(values) != 2:
        raise ValueError(f"{name} must be a number or a pair of numbers, not {value!r}")
    return tuple(whole_number(v, name, minimum) for v in values)


def number(value, name, low, high):
    """`value` as a float in [low, high), or a ValueError that says so."""
    if not isinstance(value, numbers.Real) or not low <= value < high:
        raise ValueError(f"{name} must be at least {low:g} and below {high:g}, not {value!r}")
    return float(value)
