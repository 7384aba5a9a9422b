"""Where in the learner's code an op ran, and what the code there calls its inputs and its result.

While a run is recorded, the names of results are read off the source text. A tensor that comes in is looked up once
among the local variables of that moment, and nothing of this is kept: a snapshot of a frame's variables would keep
tensors alive after the learner has dropped them.
"""

import ast
import functools
import inspect
import itertools
import linecache
import sys
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path

from minigrad.nn import Module
from viz.graph import Source

LONGEST = 100_000  # characters of a cell or file that are kept with a graph; of a longer one only the lines that ran
LITERAL = ""  # stands for a number written out among the operands of a site

# Frames of these packages are the machinery; the learner's frame is the first one outside.
_INSIDE = tuple(str(Path(__file__).resolve().parent.parent / name) + sep for name in ("minigrad", "viz")
                for sep in ("/", "\\"))

LEARNERS, MACHINERY, PASSED = range(3)  # whose a code is; what is passed over does not count as part of a way


def _sort(file):
    return LEARNERS if not inside(file) else PASSED if Path(file).name in _PASSED else MACHINERY


_PASSED = {"dispatch.py", "settled.py", "op.py", "modes.py", "names.py", "log.py", "recorder.py", "followed.py",
           "record.py", "live.py"}


@dataclass(slots=True)
class Site:
    """One place in the learner's code. `target`: the name that the value computed here is given, if any.
    `operands`: the names of what goes in, in order, None where it is not a plain name, LITERAL for a number.
    `call`: what is called. `script`: the text of the cell or file, None if it is too long to keep.
    `file` and `span`: where exactly, (line, last line, column, last column)."""

    source: Source
    target: str | None = None
    operands: tuple = ()
    call: str | None = None
    script: str | None = None
    file: str = ""
    span: tuple = ()


