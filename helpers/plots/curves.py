"""Training curves, also while they grow. Use them as ``plots.…``."""

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from helpers.plots import style
from helpers.plots.style import percent


def curves(history, *, caption=None):
    """Show loss and accuracy, epoch by epoch, on training and validation images.

    Parameters
    ----------
    history : helpers.training.History
        Any object with the lists loss, accuracy, validation_loss and validation_accuracy (these may
        be empty).
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is no epoch yet.
    """
    figure, alt = _curves(history, None)
    style.show(figure, alt, caption)


class LiveCurves:
    """Loss and accuracy as they grow: give it to `helpers.training.fit` as ``on_epoch``.

    Each epoch replaces the picture before it; the last one stays in the notebook, as `curves` would
    have drawn it.

    Parameters
    ----------
    epochs : int, optional
        How many epochs there will be, so that the axis has its full length from the start.
    caption : str, optional
        See `helpers.plots.show`.
    every : int
        Draw only after each such number of epochs, and after the last of `epochs`.

    Examples
    --------
    >>> fit(net, digits.train, epochs=5, on_epoch=LiveCurves(5))  # doctest: +SKIP
    """

    def __init__(self, epochs=None, *, caption=None, every=1):
        self.epochs, self.caption, self.every = epochs, caption, every
        self._place = style.LiveFigure()

    def __call__(self, history):
        done = len(history.loss)
        if done % self.every and done != self.epochs:
            return
        figure, alt = _curves(history, self.epochs)
        self._place.show(figure, alt, self.caption)


def _curves(history, epochs):
    """The figure of a History, and what it shows in words."""
    done = len(history.loss)
    if done == 0:
        raise ValueError("the history has no epoch yet; train for one first")
    last = max(epochs or done, done, 2)
    with style.drawing(style.WIDTH, 3.8) as figure:
        axes = figure.subplots(1, 2)
        _pair(axes[0], history.loss, history.validation_loss, last)
        _pair(axes[1], history.accuracy, history.validation_accuracy, last)
        axes[0].set(ylabel="loss")
        highest = 1.05 * axes[0].get_ylim()[1]
        axes[0].set_ylim(-0.14 * highest, highest)  # room for a name below a line near 0
        axes[1].set(ylabel="accuracy")
        axes[1].yaxis.set_major_formatter(PercentFormatter(1))
        low, high = axes[1].get_ylim()
        axes[1].set_yticks([tick for tick in axes[1].get_yticks() if low <= tick <= min(1, high)])
        for side in axes:
            side.set(xlabel="epoch", xlim=(1 - 0.04 * last, last + 0.04 * last))
            side.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
            side.grid(axis="y")
    return figure, _curves_alt(history)


def _pair(axes, train, validation, epochs):
    """Draw two lines and write their names at their ends."""
    lines = [("training", train, style.BLUE, "o-")]
    if len(validation):
        lines.append(("validation", validation, style.VERMILLION, "s--"))
    # The higher line has its name above its last point, the lower one below.
    higher = max(lines, key=lambda line: line[1][-1])
    for line in lines:
        name, values, colour, shape = line
        axes.plot(range(1, len(values) + 1), values, shape, color=colour, markersize=5)
        above = line is higher
        axes.annotate(
            name,
            (len(values), values[-1]),
            xytext=(0, 9 if above else -9),
            textcoords="offset points",
            ha="left" if len(values) <= epochs / 2 else "right",
            va="bottom" if above else "top",
            color=colour,
            fontsize=13,
        )
    axes.margins(y=0.2)


def _curves_alt(history):
    done = len(history.loss)
    text = f"After {done} epoch{'s' if done > 1 else ''}: training loss {history.loss[-1]:.3f}, "
    text += f"accuracy {percent(history.accuracy[-1])}"
    if done > 1:
        text += f" (after the first {history.loss[0]:.3f} and {percent(history.accuracy[0])})"
    if len(history.validation_loss):
        best = int(np.argmin(history.validation_loss))
        text += f"; validation loss {history.validation_loss[-1]:.3f}, "
        text += f"accuracy {percent(history.validation_accuracy[-1])}. The lowest validation "
        text += f"loss is {history.validation_loss[best]:.3f}, in epoch {best + 1}"
    return text + "."
