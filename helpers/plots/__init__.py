"""Every picture of the course, in one visual language, each with alt text computed from its data.

>>> from helpers import plots
>>> plots.probabilities([0.0, 0.9, 0.1])  # in a notebook: a picture and a line that says the same

A new picture goes into the module of its kind and is named here. One that a single notebook needs
is drawn there, inside ``with plots.drawing(9, 4) as figure:``, and shown by
``plots.show(figure, alt=...)``.
"""

from helpers.plots import racing, regularising
from helpers.plots.basics import growing_templates, luck, surprise, temperatures
from helpers.plots.charts import bars, confusion, probabilities, reading
from helpers.plots.convolutions import answers, kernel_explorer, kernels, places
from helpers.plots.curves import LiveCurves, curves
from helpers.plots.digits import digit_grid, digit_numbers
from helpers.plots.estimates import intervals, sizes
from helpers.plots.evaluation import overlays, reliability_diagram
from helpers.plots.filters import feature_maps, filters, stages
from helpers.plots.galleries import gallery
from helpers.plots.graphs import walk_back
from helpers.plots.memory import matrices, memory_order, windows
from helpers.plots.mistakes import misread_by_one, misread_explorer, mistake_explorer, mistakes
from helpers.plots.optimizers import descent, descents, lines, rate_race, rate_search
from helpers.plots.pools import LiveScores, influence, pooling_explorer, shift_explorer
from helpers.plots.speed import rates
from helpers.plots.squares import tables
from helpers.plots.style import LiveFigure, as_html, drawing, percent, show

__all__ = [
    "LiveCurves",
    "LiveFigure",
    "LiveScores",
    "answers",
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
    "growing_templates",
    "influence",
    "intervals",
    "kernel_explorer",
    "kernels",
    "lines",
    "luck",
    "matrices",
    "memory_order",
    "misread_by_one",
    "misread_explorer",
    "mistake_explorer",
    "mistakes",
    "overlays",
    "percent",
    "places",
    "pooling_explorer",
    "probabilities",
    "racing",
    "rate_race",
    "rate_search",
    "rates",
    "reading",
    "regularising",
    "reliability_diagram",
    "shift_explorer",
    "show",
    "sizes",
    "stages",
    "surprise",
    "tables",
    "temperatures",
    "walk_back",
    "windows",
]
