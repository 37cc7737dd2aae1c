"""Every picture of the course, in one visual language, each with alt text computed from its data.

>>> from helpers import plots
>>> plots.probabilities([0.0, 0.9, 0.1])  # in a notebook: a picture and a line that says the same

A new picture goes into the module of its kind and is named here. One that a single notebook needs
is drawn there, inside ``with plots.drawing(9, 4) as figure:``, and shown by
``plots.show(figure, alt=...)``.
"""

from helpers.plots.charts import bars, confusion, probabilities, reading
from helpers.plots.curves import LiveCurves, curves
from helpers.plots.digits import digit_grid, digit_numbers, gallery
from helpers.plots.evaluation import intervals, overlays, reliability_diagram
from helpers.plots.filters import feature_maps, filters
from helpers.plots.optimizers import descent, descents, lines, rate_race, rate_search
from helpers.plots.speed import matrices, memory_order, rates, windows
from helpers.plots.style import LiveFigure, as_html, drawing, percent, show

__all__ = [
    "LiveCurves",
    "LiveFigure",
    "as_html",
    "bars",
    "confusion",
    "curves",
    "descent",
    "descents",
    "digit_grid",
    "digit_numbers",
    "drawing",
    "feature_maps",
    "filters",
    "gallery",
    "intervals",
    "lines",
    "matrices",
    "memory_order",
    "overlays",
    "percent",
    "probabilities",
    "rate_race",
    "rate_search",
    "rates",
    "reading",
    "reliability_diagram",
    "show",
    "windows",
]
