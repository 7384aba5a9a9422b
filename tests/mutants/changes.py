"""The mistakes: each is one change to the syntax tree of a file."""

from __future__ import annotations

import ast
from typing import NamedTuple

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.FloorDiv: [ast.Mult],
    ast.Mod: [ast.Mult], ast.Pow: [ast.Mult], ast.MatMult: [ast.Mult], ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd],
    ast.BitXor: [ast.BitOr], ast.LShift: [ast.RShift], ast.RShift: [ast.LShift], ast.And: [ast.Or], ast.Or: [ast.And],
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE], ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}  # fmt: skip
PAIRS = [
    "min max", "minimum maximum", "amin amax", "argmin argmax", "any all", "floor ceil", "sin cos", "sinh cosh",
    "exp expm1", "log log1p", "zeros ones", "zeros_like ones_like", "logical_and logical_or", "isnan isinf", "sum prod",
    "cumsum cumprod", "append extend",
]  # fmt: skip
OTHER_NAME = {a: b for pair in PAIRS for a, b in (pair.split(), pair.split()[::-1])}
SPARED = ("onnx", "strict")  # a label that nobody reads here; zip's check of what holds anyway
DROPPED = (ast.Expr, ast.AugAssign, ast.Raise, ast.Delete, ast.Continue, ast.Break)


class Change(NamedTuple):
    """One change. `lines` are those of which a test has to reach one, if it is to notice; None: they run on import."""

    line: int
    before: str
    after: str
    lines: range | None
    apply: object

    def __str__(self):
        return f"{self.before}  ->  {self.after}"


def changes(tree):
    """Every change to this tree, in the order of the lines. Applying one changes the tree itself."""
    found = []
    _visit(tree, None, found)
    return sorted(found, key=lambda change: change.line)  # stable: the same list for the same text


def _visit(node, lines, found):
    if _is_quick(node):
        return
    if isinstance(node, ast.Raise):  # the kind of an error is looked at, its words are not
        if isinstance(node.exc, ast.Call):
            _set(found, node.exc, lines, "func", ast.Name("ArithmeticError", ast.Load()))
        return
    for change in _of_node(node):
        _set(found, node, lines, *change)
    for field, value in ast.iter_fields(node):
        if isinstance(node, ast.keyword) and node.arg in SPARED:
            break
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            _drop_statements(node, field, value, found)
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                _visit(child, _reach(node, field, child, lines), found)


def _reach(node, field, child, lines):
    """The lines that run when `child` does: of the innermost statement or lambda; a default counts as its function."""
    if field == "decorator_list":
        return None
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        body = node.body if isinstance(node.body, list) else [node.body]
        lines = range(body[0].lineno, body[-1].end_lineno + 1)
    if isinstance(child, (ast.FunctionDef, ast.ClassDef)) or not isinstance(child, ast.stmt):
        return lines
    if lines is None:  # it runs on import
        return None
    nested = getattr(child, "body", None)
    return range(child.lineno, max(child.lineno + 1, nested[0].lineno) if nested else child.end_lineno + 1)


def _of_node(node):
    """(field, new value) for each change to this node."""
    match node:
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            return [("op", other()) for other in OPERATORS.get(type(node.op), ())]
        case ast.Compare(ops=[op]):
            return [("ops", [other()]) for other in OPERATORS.get(type(op), ())] + [
                ("comparators", [ast.Constant(right.value[:-1])])
                for right in node.comparators
                if isinstance(right, ast.Constant) and isinstance(right.value, str)
            ]
        case ast.UnaryOp(op=ast.Not()):
            return [("operand", ast.UnaryOp(ast.Not(), node.operand))]
        case ast.UnaryOp(op=ast.USub()):
            return [("op", ast.UAdd())]
        case ast.If() | ast.While() | ast.IfExp() if not _has_changes(node.test):
            return [("test", ast.UnaryOp(ast.Not(), node.test))]
        case ast.Constant(value=bool(value)):
            return [("value", not value)]
        case ast.Constant(value=int(value) | float(value)):
            return [("value", 0 if value == 1 else value + 1)]
        case ast.Name(id=name) if name in OTHER_NAME and isinstance(node.ctx, ast.Load):
            return [("id", OTHER_NAME[name])]
        case ast.Attribute(attr=name) if name in OTHER_NAME:
            return [("attr", OTHER_NAME[name])]
        case ast.Call(keywords=keywords):
            return [("keywords", [k for k in keywords if k is not one])
                    for one in keywords if one.arg and one.arg not in SPARED]  # fmt: skip
    return []


def _is_quick(node):
    """`op.quick(...)`: without it the rule says the same, slower."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "quick"


def _has_changes(test):
    return isinstance(test, ast.Compare) or (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not))


def _set(found, node, lines, field, value):
    old = getattr(node, field)
    before = ast.unparse(old if field == "test" else node)  # of an `if`, not all that depends on it

    def apply():
        setattr(node, field, value)
        ast.fix_missing_locations(node)

    apply()
    after = ast.unparse(value if field == "test" else node)
    setattr(node, field, old)
    found.append(Change(node.lineno, _short(before), _short(after), lines, apply))


def _drop_statements(node, field, body, found):
    for i, statement in enumerate(body):
        stores = isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], (ast.Name, ast.Tuple))
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if is_text or _is_quick(getattr(statement, "value", None)) or not (stores or isinstance(statement, DROPPED)):
            continue

        def apply(i=i, at=statement):
            getattr(node, field)[i] = ast.copy_location(ast.Pass(), at)

        lines = None if isinstance(node, ast.Module) else range(statement.lineno, statement.end_lineno + 1)
        found.append(Change(statement.lineno, _short(ast.unparse(statement)), "pass", lines, apply))


def _short(text):
    text = " ".join(text.split())
    return text if len(text) <= 100 else text[:97] + "..."
