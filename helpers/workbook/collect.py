"""From a notebook's names to blocks of `mine.py`: a definition, and all that it needs."""

import ast
import builtins
import importlib
import inspect
import linecache
import types

from helpers.workbook import cells, definitions, mine, solutions

_CELL = ("ipykernel_", "<cell", "<course ", "<ipython-input")


class Collector:
    """Collects the blocks that some definitions need.

    Parameters
    ----------
    namespace : dict
        The names of the notebook.
    where : str
        The notebook, such as ``"02_softmax"``.
    known : Definitions
    blocks : dict of str to Block
        What `mine.py` holds already.

    Attributes
    ----------
    added : dict of str to Block
        In an order in which each comes after what it needs.
    imports : set of str
    """

    def __init__(self, namespace, where, known, blocks):
        self._namespace, self._where, self._known = namespace, where, known
        self._blocks, self._begun = blocks, set()
        self.added, self.imports = {}, set()

    def hers(self, name, whose=mine.YOURS):
        """Collect a definition of the notebook, and what it needs.

        Parameters
        ----------
        name : str
        whose : str
            As in `mine.Block`.
        """
        self._begun.add(name)
        source = source_of(name, self._namespace[name])
        for module in definitions.imports_of(source):
            if not definitions.may_import(module):
                raise mine.KeepError(f"{name} uses {module}: write it with NumPy alone")
        for other in definitions.globals_of(source):
            if other not in self._begun:
                self._need(other, name)
        where = self._where.replace("_", " ")
        solved = self._known.find(name, self._where)
        if name in self._blocks and not (solved and solved.exercise):
            self._same(self._blocks[name], where, source)
        self.added[name] = mine.Block(name, where, whose, source)

    def _same(self, before, where, source):
        """Refuse a second definition of a name, from another notebook: one file holds both."""
        if before.where != where and before.source != source:
            raise mine.KeepError(
                f"it uses {before.name}, and mine.py has another from {before.where}: give "
                "this one another name"
            )

    def of_course(self, found):
        """Collect a definition as the course has it, and what it needs.

        Parameters
        ----------
        found : Definition
        """
        self._begun.add(found.name)
        for other in definitions.globals_of(found.source):
            if other not in self._begun:
                self._need_of_course(other, found)
        whose = mine.COURSE if found.exercise else mine.GIVEN
        self.added[found.name] = mine.Block(found.name, found.where, whose, found.source)

    def _need_of_course(self, name, user):
        found = self._known.find(name, user.notebook)
        if found is not None:
            before = self._blocks.get(name)
            if before is None:
                self.of_course(found)
            elif not found.exercise:
                self._same(before, found.where, found.source)
            return
        statement = self._known.imports[user.notebook].get(name)
        if statement and definitions.may_import(statement.split()[1]):
            self.imports.add(statement)
        elif statement:
            raise mine.KeepError(f"it needs {name} of helpers ({statement})")

    def _need(self, name, user):
        found = self._known.find(name, self._where)
        if found is not None and found.exercise:
            if name not in self._blocks:  # hers comes in when it has passed its own check
                self.of_course(found)
            return
        if name not in self._namespace:
            return  # Python's own, or a name that fails in the notebook too
        value = self._namespace[name]
        if isinstance(value, types.ModuleType):
            self._module(name, value, user)
        elif getattr(value, "__module__", None) == "mine" and name in self._blocks:
            return
        elif _is_of_cell(value):
            given = self._known.given.get(self._where, {}).get(name)
            same = given and given.source == source_of(name, value)
            self.hers(name, mine.GIVEN if same else mine.YOURS)
        elif callable(value):
            self._imported(name, value, user)
        elif _is_constant(value):
            where = self._where.replace("_", " ")
            self.added[name] = mine.Block(name, where, mine.GIVEN, f"{name} = {_plain(value)!r}")
        else:
            raise mine.KeepError(
                f"{user} uses {name}, a {type(value).__name__} of this notebook: take it as an "
                "argument, or make it inside"
            )

    def _module(self, name, module, user):
        if not definitions.may_import(module.__name__):
            raise mine.KeepError(f"{user} uses {module.__name__}: write it with NumPy alone")
        renamed = "" if module.__name__ == name else f" as {name}"
        self.imports.add(f"import {module.__name__}{renamed}")

    def _imported(self, name, value, user):
        """Collect a function or class that the notebook imported."""
        own = getattr(value, "__name__", name)
        module = getattr(value, "__module__", None) or "numpy"  # NumPy's ufuncs name none
        if definitions.may_import(module):
            if getattr(importlib.import_module(module), own, None) is value:
                renamed = "" if own == name else f" as {name}"
                self.imports.add(f"from {module} import {own}{renamed}")
                return
        if hasattr(builtins, name):
            return
        raise mine.KeepError(
            f"{user} uses {name}, which is not yours but comes from {module}: write it without"
        )


def _is_of_cell(value):
    if not (inspect.isfunction(value) or inspect.isclass(value)):
        return False
    return getattr(value, "__module__", None) in {"__main__", "notebook_under_test"}


def _plain(value):
    return value.item() if hasattr(value, "item") and not getattr(value, "shape", ()) else value


def _is_constant(value):
    try:
        return definitions.is_plain(ast.parse(repr(_plain(value)), mode="eval").body)
    except SyntaxError:
        return False


def source_of(name, value):
    """Return the source of a function or class that a cell of the notebook defines.

    Parameters
    ----------
    name : str
    value : object

    Returns
    -------
    str

    Raises
    ------
    KeepError
        If it is neither, or its cell is not at hand.
    """
    if not (inspect.isfunction(value) or inspect.isclass(value)):
        raise mine.KeepError(f"{name} is {value!r}; a function or a class can be kept")
    for file in _files(value):
        text = cells.plain("".join(linecache.getlines(file)))
        try:
            body = ast.parse(text).body
        except SyntaxError:
            continue
        for node in reversed(body):
            if getattr(node, "name", None) == name:
                return solutions.solved(definitions.source_of(text, node))
    raise mine.KeepError(f"the source of {name} is not at hand: run its cell again")


def _files(value):
    """The cells in which a value may be defined, the surest first, then the latest."""
    codes = [inspect.unwrap(value).__code__] if inspect.isfunction(value) else []
    if inspect.isclass(value):
        parts = [getattr(part, "fget", None) or part for part in vars(value).values()]
        functions = [
            inspect.unwrap(getattr(part, "__func__", part)) for part in parts if callable(part)
        ]
        codes = [f.__code__ for f in functions if inspect.isfunction(f)]
    files = [code.co_filename for code in codes]
    files += [file for file in reversed(linecache.cache) if any(mark in file for mark in _CELL)]
    return [file for file in files if any(mark in file for mark in _CELL)]
