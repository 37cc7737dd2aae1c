"""Her own code: what has passed its check is kept in `workbook/mine.py`, and used from there.

`mine.py` is plain Python that imports NumPy only: one block a definition, in the order of the
course. A definition that hers needs and that has not passed stands there too, as the course's.
"""

import ast
import builtins
import importlib
import importlib.util
import inspect
import linecache
import re
import sys
import types
from dataclasses import dataclass
from pathlib import Path

from helpers import files
from helpers.workbook import solutions

MARKER = Path(".course") / "workbook.json"
HEAD = '''"""Your own network: what you have written, and what has passed its check.

Made by the notebooks of the course, one block a definition. Change it there, not here: a check that
passes writes its block anew.
"""
'''
_BLOCK = re.compile(
    r"^# %% (?P<where>[\w ]+): (?P<name>\w+) \((?P<whose>yours|the course's)\)$", re.M
)


class KeepError(ValueError):
    """`mine.py` cannot be read or used, with the reason."""


@dataclass(frozen=True)
class Block:
    """A definition in `mine.py`.

    Attributes
    ----------
    name : str
    where : str
        The notebook that it comes from, such as ``"02 softmax"``.
    yours : bool
        False for the course's own, which stands in.
    source : str
    """

    name: str
    where: str
    yours: bool
    source: str


def folder(start=None):
    """Return the workbook in which a notebook runs, or None.

    Parameters
    ----------
    start : Path, optional
        By default the folder in which this process works.

    Returns
    -------
    Path or None
    """
    start = Path.cwd() if start is None else Path(start).resolve()
    return next((f for f in (start, *start.parents) if (f / MARKER).is_file()), None)


def read(path):
    """Return the blocks of a `mine.py`; none where there is no such file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to Block

    Raises
    ------
    KeepError
        If the file is not UTF-8 text.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise KeepError(
            f"{path} is no UTF-8 text; restore it, or delete it and check anew"
        ) from error
    starts = list(_BLOCK.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    blocks = {}
    for match, end in zip(starts, ends, strict=True):
        source = text[match.end() : end].strip("\n")
        whose = match["whose"] == "yours"
        blocks[match["name"]] = Block(match["name"], match["where"], whose, source)
    return blocks


def keep(names, namespace, workbook):
    """Keep definitions, and those that they need, in the workbook's `mine.py`.

    Parameters
    ----------
    names : list of str
        Functions and classes that passed their check.
    namespace : dict
        The names of the notebook.
    workbook : Path

    Raises
    ------
    KeepError
        If a definition needs something that cannot stand in a file: an array, say.
    """
    path = workbook / "mine.py"
    blocks, imports = read(path), _imports(path)
    added = {}
    for name in names:
        _collect(name, namespace, blocks, added, imports, yours=True)
    blocks |= added
    text = HEAD + "\n" + "\n".join(sorted(imports)) + "\n"
    for block in sorted(blocks.values(), key=_order(list(blocks))):
        whose = "yours" if block.yours else "the course's"
        text += f"\n\n# %% {block.where}: {block.name} ({whose})\n{block.source}\n"
    with files.replacing(path) as file:
        file.write(text.encode())


def _imports(path):
    if not path.is_file():
        return {"import numpy as np"}
    head = path.read_text(encoding="utf-8").partition("# %% ")[0]
    return set(re.findall(r"^(?:import|from) .+$", head, re.M)) | {"import numpy as np"}


def _order(kept):
    """Sort by the course; what no notebook solves keeps its place before what was kept after it."""
    places = {}
    for i, solution in enumerate(solutions.all_solutions().values()):
        for name in solution.names:
            places.setdefault(name, i)
    return lambda block: (block.where[:2], places.get(block.name, -1), kept.index(block.name))


def _collect(name, namespace, blocks, added, imports, yours):
    """Add the block of a name, and before it the blocks of what it needs."""
    if name in added:
        return
    value = namespace[name]
    source, stands_in = _source(name, value)
    added[name] = None  # a function may call itself
    where = _where(name, namespace)
    for needed in _needed(source):
        if needed == name or needed not in namespace:
            continue
        _collect_needed(needed, namespace, blocks, added, imports, name)
    added.pop(name)  # what it needs comes first
    added[name] = Block(name, where, yours and not stands_in, source)


def _collect_needed(needed, namespace, blocks, added, imports, name):
    value = namespace[needed]
    if isinstance(value, types.ModuleType):
        alias = "" if value.__name__ == needed else f" as {needed}"
        imports.add(f"import {value.__name__}{alias}")
    elif getattr(value, "__module__", None) == "mine" and needed in blocks:
        return
    elif inspect.isfunction(value) or inspect.isclass(value):
        _collect(needed, namespace, blocks, added, imports, yours=True)
    elif isinstance(value, bool | int | float | str | tuple):
        added[needed] = Block(needed, _where(needed, namespace), True, f"{needed} = {value!r}")
    else:
        raise KeepError(
            f"{name} uses {needed}, a {type(value).__name__} of this notebook: "
            "take it as an argument"
        )


def _where(name, namespace):
    for solution in solutions.all_solutions().values():
        if name in solution.names:
            return solution.notebook.replace("_", " ")
    return namespace.get("__course_notebook__", "00 start here")


def _source(name, value):
    """Return the source of a function or class of a notebook, and whether it is the course's."""
    code = _code(value)
    if code is None:
        raise KeepError(f"{name} is {value!r}; a function or a class can be kept")
    if code.co_filename.startswith("<course ") or not _is_cell(value):
        stands_in = True
    else:
        stands_in = False
    text = "".join(linecache.getlines(code.co_filename))
    for node in ast.parse(_plain(text)).body:
        if getattr(node, "name", None) == name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            lines = text.splitlines()[first - 1 : node.end_lineno]
            kept = [
                line for line in lines if solutions.BEGIN not in line and solutions.END not in line
            ]
            return "\n".join(kept), stands_in
    raise KeepError(f"the source of {name} is not at hand; run its cell again")


def _is_cell(value):
    return getattr(value, "__module__", None) in {"__main__", "notebook_under_test"}


def _plain(text):
    """The text with magics turned into comments, line by line."""
    return re.sub(r"^(\s*)[%!]", r"\1#", text, flags=re.M)


def _code(value):
    if inspect.isfunction(value):
        return value.__code__
    if inspect.isclass(value):
        methods = (_code(part) for part in vars(value).values() if inspect.isfunction(part))
        return next(methods, None)
    return None


def _needed(source):
    """Return the global names that a definition uses, in order."""
    used, bound = {}, set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                used.setdefault(node.id)
    return [name for name in used if name not in bound and not hasattr(builtins, name)]


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
    path = workbook / "mine.py"
    try:
        names = [block.name for block in read(path).values() if block.yours]
        if not names:
            return {}
        spec = importlib.util.spec_from_file_location("mine", path)
        module = importlib.util.module_from_spec(spec)
        linecache.checkcache(str(path))
        spec.loader.exec_module(module)
    except Exception as error:
        print(f"{path.name} cannot be used ({type(error).__name__}: {error}); it stays as it is.")
        return {}
    sys.modules["mine"] = module
    return {name: getattr(module, name) for name in names if hasattr(module, name)}
