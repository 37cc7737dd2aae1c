"""Pictures of what a convolution does: answers, kernels, places. Use them as ``plots.…``."""

import ipywidgets as widgets
import numpy as np

from helpers.plots import style
from helpers.plots.controls import Explorer, choice, number_field
from helpers.plots.squares import draw_table, in_words

_OWN = "your own"  # what the list says when the nine numbers are none of the kernels in it


def answers(named, *, caption=None):
    """Show images and what filters answer to them: positive vermillion, negative blue, zero white.

    Parameters
    ----------
    named : dict of str to array_like of shape (H, W)
        Each by its title. What lies in [0, 1] is shown as ink.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is none.
    """
    if not named:
        raise ValueError("named must hold at least one image")
    said = []
    with style.drawing(style.WIDTH, 3.3) as figure:
        grid = figure.subplots(1, len(named), squeeze=False)[0]
        for axes, (title, array) in zip(grid, named.items(), strict=True):
            said.append(f"{title}: {_draw_answer(axes, np.asarray(array), title)}")
    style.show(figure, f"From left to right. {'; '.join(said)}.", caption)


def kernels(image, named, filter_image, *, caption=None):
    """Show kernels as tables, and below each what it makes of an image.

    Parameters
    ----------
    image : array_like of shape (H, W)
    named : dict of str to array_like of shape (kh, kw)
        The kernels by their titles.
    filter_image : callable
        image, kernel -> answer.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is no kernel.
    """
    if not named:
        raise ValueError("named must hold at least one kernel")
    said = []
    with style.drawing(style.WIDTH, 3.6 if len(named) > 4 else 4.5) as figure:
        grid = figure.subplots(2, len(named), height_ratios=(1, 1.4), squeeze=False)
        for (title, kernel), above, below in zip(named.items(), *grid, strict=True):
            draw_table(above, _entries(kernel), title)
            found = _draw_answer(below, np.asarray(filter_image(image, kernel)))
            said.append(f"{title}, {in_words(_entries(kernel))}: {found}")
    style.show(figure, f"Kernels, and what each makes of the image. {'; '.join(said)}.", caption)


def places(cases, size=5, k=3, *, caption=None):
    """Show where a kernel stands on a row of pixels, for some strides and paddings.

    Parameters
    ----------
    cases : list of (int, int)
        Strides with their paddings, one panel each.
    size, k : int
        How many pixels the row and the kernel have.
    caption : str, optional
        See `helpers.plots.show`.

    Raises
    ------
    ValueError
        If there is no case.
    """
    if not cases:
        raise ValueError("cases must hold at least one stride with its padding")
    said = []
    with style.drawing(style.WIDTH, 3) as figure:
        grid = figure.subplots(1, len(cases), squeeze=False)[0]
        for axes, (stride, padding) in zip(grid, cases, strict=True):
            starts = range(-padding, size + padding - k + 1, stride)
            _draw_places(axes, size, k, padding, starts)
            axes.set_title(f"stride {stride}, padding {padding}")
            where = ", ".join(f"{first} to {first + k - 1}" for first in starts)
            said.append(f"stride {stride}, padding {padding}: {len(starts)} places, pixels {where}")
    alt = f"A row of {size} pixels, 0 to {size - 1}, and a kernel of {k}. {'; '.join(said)}."
    style.show(figure, alt, caption)


def kernel_explorer(images, named, filter_image):
    """Show what nine numbers make of a digit, and let them be changed.

    The picture for the first kernel also stands there where no kernel runs.

    Parameters
    ----------
    images : sequence of array_like of shape (H, W)
        A digit of each class.
    named : dict of str to array_like of shape (3, 3)
        Kernels to begin with.
    filter_image : callable
        image, kernel -> answer.

    Returns
    -------
    KernelExplorer
    """
    explorer = KernelExplorer(images, named, filter_image)
    style.show(*explorer.drawn())
    return explorer


