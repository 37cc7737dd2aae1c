"""The images behind a number: what a network, or one of two, misreads. Use them as ``plots.…``."""

import ipywidgets as widgets
import numpy as np

from helpers.plots import style
from helpers.plots.digits import draw_image
from helpers.plots.style import percent

_ROWS, _COLUMNS = 4, 6  # of images behind a cell
_IN_A_ROW = 10  # images that one of two misreads


def mistakes(images, labels, predictions, truth, true, read, *, caption=None):
    """Show the images behind one cell of the confusion matrix, the least believed first.

    Parameters
    ----------
    images : ndarray of shape (N, 1, H, W)
    labels, predictions : ndarray of shape (N,)
        Classes from 0 to 9: the true ones, and what was read.
    truth : ndarray of shape (N,)
        The probability that the true class got.
    true, read : int
        Row and column of the cell.
    caption : str, optional
        See `helpers.plots.show`.
    """
    style.show(*_cell(images, labels, predictions, truth, true, read), caption)


def mistake_explorer(images, labels, predictions, truth, true=0, read=0):
    """Make two sliders that choose a cell of the confusion matrix, and show its images.

    Parameters
    ----------
    images, labels, predictions, truth
        As for `mistakes`.
    true, read : int
        The cell at the beginning.

    Returns
    -------
    ipywidgets.VBox
    """
    looks = {"max": 9, "continuous_update": False}
    sliders = [
        widgets.IntSlider(value=true, description="true class", **looks),
        widgets.IntSlider(value=read, description="read as", **looks),
    ]

    def picture(true, read):
        return _cell(images, labels, predictions, truth, true, read)

    return _explorer(sliders, picture)


def misread_by_one(images, labels, right, misreads, reads, *, caption=None):
    """Show images that one model misreads and another one reads.

    Parameters
    ----------
    images : ndarray of shape (N, 1, H, W)
    labels : ndarray of shape (N,)
    right : dict of str to ndarray of shape (N,)
        For each model, by its name: which images it reads correctly.
    misreads, reads : str
        Names of two models.
    caption : str, optional
        See `helpers.plots.show`.
    """
    style.show(*_only_one(images, labels, right, misreads, reads), caption)


def misread_explorer(images, labels, right, misreads, reads):
    """Make two lists to choose models from, and show what only one of them misreads.

    Parameters
    ----------
    images, labels, right, misreads, reads
        As for `misread_by_one`; the last two are chosen at the beginning.

    Returns
    -------
    ipywidgets.VBox
    """
    lists = [
        widgets.Dropdown(options=list(right), value=name, description=text)
        for name, text in ((misreads, "misreads"), (reads, "reads"))
    ]

    def picture(misreads, reads):
        return _only_one(images, labels, right, misreads, reads)

    return _explorer(lists, picture)


def _explorer(choices, picture):
    """Choices above the picture that is made of their values."""
    shown = widgets.HTML()

    def redraw(_=None):
        shown.value = style.as_html(*picture(*(choice.value for choice in choices)))

    for choice in choices:
        choice.observe(redraw, "value")
    redraw()
    return widgets.VBox([*choices, shown])


def _cell(images, labels, predictions, truth, true, read):
    found = np.flatnonzero((labels == true) & (predictions == read))
    found = found[truth[found].argsort(kind="stable")]
    table = np.zeros((10, 10), dtype=int)
    np.add.at(table, (labels, predictions), 1)
    table[np.diag_indices(10)] = 0
    with style.drawing(style.WIDTH, 4.2) as figure:
        left, page = figure.subplots(1, 2, width_ratios=(1, 1.3))
        left.imshow(table, cmap=style.AMOUNT, vmax=max(5, table.max()))
        left.plot(read, true, "s", markersize=16, mfc="none", mec=style.VERMILLION, mew=3)
        left.set(xlabel="read as", ylabel="true class", xticks=range(10), yticks=range(10))
        page.imshow(_tiled(images[found[: _ROWS * _COLUMNS], 0]), cmap=style.DIGIT, vmin=0, vmax=1)
        page.set(xlabel=f"{true} read as {read}: {len(found)}", xticks=[], yticks=[])
    many = "1 image" if len(found) == 1 else f"{len(found)} images"
    alt = f"The cell of {true} read as {read} holds {many}"
    if len(found):
        alt += f"; the true class got {percent(truth[found].mean(), 0)} on average"
    alt += f". At most {_ROWS * _COLUMNS} are shown, beside the matrix of all mistakes."
    return figure, alt


def _tiled(images):
    """Images side by side in one, with some paper between them."""
    height, width = np.add(images.shape[1:], 2)
    page = np.zeros((_ROWS * _COLUMNS, height, width))
    page[: len(images), 1:-1, 1:-1] = images
    page = page.reshape(_ROWS, _COLUMNS, height, width).swapaxes(1, 2)
    return page.reshape(_ROWS * height, _COLUMNS * width)


def _only_one(images, labels, right, misreads, reads):
    found = np.flatnonzero(~right[misreads] & right[reads])
    with style.drawing(style.WIDTH, 1.4) as figure:
        for k, axes in enumerate(figure.subplots(1, _IN_A_ROW)):
            axes.axis("off")
            if k < len(found):
                draw_image(axes, images[found[k], 0])
                axes.set_title(str(labels[found[k]]))
        if not len(found):
            figure.text(0.5, 0.5, "no image", ha="center", va="center")
    some = " ".join(map(str, labels[found[:_IN_A_ROW]])) or "none"
    said = f"{len(found)} of {len(labels):,} images are misread by {misreads} and read by {reads}"
    return figure, f"{said}. The first of them: {some}."
