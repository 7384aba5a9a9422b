"""Calls: of minigrad's functions (steps), of functions and modules with source (compiled into the place), of
builtins."""

from __future__ import annotations

import inspect
import types
from collections import namedtuple

from ...errors import Unknown
from ...nn import Module, ModuleDict, ModuleList
from ...op import OPS, Op
from ...tensor import Tensor
from ..calls import by_function, table
from ..graph import Graph
from ..layers import layer_named, made_with
from ..module import GraphModule, TracedFunction
from ..splicing import spliced
from ..tree import flatten, unflatten
from .builtins import BUILTINS
from .errors import ARRAY, INSTEAD
from .frame import Frame
from .layers import FORMS
from .marks import Ignored, mark_of, original_of
from .source import Text
from .standins import Local, Method, Symbol, is_unknown, kind_of, only_tensors

_OF_RUN = {id(op.run): op for op in OPS.values()}


class Calls:
    """The part of the compiler that calls things."""

    table = table()
    lambdas_too = False  # whether the source of a lambda is looked for, as for a call that is traced (tracing.py)

    def e_Call(self, node):
        function = self.callee(node.func)
        local = function in self.controls if isinstance(function, types.FunctionType) else False
        args, named = [], {}
        before, self.lambdas = self.lambdas, local
        try:
            args = self.parts(node.args)
            for keyword in node.keywords:
                value = self.expression(keyword.value)
                if keyword.arg is None and not isinstance(value, dict):
                    raise self.error(keyword.value, f"** takes a dict whose keys are known, not {self.words(value)}")
                given = value if keyword.arg is None else {keyword.arg: value}
                for name in given.keys() & named.keys():
                    raise self.error(keyword.value, f"{name} is given twice by its name")
                named.update(given)
        finally:
            self.lambdas = before
        self.at(node)
        return self.call(function, tuple(args), named, node)

    def callee(self, node):
        """What is called."""
        return self.expression(node)

    def e_Lambda(self, node):
        if not self.lambdas:
            self.refuse(node)
        return Local(node, self.frame)

    def call(self, function, args, named, node):
        """The result of a call."""
        function = original_of(function)
        if isinstance(function, Method):
            return self.call_method(function, args, named, node)
        if isinstance(function, Local):
            return self.call_local(function, args, named, node)
        if isinstance(function, Op):
            return self.symbolic(function, args, named, node)
        if isinstance(function, (Graph, GraphModule, TracedFunction)):
            return self.call_graph(getattr(function, "graph", function), args, named, node)
        if isinstance(function, Module):
            return self.call_module(function, args, named, node)
        if (getattr(function, "__module__", None) or type(function).__module__).partition(".")[0] == "numpy":
            name = getattr(function, "__name__", function)
            remedy = "Write the number itself, or mg.tensor(n)." if isinstance(function, type) else ARRAY
            raise self.error(node, f"{name} of NumPy works on arrays, not in a graph", remedy.format(name=name))
        found = self.controls.get(function) if isinstance(function, types.FunctionType) else None
        if found is not None:
            return found(self, args, named, node)
        if isinstance(function, (types.BuiltinFunctionType, type)) or id(function) in BUILTINS:
            return self.call_builtin(function, args, named, node)
        record = by_function().get(id(function))
        if record is not None:
            return self.library(record, args, named, node)
        if isinstance(function, types.MethodType) and isinstance(function.__self__, Module):
            if function.__name__ == "forward":
                return self.call_forward(function.__self__, function.__func__, args, named, node)
            if function.__name__ in LISTED and function.__module__.startswith("minigrad."):
                return list(self.at_once(function, args, named, node))
        if isinstance(function, types.MethodType):
            return self.call_function(function.__func__, (function.__self__, *args), named, node)
        if isinstance(function, types.FunctionType):
            return self.call_function(function, args, named, node)
        raise self.error(node, f"{self.words(function)} cannot be called in jit.script",
                         "Call functions with source, modules, and functions of minigrad.")  # fmt: skip

    def call_builtin(self, function, args, named, node):
        """A function or class of Python."""
        found = BUILTINS.get(id(function))
        if found is not None:
            return found(self, *self.in_order(function, args, named, node), node)
        place = getattr(function, "__module__", None) or type(getattr(function, "__self__", None)).__module__
        owner = getattr(function, "__self__", None)
        plain = place in ("math", "operator") or hasattr(function, "_fields")
        if not is_unknown([args, named, owner]) and (plain or isinstance(owner, (tuple, range, int, float))):
            return self.at_once(function, args, named, node)
        if hasattr(function, "_fields"):  # a named tuple
            return self.at_once(function, args, named, node)
        if isinstance(function, type) and issubclass(function, Tensor):
            raise self.error(node, "a Tensor is not made like this", "Write mg.tensor(...).")
        name = getattr(function, "__name__", str(function))
        raise self.error(node, f"{name} is not supported in jit.script",
                         INSTEAD.get(name, "Compute it outside, and hand the result in."))  # fmt: skip

    def in_order(self, function, args, named, node):
        """The arguments of a function of Python, those that need no name in their places, as (args, named)."""
        try:
            given = inspect.signature(function).bind(*args, **named)
        except ValueError:  # Python does not say what it takes
            return args, named
        except TypeError as error:
            raise self.error(node, f"{function.__name__}(): {error}") from None
        return given.args, given.kwargs

    def at_once(self, function, args, named, node):
        """A call of which everything is known."""
        try:
            return function(*args, **named)
        except Exception as error:
            raise self.error(node, f"{type(error).__name__}: {error}") from None

    # Functions of minigrad

    def symbolic(self, function, args, named, node):
        """Run a function of minigrad on stand-ins: what ops it runs are noted."""
        try:
            return function(*self.symbols(args), **self.symbols(named))
        except Unknown:
            raise
        except self.unsupported:
            raise
        except Exception as error:
            what = str(error).replace("not TensorList", "not list")  # as it is when the graph runs
            raise self.error(node, f"{type(error).__name__}: {what}") from None

    def library(self, record, args, named, node):
        """A call of a function of minigrad: its ops where they do not hang on shapes, else a step for all of it."""
        if self.in_place(record, args, named):
            raise self.error(node, f"{record.short} with inplace=True changes a tensor in its place, as no graph does",
                             "Leave inplace out.")  # fmt: skip
        form = FORMS.get(record.name)
        if form is not None:
            try:
                inspect.signature(form).bind(self, *args, **named)
            except TypeError as error:
                raise self.error(node, f"{record.short}(): {error}") from None
            made = form(self, *args, **named)
            if made is not None:
                return made
        op = _OF_RUN.get(id(record.function))
        if op is not None:
            return self.symbolic(op, args, named, node)
        if not (record.draws or record.effects) and only_tensors((args, named)) and is_unknown((args, named)):
            try:
                with self.builder.attempt():
                    return self.as_known(self.symbolic(record.function, args, named, node))
            except Unknown:
                pass
        return self.as_step(record, args, named, node)

    def in_place(self, record, args, named):
        """Whether it is asked to change its operand."""
        if named.get("inplace") is True:
            return True
        try:
            return inspect.signature(record.function).bind(*args, **named).arguments.get("inplace") is True
        except (TypeError, ValueError):
            return False

    def as_known(self, result):
        """What a function of minigrad gave, if it is made of stand-ins: a tensor in it would have been made
        beforehand."""
        for part in result if isinstance(result, (tuple, list)) else (result,):
            if not isinstance(part, Symbol):
                raise Unknown(self.builder.wrap_any())
        return result

    def as_step(self, record, args, named, node):
        """One step for the whole call."""
        self.check_call(record, args, named, node)
        for x in (*args, *named.values()):
            self.check_operand(x, node)
        count = next((i for i, x in enumerate(args) if kind_of(x) is None or isinstance(x, (list, str))), len(args))
        kind = record.makes(args[:count], args[count:], named)
        attributes = {"rest": tuple(args[count:])} if args[count:] else {}
        attributes |= {"named": named} if named else {}
        fresh = record.name.startswith("mg.") and record.short in FRESH
        made = self.builder.step(record, args[:count], attributes, "list" if kind == "pair" else kind, fresh=fresh)
        for x in (*args, *named.values()):
            if isinstance(x, Symbol):
                x.fresh = False
        if kind != "pair":
            return made
        both = [self.builder.prim("list.get", made, index=i) for i in range(2)]
        return tuple(both) if record.short in ("var_mean", "std_mean", "slogdet") else Pair(*both)

    def check_call(self, record, args, named, node):
        """Refuse arguments that the function does not take. Decorators add words of NumPy, and lengths one by one."""
        outside, inside = (inspect.signature(record.function, follow_wrapped=follow) for follow in (False, True))
        try:
            outside.bind(*args, **named)
        except TypeError as error:
            raise self.error(node, f"{record.short}(): {error}") from None
        unknown = named.keys() - {*outside.parameters, *inside.parameters, *LOOSE}
        if unknown:
            raise self.error(node, f"{record.short}(): got an unexpected keyword argument {min(unknown)!r}")

    def check_operand(self, x, node):
        """Refuse what no graph can hold as an operand."""
        if isinstance(x, (tuple, list)):
            for part in x:
                self.check_operand(part, node)
        elif isinstance(x, dict):
            self.check_operand(list(x.values()), node)
        elif isinstance(x, (types.FunctionType, Local, Method, Module)):
            raise self.error(node, f"{self.words(x)} cannot be handed to this function in jit.script")

    def call_graph(self, graph, args, named, node):
        """What was traced, or loaded: its steps."""
        if named or graph.updates:
            what = "takes no arguments by name" if named else "changes what it holds at every run"
            remedy = "Record it anew in eval mode." if graph.updates else "Give them in order."
            raise self.error(node, f"the graph {graph.name} {what}, and cannot be called in jit.script", remedy)
        try:
            return spliced(graph, self.symbols(args), self.builder)[0]
        except TypeError as error:
            raise self.error(node, str(error)) from None

    # Functions and modules with source

    def call_function(self, function, args, named, node):
        """Compile a function into the place where it is called."""
        mark = mark_of(function)
        owner = args[0] if args and isinstance(args[0], Module) else None
        if mark == "ignore":
            record = Ignored(function if owner is None else function.__get__(owner))
            return self.as_step(record, args if owner is None else args[1:], named, node)
        if mark == "unused":
            message = f"{function.__name__} is marked with jit.unused, and was called"
            self.builder.step(self.prims["raise"], (), {"error": "RuntimeError", "message": message}, "bool")
            return self.builder.prim("undefined")
        if any(frame.function is function and frame.parent is None and frame.owner is owner for frame in self.frames):
            raise self.error(node, f"{function.__name__} calls itself, which jit.script cannot take apart",
                             "Write it as a while, with what goes round in variables.")  # fmt: skip
        try:
            text = Text(function, self.lambdas_too)
        except self.unsupported as error:
            what = f"{function.__name__} cannot be compiled: its source is not to be had ({str(error).splitlines()[0]})"
            raise self.error(node, what, "Mark it with @jit.ignore to leave it to Python.") from None
        bound = self.bound(inspect.signature(function, follow_wrapped=False), args, named, node, function.__name__)
        return self.run_frame(Frame(text, function, bound, owner=owner))

    def bound(self, signature, args, named, node, name):
        """Arguments by parameter, with defaults."""
        self.check_parameters(signature, node, name)
        try:
            given = signature.bind(*args, **named)
        except TypeError as error:
            raise self.error(node, f"{name}(): {error}") from None
        given.apply_defaults()
        return dict(given.arguments)

    def check_parameters(self, signature, node, name):
        """Refuse *args and **kwargs: who compiles does not know how many there will be."""
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                star = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
                raise self.error(node, f"{name} takes {star}{parameter.name}, which is not supported in jit.script",
                                 "Give it one argument for each value, or a list.")  # fmt: skip

    def call_local(self, function, args, named, node):
        """A def or lambda within the function: it sees the variables around it, and changes none."""
        arguments = function.node.args
        if arguments.vararg or arguments.kwarg or arguments.defaults or any(arguments.kw_defaults):
            raise self.error(node, f"{function.name}: a function within a function takes plain arguments in jit.script",
                             "Define it at the top of the file.")  # fmt: skip
        if any(frame.tree is function.node for frame in self.frames):
            raise self.error(
                node, f"{function.name} calls itself, which jit.script cannot take apart", "Write a while."
            )
        kinds = [(a, inspect.Parameter.POSITIONAL_ONLY) for a in arguments.posonlyargs]
        kinds += [(a, inspect.Parameter.POSITIONAL_OR_KEYWORD) for a in arguments.args]
        kinds += [(a, inspect.Parameter.KEYWORD_ONLY) for a in arguments.kwonlyargs]
        signature = inspect.Signature([inspect.Parameter(a.arg, kind) for a, kind in kinds])
        given = self.bound(signature, args, named, node, function.name)
        outer = function.frame
        frame = Frame(outer.text, outer.function, given, outer, function.node)
        return self.run_frame(frame)

    def call_module(self, module, args, named, node):
        """A module: its forward in this place, its parameters under their dotted names."""
        if isinstance(module, (ModuleList, ModuleDict)):
            raise self.error(node, f"a {type(module).__name__} is not called", "Go over it: for layer in self.layers.")
        if module._hooked:  # also where a class has a __call__ of its own
            raise self.error(node, f"{type(module).__name__} has hooks, which jit.script leaves out",
                             "Remove them, or use jit.trace.")  # fmt: skip
        return self.call_forward(module, type(module).forward, args, named, node)

    def call_forward(self, module, forward, args, named, node):
        """What a forward computes: by a form or by itself if it is minigrad's, else from its source."""
        owner = next((kind for kind in type(module).__mro__ if kind.__dict__.get("forward") is forward), type(module))
        before, self.builder.path = self.builder.path, self.module_paths.get(id(module)) or None
        try:
            if is_ours(owner):
                form = next((FORMS[kind] for kind in owner.__mro__ if kind in FORMS), None)
                self.bound(inspect.signature(forward), (module, *args), named, node, type(module).__name__)
                if form is not None:
                    return form(self, module, *args, node=node, **named)
                try:
                    with self.builder.attempt():
                        return self.as_known(self.symbolic(forward, (module, *args), named, node))
                except (Unknown, AttributeError):
                    pass
                try:
                    return self.layer_step(module, args, named, node)
                except ValueError:  # it holds a function, say
                    pass
            return self.call_function(forward, (module, *args), named, node)
        finally:
            self.builder.path = before

    def layer_step(self, module, args, named, node):
        """One step for a whole layer of minigrad."""
        record = layer_named(f"nn.{type(module).__name__}")
        if record is None or is_unknown([x for x in named.values() if not isinstance(x, Symbol)]):
            raise self.error(node, f"{type(module).__name__} cannot be compiled", "Use jit.trace, or write its loop.")
        operands, form = flatten(args)
        made = self.builder.step(record, operands, {"rest": tuple(form), "made_with": made_with(module)} | (
            {"named": named} if named else {}), "list", name=record.short.lower())  # fmt: skip
        count = len(flatten(record.form, int)[0]) if record.form else 1
        results = [self.builder.prim("list.get", made, index=i) for i in range(count)]
        return unflatten(flatten(record.form, int)[1], results)


def is_ours(kind):
    """Whether a class is one of minigrad's own."""
    return kind.__module__.partition(".")[0] == "minigrad"


LISTED = ("items", "keys", "values", "children", "named_children", "modules", "named_modules", "parameters",
          "named_parameters", "buffers", "named_buffers")  # fmt: skip
LOOSE = ("axis", "keepdims", "dim", "size", "shape", "dims", "repeats")
FRESH = ("zeros", "ones", "full", "tensor", "zeros_like", "ones_like", "full_like", "rand", "randn", "eye", "arange")
Pair = namedtuple("Pair", "values indices")
