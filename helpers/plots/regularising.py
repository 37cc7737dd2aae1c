"""Pictures of notebook 08: what L2, dropout, batch norm and augmentation do.

A notebook calls them as ``plots.regularising.norm_graph(...)``: one line each. What moves is
shown as a still, too, and every picture has alt text that is made from its numbers.
"""

from collections import Counter

import numpy as np

from helpers.plots import sliders, style

_WALK = (
    "forward: the numbers",
    "dy arrives: only the first image counts here",
    "dβ and dγ: sums over the images",
    "dx̂ = γ dy",
    "dvar: minus a half, over std three times, times the sum of dx̂ c",
    "dmean: minus the sum of both ways to c",
    "dx: direct, through the variance, through the mean",
)


def weight_images(images, shares):
    """Show the weights of one class, learnt with more and more L2, as images.

    Parameters
    ----------
    images : dict of float to ndarray of shape (H, W)
        By lambda.
    shares : dict of float to (float, float)
        What share of the seen and of new digits is read.
    """
    with style.drawing(style.WIDTH, 3.6) as figure:
        panels = figure.subplots(1, len(images))
        for axes, (decay, picture) in zip(panels, images.items(), strict=True):
            axes.imshow(picture, cmap=style.SIGNED, vmin=-0.8, vmax=0.8)
            axes.set(xticks=[], yticks=[], title=f"λ = {decay}")
            seen, new = shares[decay]
            axes.set_xlabel(f"seen {seen:.1%}\nnew {new:.1%}")
    sizes = ", ".join(f"{np.abs(w).mean():.2f} with λ = {decay}" for decay, w in images.items())
    found = ", ".join(f"{new:.1%} with λ = {decay}" for decay, (_, new) in shares.items())
    alt = (
        "The weights of one class as images, vermillion positive, blue negative. The more L2, the "
        "less is left of the speckles and of the border, and the smoother the strokes. Mean size "
        f"of a weight: {sizes}. New digits read: {found}."
    )
    style.show(figure, alt)


def explore_dropout(units, forward):
    """Show units before and after dropout, with sliders for the rate and the draw.

    Parameters
    ----------
    units : ndarray of shape (K,)
        Activations above 0.
    forward : callable
        (x, rate, rng) -> (y, mask)
    """
    sliders.explore(
        lambda rate, draw: dropout(units, *forward(units, rate, np.random.default_rng(draw)), rate),
        sliders.slider("rate", 0.5, 0.0, 0.9, 0.1),
        sliders.slider("draw", 0, 0, 20, 1),
    )


def dropout(units, after, mask, rate):
    """Draw units before and after dropout.

    Parameters
    ----------
    units, after, mask : ndarray of shape (K,)
    rate : float

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str
    """
    fallen, places = np.asarray(mask) == 0, np.arange(len(units))
    with style.drawing(style.WIDTH, 3.6) as figure:
        axes = figure.subplots()
        axes.bar(places, after, color=style.BLUE)
        axes.bar(places, units, 0.8, facecolor="none", edgecolor=style.GREY, linewidth=1.5)
        axes.plot(places[fallen], [-0.6] * fallen.sum(), "x", color=style.VERMILLION, clip_on=False)
        axes.set(xlabel="unit (×: dropped)", ylabel="activation", ylim=(-1.2, max(8, after.max())))
        axes.set_title("outlines: before; blue: after dropout", loc="left")
    return figure, (
        f"{len(units)} units at rate {rate:.1f}: {fallen.sum()} are dropped, marked ×; the others "
        f"multiplied by {1 / (1 - rate):.2f}. The mean is {units.mean():.2f} before, "
        f"{after.mean():.2f} after."
    )


def shaky_reading(image, answers, label):
    """Show a digit beside the answers that it got in many readings.

    Parameters
    ----------
    image : ndarray of shape (H, W)
    answers : array_like of int
        One for each reading.
    label : int
    """
    answers = [int(answer) for answer in answers]
    counts = Counter(answers)
    with style.drawing(style.WIDTH, 3.2) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1, 2.4))
        left.imshow(image, cmap=style.DIGIT, vmin=0, vmax=1)
        left.set(xticks=[], yticks=[], xlabel=f"meant as {label}")
        drawn = right.bar(range(10), [counts[k] for k in range(10)], color=style.GREY)
        drawn[int(label)].set_color(style.BLUE)
        right.set(xticks=range(10), xlabel="answer", ylabel="times")
        listed = " ".join(map(str, answers))
        right.set_title(f"in order: {listed}", loc="left", fontsize=12)
    said = ", ".join(f"{k} {_times(n)}" for k, n in counts.most_common())
    alt = (
        f"One digit, meant as {label}, read {len(answers)} times by the same network with dropout "
        f"left on. It answers {said}."
    )
    style.show(figure, alt)


def norm_graph():
    """Show the graph of batch norm with numbers, and the gradients that walk back through it.

    Four images of one feature, x = (1, 7, 9, 15), gamma 10, beta 20, dy = (1, 0, 0, 0), epsilon 0.
    """
    sliders.film(norm_graph_frame, len(_WALK) - 1, interval=2500)


