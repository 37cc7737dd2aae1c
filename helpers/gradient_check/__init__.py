"""The gradient check: does a backward pass belong to its forward pass?"""

from helpers.gradient_check.check import check_layer, check_network
from helpers.gradient_check.differences import away_from_kinks, numerical_gradient, relative_error
from helpers.gradient_check.report import GradientError, GradientReport, GradientRow

__all__ = [
    "GradientError",
    "GradientReport",
    "GradientRow",
    "away_from_kinks",
    "check_layer",
    "check_network",
    "numerical_gradient",
    "relative_error",
]
