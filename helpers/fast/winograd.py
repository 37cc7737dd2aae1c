r"""Winograd's convolution along rows: fewer multiplications for the same sum.

Four neighbouring outputs of a kernel of height 3 need 4 x 3 = 12 products when each is computed by
itself. Winograd's algorithm F(4, 3) makes do with 6: transform the 6 input rows, multiply,
transform back,

.. math:: y = A^T \left[ (G w) \odot (B^T x) \right].

It works for every pixel column, channel and image at once, because "multiply" may just as well be
the matrix product over channels. All three steps are then `np.matmul`.

Sources: S. Winograd, *Arithmetic Complexity of Computations* (1980); A. Lavin and S. Gray, "Fast
Algorithms for Convolutional Neural Networks", CVPR 2016.
"""

import functools

import numpy as np
from numpy.polynomial.polynomial import polyfromroots

from helpers.fast import recording
from helpers.fast.products import small_parts

ROWS = 4  # output rows in a strip
HEIGHTS = range(2, 6)  # kernel heights for which the transforms stay accurate in float32
_GROUP_BYTES = 3 * 2**18  # transformed rows that are worked on together
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


def correlate(x, kernel, padding, bias, out, work):
    """Cross-correlate `x` with `kernel` at stride 1.

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    kernel : ndarray of shape (kh, F, kw, C)
    padding : (int, int)
        Rows and columns of zeros around `x`. The rows are never stored: the transform skips them.
    bias : ndarray of shape (F,) or None
    out : ndarray of shape (Ho, Wo, F, N)
        Filled with the result.
    work : helpers.fast.work_arrays.Fresh or WorkArrays
    """
    kh, filters, kw, channels = kernel.shape
    if bias is not None:
        # One value for each image too: adding rows of full length is faster.
        row = work.array("bias", (filters, x.shape[3]), out.dtype)
        row[...] = bias[:, None]
        row = row.reshape(-1)
    u = {}
    for m, tops in _groups(len(out), kh, x):
        at, g, bt = transforms(m, kh, out.dtype)
        if m not in u:
            # U = G w: one matrix (F, kw C) for each of the n products.
            u[m] = np.matmul(g, kernel.reshape(kh, -1)).reshape(len(g), 1, filters, kw * channels)
        v = _padded(f"v {m}", (len(tops), len(bt), *x.shape[1:]), padding[1], out.dtype, work)
        inner = v[:, :, padding[1] : padding[1] + x.shape[1]]
        for strip, top in zip(inner, tops, strict=True):
            _transform_rows(bt, x, top - padding[0], strip)
        product = work.scratch("product", (*v.shape[:2], *out.shape[1:]), out.dtype)
        np.matmul(u[m], _windows(v, kw), out=product)
        for strip, top in zip(product, tops, strict=True):
            rows = out[top : top + m]
            _combine_rows(at, strip, rows)
            if bias is not None:
                rows = rows.reshape(-1, row.size)
                rows += row


def kernel_gradient(x, dy, kernel_size, padding, work):
    """Gradient of `correlate` with respect to its kernel.

    The transpose of the forward rule, dw = G^T [ (B^T x) (A dy)^T ], summed over strips, columns
    and images. The long sum over columns and images wants them side by side in memory, so the last
    two axes of both factors are swapped before they are multiplied.

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    dy : ndarray of shape (Ho, Wo, F, N)
    kernel_size, padding : (int, int)
    work : helpers.fast.work_arrays.Fresh or WorkArrays

    Returns
    -------
    ndarray of shape (kh, kw, C, F)
    """
    kh, kw = kernel_size
    channels, filters = x.shape[2], dy.shape[2]
    totals = {}
    for m, tops in _groups(len(dy), kh, x):
        at, _, bt = transforms(m, kh, dy.dtype)
        v = _padded(f"x {m}", (len(tops), len(bt), *x.shape[1:]), padding[1], dy.dtype, work)
        inner = v[:, :, padding[1] : padding[1] + x.shape[1]]
        d = work.scratch("product", (*v.shape[:2], *dy.shape[1:]), dy.dtype)
        for i, top in enumerate(tops):
            _transform_rows(bt, x, top - padding[0], inner[i])
            _combine_rows(at.T, dy[top : top + m], d[i])
        if m not in totals:
            totals[m] = work.array(f"total {m}", (kw, len(bt), channels, filters), dy.dtype)
            totals[m][...] = 0
        v = _swap_last(v, "vt", work)
        d = _swap_last(d, "dt", work)
        _add_products(v, d, totals[m], work)
    gradient = work.array("gradient", (kh, kw * channels * filters), dy.dtype)
    gradient[...] = 0
    for m, total in totals.items():
        g = transforms(m, kh, dy.dtype)[1]
        gradient += np.matmul(g.T, total.swapaxes(0, 1).reshape(len(g), -1))
    return gradient.reshape(kh, kw, channels, filters)


