"""The compiler: goes through the syntax of a function as Python would, with stand-ins for what nobody knows yet.

What is known (a module's attributes, None, text, numbers that are written down) is worked out on the way, so an `if` on
it leaves one arm. What is not becomes steps; an `if` on it becomes an If, a loop a Loop. Functions and modules that are
called are gone through in the place where they are called.
"""

from __future__ import annotations

import inspect

import numpy as np

from ...tensor import Tensor
from .. import check
from ..prims import PRIMS
from ..tree import Leaf, rebuilt
from .builder import Builder
from .calls import Calls, is_ours
from .controls import CONTROLS
from .errors import UnsupportedError
from .expressions import Expressions
from .frame import FLAGS, Frame
from .iterate import Iterate
from .logic import Logic
from .methods import Methods
from .source import Text
from .standins import NOTHING, Lengths, Local, Method, Missing, Number, Symbol, TensorList, parts_of
from .statements import Statements
from .tidy import tidy


class Compiler(Statements, Expressions, Logic, Iterate, Methods, Calls):
    """One compilation. `frames` are the functions that are open, the innermost last."""

    unsupported, prims, controls = UnsupportedError, PRIMS, CONTROLS

    def __init__(self, name, module=None):
        paths = {} if module is None else dict(module.named_parameters(remove_duplicate=False))
        paths |= {} if module is None else dict(module.named_buffers(remove_duplicate=False))
        first = {}
        for path, tensor in paths.items():
            first.setdefault(id(tensor), path)
        self.builder = Builder(name, first)
        self.module_paths = {} if module is None else {id(m): path for path, m in module.named_modules()}
        self.frames, self.frame, self.lambdas = [], None, False
        # By id, lists and dicts not to be changed: they had two names where ways parted, or are not the function's own.
        self.shared, self.outside = {}, {}
        self.node = None

    def compile(self, function, arguments, bound):
        """The graph of a function. `arguments(builder)` gives what its parameters stand for, by name."""
        owner = next((kind for kind in type(bound).__mro__ if any(x is function for x in vars(kind).values())), object)
        text = Text(_called if is_ours(owner) else function)
        env = arguments(self.builder)
        if is_ours(owner):  # one of minigrad's layers: its source is not the user's to read
            self.frame = Frame(text, _called, {})
            self.frames.append(self.frame)
            self.node = text.tree.body[-1]
            result = self.call(bound, tuple(env.values()), {}, self.node)
        else:
            self.frame = Frame(text, function, {})
            self.check_parameters(inspect.signature(function, follow_wrapped=False), text.tree, function.__name__)
            for value in parts_of(list(env.values())):
                self.from_outside(value)
            env = env if bound is None else {parameters_of(text)[0]: bound, **env}
            result = self.run_frame(Frame(text, function, env, owner=bound))
        graph = self.builder.graph
        graph.form = self.form(result, text)
        order = {name: place for place, name in enumerate(self.builder.paths.values())}
        graph.parameters = dict(sorted(graph.parameters.items(), key=lambda item: order.get(item[0].name, len(order))))
        if isinstance(graph.form, Leaf):
            graph.form = None
        return check.check(tidy(graph))

    def run_frame(self, frame):
        """Go through a function; what it returns."""
        frame.env = {**dict.fromkeys(FLAGS, False), "$result": NOTHING, **frame.env}
        outer, place = self.frame, self.builder.place
        if outer is not None and outer.text is not frame.text:
            frame.site = outer.text, outer.text.line(self.node)
        self.frame = frame
        self.frames.append(frame)
        try:
            if hasattr(frame.tree, "lineno") and not isinstance(frame.tree.body, list):  # a lambda
                return self.expression(frame.tree.body)
            self.block(frame.tree.body)
            return self.result(frame)
        finally:
            self.frames.pop()
            self.frame, self.builder.place = outer, place

    def result(self, frame):
        """What has been returned, when the end is reached."""
        returned, result = frame.env["$return"], frame.env["$result"]
        if returned is False or result is NOTHING:
            return None
        if returned is not True and result is not None:
            what = f"{frame.tree.name} gives a value on some ways, and reaches its end without on others"
            raise self.error(frame.tree, what, "Put a return at its end.")
        return result

    def form(self, result, text):
        """The form of a result, whose leaves become the outputs of the graph."""
        if isinstance(result, (Tensor, Number, TensorList, Lengths)):
            self.builder.graph.outputs.append(self.builder.value(result))
            return Leaf(len(self.builder.graph.outputs) - 1)
        if isinstance(result, (Local, Method, Missing)) or (callable(result) and not isinstance(result, type)):
            raise self.error(
                text.tree, f"{self.words(result)} cannot be what a graph gives", "Return tensors and numbers."
            )
        return rebuilt(result, lambda part: self.form(part, text))

    def at(self, node):
        """Say that what comes now is made for this node."""
        if hasattr(node, "lineno"):
            self.node = node
            self.builder.place = self.frame.text.place(node)

    def error(self, node, what, remedy=""):
        """An UnsupportedError at this node (if it has a place in the source), or at what is being worked on."""
        node = node if hasattr(node, "lineno") else self.node
        for frame in reversed(self.frames[1:]):
            if frame.site is not None:
                text, line = frame.site
                remedy += f"\nIt is called in {text.name}, {text.short}:{line}."
        return self.frame.text.error(node, what, remedy.lstrip("\n"))

    def from_outside(self, what):
        """Note a list or dict that the function has not made itself. Returns it; a number of NumPy as one of Python."""
        if isinstance(what, np.generic):
            return what.item()
        if isinstance(what, (list, dict, TensorList)):
            self.outside[id(what)] = what
        return what

    def symbol(self, tensor):
        """The stand-in of a tensor that is held."""
        return tensor if isinstance(tensor, Symbol) else Symbol(self.builder.hold(tensor), self.builder)

    def symbols(self, what):
        """The same with a stand-in for each tensor in it."""
        return self.symbol(what) if isinstance(what, Tensor) else rebuilt(what, self.symbols)

    def count_up(self, tensor, node):
        """One more in a counter that a module holds, after every run."""
        if self.builder.open is not self.builder.graph:
            raise self.error(node, "batch norm counts its batches in training, which it cannot inside an if or a loop",
                             "Call eval() first, or move the layer out.")  # fmt: skip
        held, updates = self.builder.hold(tensor), dict(self.builder.graph.updates)
        before = self.builder.wrap(updates[held]) if held in updates else self.symbol(tensor)  # a layer used twice
        self.builder.graph.updates = [*(updates | {held: self.builder.op("add", before, 1).value}).items()]


def _called(module, *args):
    return module(*args)


def parameters_of(text):
    """The names of a function's parameters."""
    arguments = text.tree.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
