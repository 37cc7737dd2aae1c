"""Where arrays lie: the batch last in memory, and work arrays that are used again.

Everyone sees an activation as (N, C, H, W). In memory it lies as (H, W, C, N): the batch is the
axis that runs fastest, so every pixel holds one (C, N) matrix, and what works on one value works
on a whole contiguous run of N of them.
"""

import functools
import math

import numpy as np


def _batch_last_axes(ndim):
    """Axes that bring (N, C, H, W) to (H, W, C, N), or (N, ...) to (..., N)."""
    return (2, 3, 1, 0) if ndim == 4 else (*range(1, ndim), 0)


def batch_last(x):
    """Return `x` with the batch axis last, C-contiguous.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W) or (N, F)

    Returns
    -------
    ndarray of shape (H, W, C, N) or (F, N)
        A view where `x` already lies so in memory, else a copy.
    """
    return np.ascontiguousarray(x.transpose(_batch_last_axes(x.ndim)))


def batch_first(memory):
    """Return the (N, C, H, W) or (N, F) view of an array made by `batch_last`."""
    ndim = memory.ndim
    return memory.transpose((3, 2, 0, 1) if ndim == 4 else (ndim - 1, *range(ndim - 1)))


def fresh(name, shape, dtype):
    """Return a new, uninitialised array: what a layer uses when a student calls it."""
    return np.empty(shape, dtype)


class WorkArrays:
    """Arrays that are handed out again at every step, for training only.

    Asking the operating system for memory costs more than filling it. A layer inside `fit` takes its
    arrays here by name and finds the one of the previous step, still in the cache.
    """

    def __init__(self):
        self._blocks = {}
        self._views = {}

    def of(self, owner):
        """Return the function (name, shape, dtype) -> array for layer number `owner`.

        Names that begin with "scratch" are shared by all layers: their content is dead once a layer's
        method returns. The gradient "dx" is dead one layer further down, so two blocks do for all.
        """
        return functools.partial(self._take, owner)

    def _take(self, owner, name, shape, dtype):
        if name == "dx":
            owner = owner % 2
        elif name.startswith("scratch"):
            owner = None
        key = (owner, name, shape, dtype)
        view = self._views.get(key)
        return self._make(key) if view is None else view

    def _make(self, key):
        owner, name, shape, dtype = key
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        block = self._blocks.get((owner, name))
        if block is None or block.nbytes < size:
            self._blocks[owner, name] = block = np.empty(size, np.uint8)
            # Views of the smaller block would keep it alive.
            self._views = {k: v for k, v in self._views.items() if k[:2] != (owner, name)}
        self._views[key] = view = block[:size].view(dtype).reshape(shape)
        return view
