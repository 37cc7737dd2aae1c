"""Pictures of training: descents on a surface, learning rates. Use them as ``plots.…``."""

import math

import numpy as np

from helpers.plots import style

_DASHES = ("-", "--", "-.", ":")
_MARKS = "osD^vP"
_HEIGHTS = 1e-6, 1e6  # what is drawn of a loss on a logarithmic axis


def lines(named, x=None, *, xlabel, ylabel, alt, log="", ylim=None, caption=None):
    """Show a few lines, each with its name at its end.

    Parameters
    ----------
    named : dict of str to array_like of shape (K,)
        Each line by its name.
    x : array_like of shape (K,), optional
        Default: 1 to K.
    xlabel, ylabel : str
    alt : str
        What is to be seen, see `helpers.plots.show`.
    log : {"", "x", "y", "xy"}
        The axes that are logarithmic.
    ylim : (float, float), optional
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is no line, or one has not as many values as `x`.
    """
    named = {name: np.asarray(values, float) for name, values in named.items()}
    if not named:
        raise ValueError("named must hold at least one line")
    x = np.arange(1, 1 + len(next(iter(named.values())))) if x is None else np.asarray(x)
    for name, values in named.items():
        if values.shape != x.shape:
            raise ValueError(f"the line {name!r} has the shape {values.shape}, x has {x.shape}")
    with style.drawing(style.WIDTH, 3.8) as figure:
        axes = figure.subplots()
        for i, (name, values) in enumerate(named.items()):
            axes.plot(x, values, _DASHES[i % len(_DASHES)], label=name)
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.set(xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear")
        if ylim is not None:
            axes.set_ylim(ylim)
        axes.grid(axis="y")
        _name_ends(axes)
    style.show(figure, alt, caption)


def descent(surface, path, name, *, limits=((-12, 12), (-2.7, 2.7))):
    """Draw the path of an optimizer on a surface seen from above, and the loss along it.

    Parameters
    ----------
    surface : callable
        points (..., 2) -> loss (...); its minimum, 0, is at the origin.
    path : array_like of shape (steps + 1, 2)
    name : str
        How the path was made, to begin a sentence.
    limits : ((float, float), (float, float))
        What is drawn of x and of y.

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str
        What it shows; both are meant for `helpers.plots.show`.

    Raises
    ------
    ValueError
        If the path is not of shape (steps + 1, 2).
    """
    path = _checked(path)
    heights = _heights(surface, path)
    with style.drawing(style.WIDTH, 3.6) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
        _draw_surface(left, surface, limits)
        _draw_path(left, path, limits)
        left.set(xlabel="x", ylabel="y")
        right.semilogy(np.clip(heights, *_HEIGHTS))
        right.set(xlabel="step", ylabel="loss", ylim=_HEIGHTS)
        right.grid(axis="y")
    return figure, f"{name}: {_descent_in_words(path, heights)}."


def descents(surface, paths, *, limits=((-12, 12), (-2.7, 2.7)), caption=None):
    """Show the paths of several optimizers on the same surface, one panel each.

    Parameters
    ----------
    surface : callable
        points (..., 2) -> loss (...); its minimum, 0, is at the origin.
    paths : dict of str to array_like of shape (steps + 1, 2)
        Each path by the name of its optimizer.
    limits : ((float, float), (float, float))
        What is drawn of x and of y.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is no path, or one is not of shape (steps + 1, 2).
    """
    paths = {name: _checked(path) for name, path in paths.items()}
    if not paths:
        raise ValueError("paths must hold at least one path")
    rows = math.ceil(len(paths) / 2)
    said = []
    with style.drawing(style.WIDTH, 2.5 * rows + 0.2) as figure:
        grid = figure.subplots(rows, 2, squeeze=False).ravel()
        for axes, (name, path) in zip(grid, paths.items(), strict=False):
            _draw_surface(axes, surface, limits)
            _draw_path(axes, path, limits)
            axes.set_title(name)
            said.append(f"{name}: {_descent_in_words(path, _heights(surface, path))}")
        for axes in grid[len(paths) :]:
            axes.axis("off")
    style.show(figure, f"Paths on the same surface. {'. '.join(said)}.", caption)


def rate_race(results, *, ylabel="loss", ylim=None, caption=None):
    """Show the result of training against the learning rate, a line for each optimizer.

    Parameters
    ----------
    results : dict of str to dict of float to float
        For each optimizer, the loss that each learning rate ended with.
    ylabel : str
    ylim : (float, float), optional
        Losses above are cut off.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is no optimizer, or one without a result.
    """
    if not results or not all(results.values()):
        raise ValueError("results must hold at least one optimizer, and each at least one rate")
    said = []
    with style.drawing(style.WIDTH, 4) as figure:
        axes = figure.subplots()
        for i, (name, losses) in enumerate(results.items()):
            dashes, mark = _DASHES[i % len(_DASHES)], _MARKS[i % len(_MARKS)]
            axes.plot(list(losses), list(losses.values()), mark + dashes, label=name)
            finite = {rate: loss for rate, loss in losses.items() if math.isfinite(loss)}
            if finite:
                best = min(finite, key=finite.get)
                said.append(f"{name} {finite[best]:.2f} at {best:.2g}")
            else:
                said.append(f"{name} none, as every rate diverged")
        axes.set(xscale="log", xlabel="learning rate", ylabel=ylabel)
        if ylim is not None:
            axes.set_ylim(ylim)
        axes.grid(axis="y")
        axes.legend(frameon=False, loc="upper center", ncols=len(results), fontsize=13)
    alt = f"{ylabel} against the learning rate: {len(results)} lines. Their lowest points: "
    style.show(figure, alt[0].upper() + alt[1:] + ", ".join(said) + ".", caption)


def rate_search(search, *, caption=None):
    """Show the loss while the learning rate grew, and where it fell fastest.

    Parameters
    ----------
    search : helpers.rate_finder.RateSearch
        Any object with the arrays rates, losses and smoothed, and the number suggestion.
    caption : str, optional
        See `helpers.plots.show`.
    """
    lowest = search.rates[int(np.argmin(search.smoothed))]
    with style.drawing(style.WIDTH, 3.6) as figure:
        axes = figure.subplots()
        axes.plot(search.rates, search.losses, color=style.GREY, lw=1)
        axes.plot(search.rates, search.smoothed, color=style.BLUE)
        axes.axvline(search.suggestion, color=style.VERMILLION, ls="--")
        at = {"xytext": (-8, 8), "textcoords": "offset points", "ha": "right"}
        axes.annotate("steepest", (search.suggestion, 0), color=style.VERMILLION, **at)
        axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
        axes.set_ylim(0, 1.4 * search.smoothed[0])
    rises = "; then it rises" if lowest < search.rates[-1] else ""
    alt = (
        f"Loss while the learning rate grows, each batch in grey, smoothed in blue. It stays near "
        f"{search.losses[0]:.1f} for tiny rates. Smoothed, it falls fastest near "
        f"{search.suggestion:.1g} and is lowest near {lowest:.1g}{rises}."
    )
    style.show(figure, alt, caption)


def _name_ends(axes, gap=0.09):
    """Write the name of each line beside the axes, none on top of another."""
    axes.autoscale_view()  # the limits have to be known
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [(to_axes.transform(line.get_xydata()[-1])[1], line) for line in axes.lines]
    height = -1.0
    for y, line in sorted(ends, key=lambda end: end[0]):
        height = max(min(y, 1), 0, height + gap)
        place = {"transform": axes.transAxes, "va": "center", "color": line.get_color()}
        axes.text(1.03, height, line.get_label(), fontsize=13, **place)


def _checked(path):
    path = np.asarray(path, float)
    if path.ndim != 2 or path.shape[1] != 2 or len(path) == 0:
        raise ValueError(f"a path must have the shape (steps + 1, 2), not {path.shape}")
    return path


def _heights(surface, path):
    with np.errstate(over="ignore", invalid="ignore"):  # where a path diverges
        return surface(path)


def _draw_surface(axes, surface, limits):
    x, y = np.meshgrid(*(np.linspace(*pair, 201) for pair in limits))
    heights = surface(np.stack([x, y], axis=-1))
    # Squares: the lines lie about equally far apart on a bowl.
    levels = heights.max() * (np.arange(1, 9) / 9) ** 2
    axes.contour(x, y, heights, levels, colors=style.GREY, linewidths=1, alpha=0.6)
    axes.plot(0, 0, "+", color=style.INK, markersize=14)
    axes.set(xlim=limits[0], ylim=limits[1])


def _draw_path(axes, path, limits):
    """Draw up to where the path is far outside; beyond, numbers may be too large to draw."""
    far = 10 * np.abs(limits).max()
    outside = np.flatnonzero(~(np.abs(path).max(axis=1) < far))
    seen = path[: outside[0] if len(outside) else None]
    axes.plot(*seen.T, "o-", color=style.BLUE, markersize=3.5, linewidth=1)
    axes.plot(*path[0], "s", color=style.VERMILLION, markersize=8)


def _descent_in_words(path, heights):
    sides = np.sign(path[:, 1])
    crossings = int((sides[1:] * sides[:-1] < 0).sum())
    times = {0: "never", 1: "once", 2: "twice"}.get(crossings, f"{crossings} times")
    text = f"{len(path) - 1} steps from ({path[0, 0]:g}, {path[0, 1]:g}) cross y = 0 {times}, and "
    if not heights[-1] <= heights[0]:
        return f"{text}the loss grows from {heights[0]:.3g}: it diverges"
    return f"{text}the loss goes from {heights[0]:.3g} to {heights[-1]:.2g}"
