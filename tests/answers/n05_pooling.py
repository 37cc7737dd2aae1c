"""Answers to the exercises of notebook 05: see `answers`."""

POOL = """
y = np.zeros(pooled_shape(x.shape, size, stride))
for n, k, r, c in np.ndindex(y.shape):
    top, left = r * stride, c * stride
    y[n, k, r, c] = x[n, k, top : top + size, left : left + size].max()
return y
"""
BACK = """
dx = np.zeros(x.shape)
for n, k, r, c in np.ndindex(dy.shape):
    top, left = r * stride, c * stride
    window = x[n, k, top : top + size, left : left + size]
    i, j = np.unravel_index(window.argmax(), window.shape)
    dx[n, k, top + i, left + j] += dy[n, k, r, c]
return dx
"""
FORWARD = """
first, *later = positions(x.shape, size, stride)
y = x[first].copy()
winner = np.zeros(y.shape, dtype=np.int8)
for number, there in enumerate(later, start=1):
    winner = np.where(x[there] > y, number, winner)
    y = np.maximum(x[there], y)
return y, winner
"""
ROUTE = """
dx = np.zeros(shape, dy.dtype)
for number, there in enumerate(positions(shape, size, stride)):
    dx[there] += dy * (winner == number)
return dx
"""
FIELD = """
f, d, sides = 1, 1, []
for m, s in layers:
    f, d = f + (m - 1) * d, d * s
    sides.append(f)
return sides
"""
TRAIN_EPOCH = """
order = rng.permutation(len(images))
for start in range(0, len(order), batch_size):
    chosen = order[start : start + batch_size]
    logits = net.forward(images[chosen], training=True)
    loss, dlogits = loss_function(logits, labels[chosen])
    net.backward(dlogits)
    for layer in net.layers:
        for name, gradient in layer.grads.items():
            layer.params[name] -= learning_rate * gradient
    after_step(loss)
"""
AVERAGE_BACK = """
dx = np.zeros(shape, dy.dtype)
for there in positions(shape, size, stride):
    dx[there] += dy / size**2
return dx
"""
ROWS = """
first = last = row
for m, s, p in reversed(layers):
    first, last = first * s - p, last * s - p + m - 1
return first, last
"""

