"""The usual wrong answers to the exercises. The check of each exercise must refuse all of them.

For each notebook, for each grade_id: what a student may write between ``### BEGIN SOLUTION`` and
``### END SOLUTION``, indented as if it stood alone.
"""

# Right answers, to be spoilt.

STRATIFIED = """
members = rng.permutation(np.flatnonzero(labels == k))
cut = round(share * len(members))
to_validate.extend(members[:cut])
to_train.extend(members[cut:])
"""
VOTE = """
nearest_k = distances.argsort(axis=1, kind="stable")[:, :k]
return np.array([np.bincount(row).argmax() for row in labels[nearest_k]])
"""
COST = """
weights = channels * k * k
outputs = output_size(height, k, stride, padding) * output_size(width, k, stride, padding)
return filters * (weights + 1), filters * outputs * weights
"""
FLIP = """
turned = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
k = weight.shape[2]
return forward_windows(dy, turned, np.zeros(len(turned)), padding=k - 1)
"""
SOFTMAX_AT = """
z = z / temperature
e = np.exp(z - z.max(axis=-1, keepdims=True))
return e / e.sum(axis=-1, keepdims=True)
"""
SIGMOID = """
def forward(self, x, training=False):
    self.x = x
    self.y = 1 / (1 + np.exp(-x))
    return self.y

def backward(self, dy):
    return dy * self.y * (1 - self.y)
"""
NESTEROV = """
memory[0] = self.momentum * memory[0] + grad
return grad + self.momentum * memory[0]
"""
ADAMW = """
for param in params:
    if param.ndim > 1:
        param *= 1 - self.learning_rate * self.decay
super().update(params, grads)
"""
CLIP = """
length = np.sqrt(sum((grad**2).sum() for grad in grads))
factor = min(1, limit / length)
return [factor * grad for grad in grads]
"""

LAYER_NORM = """
centred = x - x.mean(axis=1, keepdims=True)
var = (centred**2).mean(axis=1, keepdims=True)
return gamma * centred / np.sqrt(var + epsilon) + beta
"""
DROP_CHANNELS = """
kept = rng.random((*x.shape[:2], 1, 1)) >= rate
return x * kept / (1 - rate)
"""
FOLD = """
gain = norm.params["gamma"] / np.sqrt(norm.running_var + norm.epsilon)
return weight * gain, (bias - norm.running_mean) * gain + norm.params["beta"]
"""
TRAIN_EPOCH = """
order = rng.permutation(len(images))
for start in range(0, len(order), batch_size):
    chosen = order[start : start + batch_size]
    logits = net.forward(images[chosen], training=True)
    loss, dlogits = softmax_cross_entropy(logits, labels[chosen])
    net.backward(dlogits)
    for layer in net.layers:
        for name, gradient in layer.grads.items():
            layer.params[name] -= learning_rate * gradient
    after_step(loss)
"""
AVERAGE = """
def forward(self, x, training=False):
    self.shape, size = x.shape, self.settings[0]
    return sum(x[there] for there in positions(x.shape, *self.settings)) / size**2

def backward(self, dy):
    dx, size = np.zeros(self.shape), self.settings[0]
    for there in positions(self.shape, *self.settings):
        dx[there] += dy / size**2
    return dx
"""
ROWS = """
first = last = row
for k, s, p in reversed(layers):
    first, last = first * s - p, last * s - p + k - 1
return first, last
"""

