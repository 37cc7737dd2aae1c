"""Products of a tall matrix with a batch, in parts that BLAS multiplies without packing them.

OpenBLAS multiplies small matrices directly. Larger ones it first packs into an order of its own,
which does not pay where one side is as short as a batch.
"""

import functools

import numpy as np

LARGEST = 1_000_000  # multiplications in a product that is not packed
_MOST_PARTS = 16  # with many images packing does pay


def times(weight, x, out):
    """weight x, by parts of the rows of `weight`.

    Parameters
    ----------
    weight : ndarray of shape (I, O)
    x : ndarray of shape (O, N)
    out : ndarray of shape (I, N)
        Filled with the product.

    Returns
    -------
    ndarray
        `out`
    """
    parts = small_parts(len(weight), x.size, _MOST_PARTS) or 1
    np.matmul(_cut(weight, parts), x, out=_cut(out, parts))
    return out


def transposed_times(weight, x, out, work):
    """weight^T x, as the sum over parts of the rows of both.

    Parameters
    ----------
    weight : ndarray of shape (I, O)
    x : ndarray of shape (I, N)
    out : ndarray of shape (O, N)
        Filled with the product.
    work : helpers.fast.work_arrays.Fresh or WorkArrays

    Returns
    -------
    ndarray
        `out`
    """
    parts = small_parts(len(weight), out.size, _MOST_PARTS) or 1
    if parts == 1:
        return np.matmul(weight.T, x, out=out)
    summands = work.scratch("products", (parts, *out.shape), out.dtype)
    np.matmul(_cut(weight, parts).swapaxes(1, 2), _cut(x, parts), out=summands)
    return np.add.reduce(summands, axis=0, out=out)


@functools.cache
def small_parts(rows, multiplications, most):
    """In how many equal parts to cut rows, so that the product of each part is a small one.

    Parameters
    ----------
    rows : int
    multiplications : int
        What each row costs.
    most : int
        How many parts there may be.

    Returns
    -------
    int or None
        None where so many parts are not enough.
    """
    for parts in range(1, most + 1):
        if rows % parts == 0 and rows // parts * multiplications <= LARGEST:
            return parts
    return None


def _cut(matrix, parts):
    return matrix.reshape(parts, -1, matrix.shape[1])
