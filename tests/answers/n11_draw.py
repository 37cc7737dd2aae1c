"""Answers to the exercises of 11_draw."""

INK_BOX = """
rows = np.flatnonzero(np.any(ink, axis=1))
columns = np.flatnonzero(np.any(ink, axis=0))
return rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
"""
SCALED = """
factor = side / max(digit.shape)
height, width = (max(1, round(old * factor)) for old in digit.shape)
rows, columns = averages(digit.shape[0], height), averages(digit.shape[1], width)
means = rows @ digit @ columns.T
return means / means.max()
"""
CENTRED = """
row, column = centre_of_mass(digit)
height, width = digit.shape
down = min(max(round(14 - row), 0), 28 - height)
across = min(max(round(14 - column), 0), 28 - width)
image = np.zeros((28, 28), dtype=np.float32)
image[down : down + height, across : across + width] = digit
return image
"""
LOAD = """
for index, layer in enumerate(layers):
    for name, value in layer.params.items():
        key = f"{index}.{name}"
        if key not in arrays:
            raise ValueError(f"{key} is missing")
        if arrays[key].shape != value.shape:
            raise ValueError(f"{key} has shape {arrays[key].shape}, not {value.shape}")
        layer.params[name] = arrays[key].copy()
"""
PREPARE = """
a, b, c, d = ink_box(canvas)
return centred(scaled(canvas[a:b, c:d]))
"""
TURN = """
alpha = np.deg2rad(degrees)
matrix = np.array([[np.cos(alpha), np.sin(alpha)], [-np.sin(alpha), np.cos(alpha)]])
return [stroke @ matrix for stroke in strokes]
"""


def _changed(text, *changes):
    """The text with each change made alone, with the words that its check must say."""
    for right, _, _ in changes:
        assert right in text, right
    return [(text.replace(right, wrong), words) for right, wrong, words in changes]


