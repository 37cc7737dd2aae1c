"""Convolution of batch-last arrays, any kernel size, stride and padding.

Deep learning's "convolution" is the cross-correlation

    y[ho, wo, f, n] = sum over i, j, c of  w[f, c, i, j]  x[ho s + i - p, wo s + j - p, c, n].

In memory a pixel is a (C, N) matrix and its neighbour to the right follows at once. If the kh rows
that a kernel covers are stacked, kh C values a pixel, then the window of kw pixels is one
(kw kh C, N) matrix *without being copied*: windows that overlap share their memory. A convolution is
then one matrix product for each output pixel.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from helpers import winograd

# Stacked rows are built a few at a time, so that they are still in the cache when multiplied.
_STACK_BYTES = 2**20
# Winograd's transforms pay only where there are channels to sum over.
_MIN_CHANNELS = 4


def output_size(size, kernel, stride, padding):
    """Number of places at which a kernel fits along one axis."""
    return (size + 2 * padding - kernel) // stride + 1


def correlate(x, weight, stride, padding, bias, memory, name="y"):
    """Cross-correlate a batch of images with a bank of filters.

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    weight : ndarray of shape (F, C, kh, kw)
    stride, padding : (int, int)
    bias : ndarray of shape (F,) or None
    memory : callable
        (name, shape, dtype) -> array, see `helpers.memory`.
    name : str
        Under which name to take the result from `memory`.

    Returns
    -------
    ndarray of shape (Ho, Wo, F, N)
    """
    height, width, channels, batch = x.shape
    filters, _, kh, kw = weight.shape
    rows = output_size(height, kh, stride[0], padding[0])
    columns = output_size(width, kw, stride[1], padding[1])
    y = memory(name, (rows, columns, filters, batch), x.dtype)
    if bias is not None:
        bias = bias[:, None]
    if _winograd_pays(kh, stride, channels, batch):
        kernel = weight.transpose(2, 0, 3, 1)
        winograd.correlate(x, kernel, padding, bias, y, memory)
        return y
    matrix = weight.transpose(0, 3, 2, 1).reshape(filters, -1)
    for out, windows in _stacked_windows(x, y, (kh, kw), stride, padding, memory):
        if batch == 1:
            # One image: the pixels of a row take the place of the batch.
            np.matmul(windows[..., 0], matrix.T, out=out[..., 0])
        else:
            np.matmul(matrix, windows, out=out)
        if bias is not None:
            out += bias
    return y


def weight_gradient(x, dy, kernel_size, stride, padding, memory):
    """Gradient of `correlate` with respect to its weight.

        dw[f, c, i, j] = sum over ho, wo, n of  dy[ho, wo, f, n]  x[ho s + i - p, wo s + j - p, c, n]

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    dy : ndarray of shape (Ho, Wo, F, N)
    kernel_size, stride, padding : (int, int)
    memory : callable

    Returns
    -------
    ndarray of shape (F, C, kh, kw)
    """
    kh, kw = kernel_size
    channels, batch = x.shape[2:]
    filters = dy.shape[2]
    if _winograd_pays(kh, stride, channels, batch):
        gradient = winograd.kernel_gradient(x, dy, kernel_size, padding, memory)
        return gradient.transpose(3, 2, 0, 1)
    total = memory("gradient", (filters * kw * kh * channels,), dy.dtype)
    total[...] = 0
    for rows, windows in _stacked_windows(x, dy, kernel_size, stride, padding, memory):
        if batch == 1:
            products = np.matmul(rows[..., 0].swapaxes(1, 2), windows[..., 0])
        else:
            shape = (*rows.shape[:2], filters, kw * kh * channels)
            products = memory("scratch products", shape, dy.dtype)
            np.matmul(rows, windows.swapaxes(2, 3), out=products)
        products = products.reshape(-1, total.size)
        total += np.matmul(np.ones(len(products), dy.dtype), products)
    return total.reshape(filters, kw, kh, channels).transpose(0, 3, 2, 1)


def input_gradient(dy, weight, stride, padding, input_shape, memory):
    """Gradient of `correlate` with respect to its input.

    Output (ho, wo) touched input (ho s + i - p, wo s + j - p) through w[..., i, j]. Seen from the
    input, the same pairs are a correlation of dy with the kernel turned by 180 degrees, after dy has
    been spread out by the stride.

    Parameters
    ----------
    dy : ndarray of shape (Ho, Wo, F, N)
    weight : ndarray of shape (F, C, kh, kw)
    stride, padding : (int, int)
    input_shape : tuple
        (H, W, C, N)
    memory : callable

    Returns
    -------
    ndarray of shape (H, W, C, N)
    """
    kernel_size = weight.shape[2:]
    spread = [
        size + 2 * p - k + 1 for size, p, k in zip(input_shape, padding, kernel_size, strict=False)
    ]
    if stride != (1, 1):
        dilated = memory("scratch dilated", (*spread, *dy.shape[2:]), dy.dtype)
        dilated[...] = 0
        dilated[:: stride[0], :: stride[1]] = dy
        dy = dilated
    border = tuple(k - 1 - p for k, p in zip(kernel_size, padding, strict=True))
    crop = tuple(
        max(-b, 0) for b in border
    )  # padding beyond the kernel: those outputs saw no input
    if any(crop):
        dy = dy[crop[0] : spread[0] - crop[0], crop[1] : spread[1] - crop[1]]
    turned = weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    border = tuple(max(b, 0) for b in border)
    return correlate(dy, turned, (1, 1), border, None, memory, "dx")


def _winograd_pays(kh, stride, channels, batch):
    return stride == (1, 1) and kh in winograd.HEIGHTS and channels >= _MIN_CHANNELS and batch > 1


def _stacked_windows(x, y, kernel_size, stride, padding, memory):
    """Yield (rows of y, windows of x that belong to them), a few rows at a time.

    The windows are (rows, Wo, kw kh C, N): a view of the stacked rows (rows, W + 2 p, kh, C, N).
    """
    height, width, channels, batch = x.shape
    (kh, kw), (sh, sw), (ph, pw) = kernel_size, stride, padding
    rows, columns = y.shape[:2]
    pixel = kh * channels * batch * x.itemsize
    stacked_width = width + 2 * pw
    at_once = min(rows, max(1, _STACK_BYTES // (stacked_width * pixel)))
    stack = memory("scratch stack", (at_once, stacked_width, kh, channels, batch), x.dtype)
    if pw:
        stack[:, :pw] = 0
        stack[:, stacked_width - pw :] = 0
    inner = stack[:, pw : pw + width]
    for top in range(0, rows, at_once):
        count = min(at_once, rows - top)
        for i in range(kh):
            # Output row r sees input row r sh + i - ph, where there is one.
            first = top * sh + i - ph
            skip = min(count, max(0, math.ceil(-first / sh)))
            stop = max(skip, min(count, math.ceil((height - first) / sh)))
            if skip:
                inner[:skip, :, i] = 0
            if stop < count:
                inner[stop:count, :, i] = 0
            if stop > skip:
                start = first + skip * sh
                inner[skip:stop, :, i] = x[start : first + (stop - 1) * sh + 1 : sh]
        windows = as_strided(
            stack,
            (count, columns, kw * kh * channels, batch),
            (stack.strides[0], sw * pixel, batch * x.itemsize, x.itemsize),
            subok=True,
        )
        yield y[top : top + count], windows
