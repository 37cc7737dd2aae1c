"""Answers to the exercises of 01: reading a header, means, distances, splits, votes."""

READ = """
if content[:3] != bytes([0, 0, 8]):
    raise ValueError("not IDX")
start = 4 + 4 * content[3]
sizes = [int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4)]
return tuple(sizes), start
"""
HEADER = """
header = bytes([0, 0, 8, len(shape)])
for size in shape:
    header += int(size).to_bytes(4, "big")
return header
"""
MEANS = """
rows = images.reshape(len(images), -1)
return np.stack([rows[labels == k].mean(axis=0) for k in range(classes)])
"""
STRATIFIED = """
members = rng.permutation(np.flatnonzero(labels == k))
cut = round(share * len(members))
to_validate.extend(members[:cut])
to_train.extend(members[cut:])
"""
DISTANCES = """
squares_a = (a**2).sum(axis=1)[:, None]
squares_b = (b**2).sum(axis=1)
return squares_a - 2 * a @ b.T + squares_b
"""
NEAREST = """
rows = images.reshape(len(images), -1)
return squared_distances(rows, means).argmin(axis=1)
"""
VOTE = """
nearest_k = distances.argsort(axis=1, kind="stable")[:, :k]
return np.array([np.bincount(row).argmax() for row in labels[nearest_k]])
"""

WRONG = {
    "read-header": [
        (READ.replace('"big"', '"little"'), "little-endian"),
        (READ.replace("4 + 4 * content[3]", "16"), "header"),
        (READ.replace("sizes), start", "sizes), 16"), "images only"),
        (READ.replace("tuple(sizes)", "tuple(sizes[::-1])"), "wrong order"),
        (READ.replace(", start\n", "\n"), "2 values"),
        (READ.replace('raise ValueError("not IDX")', "pass"), "raise a ValueError"),
        (READ.replace("content[:3] != bytes([0, 0, 8])", "content[0]"), "numbers of another kind"),
        (
            READ.replace("content[:3] != bytes([0, 0, 8])", "content[2] not in (0, 8)"),
            "a zip",
        ),
        (READ.replace("i + 4]", "i + 2]"), "should be"),
        (READ.replace("range(4, start, 4)", "range(start // 4)"), "should have the shape"),
        (READ.replace("return", "answer ="), "returns nothing"),
    ],
    "class-means": [
        (MEANS.replace("mean(axis=0)", "mean()"), "went over the pixels too"),
        (MEANS.replace("mean(axis=0)", "sum(axis=0)"), "these are sums"),
        (MEANS.replace("mean(axis=0)", "sum(axis=0) / len(rows)"), "divided by all images"),
        (MEANS.replace("rows[labels == k]", "rows"), "mean of all images"),
        (MEANS.replace("mean(axis=0)", "mean(axis=1)"), "same shape"),
        (MEANS.replace("images.reshape(len(images), -1)", "images"), "should have the shape"),
        (MEANS.replace("range(classes)", "range(3)"), "use `classes`"),
        (MEANS.replace("return", "means ="), "returns nothing"),
        ("images /= 1.5\n" + MEANS, "writes to its argument"),
    ],
    "stratified": [
        (
            STRATIFIED.replace(
                "rng.permutation(np.flatnonzero(labels == k))", "np.flatnonzero(labels == k)"
            ),
            "another generator",
        ),
        (
            STRATIFIED.replace("rng.permutation", "np.random.default_rng().permutation"),
            "the same seed",
        ),
        (
            STRATIFIED.replace("share * len(members)", "share * len(labels) / 10"),
            "count of each class",
        ),
        (
            STRATIFIED.replace("round(share * len(members))", "int(share * 40)"),
            "count of each class",
        ),
        (
            STRATIFIED.replace("to_train.extend(members[cut:])", "to_train.extend(members)"),
            "one only",
        ),
        (
            STRATIFIED.replace(
                "to_validate.extend(members[:cut])", "to_validate.extend(members[cut:])"
            ),
            "one only",
        ),
        (STRATIFIED.replace("members[cut:]", "members[cut + 1 :]"), "one only"),
        (
            STRATIFIED.replace("np.flatnonzero(labels == k)", "np.arange((labels == k).sum())"),
            "one only",
        ),
        (
            "order = rng.permutation(len(labels))\ncut = round(share * len(labels))\n"
            "to_train, to_validate = order[cut:], order[:cut]",
            "count of each class",
        ),
        (
            STRATIFIED.replace("[:cut]", "[: len(members) - cut]").replace(
                "[cut:]", "[len(members) - cut :]"
            ),
            "count of each class",
        ),
    ],
    "squared-distances": [
        (DISTANCES.replace("2 * a", "a"), "twice"),
        (DISTANCES.replace("- 2", "+ 2"), "with a minus"),
        (DISTANCES.replace(" + squares_b", ""), "squares of b are missing"),
        (DISTANCES.replace("squares_a - 2", "-2"), "squares of a are missing"),
        (DISTANCES.replace("b.T", "b"), "ValueError"),
        (DISTANCES.replace("[:, None]", ""), "ValueError"),
        (DISTANCES.replace("squares_a -", "squares_a.T -"), "ValueError"),
        ("return np.sqrt(((a[:, None] - b) ** 2).sum(axis=2))", "leave the root"),
        ("return ((a[:, None] - b) ** 2).sum(axis=2)", "for each pair and pixel"),
        ("return np.array([[((p - q) ** 2).sum() for q in b] for p in a])", "too slow"),
        ("return ((b[:, None] - a) ** 2).sum(axis=2)", "should belong to row i of a"),
        (DISTANCES.replace("return", "d ="), "returns nothing"),
    ],
    "nearest-mean": [
        (NEAREST.replace("argmin", "argmax"), "furthest"),
        (NEAREST.replace("axis=1", "axis=0"), "each row belongs to an image"),
        (NEAREST.replace("argmin", "min"), "these are distances"),
        (NEAREST.replace(".argmin(axis=1)", ""), "these are all distances"),
        (NEAREST.replace("(axis=1)", "()"), "should have the shape"),
        (NEAREST.replace("images.reshape(len(images), -1)", "images"), "ValueError"),
        (NEAREST.replace("return", "d ="), "returns nothing"),
    ],
    "idx-header": [
        (HEADER.replace('"big"', '"little"'), "most significant"),
        (HEADER.replace("0, 0, 8", "0, 8"), "sizes of 4"),
        (HEADER.replace("0, 0, 8", "0, 0, 9"), "magic number"),
        (HEADER.replace("len(shape)]", "3]"), "magic number"),
        (HEADER.replace("in shape:", "in shape[::-1]:"), "in the order of the shape"),
        (HEADER.replace("to_bytes(4,", "to_bytes(8,"), "sizes of 4"),
        (HEADER.replace("in shape:", "in shape[:1]:"), "sizes of 4"),
        (HEADER.replace("return header", "return header.hex(' ')"), "not str"),
        (HEADER.replace("return header", "header"), "returned nothing"),
    ],
    "vote": [
        (VOTE.replace("distances.argsort", "(-distances).argsort"), "the vote of 1"),
        (VOTE.replace("[:, :k]", "[:k]"), "the vote of"),
        (VOTE.replace(":k", ":1"), "Let k of them vote"),
        (VOTE.replace("np.bincount(row).argmax()", "row[0]"), "Let k of them vote"),
        (VOTE.replace("np.bincount(row).argmax()", "np.median(row)"), "the vote of"),
        (VOTE.replace("np.bincount(row).argmax()", "np.bincount(row).max()"), "the vote of 1"),
        (VOTE.replace("labels[nearest_k]", "nearest_k"), "positions"),
        (VOTE.replace("axis=1", "axis=0"), "the vote of"),
        ("return labels[distances.argsort(axis=1)[:, :k]]", "one answer for each row"),
        (VOTE.replace("return", "answers ="), "returns nothing"),
    ],
}

