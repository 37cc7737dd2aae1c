"""Answers to the exercises of 02: a dense layer, softmax, losses, gradients, checks, descent."""

NAIVE = """
e = np.exp(z)
return e / e.sum(axis=-1, keepdims=True)
"""
SOFTMAX = """
e = np.exp(z - z.max(axis=-1, keepdims=True))
return e / e.sum(axis=-1, keepdims=True)
"""
SOFTMAX_AT = "z = z / temperature" + SOFTMAX
LOSS = """
z = z - z.max(axis=1, keepdims=True)
losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]
return losses.mean()
"""
JOINT = """
dz = softmax(z)
dz[np.arange(len(y)), y] -= 1
return dz / len(y)
"""
BACKWARD = """
dw = x.T @ dz
db = dz.sum(axis=0)
dx = dz @ w.T
return dw, db, dx
"""
NUMERICAL = """
gradient = np.empty(x.shape)
for i in np.ndindex(x.shape):
    old = x[i]
    x[i] = old + h
    above = f(x)
    x[i] = old - h
    below = f(x)
    x[i] = old
    gradient[i] = np.sum((above - below) * weight) / (2 * h)
return gradient
"""
COPIED = """
gradient = np.empty(x.shape)
for i in np.ndindex(x.shape):
    up, down = x.copy(), x.copy()
    up[i] += h
    down[i] -= h
    gradient[i] = np.sum((f(up) - f(down)) * weight) / (2 * h)
return gradient
"""
ERROR = """
size = np.abs(a) + np.abs(b)
floor = size.mean()
if floor == 0:
    return 0.0
return (np.abs(a - b) / np.maximum(size, floor)).max()
"""
STEP = """
z = dense(x, w, b)
dw, db, _ = dense_backward(cross_entropy_backward(z, y), x, w)
w -= learning_rate * dw
b -= learning_rate * db
return cross_entropy(z, y)
"""
EPOCH = """
order = rng.permutation(len(x))
for start in range(0, len(order), batch_size):
    chosen = order[start : start + batch_size]
    descent_step(w, b, x[chosen], y[chosen], learning_rate)
"""


def spoilt(right, *changes):
    """Return the right answer with one change each: (old, new, words of the message)."""
    for old, _, _ in changes:
        assert old in right, old
    return [(right.replace(old, new), words) for old, new, words in changes]


