"""A new version of a notebook and a student's answers, brought together cell by cell."""

from dataclasses import dataclass, field

from helpers.workbook import cells


@dataclass
class Merged:
    """What came of it.

    Attributes
    ----------
    cells : list of dict
    kept : list of str
        Cells that hold the student's own, by their keys.
    beside : list of str
        Of those the ones that the course has changed too: its new text stands below.
    changed : int
        Cells that are not as they were.
    """

    cells: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    beside: list = field(default_factory=list)
    changed: int = 0


def merge(handed_out, new, hers):
    """Return the cells of a notebook with the course's new text and the student's answers.

    Parameters
    ----------
    handed_out : dict of str to str
        What she was given: the source of each cell by its key.
    new : list of dict
        The cells that the course has now.
    hers : list of dict
        The cells that she saved.

    Returns
    -------
    Merged
    """
    merged, found, follow = Merged(), {}, _followers(handed_out, new, hers)
    told = {cell["source"] for cell in hers}
    for cell in hers:
        found.setdefault(cells.key(cell), cell)
    merged.cells += follow.get(None, [])
    for cell in new:
        name = cells.key(cell)
        own = found.get(name)
        if own is not None:
            _one(merged, cell, own, handed_out.get(name), told)
        elif name not in handed_out or not _may_go(cell):
            merged.cells.append(cell)
            merged.changed += 1
        merged.cells += follow.get(name, [])
    return merged


def _one(merged, cell, own, given, told):
    """Take over a cell that both have; `told` is what stands there from an update cut short."""
    name, now = cells.key(cell), cell["source"]
    if own["source"] in (given, now):
        same = own["source"] == now and "outputs" in own
        merged.changed += own["source"] != now
        shown = {key: own[key] for key in ("outputs", "execution_count") if same and key in own}
        merged.cells.append({**cell, **shown})
        return
    merged.kept.append(name)
    merged.cells.append({**own, "id": cell["id"], "metadata": cell["metadata"]})
    if given is not None and now != given:
        merged.beside.append(name)
        if (beside := _beside(cell))["source"] not in told:
            merged.changed += 1
            merged.cells.append(beside)


def _beside(cell):
    told = "**The course has changed this cell.** Yours stands above as it was; the new one is:"
    text = cell["source"]
    shown = f"```python\n{text}\n```" if cell["cell_type"] == "code" else text
    return cells.markdown(f"{cell['id'][:50]}-new", f"{told}\n\n{shown}", course={"field": True})


def _may_go(cell):
    """Whether a student may delete a cell: all but those of the course's text and exercises."""
    return cell["metadata"].get("deletable", True)


def _followers(handed_out, new, hers):
    """The cells that only she has, by the key of the cell of the course that they stand after."""
    course_s = {cells.key(cell) for cell in new}
    follow, seen, anchor = {}, set(), None
    for cell in hers:
        name = cells.key(cell)
        if name in course_s and name not in seen:
            anchor = name
            seen.add(name)
        elif name not in course_s and cell["source"] == handed_out.get(name):
            continue  # the course has taken it out, and she wrote nothing in it
        else:
            follow.setdefault(anchor, []).append(_added(cell, seen))
    return follow


def _added(cell, seen):
    """A cell of her own; a copy of one of the course's is no exercise a second time."""
    if cells.key(cell) not in seen:
        return cell
    rest = {k: v for k, v in cell["metadata"].items() if k not in ("nbgrader", "deletable")}
    return {**cell, "metadata": rest}
