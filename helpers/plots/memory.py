"""Where arrays lie in memory, and what is read of them. Use them as ``plots.…``."""

import itertools
from fractions import Fraction

import numpy as np
from matplotlib.patches import Rectangle

from helpers.plots import style

_AXES = ("image", "channel", "row", "column")


_MOST_CELLS = 40  # more than that cannot be told apart on a slide


def memory_order(arrays, wanted, *, caption=None):
    """Show how the values of an image batch lie in memory, and which of them a computation wants.

    The places are computed from the strides of the arrays.

    Parameters
    ----------
    arrays : dict of str to ndarray of shape (N, C, H, W)
        The same small batch in different memory orders, each by its name. An array and its memory
        must hold the same values: no gaps.
    wanted : tuple of slice
        Index of the values that are wanted.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If an array has not four axes, more than 40 values, or gaps in its memory; or if
        nothing is wanted.
    """
    places = {name: _places(array) for name, array in arrays.items()}
    with style.drawing(style.WIDTH, 1.9 * len(arrays) + 0.1) as figure:
        grid = figure.subplots(len(arrays), squeeze=False)[:, 0]
        said = []
        for axes, (name, place) in zip(grid, places.items(), strict=True):
            chosen = np.zeros(place.shape, bool)
            chosen[wanted] = True
            if not chosen.any():
                raise ValueError(f"wanted must choose some of the values {place.shape}: {wanted}")
            runs = _runs(np.sort(place[chosen]))
            said.append(f"{name} {_pieces(runs)}")
            _draw_cells(axes, place, chosen)
            _draw_groups(axes, place)
            axes.set_title(f"{name}: {_pieces(runs)}", loc="left")
    alt = (
        f"Memory from left to right, one box a value; the wanted ones are blue: {', '.join(said)}."
    )
    style.show(figure, alt, caption)


def windows(view, memory, *, caption=None):
    """Show which part of the memory each window of a view reads.

    Parameters
    ----------
    view : ndarray of shape (H, Wo, V, N)
        The first row of windows is drawn.
    memory : ndarray of shape (H, W, C, N)
        What `view` looks at.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If the arrays have not four axes or share no memory.
    """
    if view.ndim != 4 or memory.ndim != 4 or not np.may_share_memory(view, memory):
        raise ValueError(
            f"view {view.shape} must look at memory {memory.shape}, and both must have four axes"
        )
    step = memory.strides[1]  # from one pixel to the next
    starts = [(window.ctypes.data - memory.ctypes.data) / step for window in view[0]]
    length = view.shape[2] * view.strides[2] / step
    with style.drawing(style.WIDTH, 0.42 * len(starts) + 1.5) as figure:
        _draw_windows(figure.subplots(), memory.shape, starts, length)
    reads = ", ".join(
        f"window {i} reads pixels {start:g} to {start + length - 1:g}"
        for i, start in enumerate(starts)
    )
    overlap = any(later - earlier < length for earlier, later in itertools.pairwise(starts))
    alt = (
        f"{memory.shape[1]} pixels side by side in memory, below them {len(starts)} bars: {reads}. "
        f"The bars {'overlap' if overlap else 'do not overlap'}."
    )
    style.show(figure, alt, caption)


def matrices(named, *, caption=None):
    """Show small matrices as tables: blue is negative, white is zero, vermillion is positive.

    Parameters
    ----------
    named : dict of str to array_like of shape (rows, columns)
        Each matrix by its name. Numbers are written as fractions.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If one of them is no matrix, or all together have more than 18 columns.
    """
    named = {name: np.asarray(matrix, float) for name, matrix in named.items()}
    shapes = {name: matrix.shape for name, matrix in named.items()}
    widths = [shape[-1] for shape in shapes.values() if len(shape) == 2]
    if len(widths) < len(named) or sum(widths) > 18:
        raise ValueError(f"wanted are matrices with at most 18 columns together, not {shapes}")
    rows = max(len(matrix) for matrix in named.values())
    with style.drawing(0.58 * sum(widths) + 0.3, 0.42 * rows + 0.6) as figure:
        grid = figure.subplots(1, len(named), width_ratios=widths, squeeze=False)[0]
        for axes, (name, matrix) in zip(grid, named.items(), strict=True):
            _draw_table(axes, matrix)
            axes.set(ylim=(rows - 0.5, -0.5), title=f"{name}, {len(matrix)} × {matrix.shape[1]}")
    said = "; ".join(f"{name} has the rows {_rows_in_words(m)}" for name, m in named.items())
    style.show(figure, f"Tables of numbers. {said}.", caption)


