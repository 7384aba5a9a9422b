"""What jit.script gives: a function or module that runs graphs, compiled from source for what it is called with."""

from __future__ import annotations

import copy
import functools
import inspect

from ... import modes
from ...nn import Module
from ...tensor import Tensor
from ..passed import Passed
from ..run import run
from ..tree import rebuilt
from .compiler import Compiler
from .errors import UnsupportedError
from .marks import ORIGINAL, mark_of
from .signature import LATER, Signature

MOST_CALLS = 16  # so many kinds of inputs are remembered of each graph, for jit.save


def spec_of(what):
    """What is remembered of an input: (shape, dtype) of a tensor, a list of those, a number as it is."""
    if isinstance(what, list):
        return list(map(spec_of, what))
    return (what.array.shape, what.array.dtype) if isinstance(what, Tensor) else what


def kind_of_input(what):
    """The same as something to be told apart by, where all numbers of one type are one."""
    if isinstance(what, list):
        return tuple(map(kind_of_input, what))
    return (what.array.shape, what.array.dtype) if isinstance(what, Tensor) else type(what)


def plainly(what):
    """Arguments with plain numbers in the place of those that a recording follows."""
    return what.plain() if isinstance(what, Passed) else rebuilt(what, plainly)


class Compiled:
    """The graphs of one function (of one method, where `module` is given), by what each was compiled for."""

    def __init__(self, function, module=None):
        self.function, self.module = function, module
        self.signature = Signature(function, module is not None)
        self.graphs, self.latest = {}, None
        # Of calls, for jit.save: graph -> the types of its inputs, see spec_of; how many arguments came in order at
        # most, and which ones by name.
        self.calls, self.most, self.named = {}, 0, set()

    def state(self):
        """What the graph depends on beside the arguments: which modules are being trained."""
        return () if self.module is None else tuple(module.training for module in self.module.modules())

    def graph_for(self, given):
        """(graph, inputs) for these arguments."""
        key, inputs = self.signature.sort(given)
        key = (self.state(), key)
        if key not in self.graphs:
            name = self.function.__name__
            compiler = Compiler(name, self.module)
            try:
                self.graphs[key] = compiler.compile(self.function, self.signature.standins(key[1], given), self.module)
            except UnsupportedError as error:  # it speaks of the user's source: how the compiler got there is no help
                raise error.with_traceback(None) from None
        self.latest = self.graphs[key]
        return self.latest, inputs

    def first(self):
        """The graph for arguments of the annotated types, and defaults; None where only a call can tell."""
        usual = self.signature.usual()
        return None if any(value is LATER for value in usual.values()) else self.graph_for(usual)[0]

    def __call__(self, args, kwargs):
        if modes.state.staging is not None:
            args, kwargs = plainly(args), plainly(kwargs)
        graph, inputs = self.graph_for(self.signature.bind(args, kwargs))
        result = run(graph, inputs)
        self.most = max(self.most, len(args))
        self.named.update(kwargs)
        calls = self.calls.setdefault(graph, {})
        if len(calls) < MOST_CALLS:
            calls.setdefault(tuple(map(kind_of_input, inputs)), tuple(map(spec_of, inputs)))
        return result

    def graph(self):
        """The graph of the last call; before there is one, that for defaults. Errors: RuntimeError where it needs a
        call."""
        if self.latest is not None and any(graph is self.latest for (state, _), graph in self.graphs.items()
                                           if state == self.state()):  # fmt: skip
            return self.latest
        found = self.first()
        if found is None:
            raise RuntimeError(f"{self.function.__name__} is compiled when it is called, for what its arguments are. "
                               "Call it once.")  # fmt: skip
        return found


class ScriptFunction:
    """A function that was compiled from its source. Call it as the function itself.

    graph: what it runs (of the last call, where arguments decide). code: that as Python.
    """

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.__dict__[ORIGINAL] = function
        self._compiled = Compiled(function)
        self._compiled.first()

    def __call__(self, *args, **kwargs):
        return self._compiled(args, kwargs)

    @property
    def graph(self):
        """The graph it runs."""
        return self._compiled.graph()

    @property
    def code(self):
        """The graph as Python."""
        return self.graph.code

    def __repr__(self):
        return f"<ScriptFunction {self.__name__}>"


