"""The usual wrong answers to the exercises. The check of each exercise must refuse all of them.

For each notebook, for each grade_id: what a student may write between ``### BEGIN SOLUTION`` and
``### END SOLUTION``, indented as if it stood alone.
"""

# Right answers, to be spoilt.
PREPARE = """
rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
cut = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
height, width = (max(1, round(side * 20 / max(cut.shape))) for side in cut.shape)
cut = Image.fromarray(cut.astype(np.float32))
digit = np.asarray(cut.resize((width, height), Image.Resampling.HAMMING)).clip(0)
digit = digit / digit.max()
row, column = centre_of_mass(digit)
down, across = round(14 - row), round(14 - column)
image = np.zeros((28, 28), dtype=np.float32)
image[down : down + height, across : across + width] = digit
return image
"""
TURN = """
alpha = np.deg2rad(degrees)
matrix = np.array([[np.cos(alpha), np.sin(alpha)], [-np.sin(alpha), np.cos(alpha)]])
return [stroke @ matrix for stroke in strokes]""".lstrip()

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

WRONG_ANSWERS = {
    "00_start_here": {
        "pixel-count": ["return height + width", "return 28 * 28", "return height**2"],
    },
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
    "11_draw": {
        "centre-of-mass": [
            # The middle of the image, of the ink's box, and of the inked pixels without weights.
            "return (image.shape[0] - 1) / 2, (image.shape[1] - 1) / 2",
            "rows, columns = np.nonzero(image)\n"
            "return (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2",
            "rows, columns = np.nonzero(image)\nreturn rows.mean(), columns.mean()",
            # x before y.
            "rows, columns = np.indices(image.shape)\n"
            "return (columns * image).sum() / image.sum(), (rows * image).sum() / image.sum()",
            # Not divided by the ink, or by the number of pixels.
            "rows, columns = np.indices(image.shape)\n"
            "return (rows * image).sum(), (columns * image).sum()",
            "rows, columns = np.indices(image.shape)\n"
            "return (rows * image).mean(), (columns * image).mean()",
            # Nothing returned.
            "row = image.sum(axis=1) @ np.arange(image.shape[0]) / image.sum()",
        ],
        "prepare": [
            # The whole canvas, shrunk.
            "small = Image.fromarray(canvas.astype(np.float32)).resize((28, 28))\n"
            "return np.asarray(small)",
            *(
                PREPARE.replace(right, wrong)
                for right, wrong in {
                    "20 / max(cut.shape)": "20 / min(cut.shape)",  # the shorter side
                    "side * 20 / max(cut.shape)": "20",  # stretched to a square
                    "side * 20": "side * 28",  # without a border
                    "rows[-1] + 1": "rows[-1]",  # the last row is lost
                    "digit / digit.max()": "digit",  # pale
                    "Resampling.HAMMING": "Resampling.NEAREST",  # torn
                    "(width, height)": "(height, width)",  # Pillow takes the width first
                    "14 - row": "13.5 - row",
                    "round(14 - row)": "(28 - height) // 2",  # the box in the middle
                    "digit = digit / digit.max()": "digit = 1 - digit / digit.max()",  # inverted
                }.items()
            ),
        ],
        "turn": [
            # Counter-clockwise, degrees for radians, only the first stroke, a shear, nothing.
            TURN.replace("np.deg2rad(degrees)", "-np.deg2rad(degrees)"),
            TURN.replace("np.deg2rad(degrees)", "degrees"),
            TURN + "[:1]",
            "return [strokes[0] @ np.array([[0, 1], [-1, 0]]), *strokes[1:]]",
            TURN.replace("-np.sin(alpha)", "0"),
            "return strokes",
        ],
    },
}
