"""Every notebook of the course is built as the course promises. Its cells are run by nbval."""

import answers
import nbformat
import notebook_anatomy
import notebook_exercises
import notebook_outputs
import notebook_student
import pytest
from exercise_runner import problems
from notebook_text import NOTEBOOKS, paths

CHECKS = notebook_anatomy.CHECKS + notebook_outputs.CHECKS
CHECKS += notebook_exercises.CHECKS + notebook_student.CHECKS


def by_name(value):
    return getattr(value, "stem", getattr(value, "__name__", None))


@pytest.fixture(params=paths(), ids=by_name)
def path(request):
    return request.param


@pytest.mark.parametrize("check", CHECKS, ids=by_name)
def test_notebook(path, check):
    found = list(check(nbformat.read(path, as_version=4), path))
    assert not found, f"{path.name}:\n" + "\n".join(f"- {problem}" for problem in found)


def test_exercises_refuse_blanks_and_wrong_answers(path, monkeypatch):
    monkeypatch.chdir(NOTEBOOKS)
    wrong = answers.WRONG.get(path.stem, {})
    right = answers.RIGHT.get(path.stem, {})
    found = problems(nbformat.read(path, as_version=4), wrong, right)
    assert not found, f"{path.name}:\n" + "\n".join(f"- {problem}" for problem in found)


def test_answers_belong_to_notebooks():
    assert set(answers.WRONG) | set(answers.RIGHT) <= {path.stem for path in paths()}


def test_the_course_has_its_first_and_its_last_notebook():
    names = [path.stem for path in paths()]
    assert (names[0], names[-1]) == ("00_start_here", "11_draw")
