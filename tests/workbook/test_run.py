"""What is saved is run in fresh kernels, and every end that can come is said."""

import os
import time

import pytest
import small_course

from helpers.workbook import cells, course, run

POOL = "def max_pool_forward(x, size):\n    {}\n"
NAME = "05_pooling"


def statuses(workbook, name=NAME, seconds=run.SECONDS):
    results = run.run(workbook, name, seconds)
    return {result.exercise.grade_id: (result.status, result.message) for result in results}


def edit(workbook, change, name=NAME):
    path = workbook / f"{name}.ipynb"
    notebook = cells.read(path)
    notebook["cells"] = change(notebook["cells"])
    cells.write(path, notebook)


def test_blank_notebooks_start_no_kernel(workbook, monkeypatch):
    monkeypatch.setattr(run.kernel, "fresh", None)
    found = statuses(workbook)
    assert found == dict.fromkeys(("relu-backward", "pool-forward", "certain"), (run.BLANK, ""))


def test_solutions_pass_and_are_kept(workbook, solved):
    solved()
    before, counts = (workbook / f"{NAME}.ipynb").read_bytes(), []
    for name in ("02_softmax", NAME):
        results = run.run(workbook, name, done=counts.append)
        assert {result.status for result in results} == {run.PASSED}
    assert sum(counts) == 5
    assert (workbook / f"{NAME}.ipynb").read_bytes() == before
    text = (workbook / "mine.py").read_text()
    assert text.count("(yours)") == 5 and "class MaxPool2D" in text


def test_half_filled_is_said_exactly(workbook, solved):
    solved("pool-forward")
    small_course.fill(workbook, NAME, {"certain": "def certain(z):\n    return softmax(z)\n"})
    found = statuses(workbook)
    assert found["relu-backward"] == (run.BLANK, "")
    assert found["pool-forward"] == (run.PASSED, "")
    status, message = found["certain"]
    assert status == run.NOT_YET
    assert message == "certain(array (1, 3)) should have the shape (1,), but has (1, 3)."


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return (", "SyntaxError"),
        ("return x", "should have the shape"),
        ("pass", "returns nothing"),
        ("return x[7]", "IndexError"),
        ("import os; os._exit(1)", "Python itself ended"),
        ("return input()", "StdinNotImplemented"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_a_wrong_answer_is_said_and_the_rest_goes_on(workbook, solved, body, words):
    solved()
    small_course.fill(workbook, NAME, {"pool-forward": POOL.format(body)})
    found = statuses(workbook)
    assert found["pool-forward"][0] == run.NOT_YET
    assert words in found["pool-forward"][1]
    assert found["relu-backward"][0] == found["certain"][0] == run.PASSED


def test_an_endless_loop_is_stopped(workbook, solved):
    solved()
    small_course.fill(workbook, NAME, {"pool-forward": POOL.format("while True: print(x)")})
    start = time.monotonic()
    found = statuses(workbook, seconds=25)
    assert time.monotonic() - start < 30
    assert "stopped after 5 seconds: a loop that does not end?" in found["pool-forward"][1]
    assert found["certain"][0] == run.PASSED


def test_where_all_the_time_is_gone_that_is_said(workbook, solved):
    solved()
    hang = [cells.code(f"hers-{i}", "while True: pass\nsoftmax = 1") for i in range(6)]
    edit(workbook, lambda parts: [*parts[:2], *hang, *parts[2:]])
    start = time.monotonic()
    found = statuses(workbook, seconds=6)
    assert time.monotonic() - start < 15
    assert {status for status, _ in found.values()} <= {run.NOT_RUN, run.PASSED}
    assert any("no time left" in message for _, message in found.values())


def test_a_tampered_check_is_run_as_the_course_has_it(workbook):
    small_course.fill(
        workbook,
        NAME,
        {"pool-forward": POOL.format("return x"), "pool-forward-check": "print('passed')"},
    )
    assert statuses(workbook)["pool-forward"][0] == run.NOT_YET


def test_a_check_taken_by_another_name_is_still_the_courses(workbook):
    small_course.fill(workbook, NAME, {"pool-forward": POOL.format("return x")})
    source = (
        "import contextlib\n\n\n@contextlib.contextmanager\ndef check(*_, **__):\n    yield None"
    )
    edit(workbook, lambda parts: [*parts[:2], cells.code("hers", source), *parts[2:]])
    assert statuses(workbook)["pool-forward"][0] == run.NOT_YET


def test_deleted_and_copied_cells(workbook, solved):
    solved()

    def change(parts):
        gone = {"exercise pool-forward-check", "exercise certain"}
        kept = [cell for cell in parts if cells.key(cell) not in gone]
        again = [
            cell | {"id": "again"} for cell in parts if "relu-backward-check" in cells.key(cell)
        ]
        return kept + again

    edit(workbook, change)
    found = statuses(workbook)
    assert found["pool-forward"][0] == found["relu-backward"][0] == run.PASSED
    assert found["certain"] == (run.BLANK, "")


def test_cells_that_she_added_count_where_an_answer_needs_them(workbook):
    small_course.fill(
        workbook, "02_softmax", {"softmax": "def softmax(z):\n    return share(power(z))"}
    )
    hers = "power = np.exp\ndef share(a):\n    return a / a.sum(axis=-1, keepdims=True)"
    edit(workbook, lambda parts: [*parts[:2], cells.code("a", hers), *parts[2:]], "02_softmax")
    assert statuses(workbook, "02_softmax")["softmax"] == (run.PASSED, "")
    assert "(yours)\ndef share" in (workbook / "mine.py").read_text()


def test_a_notebook_that_cannot_be_read_is_named(workbook):
    (workbook / f"{NAME}.ipynb").write_text("{", encoding="utf-8")
    status, message = statuses(workbook)["certain"]
    assert status == run.NOT_RUN and "05_pooling.ipynb cannot be read" in message
    (workbook / f"{NAME}.ipynb").unlink()
    assert "is not there" in statuses(workbook)["certain"][1]


def test_a_copy_handed_out_without_the_notebooks_works(workbook, solved, monkeypatch, tmp_path):
    solved("relu-backward")
    elsewhere = tmp_path / "elsewhere" / "hers"
    elsewhere.parent.mkdir()
    os.rename(workbook, elsewhere)
    monkeypatch.setattr(course, "NOTEBOOKS", tmp_path / "gone")
    monkeypatch.chdir(tmp_path)
    found = statuses(elsewhere)
    assert found["relu-backward"][0] == run.PASSED
    assert "def softmax" not in (elsewhere / "mine.py").read_text()


def test_the_whole_blank_notebook_runs_from_top_to_bottom(workbook):
    found = small_course.run_all(workbook / f"{NAME}.ipynb")
    assert set(found) == {
        f"exercise {n}-check" for n in ("relu-backward", "pool-forward", "certain")
    }
    for name, message in found.items():
        exercise = name.removeprefix("exercise ").removesuffix("-check")
        assert message.startswith(f"Blank: {exercise} is still blank.")
        assert "the course's own" in message


def test_what_passes_and_cannot_be_kept_is_said(workbook):
    source = "table = np.ones(3)\ndef centred(x):\n    return (x - x.mean()) / x.std() * table[:2]"
    small_course.fill(workbook, "02_softmax", {"centred": source})
    status, message = statuses(workbook, "02_softmax")["centred"]
    assert status == run.PASSED
    assert message.startswith("Not kept in mine.py: centred uses table, a ndarray")