def norm_graph_frame(step):
    """Draw the graph of batch norm after some steps back.

    Parameters
    ----------
    step : int
        0 shows the numbers going forward alone, 6 every gradient.

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str
    """
    values, slopes = _norm_numbers()
    first_shown = {"y": 1, "γ, β": 2, "x̂": 3, "var": 4, "mean": 5, "c": 5, "x": 6}
    with style.drawing(style.WIDTH, 4.8) as figure:
        axes = figure.subplots()
        _norm_arrows(axes)
        for name, (x, y, text) in _NODES.items():
            look = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": style.GREY}
            axes.text(x, y, text, ha="center", va="center", bbox=look, fontsize=14)
            place = {"ha": "center", "va": "center", "fontsize": 11}
            behind = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1}
            if name in values:
                axes.text(x, y - 0.44, values[name], color=style.BLUE, bbox=behind, **place)
            if name in slopes and step >= first_shown[name]:
                away = {"x": 0.44, "γ, β": -0.44}.get(name, -0.72)
                axes.text(x, y + away, slopes[name], color=style.VERMILLION, bbox=behind, **place)
        axes.set_title(_WALK[step], loc="left")
        axes.set(xlim=(-1.3, 9.7), ylim=(-1.3, 3.1))
        axes.axis("off")
    shown = ", ".join(slopes[k] for k, first in first_shown.items() if step >= first)
    alt = (
        "The graph of batch norm with numbers, forward in blue: x = (1, 7, 9, 15), mean 8, c = x − "
        "mean = (−7, −1, 1, 7), var 25, std 5, x̂ = c / std = (−1.4, −0.2, 0.2, 1.4), y = 10 x̂ + "
        "20. x reaches x̂ directly, dashed over var and std, and dotted over the mean. "
    )
    alt += f"Gradients so far, vermillion: {shown}." if step else "No gradient yet."
    return figure, alt


def activations(seen):
    """Show how what arrives at the ReLUs is spread, step by step, for two networks.

    Parameters
    ----------
    seen : dict of str to list of lists of ndarray
        By the name of the network, for each step: the values that arrive at each ReLU.
    """
    last = min(len(steps) for steps in seen.values()) - 1
    sliders.film(lambda step: activations_frame(seen, step), last, interval=400)


def activations_frame(seen, step):
    """Draw what arrives at the ReLUs in one step.

    Parameters
    ----------
    seen
        As for `activations`.
    step : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str
    """
    rows = len(next(iter(seen.values()))[step])
    edges = np.linspace(-10, 10, 61)
    said = []
    with style.drawing(style.WIDTH, 1.15 * rows + 1) as figure:
        grid = figure.subplots(rows, len(seen), sharex=True, squeeze=False)
        for column, (name, steps) in zip(grid.T, seen.items(), strict=True):
            for row, (axes, values) in enumerate(zip(column, steps[step], strict=True)):
                finite = np.nan_to_num(values, posinf=1e9, neginf=-1e9).clip(-9.99, 9.99)
                axes.hist(finite, edges, color=style.BLUE, density=True)
                axes.axvline(0, color=style.INK, lw=1)
                axes.set(yticks=[], ylabel=f"ReLU {row + 1}" if name == next(iter(seen)) else "")
                spread = {"transform": axes.transAxes, "fontsize": 11, "va": "top"}
                axes.text(0.02, 0.95, f"spread {np.std(values):.2g}", **spread)
            column[0].set_title(f"{name}, step {step}")
            column[-1].set_xlabel("value (beyond ±10: at the edge)")
            spreads = " ".join(f"{np.std(values):.2g}" for values in steps[step])
            said.append(f"{name}: {spreads}")
    alt = (
        f"Histograms of what arrives at {rows} ReLUs, from first to last, in step {step}. Standard "
        f"deviations {'; '.join(said)}."
    )
    return figure, alt


def explore_augmentation(image, augmentation):
    """Show one digit, changed twelve times, with a slider for each kind of change.

    Parameters
    ----------
    image : ndarray of shape (H, W)
    augmentation : callable
        `helpers.augmentation.Augmentation`, or what takes the same settings.
    """
    limits = {"rotation": (10, 90, 5), "scale": (0.1, 0.6, 0.05), "slant": (0.15, 1.0, 0.05)}
    limits |= {"elastic": (0.4, 4.0, 0.2), "shift": (1.5, 8.0, 0.5)}

    def picture(*values):
        settings = dict(zip(limits, values, strict=True))
        changed = augmentation(**settings)(
            np.repeat(image[None, None], 12, axis=0), np.random.default_rng(0)
        )
        return variants(changed[:, 0], **settings)

    rows = [sliders.slider(name, v, 0.0, most, step) for name, (v, most, step) in limits.items()]
    sliders.explore(picture, *rows)


