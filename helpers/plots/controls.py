"""Pictures with controls, in a notebook that runs. Use them as ``plots.…_explorer``."""

import ipywidgets as widgets

from helpers.plots import style

# The same sentence that the stored notebooks of the course hold.
SENTENCE = "Run this cell to use what it shows."


class Explorer(widgets.VBox):
    """Controls above a picture that follows them.

    Controls are fields and lists: by keyboard one reaches each with Tab, and screen readers say its
    name. Where the kernel is gone, a sentence stands here instead of the widget.

    Parameters
    ----------
    draw : callable
        Returns a figure and its alt text for the present values of the controls.
    controls : list of ipywidgets.Widget
        A change of the value of any of them, or of one inside them, draws anew.
    """

    def __init__(self, draw, controls):
        self._draw = draw
        self.picture = widgets.HTML()
        super().__init__([*controls, self.picture])
        self._watch(controls)
        self.redraw()

    def redraw(self, _=None):
        """Draw the picture for the present values of the controls."""
        self.picture.value = style.as_html(*self._draw())

    def _watch(self, controls):
        for control in controls:
            if hasattr(control, "children"):
                self._watch(control.children)
            elif hasattr(control, "value"):
                control.observe(self.redraw, "value")

    def __repr__(self):
        return SENTENCE


def number_field(name, value, least, most):
    """Return a field for a whole number that says its name, and goes up and down by arrow keys.

    Parameters
    ----------
    name : str
    value, least, most : int

    Returns
    -------
    ipywidgets.BoundedIntText
    """
    layout = {"width": "180px"}
    return widgets.BoundedIntText(
        value=value, min=least, max=most, description=name, tooltip=name, layout=layout
    )


def choice(name, options, value=None):
    """Return a list to choose from that says its name.

    Parameters
    ----------
    name : str
    options : list
    value : object, optional
        Chosen at first; by default the first.

    Returns
    -------
    ipywidgets.Dropdown
    """
    return widgets.Dropdown(
        options=options,
        value=options[0] if value is None else value,
        description=name,
        tooltip=name,
    )
