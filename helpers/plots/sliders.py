"""Pictures with sliders, and pictures that move: each is shown as a still, too."""

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from helpers.plots import style


def slider(name, value, lowest, highest, step):
    """Return a slider with a name that moves its picture when it is let go.

    Parameters
    ----------
    name : str
    value, lowest, highest, step : float or int
        Whole numbers make a slider of whole numbers.

    Returns
    -------
    ipywidgets.FloatSlider or ipywidgets.IntSlider
    """
    whole = all(isinstance(number, int) for number in (value, lowest, highest, step))
    Kind = widgets.IntSlider if whole else widgets.FloatSlider
    limits = {"min": lowest, "max": highest, "step": step}
    return _named(Kind(value=value, **limits, continuous_update=False), name)


def choice(name, options, value):
    """Return a slider over a few values, each shown as it is written.

    Parameters
    ----------
    name : str
    options : list of (str, object)
    value : object
        The one to begin with.

    Returns
    -------
    ipywidgets.SelectionSlider
    """
    return _named(
        widgets.SelectionSlider(options=options, value=value, continuous_update=False), name
    )


def explore(picture, *sliders):
    """Show a picture, then the same with sliders that redraw it.

    Parameters
    ----------
    picture : callable
        value of each slider -> (figure, alt), see `helpers.plots.show`.
    *sliders : ipywidgets widget
        See `slider` and `choice`.
    """
    style.show(*picture(*(s.value for s in sliders)))
    _interactive(picture, sliders, sliders)


def film(picture, last, *, still=None, interval=300, step=1, name="step"):
    """Show one frame of a picture that moves, then all of it with a button that plays it.

    Parameters
    ----------
    picture : callable
        number of the frame -> (figure, alt)
    last : int
        The number of the last frame; the first is 0.
    still : int, optional
        The frame to show; by default the last.
    interval : int
        Milliseconds between two frames.
    step : int
        How many frames are gone on by each of them.
    name : str
        Of the slider.
    """
    style.show(*picture(last if still is None else still))
    place = slider(name, 0, 0, last, step)
    place.continuous_update = True
    play = widgets.Play(value=0, min=0, max=last, step=step, interval=interval)
    play.tooltip = "Play, pause, stop"
    widgets.jslink((play, "value"), (place, "value"))
    _interactive(picture, [place], [widgets.HBox([play, place])])


def _interactive(picture, sliders, shown):
    if get_ipython() is None:
        return
    place = widgets.HTML()

    def redraw(_=None):
        place.value = style.as_html(*picture(*(s.value for s in sliders)))

    for one in sliders:
        one.observe(redraw, "value")
    redraw()
    display(widgets.VBox([*shown, place]))


def _named(widget, name):
    widget.description = name
    widget.style.description_width, widget.layout.width = "110px", "480px"
    return widget
