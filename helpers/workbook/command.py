"""The command `cnn-course`: make the student's copy, open it, bring it up to date, check it."""

import argparse
import sys
from pathlib import Path

from helpers.workbook import cells, course, make, progress, run, update

FOLDER = course.NOTEBOOKS.parent / "workbook"
RELOAD = "Where JupyterLab has it open, load it anew: File, Reload Notebook from Disk."
HELP = """Make your copy of the course, and open it in JupyterLab.

    cnn-course                    make workbook/ if it is not there, and open it
    cnn-course --no-browser       what is not known here is handed on to JupyterLab
    cnn-course check [05 ...]     run what you have saved, and say what is solved
    cnn-course update             take over a new version of the course; your answers stay
    cnn-course reset 05           start a notebook anew; what you had is kept, with the date
    cnn-course make               make workbook/, and open nothing

Before any of them: --folder FOLDER, for a copy elsewhere (default: workbook/ beside notebooks/).

Exit status: 0 if all went well, and with `check` if every exercise passed; 1 if some exercise has
not; 2 if it could not be done; 130 if it was interrupted.
"""


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command line.

    Returns
    -------
    int
        Exit status, as the help says.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(prog="cnn-course", add_help=False, allow_abbrev=False)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options, rest = parser.parse_known_args(given)
    if rest[:1] in (["-h"], ["--help"]):
        print(HELP, end="")
        return 0
    commands = {"check": _check, "update": _update, "reset": _reset, "make": _make}
    command = commands.get(rest[0] if rest else "")
    try:
        workbook = options.folder.resolve()
        return command(workbook, rest[1:]) if command else _open(workbook, rest)
    except (make.WorkbookError, cells.NotebookError, OSError) as error:
        print(f"cnn-course: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. Your files are as they were.", file=sys.stderr)
        return 130


def _make(workbook, rest):
    _no_more(rest)
    if (workbook / course.MARKER).is_file():
        said = make.marker(workbook)["course"]
        if said != course.fingerprint(course.notebooks()):
            print("The course has changed since; take it over with: cnn-course update")
    else:
        make.make(workbook)
        print(f"Made {workbook.name}/: your copy of the course. Nothing in it is ever overwritten.")
    return 0


def _open(workbook, rest):
    words = [word for word in rest[:1] if not word.startswith("-")]
    if words and not Path(words[0]).exists():
        raise make.WorkbookError(
            f"there is no command {words[0]!r}. There are: check, update, reset, make. "
            "See: cnn-course --help"
        )
    _make(workbook, [])
    print("JupyterLab opens now. To stop it, press Ctrl+C here.", flush=True)
    from jupyterlab.labapp import LabApp

    first = [] if words else [f"--LabApp.default_url=/lab/tree/{make.FIRST}"]
    LabApp.launch_instance(argv=[f"--ServerApp.root_dir={workbook}", *first, *rest])
    return 0


def _update(workbook, rest):
    _no_more(rest)
    told = update.update(workbook)
    print("\n".join([*told, RELOAD] if told != [update.NOTHING] else told))
    return 0


def _reset(workbook, rest):
    names = _names(rest)
    if not names:
        raise make.WorkbookError("say which notebook to start anew, as in: cnn-course reset 05")
    print("\n".join([*update.reset(workbook, names), RELOAD]))
    return 0


def _check(workbook, rest):
    parser = argparse.ArgumentParser(prog="cnn-course check")
    parser.add_argument("names", nargs="*", help="such as 05 (default: all)")
    parser.add_argument(
        "--seconds", type=float, default=run.SECONDS, help="that a notebook may take (%(default)s)"
    )
    options = parser.parse_args(rest)
    make.marker(workbook)
    names = update.chosen(course.notebooks(workbook), options.names)
    results = _run_all(workbook, names, options.seconds)
    rows = progress.take(workbook, results)
    asked = [row for row in rows if row["notebook"] in names]
    _tell(asked)
    print(f"{progress.summary(asked)} All of it is in {workbook.name}/{progress.PAGE}.")
    return 0 if all(result.status == run.PASSED for result in results) else 1


def _run_all(workbook, names, seconds):
    from tqdm import tqdm

    every = [e for e in course.all_exercises(workbook).values() if e.notebook in names]
    results = []
    with tqdm(total=len(every), unit=" exercises", leave=False) as bar:
        for name in names:
            bar.set_description(name)
            results += run.run(workbook, name, seconds, bar.update)
    return results


def _tell(rows):
    for row in rows:
        if row["status"] != run.BLANK:
            print(f"{progress.MARKS[row['status']]} {row['name']}: {row['status']}")
            for line in filter(str.strip, row["message"].splitlines()):
                print(f"    {line}")
    blank = [row["name"] for row in rows if row["status"] == run.BLANK]
    if blank:
        print(f"{progress.MARKS[run.BLANK]} blank: {', '.join(blank)}")


def _names(rest):
    wrong = [word for word in rest if word.startswith("-")]
    if wrong:
        raise make.WorkbookError(f"{wrong[0]} is no option here. See: cnn-course --help")
    return rest


def _no_more(rest):
    if rest:
        raise make.WorkbookError(f"{rest[0]} is too much here. See: cnn-course --help")
