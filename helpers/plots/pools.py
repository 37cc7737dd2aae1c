"""Pictures of what pooling keeps, sees and forgives. Use them as ``plots.…``."""

import numpy as np
from matplotlib.patches import Rectangle

from helpers.plots import style
from helpers.plots.controls import Explorer, choice, number_field
from helpers.plots.squares import draw_table
from helpers.plots.style import percent


def influence(named, frames, *, caption=None):
    """Show which pixels of an image one number depends on, and the field that a formula says.

    Parameters
    ----------
    named : dict of str to array_like of shape (H, W)
        How much each pixel counts, from 0 to 1, by title.
    frames : dict of str to (int, int, int)
        For each title, first row, first column and side of the field.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is none, or one has no frame.
    """
    if not named or set(named) - set(frames):
        raise ValueError("named must hold at least one picture, and frames a field for each")
    said = []
    with style.drawing(style.WIDTH, 3.4) as figure:
        grid = figure.subplots(1, len(named), squeeze=False)[0]
        for axes, (title, found) in zip(grid, named.items(), strict=True):
            top, left, side = frames[title]
            shown = axes.imshow(found, cmap=style.AMOUNT, vmin=0, vmax=1)
            corner = left - 0.5, top - 0.5
            axes.add_patch(Rectangle(corner, side, side, fill=False, ec=style.VERMILLION, lw=2))
            axes.set(title=title, xticks=[], yticks=[])
            axes.spines[:].set(visible=True, color=style.GREY)
            inside = np.count_nonzero(found[top : top + side, left : left + side])
            outside = np.count_nonzero(found) - inside
            said.append(
                f"{title}: {inside} of the {side * side} pixels in the frame, {outside} outside"
            )
        figure.colorbar(shown, ax=grid, label="influence")
    alt = "Which pixels count for one number; a vermillion frame is what the formula says. "
    style.show(figure, f"{alt}{'; '.join(said)}.", caption)


def pooling_explorer(image):
    """Show max pooling of a small image window by window, and its backward with dy = 1.

    The picture of the last step also stands there where no kernel runs.

    Parameters
    ----------
    image : array_like of shape (H, W)

    Returns
    -------
    PoolingExplorer
    """
    explorer = PoolingExplorer(image)
    style.show(*explorer.drawn())
    return explorer


