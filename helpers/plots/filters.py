"""Pictures of what is inside a network: filters and feature maps. Use them as ``plots.…``."""

import math

import numpy as np

from helpers.plots import style
from helpers.plots.digits import require


def feature_maps(maps, *, columns=8, caption=None):
    """Show what each filter of a layer answers to one image.

    Parameters
    ----------
    maps : array_like of shape (C, H, W)
        One image's activations; all are drawn on one scale.
    columns : int
        Maps in a row.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If the array is not three-dimensional.
    """
    maps = np.asarray(maps, dtype=float)
    require(maps, 3, "maps", "(C, H, W): one image, one map a channel")
    count, height, width = maps.shape
    names = [f"channel {i}" for i in range(count)]
    figure = _tiles(maps, names, min(columns, count), maps.min() < 0, "activation")
    means = maps.mean(axis=(1, 2))
    alt = (
        f"{count} feature maps of {height} by {width} values. On average channel "
        f"{means.argmax()} answers most ({means.max():.2f}), channel {means.argmin()} least "
        f"({means.min():.2f}); the largest value of all is {maps.max():.2f}."
    )
    style.show(figure, alt, caption)


def stages(kept, *, columns=8, caption=None):
    """Show the strongest feature maps of several layers, a row for each layer.

    Each map has a colour scale of its own.

    Parameters
    ----------
    kept : sequence of array_like of shape (C, H, W)
        One image's activations, layer after layer.
    columns : int
        How many maps of each layer; those with the largest mean.
    caption : str, optional
        See `helpers.plots.show`. Say here what is to be seen in them: only their sizes are known.

    Raises
    ------
    ValueError
        If there is no layer, or one has not as many maps as there are columns.
    """
    kept = [np.asarray(maps, dtype=float) for maps in kept]
    if not kept or any(maps.ndim != 3 or len(maps) < columns for maps in kept):
        raise ValueError(f"kept must hold layers of shape (C, H, W) with at least {columns} maps")
    with style.drawing(style.WIDTH, 1.15 * len(kept) + 0.4) as figure:
        grid = figure.subplots(len(kept), columns, squeeze=False)
        for row, maps in zip(grid, kept, strict=True):
            strongest = maps.mean(axis=(1, 2)).argsort()[::-1][:columns]
            for axes, channel in zip(row, strongest, strict=True):
                axes.imshow(maps[channel], cmap=style.AMOUNT)
                axes.set(xticks=[], yticks=[])
            size = f"{len(maps)} maps,\n{maps.shape[1]} x {maps.shape[2]}"
            row[0].set_ylabel(size, fontsize=12)
    sizes = ", ".join(f"{len(maps)} of {maps.shape[1]} by {maps.shape[2]}" for maps in kept)
    alt = f"The {columns} strongest feature maps of each layer, top to bottom out of {sizes}."
    alt += f" {caption}" if caption else " Each map has a colour scale of its own."
    style.show(figure, alt)


def filters(weight, *, columns=8, caption=None):
    """Show the weights of a convolution: blue is negative, white is zero, vermillion is positive.

    Parameters
    ----------
    weight : array_like of shape (F, C, kh, kw) or (F, kh, kw)
        With more than one channel, a row of the picture is a filter and a column a channel.
    columns : int
        Filters in a row, where there is one channel.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If the array has another number of axes.
    """
    weight = np.asarray(weight, dtype=float)
    if weight.ndim == 3:
        weight = weight[:, None]
    require(weight, 4, "weight", "(F, C, kh, kw)")
    count, channels, kh, kw = weight.shape
    if channels == 1:
        names = [f"filter {f}" for f in range(count)]
        figure = _tiles(weight[:, 0], names, min(columns, count), True, "weight")
    else:
        figure = _table(weight)
    alt = f"{count} filters of {kh} by {kw} weights"
    if channels > 1:
        alt += f" on {channels} channels, a filter in each row and a channel in each column"
    alt += (
        f". Blue is negative, down to {weight.min():.2f}; vermillion is positive, up to "
        f"{weight.max():.2f}; white is zero."
    )
    style.show(figure, alt, caption)


def _tiles(arrays, names, columns, signed, unit):
    """A figure of small images on one colour scale, which stands beside them."""
    rows = math.ceil(len(arrays) / columns)
    limit = float(np.abs(arrays).max()) or 1.0
    colours = style.SIGNED if signed else style.AMOUNT
    side = min((style.WIDTH - 1.5) / columns, 2.5)
    with style.drawing(side * columns + 1.5, rows * (side + 0.3)) as figure:
        figure.get_layout_engine().set(w_pad=0.04, h_pad=0.04)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for axes, array, name in zip(grid.flat, arrays, names, strict=False):
            shown = axes.imshow(array, cmap=colours, vmin=-limit if signed else 0, vmax=limit)
            axes.set_title(name, fontsize=13 if side > 0.8 else 11, pad=3)
        figure.colorbar(shown, ax=grid, label=unit, aspect=12 if rows == 1 else 30)
    return figure


def _table(weight):
    """A figure with a row for each filter and a column for each channel."""
    count, channels, kh, kw = weight.shape
    limit = float(np.abs(weight).max()) or 1.0
    # One image with a line of nothing around each kernel: far faster than many axes.
    padded = np.pad(weight, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=np.nan)
    table = padded.swapaxes(1, 2).reshape(count * (kh + 1), channels * (kw + 1))
    pixel = min((style.WIDTH - 1.8) / table.shape[1], 7.5 / table.shape[0], 0.12)
    with style.drawing(pixel * table.shape[1] + 1.8, pixel * table.shape[0] + 0.9) as figure:
        axes = figure.subplots()
        shown = axes.imshow(table, cmap=style.SIGNED, vmin=-limit, vmax=limit)
        axes.set_xticks(np.arange(channels) * (kw + 1) + (kw - 1) / 2, range(channels))
        axes.set_yticks(np.arange(count) * (kh + 1) + (kh - 1) / 2, range(count))
        axes.set(xlabel="channel", ylabel="filter")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, labelsize=11)
        figure.colorbar(shown, ax=axes, label="weight", aspect=30)
    return figure
