"""Answers to the exercises of notebook 04: see `answers`."""

FILTER = """
kh, kw = kernel.shape
y = np.zeros((image.shape[0] - kh + 1, image.shape[1] - kw + 1))
for r in range(y.shape[0]):
    for c in range(y.shape[1]):
        y[r, c] = (kernel * image[r : r + kh, c : c + kw]).sum()
return y
"""
LOOPS = """
y[n, f, r, c] = bias[f]
for k in range(C):
    for i in range(kh):
        for j in range(kw):
            y[n, f, r, c] += weight[f, k, i, j] * x[n, k, r * stride + i, c * stride + j]
"""
BACK = """
dw[f, k, i, j] += dy[n, f, r, c] * x[at]
dx[at] += dy[n, f, r, c] * weight[f, k, i, j]
"""
WINDOWS = """
padded = zero_pad(x, padding)
view = np.lib.stride_tricks.sliding_window_view(padded, kernel_size, axis=(2, 3))
view = view[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
return view.reshape(-1, x.shape[1] * kernel_size[0] * kernel_size[1])
"""
FORWARD = """
answers = windows(x, weight.shape[2:], stride, padding) @ weight.reshape(F, -1).T + bias
return answers.reshape(N, rows, columns, F).transpose(0, 3, 1, 2)
"""
WEIGHTS = """
F, C = dy.shape[1], x.shape[1]
dY = dy.transpose(0, 2, 3, 1).reshape(-1, F)
return (dY.T @ windows(x, kernel_size, stride, padding)).reshape(F, C, *kernel_size)
"""
COLLECT = """
for i in range(kh):
    for j in range(kw):
        under = np.s_[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
        dx[under] += dX[:, :, :, :, i, j]
"""
LAYER = """
weight = self.params["weight"]
dx, dw, db = backward_windows(dy, self.x, weight, self.stride, self.padding)
self.grads = {"weight": dw, "bias": db}
return dx
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

WRONG = {
    "filter-image": [
        (FILTER.replace("(kernel *", "(kernel[::-1, ::-1] *"), "upside down"),
        (FILTER.replace("(kernel * ", "("), "entry by entry"),
        (FILTER.replace(".sum()", ".mean()"), "mean of the products"),
        (FILTER.replace("(kernel *", "(kernel.T *"), "changed places"),
        (FILTER.replace("kernel * ", "kernel @ "), "entry by entry"),
        (FILTER.replace("range(y.shape[0])", "range(y.shape[0] - 1)"), "should be"),
        (
            FILTER.replace("[0])", "[0] - 1)").replace("[1]):", "[1] - 1):"),
            "count the places once more",
        ),
        (FILTER.replace(" - kh + 1", "").replace(" - kw + 1", ""), "should have the shape (3, 3)"),
        (FILTER.replace("return y", ""), "returns nothing"),
        ("image *= 1\nimage += 1\n" + FILTER, "writes to its argument image"),
        (FILTER.replace("+ 1))", "+ 1), dtype=int)"), "are off"),
        (
            FILTER.replace("y[r, c] = (", "y[r, c] = abs(").replace(").sum()", ").sum()"),
            "should be",
        ),
        ("return np.zeros((3, 3))", "should be"),
    ],
    "output-size": [
        ("return (size + 2 * padding - k) // stride", "first place counts"),
        ("return (size + 2 * padding) // stride + 1", "takes k pixels itself"),
        ("return -(-(size + 2 * padding - k) // stride) + 1", "round down"),
        ("return (size + 2 * padding - k) / stride + 1", "Let Python round"),
        ("return (size + padding - k) // stride + 1", "both sides"),
        ("return size + 2 * padding - k + 1", "stride is missing"),
        ("return size", "output_size(28"),
        ("(size + 2 * padding - k) // stride + 1", "returns nothing"),
        ("return round((size + 2 * padding - k) / stride + 1)", "round down"),
    ],
    "seven-loops": [
        (LOOPS.replace("= bias[f]", "= 0"), "bias is missing"),
        (
            LOOPS.replace("            y[n, f, r, c] +=", "            y[n, f, r, c] += bias[f] +"),
            "not with each product",
        ),
        (LOOPS.replace("range(C)", "range(1)"), "one channel is missing"),
        (LOOPS.replace("range(C)", "range(1, C)"), "first channel is missing"),
        (LOOPS.replace(" += weight", " = weight"), "wrote over each other"),
        (LOOPS.replace("x[n, k, r * stride + i", "x[n, k, r + i"), "stride"),
        (
            LOOPS.replace("r * stride + i, c * stride + j", "r + i, c + j"),
            "place r is r * stride rows down",
        ),
        (LOOPS.replace("weight[f, k, i, j]", "weight[f, k, -1 - i, -1 - j]"), "upside down"),
        (LOOPS.replace("x[n, k,", "x[0, k,"), "answers of the first one"),
        (LOOPS.replace("weight[f, k, i, j]", "weight[0, k, i, j]"), "are off"),
        (LOOPS.replace("range(kw)", "range(kh)"), "IndexError"),
        ("pass", "should be"),
    ],
    "conv-bias": [
        ("return dy.sum()", "one number for all filters"),
        ("return dy.sum(axis=(1, 2, 3))", "each image"),
        ("return dy.mean(axis=(0, 2, 3))", "mean"),
        ("return dy.sum(axis=(2, 3))", "still one row for each image"),
        ("return dy[0].sum(axis=(1, 2))", "only one image"),
        ("return dy.sum(axis=0)", "should have the shape"),
        ("db = dy.sum(axis=(0, 2, 3))", "returns nothing"),
        ("dy *= 1.5\nreturn dy.sum(axis=(0, 2, 3)) / 1.5", "writes to its argument dy"),
        ("return dy.sum(axis=(0, 2, 3), keepdims=True)", "should have the shape"),
    ],
    "seven-loops-back": [
        (BACK.replace("dw[f, k, i, j] +=", "dw[f, k, i, j] ="), "weight collects from all places"),
        (BACK.replace("dx[at] +=", "dx[at] ="), "pixel collects from all its windows"),
        (BACK.replace("* x[at]", ""), "times the other factor, the pixel"),
        (BACK.replace("* weight[f, k, i, j]", ""), "times the other factor, the weight"),
        (BACK.replace("* x[at]", "* weight[f, k, i, j]"), "slope is the *other* factor"),
        (BACK.partition("dx[at]")[0], "dy times the weight to its pixel"),
        ("dx[at]" + BACK.partition("dx[at]")[2], "dy times the pixel to its weight"),
        (BACK.replace("dy[n, f, r, c] * weight", "dy[n, 0, r, c] * weight"), "are off"),
        (BACK.replace("dy[n, f, r, c] * x", "x"), "value 2"),
        (BACK.replace("dx[at] += dy", "dx[at] -= dy"), "should be"),
        (BACK + "x[at] += 0.0\nweight[f, k, i, j] *= 2", "writes to its argument weight"),
    ],
    "im2col": [
        (WINDOWS.replace(".transpose(0, 2, 3, 1, 4, 5)", ""), "hold numbers of several windows"),
        (WINDOWS.replace("0, 2, 3, 1, 4, 5", "0, 2, 3, 4, 5, 1"), "channels come last"),
        (WINDOWS.replace("0, 2, 3, 1, 4, 5", "0, 2, 3, 1, 5, 4"), "within a window are swapped"),
        (WINDOWS.replace("0, 2, 3, 1, 4, 5", "0, 3, 2, 1, 4, 5"), "go along the rows first"),
        (WINDOWS.replace("[:, :, ::stride, ::stride]", ""), "should have the shape"),
        (WINDOWS.replace("::stride, ::stride", "::stride"), "should have the shape"),
        (WINDOWS.replace("zero_pad(x, padding)", "x"), "should have the shape"),
        (WINDOWS.rstrip() + ".T", "the matrix is turned"),
        (WINDOWS.replace("return view", "view = view"), "returns nothing"),
        (WINDOWS.replace("-1, x.shape[1] *", "-1,"), "should have the shape"),
    ],
    "im2col-forward": [
        (FORWARD.replace(" + bias", ""), "bias is missing"),
        (
            FORWARD.replace("(N, rows, columns, F).transpose(0, 3, 1, 2)", "(N, F, rows, columns)"),
            "reshape moves no axis",
        ),
        (FORWARD.replace(".transpose(0, 3, 1, 2)", ""), "reshape moves no axis"),
        (FORWARD.replace("0, 3, 1, 2", "0, 3, 2, 1"), "have changed places"),
        (FORWARD.replace(".T + bias", " + bias"), "ValueError"),
        (FORWARD.replace("stride, padding) @", "1, padding) @"), "ValueError"),
        (FORWARD.replace("stride, padding) @", "stride, 0) @"), "ValueError"),
        (FORWARD.replace("+ bias", "+ bias.sum()"), "are off"),
        (FORWARD.replace("return answers", "y = answers"), "returns nothing"),
        ("x *= 1.5\n" + FORWARD, "writes to its argument x"),
        (FORWARD.replace("(0, 3, 1, 2)", "(0, 3, 1, 2).astype(float)"), "float32"),
    ],
    "im2col-weights": [
        (WEIGHTS.replace(".transpose(0, 2, 3, 1)", ""), "filters and places of dy are mixed up"),
        (WEIGHTS.replace("padding))", "padding) / len(x))"), "already"),
        (WEIGHTS.replace("padding))", "padding) / len(dY))"), "should be"),
        (WEIGHTS.replace("0, 2, 3, 1", "0, 3, 2, 1"), "are off"),
        (WEIGHTS.replace(".reshape(F, C, *kernel_size)", ""), "should have the shape"),
        (WEIGHTS.replace("(F, C, *kernel_size)", "(C, F, *kernel_size)"), "should have the shape"),
        (WEIGHTS.replace("dY.T @", "dY @"), "ValueError"),
        (WEIGHTS.replace("return ", "dw = "), "returns nothing"),
        (WEIGHTS.replace("stride, padding", "1, padding"), "ValueError"),
    ],
    "im2col-back": [
        (COLLECT.replace("] += dX", "] = dX"), "pixels collect"),
        ("pass", "nothing has come back"),
        (COLLECT.replace("i, j]", "-1 - i, -1 - j]"), "upside down"),
        (COLLECT.replace(" : i + stride * rows", "").replace(" : j + stride * columns", ""), ""),
        (COLLECT.replace("stride * rows", "rows").replace("stride * columns", "columns"), ""),
        (COLLECT.replace("range(kh)", "range(kh - 1)"), "should be"),
        (COLLECT.replace("i, j]", "0, 0]"), "are off"),
        (COLLECT.replace("+= dX", "-= dX"), "should be"),
        (COLLECT.replace(" : stride, j", ", j").replace(" : stride]", "]"), "Error"),
    ],
    "conv2d": [
        (LAYER.replace("return dx", ""), "returns nothing"),
        (LAYER.replace('{"weight": dw, "bias": db}', '{"weight": dw}'), "lacks 'bias'"),
        (LAYER.replace('{"weight": dw, "bias": db}', '{"w": dw, "b": db}'), "lacks 'weight'"),
        (LAYER.replace("return dx", "return dw"), "should have the shape"),
        (LAYER.replace("return dx", "weight -= 0.1 * dw\nreturn dx"), "the optimizer steps"),
        (
            LAYER.replace("self.grads = ", "new = ").replace(
                "return dx",
                "self.grads = {k: self.grads.get(k, 0) + new[k] for k in new}\nreturn dx",
            ),
            "a second backward gives other gradients",
        ),
        (LAYER.replace('"weight": dw, "bias": db', '"weight": db, "bias": dw'), "shape"),
        (LAYER.replace("self.stride, self.padding", ""), "Error"),
        (LAYER.replace("self.padding)", "0)"), "Error"),
        (LAYER.replace("self.grads = ", "grads = "), "lacks 'weight'"),
        (LAYER.replace('"weight": dw', '"weight": dw / len(dy)'), "grads['weight']"),
    ],
    "cost": [
        (COST.replace("(weights + 1)", "weights"), "biases are missing"),
        (COST.replace("filters * (weights + 1)", "filters * weights + 1"), "each has its own"),
        (COST.replace("channels * k * k", "k * k"), "should be"),
        (
            "return filters * (channels * k * k + 1), filters * height * width * channels * k * k",
            "count outputs",
        ),
        (COST.replace("filters * outputs", "outputs"), "one filter only"),
        (COST.replace("k, stride, padding)", "k, 1, padding)"), "should be"),
        (COST.replace("k, stride, padding)", "k, stride, 0)"), "should be"),
        (COST.replace("output_size(width", "output_size(height"), "should be"),
        (COST.replace("return ", "answer = "), "returns nothing"),
    ],
    "slant": [
        ("return np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]])", "which three squares"),
        ("return np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])", "which three squares"),
        ("return np.eye(3)[::-1]", "do the weights add up to 0"),
        ("return np.zeros((3, 3))", "which three squares"),
        ("return [[-1, 1], [1, -1]]", "shape (3, 3)"),
        ("return np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])", "other slant"),
        ("kernel = np.array([[-1, 0, 1], [0, 0, 0], [1, 0, -1]])", "returned nothing"),
    ],
    "flip": [
        (FLIP.replace("weight[:, :, ::-1, ::-1]", "weight"), "not turned"),
        (FLIP.replace(".transpose(1, 0, 2, 3)", ""), ""),
        (FLIP.replace("[:, :, ::-1, ::-1]", "[:, :, ::-1]"), "only the rows"),
        (FLIP.replace("[:, :, ::-1, ::-1]", "[::-1, ::-1]"), ""),
        (FLIP.replace("[:, :, ::-1, ::-1]", "[:, :, ::-1, ::-1].swapaxes(2, 3)"), ""),
        (FLIP.replace(", padding=k - 1", ""), "should have the shape"),
        (FLIP.replace("k - 1", "k"), "should have the shape"),
        (FLIP.replace("np.zeros(len(turned))", "np.ones(len(turned))"), "are off"),
        (FLIP.replace("return ", "dx = "), "returns nothing"),
    ],
}

RIGHT = {
    "filter-image": [
        # By matrix products; by a sum of shifted images; as lists.
        """
        kh, kw = kernel.shape
        shape = image.shape[0] - kh + 1, image.shape[1] - kw + 1
        return np.array([
            [np.vdot(image[r : r + kh, c : c + kw], kernel) for c in range(shape[1])]
            for r in range(shape[0])
        ])
        """,
        """
        (kh, kw), (h, w) = kernel.shape, image.shape
        return sum(
            kernel[i, j] * image[i : h - kh + 1 + i, j : w - kw + 1 + j]
            for i in range(kh) for j in range(kw)
        )
        """,
        FILTER.replace("return y", "return y.tolist()"),
    ],
    "output-size": [
        "return len(range(0, size + 2 * padding - k + 1, stride))",
        "return int((size + 2 * padding - k) / stride) + 1",
        "return (size + 2 * padding - k + stride) // stride",
    ],
    "seven-loops": [
        """
        top, left = r * stride, c * stride
        y[n, f, r, c] = (weight[f] * x[n, :, top : top + kh, left : left + kw]).sum() + bias[f]
        """,
        LOOPS.replace("y[n, f, r, c] = bias[f]", "") + "y[n, f, r, c] += bias[f]",
    ],
    "conv-bias": [
        "return dy.sum(axis=(2, 3)).sum(axis=0)",
        "return [dy[:, f].sum() for f in range(dy.shape[1])]",
        'return np.einsum("nfrc->f", dy)',
    ],
    "seven-loops-back": [
        """
        above = dy[n, f, r, c]
        dx[at] = dx[at] + weight[f, k, i, j] * above
        dw[f, k, i, j] = dw[f, k, i, j] + x[at] * above
        """
    ],
    "im2col": [
        """
        x = zero_pad(x, padding)
        (kh, kw), rows = kernel_size, []
        for image in x:
            for top in range(0, x.shape[2] - kh + 1, stride):
                for left in range(0, x.shape[3] - kw + 1, stride):
                    rows.append(image[:, top : top + kh, left : left + kw].ravel())
        return np.array(rows)
        """
    ],
    "im2col-forward": [
        """
        Y = np.matmul(weight.reshape(F, -1), windows(x, weight.shape[2:], stride, padding).T)
        return (Y + bias[:, None]).reshape(F, N, rows, columns).swapaxes(0, 1)
        """
    ],
    "im2col-weights": [
        """
        numbers = x.shape[1] * kernel_size[0] * kernel_size[1]
        X = windows(x, kernel_size, stride, padding).reshape(len(dy), -1, numbers)
        dw = (dy.reshape(*dy.shape[:2], -1) @ X).sum(axis=0)
        return dw.reshape(dy.shape[1], x.shape[1], *kernel_size)
        """
    ],
    "im2col-back": [
        """
        for r in range(rows):
            for c in range(columns):
                top, left = r * stride, c * stride
                dx[:, :, top : top + kh, left : left + kw] += dX[:, :, r, c]
        """
    ],
    "conv2d": [
        """
        dx, *rest = backward_windows(dy, self.x, self.params["weight"], self.stride, self.padding)
        self.grads["weight"], self.grads["bias"] = rest
        return dx
        """
    ],
    "slant": [
        "return [[-1.0, -1, 2], [-1, 2, -1], [2, -1, -1]] - np.eye(3) + 1 / 3",
        "return [[-2, 0, 2], [0, 0, 0], [2, 0, -2]]",
    ],
}
