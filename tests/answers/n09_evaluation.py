"""Answers to the exercises of 09_evaluation."""

CONFUSION = """
matrix = np.zeros((classes, classes), dtype=int)
np.add.at(matrix, (labels, predictions), 1)
return matrix
"""
RELIABILITY = """
place = np.ceil(confidence * bins).astype(int) - 1
count = np.bincount(place, minlength=bins)
divisor = np.maximum(count, 1)
sure = np.bincount(place, weights=confidence, minlength=bins) / divisor
share = np.bincount(place, weights=right, minlength=bins) / divisor
return sure, share, count
"""
ERROR = """
right = probabilities.argmax(axis=1) == labels
sure, share, count = reliability(probabilities.max(axis=1), right)
return np.abs(sure - share) @ count / count.sum()
"""
TEMPERATURE = """
candidates = np.geomspace(0.25, 8, 200)
losses = [loss(logits / candidate, labels)[0] for candidate in candidates]
return candidates[np.argmin(losses)]
"""
OCCLUSION = """
covered, reach = np.repeat(image[None], image.size, axis=0), size // 2
for n, (r, c) in enumerate(np.ndindex(image.shape[1:])):
    covered[n, 0, max(r - reach, 0) : r + reach + 1, max(c - reach, 0) : c + reach + 1] = 0
lost = lead(scores(image[None]), k) - lead(scores(covered), k)
return lost.reshape(image.shape[1:])
"""
SALIENCY = """
dlogits = np.zeros_like(net.forward(x))
dlogits[:, k], dlogits[:, rival] = 1, -1
return net.backward(dlogits)
"""
WILSON = """
share = np.asarray(hits) / n
middle = share + z**2 / (2 * n)
half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
"""
MCNEMAR = """
tail = sum(math.comb(b + c, i) for i in range(min(b, c) + 1))
return min(1, 2 * tail / 2 ** (b + c))
"""
F_BETA = """
hits, n_read, n_true = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
return (1 + beta**2) * hits / np.maximum(beta**2 * n_true + n_read, 1)
"""
SURE_ENOUGH = """
for t in np.unique(confidence):
    if (~right[confidence >= t]).mean() <= most:
        return t
return np.inf
"""
ATTACK = """
_, dlogits = loss(net.forward(images), labels)
return np.clip(images + epsilon * np.sign(net.backward(dlogits)), 0, 1)
"""


def _changed(text, *changes):
    """The text with each change made alone, with the words that its check must say."""
    for right, _, _ in changes:
        assert right in text, right
    return [(text.replace(right, wrong), words) for right, wrong, words in changes]


