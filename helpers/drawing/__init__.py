"""The drawing pad: draw a digit in the notebook, and see it read.

>>> from helpers.drawing import DigitPad
>>> pad = DigitPad()  # as the last line of a cell, `pad` shows it
"""

from helpers.drawing.pad import DigitPad

__all__ = ["DigitPad"]