class PoolingExplorer(Explorer):
    """See `pooling_explorer`.

    Attributes
    ----------
    size, stride, step : ipywidgets.Widget
        The window, the stride, and how many windows have been pooled.
    """

    def __init__(self, image):
        self._image = np.asarray(image)
        self.size, self.stride = choice("window", [2, 3]), choice("stride", [1, 2])
        last = self._windows().size
        self.step = number_field("step", last, 1, last)
        super().__init__(self.drawn, [self.size, self.stride, self.step])

    def _windows(self):
        """An empty table with a square for each window."""
        size, stride = self.size.value, self.stride.value
        rows, columns = ((side - size) // stride + 1 for side in self._image.shape)
        return np.full((rows, columns), "", dtype=object)

    def redraw(self, change=None):
        """Draw anew; where there are fewer windows, the field goes back by itself."""
        self.step.max = self._windows().size
        super().redraw(change)

    def drawn(self):
        """Return the figure for the present controls, and what it shows."""
        y, dx, window, winner, here = self._pooled()
        image, stride = self._image, self.stride.value
        with style.drawing(style.WIDTH, 3) as figure:
            widths = (image.shape[1], y.shape[1], image.shape[1])
            left, middle, right = figure.subplots(1, 3, width_ratios=widths)
            draw_table(left, image, "$x$", [winner], window)
            draw_table(middle, y, "$y$", [here])
            middle.set_ylim(len(image), 0)  # squares as large as beside it
            draw_table(right, dx, "$dx$, with $dy = 1$", [winner], window)
        held = " ".join(str(image[where]) for where in window)
        size = self.size.value
        alt = f"Step {self.step.value} of {y.size}, window {size} by {size}, stride {stride}: the "
        alt += f"window holds {held}. Its largest, {image[winner]} in row {winner[0]}, column "
        alt += f"{winner[1]}, goes into y in row {here[0]}, column {here[1]}. There dx is now "
        return figure, f"{alt}{dx[winner]}."

    def _pooled(self):
        """Pool as far as the present step."""
        y, dx = self._windows(), np.zeros(self._image.shape, int)
        size, stride = self.size.value, self.stride.value
        for here in list(np.ndindex(y.shape))[: self.step.value]:
            top, left = here[0] * stride, here[1] * stride
            window = [(top + i, left + j) for i, j in np.ndindex(size, size)]
            winner = max(window, key=lambda where: self._image[where])  # on a tie the first
            y[here] = self._image[winner]
            dx[winner] += 1
        return y, dx, window, winner, here


def shift_explorer(images, views):
    """Show how much an image, and maps made of it, change when it is moved by a few pixels.

    The picture for the 4, moved by one pixel, also stands there where no kernel runs.

    Parameters
    ----------
    images : sequence of array_like of shape (H, W)
        A digit of each class, with room to be moved by 3.
    views : callable
        image -> dict of str to array_like: what is made of it, by name.

    Returns
    -------
    ShiftExplorer
    """
    explorer = ShiftExplorer(images, views)
    style.show(*explorer.drawn())
    return explorer


class ShiftExplorer(Explorer):
    """See `shift_explorer`.

    Attributes
    ----------
    digit, down, right : ipywidgets.BoundedIntText
    """

    def __init__(self, images, views):
        self._images, self._views = images, views
        self.digit = number_field("digit", min(4, len(images) - 1), 0, len(images) - 1)
        self.down, self.right = number_field("down", 0, -3, 3), number_field("right", 1, -3, 3)
        super().__init__(self.drawn, [self.digit, self.down, self.right])

    def drawn(self):
        """Return the figure for the present controls, and what it shows."""
        digit, down, right = self.digit.value, self.down.value, self.right.value
        image = np.asarray(self._images[digit])
        moved = np.roll(image, (down, right), axis=(0, 1))
        before, after = ({"digit": i} | self._views(i) for i in (image, moved))
        said = []
        with style.drawing(style.WIDTH, 4.8) as figure:
            grid = figure.subplots(2, len(before))
            for name, above, below in zip(before, *grid, strict=True):
                a, b = before[name], after[name]
                change = f"{np.linalg.norm(b - a) / np.linalg.norm(a):.0%}"
                said.append(f"{name} {change}")
                for axes, array, title in ((above, a, name), (below, b, f"changed by {change}")):
                    colours = style.DIGIT if name == "digit" else style.AMOUNT
                    axes.imshow(array, cmap=colours, vmin=0, vmax=a.max())
                    axes.set(title=title, xticks=[], yticks=[])
                    axes.spines[:].set(visible=True, color=style.GREY)
        made = ", ".join(list(before)[1:])
        alt = (
            f"Above a {digit} and what is made of it: {made}. Below the same, with the digit moved "
        )
        return figure, alt + f"{down} down and {right} to the right. Change: {', '.join(said)}."


class LiveScores:
    """Loss and accuracy while a network trains, against the images that it has seen.

    Each call of `add` puts a new picture where the last one is.

    Parameters
    ----------
    images : int
        How many images one epoch has.
    epochs : int
        How long the axis is.

    Attributes
    ----------
    seen : list of int
    rows : list of (float, float, float, float)
        Loss and accuracy on training images, then on validation images.
    """

    def __init__(self, images, epochs):
        self._ticks = [epoch * images for epoch in range(epochs + 1)]
        self.seen, self.rows = [], []
        self._place = style.LiveFigure()

    def add(self, seen, row):
        """Add what was measured after so many images, and draw.

        Parameters
        ----------
        seen : int
        row : (float, float, float, float)
            Loss and accuracy on training images, then on validation images.
        """
        self.seen.append(seen)
        self.rows.append(tuple(row))
        self._place.show(*self._drawn())

    def _drawn(self):
        with style.drawing(style.WIDTH, 3.8) as figure:
            grid = figure.subplots(1, 2)
            for side, (axes, name) in enumerate(zip(grid, ["loss", "accuracy"], strict=True)):
                for part, shape, color in ((0, "o-", style.BLUE), (2, "s--", style.VERMILLION)):
                    line = [row[part + side] for row in self.rows]
                    label = ("training", "validation")[part // 2]
                    axes.plot(self.seen, line, shape, color=color, markersize=5, label=label)
                axes.set(xlabel="images seen", ylabel=name, ylim=(0, None if side == 0 else 1))
                axes.set_xticks(self._ticks)
                axes.grid(axis="y")
            grid[1].legend(frameon=False, loc="lower right")
        return figure, self._said()

    def _said(self):
        loss, right, new_loss, new_right = self.rows[-1]
        alt = (
            f"After {self.seen[-1]:,} images: training loss {loss:.2f}, accuracy {percent(right)}; "
        )
        alt += f"validation loss {new_loss:.2f}, accuracy {percent(new_right)}. "
        first_loss, first_right, *_ = self.rows[0]
        return f"{alt}At first: loss {first_loss:.2f}, accuracy {percent(first_right)}."
