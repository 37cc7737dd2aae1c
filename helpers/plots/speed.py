"""Rates from the first to the last step. Use it as ``plots.rates``."""

import math

import numpy as np
from matplotlib.ticker import FuncFormatter

from helpers.plots import style


def rates(names, values, *, unit="images per second", ceilings=None, caption=None):
    """Show rates as bars on a logarithmic axis, from the first to the last step.

    Parameters
    ----------
    names : sequence of str
        One a bar, from top to bottom.
    values : array_like of shape (K,)
        Greater than 0; the more the better.
    unit : str
        What is counted in a second.
    ceilings : dict of str to float, optional
        Limits that theory sets, by their names; drawn as vertical lines.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there are not as many names as values, or one is not greater than 0.
    """
    values, ceilings = np.asarray(values, float), ceilings or {}
    if values.shape != (len(names),) or len(names) == 0:
        raise ValueError(f"{len(names)} names need values of that number, not {values.shape}")
    if not min(values.min(), *ceilings.values(), np.inf) > 0:
        raise ValueError(f"rates must be greater than 0, got {values.min():g}, {ceilings}")
    texts = [_number(value) for value in values]
    with style.drawing(style.WIDTH, 0.5 * len(names) + 1.0 + 0.35 * bool(ceilings)) as figure:
        axes = figure.subplots()
        _draw_bars(axes, names, values, texts)
        _draw_ceilings(axes, ceilings)
        axes.set(xlabel=f"{unit}; each line is ten times the one before")
    said = ", ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))
    limits = ", ".join(f"{name} {_number(value)}" for name, value in ceilings.items())
    alt = f"Bars of {unit}: {said}." + (f" Vertical lines: {limits}." if limits else "")
    style.show(figure, alt, caption)


def _draw_bars(axes, names, values, texts):
    best = int(values.argmax())
    colours = [style.BLUE if k == best else style.GREY for k in range(len(names))]
    drawn = axes.barh(range(len(names)), values, color=colours)
    paper = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1}
    axes.bar_label(drawn, texts, padding=4, bbox=paper)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xscale("log")
    axes.set_xlim(values.min() / 3, values.max() * 12)
    low, high = (math.log10(edge) for edge in axes.get_xlim())
    axes.set_xticks([10.0**power for power in range(math.ceil(low), math.floor(high) + 1)])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value)))
    axes.minorticks_off()
    axes.grid(axis="x")


def _draw_ceilings(axes, ceilings):
    for name, value in ceilings.items():
        axes.axvline(value, color=style.VERMILLION, lw=2, ls="--", zorder=2)
        at = {"transform": axes.get_xaxis_transform(), "ha": "center", "va": "bottom"}
        axes.text(value, 1.01, name, **at, color=style.VERMILLION, size=12)


def _number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
