r"""Winograd's convolution along rows: fewer multiplications for the same sum.

Four neighbouring outputs of a kernel of height 3 need 4 x 3 = 12 products when each is computed by
itself. Winograd's algorithm F(4, 3) makes do with 6: transform the 6 input rows, multiply, transform
back,

.. math:: y = A^T \left[ (G w) \odot (B^T x) \right].

It works for every pixel column, channel and image at once, because "multiply" may just as well be
the matrix product over channels. All three steps are then `np.matmul`.

Sources: S. Winograd, *Arithmetic Complexity of Computations* (1980); A. Lavin and S. Gray, "Fast
Algorithms for Convolutional Neural Networks", CVPR 2016.
"""

import functools

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.polynomial.polynomial import polyfromroots

ROWS = 4  # output rows in a strip
HEIGHTS = range(2, 6)  # kernel heights for which the transforms stay accurate in float32
_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)


@functools.cache
def transforms(m, k, dtype=np.float64):
    """Return the matrices A^T (m, n), G (n, k) and B^T (n, n) of F(m, k), with n = m + k - 1.

    The product of two polynomials is found from its values at n - 1 points and "at infinity"
    (Toom and Cook); transposing that rule gives the correlation.
    """
    n = m + k - 1
    points = np.array(_POINTS[: n - 1])
    at = np.zeros((m, n))
    g = np.zeros((n, k))
    bt = np.zeros((n, n))
    at[:, :-1] = points ** np.arange(m)[:, None]
    at[m - 1, n - 1] = g[n - 1, k - 1] = 1.0
    for i, point in enumerate(points):
        others = np.delete(points, i)
        g[i] = point ** np.arange(k) / np.prod(point - others)
        bt[i, :-1] = polyfromroots(others)
    bt[-1] = polyfromroots(points)
    result = tuple(matrix.astype(dtype) for matrix in (at, g, bt))
    for matrix in result:
        matrix.flags.writeable = False  # the cache hands out the same arrays again
    return result


def correlate(x, kernel, padding, bias, out, memory):
    """Cross-correlate `x` with `kernel` at stride 1, in strips of four output rows.

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    kernel : ndarray of shape (kh, F, kw, C)
    padding : (int, int)
        Rows and columns of zeros around `x`. They are never stored: the transform skips the rows
        and the product skips the columns.
    bias : ndarray of shape (F, 1) or None
    out : ndarray of shape (Ho, Wo, F, N)
        Filled with the result.
    memory : callable
        (name, shape, dtype) -> work array.
    """
    kh, filters, kw, channels = kernel.shape
    transformed = {}
    for top in range(0, len(out), ROWS):
        rows = out[top : top + ROWS]
        m = len(rows)
        n = m + kh - 1
        at, g, bt = transforms(m, kh, out.dtype)
        if m not in transformed:
            # U = G w, shape (n, 1, F, kw C): one matrix for each of the n products.
            transformed[m] = (g @ kernel.reshape(kh, -1)).reshape(n, 1, filters, kw * channels)
        v = memory("scratch v", (n, *x.shape[1:]), out.dtype)
        _transform_rows(bt, x, top - padding[0], v)
        product = memory("scratch product", (n, *rows.shape[1:]), out.dtype)
        _multiply_windows(transformed[m], v, kw, padding[1], product)
        _combine_rows(at, product, rows)
        if bias is not None:
            rows += bias


