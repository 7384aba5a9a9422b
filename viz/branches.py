"""The branches in the learner's code, and which of their arms are known not to have run.

What ran is in the graph; what did not is only in the source. Two things prove that an arm did not run. The truth value
of a tensor was the whole condition, and each time it went the other way. Or the first thing that the arm does is to
call a module, and that module never ran. Where neither holds, or the source is not to be had, nothing is said.
"""

import ast
import functools
import linecache
from dataclasses import dataclass

from minigrad.nn import Module
from viz import names
from viz.graph import Arm, Source

_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Way:
    """One arm. text: `else: y = self.left(x)`. nodes: its statements, or its one expression. chained: it is an `elif`,
    a branch of its own."""

    text: str
    line: int
    span: tuple
    nodes: tuple
    chained: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """An `if`, an `elif`, or a choice `a if b else c`, with its condition.

    span: from where to where the condition goes, (line, last line, column, last column). whole: the same of all of it.
    asked: the places at which Python may ask for the truth of the condition, as it asks once; () where that is made of
    several by `and` and `or`. negated: whether a `not` stands before it. no: None where there is no `else`.
    """

    line: int
    text: str
    span: tuple
    whole: tuple
    asked: tuple
    negated: bool
    yes: Way
    no: Way | None

    def decided(self, truth):
        """(the arm that runs, the other) when what is asked is true, or is not."""
        return (self.yes, self.no) if truth != self.negated else (self.no, self.yes)


def of_file(file):
    """The branches in the source of a file or notebook cell, outer ones first; () where it is not to be had."""
    lines = linecache.getlines(file)
    return _of_source("".join(lines)) if lines else ()


@functools.lru_cache(64)
def _of_source(source):
    tree = names._parsed(source)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp)] if tree else []
    chained = {node.orelse[0] for node in found if isinstance(node, ast.If) and _is_elif(node)}
    try:
        return tuple(_branch(node, "elif" if node in chained else "if") for node in found)
    except RecursionError:  # an expression that is nested too deep to be written out
        return ()


def _is_elif(node):
    other = node.orelse
    return len(other) == 1 and isinstance(other[0], ast.If) and other[0].col_offset == node.col_offset


def of_code(code):
    """The branches that this code object runs: those whose condition has instructions in it."""
    known = _of_codes.get(id(code))  # to compare codes takes long
    if known is None:
        if len(_of_codes) >= MOST:
            _of_codes.clear()
        found = _of_code(code)
        calls = any(_may_call(code, way) for branch in found for way in (branch.yes, branch.no) if way is not None)
        known = _of_codes[id(code)] = code, found, calls
    return known[1]


def _calls(code):
    """Whether some arm that this code runs begins with a call of what may be a module."""
    of_code(code)
    return _of_codes[id(code)][2]


MOST = 1024  # codes that are remembered
_of_codes = {}  # id of a code -> (the code, so that the id stays its own, its branches, whether `_calls`)


def _of_code(code):
    found = of_file(code.co_filename)
    positions = set(code.co_positions()) if found else ()
    return tuple(branch for branch in found if any(inside(position, branch.span) for position in positions))


def clear(branch):
    """Whether each arm has instructions of its own: on the line of the condition, `pass` and `continue` have none."""
    first = [way.nodes[0] for way in (branch.yes, branch.no) if way is not None]
    return not any(isinstance(node, ast.Pass | ast.Continue | ast.Break) or (isinstance(node, ast.Expr)
                   and isinstance(node.value, ast.Constant)) for node in first if node.lineno == branch.span[1])


def inside(position, span):
    """Whether a position of an instruction lies within a span."""
    line, last, start, end = position
    if None in position:
        return False
    return span[0::2] <= (line, start) and (last, end) <= span[1::2]


def _branch(node, word):
    asked, negated = node.test, False
    while isinstance(asked, ast.UnaryOp) and isinstance(asked.op, ast.Not):
        asked, negated = asked.operand, not negated
    alone = not isinstance(asked, ast.BoolOp | ast.IfExp | ast.NamedExpr) and not (
        isinstance(asked, ast.Compare) and len(asked.ops) > 1)
    body, other = ([node.body], [node.orelse]) if isinstance(node, ast.IfExp) else (node.body, node.orelse)
    text = " ".join(ast.unparse(node.test).split())
    # Python 3.11 asks for the truth of anything but a comparison at the place of the whole.
    return Branch(node.test.lineno, text, _span(node.test), _span(node), (_span(asked), _span(node)) * alone, negated,
                  _way(f"{word} {text}: ", body), _way("else: ", other, node) if other else None)


def _way(head, nodes, branch=None):
    first, last = nodes[0], nodes[-1]
    chained = isinstance(branch, ast.If) and _is_elif(branch)
    lines = ast.unparse(first.test if chained else first).splitlines()
    shown = f"elif {lines[0]}:" if chained else head + lines[0]
    more = " …" if chained or len(lines) > 1 or len(nodes) > 1 else ""
    span = first.lineno, last.end_lineno, first.col_offset, last.end_col_offset
    return Way(" ".join(shown.split()) + more, first.lineno, span, tuple(nodes), chained)


def _span(node):
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


# ---------------------------------------------------------------- what did not run


@dataclass(slots=True)
class Decision:
    """The truth of a tensor was asked for at this place of the code, and this was the answer."""

    file: str
    span: tuple
    given: bool
    left: object


