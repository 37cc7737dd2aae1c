"""Training: `fit`, and the `History` it returns.

>>> from helpers.training import fit
"""

from helpers.training.checkpoints import CheckpointError
from helpers.training.divergence import DivergenceError
from helpers.training.fit import fit
from helpers.training.history import History

__all__ = ["CheckpointError", "DivergenceError", "History", "fit"]
