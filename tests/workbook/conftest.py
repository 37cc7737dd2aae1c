"""What the tests of the student's copy share: a small course, and a copy of it."""

import pytest
import small_course

from helpers.workbook import make


@pytest.fixture
def source(tmp_path):
    """The folder of the notebooks of a small course."""
    return small_course.write(tmp_path)


@pytest.fixture
def workbook(source, tmp_path):
    """A fresh student's copy of it."""
    make.make(tmp_path / "workbook", source)
    return tmp_path / "workbook"


@pytest.fixture
def solved(workbook):
    """A function that writes the course's own solutions into it, of all or of some exercises."""
    return lambda *names: small_course.solve(workbook, names)