def _groups(rows, kh, x):
    """Cut output rows into strips, and strips into groups that are worked on together.

    Yields (m, tops): the height of the strips, and the first row of each. A group is as large as
    the cache allows.
    """
    strip_bytes = (ROWS + kh - 1) * x[0].nbytes
    together = max(1, _GROUP_BYTES // strip_bytes)
    full = rows - rows % ROWS
    for top in range(0, full, together * ROWS):
        yield ROWS, range(top, min(top + together * ROWS, full), ROWS)
    if full < rows:
        yield rows - full, range(full, rows, ROWS)


def _swap_last(x, name, work):
    swapped = work.scratch(name, (*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    np.copyto(swapped, x.swapaxes(-1, -2))
    return swapped


def _transform_rows(bt, x, first, out):
    """out = B^T x for the rows `first`, ... of x; rows outside x are zero."""
    low = min(max(first, 0), len(x))
    high = max(min(first + len(bt), len(x)), low)
    _combine_rows(bt[:, low - first : high - first], x[low:high], out)


def _combine_rows(matrix, rows, out):
    """out[i] = sum over r of matrix[i, r] rows[r], a small product for each column.

    One column at a time keeps each product small enough for BLAS to skip packing.
    """
    columns, size = rows.shape[1], rows.shape[2] * rows.shape[3]
    rows = rows.reshape(len(rows), columns, size).swapaxes(0, 1)
    np.matmul(matrix, rows, out=out.reshape(len(out), columns, size).swapaxes(0, 1))


def _padded(name, shape, padding, dtype, work):
    """A work array of this shape, with columns of zeros on both sides that nobody writes on."""
    if not padding:
        return work.scratch("v", shape, dtype)
    width = shape[2] + 2 * padding

    def fill(v):
        v[:, :, :padding] = 0
        v[:, :, width - padding :] = 0

    return work.constant(name, (*shape[:2], width, *shape[3:]), dtype, fill)


def _windows(v, kw):
    """View of v (T, n, W, C, N) as windows of kw columns, (T, n, W - kw + 1, kw C, N).

    A pixel's C channels lie next to those of the following pixel, so kw neighbouring pixels are one
    (kw C, N) matrix without a copy.
    """
    width, channels, batch = v.shape[2:]
    shape = (*v.shape[:2], width - kw + 1, kw * channels, batch)
    return recording.strided(v, shape, v.strides)


def _add_products(v, d, totals, work):
    """totals[j] += sum over t, w and images of v[t, :, w + j]^T d[t, :, w].

    v is (T, n, W, N, C), d is (T, n, Wo, N, F) and totals is (kw, n, C, F).
    """
    strips, n, columns, batch, filters = d.shape
    kw, _, channels, _ = totals.shape
    # Long and thin products, like those of a dense layer.
    parts = small_parts(columns, channels * filters * batch, columns) or columns
    shape = (strips, n, parts, columns // parts * batch)
    step = columns // parts * v.strides[2]
    left = recording.strided(
        v,
        (kw, *shape, channels),
        (v.strides[2], *v.strides[:2], step, channels * v.itemsize, v.itemsize),
    )
    products = work.scratch("products", (kw, *shape[:3], channels, filters), d.dtype)
    np.matmul(left.swapaxes(4, 5), d.reshape(*shape, filters), out=products)
    totals += products[:, 0, :, 0] if strips * parts == 1 else products.sum(axis=(1, 3))
