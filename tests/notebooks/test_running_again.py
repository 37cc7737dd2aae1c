"""Nothing can break: every cell runs twice in a row, and every section again after later ones."""

import re
import subprocess
from itertools import groupby

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_text import NOTEBOOKS, markdown, paths

SECONDS = 300


def again(notebook):
    """Return a notebook that runs each cell twice, then its sections from the last to the first."""
    sections, number = [], 0
    for i, cell in enumerate(notebook.cells):
        number += bool(re.search(r"^## ", markdown(cell), re.M))
        if cell.cell_type == "code":
            sections.append((number, i, cell.source))
    by_section = [list(group) for _, group in groupby(sections, key=lambda one: one[0])]
    twice = [(i, source) for _, i, source in sections for _ in range(2)]
    backwards = [(i, source) for group in reversed(by_section) for _, i, source in group]
    made = new_notebook()
    for how, part in (("twice in a row", twice), ("after later sections", backwards)):
        for i, source in part:
            cell = new_code_cell(source, metadata={"again": f"cell {i}, run {how}"})
            made.cells.append(cell)
    return made


def failures(notebook, folder):
    """Return the errors of a notebook that is run so."""
    made = again(notebook)
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        made, timeout=SECONDS, kernel_name="python3", resources=where, allow_errors=True
    )
    client.execute(stderr=subprocess.DEVNULL)
    return [
        f"{cell.metadata['again']}: {output.ename}: {output.evalue}"
        for cell in made.cells
        for output in cell.outputs
        if output.output_type == "error"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
def test_every_cell_and_every_section_can_be_run_again(path):
    assert failures(nbformat.read(path, as_version=4), NOTEBOOKS) == []


def test_what_cannot_be_run_again_is_found(tmp_path):
    notebook = new_notebook(
        cells=[
            new_markdown_cell("## One"),
            new_code_cell("size = 3"),
            new_code_cell("values = [1] * size"),
            new_markdown_cell("## Two"),
            new_code_cell("del values"),
            new_code_cell("size = 'large'"),
            new_code_cell("assert size != 3"),
        ]
    )
    found = failures(notebook, tmp_path)
    assert found == ["cell 4, run twice in a row: NameError: name 'values' is not defined"] + [
        "cell 4, run after later sections: NameError: name 'values' is not defined"
    ]
    notebook.cells[1].source = "size = size if 'size' in globals() else 3"
    assert "cell 2, run after later sections: TypeError" in failures(notebook, tmp_path)[-1]
