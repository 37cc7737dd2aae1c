"""Answers to the exercises of notebook 06: see `answers`."""

PRODUCTS = """
y = np.zeros((n, f, rows * columns), x.dtype)
for i, j in np.ndindex(weight.shape[2:]):
    seen = x[:, :, i : i + rows, j : j + columns]
    y += weight[:, :, i, j] @ seen.reshape(n, -1, rows * columns)
return y.reshape(n, f, rows, columns)
"""
LAST = """
for i, j in np.ndindex(kh, kw):
    matrix[:, :, i, j] = x[i : i + rows, j : j + columns]
taps = weight.transpose(0, 2, 3, 1).reshape(f, -1)
return batch_first(taps @ matrix.reshape(rows, columns, -1, n))
"""
DIRECT = """
y = taps[0] @ seen[:rows]
for i in range(1, len(taps)):
    y += taps[i] @ seen[i : i + rows]
return batch_first(y)
"""
REUSE = """
for r in range(rows):
    np.matmul(taps[0], seen[r], out=y[r])
    for i in range(1, len(taps)):
        np.matmul(taps[i], seen[r + i], out=product)
        y[r] += product
"""
BACKWARD = """
dw = conv(x.transpose(swap), dy.transpose(swap)).transpose(swap)
padded = np.pad(dy, [(0, 0), (0, 0), (up, up), (across, across)])
dx = conv(padded, weight[:, :, ::-1, ::-1].transpose(swap))
return dx, dw, dy.sum(axis=(0, 2, 3))
"""

