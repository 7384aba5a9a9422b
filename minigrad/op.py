"""One record per op.

An op is its formula (`forward`, written for any array module `xp`), one derivative per argument (`rules`), its name,
kind, ONNX name and docstring. Eager mode, double backward, the graph view and everything later read this record.

    @op(kind="elementwise", onnx="Mul", commutes=True)
    def mul(xp, a, b):
        '''Product, element by element.'''
        return xp.multiply(a, b)
    mul.vjp(a=lambda g, b: g * b,
            b=lambda g, a: g * a)

Parameters before a "/" (all of them, when there is none) are arrays; the rest are attributes. A rule names what it
needs: `g` (the gradient of the output, always first), an array input, `y` (the output), a by-product, `<input>_shape`,
`<input>_dtype`, an attribute, or `xp`. From these names follows what is saved for backward: only what a rule that will
run has asked for. An op without rules is a cut: nothing flows back through it.

A by-product is what a formula has worked out on its way and a rule wants again. `cross_entropy` needs the softmax of
the scores for its result, and its derivative is little else: softmax less 1 at the right class. So its formula returns
(loss, probability), and the record says

    byproducts={"probability": lambda scores, xp: softmax.on(xp, scores, dim=-1)}

The name is what the rule asks for, `lambda g, probability, target, ...`, and the array is saved as any other. To go
back once, that is all. A derivative of the derivative has to know how the array hangs on the inputs, which the saved
array does not tell: then the function makes it anew from them, recorded. So what it names is saved as well.
"""

from __future__ import annotations

import inspect

import numpy as np

from .dispatch import binary, general, unary
from .errors import Unknown
from .node import Plan
from .settled import pair, single, triple
from .tensor import Tensor

OPS = {}
KINDS = ("elementwise", "activation", "reduce", "matmul", "shape", "index", "compare", "cut", "loss", "copy")


class Op:
    """The record of one op. Calling it runs it on tensors and numbers."""

    def __init__(
        self, forward, kind, onnx=None, commutes=False, broadcasts=None, to_float=False, view=False, fixed=(),
        bools=True, byproducts=None, check=None,
    ):  # fmt: skip
        if kind not in KINDS:
            raise TypeError(f"op {forward.__name__}: kind {kind!r} is not one of {', '.join(KINDS)}")
        self.name = forward.__name__.rstrip("_")
        self.forward, self.kind, self.onnx, self.commutes, self.view = forward, kind, onnx, commutes, view
        self.to_float = to_float  # integers become the default float first, as in exp(2)
        self.bools = bools  # whether truth values may stand among other operands
        self.fixed = fixed  # arguments that keep their dtype: conditions and indices
        self.check = check  # refuses arrays by shape and dtype, before the formula; not asked of settled operands
        # What the formula hands on to the rules beside its result, by name, and how to work it out again, recorded,
        # from inputs: the derivative of a derivative goes through it.
        self.byproducts = {name: (again, _names(again)) for name, again in (byproducts or {}).items()}
        self.arguments, self.attributes, self.variadic = _split_parameters(forward)
        self.broadcasts = len(self.arguments) > 1 if broadcasts is None else broadcasts
        self.rules, self.quick_rules, self.plans, self.shared = {}, {}, {}, None
        self.kernel = _direct_ufunc(self)
        self.keeps = _keeps_dtype(self)
        self.__name__, self.__doc__ = self.name, forward.__doc__
        self.__signature__ = _public_signature(forward)
        self._make_run()

    def _make_run(self):
        """The function that runs this op, for the rules it has now."""
        count = 0 if self.attributes or self.variadic or self.fixed else len(self.arguments)
        if count == 1 and not self.view:
            make = unary
        elif count == 2 and self.broadcasts:
            make = binary
        else:
            make = {2: pair, 3: general if self.attributes else triple}.get(len(self.arguments), general)
            ruled = all(self.rules.get(name) or name in self.fixed for name in self.arguments)
            if self.variadic or self.view or self.broadcasts or self.to_float or not ruled:
                make = general
            if len(self.arguments) == 1 and not (self.variadic or self.check) and self.to_float in (False, "required"):
                make = single
        self.run = make(self)
        self.run.__name__ = self.run.__qualname__ = self.name  # Python names it in its own errors
        self.run.__doc__ = self.__doc__

    def __call__(self, *args, **kwargs):
        try:
            return self.run(*args, **kwargs)
        except Unknown as asked:  # not a tensor, but what stands in for one while source is compiled: it notes the op
            return asked.standin.note(self, args, kwargs)

    def __repr__(self):
        return f"<op {self.name}{self.__signature__}>"

    def __reduce__(self):
        return _find, (self.__name__, self.name)

    def vjp(self, **rules):
        """Give the derivative of each array input: a lambda, or None where nothing flows.

        `shared`, if given, is a further function of this form: its result is worked out once, for all rules that ask
        for `shared`.
        Errors: TypeError on import when an input is missing or a rule asks for something that does not exist.
        """
        allowed = {*self.attributes, "xp"}
        if self.variadic:  # one rule for all inputs, called with the number `i` of the one that it is for
            allowed |= {"i", f"{self.arguments[0]}_shapes"}
        else:
            allowed |= {*self.arguments, "y", *self.byproducts}
            allowed |= {f"{name}_{what}" for name in self.arguments for what in ("shape", "dtype")}
        if set(rules) - {"shared"} != set(self.arguments):
            names = ", ".join(self.arguments)
            raise TypeError(f"op {self.name}: vjp must name exactly {names}; got {', '.join(rules) or 'nothing'}")
        checked = {}
        for name, rule in rules.items():
            needs = _names(rule) if rule else ("g",)
            if needs[:1] != ("g",) or not allowed.issuperset(needs[1:]):
                raise TypeError(
                    f"op {self.name}, rule {name} asks for ({', '.join(needs)}): it takes g first, then any of "
                    f"{', '.join(sorted(allowed))}"
                )
            checked[name] = (rule, needs[1:]) if rule else None
            if name == "shared":
                self.shared = checked.pop(name)
                allowed.add(name)
        self.rules.update(checked)
        self._make_run()
        return self

    def quick(self, **rules):
        """Give quicker ways of some rules for bare NumPy arrays. They say the same, and ask for no more, than the rule.

        Errors: TypeError on import for one that has no rule to stand in for, or asks for what the rule does not.
        """
        for name, rule in rules.items():
            needs = _names(rule)
            if not self.rules.get(name) or needs[:1] != ("g",) or not set(needs[1:]) <= set(self.rules[name][1]):
                raise TypeError(f"op {self.name}, quick rule {name} asks for ({', '.join(needs)}): that is not what "
                                "its rule asks for")  # fmt: skip
            self.quick_rules[name] = rule, needs[1:]
        self.plans.clear()
        self._make_run()
        return self

    def names_of(self, inputs):
        """The name of each input's argument; the inputs of a variadic op share one."""
        return self.arguments * len(inputs) if self.variadic else self.arguments[: len(inputs)]

    def renamed(self, name):
        """This record under another name: an in-place op is told to watchers as "add_"."""
        other = object.__new__(Op)
        other.__dict__.update(self.__dict__, name=name)
        return other

    def on(self, xp, *args, **kwargs):
        """Run inside a rule: the bare formula on arrays, the recorded op on tensors (for higher derivatives)."""
        if isinstance(args[0], Tensor):
            return self.run(*args, **kwargs)
        if type(args[0]) is not np.ndarray and hasattr(xp, "apply_op"):  # nodes of minigrad.static
            return xp.apply_op(self, args, kwargs)
        result = self.forward(xp, *args, **kwargs)
        return result[0] if self.byproducts else result

    def plan(self, mask):
        """The plan for the inputs in this bit mask."""
        if mask not in self.plans:
            self.plans[mask] = Plan(self, mask)
        return self.plans[mask]

    def bind(self, args, kwargs):
        """Attribute values by name, defaults filled in."""
        if not args:
            return {**self.attributes, **kwargs} if kwargs else self.attributes
        values = dict(self.attributes)
        values.update(zip(self.attributes, args, strict=False))
        values.update(kwargs)
        return values


