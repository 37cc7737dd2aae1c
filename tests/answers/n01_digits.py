"""Answers to the exercises of 01: reading a header, means, distances, splits, votes."""

READ = """
zero, kind, dimensions = struct.unpack(">HBB", content[:4])
if (zero, kind) != (0, 8):
    raise ValueError("not IDX")
start = 4 + 4 * dimensions
return struct.unpack(f">{dimensions}I", content[4:start]), start
"""
HEADER = 'return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)'
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
        (READ.replace('f">', 'f"<'), "little-endian"),
        (READ.replace('f">', 'f"'), "little-endian"),
        (READ.replace("4 + 4 * dimensions", "16"), "unpack requires"),
        (READ.replace("start\n", "16\n"), "images only"),
        (READ.replace("content[4:start]), start", "content[4:start])[::-1], start"), "wrong order"),
        (READ.replace(", start\n", "\n"), "2 values"),
        (READ.replace('    raise ValueError("not IDX")', "    pass"), "raise a ValueError"),
        (READ.replace("(zero, kind) != (0, 8)", "zero != 0"), "numbers of another kind"),
        (READ.replace("content[4:start]", "content[:start]"), "unpack requires"),
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
        (HEADER.replace('">', '"<'), "most significant"),
        ('return struct.pack(f">HH{len(shape)}I", 0, 8, *shape)', "magic number"),
        (HEADER.replace("0, 8", "0, 9"), "magic number"),
        (HEADER.replace("*shape", "*shape[::-1]"), "in the order of the shape"),
        ('return bytes([0, 0, 8, 3]) + np.array(shape, dtype=">u4").tobytes()', "magic number"),
        (
            'return bytes([0, 0, 8, len(shape)]) + np.array(shape, dtype=">u8").tobytes()',
            "sizes of 4",
        ),
        (
            'return bytes([0, 0, 8, len(shape)]) + np.array(shape, dtype="<u4").tobytes()',
            "most significant",
        ),
        (HEADER + '.hex(" ")', "not str"),
        (HEADER.removeprefix("return "), "returned nothing"),
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
if content[:3] != bytes([0, 0, 8]):
    raise ValueError("no IDX file of bytes")
count = content[3]
sizes = [int.from_bytes(content[4 + 4 * i : 8 + 4 * i], "big") for i in range(count)]
return sizes, 4 + 4 * count
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
        "return bytes([0, 0, 8, len(shape)]) + b''.join(int(n).to_bytes(4, 'big') for n in shape)",
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
