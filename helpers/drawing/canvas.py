"""A sheet of paper in the notebook, and a pen: the mouse, a finger or a stylus.

The strokes are kept by whoever listens. The sheet only shows them, so it can be redrawn at any
time: a reloaded page starts with an empty one.
"""

import numpy as np
from ipycanvas import Canvas, hold_canvas
from PIL import Image, ImageOps

PAPER = "#ffffff"
INK = "#1f2328"
MARK = "#b3261e"  # dark enough to be read on, and to read white on
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

    def draw(self, strokes, picture=None, marks=()):
        """Show a picture, if there is one, with marks, and strokes, and nothing else.

        Parameters
        ----------
        strokes : iterable of array_like of shape (M, 2)
        picture : ndarray of shape (H, W) or (H, W, 3), uint8, optional
            Shown as large as the canvas allows.
        marks : iterable of ((left, top, right, bottom), str)
            Boxes in the picture, and what to write beside each.
        """
        with hold_canvas():
            self._elsewhere.clear()
            self.widget.fill_style = PAPER
            self.widget.fill_rect(0, 0, self.widget.width, self.widget.height)
            if picture is not None:
                self._show(picture, marks)
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

    def _show(self, picture, marks):
        image, side = Image.fromarray(picture), self.widget.width
        # Few pixels are shown as what they are.
        resample = Image.Resampling.NEAREST if max(image.size) < side / 4 else None
        fitted = ImageOps.contain(image, (side, side), resample or Image.Resampling.BICUBIC)
        sheet = Image.new("RGB", (side, side), PAPER)
        corner = np.array([(side - fitted.width) // 2, (side - fitted.height) // 2])
        sheet.paste(fitted, tuple(corner.tolist()))
        self.widget.put_image_data(np.asarray(sheet))
        scale = fitted.width / image.width
        for box, text in marks:
            self._mark(np.reshape(box, (2, 2)) * scale + corner, text)

    def _mark(self, corners, text):
        """Draw a box with a tag above it, or within if there is no room."""
        canvas, (left, top), (right, bottom) = self.widget, *np.rint(corners).tolist()
        canvas.stroke_style, canvas.line_width = MARK, 1.5 * SHARPNESS
        canvas.stroke_rect(left - 3, top - 3, right - left + 6, bottom - top + 6)
        size = 13 * SHARPNESS
        above = max(0, top - 3 - size)
        canvas.fill_style = MARK
        canvas.fill_rect(left - 3, above, size * 0.8, size)
        canvas.fill_style, canvas.font = PAPER, f"bold {size * 0.85:.0f}px sans-serif"
        canvas.text_align, canvas.text_baseline = "center", "middle"
        canvas.fill_text(text, left - 3 + size * 0.4, above + size * 0.55)

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
