"""A course of three small notebooks that has everything a notebook of the course may have."""

import subprocess
import textwrap

import nbformat
from nbclient import NotebookClient

from helpers.workbook import cells, course, solutions

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
ALT = "The bar of the largest score reaches 0.6, the other two stay below 0.3."
FLAGS = {"grade": False, "locked": False, "schema_version": 3, "solution": False, "task": False}

SOFTMAX = '''
def softmax(z):
    """Return the softmax of each row of z.

    1. subtract each row's largest score  2. exponentials  3. divide by the row's sum
    """
    ### BEGIN SOLUTION
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
    ### END SOLUTION
'''
SOFTMAX_CHECK = """
with check("softmax", says="right for rows") as test:
    logs = np.log([[1.0, 2, 5], [3, 1, 4]])
    e = np.exp(logs)
    test.gives(softmax, logs, wanted=[[1 / 8, 2 / 8, 5 / 8], [3 / 8, 1 / 8, 4 / 8]], known={
        "one sum for all rows. Each row needs its own.": e / e.sum()})
"""
RELU = '''
class ReLU:
    """max(x, 0)."""

    params, grads = {}, {}

    def forward(self, x, training=False):
        self._mask = x > 0
        return x * self._mask

    def backward(self, dy):
        """Return dx: where x was positive, dy goes through."""
        ### BEGIN SOLUTION
        return dy * self._mask
        ### END SOLUTION
'''
RELU_CHECK = """
with check("relu-backward") as test:
    test.layer(ReLU(), np.random.default_rng(3).normal(size=(3, 4)))
"""
POOL = '''
def max_pool_forward(x, size):
    """Return the largest of each window of size x size, without overlap."""
    ### BEGIN SOLUTION
    windows = sliding_window_view(x, (size, size), axis=(2, 3))
    return windows[:, :, ::size, ::size].max(axis=(4, 5))
    ### END SOLUTION
'''
POOL_CHECK = """
with check("pool-forward") as test:
    numbers = np.arange(16.0).reshape(1, 1, 4, 4)
    test.gives(max_pool_forward, numbers, 2, wanted=[[[[5, 7], [13, 15]]]])
"""
POOL_CLASS = '''
HALF = 2


class MaxPool2D:
    """The largest of each window; the pattern of a layer, once more."""

    params, grads = {}, {}

    def __init__(self, pool_size=HALF):
        self.pool_size = pool_size

    def forward(self, x, training=False):
        return max_pool_forward(x, self.pool_size)
'''
CENTRE = '''
def centred(x):
    """Return x less its mean, divided by its spread."""
    ### BEGIN SOLUTION
    mean = x.mean()
    shifted = x - mean
    spread = shifted.std()
    return shifted / spread
    ### END SOLUTION
'''
CENTRE_CHECK = """
with check("centred") as test:
    test.gives(centred, np.array([1.0, 3.0]), wanted=[-1, 1])
"""
LATER = '''
def certain(z):
    """Return the largest probability of each row."""
    ### BEGIN SOLUTION
    return softmax(z).max(axis=-1)
    ### END SOLUTION
'''
LATER_CHECK = """
with check("certain") as test:
    test.gives(certain, np.log([[1.0, 2, 5]]), wanted=[5 / 8])
"""


def solution(name, source, **more):
    """Return the cell of an exercise with its solution."""
    known = FLAGS | {"grade_id": name, "solution": True}
    return cells.code(name, source.strip("\n"), nbgrader=known, **more)


def check(name, source, points=2):
    """Return a locked cell that checks an exercise."""
    known = FLAGS | {"grade_id": f"{name}-check", "grade": True, "locked": True, "points": points}
    return cells.code(f"{name}-check", source.strip("\n"), nbgrader=known)


def exercise(name, source, test, kind="core", minutes=5, **more):
    """Return the four cells of an exercise: what to write, its cell, hints, its check."""
    asked = f"An idea.\n\n**Exercise: {name}** · {kind} · {minutes} minutes. Write it."
    hints = "<details><summary>The shape is wrong</summary>\n\nLook at the axes.\n\n</details>"
    return [
        cells.markdown(f"{name}-text", asked),
        solution(name, source, **more),
        cells.markdown(f"{name}-hints", f"{hints}\n\n{hints}"),
        check(name, test),
    ]


