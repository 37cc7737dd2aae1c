"""Where the definitions of the course stand: in which notebook, exercise and order."""

import ast
import functools
import json
import sys
from dataclasses import dataclass

from helpers.workbook import cells, course, needed, solutions


@dataclass(frozen=True)
class Definition:
    """A function, class or constant at the top level of a cell of the course.

    Attributes
    ----------
    name, notebook : str
    position : int
        Of the cell in its notebook.
    source : str
        Of the definition alone.
    exercise : str or None
        The grade_id of the exercise that it solves; None for what a notebook gives.
    """

    name: str
    notebook: str
    position: int
    source: str
    exercise: str | None

    @property
    def where(self):
        """The notebook as `mine.py` names it."""
        return self.notebook.replace("_", " ")


class Definitions:
    """All definitions of a course.

    Parameters
    ----------
    notebooks : dict of str to dict
        As `course.notebooks` returns them.

    Attributes
    ----------
    solved : dict of str to Definition
        Those of exercises, by name.
    given : dict of str to dict of str to Definition
        The others, by notebook and name.
    imports : dict of str to dict of str to str
        By notebook and name, the statement that imports it.
    asked_for : set of str
        Names that some notebook takes over by `yours`.
    """

    def __init__(self, notebooks):
        self.solved, self.given, self.imports, self.asked_for = {}, {}, {}, set()
        self._here = {}
        for name, notebook in notebooks.items():
            self.given[name], self.imports[name] = {}, {}
            ids = {e.solution: e.grade_id for e in solutions.exercises(notebook, name)}
            for i, cell in enumerate(notebook["cells"]):
                if cell["cell_type"] == "code" and not cells.is_check(cell):
                    self._take(name, i, cell["source"], ids.get(i))

    def _take(self, notebook, position, source, exercise):
        plain = cells.plain(source)
        try:
            tree = ast.parse(plain)
        except SyntaxError:
            return
        for node in tree.body:
            for name in _bound(node):
                text = solutions.solved(source_of(plain, node))
                found = Definition(name, notebook, position, text, exercise)
                if exercise is None:
                    self.given[notebook][name] = found
                else:
                    self.solved.setdefault(name, found)
                    self._here[notebook, name] = found
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    statement = _statement(node, alias)
                    self.imports[notebook][alias.asname or alias.name] = statement
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "yours":
                self.asked_for |= {arg.id for arg in node.args if isinstance(arg, ast.Name)}

    def find(self, name, notebook):
        """Return the definition of a name as a notebook sees it, or None.

        Parameters
        ----------
        name, notebook : str

        Returns
        -------
        Definition or None
        """
        given = self.given.get(notebook, {}).get(name)
        return self._here.get((notebook, name)) or given or self.solved.get(name)

    def order(self, block):
        """Return where a block of `mine.py` belongs: a key to sort by.

        Parameters
        ----------
        block : Block

        Returns
        -------
        tuple
            What the course does not define comes first in its notebook.
        """
        notebook = block.where.replace(" ", "_")
        found = self.find(block.name, notebook)
        return (notebook, found.position if found and found.notebook == notebook else -1)


@functools.lru_cache(maxsize=4)
def _of(text):
    return Definitions(json.loads(text))


def of_course(workbook):
    """Return the definitions of the course that a workbook was made from.

    Parameters
    ----------
    workbook : Path or None

    Returns
    -------
    Definitions
    """
    return _of(json.dumps(course.notebooks(workbook)))


def _bound(node):
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign) and is_plain(node.value):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def is_plain(node):
    """Return whether an expression is a constant, or a tuple, list or dict of such.

    Parameters
    ----------
    node : ast.expr

    Returns
    -------
    bool
    """
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return False
    return True


def source_of(text, node):
    """Return the lines of a definition with its decorators.

    Parameters
    ----------
    text : str
    node : ast.stmt

    Returns
    -------
    str
    """
    decorators = getattr(node, "decorator_list", ())
    first = min([node.lineno, *(d.lineno for d in decorators)])
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def globals_of(source):
    """Return the global names that a definition uses, in alphabetical order.

    Parameters
    ----------
    source : str

    Returns
    -------
    list of str
    """
    names = needed.Names(source)
    return sorted(names.used)


def imports_of(source):
    """Return the modules that a definition imports within itself.

    Parameters
    ----------
    source : str

    Returns
    -------
    list of str
    """
    nodes = list(ast.walk(ast.parse(source)))
    whole = [alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names]
    return whole + [n.module or "." for n in nodes if isinstance(n, ast.ImportFrom)]


def may_import(module):
    """Return whether `mine.py` may import a module: NumPy's, or one that comes with Python.

    Parameters
    ----------
    module : str

    Returns
    -------
    bool
    """
    root = module.partition(".")[0]
    return root == "numpy" or root in sys.stdlib_module_names


def _statement(node, alias):
    renamed = f" as {alias.asname}" if alias.asname else ""
    if isinstance(node, ast.Import):
        return f"import {alias.name}{renamed}"
    return f"from {node.module} import {alias.name}{renamed}"
