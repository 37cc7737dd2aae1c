"""What the source of `helpers` says of itself: its imports and its docstrings."""

import ast
import functools
import importlib
import inspect
import re
import textwrap
from pathlib import Path

HELPERS = Path(__file__).resolve().parents[1] / "helpers"


def modules():
    """Return the syntax tree of each module of `helpers`, by name."""
    return {
        path.stem: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(HELPERS.glob("*.py"))
        if path.stem != "__init__"
    }


def imports(tree, at_import_time=False):
    """Return the full names of the modules that a module imports.

    Parameters
    ----------
    tree : ast.Module
    at_import_time : bool
        Leave out imports inside functions and under ``if __name__ == "__main__"``.

    Returns
    -------
    set of str
        ``from helpers import layers`` counts as ``helpers.layers``.
    """
    found = set()
    for node in _statements(tree) if at_import_time else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            whole = node.module == "helpers"
            found |= {f"helpers.{a.name}" for a in node.names} if whole else {node.module}
    return found


def _statements(tree):
    """Yield the statements that run when a module is imported."""
    for node in tree.body:
        yield node
        if isinstance(node, ast.Try | ast.With):
            yield from _statements(node)


def public_parts(module):
    """Return the public functions, classes, methods and properties that a module defines, by name.

    Parameters
    ----------
    module : str
        Such as ``"layers"``.

    Returns
    -------
    dict of str to object
        Without the members that their class's docstring lists as attributes.
    """
    loaded = importlib.import_module(f"helpers.{module}")
    found = {}
    for name, part in vars(loaded).items():
        if not name.startswith("_") and getattr(part, "__module__", None) == loaded.__name__:
            if inspect.isclass(part):
                listed = re.findall(r"^(\w+) :", inspect.getdoc(part) or "", re.M)
                members = (n for n in vars(part) if not n.startswith("_") and n not in listed)
                members = {f"{name}.{n}": getattr(part, n) for n in members}
                found |= {n: m for n, m in members.items() if callable(m) or _is_property(m)}
            if inspect.isclass(part) or inspect.isfunction(part):
                found[name] = part
    return found


def _is_property(member):
    return isinstance(member, property | functools.cached_property)


def numpydoc_problems(part):
    """Return what the docstring of a function or class lacks, by numpydoc's rules.

    Parameters
    ----------
    part : function or class

    Returns
    -------
    list of str
        A section Parameters that names all of them, and Returns if there is something to return.
    """
    text = inspect.getdoc(part) or ""
    names = list(inspect.signature(part).parameters)
    found = [f"says nothing of {name}" for name in names if name not in text]
    if names and not re.search(r"^(Parameters|Attributes)\n---", text, re.M):
        found.append("has no section Parameters")
    if inspect.isfunction(part) and _returns_value(part):
        if not re.search(r"^(Returns|Yields)\n---", text, re.M):
            found.append("has no section Returns")
    return found


def _returns_value(function):
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    inner = [n for n in ast.walk(definition) if isinstance(n, ast.FunctionDef | ast.Lambda)]
    nested = {id(n) for part in inner if part is not definition for n in ast.walk(part)}
    results = (n for n in ast.walk(definition) if isinstance(n, ast.Return | ast.Yield))
    return any(n.value is not None and id(n) not in nested for n in results)
