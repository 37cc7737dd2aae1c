"""A new version of the course taken over: nothing that a student wrote is lost."""

from datetime import datetime

import pytest
import small_course

from helpers.workbook import cells, make, update

NAME = "02_softmax.ipynb"
HERS = "def softmax(z):\n    return z  # hers"


def revise(source, *changes):
    """Make a new version of notebook 02 of the course."""
    notebook = cells.read(source / NAME)
    for change in changes:
        change(notebook["cells"])
    cells.write(source / NAME, notebook)


def reword(name, old, new):
    def change(parts):
        (cell,) = (c for c in parts if cells.key(c) == name)
        assert old in cell["source"]
        cell["source"] = cell["source"].replace(old, new)

    return change


def edit(workbook, change):
    path = workbook / NAME
    notebook = cells.read(path)
    change(notebook["cells"])
    cells.write(path, notebook)


def after(workbook):
    return small_course.sources(workbook / NAME)


new_title = reword("title", "# Softmax", "# Softmax, anew")
new_contract = reword("exercise softmax", "of each row of z", "of each row of z, as probabilities")


def test_untouched_cells_become_new(workbook, source):
    revise(source, new_title, new_contract)
    assert update.update(workbook, source) == ["02_softmax: 2 cells are new"]
    assert after(workbook)["title"] == "# Softmax, anew"
    assert "as probabilities" in after(workbook)["exercise softmax"]
    assert "NotImplementedError" in after(workbook)["exercise softmax"]
    assert update.update(workbook, source) == ["Nothing has changed."]


def test_answers_stay(workbook, source):
    small_course.fill(workbook, "02_softmax", {"softmax": HERS, "why": "Because it must."})
    edit(workbook, reword("think-answer-yours", "…", "They are shares."))
    revise(source, new_title)
    assert update.update(workbook, source) == ["02_softmax: 1 cell is new, 3 of yours kept"]
    assert after(workbook)["exercise softmax"] == HERS
    assert after(workbook)["exercise why"] == "Because it must."
    assert after(workbook)["think-answer-yours"].endswith("They are shares.")
    assert after(workbook)["title"] == "# Softmax, anew"


def test_where_both_changed_hers_stays_and_the_new_text_stands_beside(workbook, source):
    small_course.fill(workbook, "02_softmax", {"softmax": HERS})
    revise(source, new_contract)
    told = update.update(workbook, source)
    assert "exercise softmax: both changed" in told[1]
    found = after(workbook)
    names = list(found)
    assert found["exercise softmax"] == HERS
    assert names.index("softmax-new") == names.index("exercise softmax") + 1
    assert "as probabilities" in found["softmax-new"]
    before = (workbook / NAME).read_bytes()
    assert update.update(workbook, source) == ["Nothing has changed."]
    assert (workbook / NAME).read_bytes() == before


