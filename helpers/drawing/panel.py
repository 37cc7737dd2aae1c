"""What the network makes of a drawing: in words, as bars, and the image that it sees.

All of it is HTML, the bars a table, so that a screen reader says what a screen shows.
"""

import base64
import io
from html import escape

import ipywidgets as widgets
import numpy as np
from PIL import Image

from helpers.reading import CERTAIN, SURE, percent

ZOOM = 6  # screen pixels to a pixel of the image

STYLE = """
<style>
.digit-pad .pad-words { margin: 0; font-size: 20px; line-height: 26px; font-weight: 600; }
.digit-pad .pad-words span {
  display: block; min-height: 20px; font-size: 14px; line-height: 20px; font-weight: 400;
  color: var(--pad-quiet);
}
.digit-pad .pad-reader { margin: 0; max-width: 460px; font-size: 13px; color: var(--pad-quiet); }
.digit-pad .pad-words.pad-none { font-weight: 400; color: var(--pad-quiet); }
.digit-pad figure { margin: 0; }
.digit-pad figure img, .digit-pad figure div {
  display: block; width: 168px; height: 168px; image-rendering: pixelated; background: #000;
  border: 1px solid var(--pad-line); border-radius: 4px; margin: 0;
}
.digit-pad figcaption, .digit-pad caption {
  caption-side: top; padding: 0 0 8px; text-align: left; font-size: 13px; color: var(--pad-quiet);
}
.digit-pad table { margin: 0; border: 0; border-collapse: collapse; font-size: 14px; }
.digit-pad th, .digit-pad td {
  height: 21px; line-height: 21px; padding: 0; border: 0; text-align: right; font-weight: inherit;
}
.digit-pad th { width: 12px; padding-right: 10px; }
.digit-pad td:last-child { min-width: 44px; padding-left: 10px; white-space: nowrap; }
.digit-pad .pad-best { font-weight: 700; }
.digit-pad .pad-bar {
  width: 200px; height: 13px; border-radius: 3px; overflow: hidden;
  background: var(--jp-layout-color2, #eeeeee); box-shadow: inset 0 0 0 1px var(--pad-faint);
}
.digit-pad .pad-bar div { height: 100%; background: var(--pad-quiet); }
.digit-pad .pad-best .pad-bar div { background: var(--jp-brand-color1, #1976d2); }
</style>
"""


class ReadingPanel:
    """Words, image and bars of one reading.

    Attributes
    ----------
    widget : ipywidgets.Widget
    """

    def __init__(self):
        self._words, self._reader, self._seen, self._bars = (widgets.HTML() for _ in range(4))
        pictures = widgets.HBox([self._seen, self._bars])
        pictures.layout = widgets.Layout(flex_flow="row wrap", grid_gap="12px 32px")
        self.widget = widgets.VBox([widgets.HTML(STYLE), self._words, self._reader, pictures])
        self.widget.layout = widgets.Layout(grid_gap="12px")

    def show(self, image, probabilities, instead, reader="", several=()):
        """Show a reading.

        Parameters
        ----------
        image : ndarray of shape (28, 28), or None
        probabilities : ndarray of shape (10,), or None
        instead : str
            What to say when there are no probabilities.
        reader : str
            A sentence on who reads; empty where nobody knows.
        several : sequence of ndarray of shape (28, 28)
            The digits of a picture that holds several.
        """
        self._reader.value = f'<p class="pad-reader">{escape(reader)}</p>' if reader else ""
        self._reader.layout.display = None if reader else "none"
        self._seen.value = _seen(image, several)
        self._bars.value = _bars(probabilities)
        # A widget replaces its whole content. Of what is put in, screen readers announce alerts;
        # any other live region would have to be there before.
        said = 'role="alert" aria-live="polite" aria-atomic="true"'
        if probabilities is not None:
            reading, following = words(probabilities)
            self._words.value = (
                f'<p class="pad-words" {said}>{reading} <span>{following}</span></p>'
            )
        elif several:
            self._words.value = f'<p class="pad-words" {said}>{escape(instead)}<span></span></p>'
        else:
            self._words.value = f'<p class="pad-words pad-none">{escape(instead)}<span></span></p>'


def words(probabilities):
    """Put a reading in words, with as much confidence as the network has.

    Parameters
    ----------
    probabilities : array_like of shape (10,)

    Returns
    -------
    reading, following : str
        A sentence on the most likely digit, and one on the next, empty if that is out of question.

    Examples
    --------
    >>> words([0, 0, 0, 0.97, 0, 0.01, 0, 0, 0.02, 0])
    ('I read 3, 97 % sure.', 'Next guess: 8, 2 %.')
    """
    order = np.argsort(-np.asarray(probabilities), kind="stable")
    (first, p), (second, q) = ((digit, float(probabilities[digit])) for digit in order[:2])
    following = f"Next guess: {second}, {percent(q)}." if q >= 0.005 else ""
    if p >= CERTAIN:
        return f"I read {first}, {percent(p)} sure.", following
    if p >= SURE:
        return f"I read {first}, but I am only {percent(p)} sure.", following
    return f"I am not sure. It may be {first}, {percent(p)}.", following


def _seen(image, several=()):
    if len(several) > 1:
        image = _tiled(several)
        alt = f"{len(several)} digits, each white on black in 28 by 28 pixels, as in MNIST"
    else:
        alt = "The digit, white on black in 28 by 28 pixels, scaled and centred as in MNIST"
    if image is None:
        picture = '<div role="img" aria-label="Nothing yet"></div>'
    else:
        pixels = Image.fromarray(np.rint(255 * image).astype(np.uint8))
        content = io.BytesIO()
        pixels.resize((28 * ZOOM, 28 * ZOOM), Image.Resampling.NEAREST).save(content, "PNG")
        data = base64.b64encode(content.getvalue()).decode("ascii")
        picture = f'<img alt="{alt}" src="data:image/png;base64,{data}">'
    return f"<figure><figcaption>What the network sees</figcaption>{picture}</figure>"


def _tiled(images):
    """Lay images out in a square, row by row."""
    side = int(np.ceil(np.sqrt(len(images))))
    tiles = np.zeros((side * side, 28, 28), np.float32)
    tiles[: len(images)] = images
    return tiles.reshape(side, side, 28, 28).swapaxes(1, 2).reshape(side * 28, side * 28)


def _bars(probabilities):
    shares = [0.0] * 10 if probabilities is None else [float(p) for p in probabilities]
    best = None if probabilities is None else int(np.argmax(probabilities))
    written = [percent(share).replace("over", "&gt;") for share in shares]
    rows = "".join(
        f"<tr{' class=pad-best' if digit == best else ''}><th scope=row>{digit}</th>"
        f'<td><div class="pad-bar"><div style="width: {100 * share:.1f}%"></div></div></td>'
        f"<td>{'' if best is None else written[digit]}</td></tr>"
        for digit, share in enumerate(shares)
    )
    return f"<table><caption>Probability of each digit</caption>{rows}</table>"
