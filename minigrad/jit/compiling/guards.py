"""What a recorded run has taken for granted, and how to find out whether it still holds.

Tensors handed in are looked at each time. So are plain values that a function sees around it: in its closure, among its
globals, in lists and dicts there, in objects, and in the functions that it calls. What a module has as attributes is
looked at only after some module anywhere was changed, which `modes.structure` counts.
"""

from __future__ import annotations

import inspect
import types

from ... import modes
from ...nn import Module
from ...tensor import Tensor
from ..tree import flatten

_SIMPLE = (bool, int, float, str, bytes, type(None), complex)
_MOST = 64  # entries of a list, dict or object that are looked at
_DEEP = 4  # functions called by functions called by ...
_LIBRARIES = ("minigrad", "numpy")


def snapshot_of(modules):
    """What matters of these modules: mode, attributes, parameters, children, hooks."""
    return [_of_module(module) for module in modules]


def _of_module(module):
    attributes, tables = [], []
    for name, what in module.__dict__.items():
        if isinstance(what, dict):
            tables.append((name, [(key, id(value)) for key, value in what.items()]))
        else:
            attributes.append((name, frozen(what)))
    return type(module), attributes, tables


def frozen(what, deep=2):
    """A value to compare with later: simple values as they are, containers of such, all else by identity."""
    if isinstance(what, _SIMPLE):
        return type(what), what
    if deep and isinstance(what, (list, tuple)) and len(what) <= _MOST:
        return type(what), tuple([frozen(part, deep - 1) for part in what])
    if deep and isinstance(what, dict) and len(what) <= _MOST:
        return dict, tuple([(key if isinstance(key, _SIMPLE) else id(key), frozen(part, deep - 1))
                            for key, part in what.items()])  # fmt: skip
    if deep and _is_plain_object(what):
        return type(what), frozen(what.__dict__, deep - 1)
    return type(what), id(what)


def _is_plain_object(what):
    if isinstance(what, (Module, Tensor, type, types.ModuleType, types.FunctionType)):
        return False
    home = type(what).__module__.partition(".")[0]
    return hasattr(what, "__dict__") and home not in _LIBRARIES and home != "builtins"


class Around:
    """What a function sees around it. `same()` tells whether all of it is as it was."""

    def __init__(self, function):
        self.cells, self.globals = [], []  # (cell, frozen contents), (dict, name, frozen value)
        self._look(inspect.unwrap(function), _DEEP, set())

    def _look(self, function, deep, seen):
        if isinstance(function, Module):
            function = type(function).forward
        function = getattr(function, "__func__", function)
        code = getattr(function, "__code__", None)
        if code is None or code in seen or (function.__module__ or "").partition(".")[0] in _LIBRARIES:
            return
        seen.add(code)
        found = []
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            try:
                found.append(cell.cell_contents)
            except ValueError:
                continue
            self.cells.append((cell, frozen(cell.cell_contents), name))
        for name in _names_in(code):
            if name in function.__globals__:
                what = function.__globals__[name]
                found.append(what)
                if not isinstance(what, types.ModuleType):
                    self.globals.append((function.__globals__, name, frozen(what)))
        for what in found:
            if deep and isinstance(what, (types.FunctionType, types.MethodType, Module)):
                self._look(what, deep - 1, seen)

    def changed(self):
        """The name of what is another now than it was; None if nothing is."""
        for cell, before, name in self.cells:
            if frozen(cell.cell_contents) != before:
                return name
        for space, name, before in self.globals:
            if name not in space or frozen(space[name]) != before:
                return name
        return None


def _names_in(code):
    names = dict.fromkeys(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names.update(dict.fromkeys(_names_in(constant)))
    return names


class Guards:
    """All that one recorded run has taken for granted beside its inputs; `structure` is the count it last saw."""

    def __init__(self, modules, around, structure, known):
        """known: module -> its snapshot, where it is there already."""
        self.modules, self.around, self.structure = list(modules), around, structure
        self.before = [(known.get(module) or snapshot_of([module]))[0] for module in self.modules]

    def modules_differ(self):
        """Look at the modules again, since some module was changed; the next call need not, if all is the same."""
        now = modes.structure
        if snapshot_of(self.modules) != self.before:
            return True
        self.structure = now
        return False

    def tests(self, entry):
        """Expressions that are true where something around the function is not what it was."""
        for cell, before, _ in self.around.cells:
            yield from self._test(f"{entry.name(cell, 'cell')}.cell_contents", cell.cell_contents, before, entry)
        for space, name, before in self.around.globals:
            yield from self._test(f"{entry.name(space, 'globals')}.get({name!r})", space[name], before, entry)

    @staticmethod
    def _test(text, what, before, entry):
        if isinstance(what, bool) or what is None:
            yield f"{text} is not {what}"
        elif isinstance(what, _SIMPLE):
            known = entry.name(what, "was")
            yield f"{text} != {known} or {text}.__class__ is not {entry.name(type(what), 'cls')}"
        elif before == (type(what), id(what)):
            yield f"{text} is not {entry.name(what, 'object')}"
        else:
            entry.names["frozen"] = frozen
            yield f"frozen({text}) != {entry.name(before, 'was')}"


def why_not(variant, args, kwargs):
    """In words, what a recording takes for granted that this call does not offer."""
    plan = variant.plan
    leaves, form = flatten((args, kwargs))
    if form != plan.form:
        return "the arguments are not those of before" if len(leaves) != len(plan.inputs) else _other_values(plan, form)
    for value, spec, x in zip(plan.graph.inputs, plan.inputs, leaves, strict=False):
        past = x.requires_grad and bool(not x.is_leaf or x._edge.hooks)
        for what, now, before in (
            ("shape", tuple(x.array.shape), spec.shape), ("dtype", x.array.dtype, spec.dtype),
            ("requires_grad", x.requires_grad, spec.requires_grad), ("class", type(x).__name__, spec.cls.__name__),
            ("device", str(x.device), str(spec.device)),
            ("a history or hooks", spec.leaf and past, False),
        ):  # fmt: skip
            if now != before:
                return f"{value.name} has {what} {now}, not {before}"
    changed = plan.guards.around.changed()
    if changed is not None:
        return f"{changed} is not what it was"
    if snapshot_of(plan.guards.modules) != plan.guards.before:
        return "a module was changed: its mode, an attribute, a parameter or a hook"
    for leaf, (first, _) in plan.gradients_before.items():
        if (getattr(leaf, "_grad", None) is not None) == (first == "none") and first != "cleared":
            return f"a .grad of shape {tuple(leaf.shape)} is {'there' if first == 'none' else 'gone'} when it begins"
    return "a number that decides which way it goes is another"


def _other_values(plan, form):
    pairs = zip(form[0], plan.form[0], strict=False)
    for now, before in pairs:
        if now != before:
            return f"an argument is {now!r}, not {before!r}"
    return "the arguments are nested in another way"
