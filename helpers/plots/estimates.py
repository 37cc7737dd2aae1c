"""Estimates with how sure they are. Use them as ``plots.…``."""

import numpy as np

from helpers.plots import style


def intervals(names, low, middle, high, *, unit, marks=None, form="{:.2f}", caption=None):
    """Show estimates with what they may be: a point each, and a line from low to high.

    Parameters
    ----------
    names : sequence of str
        One an estimate, from top to bottom.
    low, middle, high : array_like of shape (K,)
    unit : str
        What is estimated, and in what: "accuracy (%)".
    marks : dict of str to float, optional
        Vertical lines, by their names.
    form : str
        How a value is written.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there are not as many names as values, or an estimate lies outside its interval.
    """
    low, middle, high = (np.asarray(values, dtype=float) for values in (low, middle, high))
    if not low.shape == middle.shape == high.shape == (len(names),) or len(names) == 0:
        raise ValueError(f"{len(names)} names need as many values of low, middle and high")
    if not np.all((low <= middle) & (middle <= high)):
        raise ValueError("each estimate must lie between its low and its high end")
    with style.drawing(style.WIDTH, 0.55 * len(names) + 1.2) as figure:
        axes = figure.subplots()
        for row, (start, value, end) in enumerate(zip(low, middle, high, strict=True)):
            axes.plot([start, end], [row, row], "|-", color=style.BLUE, markersize=14)
            axes.plot(value, row, "o", color=style.BLUE)
            text = f"{form.format(start)} to {form.format(end)}"
            axes.annotate(
                text, (end, row), (10, 0), textcoords="offset points", va="center", fontsize=12
            )
        for name, value in (marks or {}).items():
            axes.axvline(value, color=style.VERMILLION, linestyle="--", linewidth=1.5)
            axes.text(value, -0.75, name, color=style.VERMILLION, ha="center", fontsize=12)
        axes.set_yticks(range(len(names)), names)
        axes.set(xlabel=unit, ylim=(len(names) - 0.5, -0.6))
        axes.margins(x=0.28)
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
    style.show(figure, _intervals_alt(names, low, middle, high, unit, marks, form), caption)


def sizes(names, size, low, middle, high, *, own=(), below=(), unit, caption=None):
    """Show how well models do over how large they are, with an interval for each.

    Parameters
    ----------
    names : sequence of str
    size : array_like of shape (K,)
        In bytes; the axis is logarithmic.
    low, middle, high : array_like of shape (K,)
        What was measured, and what it may be.
    own : collection of str
        The models that get a circle instead of a square.
    below : collection of str
        The models whose names stand below their mark, where names would meet.
    unit : str
        What was measured, and in what: "accuracy (%)".
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there are not as many names as values.
    """
    size, low, middle, high = (np.asarray(a, dtype=float) for a in (size, low, middle, high))
    if not size.shape == low.shape == middle.shape == high.shape == (len(names),) or not len(names):
        raise ValueError(f"{len(names)} names need as many values of size, low, middle and high")
    with style.drawing(style.WIDTH, 5) as figure:
        axes = figure.subplots()
        for name, x, start, value, end in zip(names, size, low, middle, high, strict=True):
            colour = style.BLUE if name in own else style.VERMILLION
            axes.plot(x, value, "o" if name in own else "s", color=colour, markersize=9)
            axes.plot([x, x], [start, end], color=colour)
            under = name in below
            place = (x, start if under else end), (0, -12 if under else 12)
            look = {"ha": "center", "va": "top" if under else "bottom", "size": 12}
            axes.annotate(name, *place, textcoords="offset points", **look)
        axes.set(xscale="log", xlim=(size.min() / 4, size.max() * 4), ylabel=unit)
        axes.set(xlabel="size in bytes; each line is ten times the one before")
        axes.margins(y=0.15)
        axes.grid(axis="x")
    said = ", ".join(
        f"{name} {value:.1f} with {x / 1e6:.2g} MB"
        for name, x, value in zip(names, size, middle, strict=True)
    )
    marks = "; ours are blue circles, the others red squares" if own else ""
    style.show(figure, f"{unit[0].upper()}{unit[1:]} over size{marks}: {said}.", caption)


def _intervals_alt(names, low, middle, high, unit, marks, form):
    said = "; ".join(
        f"{name} {form.format(m)}, from {form.format(a)} to {form.format(b)}"
        for name, a, m, b in zip(names, low, middle, high, strict=True)
    )
    lines = ", ".join(f"{name} at {form.format(value)}" for name, value in (marks or {}).items())
    return f"Estimates and intervals of {unit}: {said}." + (f" Vertical: {lines}." if lines else "")
