"""Who decides how many threads: ours for a network, and BLAS's for a matrix product."""

import contextlib
import functools
import os
import threading

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
    """Context in which a matrix product may use at most so many threads.

    The limit is the whole process's: where contexts overlap, the lowest counts, whoever asked for
    it first, and the last one to end puts back what was there before.
    """
    return _limits.at_most(count)


class _Limits:
    """The limits of BLAS that are wanted at present, by all threads of the process."""

    def __init__(self):
        self._lock = threading.Lock()
        self._wanted = []
        self._before = None  # knows how many threads there were without any limit

    @contextlib.contextmanager
    def at_most(self, count):
        """Add a limit within the context."""
        self._wanted.append(count)
        try:
            self._apply()
            yield
        finally:
            self._wanted.remove(count)
            self._apply()

    def _apply(self):
        with self._lock:
            if self._wanted:
                limited = _blas().limit(limits=min(self._wanted), user_api="blas")
                self._before = self._before or limited
            elif self._before is not None:
                self._before.restore_original_limits()
                self._before = None


@functools.cache
def _blas():
    return threadpoolctl.ThreadpoolController()


_limits = _Limits()
if hasattr(os, "register_at_fork"):
    # A lock that another thread holds at that moment would stay locked in the child.
    os.register_at_fork(after_in_child=_limits.__init__)