@dataclass(slots=True)
class Sites:
    """Finds sites and remembers them, since loops come back to the same place again and again, and so do cells."""

    sorts: dict = field(default_factory=dict)  # id of code -> whose it is
    codes: list = field(default_factory=list)  # all those codes, so that no id is used again
    places: dict = field(default_factory=dict)  # (id of code, position) -> its Site
    trees: dict = field(default_factory=dict)  # name of a file -> (its lines, what could run in it, its text)

    def here(self, met):
        """The Site that runs now, None outside of the learner's code; met as in `way`."""
        return self.site(self.way(sys._getframe(1), met), met)

    def way(self, frame, met):
        """The way into minigrad, from this frame out to the learner's: something hashable that ends with the place in
        the learner's code. met: where a code is noted, by its id, that is met for the first time."""
        way, sorts = [], self.sorts
        while frame is not None:
            key = id(frame.f_code)
            sort = sorts.get(key)
            if sort is None:
                self.codes.append(frame.f_code)
                sort = sorts[key] = _sort(frame.f_code.co_filename)
            if sort != PASSED:
                way += key, frame.f_lasti
            if sort == LEARNERS:
                if key not in met:
                    met[key] = Met(frame.f_code, frame.f_globals)
                break
            frame = frame.f_back
        return tuple(way)

    def site(self, way, met):
        """The Site at which a way ends; None where that is not in the learner's code."""
        place = way[-2:]
        site = self.places.get(place)
        if site is None and place and place[0] in met:
            one = met[place[0]]
            site = self.places[place] = self._look(one.code, place[1], one.lines)
        return site

    def _look(self, code, last, lines):
        first, last_line, start, end = next(itertools.islice(code.co_positions(), last // 2, None), (None,) * 4)
        line = first or code.co_firstlineno
        text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
        site = Site(Source(line, text), file=code.co_filename, span=(first, last_line, start, end))
        if not lines:
            return site
        before, known, whole = self.trees.get(code.co_filename, (None, None, None))
        if before is not lines:
            whole = "".join(lines)
            known = _index(whole)
            self.trees[code.co_filename] = lines, known, whole
        site.script = whole if len(whole) <= LONGEST else None
        if start is not None:
            site.target, site.operands, site.call = known.get((first, last_line, start, end), (None, (), None))
        return site


PLACES, FILES = 20_000, 64  # how many are remembered
_sites = Sites()


def sites():
    """The Sites that all runs share. When there is too much in it (a notebook's cells are new code each time), the next
    run begins another; in those that are under way every place has to mean the same to the end."""
    global _sites
    if len(_sites.places) > PLACES or len(_sites.trees) > FILES:
        _sites = Sites()
    return _sites


class Met:
    """A piece of the learner's code that a run has met: its lines, and what modules its global names stood for then."""

    def __init__(self, code, scope):
        self.code, self.scope, self.lines = code, scope, linecache.getlines(code.co_filename)
        self.held = {name: weakref.ref(scope[name]) for name in code.co_names if isinstance(scope.get(name), Module)}

    def end(self):
        """Forget every name that has changed its meaning."""
        if self.scope is not None:
            self.held = {name: one for name, one in self.held.items() if self.scope.get(name) is one()}
            self.scope = None


def learner_frame():
    """The innermost frame that is neither minigrad's nor viz's; None where there is none."""
    frame, sorts = sys._getframe(1), _sites.sorts
    while frame is not None and (sorts.get(id(frame.f_code), LEARNERS) or is_machinery(frame)):
        frame = frame.f_back
    return frame


def made_inside(thing, function):
    """Whether a function of minigrad with this name is running and has made this object for itself."""
    frame = sys._getframe(1)
    while frame is not None and is_machinery(frame):
        if frame.f_code.co_name == function:
            return not any(value is thing for _, value in variables(frame))  # its variables came in from outside
        frame = frame.f_back
    return False


def visible(kinds=object):
    """Names and objects of these classes that the learner's code sees: locals first, then globals; names with a leading
    underscore are private (notebooks keep old results there)."""
    frame = learner_frame()
    if frame is None:
        return []
    found = variables(frame, outside=True)
    return [pair for pair in found if isinstance(pair[1], kinds) and not pair[0].startswith("_")]


def name_of(thing, operands):
    """What the learner's code calls this very object: as the operands of the place that runs, else as some local
    variable; None when it has no name there."""
    frame = learner_frame()
    if frame is None:
        return None
    found = [name for name, value in variables(frame) if value is thing and not name.startswith("_")]
    for name in operands:
        if name in found or (name and frame.f_globals.get(name) is thing):
            return name
    return found[0] if found else None


def is_machinery(frame):
    """Whether a frame is minigrad's or viz's."""
    return inside(frame.f_code.co_filename)


@functools.lru_cache(1024)
def inside(file):
    """Whether this is a file of the machinery."""
    return file.startswith(_INSIDE)


def variables(frame, outside=False):
    """The local variables as pairs, then the global ones. Before Python 3.13 the locals of a function come in a copy
    that the frame keeps, its tensors with it; the copy is emptied, unless the learner holds it too, by `locals()`."""
    found = frame.f_locals
    pairs = list(found.items())
    if outside and found is not frame.f_globals:
        pairs += frame.f_globals.items()
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED and isinstance(found, dict) and sys.getrefcount(found) <= ALONE:
        found.clear()
    return pairs


ALONE = 3  # references to those locals that are ours: the frame's, the variable's, and the argument's


def _index(source):
    """Position in the source -> (target, operands, call) of every expression that could run an op."""
    tree = _parsed(source)
    if tree is None:
        return {}
    targets = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            targets[node.value] = node.targets[0].id
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name):
            targets[node.value] = node.target.id
    return {
        (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset): _entry(node, targets)
        for node in ast.walk(tree) if isinstance(node, _RUNS)
    }


def _parsed(source):
    """The tree of a source text; None when it is not plain Python."""
    for _ in range(3):
        try:
            with _one_parser:
                return ast.parse(source)
        except SystemError:
            continue  # Python 3.11 confuses the depths of two threads that parse at once; the next try is on its own
        except (SyntaxError, ValueError, RecursionError):
            break
    return None


_one_parser = threading.Lock()
_RUNS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Subscript, ast.AugAssign)


def _entry(node, targets):
    call = None
    if isinstance(node, ast.BinOp):
        operands = node.left, node.right
    elif isinstance(node, ast.AugAssign):
        name = node.target.id if isinstance(node.target, ast.Name) else None
        return name, (_dotted(node.target), _dotted(node.value)), None
    elif isinstance(node, ast.Compare):
        operands = node.left, *node.comparators
    elif isinstance(node, ast.UnaryOp):
        operands = (node.operand,)
    elif isinstance(node, ast.Subscript):
        operands = (node.value,)
    else:
        call = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        receiver = (node.func.value,) if isinstance(node.func, ast.Attribute) else ()
        # mg.relu(x) and x.relu() look alike: the receiver goes first, and the recorder drops it when one is too many.
        operands = *receiver, *node.args
    return targets.get(node), tuple(_dotted(operand) for operand in operands), call


def _dotted(node):
    """`x` or `block.scale` as text (without `self.`), LITERAL for a number; None for anything else."""
    parts = []
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand if isinstance(node.operand, ast.Constant) else node
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return LITERAL
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    if node.id != "self" or not parts:
        parts.append(node.id)
    return ".".join(reversed(parts))
