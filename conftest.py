"""What pytest adds to nbval, which runs every cell of every notebook as a test."""

import os
from collections import Counter
from pathlib import Path

import pytest

_seconds = Counter()  # for each notebook


def pytest_configure():
    # A notebook runs in its own folder, where a relative path would lead elsewhere.
    if folder := os.environ.get("MNIST_DIR"):
        os.environ["MNIST_DIR"] = str(Path(folder).absolute())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a cell that writes to stderr: a warning in class is a question nobody can answer."""
    result = yield
    said = "".join(
        output.text
        for output in getattr(item, "test_outputs", None) or ()
        if output.output_type == "stream" and output.name == "stderr"
    )
    if said:
        item.raise_cell_error("The cell wrote to stderr", said)
    return result


def pytest_runtest_logreport(report):
    notebook, suffix, _ = report.nodeid.partition(".ipynb::")
    if suffix:
        _seconds[notebook.rpartition("/")[2]] += report.duration


def pytest_terminal_summary(terminalreporter):
    if _seconds:
        each = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in _seconds.items())
        terminalreporter.write_line(f"Notebooks: {each}; {sum(_seconds.values()):.0f} s in all.")