def variants(images, rotation, scale, slant, elastic, shift):
    """Draw twelve changed images of one digit.

    Parameters
    ----------
    images : ndarray of shape (12, H, W)
    rotation, scale, slant, elastic, shift : float
        The largest changes.

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str
    """
    with style.drawing(style.WIDTH, 3.1) as figure:
        for axes, image in zip(figure.subplots(2, 6).flat, images, strict=True):
            axes.imshow(image, cmap=style.DIGIT, vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=style.GREY)
    return figure, (
        f"One digit, twelve times: turned by up to {rotation:g} degrees, scaled by up to "
        f"{scale:.0%}, slanted by up to {slant:.2f}, bent by about {elastic:.1f} pixels, "
        f"moved by up to {shift:g}."
    )


def remedies(ends):
    """Show what each remedy brought, a dot for each seed.

    Parameters
    ----------
    ends : dict of str to list of float
        Percentages by the name of the remedy.
    """
    with style.drawing(style.WIDTH, 3.6) as figure:
        axes = figure.subplots()
        for row, values in enumerate(ends.values()):
            axes.plot(values, [row] * len(values), "o", color=style.BLUE, alpha=0.7)
            axes.plot(np.mean(values), row, "|", color=style.VERMILLION, ms=22, mew=3)
            axes.axhline(row, color="#DAD8D0", zorder=0)
        axes.set_yticks(range(len(ends)), ends)
        axes.set_ylim(len(ends) - 0.4, -0.6)
        axes.set(xlabel="unseen digits read correctly (%); bar: mean of the seeds")
    means = ", ".join(f"{name} {np.mean(values):.1f}%" for name, values in ends.items())
    apart = max(np.ptp(values) for values in ends.values())
    alt = (
        f"Dots and their mean for each remedy. Means: {means}. The dots of one remedy lie up to "
        f"{apart:.1f} points apart."
    )
    style.show(figure, alt)


_NODES = {
    "x": (0, 1, "$x$"),
    "mean": (1.4, -0.35, "mean"),
    "c": (2.5, 1, r"$c = x - \mathrm{mean}$"),
    "var": (3.3, 2.6, r"$\mathrm{var} = \frac{1}{N}\sum c^2$"),
    "std": (5.7, 2.6, r"$\mathrm{std} = \sqrt{\mathrm{var} + \epsilon}$"),
    "x̂": (5.7, 1, r"$\hat x = c\,/\,\mathrm{std}$"),
    "y": (8.5, 1, r"$y = \gamma \hat x + \beta$"),
    "γ, β": (8.5, -0.6, r"$\gamma = 10,\ \beta = 20$"),
}


def _norm_numbers():
    x, dy, gamma, beta = np.array([1.0, 7, 9, 15]), np.array([1.0, 0, 0, 0]), 10, 20
    c, var, n = x - x.mean(), x.var(), len(x)
    std = np.sqrt(var)
    dnormal = gamma * dy
    dvar = -0.5 * (dnormal * c).sum() / std**3
    dc = dnormal / std + 2 / n * c * dvar
    dmean = -dc.sum()
    values = {"x": _row(x), "mean": f"{x.mean():g}", "c": _row(c), "var": f"{var:g}"}
    values |= {"std": f"{std:g}", "x̂": _row(c / std), "y": _row(gamma * c / std + beta)}
    slopes = {"x": f"dx = {_row(dc + dmean / n)}", "mean": f"dmean = {dmean:g}".replace("-", "−")}
    slopes |= {"c": f"dc = {_row(dc)}", "var": f"dvar = {dvar:.2g}"}
    slopes |= {"x̂": f"dx̂ = {_row(dnormal)}", "y": f"dy = {_row(dy)}"}
    dgamma = f"{(dy * c / std).sum():g}".replace("-", "−")
    slopes["γ, β"] = f"dγ = {dgamma}, dβ = {dy.sum():g}"
    return values, slopes


def _row(values):
    return f"({', '.join(f'{round(v, 2):g}' for v in values)})".replace("-", "−")


def _norm_arrows(axes):
    paths = [
        ((0.25, 1), (1.45, 1), style.BLUE, "-"),
        ((3.55, 1), (4.85, 1), style.BLUE, "-"),
        ((2.25, 1.3), (2.5, 2.25), style.VERMILLION, "--"),
        ((4.3, 2.6), (4.6, 2.6), style.VERMILLION, "--"),
        ((5.7, 1.95), (5.7, 1.32), style.VERMILLION, "--"),
        ((0.1, 0.4), (0.85, -0.25), style.PURPLE, ":"),
        ((1.85, -0.2), (2.35, 0.1), style.PURPLE, ":"),
        ((6.55, 1), (7.6, 1), style.GREY, "-"),
        ((8.5, -0.25), (8.5, 0.12), style.GREY, "-"),
    ]
    for start, end, colour, line in paths:
        look = {"arrowstyle": "-|>", "color": colour, "lw": 2.5, "linestyle": line, "shrinkA": 0}
        axes.annotate("", end, start, arrowprops=look)


def _times(number):
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
