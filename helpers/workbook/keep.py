"""Her own code: what has passed its check is kept in `workbook/mine.py`, and used from there."""

import linecache
import sys
import types

from helpers.workbook import collect, definitions, mine
from helpers.workbook.course import folder

__all__ = ["folder", "keep", "load", "yours"]


def keep(exercise, namespace, workbook):
    """Keep what solves an exercise in the workbook's `mine.py`, and what it needs.

    What a notebook gives and other notebooks take over by `yours` is kept too, as soon as all that
    it uses of the student's has passed.

    Parameters
    ----------
    exercise : Exercise
    namespace : dict
        The names of the notebook.
    workbook : Path

    Returns
    -------
    names : list of str
        Of the definitions that are hers now.
    copy : Path or None
        What `mine.py` was before, if somebody had changed it by hand.

    Raises
    ------
    KeepError
        If a definition needs something that cannot stand in a file: an array, say.
    """
    known, path = definitions.of_course(workbook), workbook / mine.NAME
    names = [name for name in exercise.names if callable(namespace.get(name))]
    with mine.locked(workbook):
        blocks, imports = mine.read(path)
        collector = collect.Collector(namespace, exercise.notebook, known, blocks)
        for name in names:
            collector.hers(name)
        blocks |= collector.added
        more = _given(exercise.notebook, known, blocks)
        for found in more:
            collector.of_course(found)
        blocks |= collector.added
        ordered = sorted(blocks.values(), key=known.order)
        text = mine.text_of(ordered, imports | collector.imports)
        copy = None
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            copy = mine.write(workbook, text)
    return names + [found.name for found in more], copy


def _given(notebook, known, blocks):
    """What the notebook gives and others ask for, once all that it uses has passed."""
    passed = {name for name, block in blocks.items() if block.whose == mine.YOURS}
    return [
        definition
        for name, definition in known.given.get(notebook, {}).items()
        if name in known.asked_for and name not in blocks
        if definition.source.startswith(("def ", "class ", "@"))
        if _hers(definition, known) <= passed
    ]


def _hers(definition, known):
    """The exercises' names that a definition uses, itself or through others of its notebook."""
    seen, waiting, found = set(), [definition], set()
    while waiting:
        one = waiting.pop()
        for name in definitions.globals_of(one.source):
            other = known.find(name, one.notebook)
            if other is not None and name not in seen:
                seen.add(name)
                waiting.append(other)
                if other.exercise:
                    found.add(name)
    return found


def yours(*finished):
    """Return the student's own definitions where they have passed, else the finished ones.

    Outside a workbook that is always the finished ones.

    Parameters
    ----------
    *finished : function or class
        Such as ``helpers.layers.Dense``. Hers is looked up by its name.

    Returns
    -------
    function, class or list of them
        As many as were given, in order.
    """
    workbook = folder()
    own = {} if workbook is None else load(workbook)
    chosen = [own.get(part.__name__, part) for part in finished]
    if workbook is not None:
        print(_told([part.__name__ for part in finished], own))
    return chosen[0] if len(chosen) == 1 else chosen


def _told(names, own):
    hers = [name for name in names if name in own]
    rest = [name for name in names if name not in own]
    parts = [f"Yours: {', '.join(hers)}."] if hers else []
    if rest:
        parts.append(f"The course's, until yours pass their check: {', '.join(rest)}.")
    return " ".join(parts)


def load(workbook):
    """Return the student's own definitions by name, from `mine.py`.

    Parameters
    ----------
    workbook : Path

    Returns
    -------
    dict of str to function or class
        Without those that the course lent. Empty, with a line that says why, where the file cannot
        be imported.
    """
    path = workbook / mine.NAME
    try:
        blocks, _ = mine.read(path)
        names = [block.name for block in blocks.values() if block.whose != mine.COURSE]
        if not names:
            return {}
        module = types.ModuleType("mine")  # an import would leave a .pyc, which may be too old
        module.__file__ = str(path)
        linecache.checkcache(str(path))
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    except Exception as error:
        said = error if isinstance(error, mine.KeepError) else f"{type(error).__name__}: {error}"
        print(f"{mine.NAME} cannot be used: {said}.")
        return {}
    sys.modules["mine"] = module
    return {name: getattr(module, name) for name in names if hasattr(module, name)}