def test_an_update_cut_short_can_be_given_again(workbook, source, monkeypatch):
    small_course.fill(workbook, "02_softmax", {"softmax": HERS})
    revise(source, new_contract, new_title)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(make, "record", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        update.update(workbook, source)
    once = after(workbook)
    update.update(workbook, source)
    assert after(workbook) == once and once["exercise softmax"] == HERS


def test_cells_that_a_student_added_stay_in_place(workbook, source):
    def add(parts):
        parts.insert(3, cells.code("mine-1", "x = 1"))
        parts.insert(4, cells.markdown("mine-2", "A note."))
        parts.append(cells.code("mine-3", "x = 2"))

    edit(workbook, add)
    before = list(after(workbook))
    revise(source, new_title, lambda parts: parts.insert(1, cells.markdown("more", "More.")))
    update.update(workbook, source)
    names = list(after(workbook))
    assert names[1] == "more"
    assert [name for name in names if name != "more"] == before


def test_outputs_of_cells_that_are_the_same_stay(workbook, source):
    def ran(parts):
        parts[1] |= {"execution_count": 1, "outputs": [{"output_type": "stream", "text": "1"}]}

    edit(workbook, ran)
    revise(source, new_title)
    update.update(workbook, source)
    assert cells.read(workbook / NAME)["cells"][1]["execution_count"] == 1


def test_deleted_checks_and_texts_come_back_and_fields_do_not(workbook, source):
    gone = {"exercise softmax-check", "title", "think-answer-yours", "imports"}

    def delete(parts):
        parts[:] = [cell for cell in parts if cells.key(cell) not in gone]

    order = list(after(workbook))
    edit(workbook, delete)
    update.update(workbook, source)
    left = [name for name in order if name not in ("think-answer-yours", "imports")]
    assert list(after(workbook)) == left


def test_what_the_course_takes_out_goes_unless_she_wrote_in_it(workbook, source):
    def remove(parts):
        parts[:] = [
            cell for cell in parts if cells.key(cell) not in ("predict", "exercise softmax")
        ]

    small_course.fill(workbook, "02_softmax", {"softmax": HERS})
    revise(source, remove)
    update.update(workbook, source)
    found = after(workbook)
    assert "predict" not in found and "predict-yours" not in found
    assert HERS in found.values()


def test_a_split_cell_and_a_new_id_are_known_by_the_exercise(workbook, source):
    def split(parts):
        (i,) = (i for i, c in enumerate(parts) if cells.key(c) == "exercise softmax")
        first = parts[i] | {"id": "aaaa", "source": HERS}
        parts[i : i + 1] = [first, first | {"id": "bbbb", "source": "print(softmax)"}]

    edit(workbook, split)
    revise(source, new_title)
    update.update(workbook, source)
    parts = cells.read(workbook / NAME)["cells"]
    answers = [cell["source"] for cell in parts if cells.is_solution(cell)]
    assert HERS in answers and "print(softmax)" in [cell["source"] for cell in parts]
    assert sum(cells.key(cell) == "exercise softmax" for cell in parts) == 1
    assert len({cell["id"] for cell in parts}) == len(parts)


def test_a_new_notebook_is_added_and_an_unreadable_one_left(workbook, source):
    (workbook / NAME).write_text("{", encoding="utf-8")
    (workbook / "11_draw.ipynb").unlink()
    told = update.update(workbook, source)
    assert "02_softmax.ipynb cannot be read" in told[0] and "11_draw: new" in told
    assert (workbook / NAME).read_text() == "{"
    assert (workbook / "11_draw.ipynb").is_file()


def test_reset_keeps_a_dated_copy_and_mine(workbook, source):
    small_course.fill(workbook, "02_softmax", {"softmax": HERS})
    (workbook / "mine.py").write_text("x = 1")
    before, now = (workbook / NAME).read_bytes(), datetime(2026, 11, 25, 9, 30)
    told = update.reset(workbook, ["2"], source, now)
    assert told == ["02_softmax is new. What you had is kept/02_softmax_2026-11-25_09-30-00.ipynb."]
    assert (workbook / "kept" / "02_softmax_2026-11-25_09-30-00.ipynb").read_bytes() == before
    assert "NotImplementedError" in after(workbook)["exercise softmax"]
    assert (workbook / "mine.py").read_text() == "x = 1"
    update.reset(workbook, ["02_softmax"], source, now)
    assert len(list((workbook / "kept").iterdir())) == 2


def test_after_a_reset_to_a_new_version_nothing_counts_as_hers(workbook, source):
    revise(source, new_title, new_contract)
    update.reset(workbook, ["02"], source)
    revise(source, reword("title", "anew", "once more"))
    assert update.update(workbook, source) == ["02_softmax: 1 cell is new"]


@pytest.mark.parametrize("name", ["3", "softmax", "99_gone", ""])
def test_an_unknown_notebook_is_named(workbook, source, name):
    with pytest.raises(make.WorkbookError, match="There are: 00_start_here, 02_softmax"):
        update.reset(workbook, [name], source)


def test_a_folder_that_is_no_workbook_is_left(tmp_path, source):
    with pytest.raises(make.WorkbookError, match="is no workbook"):
        update.update(tmp_path, source)
