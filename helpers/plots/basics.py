"""Pictures of the first notebooks: luck, temperature, loss, templates. Use them as ``plots.…``."""

import numpy as np

from helpers.plots import sliders, style


def luck(chosen, others, best):
    """Show how many readers guess how well, and what the best of them is worth elsewhere.

    Parameters
    ----------
    chosen : array_like of shape (R,)
        Share that each reader guessed right, where the best was chosen.
    others : float
        Share that the best one guessed right on other images.
    best : int
        Its position.
    """
    percent = 100 * np.asarray(chosen)
    with style.drawing(style.WIDTH, 3.6) as figure:
        axes = figure.subplots()
        counts, _, _ = axes.hist(percent, bins=np.arange(4.875, 16, 0.5), color=style.GREY)
        top = 1.25 * counts.max()
        for value, text in ((percent[best], "where chosen"), (100 * others, "elsewhere")):
            axes.axvline(value, color=style.VERMILLION)
            axes.text(value + 0.1, 0.98 * top, f"the best,\n{text}", va="top")
        axes.set(xlabel="images guessed right (%)", ylabel="readers", xlim=(4.5, 18), ylim=(0, top))
    alt = (
        f"How well {len(percent):,} readers guess: a hump around {percent.mean():.0f}%. The best "
        f"has {percent[best]:.1f}%, but on other images {100 * others:.1f}%."
    )
    style.show(figure, alt)


def temperatures(scores, softmax, *, label, low=0.2, high=5.0):
    """Show the softmax of scores at three temperatures, then with a slider at any.

    Parameters
    ----------
    scores : ndarray of shape (K,)
    softmax : callable
        scores -> probabilities
    label : int
        The class that stands out.
    low, high : float
        The outer two of the three temperatures; the middle one is 1.
    """
    three = _bars([(t, softmax(scores / t)) for t in (low, 1.0, high)], label)
    style.show(*three)
    options = [(f"{t:.2g}", t) for t in np.geomspace(0.1, 30, 26).tolist()]
    nearest = min(options, key=lambda option: abs(np.log(option[1])))[1]
    temperature = sliders.choice("temperature", options, nearest)
    sliders.only(lambda t: _bars([(t, softmax(scores / t))], label), temperature)


def _bars(pairs, label):
    with style.drawing(style.WIDTH, 3.2) as figure:
        panels = figure.subplots(1, len(pairs), sharey=True, squeeze=False)[0]
        for axes, (t, p) in zip(panels, pairs, strict=True):
            colours = [style.BLUE if k == label else style.GREY for k in range(len(p))]
            axes.bar(range(len(p)), p, color=colours)
            axes.set(title=f"T = {t:.2g}", xlabel="digit", xticks=range(len(p)), ylim=(0, 1.05))
        panels[0].set_ylabel("probability")
    said = ", ".join(f"at T = {t:.2g} the {label} has {p[label]:.0%}" for t, p in pairs)
    alt = f"The same {len(pairs[0][1])} scores: {said}. "
    alt += f"{'There' if len(pairs) == 1 else 'At the last'}, the least likely has {p.min():.1%}."
    return figure, alt


def surprise(probabilities):
    """Show the loss of an image against the probability of its true class.

    Parameters
    ----------
    probabilities : dict of str to float
        Points to mark, by how each is written.
    """
    p = np.linspace(0.005, 1, 200)
    with style.drawing(style.WIDTH, 3.4) as figure:
        axes = figure.subplots()
        axes.plot(p, -np.log(p))
        for i, (name, at) in enumerate(sorted(probabilities.items(), key=lambda pair: pair[1])):
            axes.plot(at, -np.log(at), "o", color=style.VERMILLION)
            lift = 0.35 if i == 0 else 0.12
            axes.text(at + 0.02, -np.log(at) + lift, f"{name}: {-np.log(at):.2f}")
        axes.set(
            xlabel="probability of the true class", ylabel="loss", ylim=(0, 5.3), xlim=(0, 1.01)
        )
    said = ", ".join(f"{-np.log(at):.2f} at {name}" for name, at in probabilities.items())
    style.show(figure, f"The loss falls from over 5 near a probability of 0 to 0 at 1: {said}.")


def growing_templates(stages, *, size=(28, 28), interval=700):
    """Show templates at some stages of training as a still, then all stages as a film.

    Parameters
    ----------
    stages : dict of int to ndarray of shape (H * W, K)
        The weights after so many steps, in ascending order.
    size : (int, int)
        H and W.
    interval : int
        Milliseconds between two stages.
    """
    names = list(stages)
    weights = np.stack([stages[name].T.reshape(-1, *size) for name in names])
    chosen = np.unique(np.linspace(1, len(names) - 1, min(4, len(names) - 1)).round().astype(int))
    sliders.film(
        lambda stage: _templates(weights[[stage]], [names[stage]]),
        len(names) - 1,
        still=_templates(weights[chosen], [names[i] for i in chosen]),
        interval=interval,
        name="stage",
    )


def _templates(weights, steps):
    """A row of templates for each number of steps, each row on its own scale."""
    rows, classes = weights.shape[:2]
    side = min(style.WIDTH / classes, 7.5 / rows)
    with style.drawing(min(style.WIDTH, side * classes + 0.5), rows * (side + 0.1) + 0.4) as figure:
        figure.get_layout_engine().set(w_pad=0.02, h_pad=0.03)
        grid = figure.subplots(rows, classes, squeeze=False)
        for line, row, step in zip(grid, weights, steps, strict=True):
            limit = float(np.abs(row).max()) or 1.0
            for k, axes in enumerate(line):
                axes.imshow(row[k], cmap=style.SIGNED, vmin=-limit, vmax=limit)
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
            line[0].set_ylabel(_steps(step), fontsize=12)
        for k, axes in enumerate(grid[0]):
            axes.set_title(str(k), fontsize=13, pad=3)
    largest = [
        f"{np.abs(row).max():.2g} after {_steps(step)}"
        for row, step in zip(weights, steps, strict=True)
    ]
    alt = (
        f"The templates of {classes} digits, each row on its own scale: vermillion for, blue "
        f"against, white neither. The largest weight is {', '.join(largest)}."
    )
    return figure, alt


def _steps(count):
    return "1 step" if count == 1 else f"{count:,} steps"
