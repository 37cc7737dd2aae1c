"""A sheet of paper in the notebook, and a pen: the mouse, a finger or a stylus.

The strokes are kept by whoever listens. The sheet only shows them, so it can be redrawn at any
time: a reloaded page starts with an empty one.
"""

import numpy as np
from ipycanvas import Canvas, hold_canvas
from PIL import Image, ImageOps

PAPER = "#ffffff"
INK = "#1f2328"
PEN_WIDTH = 16  # canvas pixels
SHARPNESS = 2  # screen pixels to a canvas pixel, for screens with a high resolution


class PenCanvas:
    """A canvas that tells where the pen goes.

    Parameters
    ----------
    size : int
        Side of the canvas, in pixels.
    down, move : callable
        Called with the pen's place (x, y), in canvas pixels.
    up : callable
        Called with nothing when the pen is lifted or leaves the canvas.
    redraw : callable
        Called with nothing when a page has connected and needs the drawing.

    Attributes
    ----------
    widget : ipycanvas.Canvas
    following : ipywidgets.Widget or None
        Where Tab leads from the canvas.
    """

    def __init__(self, size, down, move, up, redraw):
        self.size = size
        self._down, self._move, self._up = down, move, up
        side = size * SHARPNESS
        self.widget = Canvas(width=side, height=side)
        self.widget.layout.width = self.widget.layout.height = f"{size}px"
        # Commands name their canvas only when it changes. A reloaded page has missed the last name,
        # so something is drawn elsewhere first.
        self._elsewhere = Canvas(width=1, height=1)
        self.widget.on_client_ready(redraw)
        self.following = None
        self._listen_to_mouse()
        self._listen_to_touch()
        self.widget.on_key_down(self._key)

    def draw(self, strokes, picture=None):
        """Show a picture, if there is one, and strokes, and nothing else.

        Parameters
        ----------
        strokes : iterable of array_like of shape (M, 2)
        picture : ndarray of shape (H, W), optional
            Shades from 0 (black) to 1 (white), shown as large as the canvas allows.
        """
        picture = None if picture is None else self._fitted(picture)
        with hold_canvas():
            self._elsewhere.clear()
            self.widget.fill_style = PAPER
            self.widget.fill_rect(0, 0, self.widget.width, self.widget.height)
            if picture is not None:
                self.widget.put_image_data(picture)
            for stroke in strokes:
                self._line(stroke)

    def draw_line(self, points):
        """Add a line through `points` to what is there. One point makes a dot."""
        with hold_canvas():
            self._line(points)

    def _line(self, points):
        canvas, points = self.widget, np.asarray(points, float) * SHARPNESS
        canvas.stroke_style = canvas.fill_style = INK
        canvas.line_width = PEN_WIDTH * SHARPNESS
        canvas.line_cap = canvas.line_join = "round"
        if len(points) > 1:
            canvas.stroke_lines(points)
        else:
            canvas.fill_circle(*points[0], PEN_WIDTH * SHARPNESS / 2)

    def _fitted(self, picture):
        picture = Image.fromarray(np.rint(255 * picture).astype(np.uint8))
        side = self.widget.width
        # Few pixels are shown as what they are.
        resample = Image.Resampling.NEAREST if max(picture.size) < side / 4 else None
        fitted = ImageOps.contain(picture, (side, side), resample or Image.Resampling.BICUBIC)
        sheet = Image.new("RGB", (side, side), PAPER)
        sheet.paste(fitted, ((side - fitted.width) // 2, (side - fitted.height) // 2))
        return np.asarray(sheet)

    def _listen_to_mouse(self):
        self.widget.on_mouse_down(lambda x, y: self._down(x / SHARPNESS, y / SHARPNESS))
        self.widget.on_mouse_move(lambda x, y: self._move(x / SHARPNESS, y / SHARPNESS))
        self.widget.on_mouse_up(lambda x, y: self._lift())
        self.widget.on_mouse_out(lambda x, y: self._lift())

    def _key(self, key, shift, *_):
        # The canvas cannot be left out of the Tab order, and would keep the keyboard for good.
        if key == "Tab" and not shift and self.following is not None:
            self.following.focus()
        else:
            self.widget.blur()

    def _lift(self):
        self._up()
        # A click gave the keyboard to the canvas, which would swallow Tab and every shortcut.
        self.widget.blur()

    def _listen_to_touch(self):
        self.widget.on_touch_start(self._touch_start)
        self.widget.on_touch_move(self._touch_move)
        self.widget.on_touch_end(lambda touches: self._up())
        self.widget.on_touch_cancel(lambda touches: self._up())

    def _touch_start(self, touches):
        # A second finger, or the palm, ends the stroke; so the last finger to go draws nothing.
        if len(touches) == 1:
            self._down(*np.array(touches[0]) / SHARPNESS)
        else:
            self._up()

    def _touch_move(self, touches):
        # A finger sends its moves to where it came down, also from outside.
        place = np.array(touches[0]) / SHARPNESS
        if len(touches) == 1 and (place >= 0).all() and (place <= self.size).all():
            self._move(*place)
        else:
            self._up()
