"""Answers to the exercises of 03: walking back, layers, a network, a step, first weights."""

WALK = """
de = 2 * e
dh = de
dz = dh * (z > 0)
du, db = dz, dz
dw, dx = du * x, du * w
return L, dx, dw, db
"""
FORK = """
da, dm = m, a
du = dm if u > v else 0
dv = dm - du
da = da + du * b + dv
db = du * a + dv
return da, db
"""
SCALE = """
dx = dy * gamma
dgamma = (dy * x).sum(axis=0)
dbeta = dy.sum(axis=0)
return dx, dgamma, dbeta
"""
DENSE = """
self.grads["weight"] = self.x.T @ dy
self.grads["bias"] = dy.sum(axis=0)
return dy @ self.params["weight"].T
"""
FORWARD = """
for layer in layers:
    x = layer.forward(x, training)
return x
"""
BACKWARD = """
for layer in reversed(layers):
    dlogits = layer.backward(dlogits)
return dlogits
"""
STEP = """
logits = net.forward(x, training=True)
loss, dlogits = softmax_cross_entropy(logits, labels)
net.backward(dlogits)
for value, gradient in zip(net.parameters, net.gradients, strict=True):
    value -= learning_rate * gradient
return loss
"""
HE = """
spread = np.sqrt(2 / inputs)
return rng.normal(0, spread, shape).astype(np.float32)
"""


def spoilt(right, *changes):
    """Return the right answer with one change each: (old, new, words of the message)."""
    for old, _, _ in changes:
        assert old in right, old
    return [(right.replace(old, new), words) for old, new, words in changes]


