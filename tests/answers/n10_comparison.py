"""Answers to the exercises of 10_comparison."""

REORDER = """
blocks = weight.reshape(channels, height, width, -1)
return blocks.transpose(1, 2, 0, 3).reshape(weight.shape)
"""
EXP = """
result = float(np.exp(a.data))
return Value(result, [(a, result)])
"""
LOG = "return Value(float(np.log(a.data)), [(a, 1 / a.data)])"
FRONT = """
models = list(zip(sizes, scores, strict=True))
return [
    not any(s <= size and a >= score and (s, a) != (size, score) for s, a in models)
    for size, score in models
]
"""


def _changed(text, *changes):
    """The text with each change made alone, with the words that its check must say."""
    for right, _, _ in changes:
        assert right in text, right
    return [(text.replace(right, wrong), words) for right, wrong, words in changes]


WRONG = {
    "reorder": [
        *_changed(
            REORDER,
            ("transpose(1, 2, 0, 3)", "transpose(2, 1, 0, 3)", "the order (W, H, C)"),
            ("transpose(1, 2, 0, 3)", "transpose(2, 0, 1, 3)", "numbers are off"),
            ("transpose(1, 2, 0, 3)", "swapaxes(0, 2)", "the order (W, H, C)"),
            ("(channels, height, width, -1)", "(height, width, channels, -1)", "numbers are off"),
            (".reshape(weight.shape)", "", "still with four axes"),
            ("return", "answer =", "is None"),
        ),
        (
            "blocks = weight.reshape(height, width, channels, -1)\n"
            "return blocks.transpose(2, 0, 1, 3).reshape(weight.shape)",
            "this is the way back",
        ),
        ("return weight", "nothing is rearranged"),
        ("return weight[::-1]", "turned over"),
        ("return weight[:, ::-1]", "the outputs are the columns"),
        (
            "return weight.reshape(height, width, channels, -1).reshape(weight.shape)",
            "nothing is rearranged",
        ),
        (
            # Right, but written into the weight.
            "blocks = weight.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)\n"
            "weight[:] = blocks.reshape(weight.shape).copy()\nreturn weight",
            "writes to its argument weight",
        ),
    ],
    "tape-exp": [
        *_changed(
            EXP,
            ("[(a, result)]", "[(a, 1.0)]", "slope of the identity"),
            ("[(a, result)]", "[(a, a.data)]", "not the argument"),
            ("[(a, result)]", "[]", "nothing arrives"),
            ("Value(result, [(a, result)])", "result", "should return a Value"),
            ("return Value(result", "Value(result", "should return a Value"),
            ("np.exp(a.data)", "np.exp2(a.data)", "exp of 1.5"),
            ("np.exp(a.data)", "np.exp(a)", "TypeError"),
        ),
    ],
    "tape-log": [
        *_changed(
            LOG,
            ("[(a, 1 / a.data)]", "[(a, a.data)]", "not the argument"),
            ("[(a, 1 / a.data)]", "[(a, float(np.log(a.data)))]", "this is the result"),
            ("[(a, 1 / a.data)]", "", "nothing arrives"),
            ("[(a, 1 / a.data)]", "[(a, 1.0)]", "slope of the identity"),
            ("np.log(", "np.log10(", "the natural logarithm"),
            ("return ", "", "should return a Value"),
        ),
        ("return exp(a)", "log of 4.0"),
    ],
    "front": [
        *_changed(
            FRONT,
            ("s <= size and a >= score", "s <= size or a >= score", "does not beat itself"),
            ("s <= size and a >= score", "s < size and a > score", "equal in one"),
            ("s <= size and a >= score", "s <= size and a <= score", "never_beaten"),
            ("s <= size and a >= score", "s >= size and a >= score", "never_beaten"),
            (" and (s, a) != (size, score)", "", "does not beat itself"),
            ("not any", "any", "the beaten ones"),
            ("return", "answer =", "is None"),
        ),
        ("return [score == max(scores) for score in scores]", "only the most accurate"),
        ("return [size == min(sizes) for size in sizes]", "only the smallest"),
        (
            "sizes.reverse()\nreturn [True] * len(sizes)",
            "writes to its argument sizes",
        ),
    ],
}

RIGHT = {
    "reorder": [
        """
        number = np.arange(len(weight)).reshape(channels, height, width)
        return weight[np.moveaxis(number, 0, -1).ravel()]
        """,
        """
        rows = []
        for h in range(height):
            for w in range(width):
                for c in range(channels):
                    rows.append(weight[(c * height + h) * width + w])
        return rows
        """,
    ],
    "tape-exp": [
        """
        import math
        made = Value(math.exp(a.data))
        made.parts = ((a, made.data),)
        return made
        """,
    ],
    "tape-log": ["return Value(np.log(a.data), parts=[(a, a.data**-1)])"],
    "front": [
        """
        free = []
        for i in range(len(sizes)):
            beaten = False
            for j in range(len(sizes)):
                smaller, better = sizes[j] < sizes[i], scores[j] > scores[i]
                worse = sizes[j] > sizes[i] or scores[j] < scores[i]
                beaten = beaten or ((smaller or better) and not worse)
            free.append(not beaten)
        return np.array(free)
        """,
    ],
}