def _places(array):
    """Place of each value in memory, counted from the first, as an array of the same shape."""
    if array.ndim != 4 or array.size > _MOST_CELLS:
        raise ValueError(
            f"an array must have the axes (N, C, H, W) and at most {_MOST_CELLS} values, not the "
            f"shape {array.shape}"
        )
    steps = np.array(array.strides).reshape(4, 1, 1, 1, 1)
    place = (np.indices(array.shape) * steps).sum(axis=0) // array.itemsize
    if not np.array_equal(np.sort(place, axis=None), np.arange(array.size)):
        raise ValueError(f"the memory has gaps: shape {array.shape}, strides {array.strides}")
    return place


def _runs(places):
    """Lengths of the pieces of neighbouring places."""
    breaks = np.flatnonzero(np.diff(places) > 1) + 1
    return [len(piece) for piece in np.split(places, breaks)]


def _pieces(runs):
    sizes = sorted(set(runs))
    each = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return f"{len(runs)} piece{'s' * (len(runs) > 1)} of {each} values"


def _draw_cells(axes, place, chosen):
    for index, at in np.ndenumerate(place):
        colour = style.BLUE if chosen[index] else style.PAPER
        axes.add_patch(Rectangle((at, 0), 1, 1, facecolor=colour, edgecolor=style.GREY, lw=0.8))
        ink = "white" if chosen[index] else style.INK
        axes.text(at + 0.5, 0.5, index[3], ha="center", va="center", size=12, color=ink)
    axes.set(xlim=(-0.2, place.size + 0.2), ylim=(-1.35, 1.1))
    axes.axis("off")


def _draw_groups(axes, place):
    """Name what lies together: the outermost axis below the boxes, the next one closer to them."""
    steps = {a: np.ptp(place, axis=a).min() // (n - 1) for a, n in enumerate(place.shape) if n > 1}
    outermost = sorted(steps, key=steps.get, reverse=True)[:2]
    for axis, y in zip(outermost, (-0.95, -0.3), strict=False):
        step = steps[axis]
        for start in range(0, place.size, step):
            index = np.argwhere(place == start)[0]
            axes.plot([start + 0.15, start + step - 0.15], [y + 0.16] * 2, color=style.GREY, lw=1.5)
            name = f"{_AXES[axis]} {index[axis]}" if step > 4 else f"{_AXES[axis][0]}{index[axis]}"
            axes.text(start + step / 2, y, name, ha="center", va="top", size=11)


def _draw_windows(axes, shape, starts, length):
    _, width, channels, batch = shape
    for pixel in range(width):
        axes.add_patch(Rectangle((pixel, 0), 1, 1, facecolor="#E4E2DA", edgecolor=style.INK, lw=1))
        text = f"pixel {pixel}\n{channels} × {batch}"
        axes.text(pixel + 0.5, 0.5, text, ha="center", va="center", size=12)
    for i, start in enumerate(starts):
        y = -0.55 * (i + 1)
        bar = Rectangle((start + 0.04, y), length - 0.08, 0.45, color=style.BLUE)
        axes.add_patch(bar)
        text = f"window {i}: {length * channels:g} × {batch}"
        centre = start + length / 2, y + 0.21
        axes.text(*centre, text, ha="center", va="center", size=12, color="white")
    axes.set(xlim=(-0.05, width + 0.05), ylim=(-0.55 * len(starts) - 0.1, 1.05))
    axes.axis("off")


def _draw_table(axes, matrix):
    largest = max(np.abs(matrix).max(), 1e-9)
    # A root brings small values forward; the sign is what matters.
    shade = np.sign(matrix) * np.sqrt(np.abs(matrix) / largest) * 0.6
    axes.imshow(shade, cmap=style.SIGNED, vmin=-1, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(matrix):
        strong = abs(shade[row, column]) > 0.42
        colour = "white" if strong else style.INK
        axes.text(column, row, _fraction(value), ha="center", va="center", size=12, color=colour)
    axes.axis("off")


def _fraction(value):
    fraction = str(Fraction(value).limit_denominator(1000))
    return fraction.replace("-", "−")


def _rows_in_words(matrix):
    return ", ".join("(" + " ".join(_fraction(value) for value in row) + ")" for row in matrix)