WRONG = {
    "rung-products": [
        (PRODUCTS.replace("y += weight", "y[...] = weight"), "add them up"),
        (PRODUCTS.replace("weight[:, :, i, j]", "weight[:, :, -1 - i, -1 - j]"), "upside down"),
        (PRODUCTS.replace("i : i + rows, j : j + columns", ":rows, :columns"), ""),
        (
            PRODUCTS.replace("return y.reshape(n, f, rows, columns)", "return y"),
            "should have the shape",
        ),
        (PRODUCTS.replace("y += ", "y -= "), "should be"),
        (PRODUCTS.replace("weight[:, :, i, j]", "weight[:, :, j, i]"), ""),
        (PRODUCTS.replace(", x.dtype", ""), "twice the memory"),
        (PRODUCTS.replace("return y", "y = y"), "returns nothing"),
        ("return conv_loops(x, weight)", "write it without"),
        (PRODUCTS.replace("weight[:, :, i, j] @", "weight[:, :, i, j].T @"), "ValueError"),
    ],
    "rung-batch-last": [
        (LAST.replace("weight.transpose(0, 2, 3, 1)", "weight"), "in the order kh, kw, C"),
        (LAST.replace("matrix[:, :, i, j]", "matrix[:, :, -1 - i, -1 - j]"), "upside down"),
        (LAST.replace("x[i : i + rows, j : j + columns]", "x[:rows, :columns]"), "never shifted"),
        (LAST.replace("batch_first(", "("), "should have the shape"),
        (LAST.replace("return batch_first", "y = batch_first"), "returns nothing"),
        (LAST.replace("(0, 2, 3, 1)", "(0, 3, 2, 1)"), "are off"),
        (
            LAST.replace("return batch_first(", "return np.ascontiguousarray(batch_first(").rstrip()
            + ")",
            "old order",
        ),
        ("return conv_im2col(batch_first(x), weight)", "write it without"),
        (
            LAST.replace("i : i + rows, j : j + columns", "j : j + rows, i : i + columns"),
            "ValueError",
        ),
    ],
    "rung-direct": [
        (DIRECT.replace("seen[i : i + rows]", "seen[:rows]"), "met the same windows"),
        (DIRECT.replace("taps[i]", "taps[-i]"), "are off"),
        (
            "return batch_first(sum(t @ seen[i : i + rows] for i, t in enumerate(taps[::-1])))",
            "upside down",
        ),
        (DIRECT.replace("range(1, len(taps))", "range(1, 1)"), "only the first row"),
        (DIRECT.replace("y += taps", "y = taps"), "only the last row"),
        (DIRECT.replace("batch_first(y)", "y"), "should have the shape"),
        (DIRECT.replace("seen[i : i + rows]", "seen[i:]"), "ValueError"),
        (DIRECT.replace("return ", ""), "returns nothing"),
        ("return conv_batch_last(x, weight)", "write it without"),
        (DIRECT.replace("range(1, len(taps))", "range(len(taps))"), "are off"),
        ("weight *= 2\n" + DIRECT, "writes to its argument weight"),
    ],
    "rung-reuse": [
        (REUSE.replace("np.matmul(taps[0], seen[r], out=y[r])", "y[r] += taps[0] @ seen[r]"), ""),
        (
            REUSE.replace("np.matmul(taps[0], seen[r], out=y[r])", "pass").replace(
                "range(1,", "range(0,"
            ),
            "",
        ),
        (REUSE.replace("y[r] += product", "y[r] = product"), "wrote over the one before"),
        (REUSE.replace("seen[r + i]", "seen[r]"), "are off"),
        (REUSE.replace("range(1, len(taps))", "range(1, 1)"), "only the first row"),
        (REUSE.replace("taps[0]", "taps[-1]").replace("taps[i]", "taps[-1 - i]"), "upside down"),
        ("y = sum(t @ seen[i : i + rows] for i, t in enumerate(taps))", "new array"),
        ("y = take('y', (rows, columns, f, n), float) * 0\n" + REUSE, "new array"),
        ("return conv_direct(x, weight)", "write it without"),
        (REUSE.replace("range(rows)", "range(rows - 1)"), ""),
    ],
    "rung-backward": [
        (
            BACKWARD.replace("dy.transpose(swap)).transpose(swap)", "dy.transpose(swap))"),
            "swap what comes out",
        ),
        (BACKWARD.replace("weight[:, :, ::-1, ::-1]", "weight"), "not turned by 180"),
        (BACKWARD.replace("conv(padded", "conv(dy"), "should have the shape"),
        (BACKWARD.replace("[:, :, ::-1, ::-1].transpose(swap)", "[:, :, ::-1, ::-1]"), "Error"),
        (BACKWARD.replace("dx, dw, dy.sum(axis=(0, 2, 3))", "dx, dw"), "three gradients"),
        (BACKWARD.replace("dy.sum(axis=(0, 2, 3))", "dy.mean(axis=(0, 2, 3))"), "this is a mean"),
        (
            BACKWARD.replace(".transpose(swap)\npadded", ".transpose(swap) / len(x)\npadded"),
            "already",
        ),
        (BACKWARD.replace("(up, up), (across, across)", "(across, across), (up, up)"), "shape"),
        (BACKWARD.replace("dx, dw, dy.sum", "dw, dx, dy.sum"), "shape"),
        (BACKWARD.replace("return", "result ="), "three gradients"),
        (
            BACKWARD.replace(
                ".transpose(swap)\npadded", ".transpose(swap)[:, :, ::-1, ::-1]\npadded"
            ),
            "upside down",
        ),
    ],
    "strides-of": [
        ("return tuple(shape)", "this is the shape"),
        ("return tuple(itemsize for _ in shape)", "should be"),
        (
            "return tuple(int(np.prod(shape[a + 1 :])) for a in range(len(shape)))",
            "strides are bytes",
        ),
        (
            "return tuple(int(np.prod(shape[a:])) * itemsize for a in range(len(shape)))",
            "steps over itself",
        ),
        (
            "return tuple(int(np.prod(shape[:a])) * itemsize for a in range(len(shape)))",
            "from the front",
        ),
        (
            "return tuple(size * itemsize for size in shape[1:]) + (itemsize,)",
            "neighbour only",
        ),
        ("strides = [itemsize]", "returns nothing"),
    ],
    "stepped-windows": [
        ("return x", "should have the shape"),
        ("return row_windows(x, kw)", "take every step-th"),
        ("return row_windows(x, kw)[:, ::step].copy()", "this is a copy"),
        ("return row_windows(x, kw)[:, : (x.shape[1] - kw) // step + 1]", "one pixel apart"),
        ("return row_windows(x, kw)[:, step - 1 :: step]", ""),
        ("return row_windows(x, kw)[:, :: step + 1]", ""),
        (
            """
            height, width, channels, n = x.shape
            shape = height, (width - kw) // step, kw * channels, n
            strides = x.strides[0], step * x.strides[1], *x.strides[2:]
            return as_strided(x, shape, strides)
            """,
            "it still fits",
        ),
        (
            """
            height, width, channels, n = x.shape
            shape = height, (width - kw) // step + 1, kw, channels, n
            strides = x.strides[0], step * x.strides[1], *x.strides[1:]
            return as_strided(x, shape, strides)
            """,
            "should have the shape",
        ),
    ],
    "limit": [
        ("return rate", "should be"),
        (
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            return rate / (2 * outputs * channels * k * k)
            """,
            "the slower of the two decides",
        ),
        (
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            moved = 4 * (channels * height * width + outputs)
            return min(rate / (outputs * channels * k * k), bandwidth / moved)
            """,
            "two operations",
        ),
        (
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            moved = channels * height * width + outputs
            return min(rate / (2 * outputs * channels * k * k), bandwidth / moved)
            """,
            "4 bytes",
        ),
        (
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            moved = 4 * (channels * height * width + outputs)
            return max(rate / (2 * outputs * channels * k * k), bandwidth / moved)
            """,
            "the slower of the two decides",
        ),
        (
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            operations = 2 * outputs * channels * k * k
            moved = 4 * (channels * height * width + outputs)
            return 1 / (operations / rate + moved / bandwidth)
            """,
            "",
        ),
        (
            """
            operations = 2 * filters * height * width * channels * k * k
            moved = 4 * (channels + filters) * height * width
            return min(rate / operations, bandwidth / moved)
            """,
            "count outputs",
        ),
        (
            """
            outputs = filters * (height - k + 1) * (width - k + 1)
            moved = 4 * (channels * height * width + outputs)
            return min(rate / (2 * outputs * k * k), bandwidth / moved)
            """,
            "over all channels",
        ),
    ],
}

RIGHT = {
    "rung-products": [
        """
        kh, kw = weight.shape[2:]
        places = [(i, j) for i in range(kh) for j in range(kw)]
        return sum(
            np.einsum("fc,ncrs->nfrs", weight[:, :, i, j], x[:, :, i : i + rows, j : j + columns])
            for i, j in places
        )
        """
    ],
    "rung-batch-last": [
        """
        for i in range(kh):
            for j in range(kw):
                matrix[:, :, i, j] = x[i : i + rows, j : j + columns]
        taps = np.moveaxis(weight, 1, -1).reshape(f, -1)
        return np.matmul(taps, matrix.reshape(rows, columns, -1, n)).transpose(3, 2, 0, 1)
        """
    ],
    "rung-direct": [
        "return batch_first(sum(t @ seen[i : i + rows] for i, t in enumerate(taps)))",
        """
        parts = [np.matmul(taps[i], seen[i:][:rows]) for i in reversed(range(len(taps)))]
        return batch_first(np.sum(parts, axis=0))
        """,
    ],
    "rung-reuse": [
        """
        for r in range(rows):
            y[r] = taps[0] @ seen[r]
            for i in range(1, len(taps)):
                y[r] += taps[i] @ seen[r + i]
        """,
        """
        y[...] = 0
        for i, tap in enumerate(taps):
            for r in range(rows):
                np.add(y[r], np.matmul(tap, seen[r + i], out=product), out=y[r])
        """,
    ],
    "rung-backward": [
        """
        around = (0, 0), (0, 0), (up, up), (across, across)
        turned = np.flip(weight, axis=(2, 3)).swapaxes(0, 1)
        dw = np.swapaxes(conv(x.swapaxes(0, 1), dy.swapaxes(0, 1)), 0, 1)
        return [conv(np.pad(dy, around), turned), dw, dy.sum((2, 3)).sum(0)]
        """
    ],
    "strides-of": [
        "return tuple(itemsize * int(np.prod(shape[a + 1 :])) for a in range(len(shape)))",
        "return [itemsize * int(np.prod(shape[a + 1 :])) for a in range(len(shape))]",
    ],
    "stepped-windows": ["return row_windows(x, kw)[:, ::step]"],
}
