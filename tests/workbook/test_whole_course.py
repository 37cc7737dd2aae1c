"""The student's copy of the whole course: blank, half filled, and solved."""

import sys

import numpy as np
import pytest
import small_course

from helpers import architectures, layers, mnist
from helpers.workbook import cells, course, keep, make, mine, progress, run

pytestmark = pytest.mark.slow
NAMES = list(course.notebooks())
EXERCISES = course.all_exercises()


@pytest.fixture(scope="module", autouse=True)
def at_an_other_place(tmp_path_factory):
    """Work in a folder from which no path leads into the project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        yield


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A workbook with the course's own solutions, and what became of each exercise."""
    workbook = tmp_path_factory.mktemp("solved") / "workbook"
    make.make(workbook)
    small_course.solve(workbook)
    return workbook, [result for name in NAMES for result in run.run(workbook, name)]


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    workbook = tmp_path_factory.mktemp("blank") / "workbook"
    make.make(workbook)
    return workbook


def test_the_solutions_pass_with_all_points(solved):
    workbook, results = solved
    assert [(r.exercise.grade_id, r.message) for r in results if r.status != run.PASSED] == []
    rows = progress.take(workbook, results)
    assert len(rows) == len(EXERCISES)
    assert f"{len(rows)} of {len(rows)} exercises passed" in progress.summary(rows)
    points = sum(e.points for e in EXERCISES.values())
    assert f"{points:g} of {points:g} points" in progress.summary(rows)


def test_all_that_passed_is_kept(solved):
    workbook, results = solved
    assert [(r.exercise.grade_id, r.message) for r in results if r.message] == []
    blocks, imports = mine.read(workbook / "mine.py")
    hers = {name for name, block in blocks.items() if block.whose == mine.YOURS}
    assert {name for exercise in EXERCISES.values() for name in exercise.names} <= hers
    roots = {line.split()[1].partition(".")[0] for line in imports}
    assert roots - set(sys.stdlib_module_names) == {"numpy"}


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_notebook_runs_from_top_to_bottom(blank, name):
    found = small_course.run_all(blank / f"{name}.ipynb")
    wanted = {n: e for n, e in EXERCISES.items() if e.notebook == name}
    assert set(found) == {f"exercise {n}-check" for n in wanted}
    for key, message in found.items():
        exercise = key.removeprefix("exercise ").removesuffix("-check")
        assert message.startswith(f"Blank: {exercise} is still blank.")


@pytest.mark.parametrize("name", NAMES)
def test_a_solved_notebook_runs_from_top_to_bottom_on_her_code(solved, name):
    assert small_course.run_all(solved[0] / f"{name}.ipynb") == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_half_filled_notebook_passes_exactly_those(tmp_path, name):
    wanted = [e.grade_id for e in EXERCISES.values() if e.notebook == name]
    filled = set(wanted[::2])
    make.make(tmp_path / "workbook")
    small_course.solve(tmp_path / "workbook", filled or ["none"])
    results = run.run(tmp_path / "workbook", name)
    assert {r.exercise.grade_id for r in results if r.status == run.PASSED} == filled
    assert {r.status for r in results if r.exercise.grade_id not in filled} <= {run.BLANK}


def test_each_check_has_its_points_once():
    for name, notebook in course.notebooks().items():
        checks = [c for c in notebook["cells"] if cells.is_check(c)]
        held = [j for e in EXERCISES.values() if e.notebook == name for j in e.checks]
        assert len(checks) == len(held) == len(set(held)), name


# Her own layers against those of `helpers`


@pytest.fixture(scope="module")
def hers(solved):
    """Her definitions by name."""
    yield keep.load(solved[0])
    sys.modules.pop("mine", None)


PAIRS = {
    "Dense": ((5, 3), (4, 5)),
    "Conv2D": ((2, 3, 3), (4, 2, 6, 7)),
    "MaxPool2D": ((2,), (3, 2, 6, 8)),
    "ReLU": ((), (4, 5)),
    "Flatten": ((), (3, 2, 4, 5)),
    "BatchNorm": ((3,), (6, 3, 4, 5)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_her_gradients_are_those_of_helpers(hers, name):
    arguments, shape = PAIRS[name]
    own, finished = hers[name](*arguments), getattr(layers, name)(*arguments)
    rng = np.random.default_rng(5)
    for key, value in finished.params.items():
        array = rng.normal(size=value.shape)
        own.params[key], finished.params[key] = array.copy(), array.copy()
    x = rng.normal(size=shape)
    y, wanted = own.forward(x, training=True), finished.forward(x, training=True)
    np.testing.assert_allclose(y, wanted, atol=1e-10)
    dy = rng.normal(size=wanted.shape)
    dx, wanted = own.backward(dy), finished.backward(dy)
    np.testing.assert_allclose(dx, wanted, atol=1e-10)
    assert set(own.grads) == set(finished.grads)
    for key, grad in finished.grads.items():
        np.testing.assert_allclose(own.grads[key], grad, atol=1e-10)


def test_her_dropout_sends_back_what_it_let_through(hers):
    layer = hers["Dropout"](0.4, rng=np.random.default_rng(2))
    x, dy = np.random.default_rng(3).normal(size=(2, 40, 50))
    y = layer.forward(x, training=True)
    np.testing.assert_allclose(layer.backward(dy), dy * (y / x), atol=1e-10)
    assert np.mean(y == 0) == pytest.approx(0.4, abs=0.05)
    np.testing.assert_array_equal(layer.forward(x), x)


def test_her_small_cnn_reads_what_that_of_helpers_does(hers):
    finished = architectures.pretrained("small_cnn")
    own = hers["Sequential"]([_like(hers, layer) for layer in finished.layers])
    for one, other in zip(own.layers, finished.layers, strict=True):
        for key, value in other.params.items():
            one.params[key] = value.copy()
    images = mnist.load("auto", verbose=False).test.images[:1000]
    read = np.concatenate([own.predict(part) for part in np.split(images, 4)])
    np.testing.assert_array_equal(read, finished.predict(images))


def _like(hers, layer):
    """Her layer for one of `helpers`, with the same sizes."""
    made = hers[type(layer).__name__]
    if isinstance(layer, layers.Dense):
        return made(*layer.params["weight"].shape)
    if isinstance(layer, layers.Conv2D):
        filters, channels, *size = layer.params["weight"].shape
        return made(channels, filters, size[0])
    if isinstance(layer, layers.MaxPool2D):
        return made(2)
    return made(0.2) if isinstance(layer, layers.Dropout) else made()