WRONG = {
    "pool-loops": [
        (POOL.replace(".max()", ".mean()"), "means of the windows"),
        (POOL.replace(".max()", ".sum()"), "sums of the windows"),
        (POOL.replace(".max()", ".min()"), "smallest"),
        (POOL.replace(".max()", "[0, 0]"), "first number of each window"),
        (POOL.replace("r * stride, c * stride", "r, c"), "stride pixels"),
        (POOL.replace("r * stride, c * stride", "r * size, c * size"), ""),
        (POOL.replace(".max()", ".max(initial=0)"), "negative numbers lost"),
        (POOL.replace("x[n, k,", "x[0, k,"), "answers of the first"),
        (POOL.replace("x[n, k,", "x[n, 0,"), "each channel"),
        (
            POOL.replace(".max()", ".max() if True else 0").replace("return y", ""),
            "returns nothing",
        ),
        ("return np.abs(x).max()", "should have the shape"),
        (POOL.replace("top + size", "top + 2").replace("left + size", "left + 2"), "are off"),
    ],
    "pool-loops-back": [
        (
            BACK.replace(
                "dx[n, k, top + i, left + j] +=", "dx[n, k, top:top+size, left:left+size] +="
            ),
            "only the winner moves y",
        ),
        (
            BACK.replace(
                "dx[n, k, top + i, left + j] += dy[n, k, r, c]",
                "dx[n, k, top:top+size, left:left+size] += dy[n, k, r, c] / size**2",
            ),
            "shared out evenly",
        ),
        (BACK.replace("+= dy[n, k, r, c]", "+= 1"), "what came from above"),
        (BACK.replace("argmax", "argmin"), "smallest numbers"),
        (BACK.replace("] += dy", "] = dy"), "they add up"),
        (BACK.replace("top + i, left + j", "i, j"), "should be"),
        (
            BACK.replace(
                "dx[n, k, top + i, left + j] += dy[n, k, r, c]",
                "dx[n, k, top:top+size, left:left+size]"
                " += dy[n, k, r, c] * (window == window.max())",
            ),
            "1 became 3",
        ),
        (
            BACK.replace("window.argmax()", "size**2 - 1 - window.ravel()[::-1].argmax()"),
            "the first",
        ),
        (BACK.replace("i, j = ", "j, i = "), "should be"),
        (BACK.replace("return dx", ""), "returns nothing"),
        (BACK.replace("np.zeros(x.shape)", "x"), "writes to its argument x"),
        (BACK.replace("np.zeros(x.shape)", "np.zeros(dy.shape)"), "IndexError"),
    ],
    "pool-forward": [
        (
            FORWARD.replace(".copy()", "").replace(
                "y = np.maximum(x[there], y)", "np.maximum(x[there], y, out=y)"
            ),
            "writes to its argument x",
        ),
        (
            FORWARD.replace("    winner = np.where(x[there] > y, number, winner)\n", "").replace(
                "    y = np.maximum(x[there], y)",
                "    y = np.maximum(x[there], y)\n"
                "    winner = np.where(x[there] > y, number, winner)",
            ),
            "before you replace it",
        ),
        (FORWARD.replace("> y", ">= y"), "on a tie the last one won"),
        (FORWARD.replace("number, winner)", "x[there], winner)"), "should be"),
        (FORWARD.replace("return y, winner", "return y"), "returns two arrays"),
        (FORWARD.replace("return y, winner", "return winner, y"), "should be"),
        (FORWARD.replace(", start=1", ""), "count the later ones from 1"),
        (FORWARD.replace("start=1", "start=2"), "should be"),
        (FORWARD.replace("x[first].copy()", "np.zeros_like(x[first])"), "should be"),
        (FORWARD.replace("np.maximum(x[there], y)", "y + x[there]"), "should be"),
        (FORWARD.replace("np.maximum", "np.minimum").replace("> y", "< y"), "should be"),
        (FORWARD.replace("return y, winner", "pass"), "returns two arrays"),
    ],
    "pool-back": [
        (ROUTE.replace("+= dy", "= dy"), "add up"),
        (ROUTE.replace("dy * (winner", "(winner"), "what came from above"),
        (ROUTE.replace(" * (winner == number)", ""), "only the winner does"),
        (ROUTE.replace("winner == number", "winner == number + 1"), "should be"),
        (ROUTE.replace("return dx", ""), "returns nothing"),
        (ROUTE.replace("np.zeros(shape, dy.dtype)", "np.zeros_like(dy)"), "Error"),
        (ROUTE.replace("(winner == number)", "winner"), "should be"),
        (
            ROUTE.replace("    dx[there]", "    dy *= 1.5\n    dx[there]"),
            "writes to its argument dy",
        ),
        (ROUTE.replace("+= dy", "-= dy"), "should be"),
    ],
    "flatten": [
        ("self.shape = x.shape\nreturn x.ravel()", "the batch stays"),
        ("self.shape = x.shape\nreturn x.reshape(-1, len(x))", "should have the shape"),
        (
            "self.shape = x.shape\nreturn x.transpose(0, 2, 3, 1).reshape(len(x), -1)",
            "channel by channel",
        ),
        ("self.shape = x.shape\nreturn x.swapaxes(2, 3).reshape(len(x), -1)", "row by row"),
        ("return x.reshape(len(x), -1)", "self.shape is None"),
        ("self.shape = x.shape[1:]\nreturn x.reshape(len(x), -1)", "backward needs"),
        ("self.shape = x.shape\nx.reshape(len(x), -1)", "returns nothing"),
        ("Flatten.shape = x.shape\nreturn x.reshape(len(x), -1)", "second Flatten"),
        ("self.shape = x.shape\nreturn x", "should have the shape"),
    ],
    "field": [
        (
            FIELD.replace("f, d = f + (m - 1) * d, d * s", "d = d * s\n    f = f + (m - 1) * d"),
            "with the old d",
        ),
        (FIELD.replace("(m - 1) * d, d * s", "(m - 1), d * s"), "strides are missing"),
        (FIELD.replace("return sides", "return sides[-1:]"), "last side only"),
        (FIELD.replace("(m - 1)", "m"), "should be"),
        (FIELD.replace("d * s", "d + s"), ""),
        (FIELD.replace("d * s", "s"), "should"),
        (FIELD.replace("return sides", "return f"), "should have the shape"),
        (FIELD.replace("return sides", ""), "returns nothing"),
        (FIELD.replace("in layers", "in reversed(layers)"), "should be"),
        ("layers.append((1, 1))\n" + FIELD, "writes to its argument layers"),
    ],
    "loop": [
        *(
            (TRAIN_EPOCH.replace(right, wrong), words)
            for right, wrong, words in [
                ("-= learning_rate", "+= learning_rate", "must have moved by"),  # uphill
                ("learning_rate * gradient", "gradient", "must have moved by"),
                ("learning_rate * gradient", "learning_rate * gradient / batch_size", "moved by"),
                ("learning_rate * gradient", "0.1 * gradient", "must have moved by 0.3"),
                ("order = ", "batch_size = 3\norder = ", "batches of 2 make 4 steps"),
                ("rng.permutation(len(images))", "np.arange(len(images))", "new order"),
                ("0, len(order)", "0, len(order) - batch_size + 1", "batches of 3, 3 and 1"),
                ("labels[chosen]", "labels[start : start + batch_size]", "belong together"),
                ("[start : start + batch_size]", "[start:]", "batches of 3, 3 and 1"),
                ("[start : start + batch_size]", "[:batch_size]", "batches of 3, 3 and 1"),
                ("    net.backward(dlogits)", "    net.backward(-dlogits)", "must have moved by"),
                ("    after_step(loss)", "", "after_step must be called 3 times"),
                ("    after_step(loss)", "after_step(loss)", "called 3 times"),  # once an epoch
                ("in net.layers", "in net.layers[:1]", "must have moved by"),
                ("in net.layers", "in net.layers[:2]", "must have moved by"),
                ("in net.layers", "in net.layers[-1:]", "must have moved by"),
                ("rng.permutation(len(images))", "np.arange(len(images))[::-1]", "new order"),
                ("rng.permutation", "np.random.default_rng(0).permutation", "new order"),
                ("rng.permutation", "np.random.default_rng().permutation", "rng that is given"),
                (", training=True", "", "training=True"),
                ("layer.params[name] -=", "layer.params[name] = -", "must have moved by"),
                (
                    "layer.params[name] -= ",
                    "layer.params[name] = layer.params[name] - ",
                    "in place",
                ),
                ("layer.grads.items()", "list(layer.grads.items())[:1]", "bias"),
            ]
        ),
        (
            TRAIN_EPOCH.replace("    after_step(loss)\n", "").replace(
                "    net.backward", "    after_step(loss)\n    net.backward"
            ),
            "when after_step is called",
        ),
    ],
    "average": [
        ("return sum(x[there] for there in positions(x.shape, size, stride))", "these are sums"),
        (
            "return sum(x[there] for there in positions(x.shape, size, stride)) / size",
            "side of the window",
        ),
        ("return sum(x[there] for there in positions(x.shape, size, stride)) / 4", "more numbers"),
        ("return max_pool_forward(x, size, stride)[0]", "largest numbers"),
        ("return np.full(pooled_shape(x.shape, size, stride), x.mean())", "whole image"),
        ("return sum(x[there] for there in positions(x.shape, size, size)) / size**2", "shape"),
        (
            "sum(x[there] for there in positions(x.shape, size, stride)) / size**2",
            "returns nothing",
        ),
    ],
    "average-back": [
        (AVERAGE_BACK.replace(" / size**2", ""), "its share only"),
        (AVERAGE_BACK.replace("size**2", "size"), "side of the window"),
        (AVERAGE_BACK.replace("size**2", "4"), "gradient check"),
        (AVERAGE_BACK.replace("+=", "="), "gradient check"),
        (AVERAGE_BACK.replace("dy / size**2", "dy.mean() / size**2"), "mean of all of dy"),
        (AVERAGE_BACK.replace("    return dx", "").replace("return dx", ""), "returns nothing"),
        (AVERAGE_BACK.replace("size, stride)", "size, size)"), "Error"),
        (AVERAGE_BACK.replace("dy / size**2", "dy / size**2\n    break"), "first number of each"),
    ],
    "rows": [
        *(
            (ROWS.replace(right, wrong), words)
            for right, wrong, words in [
                ("reversed(layers)", "layers", "begin with the last layer"),
                (" - p", "", ""),
                ("- p + m - 1", "- p + m", ""),  # the first row outside
                ("last * s - p + m - 1", "last + m - 1", ""),
                ("last * s - p + m - 1", "first * s - p + m - 1", ""),
                ("first * s - p,", "max(first * s - p, 0),", "rows below 0"),
                ("return first, last", "return last - first + 1", "which are they"),
                ("return first, last", "print(first, last)", "returns nothing"),
                ("first * s", "first", ""),
            ]
        ),
        ("return row, row + sum(m - 1 for m, s, p in layers)", ""),
        (
            "layers.reverse()\n" + ROWS.replace("reversed(layers)", "layers"),
            "writes to its argument",
        ),
    ],
}