WRONG = {
    "confusion-matrix": [
        (
            "matrix = np.zeros((classes, classes), dtype=int)\n"
            "matrix[labels, predictions] += 1\nreturn matrix",
            "counted only once",
        ),
        *_changed(
            CONFUSION,
            ("(labels, predictions)", "(predictions, labels)", "turned over"),
            ("return matrix", "return matrix / len(labels)", "not shares"),
            (
                "return matrix",
                "return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)",
                "not shares of a class",
            ),
            ("return matrix", "matrix", "is None"),
            ("return matrix", "np.fill_diagonal(matrix, 0)\nreturn matrix", "on the diagonal"),
            ("(classes, classes)", "(labels.max() + 1,) * 2", "not yet"),
            ("np.add.at(matrix, (labels, predictions), 1)", "", "still empty"),
        ),
        (
            "matrix = np.zeros((classes, classes), dtype=int)\n"
            "for i, j in zip(labels, predictions):\n    matrix[i, j] = 1\nreturn matrix",
            "counted only once",
        ),
    ],
    "precision": [
        ("return np.diag(matrix) / np.maximum(matrix.sum(axis=1), 1)", "that is the recall"),
        ("return np.diag(matrix) / matrix.sum(axis=0)", "0 / 0 gives nan"),
        ("return np.diag(matrix) / matrix.sum()", "a divisor of its own"),
        ("return np.trace(matrix) / matrix.sum()", "one number for all"),
        ("np.diag(matrix) / np.maximum(matrix.sum(axis=0), 1)", "is None"),
        (
            "hits = np.diag(matrix)\nreturn hits / np.maximum(matrix.sum(axis=0) - hits, 1)",
            "hits belong to the divisor",
        ),
        ("return matrix / np.maximum(matrix.sum(axis=0), 1)", "shape"),
        (
            "matrix[...] = matrix / np.maximum(matrix.sum(axis=0), 1)\nreturn np.diag(matrix)",
            "writes to its argument matrix",
        ),
        ("return np.diag(matrix) / (matrix.sum(axis=0) + 1)", "should be"),
    ],
    "recall": [
        ("return np.diag(matrix) / np.maximum(matrix.sum(axis=0), 1)", "that is the precision"),
        ("return np.diag(matrix) / matrix.sum(axis=1)", "0 / 0 gives nan"),
        ("return np.diag(matrix) / matrix.sum()", "a divisor of its own"),
        ("return np.trace(matrix) / matrix.sum()", "one number for all"),
        ("found = np.diag(matrix) / np.maximum(matrix.sum(axis=1), 1)", "is None"),
        (
            "hits = np.diag(matrix)\nreturn hits / np.maximum(matrix.sum(axis=1) - hits, 1)",
            "both belong to the divisor",
        ),
    ],
    "reliability": [
        *_changed(
            RELIABILITY,
            (
                "np.ceil(confidence * bins).astype(int) - 1",
                "(confidence * bins).astype(int)",
                "not",
            ),
            (" - 1", "", "not yet"),
            ("count = np.bincount(place, minlength=bins)", "count = np.bincount(place)", "not yet"),
            ("np.maximum(count, 1)", "count", "0 / 0"),
            ("np.maximum(count, 1)", "1", "these are sums"),
            ("np.maximum(count, 1)", "count.sum()", "not by all"),
            ("return sure, share, count", "return share, sure, count", "the order is"),
            ("return sure, share, count", "return sure, share", "should be 3 values"),
            ("weights=right", "weights=1.0 - right", "not how many are wrong"),
            ("* bins)", "* 15)", "not yet"),
            ("return ", "result = ", "is None"),
        ),
        (
            # The middle of the bin for the mean confidence.
            RELIABILITY.replace(
                "return sure,", "sure = (np.arange(bins) + 0.5) / bins\nreturn sure,"
            ),
            "should be",
        ),
    ],
    "calibration-error": [
        *_changed(
            ERROR,
            ("np.abs(sure - share)", "(sure - share)", "take away the sign of each"),
            ("np.abs(sure - share) @ count", "abs((sure - share) @ count)", "too late"),
            (
                "np.abs(sure - share) @ count / count.sum()",
                "np.abs(sure - share).mean()",
                "large bins have to count more",
            ),
            (
                "np.abs(sure - share) @ count / count.sum()",
                "np.abs(sure - share)[count > 0].mean()",
                "large bins have to count more",
            ),
            (" / count.sum()", "", "divide by all N"),
            ("np.abs(sure - share) @ count / count.sum()", "np.abs(sure - share).max()", "largest"),
            ("np.abs(sure - share)", "(sure - share) ** 2", "not squared"),
            (
                "probabilities.max(axis=1), right)",
                "probabilities[np.arange(len(labels)), labels], right)",
                "not of the true one",
            ),
            ("return ", "error = ", "is None"),
        ),
        ("return 1 - (probabilities.argmax(axis=1) == labels).mean()", "should be"),
    ],
    "fit-temperature": [
        *_changed(
            TEMPERATURE,
            ("candidates[np.argmin(losses)]", "min(losses)", "not the temperature"),
            ("candidates[np.argmin(losses)]", "np.argmin(losses)", "the place of"),
            ("np.argmin", "np.argmax", "the largest loss"),
            ("logits / candidate", "logits * candidate", "divided by the temperature"),
            ("candidates[np.argmin(losses)]", "candidates[0]", "first candidate"),
            ("return ", "best = ", "is None"),
            ("logits / candidate", "logits", "first candidate"),
        ),
        (
            "candidates = np.geomspace(0.25, 8, 200)\nlosses = []\nfor t in candidates:\n"
            "    logits /= t\n    losses.append(loss(logits, labels)[0])\n"
            "return candidates[np.argmin(losses)]",
            "writes to its argument logits",
        ),
        (
            "accuracy = [(np.argmax(logits / t, 1) == labels).mean() for t in (1, 2)]\n"
            "return 1.0 + np.argmax(accuracy)",
            "should be",
        ),
    ],
    "occlusion": [
        *_changed(
            OCCLUSION,
            ("max(r - reach, 0)", "r - reach", "numbers are off"),
            ("r + reach + 1", "r + reach", "numbers are off"),
            (
                "lead(scores(image[None]), k) - lead(scores(covered), k)",
                "lead(scores(covered), k) - lead(scores(image[None]), k)",
                "less the lead after",
            ),
            ("lead(scores(image[None]), k) - lead(", "lead(", "the lead that is left"),
            ("] = 0", "] = 1", "numbers are off"),
            (".reshape(image.shape[1:])", "", "lies as a row"),
            ("size // 2", "2", "numbers are off"),
            ("covered[n, 0,", "covered[:, 0,", "numbers are off"),
            (
                "lead(scores(image[None]), k) - lead(scores(covered), k)",
                "scores(image[None])[:, k] - scores(covered)[:, k]",
                "numbers are off",
            ),
            ("return ", "result = ", "is None"),
        ),
        (
            "lost = np.zeros(image.shape[1:])\nfor r, c in np.ndindex(lost.shape):\n"
            "    image[0, r, c] = 0\nreturn lost",
            "writes to its argument image",
        ),
    ],
    "saliency": [
        *_changed(
            SALIENCY,
            ("1, -1", "1, 0", "the class alone"),
            ("1, -1", "-1, 1", "the rival gets -1"),
            ("1, -1", "1, 1", "both get 1"),
            ("1, -1", "1 / len(x), -1 / len(x)", "divided by N"),
            ("net.forward(x)", "net.forward(x, training=True)", "gradient check"),
            ("return ", "dx = ", "is None"),
            ("return net.backward(dlogits)", "return dlogits", "should have the shape"),
            ("dlogits[:, k], dlogits[:, rival]", "dlogits[k], dlogits[rival]", "not yet"),
            ("return net", "return -net", "the rival gets -1"),
        ),
        ("return net.backward(np.ones_like(net.forward(x)))", "all classes get 1"),
        (
            # Of the images that went through before.
            "dlogits = np.zeros((len(x), 4))\ndlogits[:, k], dlogits[:, rival] = 1, -1\n"
            "return net.backward(dlogits)",
            "gradient check",
        ),
        (
            "from helpers.gradient_check import numerical_gradient\n"
            "ones = np.ones(len(x))\n"
            "def gap(v):\n    return net.forward(v)[:, k] - net.forward(v)[:, rival]\n"
            "return numerical_gradient(gap, x, ones)",
            "calls numerical_gradient",
        ),
        (
            "z = net.forward(x)\np = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\n"
            "p[:, k] -= 1\nreturn net.backward(p)",
            "without softmax",
        ),
    ],
    "wilson": [
        *_changed(
            WILSON,
            (
                "return (middle - half) / (1 + z**2 / n), (middle + half)",
                "return (middle + half)",
                "",
            ),
            (" + z**2 / (4 * n**2)", "", "second term under the root"),
            ("half = z * ", "half = ", "multiplied by z"),
            ("z**2 / (2 * n)", "z**2 / 2 * n", "should be"),
            (
                "(middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)",
                "middle - half, middle + half",
                "both ends are divided",
            ),
            (
                "(middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)",
                "(middle + half) / (1 + z**2 / n), (middle - half) / (1 + z**2 / n)",
                "the lower end comes first",
            ),
            ("return ", "ends = ", "is None"),
            ("share = ", "z = 1.96\nshare = ", "should be"),
        ),
        (
            "share = np.asarray(hits) / n\nreach = z * np.sqrt(share * (1 - share) / n)\n"
            "return share - reach, share + reach",
            "plain interval",
        ),
    ],
    "mcnemar": [
        *_changed(
            MCNEMAR,
            ("min(b, c) + 1", "min(b, c)", "the last term is missing"),
            ("min(1, 2 * tail / 2 ** (b + c))", "2 * tail / 2 ** (b + c)", "at most 1"),
            ("2 * tail", "tail", "twice the tail"),
            ("min(b, c) + 1", "b + 1", "should be"),
            ("return ", "p = ", "is None"),
            ("2 ** (b + c)", "(b + c)", "should be"),
        ),
        (
            "return min(1, 2 * math.comb(b + c, min(b, c)) / 2 ** (b + c))",
            "only the last term",
        ),
    ],
    "f-beta": [
        (
            "p, r = precision(matrix), recall(matrix)\n"
            "return (1 + beta**2) * p * r / np.maximum(beta**2 * p + r, 1)",
            "lifted to 1",
        ),
        *_changed(
            F_BETA,
            ("(1 + beta**2)", "(1 + beta)", "in the factor"),
            ("beta**2 * n_true", "beta * n_true", "in the divisor"),
            ("beta**2 * n_true + n_read", "n_true + beta**2 * n_read", "down a column"),
            ("beta**2 * n_true + n_read", "n_true + n_read", "the divisor, too"),
            ("beta**2", "beta", "in both places"),
            ("(1 + beta**2) *", "2 *", "f_beta of"),
            ("matrix.sum(axis=0), matrix.sum(axis=1)", "matrix.sum(1), matrix.sum(0)", "down a"),
            ("return", "answer =", "is None"),
        ),
        (
            "hits = np.diag(matrix)\np, r = hits / matrix.sum(axis=0), hits / matrix.sum(axis=1)\n"
            "return (1 + beta**2) * p * r / (beta**2 * p + r)",
            "nan",
        ),
        (
            # 0 only for a class that is never read, not for one that is read and never hit.
            "hits = np.diag(matrix)\np, r = hits / matrix.sum(axis=0), hits / matrix.sum(axis=1)\n"
            "f = (1 + beta**2) * p * r / (beta**2 * p + r)\n"
            "f[matrix.sum(axis=0) == 0] = 0\nreturn f",
            "nan",
        ),
        (F_BETA.replace("return ", "answer = ") + "return answer.mean()", "not their mean"),
        ("return np.diag(matrix) / matrix.sum(axis=1)", "the recall alone"),
        (
            "h, a, b = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)\n"
            "return 2 * h / np.maximum(a + b, 1)",
            "that is F1",
        ),
    ],
    "sure-enough": [
        *_changed(
            SURE_ENOUGH,
            (">= t", "> t", "sure, "),
            (">= t", "<= t", "misread"),
            ("<= most", "< most", "too strict"),
            ("~right", "right", "misread"),
            ("(~right[confidence >= t]).mean()", "(~right & (confidence >= t)).mean()", "misread"),
            ("np.unique(confidence)", "np.unique(confidence)[::-1]", "too strict"),
            ("return np.inf", "return confidence.max()", "too many"),
            ("return np.inf", "return None", "np.inf"),
            ("np.unique(confidence)", "confidence", "too strict"),
        ),
        ("return 1 - most", "not one of the confidences"),
        (
            # Images with the same confidence counted one by one: the cut falls between them.
            """
            order = np.argsort(-confidence, kind="stable")
            misread = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
            enough = np.flatnonzero(misread <= most)
            return confidence[order][enough[-1]] if len(enough) else np.inf
            """,
            "go together",
        ),
        (
            """
            order = confidence.argsort()
            for i, n in enumerate(order):
                if (~right[order[i:]]).mean() <= most:
                    return confidence[n]
            return np.inf
            """,
            "go together",
        ),
    ],
    "attack": [
        *_changed(
            ATTACK,
            ("images + epsilon", "images - epsilon", "the loss grows"),
            ("np.sign(net.backward(dlogits))", "net.backward(dlogits)", "the loss grows"),
            ("epsilon * ", "", "the loss grows"),
            ("np.sign(net.backward(dlogits))", "np.sign(images - 0.5)", "the loss grows"),
            ("labels)", "net.forward(images).argmin(axis=1))", "the loss grows"),
            ("labels)", "net.forward(images).argmax(axis=1))", "the loss grows"),
            ("return", "answer =", "returned nothing"),
            ("return ", "images[...] = ", "writes to its argument images"),
            ("net.forward(images)", "net.forward(images, training=True)", "training mode"),
            ("net.backward(dlogits)", "np.ones_like(images)", "the loss grows"),
            ("net.backward(dlogits)", "net.backward(np.ones_like(dlogits))", "the loss grows"),
        ),
        (ATTACK.replace("np.clip(", "(").replace(", 0, 1)", ")"), "clip them"),
        (ATTACK.replace("np.clip(", "np.maximum(").replace(", 0, 1)", ", 0)"), "clip them"),
        (ATTACK.replace("np.clip(", "np.minimum(").replace(", 0, 1)", ", 1)"), "clip them"),
        ("images += epsilon\nreturn images", "writes to its argument images"),
    ],
}

