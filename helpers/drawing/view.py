"""The drawing pad as it looks: paper and buttons on the left, the reading on the right."""

import functools
from html import escape

import ipywidgets as widgets

from helpers.drawing.canvas import PenCanvas
from helpers.drawing.panel import ReadingPanel

HINT = "Upload: a picture of one digit or several, such as PNG or JPEG, at most 10 MB."
# HEIC cannot be read, but who chooses it is told what to do.
ACCEPT = ".png,.jpg,.jpeg,.webp,.gif,.bmp,.tif,.tiff,.heic,.heif"
STYLE = """
<style>
.digit-pad {
  --pad-text: var(--jp-ui-font-color1, #1f2328);
  --pad-quiet: var(--jp-ui-font-color2, #5f6368);
  --pad-line: var(--jp-border-color1, #c4c9cf);
  --pad-faint: var(--jp-border-color2, #e0e0e0);
  --pad-bad: var(--jp-error-color0, #b3261e);
  color: var(--pad-text);
  font-family: var(--jp-ui-font-family, sans-serif);
  line-height: 18px;
}
.digit-pad .widget-html, .digit-pad .widget-html-content { margin: 0; overflow: visible; }
.digit-pad canvas {
  margin: 1px; border-radius: 8px; box-shadow: 0 0 0 1px var(--pad-line);
  cursor: crosshair; touch-action: none;
}
.digit-pad button { margin: 0; border-radius: 4px; }
.digit-pad .jupyter-button.jupyter-button:focus-visible {
  outline: 2px solid var(--jp-brand-color1, #1976d2); outline-offset: -2px;
}
/* Hides the number of files. The second `content` keeps screen readers from saying it twice. */
.digit-pad .widget-upload { font-size: 0; }
.digit-pad .widget-upload::after {
  content: "Upload"; content: "Upload" / ""; font-size: var(--jp-widgets-font-size, 13px);
}
.digit-pad .pad-note { margin: 0; font-size: 13px; color: var(--pad-quiet); min-height: 18px; }
.digit-pad .pad-bad { color: var(--pad-bad); font-weight: 600; }
</style>
"""


class PadView:
    """Everything of a `DigitPad` that is on the page.

    Parameters
    ----------
    size : int
        Side of the canvas, in pixels.
    pad : DigitPad
        What the pen and the buttons act upon.

    Attributes
    ----------
    widget : ipywidgets.Widget
    canvas : PenCanvas
    message : str
        The line below the pad.
    """

    def __init__(self, size, pad):
        self.message = HINT
        self._pad = pad
        guard = self._guard
        self.canvas = PenCanvas(
            size, guard(pad.pen_down), guard(pad.pen_move), guard(pad.pen_up), guard(pad.redraw)
        )
        self._panel = ReadingPanel()
        self._note = widgets.HTML()
        self.widget = self._laid_out(size)

    def show(self, image, probabilities, instead, reader="", several=()):
        """Show a reading; see `ReadingPanel.show`."""
        self._panel.show(image, probabilities, instead, reader, several)

    def say(self, text, error=False):
        """Show a line of text below the pad."""
        self.message = text
        kind = 'class="pad-note pad-bad" role="alert"' if error else 'class="pad-note"'
        self._note.value = f"<p {kind}>{escape(text)}</p>"

    def _guard(self, action):
        """Return `action` with its errors shown: from a widget, nobody else would show them."""

        @functools.wraps(action)
        def guarded(*arguments):
            try:
                action(*arguments)
            except Exception as error:
                if not str(error) or str(error) not in self.message:  # not said yet
                    self.say(f"That did not work ({type(error).__name__}): {error}", error=True)

        return guarded

    def _laid_out(self, size):
        left = widgets.VBox([self.canvas.widget, self._buttons()], layout={"grid_gap": "10px"})
        right = self._panel.widget
        left.layout.width = f"{size + 2}px"
        left.layout.flex, right.layout.flex = "0 0 auto", "0 1 auto"
        columns = widgets.HBox([left, right])
        columns.layout = widgets.Layout(flex_flow="row wrap", grid_gap="12px 32px")
        whole = widgets.VBox([widgets.HTML(STYLE), columns, self._note])
        whole.layout = widgets.Layout(grid_gap="8px", padding="8px 4px", overflow="visible")
        whole.add_class("digit-pad")
        return whole

    def _buttons(self):
        pad = self._pad
        actions = [
            ("Undo", pad.undo, "Take back the last stroke, clearing, upload or example"),
            ("Clear", pad.clear, "Take an empty sheet"),
            ("Example", pad.draw_example, "Let the pad draw a digit, another one each time"),
        ]
        buttons = []
        for name, action, tooltip in actions:
            button = widgets.Button(description=name, tooltip=tooltip)
            button.on_click(self._guard(lambda _, action=action: action()))
            buttons.append(button)
        upload = widgets.FileUpload(
            accept=ACCEPT, icon="", description="Upload a picture", tooltip=HINT
        )
        upload.observe(self._guard(self._uploaded), names="value")
        for button in (*buttons, upload):
            button.layout = widgets.Layout(width="auto", flex="1 1 0", margin="0", padding="0")
        self.canvas.following = buttons[0]
        return widgets.HBox([*buttons, upload], layout={"grid_gap": "6px"})

    def _uploaded(self, change):
        if not change["new"]:
            return
        content = bytes(change["new"][0]["content"])
        change["owner"].value = ()  # else the same file, chosen again, would go unnoticed
        self._pad.load_image(content)