RIGHT = {
    "pool-loops": [
        """
        y = np.empty(pooled_shape(x.shape, size, stride))
        for r in range(y.shape[2]):
            for c in range(y.shape[3]):
                window = x[:, :, r * stride : r * stride + size, c * stride : c * stride + size]
                y[:, :, r, c] = window.max(axis=(2, 3))
        return y
        """,
        POOL.replace("return y", "return y.tolist()"),
    ],
    "pool-loops-back": [
        """
        dx = np.zeros_like(x)
        for n, k, r, c in np.ndindex(dy.shape):
            best = None
            for i, j in np.ndindex(size, size):
                at = n, k, r * stride + i, c * stride + j
                if best is None or x[at] > x[best]:
                    best = at
            dx[best] += dy[n, k, r, c]
        return dx
        """
    ],
    "pool-forward": [
        """
        slices = np.stack([x[there] for there in positions(x.shape, size, stride)])
        return slices.max(axis=0), slices.argmax(axis=0)
        """,
        FORWARD.replace("return y, winner", "return [y, winner.astype(float)]"),
    ],
    "pool-back": [
        """
        dx = np.zeros(shape)
        for number, there in enumerate(positions(shape, size, stride)):
            dx[there] = dx[there] + np.where(winner == number, dy, 0)
        return dx
        """
    ],
    "flatten": [
        "self.shape = x.shape\nreturn np.stack([image.ravel() for image in x])",
        "self.shape = N, C, H, W = x.shape\nreturn x.reshape(N, C * H * W)",
    ],
    "field": [
        """
        sides, f, d = [], 1, 1
        for m, s in layers:
            f += (m - 1) * d
            d *= s
            sides += [f]
        return np.array(sides)
        """
    ],
    "loop": [
        """
        order = rng.permutation(len(images))
        while len(order):
            chosen, order = order[:batch_size], order[batch_size:]
            loss, above = loss_function(net.forward(images[chosen], True), labels[chosen])
            net.backward(above)
            for w, dw in zip(net.parameters, net.gradients):
                w -= learning_rate * dw
            after_step(loss)
        """
    ],
    "average": [
        """
        parts = [x[there] for there in positions(x.shape, size, stride)]
        return np.mean(parts, axis=0)
        """
    ],
    "rows": [
        """
        if not layers:
            return row, row
        *front, (m, s, p) = layers
        first = row * s - p
        return seen_rows(first, front)[0], seen_rows(first + m - 1, front)[1]
        """,
        ROWS.replace("return first, last", "return [first, last]"),
    ],
}