RIGHT = {
    "confusion-matrix": [
        """
        table = [[0] * classes for _ in range(classes)]
        for true, read in zip(labels, predictions):
            table[true][read] += 1
        return table
        """,
        """
        pairs = classes * labels + predictions
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
        """,
        """
        one_hot = np.eye(classes)
        return one_hot[labels].T @ one_hot[predictions]
        """,
    ],
    "precision": [
        """
        read = matrix.sum(axis=0)
        return [matrix[k, k] / read[k] if read[k] else 0 for k in range(len(matrix))]
        """,
        """
        hits, read = matrix.diagonal(), matrix.sum(0)
        return np.divide(hits, read, out=np.zeros(len(hits), np.float32), where=read > 0,
                         casting="unsafe")
        """,
    ],
    "recall": [
        "with np.errstate(all='ignore'):\n"
        "    return np.nan_to_num(np.diag(matrix) / matrix.sum(axis=1))",
        "return [row[k] / max(row.sum(), 1) for k, row in enumerate(matrix)]",
    ],
    "reliability": [
        """
        sure, share, count = np.zeros(bins), np.zeros(bins), np.zeros(bins, dtype=int)
        for b in range(bins):
            inside = (confidence > b / bins) & (confidence <= (b + 1) / bins)
            count[b] = inside.sum()
            if count[b]:
                sure[b], share[b] = confidence[inside].mean(), np.mean(right[inside])
        return [sure, share, count]
        """,
    ],
    "calibration-error": [
        """
        read = np.argmax(probabilities, axis=1)
        confidence = probabilities[np.arange(len(read)), read]
        sure, share, count = reliability(confidence, read == labels, 15)
        return np.average(abs(share - sure), weights=count)
        """,
        """
        sure, share, count = reliability(probabilities.max(1), probabilities.argmax(1) == labels)
        return float(sum(n * abs(a - b) for a, b, n in zip(sure, share, count)) / len(labels))
        """,
    ],
    "fit-temperature": [
        """
        best = None
        for t in np.geomspace(0.25, 8, 200):
            value, _ = loss(logits / t, labels)
            if best is None or value < best[0]:
                best = value, t
        return best[1]
        """,
    ],
    "occlusion": [
        """
        lost = np.zeros(image.shape[1:])
        before = lead(scores(image[None]), k)[0]
        reach = size // 2
        padded = np.pad(image, ((0, 0), (reach, reach), (reach, reach)))
        for r in range(lost.shape[0]):
            for c in range(lost.shape[1]):
                one = padded.copy()
                one[:, r : r + size, c : c + size] = 0
                one = one[:, reach : one.shape[1] - reach, reach : one.shape[2] - reach]
                lost[r, c] = before - lead(scores(one[None]), k)[0]
        return lost
        """,
    ],
    "saliency": [
        """
        logits = net.forward(x)
        classes = np.eye(logits.shape[1])
        return net.backward(np.tile(classes[k] - classes[rival], (len(x), 1)))
        """,
        """
        z = net.forward(x)
        towards = net.backward(np.eye(z.shape[1])[[k] * len(z)])
        net.forward(x)
        return towards - net.backward(np.eye(z.shape[1])[[rival] * len(z)])
        """,
    ],
    "wilson": [
        """
        a, b, c = 1 + z**2 / n, -(2 * np.asarray(hits) / n + z**2 / n), (np.asarray(hits) / n) ** 2
        root = np.sqrt(b**2 - 4 * a * c)
        return [(-b - root) / (2 * a), (-b + root) / (2 * a)]
        """,
    ],
    "mcnemar": [
        """
        n, less = b + c, min(b, c)
        total = 0
        for i in range(less + 1):
            total += math.comb(n, i)
        return min(1.0, total / 2 ** (n - 1) if n else 1.0)
        """,
    ],
    "f-beta": [
        """
        p, r = precision(matrix), recall(matrix)
        return (1 + beta**2) * p * r / np.maximum(beta**2 * p + r, 1e-300)
        """,
    ],
    "sure-enough": [
        """
        good = [t for t in confidence if 1 - right[confidence >= t].mean() <= most]
        return min(good, default=np.inf)
        """,
    ],
    "attack": [
        """
        dlogits = loss(net.forward(images), labels)[1]
        step = np.where(net.backward(dlogits) > 0, epsilon, -epsilon)
        return np.minimum(np.maximum(images + step, 0), 1)
        """,
    ],
}
