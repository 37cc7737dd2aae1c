"""What a notebook shows: outputs that are there, readable by all, and the same on any machine.

Every check takes a notebook and its path, and yields a sentence for each thing that is wrong.
"""

import ast
import re

from notebook_anatomy import code_cells, parse
from notebook_text import IMAGE, markdown, output_text

SCREEN_LINES = 50
SHORTEST_ALT = 20
SHOWING = {"print", "display"}
WIDGET = "application/vnd.jupyter.widget-view+json"
# Words that say nothing of what is to be seen.
EMPTY_WORDS = set(
    "a an the of in on with from for and to by this that is it cell output notebook png image "
    "figure fig plot picture graph chart diagram screenshot matplotlib axes some data result "
    "showing shows shown".split()
)
PRIVATE = re.compile(
    r"(?<![\w.])/(?:home|Users|root|tmp|work|private|var/folders|opt|mnt)/\w|\b[A-Z]:\\\\?\w"
)
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b", re.I)


def outputs(notebook):
    """Return every output with the position of its cell."""
    return [(i, output) for i, cell in code_cells(notebook) for output in cell.outputs]


def check_run_in_order(notebook, path):
    counts = [cell.execution_count for _, cell in code_cells(notebook) if cell.source.strip()]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the cells were not run once, from top to bottom; their numbers are {counts}"


def check_no_errors(notebook, path):
    for i, output in outputs(notebook):
        if output.output_type == "error":
            yield f"cell {i} shows an error: {output.ename}: {output.evalue}"
        elif output.get("name") == "stderr":
            yield f"cell {i} shows a warning: {output.text.strip().splitlines()[0]}"


def check_no_widgets(notebook, path):
    if "widgets" in notebook.metadata:
        yield "the notebook stores the state of widgets"
    for i, output in outputs(notebook):
        if WIDGET in output.get("data", {}):
            yield f"cell {i} stores a widget's view, which nobody can see without its state"


def check_alt_text(notebook, path):
    seen = {}
    for i, output in outputs(notebook):
        for mime in output.get("data", {}):
            if mime.startswith("image/"):
                alt = output.metadata.get(mime, {}).get("alt", "")
                yield from _alt_problems(f"the image of cell {i}", alt)
                if alt and seen.setdefault(alt, i) != i:
                    yield f"cells {seen[alt]} and {i} have the same alt text"
        html = output.get("data", {}).get("text/html", "")
        yield from _html_problems(f"an image of cell {i}", html)
    for i, cell in enumerate(notebook.cells):
        for alt, _ in IMAGE.findall(markdown(cell)):
            yield from _alt_problems(f"an image of cell {i}", alt)
        yield from _html_problems(f"an image of cell {i}", markdown(cell))


def _alt_problems(what, alt):
    telling = [word for word in re.findall(r"[\w']+", alt.lower()) if word not in EMPTY_WORDS]
    if len(alt) < SHORTEST_ALT or len(telling) < 3:
        yield f"{what} needs alt text that says what is to be seen; it has {alt!r}"


def _html_problems(what, html):
    for tag in re.findall(r"<img\b[^>]*>", html):
        alt = re.search(r"\balt=\"([^\"]*)\"|\balt='([^']*)'", tag)
        yield from _alt_problems(what, next(filter(None, alt.groups()), "") if alt else "")


def check_captions(notebook, path):
    """JupyterLab gives an image no alt text, so that a visible line must say the same."""
    for i, cell in code_cells(notebook):
        for output, after in zip(cell.outputs, [*cell.outputs[1:], {}], strict=False):
            is_image = any(mime.startswith("image/") for mime in output.get("data", {}))
            if is_image and "text/markdown" not in after.get("data", {}):
                yield f"an image of cell {i} has no caption; show it with plots.show"


def check_no_machine(notebook, path):
    for i, cell in enumerate(notebook.cells):
        if found := PRIVATE.search(cell.source):
            yield f"the source of cell {i} names a place on a machine: {found[0]}"
    for i, output in outputs(notebook):
        text = output_text(output)
        if found := PRIVATE.search(text):
            yield f"the output of cell {i} names a place on a machine: {found[0]}"
        if found := ADDRESS.search(text):
            yield f"the output of cell {i} shows an address in memory: {found[0]}"


def check_screens(notebook, path):
    for i, cell in code_cells(notebook):
        plain = (o.text if o.output_type == "stream" else _plain(o) for o in cell.outputs)
        lines = sum(len(text.splitlines()) for text in plain)
        if lines > SCREEN_LINES:
            yield f"cell {i} prints {lines} lines; {SCREEN_LINES} fit on a screen"


def _plain(output):
    """Return the text that is shown, which is none where a picture or HTML takes its place."""
    richer = {"text/html", "text/markdown", "image/png", "image/svg+xml"}
    data = output.get("data", {})
    return "" if richer & set(data) else data.get("text/plain", "")


def check_outputs_present(notebook, path):
    for i, cell in code_cells(notebook):
        if cell.source.strip() and not cell.outputs and _shows(parse(cell), cell.source):
            yield f"cell {i} displays something, but has no output"


def _shows(tree, source):
    """Return whether a cell surely shows something: it prints, or ends in a bare value."""
    statements = [node.value for node in tree.body if isinstance(node, ast.Expr)]
    for value in statements:
        if isinstance(value, ast.Call) and getattr(value.func, "id", None) in SHOWING:
            return True
    last = tree.body[-1] if tree.body else None
    silent = (ast.Call, ast.Await)  # a call may return None
    ends_in_value = isinstance(last, ast.Expr) and not isinstance(last.value, silent)
    return ends_in_value and not source.rstrip().endswith(";")


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]
