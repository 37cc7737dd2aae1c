"""Pictures of how far a network can be believed, and what it looks at. Use them as ``plots.…``."""

import math

import numpy as np
from matplotlib.ticker import PercentFormatter

from helpers.plots import style
from helpers.plots.digits import require
from helpers.plots.style import percent


def reliability_diagram(networks, *, caption=None):
    """Show how often readings are right against how sure the network was, bin by bin.

    A point on the diagonal is a bin in which the network is right as often as it says. Below it the
    network promises too much. Strips under the diagrams say how many images each bin holds.

    Parameters
    ----------
    networks : dict of str to (array_like, array_like, array_like)
        For each network, by its name: mean confidence, share read correctly and number of images
        in each bin. Bins without images are left out.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is no network, or its three arrays differ in length or hold no image.

    References
    ----------
    Guo et al. (2017), "On Calibration of Modern Neural Networks", figure 4.
    """
    networks = {name: _bins(name, *arrays) for name, arrays in networks.items()}
    if not networks:
        raise ValueError("networks must hold at least one network")
    many = len(networks)
    with style.drawing(style.WIDTH if many > 1 else 5.2, 5.2) as figure:
        grid = figure.subplots(
            2, many, squeeze=False, sharex=True, sharey="row", height_ratios=(3, 1)
        )
        for (name, bins), above, below in zip(networks.items(), *grid, strict=True):
            _draw_reliability(above, below, *bins)
            above.set_title(name)
        grid[0, 0].set_ylabel("read correctly")
        grid[1, 0].set_ylabel("images")
    said = " ".join(_reliability_alt(name, *bins) for name, bins in networks.items())
    alt = "Share read correctly against confidence, in bins. Dashed: confidence equals accuracy; "
    alt += "bars: the gap. Below: images in each bin, logarithmic axis."
    style.show(figure, f"{alt} {said}", caption)


def overlays(images, maps, titles, *, columns=None, unit="effect", caption=None):
    """Show maps of what counts in images, each with the outline of its digit drawn over it.

    Parameters
    ----------
    images, maps : sequence of array_like of shape (H, W)
        A digit from 0 (paper) to 1 (ink), and a signed number for each of its pixels. All maps of
        one call share a scale: white is zero, vermillion positive, blue negative.
    titles : sequence of str
        One a map; a few words.
    columns : int, optional
        Maps in a row; all of them if not given.
    unit : str
        What the maps measure.
    caption : str, optional
        See `helpers.plots.show`. Say here where the strong places lie: only their rows and columns
        are known.

    Raises
    ------
    ValueError
        If an image is not two-dimensional, or has no map of its shape and no title.
    """
    images = [np.asarray(image, dtype=float) for image in images]
    maps = [np.asarray(array, dtype=float) for array in maps]
    if not images or not len(images) == len(maps) == len(titles):
        raise ValueError(
            f"{len(images)} images need as many maps and titles, not {len(maps)} and {len(titles)}"
        )
    for image, array in zip(images, maps, strict=True):
        require(image, 2, "an image", "(H, W)")
        if array.shape != image.shape:
            raise ValueError(f"an image of shape {image.shape} has a map of shape {array.shape}")
    limit = max(float(np.abs(array).max()) for array in maps) or 1.0
    columns = min(columns or len(images), len(images))
    rows = math.ceil(len(images) / columns)
    side = min((style.WIDTH - 1.2) / columns, 3)
    with style.drawing(side * columns + 1.2, rows * (side + 0.35)) as figure:
        figure.get_layout_engine().set(w_pad=0.07, h_pad=0.06)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for axes, image, array, title in zip(grid.flat, images, maps, titles, strict=False):
            shown = axes.imshow(array, cmap=style.SIGNED, vmin=-limit, vmax=limit)
            axes.contour(image, [0.5], colors=style.INK, linewidths=1.2)
            axes.set_title(title)
        bar = figure.colorbar(shown, ax=grid, aspect=12 if rows == 1 else 30)
        bar.set_label(unit, fontsize=12)
    alt = " ".join([_overlays_alt(maps, titles, unit), *([caption] if caption else [])])
    style.show(figure, alt, caption)


def _bins(name, confidence, accuracy, counts):
    """The three arrays of a network, without empty bins."""
    confidence, accuracy, counts = (
        np.asarray(a, dtype=float) for a in (confidence, accuracy, counts)
    )
    if not confidence.shape == accuracy.shape == counts.shape or confidence.ndim != 1:
        raise ValueError(f"{name}: confidence, accuracy and counts must be three equally long rows")
    if not counts.sum() > 0:
        raise ValueError(f"{name}: no bin holds an image")
    full = counts > 0
    return confidence[full], accuracy[full], counts[full]


def _draw_reliability(above, below, confidence, accuracy, counts):
    above.plot([0, 1], [0, 1], color=style.GREY, linestyle="--", linewidth=1.5)
    above.vlines(confidence, accuracy, confidence, color=style.VERMILLION, linewidth=4, alpha=0.6)
    above.plot(confidence, accuracy, "o-", color=style.BLUE, markersize=6, linewidth=1.5)
    above.set(xlim=(0, 1.02), ylim=(0, 1.04), yticks=(0, 0.5, 1))
    above.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    below.bar(confidence, counts, width=0.04, color=style.GREY)
    below.set(xlabel="confidence", yscale="log", xticks=(0, 0.5, 1), ylim=(0.7, None))
    below.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _reliability_alt(name, confidence, accuracy, counts):
    shares = counts / counts.sum()
    sure, right = float(shares @ confidence), float(shares @ accuracy)
    below = int((accuracy < confidence).sum())
    return (
        f"{name}: on average {percent(sure)} sure and {percent(right)} right; {below} of "
        f"{len(counts)} points lie below the diagonal."
    )


def _overlays_alt(maps, titles, unit):
    said = []
    for title, array in zip(titles, maps, strict=True):
        row, column = np.unravel_index(np.abs(array).argmax(), array.shape)
        said.append(f"{title}: strongest {array[row, column]:.2g} in row {row}, column {column}")
    many = "A map" if len(maps) == 1 else f"{len(maps)} maps"
    return f"{many} of {unit}, each over the outline of a digit. {'; '.join(said)}."