@dataclass(slots=True)
class Untaken:
    """An arm that did not run. modules: those that it names and that never ran. left: the read that decided, if any."""

    file: str
    branch: Branch
    way: Way
    modules: list
    left: object = None

    def arm(self, parameters):
        """The Arm for the graph, with the values of the parameters that it would have used."""
        return Arm(Source(self.way.line, self.way.text), Source(self.branch.line, f"if {self.branch.text}"),
                   self.left and self.left.place, parameters)


def untaken(met, ran, modules, decisions):
    """The arms that are known not to have run. met: each `viz.names.Met` of the run, and modules its
    `viz.modules.Modules`. ran: a function that gives pairs (file, span) where ops ran. decisions: all that were made.
    """
    found, covered = [], set()
    for code, scope in _codes(met, modules):
        if not (decisions or _calls(code)):
            continue
        for branch in of_code(code):
            place = code.co_filename, branch.span
            if place in covered or any(one.file == place[0] and inside(branch.span, one.way.span) for one in found):
                continue  # in an arm that did not run
            covered.add(place)
            here = [one for one in decisions if one.file == code.co_filename
                    and (inside(one.span, branch.span) or one.span in branch.asked)]
            made = [one for one in here if one.span in branch.asked]
            for way in _lost(code, scope, branch, made, modules):
                if any(file == code.co_filename and inside(span, way.span) for file, span in ran()):
                    continue  # it ran another time, when the condition was a plain number
                found.append(Untaken(code.co_filename, branch, way, _idle(code, scope, way, modules),
                                     (made or here)[0].left if here else None))
    return sorted(found, key=lambda one: (one.file, one.way.line, one.way.span))


def _codes(met, modules):
    """(code, the modules that its global names have stood for all the time) of the learner's code that ran and has
    branches."""
    codes = {id(one.code): (one.code, {name: known for name, reference in one.held.items()
                                       if (known := reference()) is not None}) for one in met if of_code(one.code)}
    for kind in {type(module) for module in modules.ran()}:
        code = getattr(kind.forward, "__code__", None)
        if code is not None and not names.inside(code.co_filename) and of_code(code):
            codes.setdefault(id(code), (code, {}))
    return codes.values()


def _lost(code, scope, branch, made, modules):
    """The arms of one branch that did not run."""
    if made:
        answers = {one.given for one in made}
        ways = [branch.decided(answers.pop())[1]] if len(answers) == 1 else []
        return [way for way in ways if way is not None]
    return [way for way in (branch.yes, branch.no) if way is not None and _never_began(code, scope, way, modules)]


def _never_began(code, scope, way, modules):
    """Whether the first thing that the arm does is to call a module that never ran."""
    call = _first_call(way.nodes[0])
    called = [] if call is None else _resolved(code, scope, call.func, modules)
    return bool(called) and not any(modules.has_run(module) for module in called)


def _may_call(code, way):
    node = _first_call(way.nodes[0])
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and (_is_first(code, node) or not _is_local(code, node))


def _is_first(code, node):
    """Whether a name is that of the first argument, as `self` is."""
    return bool(code.co_argcount) and node.id == code.co_varnames[0]


def _is_local(code, node):
    return node.id in code.co_varnames + code.co_cellvars + code.co_freevars


def _first_call(node):
    """The call that is made before anything else of a statement or expression could fail, or None."""
    if isinstance(node, ast.Assign | ast.Return | ast.Expr | ast.AugAssign | ast.AnnAssign):
        return _first_call(node.value) if node.value is not None else None
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Call):
        parts = [node.func, *node.args, *(word.value for word in node.keywords)]
    else:
        parts = [node.operand] if isinstance(node, ast.UnaryOp) else []
    for part in parts:
        if isinstance(part, ast.Attribute) and not _inert(part):
            part = part.value  # a method of what a call gives
        if not _inert(part):
            return _first_call(part)
    return node if isinstance(node, ast.Call) else None


def _inert(node):
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            return False
        node = node.value
    return isinstance(node, ast.Name | ast.Constant)


def _idle(code, scope, way, modules):
    """The modules that an arm calls and that never ran."""
    calls = [node for part in way.nodes for node in ast.walk(part) if isinstance(node, ast.Call)]
    found = {id(module): module for call in calls for module in _resolved(code, scope, call.func, modules)}
    return [module for module in found.values() if not modules.has_run(module)]


def _resolved(code, scope, node, modules):
    """The modules that `self.parts[0].right` or `right` stands for in this code: one for each `self` that ran."""
    way = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript):
            if not isinstance(node.slice, ast.Constant) or not isinstance(node.slice.value, int | str):
                return []
            way.append(str(node.slice.value))
        else:
            way.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return []
    if _is_first(code, node):
        roots = [module for module in modules.ran() if _runs(module, code)]
    else:
        roots = [] if _is_local(code, node) else [scope.get(node.id)]
    found = [_part(root, way[::-1]) for root in roots]
    known = all(part is not None and (part is root or modules.knew(part))
                for part, root in zip(found, roots, strict=True))
    return found if known else []


def _runs(module, code):
    return getattr(getattr(type(module), code.co_name, None), "__code__", None) is code


def _part(root, way):
    for name in way:
        if not isinstance(root, Module):
            return None
        root = root._modules.get(name)
    return root if isinstance(root, Module) else None