WRONG = {
    "dense": [
        ("return x @ w", "bias is missing"),
        ("return x @ w - b", "taken off"),
        ("return x * w + b", "ValueError"),
        ("return w @ x + b", "ValueError"),
        ("return (x @ w + b).sum(axis=1)", "one score for each class"),
        ("return x @ (w + b)", "should be"),
        ("x @ w + b", "returns nothing"),
        ("x *= 1.5\nreturn x @ w / 1.5 + b", "writes to its argument x"),
    ],
    "naive-softmax": spoilt(
        NAIVE,
        ("e.sum(axis=-1, keepdims=True)", "e.sum()", "one sum for all rows"),
        ("e.sum(axis=-1, keepdims=True)", "e.sum(axis=-1)", "ValueError"),
        ("axis=-1", "axis=0", "went over the images"),
        ("axis=-1", "axis=1", "out of bounds"),
        (" / e.sum(axis=-1, keepdims=True)", "", "do not add up to 1"),
        ("np.exp(z)", "z", "exponential is missing"),
        ("return", "answer =", "returns nothing"),
    ),
    "softmax": [
        *spoilt(
            SOFTMAX,
            (" - z.max(axis=-1, keepdims=True)", "", "its own largest score"),
            ("z.max(axis=-1, keepdims=True)", "z.max()", "its own largest score"),
            ("e.sum(axis=-1, keepdims=True)", "e.sum()", "one sum for all rows"),
            ("e.sum(axis=-1, keepdims=True)", "e.max(axis=-1, keepdims=True)", "not yet the sum"),
            (" / e.sum(axis=-1, keepdims=True)", "", "not yet the sum"),
            ("axis=-1", "axis=1", "out of bounds"),
            ("return", "answer =", "returns nothing"),
        ),
        ("z -= z.max(axis=-1, keepdims=True)" + NAIVE, "writes to its argument z"),
        ("e = np.exp(z - 900)\nreturn e / e.sum(axis=-1, keepdims=True)", "softmax"),
        ("e = np.exp(z.clip(-700, 700))\nreturn e / e.sum(axis=-1, keepdims=True)", "softmax"),
    ],
    "cross-entropy": [
        *spoilt(
            LOSS,
            ("losses.mean()", "losses.sum()", "the sum over the images"),
            ("losses.mean()", "losses", "one loss for each image"),
            ("losses.mean()", "-losses.mean()", "sign is wrong"),
            ("np.log(np", "np.log2(np", "cross_entropy of 4 images"),
            ("z[np.arange(len(y)), y]", "z[:, y]", "takes all rows"),
            ("z[np.arange(len(y)), y]", "z[y]", "ValueError"),
            ("return", "answer =", "returns nothing"),
            ("z = z - ", "z -= ", "writes to its argument z"),
        ),
        ("return -np.log(softmax(z)[np.arange(len(y)), y]).mean()", "scores (2000, 0, -2000)"),
        ("return -np.log(softmax(z)[np.arange(len(y)), y].mean())", "logarithm of the mean"),
        ("return softmax(z)[np.arange(len(y)), y].mean()", "logarithm is missing"),
        ("return -np.log(softmax(z)).mean()", "only the label"),
        ("return -np.log2(softmax(z)[np.arange(len(y)), y]).mean()", "base 2"),
        (LOSS.replace("z = z - z.max(axis=1, keepdims=True)", ""), "scores (2000, 0, -2000)"),
    ],
    "joint-gradient": [
        *spoilt(
            JOINT,
            (" / len(y)", "", "1/N is missing"),
            ("dz[np.arange(len(y)), y] -= 1", "", "has not been taken off"),
            ("return dz", "return -dz", "sign is turned"),
            ("len(y)\n", "z.shape[1]\n", "number of classes"),
            ("len(y)\n", "z.size\n", "all N C numbers"),
            ("softmax(z)", "z.copy()", "not z"),
            ("softmax(z)", "z", "writes to its argument z"),
            ("return", "answer =", "returns nothing"),
            ("dz[np.arange(len(y)), y] -= 1", "dz -= 1", "all rows lost 1"),
        ),
        ("return numerical_gradient(lambda s: cross_entropy(s, y), z)", "write it without"),
        ("return np.zeros_like(z)", "gradient check"),
        ("return (softmax(z).argmax(axis=1) - y) / len(y)", "should have the shape"),
    ],
    "dense-backward": [
        *spoilt(
            BACKWARD,
            ("x.T @ dz", "dz.T @ x", "turned over"),
            ("x.T @ dz", "x.T @ dz / len(x)", "1/N is in dz already"),
            ("dz.sum(axis=0)", "dz.sum()", "one bias for each class"),
            ("dz.sum(axis=0)", "dz.sum(axis=1)", "one bias for each class"),
            ("dz.sum(axis=0)", "dz", "not summed"),
            ("dz.sum(axis=0)", "dz.mean(axis=0)", "1/N is in dz already"),
            ("dz @ w.T", "w @ dz.T", "turned over"),
            ("dz @ w.T", "dz @ w", "ValueError"),
            ("return dw, db, dx", "return dw, db", "three gradients"),
            ("return dw, db, dx", "return dx, dw, db", "should have the shape"),
            ("return dw, db, dx", "pass", "returned nothing"),
            ("dw = x.T @ dz", "dw = np.zeros_like(w)", "gradient check"),
        ),
        ("dz /= 2\n" + BACKWARD, "writes to its argument dz"),
    ],
    "numerical-gradient": [
        *spoilt(
            NUMERICAL,
            ("x[i] = old - h", "x[i] = old", "one side only"),
            ("x[i] = old + h", "x[i] = old", "lower side only"),
            ("(2 * h)", "h", "twice too large"),
            ("(2 * h)", "(4 * h)", "half of what"),
            ("/ (2 * h)", "* (2 * h)", "should be divided"),
            ("above - below", "below - above", "sign is turned"),
            ("old = x[i]", "h = 1e-5\n    old = x[i]", "not used"),
            ("    x[i] = old\n", "", "put each old value back"),
            ("    x[i] = old\n", "    x[i] += h\n", "put each old value back"),
            (" * weight", "", "dy is not used"),
            ("return", "answer =", "returns nothing"),
            ("np.ndindex(x.shape)", "range(len(x))", ""),
            ("np.sum((above - below) * weight)", "((above - below) * weight)", "ValueError"),
        ),
        (COPIED, "never saw it move"),
        ("return (f(x + h) - f(x - h)) / (2 * h) * np.ones(x.shape)", "the sum of x³"),
    ],
    "relative-error": [
        *spoilt(
            ERROR,
            ("np.maximum(size, floor)", "size", "floor is missing"),
            (".max()", ".mean()", "one wrong entry"),
            ("np.abs(a - b)", "(a - b)", "can be negative"),
            (" / np.maximum(size, floor)", "", "not divided"),
            ("np.maximum(size, floor)", "floor", "for small entries only"),
            ("if floor == 0:\n    return 0.0\n", "", "zeros and zeros"),
            ("return (", "answer = (", "returns nothing"),
            ("size = np.abs(a) + np.abs(b)", "size = np.abs(a)", "divided by"),
            ("size = np.abs(a) + np.abs(b)", "size = np.abs(a + b)", "a and -a"),
        ),
        ("return np.abs(a - b).sum() / np.abs(a + b).sum()", "relative_error should be"),
    ],
    "descent-step": spoilt(
        STEP,
        ("w -= learning_rate", "w = w - learning_rate", "w has not moved"),
        ("b -= learning_rate", "b = b - learning_rate", "b has not moved"),
        ("    b -= learning_rate * db\n".lstrip(), "", "b has not moved"),
        ("w -= learning_rate", "w += learning_rate", "uphill"),
        ("w -= learning_rate * dw", "w -= dw", "learning rate is not used"),
        ("learning_rate * dw", "learning_rate * dw / len(y)", "do not divide again"),
        ("return cross_entropy(z, y)", "return cross_entropy(dense(x, w, b), y)", "after the step"),
        ("return cross_entropy(z, y)", "pass", "returns nothing"),
        ("w -= learning_rate * dw", "x -= learning_rate\nw -= learning_rate * dw", "argument x"),
        ("learning_rate * db", "learning_rate * db / 2", "b after a step"),
    ),
    "one-epoch": spoilt(
        EPOCH,
        ("rng.permutation(len(x))", "np.arange(len(x))", "always last"),
        ("rng.permutation", "np.random.default_rng(0).permutation", "always last"),
        ("rng.permutation", "np.random.default_rng().permutation", "the same seed"),
        ("y[chosen]", "y[start : start + batch_size]", "label of another"),
        ("0, len(order), batch_size", "0, len(order) - batch_size + 1, batch_size", "never used"),
        ("[start : start + batch_size]", "[start:]", "size of each image's batch"),
        ("[start : start + batch_size]", "[:batch_size]", "never used"),
        ("x[chosen], y[chosen]", "x, y", "size of each image's batch"),
        ("order = ", "batch_size = 7\norder = ", "is batch_size used"),
        ("learning_rate)", "-learning_rate)", "uphill"),
        ("    descent_step(", "    dense(x, w, b)  # descent_step(", "w has not moved"),
        ("learning_rate)", "0.2)", "size of each image's batch"),
    ),
    "soft-temperature": [
        *spoilt(
            SOFTMAX_AT,
            ("z / temperature", "z * temperature", "multiplied by T"),
            ("z = z / temperature", "z = z / 1", "not used"),
            (" - z.max(axis=-1, keepdims=True)", "", "own largest"),
            ("z.max(axis=-1, keepdims=True)", "z.max()", "own largest"),
            ("e.sum(axis=-1, keepdims=True)", "e.sum()", "one sum for all rows"),
            ("e.sum(axis=-1", "e.sum(axis=0", "softmax_at"),
            ("return e / e.sum(axis=-1, keepdims=True)", "return e", "softmax_at"),
            ("return", "answer =", "returns nothing"),
            ("z = z / temperature", "z /= temperature", "writes to its argument z"),
            ("axis=-1", "axis=1", "AxisError"),
        ),
        ("return softmax(z) / temperature", "divide the scores"),
    ],
    "decay-gradient": [
        ("return x.T @ dz", "penalty is missing"),
        ("return decay * w", "gradient check"),
        ("return x.T @ dz + 2 * decay * w", "not 2 λ W"),
        ("return x.T @ dz + decay / 2 * w", "cancels the half"),
        ("return x.T @ dz + decay / 2 * w**2", "take its derivative"),
        ("return x.T @ dz - decay * w", "sign is turned"),
        ("return x.T @ dz + decay * np.sign(w)", "gradient check"),
        ("return (x.T @ dz + decay * w) / len(y)", "gradient"),
        ("return dz @ w.T + decay * x", "should have the shape"),
        ("w *= 0.5\nreturn x.T @ dz + 2 * decay * w", "writes to its argument w"),
        (
            "f = lambda v: cross_entropy(dense(x, v, b), y) + decay / 2 * (v**2).sum()\n"
            "return numerical_gradient(f, w)",
            "write it without",
        ),
    ],
}

