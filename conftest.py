"""How pytest runs notebooks: by nbval, every cell as a test.

nbval takes seconds to import, so it is switched off as a plugin (in pyproject.toml), and its class
is asked for where a notebook is really collected: the tests of one module need none.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

_seconds = Counter()  # for each notebook
# What nbval's own command line would set: outputs are compared where a cell has the tag
# nbval-check-output, and the kernel runs in this environment, not in the one a notebook names.
_NBVAL = {
    "nbval_lax": True,
    "nbval_current_env": True,
    "nbval_cell_timeout": 300,
    "nbval_kernel_name": None,
    "nbval_kernel_startup_timeout": 60,
    "nbval_sanitize_with": None,
    "nbdime": False,
}


def pytest_configure(config):
    vars(config.option).update(_NBVAL)
    # A notebook runs in its own folder, where a relative path would lead elsewhere.
    if folder := os.environ.get("MNIST_DIR"):
        os.environ["MNIST_DIR"] = str(Path(folder).absolute())


def pytest_collect_file(file_path, parent):
    if file_path.suffix != ".ipynb":
        return None
    from nbval.plugin import IPyNbFile

    return IPyNbFile.from_parent(parent, path=file_path)


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
