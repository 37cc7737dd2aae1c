"""Where arrays lie: activations with the batch last in memory, and blocks not side by side.

Everyone sees an activation as (N, C, H, W). In memory it lies as (H, W, C, N): the batch is the
axis that runs fastest, so every pixel holds one (C, N) matrix, and what works on one value works
on a whole contiguous run of N of them.
"""

import contextlib

import numpy as np

PAGE = 4096  # bytes
# Values in the buffer of NumPy's ufuncs.
_BUFFER = 1024


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
    x = batch_last_view(x)
    return x if x.flags.c_contiguous else x.copy()


def batch_last_view(x):
    """Return the (H, W, C, N) or (F, N) view of `x`, wherever it lies in memory."""
    return x.transpose(_batch_last_axes(x.ndim))


def batch_first(stored):
    """Return the (N, C, H, W) or (N, F) view of an array made by `batch_last`."""
    ndim = stored.ndim
    return stored.transpose((3, 2, 0, 1) if ndim == 4 else (ndim - 1, *range(ndim - 1)))


def bytes_to_skip(memory, number):
    """How much of new memory to leave free, so that blocks start at different places of a page.

    The processor tells addresses apart by their last twelve bits first: a load that agrees in them
    with a store under way must wait.

    Parameters
    ----------
    memory : ndarray
    number : int
        Of the block: each gets a place of its own.

    Returns
    -------
    int
        Less than `PAGE`.
    """
    return (1600 * number - memory.ctypes.data) % PAGE


@contextlib.contextmanager
def short_runs():
    """Context in which ufuncs work in place on runs of a pixel's length.

    NumPy takes operands through a buffer where their contiguous runs are shorter than half of it,
    and it holds 8192 values unless told otherwise. A strided maximum then takes twice the time.
    """
    with np.errstate():  # puts the old length back
        np.setbufsize(_BUFFER)
        yield