def kernel_gradient(x, dy, kernel_size, padding, memory):
    """Gradient of `correlate` with respect to its kernel.

    The transpose of the forward rule, dw = G^T [ (B^T x) (A dy)^T ], summed over strips, columns
    and images. The long sum over columns and images wants them side by side in memory, so the last
    two axes of both arrays are swapped first.

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    dy : ndarray of shape (Ho, Wo, F, N)
    kernel_size, padding : (int, int)
    memory : callable

    Returns
    -------
    ndarray of shape (kh, kw, C, F)
    """
    kh, kw = kernel_size
    xt = _swap_last(x, "scratch xt", memory)
    dyt = _swap_last(dy, "scratch dyt", memory)
    gradient = np.zeros((kh, kw * x.shape[2] * dy.shape[2]), dy.dtype)
    sums = {}
    for top in range(0, len(dy), ROWS):
        rows = dyt[top : top + ROWS]
        m = len(rows)
        n = m + kh - 1
        at, _, bt = transforms(m, kh, dy.dtype)
        v = memory("scratch v", (n, *xt.shape[1:]), dy.dtype)
        _transform_rows(bt, xt, top - padding[0], v)
        d = memory("scratch product", (n, *rows.shape[1:]), dy.dtype)
        _combine_rows(at.T, rows, d)
        if m not in sums:
            sums[m] = np.zeros((kw, n, x.shape[2], dy.shape[2]), dy.dtype)
        _add_products(v, d, padding[1], sums[m])
    for m, total in sums.items():
        g = transforms(m, kh, dy.dtype)[1]
        gradient += g.T @ total.swapaxes(0, 1).reshape(len(g), -1)
    return gradient.reshape(kh, kw, x.shape[2], dy.shape[2])


def _swap_last(x, name, memory):
    swapped = memory(name, (*x.shape[:2], x.shape[3], x.shape[2]), x.dtype)
    np.copyto(swapped, x.swapaxes(2, 3))
    return swapped


def _transform_rows(bt, x, first, out):
    """out = B^T x for the rows `first`, `first` + 1, ... of x; rows outside x are zero."""
    n = len(bt)
    low = min(max(first, 0), len(x))
    high = max(min(first + n, len(x)), low)
    _combine_rows(bt[:, low - first : high - first], x[low:high], out)


def _combine_rows(matrix, rows, out):
    """out[i] = sum over r of matrix[i, r] rows[r], one small product for each pixel column.

    One column at a time keeps each product small enough for BLAS to skip packing.
    """
    columns, size = rows.shape[1], rows.shape[2] * rows.shape[3]
    np.matmul(
        matrix,
        rows.reshape(len(rows), columns, size).swapaxes(0, 1),
        out=out.reshape(len(out), columns, size).swapaxes(0, 1),
    )


def _multiply_windows(u, v, kw, padding, out):
    """out[a, w] = U[a] (window of kw columns of v[a] at w); columns outside v are zero.

    A pixel's C channels lie next to those of the following pixel, so kw neighbouring pixels are one
    (kw C, N) matrix without a copy.
    """
    n, width, channels, batch = v.shape
    item = v.itemsize
    columns = out.shape[1]
    inner = range(min(padding, columns), max(min(columns, width + padding - kw + 1), 0))
    if len(inner):
        windows = as_strided(
            v,
            (n, len(inner), kw * channels, batch),
            (v.strides[0], v.strides[1], batch * item, item),
        )
        np.matmul(u, windows, out=out[:, inner.start : inner.stop])
    for w in range(columns):
        if w not in inner:
            low = min(max(w - padding, 0), width)
            high = max(min(w - padding + kw, width), low)
            taps = slice((low - w + padding) * channels, (high - w + padding) * channels)
            columns_in = v[:, low:high].reshape(n, (high - low) * channels, batch)
            np.matmul(u[:, 0, :, taps], columns_in, out=out[:, w])


def _add_products(v, d, padding, out):
    """out[j] += sum over w and images of v[:, w + j - padding]^T d[:, w].

    v is (n, W, N, C), d is (n, Wo, N, F) and out is (kw, n, C, F).
    """
    n, width, batch, channels = v.shape
    columns, filters = d.shape[1], d.shape[3]
    for j, total in enumerate(out):
        low = max(padding - j, 0)
        high = min(columns, width + padding - j)
        if low >= high:
            continue
        left = v[:, low + j - padding : high + j - padding]
        right = d[:, low:high]
        parts = _parts(high - low, channels * filters * batch)
        shape = (n, parts, (high - low) // parts * batch)
        products = np.matmul(
            left.reshape(*shape, channels).swapaxes(2, 3), right.reshape(*shape, filters)
        )
        total += products.sum(axis=1) if parts > 1 else products[:, 0]


def _parts(columns, operations):
    """Smallest divisor of `columns` that brings a product below a million operations.

    OpenBLAS multiplies small matrices directly and packs larger ones first, which costs more than it
    gains for the long and thin products here.
    """
    for parts in range(1, columns):
        if columns % parts == 0 and columns // parts * operations <= 1_000_000:
            return parts
    return columns
