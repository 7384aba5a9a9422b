"""Which names lead to a tensor: a search through the variables of the learner's frames and what they refer to.

What is found is a way that is there: `losses[3]`, `self.hidden`, `w.grad`. What is not found may still be held, by a
place that no name of the learner leads to. The search keeps nothing: it holds objects while it runs and no longer.
"""

import functools
import re
import sys
import sysconfig
from collections import deque
from types import FunctionType, GeneratorType, MethodType, ModuleType, SimpleNamespace

from minigrad.nn import Module
from minigrad.node import Node
from minigrad.tensor import Tensor
from viz import names, text

DEPTH, MOST = 5, 50_000  # steps from a variable, and objects that are looked at
# What a notebook keeps beside the learner's own variables. Out is not among it: it holds what cells have shown.
_OF_IPYTHON = re.compile(r"_+|_i*|_i?\d+|_[oid]h|__\w+__|In")
_PARTS = ("_parameters", "_buffers", "_modules")  # of a module; their items are its attributes
_ELSEWHERE = ("<frozen", *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def found(frame):
    """Pairs (name, Tensor or node) of everything that the variables of this frame and of those around it lead to, near
    ones first and always in the same order. One thing may have many names."""
    ways, waiting, seen, pairs = _variables(frame), deque(), {}, []
    waiting.extend((name, thing, 0) for name, thing in ways)
    while waiting:
        name, thing, depth = waiting.popleft()
        if isinstance(thing, Tensor | Node):
            pairs.append((name, thing))
        if id(thing) in seen or depth == DEPTH or len(seen) > MOST:
            continue
        seen[id(thing)] = thing
        waiting.extend((inner, part, depth + 1) for inner, part in _parts(name, thing))
    return pairs


def _variables(frame):
    """Names and objects of the frames from this one out to the cell or script, then the global ones of their files."""
    pairs, outside = [], {}
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_ELSEWHERE) and not names.is_machinery(frame):
            outside[id(frame.f_globals)] = frame.f_globals
            if frame.f_code.co_name == "<module>":
                break
            pairs += names.variables(frame)
        frame = frame.f_back
    for variables in outside.values():
        pairs += variables.items()
    shown = [(name, thing) for name, thing in pairs if not _OF_IPYTHON.fullmatch(name)]
    return list({(name, id(thing)): (name, thing) for name, thing in shown}.values())


def _parts(name, thing):
    """What an object refers to, each with its name."""
    kind = type(thing)
    if kind in _PLAIN or isinstance(thing, ModuleType):
        return ()
    if isinstance(thing, dict):
        return [(f"{name}[{_key(key)}]", part) for key, part in list(thing.items())]
    if isinstance(thing, list | tuple | deque):
        return [(f"{name}[{place}]", part) for place, part in enumerate(thing)]
    if isinstance(thing, set | frozenset):
        return [(f"an item of {name}", part) for part in thing]
    if isinstance(thing, Tensor):
        return [(f"{name}.grad", part) for part in [getattr(thing, "_grad", None)] if part is not None]
    if isinstance(thing, FunctionType):
        inside = zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=True)
        return [(f"{part} in {name}", cell.cell_contents) for part, cell in inside if _is_full(cell)]
    if isinstance(thing, MethodType):
        return [(f"{name}.__self__", thing.__self__)]
    if isinstance(thing, GeneratorType):
        inside = names.variables(thing.gi_frame) if thing.gi_frame is not None else ()
        return [(f"{part} in {name}", inner) for part, inner in inside]
    return _attributes(name, thing) if _is_learners(thing if isinstance(thing, type) else kind) else ()


_PLAIN = (int, float, bool, str, bytes, complex, type(None))


def _attributes(name, thing):
    own = getattr(thing, "__dict__", None) or {}
    for attribute, part in list(own.items()):
        if attribute in _PARTS and isinstance(thing, Module):
            yield from [(f"{name}.{key}", inner) for key, inner in part.items()]
        elif not (isinstance(thing, type) and attribute.startswith("__")):
            yield f"{name}.{attribute}", part
    for slot in getattr(type(thing), "__slots__", ()):
        if isinstance(slot, str) and not slot.startswith("__") and hasattr(thing, slot):
            yield f"{name}.{slot}", getattr(thing, slot)


@functools.lru_cache(1024)
def _is_learners(kind):
    """Whether objects of this class are looked into: those of the learner's own classes, and of minigrad's."""
    package = kind.__module__.partition(".")[0]
    if package in ("builtins", "types", "minigrad", "viz"):
        return package == "minigrad" or kind in (type, SimpleNamespace)
    file = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
    return not file.startswith(_ELSEWHERE)


def _is_full(cell):
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _key(key):
    """A key as it is written, where that is short and the same each time."""
    return text.clean(repr(key), 20) if isinstance(key, str | int | float | bool | None) else type(key).__name__


def together(found_names):
    """Pairs (name, the names that it stands for): names that differ in one place only are one.

    >>> together(["total", "losses[0]", "losses[1]"])
    [('total', ['total']), ('losses[0 to 1]', ['losses[0]', 'losses[1]'])]
    """
    groups = {}
    for name in found_names:
        head, bracket, rest = name.rpartition("[")
        digits, _, tail = rest.partition("]")
        key = (head, tail) if bracket and digits.isdigit() else (name, None)
        groups.setdefault(key, []).append((int(digits) if key[1] is not None else 0, name))
    return [(head if tail is None else f"{head}[{_span([place for place, _ in some])}]{tail}",
             [name for _, name in some]) for (head, tail), some in groups.items()]


def _span(places):
    if len(places) == 1:
        return str(places[0])
    if places == list(range(places[0], places[0] + len(places))):
        return f"{places[0]} to {places[-1]}"
    return f"{len(places)} places"
