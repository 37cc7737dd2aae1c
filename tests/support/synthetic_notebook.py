"""A small notebook that is as a notebook of the course should be, to be spoilt by tests."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PNG = "iVBORw0KGgo="  # a reader shows nothing, which is enough here
ALT = "Loss falls from 2.3 to 0.1 within ten epochs, faster with momentum."
MAP = "[Back](00_start_here.ipynb) · **10** "
WORDS = "A filter slides over the image and answers where it finds its own pattern again. "
OBJECTIVES = """**You will build** a mean. **You will learn** to trust it.

**You need** Python. **Time**: ten minutes."""
SOLUTION = '''def mean(values):
    """Return the mean."""
    ### BEGIN SOLUTION
    return sum(values) / len(values)
    ### END SOLUTION'''
CHECK = """with check("mean") as test:
    test.that(callable(mean), "mean should be a function")
assert mean([1, 2, 6]) == 3, f"the mean of 1, 2, 6 is 3, not {mean([1, 2, 6])}"
print("mean: correct")"""
EXERCISE = "The mean of 1 and 3 is 2.\n\n**Exercise: mean** · core · 5 minutes. Write it."
HINT = "<details><summary>It is {}</summary>\n\nHow many values are there?\n\n</details>\n"
HINTS = HINT.format("too large") + HINT.format("no number")
READ_ON = "".join(f" [{i}](https://numpy.org/{i})" for i in "ab") + " [c](https://arxiv.org/c)"
WRONG_ANSWERS = {"mean": ["return sum(values)", "return max(values)"]}


def code(source, *outputs, **nbgrader):
    """Return a code cell that has been run."""
    cell = new_code_cell(source, outputs=list(outputs), execution_count=1)
    if nbgrader:
        flags = {"grade": False, "solution": False, "locked": False}
        cell.metadata["nbgrader"] = {**flags, "schema_version": 3, "task": False, **nbgrader}
    return cell


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def image(alt=ALT):
    return new_output("display_data", data={"image/png": PNG}, metadata={"image/png": {"alt": alt}})


def caption(text=ALT):
    return new_output("display_data", data={"text/markdown": f"**Figure.** {text}"})


def notebook():
    """Return a fresh copy; by position: title, goals, import, text, plot, then an exercise
    (its text, cell, hints, check), a question, its answer, and the end.
    """
    cells = [
        new_markdown_cell(
            f"# The mean\n\nOne number for many, with [notation](notation.md).\n\n{MAP}"
        ),
        new_markdown_cell(OBJECTIVES),
        code("import math\n\nfrom helpers import mnist\nfrom helpers.workbook import check"),
        new_markdown_cell("## One number\n\n" + WORDS * 70),
        code("show()\nmath.pi", image(), caption(), stream("3.14\n")),
        new_markdown_cell(EXERCISE),
        code(SOLUTION, grade_id="mean", solution=True),
        new_markdown_cell(HINTS),
        code(CHECK, stream("mean: correct\n"), grade_id="mean-check", grade=True, locked=True),
        new_markdown_cell("**Predict first.** (a) or (b)? **Think.** Why the mean?"),
        new_markdown_cell("<details><summary>One answer</summary>It is fair.</details>"),
        new_markdown_cell(
            f"## What you built\n\n$m = s / n$. See [it](README.md).{READ_ON}\n\n{MAP}"
        ),
    ]
    cells[8].metadata["nbgrader"]["points"] = 1
    cells[10].metadata["tags"] = ["answer"]
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.metadata["slideshow"] = {"slide_type": "slide"}
    made = new_notebook(cells=cells)
    made.metadata["kernelspec"] = {
        "name": "python3",
        "language": "python",
        "display_name": "Python",
    }
    number(made)
    return made


def number(made):
    """Number the code cells as one run from top to bottom does."""
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    for count, cell in enumerate(cells, 1):
        cell.execution_count = count
