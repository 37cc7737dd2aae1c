"""How each network of the course is trained, and the command that does it.

python -m helpers.recipes train small_cnn --seed 0
python -m helpers.recipes list
"""

from helpers.recipes.recipe import KINDS, RECIPES, Recipe
from helpers.recipes.train import Interrupted, train

__all__ = ["KINDS", "RECIPES", "Interrupted", "Recipe", "train"]
