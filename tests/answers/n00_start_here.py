"""Answers to the exercises of 00_start_here."""

WRONG = {
    "pixel-count": [
        ("return height + width", "are added up"),
        ("return 28 * 28", "that is the number for 28 by 28"),
        ("return height**2", "that is a square"),
        ("return width**2", "that is a square, too"),
        ("return 2 * (height + width)", "the edge around it"),
        ("height * width", "is None"),
        ("print(height * width)", "is None"),
    ],
}

RIGHT = {
    "pixel-count": [
        "return sum(width for row in range(height))",
        "return float(np.ones((height, width)).sum())",
    ],
}
