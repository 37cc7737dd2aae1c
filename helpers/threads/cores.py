"""Who decides how many threads: ours for a network, and BLAS's for a matrix product."""

import contextlib
import functools
import os

import psutil
import threadpoolctl

from helpers import arguments

# Below this many operations an image, threads wait for the interpreter lock more than they compute.
_WORTH_A_THREAD = 2_000_000


def default_threads(net):
    """Number of threads to train a network with: the physical cores, or 1 if it is small."""
    return physical_cores() if net.operations() >= _WORTH_A_THREAD else 1


@functools.cache
def physical_cores():
    """Number of physical cores that this process may use."""
    with contextlib.suppress(AttributeError):  # only Linux has it
        return min(psutil.cpu_count(logical=False) or 1, len(os.sched_getaffinity(0)))
    return psutil.cpu_count(logical=False) or 1


def check_threads(threads, net):
    """Return `threads`, or the default where it is None; complain about anything below 1."""
    if threads is None:
        return default_threads(net)
    return arguments.whole_number(threads, "threads")


def one_blas_thread():
    """Context in which matrix products use one thread each: ours are the threads."""
    return blas_threads(1)


def blas_threads(count):
    """Context in which every matrix product may use so many threads."""
    return _blas().limit(limits=count, user_api="blas")


@functools.cache
def _blas():
    return threadpoolctl.ThreadpoolController()