def start():
    text = "# Start\n\n[Data](../data/README.md), [notation](notation.md), [next](02_softmax.ipynb)"
    return [cells.markdown("title", f"{text}\n\n![The pad with a 3](images/pad.png)")]


def softmax():
    picture = {"output_type": "display_data", "data": {"image/png": PNG}}
    picture["metadata"] = {"image/png": {"alt": ALT}}
    goal = cells.code("bars", "share = softmax(np.array([1.0, 2, 3]))", tags=["goal"])
    written = FLAGS | {"grade_id": "why", "grade": True, "solution": True, "points": 1}
    because = "Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    return [
        cells.markdown("title", "# Softmax"),
        cells.code("imports", "import numpy as np\n\nfrom helpers.workbook import check"),
        *exercise("softmax", SOFTMAX, SOFTMAX_CHECK),
        goal | {"outputs": [picture]},
        cells.code("fact", "assert abs(share.sum() - 1) < 1e-12", tags=["ci"]),
        cells.markdown("think", "**Think.** Why do they add up to 1?"),
        cells.markdown("think-answer", "<details>Divided.</details>", tags=["answer"]),
        cells.markdown("predict", "**Predict first.** (a) yes (b) no"),
        *exercise("centred", CENTRE, CENTRE_CHECK, "practice", course={"form": "order"}),
        cells.markdown("why", because, nbgrader=written),
    ]


def pooling():
    imports = """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from helpers.losses import softmax
from helpers.workbook import check, yours

softmax = yours(softmax)"""
    return [
        cells.markdown("title", "# Pooling"),
        cells.code("imports", imports.strip()),
        *exercise("relu-backward", RELU, RELU_CHECK),
        *exercise("pool-forward", POOL, POOL_CHECK),
        cells.code("pool-class", POOL_CLASS.strip("\n")),
        *exercise("certain", LATER, LATER_CHECK, "challenge"),
    ]


def drawing():
    source = """
from helpers.layers import MaxPool2D, ReLU
from helpers.workbook import yours

MaxPool2D, ReLU = yours(MaxPool2D, ReLU)"""
    return [cells.markdown("title", "# Draw"), cells.code("hers", source.strip())]


def write(root):
    """Write the course into a project; return the folder of its notebooks."""
    place = root / "notebooks"
    (place / "images").mkdir(parents=True)
    (place / "images" / "pad.png").write_bytes(b"\x89PNG")
    (place / "notation.md").write_text("[Data](../data/README.md)", encoding="utf-8")
    (root / "data").mkdir()
    (root / "data" / "README.md").write_text(
        "[First](../notebooks/00_start_here.ipynb)", encoding="utf-8"
    )
    made = {"00_start_here": start(), "02_softmax": softmax()}
    made |= {"05_pooling": pooling(), "11_draw": drawing()}
    for name, parts in made.items():
        kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
        notebook = {"cells": parts, "metadata": {"kernelspec": kernel}}
        cells.write(place / f"{name}.ipynb", notebook | {"nbformat": 4, "nbformat_minor": 5})
    return place


def fill(workbook, name, answers):
    """Write answers into a student's notebook: whole cells, by the exercise."""
    path = workbook / f"{name}.ipynb"
    notebook = cells.read(path)
    for cell in notebook["cells"]:
        text = answers.get(cells.grading(cell).get("grade_id"))
        if text is not None:
            cell["source"] = textwrap.dedent(text).strip("\n")
    cells.write(path, notebook)


def solve(workbook, names=()):
    """Write the course's own solutions into a workbook: of all exercises, or of some."""
    known = course.all_exercises(workbook)
    answers = {n: solutions.solved(e.source) for n, e in known.items() if not names or n in names}
    for name in {known[n].notebook for n in answers}:
        fill(workbook, name, answers)


def sources(path):
    """Return the source of each cell of a notebook by its key."""
    return {cells.key(cell): cell["source"] for cell in cells.read(path)["cells"]}


def run_all(path):
    """Run a notebook from top to bottom, as Run All does; return its errors by cell."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, kernel_name="python3", timeout=300, resources=where)
    client.execute(stderr=subprocess.DEVNULL)
    return {
        cells.key(cell): f"{output.ename}: {output.evalue}"
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "error"
    }
