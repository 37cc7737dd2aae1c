"""`pytest` runs the cells of notebooks, with the settings of this project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from synthetic_notebook import code, stream

ROOT = Path(__file__).resolve().parents[2]
CELLS = {
    "sound": code("print('the same')", stream("another\n")),
    "compared": code("print('the same')", stream("another\n")),
    "warning": code("import warnings\nwarnings.warn('careful')"),
    "error": code("1 / 0"),
    "digits": code("import os\nassert os.path.samefile(os.environ['MNIST_DIR'], '../digits')"),
}
CELLS["compared"].metadata["tags"] = ["nbval-check-output"]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What pytest says of a project with one notebook, as a line for each cell."""
    project = tmp_path_factory.mktemp("project")
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, project)
    for name in ("tests", "notebooks", "digits"):
        (project / name).mkdir()
    notebook = nbformat.v4.new_notebook(cells=list(CELLS.values()))
    nbformat.write(notebook, project / "notebooks" / "a.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "--color=no"],
        cwd=project,
        env=os.environ | {"MNIST_DIR": "digits"},
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("sound", "PASSED"),
        ("compared", "FAILED"),
        ("warning", "FAILED"),
        ("error", "FAILED"),
        ("digits", "PASSED"),
    ],
)
def test_a_cell_s_outcome(report, name, outcome):
    number = list(CELLS).index(name)
    assert f"Cell {number} {outcome}" in report, report


def test_the_reason_is_told(report):
    assert "wrote to stderr" in report and "UserWarning: careful" in report
    assert "ZeroDivisionError" in report
    assert "Notebooks: a " in report
    assert "3 failed, 2 passed" in report.splitlines()[-1]
