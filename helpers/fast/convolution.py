"""Convolution of batch-last arrays, any kernel size, stride and padding.

Deep learning's "convolution" is the cross-correlation

    y[ho, wo, f, n] = sum over i, j, c of  w[f, c, i, j]  x[ho s + i - p, wo s + j - p, c, n].

In memory a pixel is a (C, N) matrix and its neighbour to the right follows at once. If the kh rows
that a kernel covers are stacked, kh C values a pixel, then the window of kw pixels is one
(kw kh C, N) matrix *without being copied*: windows that overlap share their memory. A convolution
is then one matrix product for each output pixel.

Kernels of the usual heights are left to `helpers.fast.winograd`, which needs fewer products.
"""

import math

import numpy as np

from helpers.fast import recording, winograd

# Stacked rows are built a few at a time, so that they are still in the cache when multiplied.
_STACK_BYTES = 2**20
# Winograd's transforms pay only where there are channels to sum over.
_MIN_CHANNELS = 4


def output_size(size, kernel, stride, padding):
    """Number of places at which a kernel fits along one axis."""
    return (size + 2 * padding - kernel) // stride + 1


def correlate(x, weight, stride, padding, bias, work, is_gradient=False):
    """Cross-correlate a batch of images with a bank of filters.

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    weight : ndarray of shape (F, C, kh, kw)
    stride, padding : (int, int)
    bias : ndarray of shape (F,) or None
    work : helpers.fast.work_arrays.Fresh or WorkArrays
    is_gradient : bool
        Whether the result is a gradient, which needs to last for a shorter time.

    Returns
    -------
    ndarray of shape (Ho, Wo, F, N)
    """
    height, width, channels, batch = x.shape
    filters, _, kh, kw = weight.shape
    rows = output_size(height, kh, stride[0], padding[0])
    columns = output_size(width, kw, stride[1], padding[1])
    shape = (rows, columns, filters, batch)
    y = work.gradient(shape, x.dtype) if is_gradient else work.array("y", shape, x.dtype)
    if _winograd_pays(kh, stride, channels, batch):
        kernel = weight.transpose(2, 0, 3, 1)
        winograd.correlate(x, kernel, padding, bias, y, work)
        return y
    # The bias is the weight of one more channel, which is 1 everywhere; its first tap is enough.
    matrix = work.array("matrix", (filters, kw, kh * channels + 1), x.dtype)
    matrix[:, :, :-1] = weight.transpose(0, 3, 2, 1).reshape(filters, kw, kh * channels)
    matrix[:, :, -1] = 0
    if bias is not None:
        matrix[:, 0, -1] = bias
    matrix = matrix.reshape(filters, -1)
    for out, windows in _stacked_windows(x, y, (kh, kw), stride, padding, work):
        if batch == 1:
            # One image: the pixels of a row take the place of the batch.
            np.matmul(windows[..., 0], matrix.T, out=out[..., 0])
        else:
            np.matmul(matrix, windows, out=out)
    return y


def parameter_gradients(x, dy, kernel_size, stride, padding, work):
    """Gradients of `correlate` with respect to its weight and bias.

        db[f] = sum over ho, wo, n of  dy[ho, wo, f, n]
        dw[f, c, i, j] = sum over ho, wo, n of
                         dy[ho, wo, f, n]  x[ho s + i - p, wo s + j - p, c, n]

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    dy : ndarray of shape (Ho, Wo, F, N)
    kernel_size, stride, padding : (int, int)
    work : helpers.fast.work_arrays.Fresh or WorkArrays

    Returns
    -------
    dw : ndarray of shape (F, C, kh, kw)
    db : ndarray of shape (F,)
    """
    kh, kw = kernel_size
    channels, batch = x.shape[2:]
    filters = dy.shape[2]
    if _winograd_pays(kh, stride, channels, batch):
        gradient = winograd.kernel_gradient(x, dy, kernel_size, padding, work)
        return gradient.transpose(3, 2, 0, 1), sum_per_channel(dy)
    taps = kw * (kh * channels + 1)
    total = work.array("gradient", (filters * taps,), dy.dtype)
    total[...] = 0
    for rows, windows in _stacked_windows(x, dy, kernel_size, stride, padding, work):
        if batch == 1:
            products = np.matmul(rows[..., 0].swapaxes(1, 2), windows[..., 0])
        else:
            products = work.scratch("products", (*rows.shape[:2], filters, taps), dy.dtype)
            np.matmul(rows, windows.swapaxes(2, 3), out=products)
        products = products.reshape(-1, filters * taps)
        total += np.matmul(np.ones(len(products), dy.dtype), products)
    total = total.reshape(filters, kw, kh * channels + 1)
    dw = total[:, :, :-1].reshape(filters, kw, kh, channels)
    return dw.transpose(0, 3, 2, 1), total[:, 0, -1]


