"""Pictures of notebook 07: noise of batches, paths down a ravine, optimizers that race.

A notebook calls them as ``plots.racing.race(...)``: one line each. What moves is shown as a
still, too, and every picture has alt text that is made from its numbers.
"""

import numpy as np

from helpers.plots import optimizers, sliders, style

_LIMITS = ((-12, 12), (-2.7, 2.7))
_MARKS = "sD^v"
_DASHES = ("-", "--", "-.", ":")
_HEIGHTS = 1e-6, 1e6
# To two digits, so that what is written is what is taken.
_RATES = [(text, float(text)) for text in (f"{rate:.2g}" for rate in np.geomspace(1e-4, 0.1, 49))]


def noise(sizes, noise, length):
    """Show how the noise of a gradient falls with the size of the batch.

    Parameters
    ----------
    sizes : ndarray of shape (K,)
        Images in the batch.
    noise : array_like of shape (K,)
        Measured distances from the gradient over all images.
    length : float
        Length of that gradient.
    """
    crossing = sizes[int(np.abs(np.log(np.asarray(noise) / length)).argmin())]
    alt = (
        f"Noise against the size of the batch: a straight line from {noise[0]:.1f} for "
        f"{_images(sizes[0])} to {noise[-1]:.2f} for {sizes[-1]:,}, on top of σ over the root of "
        f"N. It crosses the length of the gradient itself, {length:.2f}, near {_images(crossing)}."
    )
    root = noise[0] * np.sqrt(sizes[0] / sizes)
    named = {"measured": noise, "σ / √N": root, "the gradient": [length] * len(sizes)}
    labels = {"xlabel": "images in the batch", "ylabel": "noise"}
    optimizers.lines(named, sizes, log="xy", alt=alt, **labels)


def explore_descent(surface, path):
    """Show a path down a surface, with sliders for its learning rate and momentum.

    Parameters
    ----------
    surface : callable
        points (..., 2) -> loss (...)
    path : callable
        (learning rate, momentum) -> ndarray of shape (steps + 1, 2)
    """

    def picture(rate, momentum):
        name = f"Learning rate {rate:.2g}, momentum {momentum:.2f}"
        return optimizers.descent(surface, path(rate, momentum), name)

    sliders.explore(
        picture,
        sliders.choice("learning rate", _RATES, 0.018),
        sliders.slider("momentum", 0.0, 0.0, 0.98, 0.02),
    )


def nesterov(surface, gradient, keep, rate, steps=2, start=(10.0, 2.0)):
    """Show one step of momentum beside one of Nesterov's, from the same place and velocity.

    Parameters
    ----------
    surface, gradient : callable
        points (..., 2) -> loss (...), or its gradient (..., 2)
    keep, rate : float
        Share of the velocity that is kept, and learning rate.
    steps : int
        Steps of momentum before the one that is shown.
    start : (float, float)
    """
    place, velocity = np.array(start), np.zeros(2)
    for _ in range(steps):
        velocity = keep * velocity + gradient(place)
        place = place - rate * velocity
    ahead = place - rate * keep * velocity
    ends = {
        "momentum: the gradient of where it is": (place, ahead - rate * gradient(place)),
        "Nesterov: of where it will be": (ahead, ahead - rate * gradient(ahead)),
    }
    points = np.stack([place, ahead, *(end for _, end in ends.values())])
    low, high = points.min(axis=0), points.max(axis=0)
    low, high = low - 0.25 * (high - low), high + 0.25 * (high - low)
    with style.drawing(style.WIDTH, 4.2) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (title, (asked, end)) in zip(panels, ends.items(), strict=True):
            axes.axhline(0, color=style.GREY, lw=1)
            _arrow(axes, place, ahead, style.GREY)
            _arrow(axes, ahead, end, style.VERMILLION)
            axes.plot(*place, "s", color=style.INK, markersize=9)
            axes.plot(*asked, "o", mfc="none", mec=style.VERMILLION, mew=2, markersize=16)
            axes.plot(*end, "o", color=style.BLUE, markersize=10)
            axes.set(title=title, xlabel="x", xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        panels[0].set_ylabel("y")
        panels[0].text(*_beside(place, ahead, low, high), "ρ v, kept", color=style.GREY)
        for axes, (_, end) in zip(panels, ends.values(), strict=True):
            axes.text(*_beside(ahead, end, low, high), "− gradient", color=style.VERMILLION)
    first, second = (end[1] for _, end in ends.values())
    alt = (
        f"One step from the same square at y = {place[1]:.2f}, with the same velocity. The kept "
        f"share of it leads to y = {ahead[1]:.2f} in both. Momentum adds the gradient of the "
        f"square (ring) and ends, blue, at y = {first:.2f}; Nesterov adds the larger one of the "
        f"place ahead (ring) and ends at y = {second:.2f}, nearer to the bottom, the line y = 0."
    )
    style.show(figure, alt)


def race(surface, paths):
    """Show several paths down a surface at once, step by step, with their losses.

    Parameters
    ----------
    surface : callable
        points (..., 2) -> loss (...)
    paths : dict of str to ndarray of shape (steps + 1, 2)
        By the names of their optimizers, four at most.
    """
    last = min(len(path) for path in paths.values()) - 1
    # Later they are too close to be told apart.
    still = race_frame(surface, paths, min(20, last))
    sliders.film(lambda step: race_frame(surface, paths, step), last, still=still, interval=250)


def race_frame(surface, paths, step):
    """Draw a race after some steps.

    Parameters
    ----------
    surface, paths
        As for `race`.
    step : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str
    """
    losses = {name: surface(np.asarray(path)) for name, path in paths.items()}
    steps = min(len(path) for path in paths.values())
    with style.drawing(style.WIDTH, 4) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
        optimizers._draw_surface(left, surface, _LIMITS)
        for name, mark, dash in zip(paths, _MARKS, _DASHES, strict=False):
            walked = np.asarray(paths[name])[: step + 1]
            (line,) = left.plot(*walked[-25:].T, dash, lw=1.2, alpha=0.7)
            left.plot(*walked[-1], mark, color=line.get_color(), markersize=11)
            shown = losses[name][: step + 1].clip(*_HEIGHTS)
            right.semilogy(shown, dash, color=line.get_color(), marker=mark, markevery=[-1])
            right.text(steps + 2, shown[-1], name, color=line.get_color(), va="center", fontsize=12)
        left.set(xlabel="x", ylabel="y", title=f"step {step}")
        ends = [curve.clip(*_HEIGHTS) for curve in losses.values()]
        low, high = min(c.min() for c in ends), max(c.max() for c in ends)
        right.set(xlabel="step", ylabel="loss", xlim=(0, 1.45 * steps), ylim=(low / 2, high * 2))
        right.set_xticks([0, steps // 2, steps - 1])
        right.grid(axis="y")
    said = ", ".join(f"{name} {curve[step]:.2g}" for name, curve in losses.items())
    ahead = min(losses, key=lambda name: losses[name][step])
    lead = f"{ahead} leads" if step else "All start from one place"
    return figure, f"Race down the ravine, step {step}. Losses: {said}. {lead}."


def _images(number):
    return "one image" if number == 1 else f"{number:,} images"


def _arrow(axes, start, end, colour):
    look = {"arrowstyle": "-|>", "color": colour, "lw": 2.5, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=look)


def _beside(start, end, low, high):
    middle = (start + end) / 2
    return middle[0] + 0.05 * (high - low)[0], middle[1]