WRONG_ANSWERS = {
    "01_digits": {
        "idx-header": [
            # Little-endian, without the number of dimensions, of signed bytes, the sizes reversed.
            'return struct.pack(f"<HBB{len(shape)}I", 0, 8, len(shape), *shape)',
            'return struct.pack(f">HH{len(shape)}I", 0, 8, *shape)',
            'return struct.pack(f">HBB{len(shape)}I", 0, 9, len(shape), *shape)',
            'return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape[::-1])',
            # Only for images, sizes of two bytes, text instead of bytes, nothing returned.
            'return bytes([0, 0, 8, 3]) + np.array(shape, dtype=">u4").tobytes()',
            'return bytes([0, 0, 8, len(shape)]) + np.array(shape, dtype=">u8").tobytes()',
            'return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape).hex(" ")',
            'struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)',
        ],
        "stratified": [
            *(
                STRATIFIED.replace(right, wrong)
                for right, wrong in {
                    "rng.permutation(np.flatnonzero(labels == k))": "np.flatnonzero(labels == k)",
                    "share * len(members)": "share * len(labels) / 10",  # as if classes were equal
                    "round(share * len(members))": "int(share * 40)",
                    "to_train.extend(members[cut:])": "to_train.extend(members)",  # in both
                    "to_validate.extend(members[:cut])": "to_validate.extend(members[cut:])",
                    "members[cut:]": "members[cut + 1 :]",  # one is lost
                    "np.flatnonzero(labels == k)": "np.arange((labels == k).sum())",
                }.items()
            ),
            # Not stratified, and the parts swapped.
            "to_train, to_validate = split(len(labels), share, rng)",
            STRATIFIED.replace("[:cut]", "[: len(members) - cut]").replace(
                "[cut:]", "[len(members) - cut :]"
            ),
        ],
        "vote": [
            *(
                VOTE.replace(right, wrong)
                for right, wrong in [
                    ("distances.argsort", "(-distances).argsort"),  # the furthest
                    ("[:, :k]", "[:k]"),  # images instead of neighbours
                    (":k", ":1"),  # only one
                    ("np.bincount(row).argmax()", "row[0]"),  # the nearest, no vote
                    ("np.bincount(row).argmax()", "np.median(row)"),
                    ("np.bincount(row).argmax()", "np.bincount(row).max()"),  # the votes
                    ("labels[nearest_k]", "nearest_k"),  # positions instead of labels
                    ("axis=1", "axis=0"),
                ]
            ),
            VOTE.replace("return", "answers ="),
        ],
    },
    "02_softmax": {
        "soft-temperature": [
            *(
                SOFTMAX_AT.replace(right, wrong)
                for right, wrong in [
                    ("z / temperature", "z * temperature"),
                    ("z = z / temperature", "z = z / 1"),  # no temperature
                    (" - z.max(axis=-1, keepdims=True)", ""),  # overflows
                    ("z.max(axis=-1, keepdims=True)", "z.max()"),  # one largest for all rows
                    ("e.sum(axis=-1, keepdims=True)", "e.sum()"),  # one sum for all rows
                    ("e.sum(axis=-1", "e.sum(axis=0"),  # over the images
                    ("return e / e.sum(axis=-1, keepdims=True)", "return e"),
                    ("return", "answer ="),
                ]
            ),
            "return softmax(z) / temperature",
        ],
        "decay-gradient": [
            "return x.T @ dz",  # no penalty
            "return decay * w",  # nothing but the penalty
            "return x.T @ dz + 2 * decay * w",
            "return x.T @ dz + decay / 2 * w",
            "return x.T @ dz + decay / 2 * w**2",  # the penalty, not its gradient
            "return x.T @ dz - decay * w",
            "return x.T @ dz + decay * np.sign(w)",
            "return (x.T @ dz + decay * w) / len(y)",  # dz holds 1/N already
            "return dz @ w.T + decay * x",
        ],
    },
    "05_pooling": {
        "loop": [
            *(
                TRAIN_EPOCH.replace(right, wrong)
                for right, wrong in [
                    ("-= learning_rate", "+= learning_rate"),  # uphill
                    ("learning_rate * gradient", "gradient"),
                    ("learning_rate * gradient", "learning_rate * gradient / batch_size"),
                    ("learning_rate * gradient", "0.1 * gradient"),
                    ("order = ", "batch_size = 3\norder = "),
                    ("rng.permutation(len(images))", "np.arange(len(images))"),
                    ("0, len(order)", "0, len(order) - batch_size + 1"),  # drops the last batch
                    ("labels[chosen]", "labels[start : start + batch_size]"),  # not shuffled
                    ("[start : start + batch_size]", "[start:]"),
                    ("[start : start + batch_size]", "[:batch_size]"),  # always the first
                    ("    net.backward(dlogits)", "    net.backward(-dlogits)"),
                    ("    after_step(loss)", ""),
                    ("    after_step(loss)", "after_step(loss)"),  # once an epoch
                    ("in net.layers", "in net.layers[:1]"),
                    ("in net.layers", "in net.layers[:2]"),
                    ("in net.layers", "in net.layers[-1:]"),
                    ("rng.permutation(len(images))", "np.arange(len(images))[::-1]"),
                    ("rng.permutation", "np.random.default_rng(0).permutation"),  # always the same
                    ("rng.permutation", "np.random.default_rng().permutation"),
                    (", training=True", ""),
                    ("layer.params[name] -=", "layer.params[name] = -"),
                    ("layer.grads.items()", "list(layer.grads.items())[:1]"),  # no bias
                ]
            ),
            # Told before the step.
            TRAIN_EPOCH.replace("    after_step(loss)\n", "").replace(
                "    net.backward", "    after_step(loss)\n    net.backward"
            ),
        ],
        "average": [
            *(
                AVERAGE.replace(right, wrong)
                for right, wrong in [
                    (" / size**2\n\ndef", "\n\ndef"),  # the sum
                    ("dy / size**2", "dy"),
                    ("size**2", "4"),  # only for windows of 2
                    ("size**2", "size"),
                    ("dx[there] +=", "dx[there] ="),  # overlapping windows
                    ("dy / size**2", "dy.mean()"),
                    ("    return dx", ""),
                    ("*self.settings)", "self.settings[0], self.settings[0])"),  # no stride
                ]
            ),
            # The largest instead of the mean; the mean of all; only forward.
            """
            def forward(self, x, training=False):
                self.inner = MaxPool2D(*self.settings)
                return self.inner.forward(x)

            def backward(self, dy):
                return self.inner.backward(dy)
            """,
            AVERAGE.replace("sum(x[there]", "sum(x[there] * 0 + x.mean()"),
            AVERAGE.partition("\ndef backward")[0],
        ],
        "rows": [
            *(
                ROWS.replace(right, wrong)
                for right, wrong in [
                    ("reversed(layers)", "layers"),  # from front to back
                    (" - p", ""),
                    ("- p + k - 1", "- p + k"),  # the first row outside
                    ("last * s - p + k - 1", "last + k - 1"),
                    ("last * s - p + k - 1", "first * s - p + k - 1"),  # only the first is followed
                    ("first * s - p,", "max(first * s - p, 0),"),
                    ("return first, last", "return last - first + 1"),
                    ("return first, last", "print(first, last)"),
                    ("first * s", "first"),
                ]
            ),
            "return row, row + sum(k - 1 for k, s, p in layers)",
        ],
    },
    "06_speed": {
        "strides-of": [
            "return tuple(shape)",
            "return tuple(itemsize for _ in shape)",
            "return tuple(int(np.prod(shape[a + 1 :])) for a in range(len(shape)))",
            "return tuple(int(np.prod(shape[a:])) * itemsize for a in range(len(shape)))",
            "return tuple(int(np.prod(shape[:a])) * itemsize for a in range(len(shape)))",
            "return tuple(size * itemsize for size in shape[1:]) + (itemsize,)",
        ],
        "stepped-windows": [
            "return x",
            "return row_windows(x, kw)",
            "return row_windows(x, kw)[:, ::step].copy()",
            "return row_windows(x, kw)[:, : (x.shape[1] - kw) // step + 1]",
            "return row_windows(x, kw)[:, step - 1 :: step]",
            "return row_windows(x, kw)[:, :: step + 1]",
            """
            height, width, channels, n = x.shape
            shape = height, (width - kw) // step, kw * channels, n
            strides = x.strides[0], step * x.strides[1], *x.strides[2:]
            return as_strided(x, shape, strides)
            """,
            """
            height, width, channels, n = x.shape
            shape = height, (width - kw) // step + 1, kw, channels, n
            strides = x.strides[0], step * x.strides[1], *x.strides[1:]
            return as_strided(x, shape, strides)
            """,
        ],
        "limit": [
            "return rate",
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            return rate / (2 * outputs * channels * k * k)
            """,
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            moved = 4 * (channels * height * width + outputs)
            return min(rate / (outputs * channels * k * k), bandwidth / moved)
            """,
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            moved = channels * height * width + outputs
            return min(rate / (2 * outputs * channels * k * k), bandwidth / moved)
            """,
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            moved = 4 * (channels * height * width + outputs)
            return max(rate / (2 * outputs * channels * k * k), bandwidth / moved)
            """,
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            operations = 2 * outputs * channels * k * k
            moved = 4 * (channels * height * width + outputs)
            return 1 / (operations / rate + moved / bandwidth)
            """,
            """
            operations = 2 * filters * height * width * channels * k * k
            moved = 4 * (channels + filters) * height * width
            return min(rate / operations, bandwidth / moved)
            """,
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            moved = 4 * (channels * height * width + outputs)
            return min(rate / (2 * outputs * k * k), bandwidth / moved)
            """,
        ],
    },
    "03_backpropagation": {
        "leaky": [
            # A plain ReLU, the forward, the slope added, on both sides or on the wrong one.
            "return dy * (x > 0)",
            "return np.where(x > 0, x, slope * x)",
            "return np.where(x > 0, dy, dy + slope)",
            "return slope * dy",
            "return np.where(x > 0, slope * dy, dy)",
            "return np.where(x > 0, dy, slope)",
            "return np.where(x >= 0, dy, slope * dy)",
            "return np.where(dy > 0, dy, slope * dy)",
            # Written into dy; nothing returned.
            "dy[x <= 0] *= slope\nreturn dy",
            "dx = np.where(x > 0, dy, slope * dy)",
        ],
        "sigmoid": [
            # Another sign, another derivative, the derivative of x, no chain rule, no return.
            SIGMOID.replace("np.exp(-x)", "np.exp(x)"),
            SIGMOID.replace("* (1 - self.y)", "* (1 + self.y)"),
            SIGMOID.replace("dy * self.y * (1 - self.y)", "dy * self.y"),
            SIGMOID.replace("dy * self.y * (1 - self.y)", "dy * self.x * (1 - self.x)"),
            SIGMOID.replace("dy * self.y", "self.y"),
            SIGMOID.replace("    return dy", "    dx = dy"),
            SIGMOID.replace("    return dy", "    dy *= 1.0\n    return np.zeros_like(dy) * dy"),
            # Only forward.
            SIGMOID.partition("\ndef backward")[0],
        ],
        "scale-shift": [
            # Not summed over the batch, averaged, summed over features, gamma or x forgotten.
            "return dy * gamma, dy * x, dy",
            "return dy * gamma, (dy * x).mean(axis=0), dy.mean(axis=0)",
            "return dy * gamma, (dy * x).sum(axis=1), dy.sum(axis=1)",
            "return dy * gamma, (dy * x).sum(), dy.sum()",
            "return dy, (dy * x).sum(axis=0), dy.sum(axis=0)",
            "return dy * gamma, dy.sum(axis=0), dy.sum(axis=0)",
            "return dy * gamma, x.sum(axis=0), np.full(len(gamma), len(x))",
            "return dy * gamma, dy.sum(axis=0), (dy * x).sum(axis=0)",
            "return dy * gamma",
        ],
    },
    "04_convolution": {
        "cost": [
            # No bias, one bias in all, no channels, the input's size for the output's, no filters.
            COST.replace("(weights + 1)", "weights"),
            COST.replace("filters * (weights + 1)", "filters * weights + 1"),
            COST.replace("channels * k * k", "k * k"),
            "return filters * (channels * k * k + 1), filters * height * width * channels * k * k",
            COST.replace("filters * outputs", "outputs"),
            # Stride or padding forgotten; height for width; nothing returned.
            COST.replace("k, stride, padding)", "k, 1, padding)"),
            COST.replace("k, stride, padding)", "k, stride, 0)"),
            COST.replace("output_size(width", "output_size(height"),
            COST.replace("return ", "answer = "),
        ],
        "slant": [
            # The other slant, edges instead of lines, a line that also answers to plain ink.
            "return np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]])",
            "return np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])",
            "return np.eye(3)[::-1]",
            "return np.zeros((3, 3))",
            "return [[-1, 1], [1, -1]]",
        ],
        "flip": [
            FLIP.replace("weight[:, :, ::-1, ::-1]", "weight"),
            FLIP.replace(".transpose(1, 0, 2, 3)", ""),
            FLIP.replace("[:, :, ::-1, ::-1]", "[:, :, ::-1]"),
            FLIP.replace("[:, :, ::-1, ::-1]", "[::-1, ::-1]"),
            FLIP.replace("[:, :, ::-1, ::-1]", "[:, :, ::-1, ::-1].swapaxes(2, 3)"),
            FLIP.replace(", padding=k - 1", ""),
            FLIP.replace("k - 1", "k"),
            FLIP.replace("np.zeros(len(turned))", "np.ones(len(turned))"),
            FLIP.replace("return ", "dx = "),
        ],
    },
    "07_training": {
        "nesterov": [
            *(
                NESTEROV.replace(right, wrong)
                for right, wrong in [
                    ("return grad + self.momentum * memory[0]", "return memory[0]"),  # plain
                    ("return grad +", "return memory[0] +"),
                    ("return grad + self.momentum *", "return grad +"),
                    ("return grad + self.momentum *", "return self.momentum *"),
                    ("grad\nreturn", "(1 - self.momentum) * grad\nreturn"),
                    ("self.momentum", "0.9"),  # not the momentum that was asked for
                    ("memory[0] = self.momentum * memory[0] + grad\n", ""),  # no velocity
                    ("memory[0] =", "velocity ="),  # nothing is remembered
                    ("return ", "answer = "),
                ]
            ),
            # The look ahead with the velocity from before the step.
            """
            answer = grad + self.momentum * memory[0]
            memory[0] = self.momentum * memory[0] + grad
            return answer
            """,
        ],
        "adamw": [
            *(
                ADAMW.replace(right, wrong)
                for right, wrong in [
                    ("if param.ndim > 1", "if True"),  # biases decay, too
                    ("if param.ndim > 1", "if param.ndim == 2"),  # filters do not
                    ("in params:", "in params[:1]:"),
                    ("if param.ndim > 1:\n        param", "if param is params[0]:\n        param"),
                    ("self.decay", "0.1"),  # not the decay that was asked for
                    ("self.learning_rate * ", ""),
                    ("1 - self", "1 + self"),
                    (" * self.decay", ""),
                    ("param *= 1 -", "param -="),  # the same amount from every weight
                    ("param *= 1 - ", "param = param * 1 - "),  # not in place
                    ("super().update(params, grads)", ""),
                    ("params, grads)", "[param.copy() for param in params], grads)"),
                ]
            ),
            # L2 in the gradient, decay after the step, no decay at all.
            "super().update(params, [g + self.decay * p * (p.ndim > 1)\n"
            "    for p, g in zip(params, grads)])",
            ADAMW.partition("super()")[1]
            + ".update(params, grads)\n"
            + ADAMW.partition("super")[0],
            "super().update(params, grads)",
        ],
        "clip": [
            *(
                CLIP.replace(right, wrong)
                for right, wrong in [
                    ("np.sqrt", "abs"),  # the square of the length
                    ("return", "if factor == 1:\n    return grads\nreturn"),
                    ("grad**2", "abs(grad)"),
                    ("min(1, limit / length)", "limit / length"),  # lengthens short ones
                    ("min(1, limit / length)", "min(1, length / limit)"),
                    ("min(1, limit / length)", "1"),
                    (
                        "sum((grad**2).sum() for grad in grads)",
                        "max((grad**2).sum() for grad in grads)",
                    ),
                    ("np.sqrt(sum((grad**2).sum() for grad in grads))", "5"),
                    (
                        "np.sqrt(sum((grad**2).sum() for grad in grads))",
                        "sum(np.abs(grad).sum() for grad in grads)",
                    ),
                    (
                        "(grad**2).sum()",
                        "np.linalg.norm(grad, 2) ** 2",  # of a matrix: its largest stretch
                    ),
                    ("return [factor * grad for grad in grads]", "return factor * grads[0]"),
                    ("return ", "answer = "),
                ]
            ),
            # Each number, or each array, by itself; written into what came in.
            "return [np.clip(grad, -limit, limit) for grad in grads]",
            "return [grad * min(1, limit / np.sqrt((grad**2).sum())) for grad in grads]",
            CLIP.replace(
                "return [factor * grad for grad in grads]",
                "for grad in grads:\n    grad *= factor\nreturn grads",
            ),
        ],
    },
    "08_regularisation": {
        "layer-norm": [
            *(
                LAYER_NORM.replace(right, wrong)
                for right, wrong in [
                    ("axis=1", "axis=0"),  # batch norm
                    ("centred = x -", "centred = x\nx -="),  # written into x
                    ("axis=1, keepdims=True", "axis=1"),  # spread over the wrong axis
                    ("axis=1, keepdims=True", ""),  # one mean for all
                    (" + epsilon", ""),
                    ("np.sqrt(var + epsilon)", "(var + epsilon)"),
                    ("np.sqrt(var + epsilon)", "(np.sqrt(var) + epsilon)"),
                    ("gamma * ", ""),
                    (" + beta", ""),
                    ("return", "y ="),
                ]
            ),
            LAYER_NORM.replace("(centred**2).mean(axis=1,", "x.var(axis=1, ddof=1,"),
        ],
        "drop-channels": [
            *(
                DROP_CHANNELS.replace(right, wrong)
                for right, wrong in [
                    ("(*x.shape[:2], 1, 1)", "x.shape"),  # single pixels
                    ("kept = ", "rng = np.random.default_rng(0)\nkept = "),  # always the same
                    ("rng.random((", "np.random.random(("),
                    ("(*x.shape[:2], 1, 1)", "(1, x.shape[1], 1, 1)"),  # the same for all images
                    ("(*x.shape[:2], 1, 1)", "(len(x), 1, 1, 1)"),  # whole images
                    (">=", "<"),  # the share that is kept
                    (" / (1 - rate)", ""),
                    ("/ (1 - rate)", "* (1 - rate)"),
                    ("/ (1 - rate)", "/ rate"),
                    ("return x * kept", "x *= kept\nreturn x"),  # written into x
                    ("return x * kept", "return kept"),  # the mask
                    ("return", "y ="),
                ]
            ),
            # Always the same number of channels.
            """
            y = x.copy()
            for n in range(len(x)):
                y[n, rng.permutation(x.shape[1])[: round(rate * x.shape[1])]] = 0
            return y / (1 - rate)
            """,
            "return x",
        ],
        "fold": [
            *(
                FOLD.replace(right, wrong)
                for right, wrong in [
                    ('norm.params["gamma"]', "1"),
                    (" + norm.epsilon", ""),
                    ("np.sqrt(norm.running_var + norm.epsilon)", "norm.running_var"),
                    ("weight * gain", "weight"),
                    ("weight * gain", "weight * gain[:, None]"),  # the inputs, not the outputs
                    ("(bias - norm.running_mean) * gain", "bias - norm.running_mean * gain"),
                    ("(bias - norm.running_mean) * gain", "(bias + norm.running_mean) * gain"),
                    ("(bias - norm.running_mean) * gain", "bias * gain - norm.running_mean"),
                    (' + norm.params["beta"]', ""),
                    ("return weight * gain, ", "return "),
                    ("return", "answer ="),
                ]
            ),
            "return weight, bias",
        ],
    },
}
