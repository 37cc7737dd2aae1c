"""Tables of numbers as pictures, with marked squares. Use them as ``plots.…``."""

import numpy as np

from helpers.plots import style


def tables(named, *, says, marked=None, window=None, height=3.0, caption=None):
    """Show small tables side by side, all squares of one size.

    Parameters
    ----------
    named : dict of str to array_like of shape (rows, columns)
        Numbers or words, each table by its title. Titles may hold formulas, ``"image $x$"``.
    says : str
        What is to be seen, in a sentence or two; the contents of the tables are added to it.
    marked, window : dict of str to list of (int, int), optional
        For some titles, the squares that are dark blue, and those that are light blue.
    height : float
        In inches.
    caption : str, optional
        See `helpers.plots.show`. By default what `says` says: the tables can be read.

    Raises
    ------
    ValueError
        If there is no table, or one has not two axes.
    """
    arrays = {title: np.asarray(array) for title, array in named.items()}
    if not arrays or any(array.ndim != 2 for array in arrays.values()):
        raise ValueError("named must hold at least one table, each with rows and columns")
    marked, window = marked or {}, window or {}
    rows = max(len(array) for array in arrays.values())
    with style.drawing(style.WIDTH, height) as figure:
        widths = [array.shape[1] for array in arrays.values()]
        grid = figure.subplots(1, len(arrays), width_ratios=widths, squeeze=False)[0]
        for axes, (title, array) in zip(grid, arrays.items(), strict=True):
            draw_table(axes, array, title, marked.get(title, ()), window.get(title, ()))
            axes.set_ylim(rows, 0)
    contents = "; ".join(f"{_plain(title)}: {in_words(array)}" for title, array in arrays.items())
    style.show(figure, f"{says} {contents}.", says if caption is None else caption)


def draw_table(axes, array, title="", marked=(), window=()):
    """Draw numbers or words in squares.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    array : array_like of shape (rows, columns)
    title : str
    marked, window : iterable of (int, int)
        Squares that are dark blue, and light blue.
    """
    array = np.asarray(array)
    shade = np.zeros(array.shape)
    for squares, depth in ((window, 0.35), (marked, 1)):
        for square in squares:
            shade[square] = depth
    look = {"cmap": style.AMOUNT, "vmin": 0, "vmax": 2, "edgecolors": style.GREY, "linewidth": 1}
    axes.pcolormesh(shade, **look)
    longest = max((len(_plain(written(value))) for value in array.flat), default=0)
    look = {"ha": "center", "va": "center", "size": 16 if longest <= 3 else 12}
    for (r, c), value in np.ndenumerate(array):
        ink = "white" if shade[r, c] == 1 else style.INK
        axes.text(c + 0.5, r + 0.5, written(value), color=ink, **look)
    axes.set(title=title, aspect="equal", anchor="N", ylim=(len(array), 0))
    axes.axis("off")


def written(value):
    """Write an entry of a table: a number with three digits and a true minus, a word as it is.

    >>> written(-0.5), written(3.0), written("w")
    ('−0.5', '3', 'w')
    """
    if isinstance(value, str):
        return value
    return f"{value + 0.0:.3g}".replace("-", "−")  # + 0.0 makes -0.0 plain


def in_words(array):
    """Write a table in one line, rows divided by commas.

    >>> in_words([[1, 2], [0, -1]])
    '1 2, 0 −1'
    """
    rows = [" ".join(_plain(written(value)) or "empty" for value in row) for row in array]
    return ", ".join(rows)


def _plain(text):
    """A title or an entry without the signs of a formula."""
    return text.translate(str.maketrans("", "", "${}_\\"))