WRONG = {
    "walk-back": [
        *spoilt(
            WALK,
            (" * (z > 0)", "", "the ReLU hands nothing back"),
            ("du * x, du * w", "du * w, du * x", "exchanged"),
            ("2 * e", "e", "local gradient is 2 e"),
            ("2 * e", "-2 * e", "L, dx, dw and db"),
            ("du, db = dz, dz", "du, db = dz, dz * b", "L, dx, dw and db"),
            ("return L, dx, dw, db", "pass", "returned nothing"),
            ("L, dx, dw, db", "dx, dw, db", "should have the shape"),
        ),
        (
            "dh = de\nde = 2 * e" + WALK.replace("de = 2 * e\ndh = de", ""),
            "is used before it is computed",
        ),
        (WALK.replace("(z > 0)", "(h >= 0)"), "the ReLU hands nothing back"),
    ],
    "fork": spoilt(
        FORK,
        ("da, dm = m, a", "da, dm = 0, a", "a stands in L itself"),
        ("da = da + du * b + dv", "da = du * b + dv", "a stands in L itself"),
        ("da = da + du * b + dv", "", "only one part of da"),
        ("dv = dm - du", "dv = dm", "both sides"),
        ("u > v", "u < v", "smaller one"),
        ("return da, db", "return db, da", "exchanged"),
        ("db = du * a + dv", "db = du * a", "gradient check"),
        ("return da, db", "answer = da, db", "returned nothing"),
        ("du * b", "du * a", "gradient check"),
    ),
    "scale-shift": [
        ("return dy * gamma, dy * x, dy", "sum over them"),
        ("return dy * gamma, (dy * x).sum(axis=0), dy", "beta was broadcast"),
        ("return dy * gamma, (dy * x).mean(axis=0), dy.mean(axis=0)", "collects the sum"),
        ("return dy * gamma, (dy * x).sum(axis=1), dy.sum(axis=1)", "summed over the features"),
        ("return dy * gamma, (dy * x).sum(), dy.sum()", "one gamma for each feature"),
        ("return dy, (dy * x).sum(axis=0), dy.sum(axis=0)", "multiplication swaps"),
        ("return dy * gamma, dy.sum(axis=0), dy.sum(axis=0)", "x is missing"),
        ("return dy * gamma, x.sum(axis=0), np.full(len(gamma), len(x))", "upstream gradient"),
        ("return dy * gamma, dy.sum(axis=0), (dy * x).sum(axis=0)", "x is missing"),
        ("return dy * gamma", "three gradients"),
        ("dy *= 2\nreturn dy * gamma / 2, dy.sum(0), dy.sum(0)", "writes to its argument dy"),
        (SCALE.replace("return", "answer ="), "three gradients"),
    ],
    "relu": [
        ("return dy", "comes back unchanged"),
        ("return dy * ~self.mask", "turned over"),
        ("return dy * (dy > 0)", "asks dy"),
        ("return self.mask", "upstream gradient is missing"),
        ("return np.where(self.mask, 1, 0)", "upstream gradient is missing"),
        ("dy[~self.mask] = 0\nreturn dy", "writes to its argument dy"),
        ("dy *= self.mask\nreturn dy", "writes to its argument dy"),
        ("dy * self.mask", "returns nothing"),
        ("ReLU.mask = self.mask\nreturn dy * (self.mask + 0.5)", "should be"),
    ],
    "dense-layer": [
        *spoilt(
            DENSE,
            ("self.x.T @ dy", "self.x.T @ dy / len(dy)", "grads['weight']"),
            ("self.x.T @ dy", "dy.T @ self.x", "should have the shape"),
            ("dy.sum(axis=0)", "dy.mean(axis=0)", "grads['bias']"),
            ("dy.sum(axis=0)", "dy.sum(axis=1)", "grads['bias']"),
            ('self.grads["bias"] = dy.sum(axis=0)', "", "lacks 'bias'"),
            ('self.grads["weight"]', 'self.grads["w"]', "lacks 'weight'"),
            ('self.grads["weight"] = ', 'self.params["weight"] = ', "grads lacks"),
            ('.params["weight"].T', '.params["weight"]', "ValueError"),
            ('return dy @ self.params["weight"].T', "pass", "returns nothing"),
            ("return dy", 'return self.params["weight"] @ dy.T  # dy', "turned over"),
            (
                'self.grads["bias"] = dy.sum(axis=0)',
                'self.grads["bias"] = self.grads.get("bias", 0) + dy.sum(axis=0)',
                "grads['bias']",
            ),
        ),
        ("Dense.grads = {}\nself.__dict__.pop('grads', None)" + DENSE, "grads"),
        ("dy /= len(dy)" + DENSE, "writes to its argument dy"),
    ],
    "sequential-forward": spoilt(
        FORWARD,
        ("in layers", "in reversed(layers)", "back to front"),
        ("    x = layer", "    y = layer", "x comes back as it was"),
        (
            "x = layer.forward(x, training)\nreturn x",
            "y = layer.forward(x, training)\nreturn y",
            "only the last layer",
        ),
        ("\nreturn x", "\n    return x", "only the first layer"),
        ("(x, training)", "(x)", "training did not arrive"),
        ("(x, training)", "(x, True)", "training did not arrive"),
        ("return x", "pass", "returns nothing"),
        ("for layer", "x *= 1.5\nfor layer", "writes to its argument x"),
    ),
    "sequential-backward": spoilt(
        BACKWARD,
        ("reversed(layers)", "layers", "front to back"),
        (
            "dlogits = layer.backward(dlogits)\nreturn dlogits",
            "dx = layer.backward(dlogits)\nreturn dx",
            "only the first layer",
        ),
        ("\nreturn dlogits", "\n    return dlogits", "only the last layer"),
        ("    dlogits = layer", "    dx = layer", "dlogits comes back as it was"),
        (
            "for layer in reversed(layers)",
            "layers.reverse()\nfor layer in layers",
            "changed the list",
        ),
        (
            "for layer in reversed(layers):",
            "while layers:\n    layer = layers.pop()",
            "writes to its argument layers",
        ),
        ("return dlogits", "pass", "returns nothing"),
        ("for layer in", "dlogits *= 2\nfor layer in", "writes to its argument dlogits"),
    ),
    "sgd-step": [
        *spoilt(
            STEP,
            ("value -= learning_rate", "value = value - learning_rate", "nothing has moved"),
            ("value -= ", "value += ", "uphill"),
            ("learning_rate * gradient", "gradient", "learning rate is not used"),
            (
                "learning_rate * gradient",
                "learning_rate * gradient / len(x)",
                "do not divide again",
            ),
            (", training=True", "", "this is training"),
            ("    net.backward(dlogits)\n".lstrip(), "", "KeyError"),
            ("return loss", "pass", "returns nothing"),
            (
                "return loss",
                "return softmax_cross_entropy(net.forward(x), labels)[0]",
                "after the step",
            ),
            ("net.backward(dlogits)", "net.backward(-dlogits)", "uphill"),
            ("in zip(net.parameters", "in zip(net.parameters[:2]", "ValueError"),
        ),
        (
            STEP.replace(
                "zip(net.parameters, net.gradients, strict=True)",
                "list(zip(net.parameters, net.gradients))[:2]",
            ),
            "only 2 of 4",
        ),
        (
            STEP.partition("for value")[0]
            + """
for layer in net.layers:
    for name, gradient in layer.grads.items():
        layer.params[name] = layer.params[name] - learning_rate * gradient
return loss
""",
            "nothing has moved in the arrays",
        ),
    ],
    "he-weights": [
        *spoilt(
            HE,
            ("np.sqrt(2 / inputs)", "2 / inputs", "standard deviation"),
            ("2 / inputs", "1 / inputs", "makes up for the ReLU"),
            ("2 / inputs", "0.5 / inputs", "the ReLU halves"),
            ("2 / inputs", "2 / shape[0]", "variance"),
            ("2 / inputs", "2 / shape[1]", "outputs were counted"),
            (".astype(np.float32)", "", "float32"),
            ("spread, shape", "spread, inputs", "has the shape"),
            ("rng.normal", "np.random.default_rng(0).normal", "another rng"),
            ("rng.normal", "np.random.default_rng().normal", "draw from the rng"),
            ("normal(0", "normal(spread", "mean should be 0"),
            ("return", "answer =", "returned nothing"),
        ),
        ("return rng.standard_normal(shape).astype(np.float32)", "does not depend"),
    ],
    "leaky": [
        ("return dy * (x > 0)", "leak is missing"),
        ("return np.where(x > 0, x, slope * x)", "forward of x"),
        ("return np.where(x > 0, dy, dy + slope)", "it is a factor"),
        ("return slope * dy", "everywhere"),
        ("return np.where(x > 0, slope * dy, dy)", "where x is positive"),
        ("return np.where(x > 0, dy, slope)", "a factor of dy"),
        ("return np.where(x >= 0, dy, slope * dy)", "exactly 0"),
        ("return np.where(dy > 0, dy, slope * dy)", "asked of dy"),
        ("dy[x <= 0] *= slope\nreturn dy", "writes to its argument dy"),
        ("dx = np.where(x > 0, dy, slope * dy)", "returns nothing"),
    ],
    "sigmoid-forward": [
        ("return 1 / (1 + np.exp(x))", "grow with x"),
        ("return np.exp(-x)", "the sigmoid of 0"),
        ("return np.exp(np.minimum(x, 700))", "exponential alone"),
        ("e = np.exp(x.clip(-700, 700))\nreturn e / e.sum()", "the sigmoid of 0"),
        ("return 1 / 1 + np.exp(-x)", "the sigmoid of 0"),
        ("return np.exp(x) / (1 + np.exp(x))", "nan"),
        ("1 / (1 + np.exp(-x))", "returns nothing"),
        ("x *= -1\nreturn 1 / (1 + np.exp(x))", "writes to its argument x"),
    ],
    "sigmoid-backward": [
        ("return y * (1 - y)", "upstream gradient is missing"),
        ("return dy * y", "factor of the local gradient"),
        ("return dy * y * (1 + y)", "sign of the local gradient"),
        ("return dy * y * (y - 1)", "sign of the local gradient"),
        ("return dy * sigmoid(y) * (1 - sigmoid(y))", "do not take it again"),
        ("return dy", "unchanged"),
        ("return np.zeros_like(dy)", "gradient check"),
        ("dy *= y\nreturn dy * (1 - y)", "writes to its argument dy"),
        ("dx = dy * y * (1 - y)", "is None"),
    ],
}

