"""Charts: confusion matrix, probabilities, bars. Use them as ``plots.…``."""

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from helpers.plots import style
from helpers.plots.digits import draw_image, require
from helpers.plots.style import percent


def confusion(matrix, *, caption=None):
    """Show a confusion matrix: how often each class was read as each class.

    Only mistakes are coloured. The right answers on the diagonal would outshine them.

    Parameters
    ----------
    matrix : array_like of shape (K, K)
        Counts: rows are the true classes, columns the predicted ones.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If the matrix is not square, or counts nothing.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.sum() == 0:
        raise ValueError(f"matrix must be square and count something; its shape is {matrix.shape}")
    mistakes = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    largest = max(mistakes.max(), 5)  # a single mistake shall not be glaring
    with style.drawing(7.5, 7) as figure:
        axes = figure.subplots()
        axes.imshow(mistakes, cmap=style.AMOUNT, vmin=0, vmax=largest)
        for (true, read), count in np.ndenumerate(matrix):
            right = true == read
            if right:
                axes.add_patch(Rectangle((read - 0.5, true - 0.5), 1, 1, color="#E4E2DA"))
            colour = "white" if not right and count > 0.4 * largest else style.INK
            weight = "bold" if right else "normal"
            text = str(count) if count or right else "·"
            axes.text(
                read, true, text, ha="center", va="center", color=colour, weight=weight, size=12
            )
        classes = range(len(matrix))
        axes.set(xlabel="read as", ylabel="true class", xticks=classes, yticks=classes)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    style.show(figure, _confusion_alt(matrix, mistakes), caption)


def probabilities(values, names=None, *, caption=None):
    """Show how likely each class is, as bars; the most likely one stands out.

    Parameters
    ----------
    values : array_like of shape (K,)
        In [0, 1].
    names : sequence of str, optional
        Of the classes; 0 to K - 1 if not given.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If a value is not in [0, 1].
    """
    values = _probable(values)
    names = [str(k) for k in range(len(values))] if names is None else list(names)
    with style.drawing(style.WIDTH, 3.6) as figure:
        _draw_probabilities(figure.subplots(), values, names)
    style.show(figure, _probabilities_alt(values, names), caption)


def reading(image, values, *, title="", caption=None):
    """Show an image, and beside it how likely each class is for a network.

    Parameters
    ----------
    image : array_like of shape (H, W) or (1, H, W)
        From 0 (paper) to 1 (ink).
    values : array_like of shape (K,)
        Probabilities, in [0, 1].
    title : str
        What the image is; a few words above it.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If the image has another shape or a value is not in [0, 1].
    """
    image, values = np.asarray(image, dtype=float), _probable(values)
    if image.ndim == 3 and len(image) == 1:
        image = image[0]
    require(image, 2, "image", "(H, W) or (1, H, W)")
    names = [str(k) for k in range(len(values))]
    with style.drawing(style.WIDTH, 3.2) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1, 2.2))
        left.axis("off")
        draw_image(left, image)
        left.set_title(title)
        _draw_probabilities(right, values, names, decimals=0)  # half the width
    what = title or f"an image of {image.shape[0]} by {image.shape[1]} pixels"
    alt = f"On the left {what}, on the right {_probabilities_alt(values, names)}"
    style.show(figure, alt, caption)


def bars(names, values, *, unit, form="{:.3g}", limits=None, highlight=None, caption=None):
    """Show a few values as horizontal bars, each with its number.

    Parameters
    ----------
    names : sequence of str
        One a bar, from top to bottom.
    values : array_like of shape (K,)
    unit : str
        What is measured and in what, without an article: "share read correctly (%)".
    form : str
        How a value is written.
    limits : (float, float), optional
        Of the axis.
    highlight : int, optional
        The bar that stands out; the largest if not given.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there are not as many names as values.
    """
    values = _matched(names, values)
    highlight = int(values.argmax()) if highlight is None else highlight
    texts = [form.format(value) for value in values]
    figure, axes = _horizontal(names, values, texts, highlight)
    axes.set(xlabel=unit, xlim=limits or (min(0, values.min()), 1.15 * values.max()))
    said = "; ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
    style.show(figure, f"Bars of the {unit}. {said}.", caption)


def _confusion_alt(matrix, mistakes):
    total, right = int(matrix.sum()), int(np.trace(matrix))
    text = (
        f"Table of {len(matrix)} true classes (rows) by {len(matrix)} predicted classes (columns), "
        f"mistakes the darker the more often: {right:,} of {total:,} right."
    )
    order = np.argsort(mistakes, axis=None, kind="stable")[::-1][:3]
    pairs = [np.unravel_index(i, matrix.shape) for i in order]
    worst = [f"{t} as {r} ({_count(matrix[t, r])})" for t, r in pairs if mistakes[t, r]]
    return text + (f" The most frequent mistakes: {', '.join(worst)}." if worst else "")


def _count(number):
    return {1: "once", 2: "twice"}.get(int(number), f"{number} times")


def _probabilities_alt(values, names):
    order = np.argsort(-values, kind="stable")
    best = order[0]
    first = f"{len(values)} bars of probability: {names[best]} with {_likely(values[best])}"
    others = [f"{names[k]} {_likely(values[k])}" for k in order[1:4] if values[k] >= 0.001]
    return first + (f", then {', '.join(others)}." if others else ", all others below 0.1%.")


def _likely(value, decimals=1):
    # A softmax reaches 1 only by rounding.
    return percent(min(value, np.nextafter(1, 0)), decimals)


def _probable(values):
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not np.all((values >= 0) & (values <= 1)):
        raise ValueError(f"values must be probabilities of shape (K,), all in [0, 1]; got {values}")
    return values


def _draw_probabilities(axes, values, names, decimals=1):
    best = int(values.argmax())
    colours = [style.BLUE if k == best else style.GREY for k in range(len(values))]
    drawn = axes.bar(names, values, color=colours)
    least = 10.0 ** (-2 - decimals)
    texts = [_likely(value, decimals) if value >= least else "" for value in values]
    axes.bar_label(drawn, texts, padding=3, fontsize=12)
    axes.set(xlabel="digit", ylabel="probability", ylim=(0, 1.12), yticks=(0, 0.5, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.tick_params(axis="x", length=0)


def _matched(names, values):
    values = np.asarray(values, dtype=float)
    if values.shape != (len(names),) or len(names) == 0:
        raise ValueError(f"{len(names)} names need values of that number, not {values.shape}")
    return values


def _horizontal(names, values, texts, highlight):
    with style.drawing(style.WIDTH, 0.55 * len(names) + 1) as figure:
        axes = figure.subplots()
        colours = [style.BLUE if k == highlight else style.GREY for k in range(len(names))]
        drawn = axes.barh(range(len(names)), values, color=colours)
        axes.bar_label(drawn, texts, padding=4)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
    return figure, axes
