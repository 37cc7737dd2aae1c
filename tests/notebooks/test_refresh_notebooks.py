"""`python -m tests.refresh_notebooks`: what it stores, and that it loses nothing."""

import nbformat
import pytest
import refresh_notebooks
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SOUND = "import os, sys\nprint('in', os.path.basename(os.getcwd()))\nprint('again')"
WIDGET = "from ipywidgets import IntSlider\nIntSlider(3)"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(refresh_notebooks, "NOTEBOOKS", folder)
    return folder


def write(path, *sources):
    cells = [new_markdown_cell("# Title")]
    for source in sources:
        metadata = {"tags": ["keep"], "collapsed": True, "execution": {"iopub.status": "now"}}
        cells.append(new_code_cell(source, metadata=metadata, outputs=[new_output("stream")]))
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "conda-env-ada", "display_name": "Ada's own"}
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}
    nbformat.write(notebook, path)
    return [cell.id for cell in cells]


def test_outputs_are_fresh_and_the_rest_is_clean(folder, capsys):
    path = folder / "01_digits.ipynb"
    ids = write(path, SOUND, WIDGET)
    assert refresh_notebooks.main(["01_digits"]) == 0
    assert capsys.readouterr().out.startswith("01_digits.ipynb: ")
    notebook = nbformat.read(path, as_version=4)
    assert [cell.id for cell in notebook.cells] == ids
    assert notebook.metadata == {
        "kernelspec": refresh_notebooks.KERNEL,
        "language_info": refresh_notebooks.LANGUAGE,
    }
    title, first, second = notebook.cells
    assert title.metadata == {"slideshow": {"slide_type": "slide"}}
    assert first.metadata == {"tags": ["keep"]}
    assert first.outputs == [new_output("stream", name="stdout", text="in notebooks\nagain\n")]
    assert [cell.execution_count for cell in (first, second)] == [1, 2]
    (widget,) = second.outputs
    assert widget.data == {"text/plain": refresh_notebooks.INSTEAD_OF_WIDGET}
    written = path.read_bytes()
    assert refresh_notebooks.main([]) == 0
    assert path.read_bytes() == written


def test_tidying_updates_the_map_and_runs_nothing(folder):
    path = folder / "01_digits.ipynb"
    write(path, "1 / 0")
    (folder / "11_draw.ipynb").touch()
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "# Title\n\nThe course: 01 digits ·\n02 softmax\n\nMore."
    nbformat.write(notebook, path)
    assert refresh_notebooks.main(["01_digits", "--tidy"]) == 0
    after = nbformat.read(path, as_version=4)
    title, line, more = after.cells[0].source.split("\n\n")
    assert (title, more) == ("# Title", "More.")
    assert line == "The course: **01 digits** · [11 draw](11_draw.ipynb)"
    assert after.cells[1].outputs == notebook.cells[1].outputs


def test_slides_begin_with_sections_and_prose():
    cells = [new_markdown_cell(text) for text in ("# A", "## B", "### C", "Prose.", "#tag")]
    cells[3].metadata["slideshow"] = {"slide_type": "skip"}
    notebook = new_notebook(cells=cells)
    refresh_notebooks.clean(notebook)
    types = [cell.metadata["slideshow"]["slide_type"] for cell in notebook.cells]
    assert types == ["slide", "slide", "subslide", "skip", "subslide"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 / 0", "cell 1 (1 / 0): ZeroDivisionError: division by zero"),
        ("import os\nprint(os.getcwd())", "the output names"),
        ("import os\nos._exit(1)", "died"),
    ],
)
def test_a_failure_is_named_and_leaves_the_file(folder, capsys, source, expected):
    path = folder / "01_digits.ipynb"
    write(path, source)
    before = path.read_bytes()
    assert refresh_notebooks.main(["01_digits.ipynb"]) == 1
    assert expected in capsys.readouterr().err
    assert path.read_bytes() == before
    assert list(folder.iterdir()) == [path]


def test_an_unknown_or_broken_notebook_is_named(folder, capsys):
    (folder / "02_softmax.ipynb").write_text("{", encoding="utf-8")
    assert refresh_notebooks.main(["03_back"]) == 1
    assert "There is no notebook 03_back. There are: 02_softmax." in capsys.readouterr().err
    assert refresh_notebooks.main([]) == 1
    assert "02_softmax.ipynb cannot be read" in capsys.readouterr().err