RIGHT = {
    "dense": ["return np.einsum('nd,dc->nc', x, w) + b", "return (x.astype('f') @ w + b).tolist()"],
    "naive-softmax": ["return np.exp(z) / np.sum(np.exp(z), -1)[..., None]"],
    "softmax": [
        """
rows = z.reshape(-1, z.shape[-1])
made = []
for row in rows:
    e = [np.exp(score - max(row)) for score in row]
    made.append([value / sum(e) for value in e])
return np.array(made).reshape(z.shape)
""",
        "log_sum = np.logaddexp.reduce(z, axis=-1, keepdims=True)\nreturn np.exp(z - log_sum)",
    ],
    "cross-entropy": [
        """
total = 0
for row, label in zip(z, y):
    top = max(row)
    total += top + np.log(sum(np.exp(row - top))) - row[label]
return float(total / len(y))
""",
        "return np.mean(np.logaddexp.reduce(z, axis=1) - np.diagonal(z[:, y]))",
    ],
    "joint-gradient": ["return (softmax(z) - np.eye(z.shape[1])[y]) / len(z)"],
    "dense-backward": [
        "return [np.einsum('nd,nc->dc', x, dz), np.ones(len(dz)) @ dz, (w @ dz.T).T]",
    ],
    "numerical-gradient": [
        """
slopes = []
for i in range(x.size):
    where = np.unravel_index(i, x.shape)
    kept = float(x[where])
    values = []
    for sign in (1, -1):
        x[where] = kept + sign * h
        values.append(np.array(f(x)))
    x[where] = kept
    slopes.append((weight * (values[0] - values[1]) / h / 2).sum())
return np.reshape(slopes, x.shape)
""",
    ],
    "relative-error": [
        """
a, b = np.ravel(a), np.ravel(b)
size = abs(a) + abs(b)
if not size.any():
    return 0
mean = size.sum() / len(size)
return max(abs(p - q) / max(s, mean) for p, q, s in zip(a, b, size))
""",
    ],
    "descent-step": [
        """
loss = cross_entropy(x @ w + b, y)
dz = cross_entropy_backward(x @ w + b, y)
w[:] = w - learning_rate * (x.T @ dz)
np.subtract(b, learning_rate * dz.sum(axis=0), out=b)
return loss
""",
    ],
    "one-epoch": [
        """
order = np.arange(len(y))
rng.shuffle(order)
while len(order):
    dz = cross_entropy_backward(dense(x[order[:batch_size]], w, b), y[order[:batch_size]])
    w -= learning_rate * x[order[:batch_size]].T @ dz
    b -= learning_rate * dz.sum(axis=0)
    order = order[batch_size:]
""",
    ],
    "soft-temperature": ["return softmax(np.asarray(z) / temperature)"],
    "decay-gradient": ["return dense_backward(dz, x, w)[0] + w * decay"],
}
