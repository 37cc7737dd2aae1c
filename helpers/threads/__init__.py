"""Several threads for one network, in training and in prediction."""

from helpers.threads.cores import (
    blas_threads,
    check_threads,
    default_threads,
    one_blas_thread,
    physical_cores,
)
from helpers.threads.flat_parameters import FlatParameters
from helpers.threads.prediction import forward_in_blocks
from helpers.threads.replica import Replica
from helpers.threads.team import Abandoned, Meeting, Team, parts_of

__all__ = [
    "Abandoned",
    "FlatParameters",
    "Meeting",
    "Replica",
    "Team",
    "blas_threads",
    "check_threads",
    "default_threads",
    "forward_in_blocks",
    "one_blas_thread",
    "parts_of",
    "physical_cores",
]
