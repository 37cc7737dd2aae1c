"""The command `cnn-course`: what it prints, what it leaves, and how it ends."""

import re
import subprocess
import sys

import pytest
import small_course

from helpers.workbook import command, course, progress, run


@pytest.fixture(autouse=True)
def at(source, monkeypatch, tmp_path):
    """Let the command take the small course for the course."""
    monkeypatch.setattr(course, "NOTEBOOKS", source)
    return tmp_path / "workbook"


def cnn_course(at, *words):
    return command.main(["--folder", str(at), *words])


def test_make_says_one_line_and_then_none(at, capsys):
    assert cnn_course(at, "make") == 0
    said = capsys.readouterr().out
    assert said == "Made workbook/: your copy of the course. Nothing in it is ever overwritten.\n"
    assert cnn_course(at, "make") == 0
    assert capsys.readouterr().out == ""


def test_a_new_version_is_told_and_taken_over(at, source, capsys):
    cnn_course(at, "make")
    path = source / "02_softmax.ipynb"
    path.write_text(path.read_text().replace("# Softmax", "# Softmax, anew"))
    capsys.readouterr()
    cnn_course(at, "make")
    assert "take it over with: cnn-course update" in capsys.readouterr().out
    assert cnn_course(at, "update") == 0
    assert capsys.readouterr().out == f"02_softmax: 1 cell is new\n{command.RELOAD}\n"
    assert cnn_course(at, "update") == 0
    assert capsys.readouterr().out == "Nothing has changed.\n"
    cnn_course(at, "make")
    assert capsys.readouterr().out == ""


def test_check_of_a_blank_half_filled_and_full_workbook(at, capsys):
    cnn_course(at, "make")
    assert cnn_course(at, "check") == 1
    assert "0 of 5 exercises passed (0 of 3 core ones), 0 of 10 points" in capsys.readouterr().out
    small_course.solve(at, ["softmax", "certain"])
    small_course.fill(at, "05_pooling", {"pool-forward": "def max_pool_forward(x, size): pass"})
    assert cnn_course(at, "check") == 1
    said = capsys.readouterr().out
    assert "✓ softmax: passed" in said and "✗ pool-forward: not yet\n    max_pool" in said
    assert "· blank: centred, relu-backward" in said
    small_course.solve(at)
    assert cnn_course(at, "check", "5", "02_softmax") == 0
    said = capsys.readouterr().out
    assert "5 of 5 exercises passed (3 of 3 core ones), 10 of 10 points." in said


def test_check_of_one_notebook_keeps_what_is_known_of_the_others(at, capsys):
    cnn_course(at, "make")
    small_course.solve(at, ["softmax"])
    cnn_course(at, "check", "2")
    cnn_course(at, "check", "5")
    receipt = (at / "progress.txt").read_text(encoding="utf-8")
    assert (
        "02 softmax: 1 of 2\n  passed    softmax (core)\n  blank     centred (practice)" in receipt
    )
    assert "0 of 1 written answers, graded by hand" in receipt


def test_the_page_is_whole_and_readable_by_all(at):
    cnn_course(at, "make")
    (exercise, *_) = course.all_exercises(at).values()
    progress.take(at, [run.Result(exercise, run.NOT_YET, "1 < 2 & so on")])
    page = (at / "progress.html").read_text(encoding="utf-8")
    assert "1 &lt; 2 &amp; so on" in page
    assert '<html lang="en">' in page and "<h1>" in page and "prefers-color-scheme: dark" in page
    assert re.search(r'<progress max="5" value="0" aria-label="0 of 5 exercises', page)
    assert page.count('scope="row"') == 5
    assert not re.search(r"https?://|<script|<link", page)


def test_a_damaged_record_of_progress_is_begun_anew(at):
    cnn_course(at, "make")
    (at / progress.STATE).write_text("{")
    assert cnn_course(at, "check") == 1
    assert (at / progress.STATE).read_text().startswith("{\n")


def test_reset_asks_which_and_says_where_the_old_one_is(at, capsys):
    cnn_course(at, "make")
    assert cnn_course(at, "reset") == 2
    assert "say which notebook" in capsys.readouterr().err
    assert cnn_course(at, "reset", "05") == 0
    assert re.fullmatch(
        r"05_pooling is new. What you had is kept/05_pooling_[\d_-]+\.ipynb\.\n.*\n",
        capsys.readouterr().out,
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["check"], "is not there. Make one with: cnn-course"),
        (["update"], "is not there"),
        (["inspect"], "there is no command 'inspect'. There are: check, update"),
        (["make", "more"], "more is too much here"),
        (["reset", "--all"], "--all is no option here"),
    ],
)
def test_what_cannot_be_done_is_said(at, capsys, words, expected):
    assert cnn_course(at, *words) == 2
    assert expected in capsys.readouterr().err
    assert not at.exists()


def test_a_folder_of_something_else_is_left(at, capsys):
    at.mkdir()
    (at / "notes.txt").write_text("mine")
    assert cnn_course(at, "make") == 2
    assert "is there already" in capsys.readouterr().err
    assert [path.name for path in at.iterdir()] == ["notes.txt"]


def test_jupyterlab_gets_its_own_options(at, monkeypatch):
    from jupyterlab.labapp import LabApp

    given = []
    monkeypatch.setattr(LabApp, "launch_instance", lambda argv: given.extend(argv))
    assert cnn_course(at, "--no-browser", "--port", "8890") == 0
    assert given == [
        f"--ServerApp.root_dir={at}",
        "--LabApp.default_url=/lab/tree/00_start_here.ipynb",
        "--no-browser",
        "--port",
        "8890",
    ]
    assert (at / "00_start_here.ipynb").is_file()


def test_help_needs_nothing(at, capsys):
    assert command.main(["--help"]) == 0
    assert "Exit status: 0" in capsys.readouterr().out
    assert not at.exists()


def test_it_is_installed_and_a_module_too():
    done = subprocess.run(
        [sys.executable, "-m", "helpers.workbook", "--help"], capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0 and done.stdout == command.HELP
