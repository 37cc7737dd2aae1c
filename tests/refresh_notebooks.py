"""Run notebooks and store their outputs, so that a reader on the web sees them.

    uv run python -m tests.refresh_notebooks                   all of them
    uv run python -m tests.refresh_notebooks 03_backpropagation 11_draw
    uv run python -m tests.refresh_notebooks --tidy            without running anything

A notebook is run from top to bottom in a fresh kernel, from its own folder, on the digits that
`mnist.load()` finds. What is stored is the same wherever it is run: no widget state, no times, no
version numbers. The map of the course (a paragraph that begins with "The course:") is brought up to
date, and the slides are laid out. A notebook with an error is left as it was.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output

from helpers.files import replacing

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
MAP = re.compile(r"^The course: .*?(?=\n\s*\n|\Z)", re.M | re.S)
CELL_METADATA = {"nbgrader", "slideshow", "tags", "editable", "deletable", "course"}
WIDGET = "application/vnd.jupyter.widget-view+json"
# ipywidgets cuts long ones off with "…".
WIDGET_REPR = re.compile(
    r"^\w+\(.*(\)|…)$|^<.* object at 0x\w+>$|^<DigitPad: .*>$|^[^\n]*\d+%\|", re.S
)
INSTEAD_OF_WIDGET = "Run this cell to use what it shows."
CELL_SECONDS = 300


class RefreshError(Exception):
    """A notebook could not be refreshed. The file is as it was."""


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status: 0, or 1 if a notebook failed; those after it are not run.
    """
    summary = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m tests.refresh_notebooks", description=summary)
    parser.add_argument("names", nargs="*", help="such as 11_draw (default: all notebooks)")
    parser.add_argument("--tidy", action="store_true", help="keep the outputs that are there")
    options = parser.parse_args(arguments)
    try:
        for path in _chosen(options.names):
            print(f"{path.name}: ", end="", flush=True)
            start = time.perf_counter()
            refresh(path, run=not options.tidy)
            print(f"{time.perf_counter() - start:.0f} s")
    except RefreshError as error:
        print(f"\nerror: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The notebook is as it was.", file=sys.stderr)
        return 130
    return 0


def _chosen(names):
    if not names:
        return sorted(NOTEBOOKS.glob("*.ipynb"))
    paths = [NOTEBOOKS / f"{Path(name).name.removesuffix('.ipynb')}.ipynb" for name in names]
    for path in paths:
        if not path.is_file():
            there = ", ".join(sorted(p.stem for p in NOTEBOOKS.glob("*.ipynb"))) or "none"
            raise RefreshError(f"There is no notebook {path.stem}. There are: {there}.")
    return paths


def refresh(path, run=True):
    """Run a notebook and write it back with its new outputs.

    Parameters
    ----------
    path : Path
    run : bool
        If False, only the map, the slides and the metadata are put in order.

    Raises
    ------
    RefreshError
        If the file is no notebook, a cell fails, or an output names a folder of this machine.
        The file is as it was.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise RefreshError(f"{path.name} cannot be read: {error}") from error
    if run:
        execute(notebook, path.parent)
    clean(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = MAP.sub(course_map(path), cell.source)
    for i, cell in enumerate(notebook.cells):
        if found := _machine_path(cell, path):
            raise RefreshError(f"{path.name}, cell {i}: the output names {found} of this machine.")
    with replacing(path) as file:
        file.write((nbformat.writes(notebook).rstrip("\n") + "\n").encode())


def execute(notebook, folder):
    """Run all cells in a fresh kernel of this Python.

    Parameters
    ----------
    notebook : NotebookNode
        Gets the new outputs.
    folder : Path
        Where the kernel works.

    Raises
    ------
    RefreshError
        If a cell fails, takes longer than five minutes, or ends the kernel.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise RefreshError(_explain(notebook, error)) from None


def _explain(notebook, error):
    """Say in which cell it failed, and show the last lines of its traceback."""
    for i, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                first = cell.source.strip().splitlines()[0]
                return f"cell {i} ({first}): {output.ename}: {output.evalue}"
    return str(error).strip()


def clean(notebook):
    """Remove what differs from machine to machine or from run to run, and lay out the slides.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place.
    """
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": LANGUAGE})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for i, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{i}")
        for key in set(cell.metadata) - CELL_METADATA:
            del cell.metadata[key]
        if cell.cell_type == "markdown":
            cell.metadata.setdefault("slideshow", {"slide_type": slide_type(cell)})
        elif cell.cell_type == "code":
            cell.outputs = [_clean_output(output) for output in cell.outputs]


def course_map(path):
    """Return the line that leads from one notebook of the course to all others.

    Parameters
    ----------
    path : Path
        The notebook in which the line stands. The others are those beside it.

    Returns
    -------
    str
    """
    stops = []
    for other in sorted(path.parent.glob("[0-9]*.ipynb")):
        name = other.stem.replace("_", " ")
        stops.append(f"**{name}**" if other.name == path.name else f"[{name}]({other.name})")
    return "The course: " + " · ".join(stops)


def slide_type(cell):
    """Return where a markdown cell begins when the notebook is shown as slides.

    Parameters
    ----------
    cell : NotebookNode

    Returns
    -------
    {"slide", "subslide"}
        A section goes to the right; within it, each piece of prose goes down, with the code that
        follows.
    """
    return "slide" if re.match(r"##? ", cell.source.lstrip()) else "subslide"


def _clean_output(output):
    """Take out the view of a widget, which shows nothing without its state."""
    if WIDGET not in output.get("data", {}):
        return output
    data = {mime: value for mime, value in output.data.items() if mime != WIDGET}
    if WIDGET_REPR.match(data.get("text/plain", "")):
        data["text/plain"] = INSTEAD_OF_WIDGET
    return new_output("display_data", data=data)


def _machine_path(cell, path):
    """Return the first folder of this machine that an output names, or None."""
    text = str(cell.get("outputs", ""))
    folders = (path.resolve().parents[1], Path.home(), Path(sys.prefix))
    return next((f for f in map(str, folders) if len(f) > len(os.sep) and f in text), None)


if __name__ == "__main__":
    raise SystemExit(main())
