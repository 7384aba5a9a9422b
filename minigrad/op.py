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
needs: `g` (the gradient of the output, always first), an array input, `y` (the output), `<input>_shape`,
`<input>_dtype`, an attribute, or `xp`. From these names follows what is saved for backward: only what a rule that will
run has asked for. An op without rules is a cut: nothing flows back through it.
"""

from __future__ import annotations

import inspect

import numpy as np

from .dispatch import binary, general, unary
from .node import Plan

OPS = {}
KINDS = ("elementwise", "activation", "reduce", "matmul", "shape", "index", "compare", "cut", "loss", "copy")


class Op:
    """The record of one op. Calling it runs it on tensors and numbers."""

    def __init__(self, forward, kind, onnx=None, commutes=False, broadcasts=None, to_float=False, view=False, fixed=()):
        if kind not in KINDS:
            raise TypeError(f"op {forward.__name__}: kind {kind!r} is not one of {', '.join(KINDS)}")
        self.name = forward.__name__.rstrip("_")
        self.forward, self.kind, self.onnx, self.commutes, self.view = forward, kind, onnx, commutes, view
        self.to_float = to_float  # integers become the default float first, as in exp(2)
        self.fixed = fixed  # arguments that keep their dtype: conditions and indices
        self.arguments, self.attributes = _split_parameters(forward)
        self.broadcasts = len(self.arguments) > 1 if broadcasts is None else broadcasts
        self.rules, self.plans = {}, {}
        self.kernel = _direct_ufunc(self)
        self.__name__, self.__doc__ = self.name, forward.__doc__
        self.__signature__ = _public_signature(forward)
        plain = self.broadcasts and not (fixed or self.attributes)
        self.run = {1: unary, 2: binary if plain else general}.get(len(self.arguments), general)(self)

    def __call__(self, *args, **kwargs):
        return self.run(*args, **kwargs)

    def __repr__(self):
        return f"<op {self.name}{self.__signature__}>"

    def __reduce__(self):
        return _find, (self.__name__, self.name)

    def vjp(self, **rules):
        """Give the derivative of each array input: a lambda, or None where nothing flows.

        Errors: TypeError on import when an input is missing or a rule asks for something that does not exist.
        """
        allowed = {*self.arguments, *self.attributes, "y", "xp"}
        allowed |= {f"{name}_{what}" for name in self.arguments for what in ("shape", "dtype")}
        if set(rules) != set(self.arguments):
            names = ", ".join(self.arguments)
            raise TypeError(f"op {self.name}: vjp must name exactly {names}; got {', '.join(rules) or 'nothing'}")
        checked = {}
        for name, rule in rules.items():
            needs = tuple(inspect.signature(rule).parameters) if rule else ("g",)
            if needs[:1] != ("g",) or not allowed.issuperset(needs[1:]):
                raise TypeError(
                    f"op {self.name}, rule {name} asks for ({', '.join(needs)}): it takes g first, then any of "
                    f"{', '.join(sorted(allowed))}"
                )
            checked[name] = (rule, needs[1:]) if rule else None
        self.rules.update(checked)
        return self

    def renamed(self, name):
        """This record under another name: an in-place op is told to watchers as "add_"."""
        other = object.__new__(Op)
        other.__dict__.update(self.__dict__, name=name)
        return other

    def on(self, xp, *args, **kwargs):
        """Run inside a rule: the bare formula on arrays, the recorded op on tensors (for higher derivatives)."""
        if getattr(xp, "OPS", None) is OPS:
            return self.run(*args, **kwargs)
        return self.forward(xp, *args, **kwargs)

    def plan(self, mask):
        """The plan for the inputs in this bit mask."""
        if mask not in self.plans:
            self.plans[mask] = Plan(self, mask)
        return self.plans[mask]

    def bind(self, args, kwargs):
        """Attribute values by name, defaults filled in."""
        if not args and not kwargs:
            return self.attributes
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


def _split_parameters(forward):
    """Names of the array inputs; attributes with their defaults."""
    parameters = list(inspect.signature(forward).parameters.values())[1:]
    marked = any(p.kind is p.POSITIONAL_ONLY for p in parameters)
    arrays = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY or not marked)
    return arrays, {p.name: p.default for p in parameters if p.name not in arrays}


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
