"""What the layers must compute, written a second time: plainly, slowly, from the definitions.

Nothing here imports `helpers`. All of it is float64 and (N, C, H, W).
"""

import itertools
import math

import numpy as np


def conv2d(x, weight, bias, stride, padding):
    """Cross-correlation by its definition: seven loops."""
    (batch, channels, height, width), (filters, _, kh, kw) = x.shape, weight.shape
    (sh, sw), (ph, pw) = stride, padding
    rows, columns = (height + 2 * ph - kh) // sh + 1, (width + 2 * pw - kw) // sw + 1
    y = np.zeros((batch, filters, rows, columns))
    for n, f, ho, wo in itertools.product(*map(range, y.shape)):
        total = bias[f]
        for c, i, j in itertools.product(range(channels), range(kh), range(kw)):
            h, w = ho * sh + i - ph, wo * sw + j - pw
            if 0 <= h < height and 0 <= w < width:
                total += weight[f, c, i, j] * x[n, c, h, w]
        y[n, f, ho, wo] = total
    return y


def conv2d_backward(x, weight, dy, stride, padding):
    """Gradients of `conv2d`: each product of its loops sends dy to both its factors."""
    (_, channels, height, width), (_, _, kh, kw) = x.shape, weight.shape
    (sh, sw), (ph, pw) = stride, padding
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(len(weight))
    for n, f, ho, wo in itertools.product(*map(range, dy.shape)):
        dbias[f] += dy[n, f, ho, wo]
        for c, i, j in itertools.product(range(channels), range(kh), range(kw)):
            h, w = ho * sh + i - ph, wo * sw + j - pw
            if 0 <= h < height and 0 <= w < width:
                dx[n, c, h, w] += weight[f, c, i, j] * dy[n, f, ho, wo]
                dweight[f, c, i, j] += x[n, c, h, w] * dy[n, f, ho, wo]
    return dx, dweight, dbias


def conv2d_by_taps(x, weight, bias, stride, padding):
    """`conv2d`, one matrix product for each place in the kernel: quick on large shapes."""
    padded = _pad(x, padding)
    (kh, kw), (sh, sw) = weight.shape[2:], stride
    rows, columns = (padded.shape[2] - kh) // sh + 1, (padded.shape[3] - kw) // sw + 1
    y = np.zeros((len(x), len(weight), rows, columns)) + bias[:, None, None]
    for i, j in itertools.product(range(kh), range(kw)):
        seen = padded[:, :, i : i + rows * sh : sh, j : j + columns * sw : sw]
        y += np.tensordot(seen, weight[:, :, i, j], (1, 1)).transpose(0, 3, 1, 2)
    return y


def conv2d_backward_by_taps(x, weight, dy, stride, padding):
    """`conv2d_backward`, one matrix product for each place in the kernel."""
    padded = _pad(x, padding)
    (kh, kw), (sh, sw), (rows, columns) = weight.shape[2:], stride, dy.shape[2:]
    dpadded, dweight = np.zeros(padded.shape), np.zeros(weight.shape)
    for i, j in itertools.product(range(kh), range(kw)):
        seen = np.s_[:, :, i : i + rows * sh : sh, j : j + columns * sw : sw]
        dweight[:, :, i, j] = np.tensordot(dy, padded[seen], ((0, 2, 3), (0, 2, 3)))
        dpadded[seen] += np.tensordot(dy, weight[:, :, i, j], (1, 0)).transpose(0, 3, 1, 2)
    (ph, pw), (height, width) = padding, x.shape[2:]
    return dpadded[:, :, ph : ph + height, pw : pw + width], dweight, dy.sum(axis=(0, 2, 3))


def max_pool(x, pool_size, stride):
    """Largest value of each window."""
    y, _ = _max_pool(x, pool_size, stride)
    return y


def max_pool_backward(x, dy, pool_size, stride):
    """Send each gradient to the first largest value of its window, row by row."""
    _, winners = _max_pool(x, pool_size, stride)
    dx = np.zeros(x.shape)
    for (n, c, *_), place in winners.items():
        dx[n, c, *place[0]] += dy[place[1]]
    return dx


def _max_pool(x, pool_size, stride):
    (ph, pw), (sh, sw) = pool_size, stride
    shape = (*x.shape[:2], (x.shape[2] - ph) // sh + 1, (x.shape[3] - pw) // sw + 1)
    y, winners = np.zeros(shape), {}
    for out in itertools.product(*map(range, shape)):
        n, c, ho, wo = out
        best = None
        for h, w in itertools.product(range(ho * sh, ho * sh + ph), range(wo * sw, wo * sw + pw)):
            if best is None or x[n, c, h, w] > x[n, c, *best]:
                best = (h, w)
        y[out], winners[out] = x[n, c, *best], (best, out)
    return y, winners


def batch_norm(x, gamma, beta, epsilon, mean=None, var=None):
    """Normalise each feature or channel by itself, with its own statistics or given ones."""
    y = np.zeros(x.shape)
    for k in range(x.shape[1]):
        values = x[:, k]
        m = values.mean() if mean is None else mean[k]
        v = ((values - values.mean()) ** 2).mean() if var is None else var[k]
        y[:, k] = gamma[k] * (values - m) / np.sqrt(v + epsilon) + beta[k]
    return y


def batch_norm_backward(x, gamma, epsilon, dy):
    """Gradients of `batch_norm` in training, with the whole Jacobian of each feature.

    With s = sqrt(var + epsilon), y_i depends on x_j as
    gamma / s (delta_ij - 1 / m - (x_i - mean)(x_j - mean) / (m s^2)).
    """
    dx, dgamma, dbeta = np.zeros(x.shape), np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for k in range(x.shape[1]):
        values, above = x[:, k].ravel(), dy[:, k].ravel()
        count, centred = len(values), values - values.mean()
        s = np.sqrt((centred**2).mean() + epsilon)
        jacobian = np.eye(count) - 1 / count - np.outer(centred, centred) / (count * s**2)
        dx[:, k] = (gamma[k] / s * above @ jacobian).reshape(dx[:, k].shape)
        dgamma[k], dbeta[k] = (above * centred / s).sum(), above.sum()
    return dx, dgamma, dbeta


def flatten(x):
    """(N, C, H, W) to (N, C H W): channel by channel, row by row."""
    return np.array([[v for channel in image for row in channel for v in row] for image in x])


def softmax(logits):
    """Exponentials over their sum, in Python's own numbers."""
    rows = []
    for row in np.asarray(logits, dtype=np.float64):
        exponentials = [math.exp(float(z) - float(max(row))) for z in row]
        rows.append([e / math.fsum(exponentials) for e in exponentials])
    return np.array(rows)


def _pad(x, padding):
    (ph, pw) = padding
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
