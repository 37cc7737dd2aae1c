"""What is solved: kept from one check to the next, shown as a page and as a plain text receipt."""

import html
import json
from datetime import datetime
from pathlib import Path

from helpers import files
from helpers.workbook import blanks, cells, course, run

STATE = Path(".course") / "progress.json"
PAGE, RECEIPT = "progress.html", "progress.txt"
MARKS = {run.PASSED: "✓", run.NOT_YET: "✗", run.BLANK: "·", run.NOT_RUN: "?"}


def take(workbook, results, now=None):
    """Take results into what is known of a workbook, and write the page and the receipt.

    Parameters
    ----------
    workbook : Path
    results : list of Result
    now : datetime, optional

    Returns
    -------
    list of dict
        Every exercise of the course, in order, as the page shows it.
    """
    now = f"{now or datetime.now():%Y-%m-%d %H:%M}"
    state = _state(workbook)
    for result in results:
        told = {"status": result.status, "message": result.message, "when": now}
        state[result.exercise.grade_id] = told
    rows = [
        {
            "name": name,
            "notebook": exercise.notebook,
            "title": exercise.title or name,
            "kind": exercise.kind or "practice",
            "points": exercise.points,
            **state.get(name, {"status": run.BLANK, "message": "", "when": ""}),
        }
        for name, exercise in course.all_exercises(workbook).items()
    ]
    kept = {row["name"]: state[row["name"]] for row in rows if row["name"] in state}
    written = _written(workbook)
    _put(workbook / STATE, json.dumps(kept, indent=1, ensure_ascii=False))
    _put(workbook / PAGE, page(rows, written, now))
    _put(workbook / RECEIPT, receipt(rows, written, now))
    return rows


def _state(workbook):
    try:
        return dict(json.loads((workbook / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}  # all of it can be found out again


def _put(path, text):
    with files.replacing(path) as file:
        file.write(text.encode())


def _written(workbook):
    """How many of the texts that are graded by hand are written, and how many there are."""
    done = every = 0
    for name in course.notebooks(workbook):
        try:
            parts = cells.read(workbook / f"{name}.ipynb")["cells"]
        except cells.NotebookError:
            continue
        texts = [cell["source"] for cell in parts if cells.is_written(cell)]
        every += len(texts)
        done += sum(blanks.WRITTEN not in text for text in texts)
    return done, every


def summary(rows, written=(0, 0)):
    """Return in one sentence how far the student is.

    Parameters
    ----------
    rows : list of dict
    written : (int, int)
        Of the texts that are graded by hand: written, and all.

    Returns
    -------
    str
    """
    core = [row for row in rows if row["kind"] == "core"]
    passed = [row for row in rows if row["status"] == run.PASSED]
    points, all_points = (sum(row["points"] for row in part) for part in (passed, rows))
    said = f"{len(passed)} of {len(rows)} exercises passed"
    if core:
        said += f" ({sum(row in passed for row in core)} of {len(core)} core ones)"
    said += f", {points:g} of {all_points:g} points"
    if written[1]:
        said += f"; {written[0]} of {written[1]} written answers, graded by hand"
    return said + "."


def receipt(rows, written, now):
    """Return the plain text receipt.

    Parameters
    ----------
    rows : list of dict
    written : (int, int)
    now : str

    Returns
    -------
    str
    """
    lines = ["CNN from Scratch: what is solved", f"{now}. {summary(rows, written)}"]
    for notebook, part in _by_notebook(rows):
        passed = sum(row["status"] == run.PASSED for row in part)
        lines += ["", f"{notebook.replace('_', ' ')}: {passed} of {len(part)}"]
        for row in part:
            lines.append(f"  {row['status']:<8}  {row['name']} ({row['kind']})".rstrip())
            lines += [f"            {line}" for line in row["message"].splitlines() if line.strip()]
    return "\n".join(lines) + "\n"


def _by_notebook(rows):
    names = dict.fromkeys(row["notebook"] for row in rows)
    return [(name, [row for row in rows if row["notebook"] == name]) for name in names]


def page(rows, written, now):
    """Return the page: it needs no other file, and is read in light and in dark.

    Parameters
    ----------
    rows : list of dict
    written : (int, int)
    now : str

    Returns
    -------
    str
    """
    passed = sum(row["status"] == run.PASSED for row in rows)
    parts = [_section(notebook, part) for notebook, part in _by_notebook(rows)]
    said = html.escape(summary(rows, written))
    bar = f'<progress max="{max(len(rows), 1)}" value="{passed}" aria-label="{said}"></progress>'
    body = f"<h1>What is solved</h1>\n<p>{said}</p>\n{bar}\n<p>Checked on {now}.</p>\n"
    return _PAGE.replace("BODY", body + "\n".join(parts))


def _section(notebook, rows):
    passed = sum(row["status"] == run.PASSED for row in rows)
    title = html.escape(notebook.replace("_", " "))
    lines = "\n".join(_row(row) for row in rows)
    return (
        f'<h2><a href="{notebook}.ipynb">{title}</a>: {passed} of {len(rows)}</h2>\n<table>\n'
        '<thead><tr><th scope="col">Exercise</th><th scope="col">Kind</th>'
        f'<th scope="col">State</th></tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table>'
    )


def _row(row):
    state = f"{MARKS[row['status']]} {row['status']}"
    if row["message"]:
        state += f"<br><small>{html.escape(row['message'])}</small>"
    kind = row["status"].replace(" ", "-")
    return (
        f'<tr class="{kind}"><th scope="row">{html.escape(row["title"])}</th>'
        f"<td>{row['kind']}</td><td>{state}</td></tr>"
    )


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>What is solved: CNN from Scratch</title>
<style>
:root { color-scheme: light dark; --back: #fff; --ink: #1a1a1a; --line: #b5b5b5; --good: #0a6b2d; }
@media (prefers-color-scheme: dark) {
  :root { --back: #16181c; --ink: #ececec; --line: #5a5f68; --good: #7bd88f; }
}
body { background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
  max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
progress { width: 100%; height: 1.2rem; accent-color: var(--good); }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left;
  vertical-align: top; }
tbody th { font-weight: normal; }
small { white-space: pre-wrap; }
.passed td:last-child { color: var(--good); font-weight: bold; }
a { color: inherit; }
</style>
</head>
<body>
<main>
BODY
</main>
</body>
</html>
"""