def sum_per_channel(x):
    """Sum of (H, W, C, N) or (F, N) over pixels and images.

    BLAS adds up in blocks. NumPy's `sum` over leading axes adds one by one, which in float32 costs
    two digits on a batch of images.
    """
    flat = x.reshape(math.prod(x.shape[:-2]), -1)
    sums = np.matmul(np.ones(len(flat), x.dtype), flat)
    return sums.reshape(x.shape[-2:]).sum(axis=1)


def input_gradient(dy, weight, stride, padding, input_shape, work):
    """Gradient of `correlate` with respect to its input.

    Output (ho, wo) touched input (ho s + i - p, wo s + j - p) through w[..., i, j]. Seen from the
    input, the same pairs are a correlation of dy with the kernel turned by 180 degrees, after dy
    has been spread out by the stride.

    Parameters
    ----------
    dy : ndarray of shape (Ho, Wo, F, N)
    weight : ndarray of shape (F, C, kh, kw)
    stride, padding : (int, int)
    input_shape : tuple
        (H, W, C, N)
    work : helpers.fast.work_arrays.Fresh or WorkArrays

    Returns
    -------
    ndarray of shape (H, W, C, N)
    """
    kernel_size = weight.shape[2:]
    spread = [
        size + 2 * p - k + 1 for size, p, k in zip(input_shape, padding, kernel_size, strict=False)
    ]
    if stride != (1, 1):
        dilated = work.scratch("dilated", (*spread, *dy.shape[2:]), dy.dtype)
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
    return correlate(dy, turned, (1, 1), border, None, work, is_gradient=True)


def _winograd_pays(kh, stride, channels, batch):
    return stride == (1, 1) and kh in winograd.HEIGHTS and channels >= _MIN_CHANNELS and batch > 1


def _stacked_windows(x, y, kernel_size, stride, padding, work):
    """Yield (rows of y, windows of x that belong to them), a few rows at a time.

    The windows are (rows, Wo, kw (kh C + 1), N): a view of the stacked rows
    (rows, W + 2 p, kh C + 1, N), whose last channel is 1.
    """
    height, width, channels, batch = x.shape
    (kh, kw), (sh, sw), (ph, pw) = kernel_size, stride, padding
    rows, columns = y.shape[:2]
    pixel = (kh * channels + 1) * batch * x.itemsize
    at_once = min(rows, max(1, _STACK_BYTES // ((width + 2 * pw) * pixel)))

    def fill(stack):
        stack[:, :pw] = 0
        stack[:, pw + width :] = 0
        stack[:, :, -1] = 1

    shape = (at_once, width + 2 * pw, kh * channels + 1, batch)
    stack = work.constant("stack", shape, x.dtype, fill)
    inner = stack[:, pw : pw + width, :-1].reshape(at_once, width, kh, channels, batch)
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
        windows = recording.strided(
            stack,
            (count, columns, kw * (kh * channels + 1), batch),
            (stack.strides[0], sw * pixel, batch * x.itemsize, x.itemsize),
        )
        yield y[top : top + count], windows