class KernelExplorer(Explorer):
    """See `kernel_explorer`.

    Attributes
    ----------
    preset, digit : ipywidgets.Widget
        The list of kernels and the field for the digit.
    boxes : list of ipywidgets.BoundedFloatText
        The nine numbers, row by row.
    """

    def __init__(self, images, named, filter_image):
        self._images, self._filter_image = images, filter_image
        self._named = {name: np.asarray(kernel, float) for name, kernel in named.items()}
        self.preset = choice("kernel", [*named, _OWN])
        self.digit = number_field("digit", 2, 0, len(images) - 1)
        field = {"min": -9, "max": 9, "step": 0.5, "layout": {"width": "80px"}}
        self.boxes = [
            widgets.BoundedFloatText(value=value, tooltip=f"row {i}, column {j}", **field)
            for (i, j), value in np.ndenumerate(self._named[self.preset.value])
        ]
        layout = {"grid_template_columns": "repeat(3, 84px)"}
        super().__init__(
            self.drawn, [self.preset, widgets.GridBox(self.boxes, layout=layout), self.digit]
        )

    @property
    def kernel(self):
        """The nine numbers, as an array (3, 3)."""
        return np.reshape([box.value for box in self.boxes], (3, 3))

    def drawn(self):
        """Return the figure for the present controls, and what it shows."""
        digit, kernel = self.digit.value, self.kernel
        image = np.asarray(self._images[digit])
        answer = np.asarray(self._filter_image(image, kernel))
        article = "an" if digit == 8 else "a"
        with style.drawing(style.WIDTH, 3.3) as figure:
            left, middle, right = figure.subplots(1, 3)
            _draw_answer(left, image, f"{article} {digit}")
            draw_table(middle, _entries(kernel), "kernel")
            title = f"answer, {answer.min():.3g} to {answer.max():.3g}"
            found = _draw_answer(right, answer, title)
        alt = f"A handwritten {digit}, the kernel {in_words(_entries(kernel))}, and its answer: "
        return figure, f"{alt}{found}."

    def redraw(self, change=None):
        """Take over a kernel that was chosen in the list, or say in the list which it is now."""
        if change is not None and change["owner"] is self.preset:
            if self.preset.value != _OWN:
                self._fill(self._named[self.preset.value])
        elif change is not None:
            self._say_which()
        super().redraw()

    def _fill(self, kernel):
        for box, value in zip(self.boxes, kernel.flat, strict=True):
            box.unobserve(self.redraw, "value")  # one picture for nine changes
            box.value = value
            box.observe(self.redraw, "value")

    def _say_which(self):
        now = self.kernel
        names = [name for name, k in self._named.items() if np.allclose(k, now, atol=1e-3)]
        self.preset.unobserve(self.redraw, "value")
        self.preset.value = names[0] if names else _OWN
        self.preset.observe(self.redraw, "value")


def _draw_answer(axes, array, title=""):
    """Draw a digit (all 0 to 1) as ink, anything else in two colours; say what it shows."""
    ink = array.min() >= 0 and array.max() <= 1
    limit = 1 if ink else np.abs(array).max()
    colours = style.DIGIT if ink else style.SIGNED
    axes.imshow(array, cmap=colours, vmin=0 if ink else -limit, vmax=limit)
    axes.set(title=title, xticks=[], yticks=[], anchor="N")
    axes.spines[:].set(visible=True, color=style.GREY)
    size = f"{len(array)} by {array.shape[1]} pixels"
    if ink:
        return f"{size}, {(array > 0.5).sum()} of them dark"
    more, less = (array > 1e-9).sum(), (array < -1e-9).sum()
    return f"{size}, {more} of them positive, {less} negative"


def _entries(kernel):
    """A kernel as it is written: ninths as fractions, all else as numbers."""
    kernel = np.asarray(kernel, float)
    if np.allclose(kernel, 1 / 9, atol=1e-3):
        return np.full(kernel.shape, "1/9")
    return kernel.round(2)


def _draw_places(axes, size, k, padding, starts):
    for pixel in range(-padding, size + padding):
        name = f"$x_{pixel}$" if 0 <= pixel < size else "0"
        axes.text(pixel + 0.5, -0.5, name, ha="center", va="center")
        axes.plot([pixel, pixel + 1, pixel + 1, pixel, pixel], [0, 0, -1, -1, 0], color=style.GREY)
    for out, start in enumerate(starts):
        y = -1.6 - 0.8 * out
        axes.barh(y, k - 0.1, 0.6, start + 0.05, color=style.BLUE)
        axes.text(start + k / 2, y, f"$y_{out}$", color="white", ha="center", va="center")
    axes.set(xlim=(-1.1, size + 1.1), ylim=(-3.7, 0.2))
    axes.axis("off")
