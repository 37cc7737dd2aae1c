"""The checks of notebooks find what they are for: a sound notebook passes, each defect does not."""

import notebook_anatomy as anatomy
import notebook_exercises as grading
import notebook_outputs as shown
import notebook_student as writing
import pytest
import synthetic_notebook as synthetic
from exercise_runner import problems
from nbformat.v4 import new_markdown_cell, new_output
from synthetic_notebook import code, image, stream

from helpers.workbook.needed import needed_cells

CHECKS = anatomy.CHECKS + shown.CHECKS + grading.CHECKS + writing.CHECKS


@pytest.fixture
def path(tmp_path):
    for name in ("00_start_here.ipynb", "10_mean.ipynb", "README.md", "notation.md"):
        (tmp_path / name).touch()
    return tmp_path / "10_mean.ipynb"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_notebook_passes(check, path):
    assert list(check(synthetic.notebook(), path)) == []


def source(position, old, new):
    def spoil(notebook):
        cell = notebook.cells[position]
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return spoil


def add(*cells, position=5):
    def spoil(notebook):
        notebook.cells[position:position] = cells
        synthetic.number(notebook)

    return spoil


def grade(position, **changes):
    return lambda notebook: notebook.cells[position].metadata["nbgrader"].update(changes)


def forget(position, key):
    return lambda notebook: notebook.cells[position].metadata["nbgrader"].pop(key)


def widget_state(notebook):
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {}}


def no_kernel(notebook):
    del notebook.metadata["kernelspec"]


def wrong_order(notebook):
    notebook.cells[2].execution_count = 7


def no_output(notebook):
    notebook.cells[4].outputs = []


def html(text):
    return code("x = 1", new_output("display_data", data={"text/html": text}))


def value(text):
    return code("x = 1", new_output("execute_result", data={"text/plain": text}))


def tagged(source, tag):
    cell = code(source)
    cell.metadata["tags"] = [tag]
    return cell


def written(name):
    cell = new_markdown_cell("### BEGIN SOLUTION\nIt is.\n### END SOLUTION")
    cell.metadata["nbgrader"] = code("", grade_id=name, grade=True, solution=True).metadata.nbgrader
    return cell


