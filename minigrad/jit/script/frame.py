"""One function that is being compiled: its source, its variables, and what else its names can mean."""

from __future__ import annotations

import ast
import builtins

from .standins import Missing

FLAGS = ("$return", "$break", "$continue")
CHANGERS = ("append", "extend", "insert", "pop", "remove", "clear", "reverse", "update", "setdefault")


class Frame:
    """`env` holds the variables; those with a $ say how far the function has got: has it returned, and what?"""

    def __init__(self, text, function, env, parent=None, tree=None, owner=None):
        self.text, self.function, self.env, self.parent, self.owner = text, function, env, parent, owner
        self.tree, self.site = text.tree if tree is None else tree, None  # site: where it is called from (source, line)
        self.locals = names_assigned(self.tree.body) if isinstance(self.tree, ast.FunctionDef) else set()

    def look_up(self, name):
        """What a name means. Errors: KeyError."""
        if name in self.env:
            return self.env[name]
        if name in self.locals:
            return Missing(f"{name} has no value here yet")
        if self.parent is not None:
            return self.parent.look_up(name)
        cells = dict(zip(self.function.__code__.co_freevars, self.function.__closure__ or (), strict=False))
        if name in cells:
            try:
                return cells[name].cell_contents
            except ValueError:
                raise KeyError(name) from None
        known = self.function.__globals__
        return known[name] if name in known else vars(builtins)[name]


def names_assigned(statements):
    """The variables that these statements may change, in order of first mention; not those of functions within."""
    found = {}

    def visit(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found[node.name] = True
            return
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = True
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            return  # a scope of its own
        for child in ast.iter_child_nodes(node):
            visit(child)

    for statement in statements:
        visit(statement)
    return found


def names_changed(statements):
    """`names_assigned`, and the lists and dicts that are changed in their place."""
    found = dict(names_assigned(statements))
    for statement in statements:
        for node in ast.walk(statement):
            inside = None
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                inside = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGERS:
                inside = node.func.value
            while isinstance(inside, ast.Subscript):
                inside = inside.value
            if isinstance(inside, ast.Name):
                found[inside.id] = True
    return found


def mentions(statements, kinds):
    """Whether a statement of one of these kinds is among them; a break inside a loop of its own belongs to that."""
    loops = (ast.For, ast.While)
    for statement in statements:
        if isinstance(statement, kinds):
            return True
        if isinstance(statement, (ast.FunctionDef, ast.Lambda)):
            continue
        within = (
            tuple(kind for kind in kinds if kind in (ast.Return, ast.Raise)) if isinstance(statement, loops) else kinds
        )
        parts = [x for _, field in ast.iter_fields(statement) if isinstance(field, list) for x in field
                 if isinstance(x, ast.stmt)]  # fmt: skip
        if within and mentions(parts, within):
            return True
    return False