def op(**options):
    """Decorator: make the op of this formula and enter it into OPS."""

    def make(forward):
        made = Op(forward, **options)
        if made.name in OPS:
            raise TypeError(f"op {made.name} is defined twice")
        OPS[made.name] = made
        return made

    return make


def _find(base, name):
    return OPS[base] if name == base else OPS[base].renamed(name)


def _names(function):
    return tuple(inspect.signature(function).parameters)


def _split_parameters(forward):
    """Names of the array inputs; attributes with their defaults; whether there may be any number of inputs."""
    parameters = list(inspect.signature(forward).parameters.values())[1:]
    if parameters and parameters[0].kind is inspect.Parameter.VAR_POSITIONAL:
        return (parameters[0].name,), {p.name: p.default for p in parameters[1:]}, True
    marked = any(p.kind is p.POSITIONAL_ONLY for p in parameters)
    arrays = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY or not marked)
    return arrays, {p.name: p.default for p in parameters if p.name not in arrays}, False


def _public_signature(forward):
    signature = inspect.signature(forward)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


class _Probe:
    """Stands in for `xp` once, to see whether a formula is nothing but one call of one function."""

    def __getattr__(self, name):
        return lambda *args: (name, args)


def _direct_ufunc(op):
    """NumPy's own function when the formula is `xp.f(a, b)` and no more: it saves a Python call on each run."""
    tokens = tuple(object() for _ in op.arguments)
    try:
        name, args = op.forward(_Probe(), *tokens)
    except (TypeError, ValueError, AttributeError):  # the formula does more than that
        return None
    return getattr(np, name, None) if args == tokens else None


def _keeps_dtype(op):
    """Whether an elementwise result always has the dtype of its operands; asked once, of small arrays."""
    if op.attributes or op.variadic or op.kind not in ("elementwise", "activation"):
        return False
    for dtype in ("float32",) if op.to_float else ("float32", "int64"):
        try:
            if op.forward(np, *(np.ones(1, dtype) for _ in op.arguments)).dtype != dtype:
                return False
        except (TypeError, ValueError, RuntimeError):  # not for this dtype
            continue
    return True
