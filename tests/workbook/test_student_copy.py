"""The student's copy: what stands in it, what does not, and that it appears whole."""

import json
import shutil

import nbformat
import pytest
import small_course

from helpers.workbook import blanks, cells, make, solutions, student


@pytest.fixture
def copied(workbook):
    """The cells of the copy of notebook 02 by their keys, in order."""
    parts = cells.read(workbook / "02_softmax.ipynb")["cells"]
    return {cells.key(cell): cell for cell in parts}


def test_a_blank_says_what_to_write_and_names_its_exercise(copied):
    source = copied["exercise softmax"]["source"]
    assert "1. subtract each row's largest score" in source
    assert "    # Write softmax here: about 2 lines." in source
    assert 'raise NotImplementedError("softmax is still blank")' in source
    assert "np.exp" not in source


def test_no_solution_stands_anywhere_in_the_copy(workbook):
    for path in workbook.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"BEGIN SOLUTION" not in content and b"keepdims=True)" not in content, path


def test_a_blank_of_one_line_and_one_in_a_method(workbook):
    source = small_course.sources(workbook / "05_pooling.ipynb")["exercise relu-backward"]
    assert "        # Write relu-backward here: one line.\n        raise" in source


def test_lines_to_be_put_in_order_are_all_there_in_another_order(copied):
    source = copied["exercise centred"]["source"]
    given = [line for line in source.splitlines() if line.startswith("    # ")]
    wanted = solutions.exercises({"cells": small_course.softmax()})[1].lines
    lines = [line.removeprefix("    # ") for line in given[1:]]
    assert sorted(lines) == sorted(wanted) and lines != wanted
    assert lines == blanks.shuffled(wanted, "centred")  # the same for every student


@pytest.mark.parametrize("seed", [f"exercise-{i}" for i in range(30)])
def test_shuffled_lines_are_never_in_order(seed):
    assert blanks.shuffled(["a = 1", "b = 2"], seed) == ["b = 2", "a = 1"]


def test_a_statement_of_several_lines_stays_whole():
    lines = ["a = [", "    1,", "]", "for i in a:", "    i += 1", "return a"]
    mixed = blanks.shuffled(lines, "seed")
    assert mixed.index("    1,") == mixed.index("a = [") + 1 == mixed.index("]") - 1
    assert mixed.index("    i += 1") == mixed.index("for i in a:") + 1


def test_checks_and_text_are_locked_and_run_all_goes_on(copied):
    for name in ("exercise softmax", "exercise softmax-check"):
        assert student.GOES_ON in cells.tags(copied[name])
        assert copied[name]["metadata"]["deletable"] is False
    for name in ("title", "exercise softmax-check"):
        assert copied[name]["metadata"]["editable"] is False
    assert "editable" not in copied["imports"]["metadata"]  # to try things out


def test_milestones_are_left_out_and_outputs_cleared(copied):
    assert "fact" not in copied
    assert all(not cell.get("outputs") for cell in copied.values())


def test_questions_get_a_field_before_their_answer(copied):
    names = list(copied)
    assert names.index("think-answer-yours") == names.index("think-answer") - 1
    assert names.index("predict-yours") == names.index("predict") + 1
    assert "editable" not in copied["think-answer-yours"]["metadata"]
    assert copied["think-answer"]["source"] == "<details>Divided.</details>"


def test_a_written_answer_becomes_a_field(copied):
    assert copied["exercise why"]["source"] == f"Why?\n\n{blanks.WRITTEN}"


def test_the_goal_is_a_folded_picture_with_alt_text(copied):
    goal = copied["bars-goal"]
    assert goal["source"].startswith("<details><summary>The goal")
    assert f"![{small_course.ALT}](attachment:goal-1.png)" in goal["source"]
    assert goal["attachments"] == {"goal-1.png": {"image/png": small_course.PNG}}


def test_links_work_in_the_copy(workbook):
    text = cells.read(workbook / "00_start_here.ipynb")["cells"][0]["source"]
    assert "[Data](course/data/README.md)" in text and "[next](02_softmax.ipynb)" in text
    assert (workbook / "images" / "pad.png").is_file()
    assert (workbook / "notation.md").read_text() == "[Data](course/data/README.md)"
    linked = (workbook / "course" / "data" / "README.md").read_text()
    assert linked == "[First](../../00_start_here.ipynb)"


def test_the_copies_are_valid_notebooks(workbook):
    for path in workbook.glob("*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))


def test_nothing_is_made_twice(workbook, source):
    with pytest.raises(make.WorkbookError, match="is there already"):
        make.make(workbook, source)


def test_a_run_cut_short_leaves_nothing(source, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(make, "record", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make.make(tmp_path / "workbook", source)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_without_notebooks_is_named(tmp_path):
    with pytest.raises(make.WorkbookError, match="holds no notebooks"):
        make.make(tmp_path / "workbook", tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 99}'])
def test_a_damaged_or_later_marker_is_named(workbook, content):
    (workbook / ".course" / "workbook.json").write_text(content, encoding="utf-8")
    with pytest.raises(make.WorkbookError, match="workbook"):
        make.marker(workbook)


def test_the_real_course_is_copied_within_five_seconds(tmp_path, record_property):
    import time

    start = time.perf_counter()
    make.make(tmp_path / "workbook")
    assert time.perf_counter() - start < 5
    for path in (tmp_path / "workbook").glob("*.ipynb"):
        assert "BEGIN SOLUTION" not in path.read_text(encoding="utf-8")
        nbformat.validate(nbformat.read(path, as_version=4))


def test_links_of_the_real_copy_lead_somewhere(tmp_path):
    from notebook_text import targets

    make.make(tmp_path / "workbook")
    for path in (tmp_path / "workbook").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for target in targets(cell):
                if ":" not in target and not target.startswith("#"):
                    assert (path.parent / target.partition("#")[0]).exists(), (path.name, target)


def test_a_copy_can_be_moved(workbook, tmp_path):
    shutil.move(workbook, tmp_path / "elsewhere")
    said = json.loads((tmp_path / "elsewhere" / ".course" / "workbook.json").read_text())
    assert str(tmp_path) not in json.dumps(said)
