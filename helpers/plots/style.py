"""One visual language for every picture of the course, and the one way to show it.

A new picture takes three steps::

    with style.drawing(9, 4) as figure:
        axes = figure.subplots()
        axes.plot(...)
    style.show(figure, alt="What is to be seen, in a sentence or two.")

The colours come from Okabe and Ito [1]_, some of them darkened: each has a contrast of at least
3.5 to the paper, and any two differ for every kind of colour vision. Lines carry their names and
mistakes a frame; where a colour stands for a sign, as in `SIGNED`, the alt text has to say it.

References
----------
.. [1] M. Okabe, K. Ito, "Color Universal Design", 2008, https://jfly.uni-koeln.de/color/
"""

import base64
import contextlib
import io
import re
import sys
from html import escape

import matplotlib
from IPython import get_ipython
from IPython.display import display, update_display
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

PAPER = "#F7F6F2"  # solid, so that a picture also reads on a dark page
INK = "#1F2328"
GREY = "#6B7075"  # for what stands back: grids, second-rate labels
PALETTE = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#00916E",
    "purple": "#7D2A66",
    "brown": "#5C4300",
}
BLUE, VERMILLION, GREEN, PURPLE, _ = PALETTE.values()

# 0 is paper and 1 is ink, as in `helpers.mnist`.
DIGIT = LinearSegmentedColormap.from_list("digit", ["#FFFFFF", "#000000"])
AMOUNT = LinearSegmentedColormap.from_list("amount", ["#FFFFFF", BLUE, "#00304D"])
# Negative blue, zero white, positive vermillion.
SIGNED = LinearSegmentedColormap.from_list(
    "signed", ["#00304D", BLUE, "#FFFFFF", VERMILLION, "#5A2700"]
)

WIDTH = 9.0  # inches: the width of a notebook's text, and of a slide
_CSS_PIXELS_PER_INCH = 80
_DPI = 160  # two image pixels for each of the page, for sharp letters

RC = {
    "figure.facecolor": PAPER,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
    "savefig.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=list(PALETTE.values())),
    "axes.titlesize": 14,
    "axes.labelsize": 14,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 14,
    "grid.color": "#DAD8D0",
    "lines.linewidth": 2.5,
    "lines.markersize": 7,
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": 13,
    "ytick.color": INK,
    "ytick.labelsize": 13,
}


@contextlib.contextmanager
def drawing(width=WIDTH, height=4.0):
    """Give a new figure in the course's style; what is drawn inside the block takes the style.

    Parameters
    ----------
    width, height : float
        In inches. 9 is the width of a slide; 80 pixels of the page an inch.

    Yields
    ------
    matplotlib.figure.Figure
        Not known to pyplot: nothing has to be closed.
    """
    with matplotlib.rc_context(RC):
        yield Figure(figsize=(width, height))


def show(figure, alt, caption=None):
    """Show a figure in the notebook: a PNG with alt text, and a visible line that says the same.

    The visible line is there because JupyterLab gives the image itself no alt text. Outside
    IPython, nothing happens.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What is to be seen, for those who cannot see it: the finding, not "a plot".
    caption : str, optional
        The visible line, if it shall differ from `alt`. It, too, must say what is to be seen.

    Raises
    ------
    ValueError
        If `alt` or `caption` is empty.
    """
    alt, caption = _described(alt, caption)
    _close(figure)
    if get_ipython() is None:
        return
    data, metadata = _png(figure, alt)
    display(data, metadata=metadata, raw=True)
    display(_caption(caption), raw=True)


def as_html(figure, alt):
    """Turn a figure into HTML, for the value of an `ipywidgets.HTML` that a slider redraws.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        As for `show`. It is the image's alt text, and also stands under it.

    Returns
    -------
    str
        A ``<figure>`` that holds the whole image and refers to no file.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    alt, _ = _described(alt, None)
    _close(figure)
    data, metadata = _png(figure, alt)
    source = "data:image/png;base64," + base64.b64encode(data["image/png"]).decode("ascii")
    width = metadata["image/png"]["width"]
    image = f'<img src="{source}" alt="{escape(alt)}" width="{width}" style="max-width: 100%"/>'
    # A screen reader has read the line already, as the image's alt text.
    line = f'<figcaption aria-hidden="true">{escape(alt)}</figcaption>'
    return f'<figure style="margin: 0">{image}{line}</figure>'


class LiveFigure:
    """A place in the notebook in which one figure takes the place of the one before.

    What is stored in the notebook is the last one, as `show` would have left it.
    """

    def __init__(self):
        self._picture = self._line = None

    def show(self, figure, alt, caption=None):
        """Show the first figure, or put this one where the last one is.

        Parameters and errors are those of `helpers.plots.show`.
        """
        alt, caption = _described(alt, caption)
        _close(figure)
        if get_ipython() is None:
            return
        data, metadata = _png(figure, alt)
        if self._picture is None:
            self._picture = display(data, metadata=metadata, raw=True, display_id=True)
            self._line = display(_caption(caption), raw=True, display_id=True)
        else:
            update_display(data, metadata=metadata, raw=True, display_id=self._picture.display_id)
            update_display(_caption(caption), raw=True, display_id=self._line.display_id)


def percent(share, decimals=1):
    """Write a share as a percentage, never rounded up to certainty.

    >>> percent(0.9876), percent(0.99999), percent(1)
    ('98.8%', '> 99.9%', '100.0%')
    """
    text = f"{100 * share:.{decimals}f}"
    if share < 1 and float(text) == 100:
        return f"> {100 - 10**-decimals:.{decimals}f}%"
    return f"{text}%"


def _described(alt, caption):
    for name, text in (("alt", alt), ("caption", alt if caption is None else caption)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} must say what is to be seen in the figure; it is {text!r}")
    return alt.strip(), (alt if caption is None else caption).strip()


def _close(figure):
    """Make pyplot forget the figure, where it knows it, so that it is not shown twice."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)


def _png(figure, alt):
    buffer = io.BytesIO()
    # The style again: some of it is looked up only when the figure is drawn.
    with matplotlib.rc_context(RC):
        figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    width = round(figure.get_figwidth() * _CSS_PIXELS_PER_INCH)
    # 256 colours are as good and take less than half the space in the notebook.
    smaller = io.BytesIO()
    Image.open(buffer).convert("RGB").quantize(dither=Image.Dither.NONE).save(smaller, "PNG")
    data = {"image/png": smaller.getvalue(), "text/plain": alt}
    return data, {"image/png": {"alt": alt, "width": width}}


def _caption(text):
    # What Markdown would read as a sign is meant as a character.
    escaped = re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", text)
    return {"text/markdown": f"**Figure.** {escaped}", "text/plain": f"Figure. {text}"}
