"""A notebook's words: prose without code, formulas and markup."""

import re
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"

FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.M | re.S)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
FORMULA = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$(?!\s)[^$\n]+?(?<!\s)\$(?!\d)", re.S)
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*)\]\(([^)\s]+)[^)]*\)")
TAG = re.compile(r"<[^<>]+>")
HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$", re.M)


def paths():
    """Return the paths of the course's notebooks, in order."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def markdown(cell):
    """Return a markdown cell's source without code; that of any other cell is empty."""
    if cell.cell_type != "markdown":
        return ""
    return CODE.sub("x", FENCE.sub("", cell.source))


def prose(cell):
    """Return a markdown cell's words; a formula or a piece of code counts as one."""
    text = FORMULA.sub("x", markdown(cell))
    text = LINK.sub(r"\1", IMAGE.sub("", text))
    return TAG.sub(" ", text)


def word_count(notebook):
    """Return how many words of prose a notebook has."""
    return sum(len(re.findall(r"\w[\w'’.-]*", prose(cell))) for cell in notebook.cells)


def headings(notebook):
    """Return the level and the text of each heading, in order."""
    found = (HEADING.findall(markdown(cell)) for cell in notebook.cells)
    return [(len(marks), text) for cell in found for marks, text in cell]


def targets(cell):
    """Return where a markdown cell's links and images lead."""
    text = markdown(cell)
    found = [target for pattern in (LINK, IMAGE) for _, target in pattern.findall(text)]
    found += re.findall(r"^\[[^\]]+\]:\s*(\S+)", text, re.M)
    return found + re.findall(r"\b(?:src|href)=[\"']([^\"']+)", text)


def output_text(output):
    """Return all that an output shows as text, HTML included."""
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return "\n".join(output.traceback)
    text = (value for mime, value in output.data.items() if mime.startswith("text/"))
    return "\n".join(text)
