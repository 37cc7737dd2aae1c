"""Which cells of a notebook the others need, found in their code without running it."""

import ast
import builtins
import symtable

from IPython.core.inputtransformer2 import TransformerManager


def needed_cells(notebook, wanted):
    """Return the positions of the cells that some exercises need, themselves included.

    Those are the cells that bind, or may change, a name that a needed cell uses. A name bound by
    import, def or class is taken not to change.

    Parameters
    ----------
    notebook : dict
    wanted : list of Exercise

    Returns
    -------
    list of int
        In ascending order.
    """
    keep = {i for e in wanted for i in (e.solution, *e.checks)}
    code = {i: c for i, c in enumerate(notebook["cells"]) if c["cell_type"] == "code"}
    names = {i: Names(cell["source"]) for i, cell in code.items()}
    fixed = set().union(*(cell.defined for cell in names.values()))
    fixed -= set().union(*(cell.assigned for cell in names.values()))
    used = set()
    for i, cell in reversed(names.items()):
        if i in keep or used & (cell.defined | cell.assigned | (cell.touched - fixed)):
            keep.add(i)
            used |= cell.used
    return sorted(keep)


class Names:
    """Which global names the code of a cell has to do with.

    Parameters
    ----------
    source : str
        What is no Python has to do with none.

    Attributes
    ----------
    defined : set of str
        Bound by import, def or class.
    assigned : set of str
    used : set of str
    touched : set of str
        Objects that may be changed in place.
    called : set of str
        Called as the cell runs, not only inside of what it defines.
    """

    def __init__(self, source):
        self.defined, self.assigned, self.used = set(), set(), set()
        self.touched, self.called = set(), set()
        source = TransformerManager().transform_cell(source)
        try:
            top = symtable.symtable(source, "<cell>", "exec")
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return
        symbols = top.get_symbols()
        lasting = {s.get_name() for s in symbols if s.is_imported() or s.is_namespace()}
        self.assigned = {s.get_name() for s in symbols if s.is_assigned()} - lasting
        self.defined = lasting
        self.used = {s.get_name() for s in symbols if s.is_referenced()}
        for table in _nested(top):
            self.used |= {s.get_name() for s in table.get_symbols() if s.is_global()}
        self.touched = {name for node in ast.walk(tree) for name in _changed(node)}
        self.called = {name for node in tree.body for name in _called(node)}


def _nested(table):
    for child in table.get_children():
        yield child
        yield from _nested(child)


def _called(node):
    """Yield the names that a statement calls as it runs."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield node.func.id
    lazy = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    for child in () if isinstance(node, lazy) else ast.iter_child_nodes(node):
        yield from _called(child)


def _changed(node):
    """Yield the names of objects that a node of the syntax tree may change in place."""
    parts = []
    if isinstance(node, ast.Call) and not hasattr(builtins, getattr(node.func, "id", "")):
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            parts.append(node.func.value)
    elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
        while isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        parts = [node]
    return (part.id for part in parts if isinstance(part, ast.Name))
