"""The figures as a picture."""

from bench import figures, peers
from helpers import architectures
from helpers.plots import style

_COLOURS = {
    "helpers": style.BLUE,
    "PyTorch": style.VERMILLION,
    "JAX": style.GREEN,
    "textbook": style.GREY,
}
_COLUMNS = 2


def draw(results, path):
    """Draw the training speed of each peer on each network, and write a PNG.

    Parameters
    ----------
    results : dict
        As `bench.store` keeps it.
    path : Path
    """
    names = [name for name in architectures.MILESTONES if name in results]
    panels = [*names, *(["epoch"] if "epoch" in results else [])]
    rows = -(-len(panels) // _COLUMNS)
    with style.drawing(11, 2.9 * rows) as figure:
        grid = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
        for axes, name in zip(grid, panels, strict=False):
            if name == "epoch":
                _panel(axes, results[name], "whole", 1, "{:.1f} s")
                count = results[name]["images"]
                axes.set_title(f"{count:,} images, small_cnn", loc="left")
                axes.set_xlabel("seconds: less is better")
            else:
                _panel(axes, results[name], "train", 1000, "{:.1f}")
                axes.set_title(name, loc="left")
                axes.set_xlabel("thousand images a second")
        for axes in grid[len(panels) :]:
            axes.remove()
        figure.savefig(path, dpi=120, metadata={"Software": None})


def alt_text(results):
    """What the picture shows, in words."""
    found = []
    for name in architectures.MILESTONES:
        ratio = figures.against_best(results[name]) if name in results else None
        if ratio:
            found.append(f"{name} {ratio.median:.2f}")
    text = "Bars of the images a second that each peer trains on, one panel a network."
    if found:
        text += f" Ours is so many times as fast as PyTorch's best form: {', '.join(found)}."
    return text


def _panel(axes, result, key, unit, form):
    names = [name for name in peers.PEERS if name in figures.measured(result)]
    spreads = [figures.Spread.of(result["peers"][name][key]) for name in names]
    medians = [spread.median / unit for spread in spreads]
    below = [(spread.median - spread.low) / unit for spread in spreads]
    above = [(spread.high - spread.median) / unit for spread in spreads]
    colours = [_COLOURS[peers.PEERS[name].family] for name in names]
    axes.barh(names, medians, color=colours, xerr=[below, above], ecolor=style.INK)
    axes.invert_yaxis()
    for i, (median, more) in enumerate(zip(medians, above, strict=True)):
        axes.annotate(
            form.format(median),
            (median + more, i),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
        )
    axes.margins(x=0.18)
    axes.tick_params(axis="y", length=0)
