"""Draws the picture of how_fit_works.md: ``uv run python -m docs.draw_step`` writes it anew."""

from pathlib import Path

from matplotlib.patches import FancyBboxPatch

from helpers.plots import style

PICTURE = Path(__file__).with_name("one_step.png")
ALT = (
    "One step of fit on two threads, from top to bottom. Thread 0 alone draws the batch and what "
    "is random in augmentation. Then both threads do the same on their half of the images: cut "
    "and augment; forward, in which they meet for batch norm; loss; backward, in which they meet "
    "for batch norm again; copy the gradients into a vector of their own. They meet once more. "
    "Then each adds up both vectors for its own pieces of the parameters, and takes the "
    "optimizer's step there. Forward and backward are recorded; nothing else is. Between the "
    "threads lies what they share: images, parameters and the optimizer's averages."
)

# (from, to) on the axis of time, text, kind; the two threads do these at the same time.
_BOTH = [
    (1.5, 2.5, "cut out {half} of the images,\naugment them", "free"),
    (2.7, 4.3, "forward\nlayer by layer, in its own\nwork arrays", "recorded"),
    (4.5, 5.3, "loss and dlogits of its half", "free"),
    (5.5, 7.1, "backward\nlayer by layer, in its own\nwork arrays", "recorded"),
    (7.3, 8.1, "gather: own vector of gradients", "free"),
    (
        8.9,
        10.3,
        "pieces {pieces} of the parameters:\nadd up both vectors,\noptimizer's step",
        "free",
    ),
]
# Where both wait for each other, and what for.
_MEETINGS = [
    (3.9, "meet: batch norm shows\nmeans and squares"),
    (6.7, "meet: batch norm shows\nsums of gradients"),
    (8.5, "meet: both vectors are full"),
    (10.7, "run returns when both are done"),
]
_SHARED = [
    (2.0, "images, labels: read"),
    (3.0, "parameters: read"),
    (9.6, "parameters, averages of the\noptimizer: written, each piece\nby one thread only"),
]
_COLOURS = {"free": "#FFFFFF", "recorded": "#CFE3F1"}
_LANES = (
    (0, "Thread 0, the caller's", "the first half", "0, 2, 4, …"),
    (7.4, "Thread 1", "the second half", "1, 3, 5, …"),
)
_WIDE = 4.2


def draw(path=PICTURE):
    """Write the picture.

    Parameters
    ----------
    path : Path
        A PNG.
    """
    with style.drawing(11, 10) as figure:
        axes = figure.subplots()
        axes.set(xlim=(-0.2, 11.8), ylim=(11.1, -0.6))
        axes.axis("off")
        for left, name, half, pieces in _LANES:
            middle = left + _WIDE / 2
            axes.text(middle, -0.35, name, ha="center", va="center", weight="bold", size=14)
            for start, end, text, kind in _BOTH:
                _box(axes, left, start, end, text.format(half=half, pieces=pieces), kind)
        _box(
            axes,
            0,
            0,
            1.3,
            "order of the images, draws of\naugmentation, penalty,\nthe rate of this step",
            "free",
        )
        axes.text(7.4 + _WIDE / 2, 0.65, "(waits)", ha="center", va="center", color=style.GREY)
        axes.text(5.8, -0.35, "shared", ha="center", va="center", weight="bold", size=14)
        for at, text in _MEETINGS:
            axes.plot([0, 11.6], [at, at], color=style.VERMILLION, linestyle="--", zorder=3)
            axes.text(
                5.8, at - 0.07, text, ha="center", va="bottom", color=style.VERMILLION, size=11
            )
        for at, text in _SHARED:
            axes.text(5.8, at, text, ha="center", va="center", size=11)
        axes.text(0, 11.05, "blue: recorded in the first step, played in the later ones", size=11)
        figure.savefig(path, dpi=100, metadata={"Software": None})


def _box(axes, left, start, end, text, kind):
    axes.add_patch(
        FancyBboxPatch(
            (left, start),
            _WIDE,
            end - start,
            boxstyle="round,pad=0,rounding_size=0.1",
            facecolor=_COLOURS[kind],
            edgecolor=style.INK,
            linewidth=1,
        )
    )
    # Higher where a meeting crosses the box below its middle.
    middle = (start + end) / 2 - 0.2 * (kind == "recorded")
    axes.text(left + _WIDE / 2, middle, text, ha="center", va="center", size=11.5, zorder=4)


if __name__ == "__main__":
    draw()