WIDGET_VIEW = new_output("display_data", data={shown.WIDGET: {"model_id": "1"}})
LONG_CELLS = [code("\n".join(["x = 1"] * 25))] * 2
DEFECTS = [
    (anatomy.check_format, no_kernel, "python3"),
    (anatomy.check_title, source(0, "# The", "The"), "title"),
    (anatomy.check_title, source(3, "## One", "# One"), "first level"),
    (anatomy.check_objectives, source(1, "**Time**", "Time"), "Time"),
    (anatomy.check_objectives, source(1, "**You need**", "You want"), "You need"),
    (anatomy.check_headings, source(3, "## One", "### One"), "skips a level"),
    (anatomy.check_slides, add(new_markdown_cell("Prose.")), "slides"),
    (anatomy.check_ending, source(11, "What you built", "The end"), "What you built"),
    (anatomy.check_map, source(0, "00_start", "01_start"), "top"),
    (anatomy.check_map, source(11, "00_start", "01_start"), "bottom"),
    (anatomy.check_cell_lengths, add(code("\n".join(["x = 1"] * 41))), "limit"),
    (anatomy.check_cell_lengths, add(*LONG_CELLS), "90 %"),
    (anatomy.check_cell_lengths, add(*[code("\n".join(["x = 1"] * 9))] * 6), "median"),
    (anatomy.check_cells_in_a_row, add(*[code("x = 1")] * 4), "without prose"),
    (anatomy.check_prose, source(3, synthetic.WORDS * 20, ""), "words"),
    (anatomy.check_prose, add(new_markdown_cell("word " * 3000)), "words"),
    (anatomy.check_commands, add(code("!pip install numpy")), "command"),
    (anatomy.check_commands, add(code("%pip install numpy")), "command"),
    (anatomy.check_links, source(11, "README.md", "gone.md"), "gone.md"),
    (anatomy.check_links, add(new_markdown_cell("![a](images/gone.png)")), "gone.png"),
    (anatomy.check_links, add(new_markdown_cell("<img src='gone.png'>")), "gone.png"),
    (anatomy.check_imports, source(2, "import mnist", "import fashion"), "fashion"),
    (anatomy.check_imports, add(code("import helpers.gone")), "helpers.gone"),
    (anatomy.check_spelling, add(new_markdown_cell("We rec" + "ieve it.")), "receive"),
    (anatomy.check_spelling, add(code("x = 1  # sep" + "erate")), "separate"),
    (shown.check_run_in_order, wrong_order, "top to bottom"),
    (shown.check_no_errors, add(code("x", stream("Careful!", "stderr"))), "Careful!"),
    (
        shown.check_no_errors,
        add(code("x", new_output("error", ename="NameError", evalue="no x", traceback=[]))),
        "NameError: no x",
    ),
    (shown.check_no_widgets, widget_state, "state of widgets"),
    (shown.check_no_widgets, add(code("x", WIDGET_VIEW)), "widget's view"),
    (shown.check_alt_text, add(code("x", image(alt=""))), "alt text"),
    (shown.check_alt_text, add(code("x", image(alt="A loss curve"))), "A loss curve"),
    (shown.check_alt_text, add(code("x", image(alt="Figure showing a plot of the data"))), "alt"),
    (shown.check_alt_text, add(code("x", image())), "the same alt text"),
    (shown.check_alt_text, add(html("<img src='data:image/png;base64,00'>")), "alt text"),
    (shown.check_alt_text, add(new_markdown_cell("![pad](README.md)")), "'pad'"),
    (shown.check_captions, add(code("x", image(alt="other"), stream("3.14"))), "caption"),
    (shown.check_no_machine, add(value("/home/" + "ada/course")), "place on a machine"),
    (shown.check_no_machine, add(value("C:\\" + "Users\\ada")), "place on a machine"),
    (shown.check_no_machine, add(code("open('/tmp/" + "x')")), "place on a machine"),
    (shown.check_no_machine, add(value("<Net at 0x7f00aa12cd>")), "address in memory"),
    (shown.check_screens, add(code("x", stream("line\n" * 51))), "51 lines"),
    (shown.check_outputs_present, no_output, "cell 4"),
    (shown.check_outputs_present, add(code("print(1)\nx = 2")), "cell 5"),
    (grading.check_nbgrader, forget(6, "grade"), "lack grade"),
    (grading.check_nbgrader, grade(6, schema_version=1), "schema_version 1"),
    (grading.check_nbgrader, grade(6, grade_id="the mean"), "letters"),
    (grading.check_nbgrader, grade(6, grade_id="mean-check"), "taken"),
    (grading.check_nbgrader, forget(8, "points"), "points"),
    (grading.check_nbgrader, grade(8, locked=False), "locked"),
    (grading.check_nbgrader, source(6, "### END SOLUTION", ""), "stands between"),
    (grading.check_nbgrader, source(6, "return sum(values) / len(values)", ""), "empty"),
    (grading.check_nbgrader, add(code("### BEGIN SOLUTION")), "students would see it"),
    (grading.check_checks, lambda notebook: notebook.cells.pop(8), "no check cell"),
    (writing.check_exercise_lines, source(5, " · core", ""), "has no line"),
    (writing.check_exercise_lines, source(5, "core", "hard"), "has no line"),
    (writing.check_exercise_lines, add(new_markdown_cell("**Exercise: more**")), "no exercise"),
    (writing.check_hints, source(7, "<summary>It is no number", ""), "has 1 hints"),
    (writing.check_hints, lambda notebook: notebook.cells.pop(7), "has 0 hints"),
    (writing.check_blanks, source(8, 'check("mean")', 'check("mode")'), 'with check("mean"'),
    (writing.check_blanks, source(6, "    ### BEGIN", "### BEGIN"), "top level"),
    (writing.check_blanks, source(6, "    return", "    x = 1\n" * 15 + "    return"), "16 lines"),
    (writing.check_blanks, source(6, "def mean", "lambda: mean"), "defines no function"),
    (writing.check_nothing_calls_a_blank, add(code("mean([1])"), position=7), "would break"),
    (writing.check_nothing_calls_a_blank, source(6, "def", "print(mean([1]))\ndef"), "would break"),
    (writing.check_ci_names, add(tagged("score = 1", "ci"), code("print(score)")), "score"),
    (writing.check_ci_names, add(tagged("def f(): 1", "ci"), code("f()")), "uses f"),
    (writing.check_compared_cells_are_tagged, add(code("# NBVAL_CHECK_" + "OUTPUT")), "the tag"),
    (writing.check_questions, lambda notebook: notebook.cells.pop(10), "must be its answer"),
    (writing.check_questions, source(10, "<details>", ""), "a fold"),
    (writing.check_predictions, source(9, "**Predict first.**", ""), "at least once"),
    (writing.check_written_answers, add(written("a"), written("b")), "one is the limit"),
    (writing.check_reading, source(11, "https://numpy.org/b", "b"), "2 links"),
    (writing.check_notation, source(0, "notation.md", "README.md"), "notation.md"),
]