RIGHT = {
    "read-header": [
        """
if content[0] or content[1] or content[2] != 8:
    raise ValueError("no IDX file of bytes")
shape = np.frombuffer(content, ">u4", count=content[3], offset=4)
return shape, 4 * (1 + len(shape))
""",
    ],
    "class-means": [
        """
rows = images.reshape(len(images), -1)
members = labels[:, None] == np.arange(classes)
return members.T @ rows / members.sum(axis=0)[:, None]
""",
        """
rows = [image.ravel().tolist() for image in images]
return [np.mean([r for r, y in zip(rows, labels) if y == k], 0).tolist() for k in range(classes)]
""",
    ],
    "stratified": [
        """
members = np.flatnonzero(labels == k)
rng.shuffle(members)
cut = round(share * len(members))
to_validate += list(members[:cut])
to_train += list(members[cut:])
""",
    ],
    "squared-distances": [
        "return (a * a).sum(1, keepdims=True) + (b * b).sum(1) - 2 * np.einsum('nd,md->nm', a, b)",
        "return np.stack([((a - row) ** 2).sum(axis=1) for row in b], axis=1)",
    ],
    "nearest-mean": [
        "return [int(((means - row.ravel()) ** 2).sum(axis=1).argmin()) for row in images]",
    ],
    "idx-header": [
        "return bytes([0, 0, 8, len(shape)]) + np.array(shape, '>u4').tobytes()",
    ],
    "vote": [
        """
answers = []
for row in distances:
    votes = [0] * 10
    for i in np.argsort(row)[:k]:
        votes[labels[i]] += 1
    answers.append(votes.index(max(votes)))
return answers
""",
    ],
}