WRONG = {
    "ink-box": [
        ("return None", "is None"),
        *_changed(
            INK_BOX,
            ("axis=1", "axis=0", "should be"),
            ("rows[-1] + 1", "rows[-1]", "should be"),
            (
                "rows[0], rows[-1] + 1, columns[0], columns[-1] + 1",
                "rows[0], rows[-1], columns[0], columns[-1]",
                "a slice stops before its end",
            ),
            (
                "rows[0], rows[-1] + 1, columns[0], columns[-1] + 1",
                "rows[0], columns[0], rows[-1] + 1, columns[-1] + 1",
                "the order is top, bottom",
            ),
            (
                "rows[0], rows[-1] + 1, columns[0], columns[-1] + 1",
                "columns[0], columns[-1] + 1, rows[0], rows[-1] + 1",
                "swapped",
            ),
            ("np.any(ink, axis=1)", "np.any(ink > 0.5, axis=1)", "the dot is lost"),
            ("np.any(ink, axis=1)", "np.all(ink, axis=1)", "IndexError"),
        ),
        ("return 0, ink.shape[0], 0, ink.shape[1]", "this is the whole image"),
        (
            # As far as the first gap.
            "some = np.any(ink, axis=1)\ntop = some.argmax()\nheight = np.append(some[top:], False)"
            ".argmin()\ncolumns = np.flatnonzero(np.any(ink, axis=0))\n"
            "return top, top + height, columns[0], columns[-1] + 1",
            "ends at the gap",
        ),
        (INK_BOX.replace("return ", "box = "), "is None"),
    ],
    "scaled": [
        *_changed(
            SCALED,
            ("max(digit.shape)\nheight", "min(digit.shape)\nheight", "from the longer side"),
            ("round(old * factor)", "side", "became a square"),
            ("round(old * factor)", "int(old * factor)", "should have the shape"),
            ("max(1, round(old * factor))", "round(old * factor)", "not yet"),
            ("side / max", "28 / max", "from the longer side"),
            ("side / max", "20 / max", "has another longer side"),
            ("means / means.max()", "means", "darkest ink is not 1"),
            ("means / means.max()", "means / means.sum()", "not by the sum"),
            ("means / means.max()", "means / digit.max()", "before scaling"),
            ("means / means.max()", "1 - means / means.max()", "exchanged"),
            ("columns.T", "columns", "ValueError"),
            ("return ", "digit = ", "is None"),
        ),
        (
            "factor = side / max(digit.shape)\n"
            "h, w = (max(1, round(old * factor)) for old in digit.shape)\n"
            "rows = np.arange(h) * digit.shape[0] // h\n"
            "taken = digit[rows][:, np.arange(w) * digit.shape[1] // w]\n"
            "return taken / taken.max()",
            "single pixels",
        ),
        ("digit /= digit.max()\n" + SCALED, "writes to its argument digit"),
    ],
    "centre-of-mass": [
        ("return (image.shape[0] - 1) / 2, (image.shape[1] - 1) / 2", "middle of the image"),
        (
            "rows, columns = np.nonzero(image)\n"
            "return (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2",
            "as often as there is ink",
        ),
        (
            "rows, columns = np.nonzero(image)\nreturn rows.mean(), columns.mean()",
            "as often as there is ink",
        ),
        (
            "rows, columns = np.indices(image.shape)\n"
            "return (columns * image).sum() / image.sum(), (rows * image).sum() / image.sum()",
            "the row comes first",
        ),
        (
            "rows, columns = np.indices(image.shape)\n"
            "return (rows * image).sum(), (columns * image).sum()",
            "divide by all the ink",
        ),
        (
            "rows, columns = np.indices(image.shape)\n"
            "return (rows * image).mean(), (columns * image).mean()",
            "not by the number of pixels",
        ),
        ("row = image.sum(axis=1) @ np.arange(image.shape[0]) / image.sum()", "is None"),
        (
            "height, width = image.shape\n"
            "return image.sum(axis=1) @ np.arange(height) / image.sum()",
            "should have the shape",
        ),
        (
            "image /= image.sum()\nrows, columns = np.indices(image.shape)\n"
            "return (rows * image).sum(), (columns * image).sum()",
            "writes to its argument image",
        ),
    ],
    "centred": [
        *_changed(
            CENTRED,
            ("14 - row", "13.5 - row", "13.5"),
            ("14 - ", "13.5 - ", "not 13.5"),
            ("round(", "int(", "do not cut off"),
            ("min(max(round(14 - row), 0), 28 - height)", "round(14 - row)", "not yet"),
            ("min(max(round(14 - row), 0), 28 - height)", "(28 - height) // 2", ""),
            (
                "return image",
                "image = np.zeros((28, 28))\nreturn image",
                "it is empty",
            ),
            ("return image", "image", "is None"),
            ("np.zeros((28, 28), dtype=np.float32)", "np.zeros((20, 20))", "not yet"),
            ("14 - row", "row", "off"),
            (
                "image[down : down + height, across : across + width]",
                "image[:height, :width]",
                "corner",
            ),
        ),
        (
            "height, width = digit.shape\n"
            "down, across = round((28 - height) / 2), round((28 - width) / 2)\n"
            "image = np.zeros((28, 28))\n"
            "image[down : down + height, across : across + width] = digit\nreturn image",
            "the middle of its box",
        ),
        (
            CENTRED.replace("row, column = centre", "column, row = centre"),
            "not yet",
        ),
    ],
    "load-weights": [
        ("return layers", "nothing was put into it"),
        *_changed(
            LOAD,
            (".copy()", "", "share memory"),
            (
                "arrays[key].shape != value.shape",
                "arrays[key].size != value.size",
                "was not refused",
            ),
            ("arrays[key].shape != value.shape", "False", "was not refused"),
            ('raise ValueError(f"{key} is missing")', "continue", "nobody notices"),
            ('f"{index}.{name}"', 'f"{index + 1}.{name}"', "missing"),
            ("layer.params[name] =", "layer.params[key] =", "RuntimeError"),
            (
                'f"{key} has shape {arrays[key].shape}, not {value.shape}"',
                '"wrong shape"',
                "should name",
            ),
        ),
        (
            # The first letter of a key is the index only up to 9.
            "for key, array in arrays.items():\n"
            "    layers[int(key[0])].params[key.split('.')[1]] = array.copy()",
            "of the layer at index",
        ),
        (
            # Broadcasts what is of another shape.
            "for index, layer in enumerate(layers):\n"
            "    for name, value in layer.params.items():\n"
            "        value[...] = arrays[f'{index}.{name}']",
            "not",
        ),
        (
            "for index, layer in enumerate(layers):\n"
            "    for name, value in layer.params.items():\n"
            "        layer.params[name] = arrays.pop(f'{index}.{name}')",
            "writes to its argument arrays",
        ),
    ],
    "prepare": [
        ("return to_mnist(canvas)", "calls to_mnist"),
        ("import helpers.images\nreturn helpers.images.to_mnist(canvas)", "calls to_mnist"),
        ("from helpers.images import to_mnist as ready\nreturn ready(canvas)", "calls to_mnist"),
        ("return centred(scaled(canvas))", "cut, then scale"),
        ("a, b, c, d = ink_box(canvas)\nreturn scaled(canvas[a:b, c:d])", "has the shape"),
        ("a, b, c, d = ink_box(canvas)\nscaled(canvas[a:b, c:d])", "is None"),
        (
            "a, b, c, d = ink_box(canvas)\nimage = np.zeros((28, 28))\n"
            "digit = scaled(canvas[a:b, c:d])\nh, w = digit.shape\n"
            "image[4 : 4 + h, 4 : 4 + w] = digit\nreturn image",
            "centre of mass",
        ),
        (PREPARE.replace("a:b, c:d", "a : b - 1, c:d"), "off by"),
        ("a, b, c, d = ink_box(canvas)\nreturn 0.5 * centred(scaled(canvas[a:b, c:d]))", "darkest"),
    ],
    "turn": [
        *_changed(
            TURN,
            ("np.deg2rad(degrees)", "-np.deg2rad(degrees)", "the other way"),
            ("np.deg2rad(degrees)", "degrees", "radians"),
            ("np.cos(alpha)]]", "-np.cos(alpha)]]", "two strokes"),
            ("-np.sin(alpha)", "0", "two strokes"),
            ("for stroke in strokes]", "for stroke in strokes[:1]]", "every stroke"),
            ("return ", "turned = ", "nothing came back"),
        ),
        ("return [strokes[0] @ np.array([[0, 1], [-1, 0]]), *strokes[1:]]", "two strokes"),
        ("return strokes", "nothing is turned"),
        (
            # The new y is made of the new x.
            "a = np.deg2rad(degrees)\nfor stroke in strokes:\n"
            "    stroke[:, 0] = stroke[:, 0] * np.cos(a) - stroke[:, 1] * np.sin(a)\n"
            "    stroke[:, 1] = stroke[:, 0] * np.sin(a) + stroke[:, 1] * np.cos(a)\n"
            "return strokes",
            "writes to its argument strokes",
        ),
    ],
}

