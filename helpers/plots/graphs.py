"""Pictures of computations: values forward, gradients back. Use them as ``plots.…``."""

from helpers.plots import sliders, style

_COLUMN, _ROW = 1.5, 1.35  # inches


def walk_back(nodes, edges, *, interval=1500):
    """Show a computation as a graph, and how the gradients walk back through it, step by step.

    Parameters
    ----------
    nodes : dict of str to (float, float)
        In the order of the computation: the value of each name, and the gradient of the last name
        with respect to it.
    edges : dict of (str, str) to float
        For each name and one that is computed from it: the local gradient.
    interval : int
        Milliseconds between two steps.

    Raises
    ------
    ValueError
        If an edge leads back, or to a name that is no node.
    """
    places = _places(nodes, edges)
    sliders.film(
        lambda step: _graph(nodes, edges, places, step),
        len(nodes),
        interval=interval,
        name="steps back",
    )


def _places(nodes, edges):
    """Column and row of each name: what is computed stands right of what it is computed from."""
    order, column = list(nodes), {}
    for start, end in edges:
        if start not in nodes or end not in nodes or order.index(start) >= order.index(end):
            raise ValueError(f"the edge from {start} to {end} does not lead forward")
    for name in order:
        before = [column[start] for start, end in edges if end == name]
        column[name] = max(before, default=-1) + 1
    for name in order:  # what is given stands just before it is used
        if not any(end == name for _, end in edges):
            after = [column[end] for start, end in edges if start == name]
            column[name] = min(after, default=1) - 1
    places = {}
    for here in set(column.values()):
        names = [name for name in order if column[name] == here]
        for i, name in enumerate(names):
            places[name] = (_COLUMN * here, _ROW * ((len(names) - 1) / 2 - i))
    return places


def _graph(nodes, edges, places, step):
    known = list(nodes)[::-1][:step]
    xs, ys = zip(*places.values(), strict=True)
    width, height = max(xs) - min(xs) + 1.5, max(ys) - min(ys) + 1.6
    with style.drawing(max(width, 6), height) as figure:
        axes = figure.subplots()
        for (start, end), local in edges.items():
            _arrow(axes, places[start], places[end])
            if end in known:
                _local(axes, places[start], places[end], local)
        for name, (value, gradient) in nodes.items():
            _node(axes, places[name], name, value, gradient if name in known else None, known)
        axes.set(xlim=(min(xs) - 0.75, max(xs) + 0.75), ylim=(min(ys) - 0.9, max(ys) + 0.7))
        axes.axis("off")
    return figure, _in_words(nodes, known)


def _node(axes, place, name, value, gradient, known):
    newest = bool(known) and name == known[-1]
    edge = style.VERMILLION if newest else style.GREY
    box = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": edge}
    box["linewidth"] = 2.5 if newest else 1
    at = {"ha": "center", "va": "center", "fontsize": 13}
    axes.text(*place, f"${name}$ = {_number(value)}", bbox=box, zorder=3, **at)
    if gradient is not None:
        below = (place[0], place[1] - 0.46)
        text = f"$d{name}$ = {_number(gradient)}"
        paper = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1}
        axes.text(*below, text, color=style.VERMILLION, bbox=paper, zorder=2, **at)


def _arrow(axes, start, end):
    look = {"arrowstyle": "->", "color": style.GREY, "lw": 1.8, "shrinkA": 32, "shrinkB": 34}
    axes.annotate("", end, start, arrowprops=look, zorder=1)


def _local(axes, start, end, local):
    """Write the local gradient beside the middle of an arrow."""
    steep = end[1] - start[1] > 1
    beside = (0.24, -0.14) if steep else (0, 0.2)  # below an arrow that rises to a gradient
    middle = ((start[0] + end[0]) / 2 + beside[0], (start[1] + end[1]) / 2 + beside[1])
    at = {"ha": "center", "va": "center", "fontsize": 11, "color": style.GREY}
    axes.text(*middle, f"×{_number(local)}", zorder=4, **at)


def _number(value):
    return f"{value:g}".replace("-", "−")


def _in_words(nodes, known):
    values = ", ".join(f"{name} = {_number(value)}" for name, (value, _) in nodes.items())
    text = f"A graph of {len(nodes)} boxes, from left to right {values}. "
    if not known:
        return text + "No gradient is known yet."
    found = ", ".join(f"d{name} = {_number(nodes[name][1])}" for name in known)
    text += f"Below them, in colour, the gradients, from the end: {found}. "
    return text + "On the arrows, in grey, the local gradients by which they were multiplied."