@pytest.mark.parametrize(
    ("check", "spoil", "expected"), DEFECTS, ids=lambda value: getattr(value, "__name__", None)
)
def test_each_defect_is_found(check, spoil, expected, path):
    notebook = synthetic.notebook()
    spoil(notebook)
    found = list(check(notebook, path))
    assert any(expected in problem for problem in found), found


def test_every_check_has_a_defect_that_it_finds():
    assert {check for check, *_ in DEFECTS} == set(CHECKS)


def test_prose_leaves_out_code_formulas_and_markup():
    text = "Two `x + y` words\n```\nnot = these\n```\n$$a + b + c$$ [link text](to.md) ![](a.png)"
    notebook = synthetic.notebook()
    notebook.cells = [new_markdown_cell(text)]
    assert anatomy.word_count(notebook) == 6  # Two, x, words, x, link, text


def test_a_sound_exercise_passes():
    assert problems(synthetic.notebook(), synthetic.WRONG_ANSWERS) == []


EXERCISE_DEFECTS = [
    (source(8, "== 3", "> 0"), {}, "the wrong answer\nreturn sum(values)"),
    (source(8, "mean([1, 2, 6]) == 3", "True"), {}, "a blank answer passes"),
    (source(8, "== 3, f", "== 3, '' and f"), {}, "refused with AssertionError"),
    (source(8, "assert", "print(undefined)\nassert"), {}, "cell 8 fails with its solution"),
    (source(6, "sum(values) /", "0 *"), {}, "cell 8 fails with its solution"),
    (lambda notebook: None, {"mean": []}, "no wrong answer"),
    (lambda notebook: None, {"mode": ["pass"]}, "no such exercise"),
    (lambda notebook: None, {"mean": ["return values / 2"]}, "TypeError"),
]


@pytest.mark.parametrize(("spoil", "changes", "expected"), EXERCISE_DEFECTS)
def test_each_defect_of_an_exercise_is_found(spoil, changes, expected):
    notebook = synthetic.notebook()
    spoil(notebook)
    found = problems(notebook, {**synthetic.WRONG_ANSWERS, **changes})
    assert any(expected in problem for problem in found), found


def test_a_blank_at_the_top_level_is_not_saved_by_an_older_value():
    notebook = synthetic.notebook()
    notebook.cells[4] = code("total = 6")
    notebook.cells[6].source = "### BEGIN SOLUTION\ntotal = 1 + 2 + 3\n### END SOLUTION"
    notebook.cells[8].source = "assert total == 6, 'the total of 1, 2 and 3 is 6'"
    assert any("a blank answer passes" in p for p in problems(notebook, {"mean": ["total = 1"]}))


def test_only_cells_that_an_exercise_needs_are_run():
    notebook = synthetic.notebook()
    notebook.cells = [
        code("import time\nvalues = [1, 2]"),
        code("time.sleep(1000)\nresult = sorted(values)"),
        code("values.append(6)"),
        code("def show(x):\n    values = x"),
        code("scale = 1"),
        code("def total():\n    return sum(values) * scale"),
        notebook.cells[6],
        notebook.cells[8],
    ]
    notebook.cells[7].source = "assert mean([total()]) == 9, 'the mean of 9 is 9'"
    assert needed_cells(notebook, grading.exercises(notebook)) == [0, 2, 4, 5, 6, 7]
    assert problems(notebook, {"mean": ["return 0"]}) == []


def test_a_wrong_answer_changes_no_name_of_later_cells():
    notebook = synthetic.notebook()
    notebook.cells[8:8] = [code("scale = 1")]
    notebook.cells.append(code("assert scale == 1", grade_id="late", grade=True, locked=True))
    assert problems(notebook, {"mean": ["global scale\nscale = 2\nreturn 0"]}) == []
