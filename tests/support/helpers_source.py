"""What the source of `helpers` says of itself: its imports and its docstrings."""

import ast
import functools
import importlib
import inspect
import re
import textwrap
from pathlib import Path

HELPERS = Path(__file__).resolve().parents[2] / "helpers"


def files():
    """Return the path of each file of `helpers`, in folders too, by the name of its module."""
    return {_name(path): path for path in sorted(HELPERS.rglob("*.py"))}


def _name(path):
    parts = path.relative_to(HELPERS.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def modules():
    """Return the syntax tree of each module of `helpers`, by its name, such as `helpers.losses`."""
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in files().items()}


def places():
    """Return what stands in the folder `helpers`, and the modules of each package there.

    Returns
    -------
    dict of str to set of str
        Such as ``{"losses": set(), "threads": {"cores", "team", ...}}``, without ``__init__``.
    """
    found = {}
    for name in modules():
        _, place, module = [*name.split("."), "", ""][:3]
        if place:
            found.setdefault(place, set()).update({module} - {""})
    return found


def lengths():
    """Return the lines of each module, and of each function's body without its docstring.

    Returns
    -------
    modules, bodies : dict of str to int
        By names such as ``"helpers.losses"`` and ``"helpers.losses.softmax"``. A method goes by the
        name of its module, not of its class.
    """
    modules, bodies = {}, {}
    for name, path in files().items():
        text = path.read_text(encoding="utf-8")
        modules[name] = len(text.splitlines())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = node.end_lineno - body[0].lineno + 1 if body else 0
                place = f"{name}.{node.name}"
                bodies[place] = max(lines, bodies.get(place, 0))
    return modules, bodies


def imports(tree):
    """Return the names of the packages that a module imports, such as `numpy`.

    Parameters
    ----------
    tree : ast.Module

    Returns
    -------
    set of str
    """
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module)
    return {name.partition(".")[0] for name in found}


def public_parts(module):
    """Return the public functions, classes, methods and properties that a module defines, by name.

    Parameters
    ----------
    module : str
        Such as ``"helpers.layers.dense"``.

    Returns
    -------
    dict of str to object
        Without the members that their class's docstring lists as attributes.
    """
    loaded = importlib.import_module(module)
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
