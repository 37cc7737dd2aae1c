"""The course asks of a student what it promises: how much, of which kind, with how much help."""

import answers
import count_course
import nbformat
import pytest
from notebook_text import paths
from synthetic_notebook import notebook

from helpers.workbook import cells, course, solutions

COUNTS = {found.name: found for found in count_course.counts()}
EXERCISES = course.all_exercises()


@pytest.mark.parametrize("name", COUNTS)
def test_a_notebook_is_within_its_bounds(name):
    assert list(count_course.problems_of_one(COUNTS[name])) == []


def test_the_course_is_within_its_bounds():
    found = count_course.total(COUNTS.values())
    assert list(count_course.problems_of_all(found)) == [], str(found)


@pytest.mark.parametrize("name", [n for n, e in EXERCISES.items() if e.kind == "core"])
def test_a_core_exercise_has_its_wrong_answers(name):
    wrong = answers.WRONG.get(EXERCISES[name].notebook, {}).get(name, ())
    assert len(wrong) >= count_course.FEWEST_WRONG_EACH


def test_an_exercise_has_one_name_in_the_whole_course():
    every = [e.grade_id for p in paths() for e in solutions.exercises(cells.read(p), p.stem)]
    assert sorted(every) == sorted(EXERCISES)


def test_what_exercises_define_has_one_name_in_the_whole_course():
    """Else one definition would take the other's place in the student's `mine.py`."""
    seen = {}
    for exercise in EXERCISES.values():
        for name in exercise.names:
            other = seen.setdefault(name, exercise.grade_id)
            assert other == exercise.grade_id, f"{name}: {other} and {exercise.grade_id}"


def test_some_blanks_are_put_in_order():
    assert 2 <= sum(exercise.form == "order" for exercise in EXERCISES.values()) <= 3


def test_the_paths_are_those_of_the_command():
    assert [path.stem for path in paths()] == list(COUNTS)


def test_counts_of_a_small_notebook():
    found = count_course.count(nbformat.from_dict(notebook()), "10_mean")
    assert (found.kinds, found.minutes, found.hints) == ({"core": 1}, 5, 2)
    assert (found.written, found.longest, found.points, found.by_hand) == (1, 1, 1, 0)
    assert found.plumbing == 0 and found.code == 14


def test_each_bound_can_be_broken():
    one = count_course.Count(
        "a", {"core": 1}, longest=16, code=100, plumbing=9, points=2, by_hand=1
    )
    assert len(list(count_course.problems_of_one(one))) == 3
    assert len(list(count_course.problems_of_all(count_course.total([one, one])))) == 4
    good = count_course.Count("a", {"core": 45}, written=350, wrong=250, right=60)
    assert list(count_course.problems_of_all(good)) == []
