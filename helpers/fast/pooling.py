"""The maximum over windows of batch-last arrays, one axis after the other.

The maximum over a (ph, pw) window is the maximum over rows of the maxima over columns. Each step
compares whole slices with each other and remembers, as masks, which slice won.
"""

import numpy as np


def max_along(x, axis, size, stride, work, name, masks=True):
    """Maximum over windows of `size` along one axis.

    Parameters
    ----------
    x : ndarray of shape (H, W, C, N)
    axis : {0, 1}
    size, stride : int
    work : helpers.fast.work_arrays.Fresh or WorkArrays
    name : str
        Prefix under which arrays are taken from `work`.
    masks : bool
        False leaves `later` empty.

    Returns
    -------
    best : ndarray
        `x` with the axis shortened to (length - size) // stride + 1.
    later : list of ndarray of bool
        For i = 1, 2, ...: where element i of the window beat all elements before it. On a tie the
        first element keeps the place.
    """
    best = _element(x, axis, 0, size, stride)
    later = []
    for i in range(1, size):
        challenger = _element(x, axis, i, size, stride)
        if masks:
            mask = work.array(f"{name} mask {i}", challenger.shape, np.bool_)
            later.append(np.greater(challenger, best, out=mask))
        out = work.array(f"{name} best", challenger.shape, x.dtype)
        best = np.maximum(best, challenger, out=out)
    return best, later


def route_along(dy, later, axis, size, stride, dx):
    """Send each gradient back to the element that won: the reverse of `max_along`.

    Parameters
    ----------
    dy : ndarray
        Gradient of `best`.
    later : list of ndarray of bool
    axis, size, stride : int
    dx : ndarray
        Filled with the gradient of `x`.
    """
    if stride == size == 2 and dx.shape[axis] == 2 * dy.shape[axis]:
        # The usual case: every element of dx belongs to one window and is written once.
        second = np.multiply(dy, later[0], out=_element(dx, axis, 1, size, stride))
        np.subtract(dy, second, out=_element(dx, axis, 0, size, stride))
        return
    dx[...] = 0
    rest = dy
    for i in range(size - 1, 0, -1):
        won = rest * later[i - 1]
        _element(dx, axis, i, size, stride)[...] += won
        rest = rest - won
    _element(dx, axis, 0, size, stride)[...] += rest


def _element(x, axis, i, size, stride):
    """Element i of every window, as a view."""
    count = (x.shape[axis] - size) // stride + 1
    index = slice(i, i + (count - 1) * stride + 1, stride)
    return x[index] if axis == 0 else x[:, index]