RIGHT = {
    "walk-back": ["dz = 2 * e if z > 0 else 0.0\nreturn L, dz * w, dz * x, dz"],
    "fork": [
        "if u > v:\n    return 2 * a * b, a * a\nreturn 2 * a + b, a",
        "first = u > v\nreturn m + a * (b if first else 1), a * (a if first else 1)",
    ],
    "scale-shift": [
        "return [gamma * dy, np.einsum('nf,nf->f', dy, x), np.ones(len(dy)) @ dy]",
    ],
    "relu": [
        "return np.where(self.mask, dy, 0)",
        "dx = dy.copy()\ndx[~self.mask] = 0\nreturn dx",
    ],
    "dense-layer": [
        "self.grads = {'weight': np.einsum('nd,nc->dc', self.x, dy), 'bias': dy.sum(0)}\n"
        "return (self.params['weight'] @ dy.T).T",
    ],
    "sequential-forward": [
        "for i in range(len(layers)):\n    x = layers[i].forward(x, training=training)\nreturn x",
    ],
    "sequential-backward": [
        "for layer in layers[::-1]:\n    dlogits = layer.backward(dlogits)\nreturn dlogits",
        "if not layers:\n    return dlogits\n"
        "return backward_through(layers[:-1], layers[-1].backward(dlogits))",
    ],
    "sgd-step": [
        """
loss, dlogits = softmax_cross_entropy(net.forward(x, True), labels)
net.backward(dlogits)
for layer in net.layers:
    for name in layer.params:
        layer.params[name] -= learning_rate * layer.grads[name]
return float(loss)
""",
    ],
    "he-weights": ["return np.float32(rng.standard_normal(shape) * (2 / inputs) ** 0.5)"],
    "leaky": ["return dy * (x > 0) + slope * dy * (x <= 0)"],
    "sigmoid-forward": ["return 0.5 * (1 + np.tanh(x / 2))"],
    "sigmoid-backward": ["return dy * (y - y**2)"],
}