RIGHT = {
    "ink-box": [
        """
        rows, columns = np.nonzero(ink)
        return [rows.min(), rows.max() + 1, columns.min(), columns.max() + 1]
        """,
        """
        some, other = ink.sum(axis=1) > 0, ink.sum(axis=0) > 0
        height, width = ink.shape
        top, left = some.argmax(), other.argmax()
        return np.array([top, height - some[::-1].argmax(), left, width - other[::-1].argmax()])
        """,
    ],
    "scaled": [
        """
        height, width = digit.shape
        long = max(height, width)
        h, w = max(1, round(side * height / long)), max(1, round(side * width / long))
        out = averages(height, h).dot(digit).dot(averages(width, w).T)
        return (out / np.max(out)).astype(np.float32).tolist() and out / out.max()
        """,
        """
        factor = side / max(digit.shape)
        for axis in (0, 1):
            old = digit.shape[axis]
            matrix = averages(old, max(1, round(old * factor)))
            digit = np.moveaxis(np.tensordot(matrix, digit, (1, axis)), 0, axis)
        return digit * (1 / digit.max())
        """,
    ],
    "centre-of-mass": [
        """
        rows, columns = np.indices(image.shape)
        return [np.average(rows, weights=image), np.average(columns, weights=image)]
        """,
        """
        share = image / image.sum()
        return np.array([(share * place).sum() for place in np.indices(image.shape)])
        """,
    ],
    "centred": [
        """
        (row, column), (h, w) = centre_of_mass(digit), digit.shape
        top = int(np.clip(np.rint(14 - row), 0, 28 - h))
        left = int(np.clip(np.rint(14 - column), 0, 28 - w))
        return np.pad(digit, ((top, 28 - h - top), (left, 28 - w - left)))
        """,
    ],
    "load-weights": [
        """
        wanted = {f"{i}.{n}": (o, n) for i, o in enumerate(layers) for n in o.params}
        for key, (layer, name) in wanted.items():
            array = arrays.get(key)
            if array is None or np.shape(array) != layer.params[name].shape:
                raise ValueError("does not fit: " + key)
            layer.params[name][...] = array
        """,
    ],
    "prepare": [
        """
        rows, columns = np.nonzero(canvas > 0)
        cut = canvas[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        return centred(scaled(cut)).astype(np.float64)
        """,
    ],
    "turn": [
        """
        a = np.radians(degrees)
        result = []
        for stroke in strokes:
            x, y = stroke.T
            c, s = np.cos(a), np.sin(a)
            result.append(np.column_stack([x * c - y * s, x * s + y * c]))
        return result
        """,
        """
        turned = []
        for stroke in strokes:
            z = (stroke[:, 0] + 1j * stroke[:, 1]) * np.exp(1j * np.pi * degrees / 180)
            turned.append(np.stack([z.real, z.imag], axis=1))
        return tuple(turned)
        """,
    ],
}