class ScriptModule(Module):
    """A module whose forward, and methods marked with `jit.export`, were compiled from source.

    It shares parameters, buffers and submodules with the module it was made of, under the same names, so an optimizer
    of either trains both. Attributes were worked out when it was compiled; setting one compiles anew.
    """

    def __init__(self, module):
        if type(module).__call__ is not Module.__call__:
            raise TypeError(f"{type(module).__name__} has a __call__ of its own, which script() does not compile: put "
                            "what it does into forward")  # fmt: skip
        own = {ORIGINAL: module, "_methods": {}}
        for name, value in own.items():
            object.__setattr__(self, name, value)
        for name, value in vars(module).items():  # the very tables of parameters, buffers, modules and hooks
            if name.startswith("_"):
                object.__setattr__(self, name, value)
        for name, function in inspect.getmembers(type(module), inspect.isfunction):
            if name == "forward" or mark_of(function) == "export":
                self._methods[name] = Compiled(function, module)
        for compiled in self._methods.values():
            compiled.first()

    @property
    def training(self):
        """Whether it is being trained; that of the module it was made of."""
        return self.__dict__[ORIGINAL].training

    def train(self, mode=True):
        """Set `training`, on the module it was made of as well; each mode has graphs of its own."""
        self.__dict__[ORIGINAL].train(mode)
        return self

    def forward(self, *args, **kwargs):
        """What the module computes, by its graph."""
        return self._methods["forward"](args, kwargs)

    def __getattr__(self, name):
        own = self.__dict__
        if name in own["_methods"]:
            return lambda *args, **kwargs: own["_methods"][name](args, kwargs)
        try:
            return getattr(own[ORIGINAL], name)
        except AttributeError:
            raise AttributeError(f"{own[ORIGINAL]._get_name()!r} object has no attribute {name!r}") from None

    def __setattr__(self, name, value):
        setattr(self.__dict__[ORIGINAL], name, value)
        for compiled in self._methods.values():
            compiled.graphs.clear()
            compiled.calls.clear()

    @property
    def graph(self):
        """The graph that forward runs, in this mode."""
        return self._methods["forward"].graph()

    @property
    def code(self):
        """The graph of forward as Python."""
        return self.graph.code

    def __deepcopy__(self, memo):
        return ScriptModule(copy.deepcopy(self.__dict__[ORIGINAL], memo))

    def __len__(self):
        return len(self.__dict__[ORIGINAL])

    def __iter__(self):
        return iter(self.__dict__[ORIGINAL])

    def __getitem__(self, i):
        return self.__dict__[ORIGINAL][i]

    def _get_name(self):
        return f"Scripted{self.__dict__[ORIGINAL]._get_name()}"


def script(what):
    """Compile a function, or the forward of a module, from its source: branches and loops stay what they are.

    The result is called as the original, is differentiated, and has `.graph` and `.code`. Arguments are tensors unless
    their annotation, or default, says else. Errors: UnsupportedError, with the place in the source and what to write
    instead, for what is no part of the language; TypeError for what is neither function nor module.

    >>> import minigrad as mg
    >>> @script
    ... def halved(x):
    ...     while x.abs().max() > 1:
    ...         x = x / 2
    ...     return x
    >>> halved(mg.tensor([6.0, -1.0]))
    tensor([ 0.7500, -0.1250])
    """
    if isinstance(what, (ScriptFunction, ScriptModule)):
        return what
    if isinstance(what, Module):
        return ScriptModule(what)
    if inspect.isclass(what) or not inspect.isroutine(what):
        raise TypeError(f"script() takes a function or a module, not {'the class ' if inspect.isclass(what) else ''}"
                        f"{getattr(what, '__name__', type(what).__name__)}")  # fmt: skip
    if inspect.ismethod(what) and isinstance(what.__self__, Module):
        raise TypeError("script() takes the module itself: jit.script(model) compiles its forward")
    if not inspect.isfunction(what):
        raise TypeError(f"script() compiles source, and {getattr(what, '__name__', what)} has none in Python")
    return ScriptFunction(what)
