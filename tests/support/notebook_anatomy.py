"""How a notebook is built: its parts, its rhythm, its links.

Every check takes a notebook and its path, and yields a sentence for each thing that is wrong.
"""

import ast
import importlib
import re
import statistics
import subprocess
import sys
from itertools import pairwise
from urllib.parse import unquote

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from notebook_text import NOTEBOOKS, headings, markdown, prose, targets, word_count

from helpers.workbook.cells import is_check, is_solution

OBJECTIVES = ("You will build", "You will learn", "You need", "Time")
FRAMES = ("00_start_here", "11_draw")  # they open and close the course, and teach less
LONGEST_CELL, LONG_CELL, MEDIAN_CELL = 40, 20, 8
CELLS_IN_A_ROW = 4
MOST_WORDS = 3600
INSTALLS = re.compile(r"^\s*[!%]+\s*(pip|uv|conda|mamba)\b|^\s*!|\bos\.system\(|\.system\(", re.M)


def code_cells(notebook):
    """Return the code cells, each with its position in the notebook."""
    return [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def parse(cell):
    """Return the syntax tree of a code cell, magics turned into calls."""
    return ast.parse(TransformerManager().transform_cell(cell.source))


def check_format(notebook, path):
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield f"the file is not a valid notebook: {str(error).splitlines()[0]}"
    kernel = dict(notebook.metadata.get("kernelspec", {}))
    if (kernel.get("name"), kernel.get("language")) != ("python3", "python"):
        yield f"the kernel must be python3 in the language python, not {kernel}"


def check_title(notebook, path):
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.lstrip().startswith("# "):
        yield "the first cell must start with the title, as '# Title'"
    titles = [text for level, text in headings(notebook) if level == 1]
    if len(titles) > 1:
        yield f"only the title is a heading of the first level; there are also {titles[1:]}"


def check_objectives(notebook, path):
    top = "\n".join(markdown(cell) for cell in notebook.cells[:4])
    for label in OBJECTIVES:
        if not re.search(rf"(\*\*|^#{{2,6}}\s+){label}\b", top, re.M):
            yield f"the first cells must say '**{label}**'"


def check_headings(notebook, path):
    found = headings(notebook)
    for (above, _), (level, text) in pairwise(found):
        if level > above + 1:
            yield f"heading '{text}' skips a level ({above} to {level})"


def check_slides(notebook, path):
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and "slide_type" not in cell.metadata.get("slideshow", {}):
            yield f"cell {i} has no place among the slides: tests.refresh_notebooks --tidy"


def check_ending(notebook, path):
    sections = [text for level, text in headings(notebook) if level == 2]
    if path.stem != "00_start_here" and "What you built" not in sections[-3:]:
        yield "one of the last three sections must be '## What you built'"


def check_map(notebook, path):
    names = sorted({p.name for p in path.parent.glob("*.ipynb")} | {path.name})
    here = names.index(path.name)
    for name in names[max(0, here - 1) : here] + names[here + 1 : here + 2]:
        for where, cells in (("top", notebook.cells[:4]), ("bottom", notebook.cells[-2:])):
            if not any(name in targets(cell) for cell in cells):
                yield f"the map at the {where} must link to {name}: tests.refresh_notebooks --tidy"


def check_cell_lengths(notebook, path):
    lengths = {i: len(cell.source.strip().splitlines()) for i, cell in code_cells(notebook)}
    for i, length in lengths.items():
        if length > LONGEST_CELL:
            yield f"cell {i} has {length} lines; {LONGEST_CELL} is the limit"
    # The contract in a docstring, and a check that knows the usual mistakes, have their length.
    for i, cell in code_cells(notebook):
        if is_solution(cell) or is_check(cell):
            del lengths[i]
    short = sum(length <= LONG_CELL for length in lengths.values())
    if short < 0.9 * len(lengths):
        yield f"only {short} of {len(lengths)} code cells have at most {LONG_CELL} lines (90 %)"
    median = statistics.median(lengths.values()) if lengths else 0
    if median > MEDIAN_CELL:
        yield f"the median code cell has {median:g} lines; {MEDIAN_CELL} is the limit"


def check_cells_in_a_row(notebook, path):
    run = 0
    for i, cell in enumerate(notebook.cells):
        run = run + 1 if cell.cell_type == "code" else 0
        if run == CELLS_IN_A_ROW + 1:
            yield f"more than {CELLS_IN_A_ROW} code cells without prose, up to cell {i}"


def check_prose(notebook, path):
    words, fewest = word_count(notebook), 500 if path.stem in FRAMES else 1000
    if not fewest <= words <= MOST_WORDS:
        yield f"{words:,} words of prose; it should be {fewest:,} to {MOST_WORDS:,}"


def check_commands(notebook, path):
    for i, cell in code_cells(notebook):
        if INSTALLS.search(cell.source):
            yield f"cell {i} runs a command of the system"


def check_links(notebook, path):
    for i, cell in enumerate(notebook.cells):
        for target in targets(cell):
            if re.match(r"(https?|mailto):|#", target):
                continue
            file = unquote(target.partition("#")[0])
            if re.match(r"\w+:", file) or not (path.parent / file).exists():
                yield f"cell {i} links to {target}, which is not there"


def check_imports(notebook, path):
    for i, cell in code_cells(notebook):
        for node in ast.walk(parse(cell)):
            if isinstance(node, ast.Import):
                wanted = [(alias.name, None) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                wanted = [(node.module, alias.name) for alias in node.names]
            else:
                continue
            for module, name in wanted:
                if module.partition(".")[0] == "helpers" and not _exists(module, name):
                    yield f"cell {i} imports {name or module} from {module}: no such name"


def _exists(module, name):
    try:
        found = importlib.import_module(module)
        if name is not None and not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True


def check_spelling(notebook, path):
    text = "\n".join(
        prose(cell) if cell.cell_type == "markdown" else cell.source for cell in notebook.cells
    )
    yield from spelling_mistakes("-", text=text)


def spelling_mistakes(*files, text=None):
    """Return what codespell finds in files of the project, or in a text if the file is ``-``."""
    done = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *files],
        input=text,
        capture_output=True,
        encoding="utf-8",
        cwd=NOTEBOOKS.parent,
    )
    if done.returncode not in (0, 65):  # 65 is EX_DATAERR: there are mistakes
        raise RuntimeError(f"codespell failed: {done.stderr}")
    return [line.strip() for line in done.stdout.splitlines() if "==>" in line]


CHECKS = [check for name, check in list(globals().items()) if name.startswith("check_")]
