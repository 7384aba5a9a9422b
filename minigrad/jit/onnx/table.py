"""How each record is written as ONNX: one function by the record's name, given Syms and attributes.

`@emits("flip", "roll")` enters one. A record that is not here and works element by element is written by its own
formula (see formulas.py); REFUSED says of the rest why not, and what to do.
"""

from __future__ import annotations

from ...op import OPS
from .formulas import XP

EMIT = {}
BY_FORMULA = {
    name for name, op in OPS.items() if op.kind in ("elementwise", "compare") or op.kind == "activation"
} | {"binary_cross_entropy", "binary_cross_entropy_with_logits", "huber"}  # fmt: skip
_SOLVES = "ONNX has no operator that solves equations. Work the inverse out before, and save what uses it"
REFUSED = {
    "static.assign": "a model file holds no step that changes a variable: save the graph of what is fetched",
    "static.unbroadcast": "it is part of gradients(): save the graph of the model alone",
    "static.ones_like": "it is part of gradients(): save the graph of the model alone",
    **dict.fromkeys(("inv", "solve"), _SOLVES),
    "logabsdet": "ONNX has a determinant only, which overflows: use det(x).abs().log()",
    "view_dtype": "ONNX cannot read bytes as another dtype: use .to(dtype) if numbers are meant",
    **dict.fromkeys(("gcd", "lcm"), "ONNX has no common divisors: work them out before"),
    "tensor.tolist": "a file has no lists of numbers: keep it a tensor",
}


def emits(*names):
    """Decorator: this is how the records of these names are written."""

    def enter(function):
        for name in names:
            EMIT[name] = function
        return function

    return enter


def reason(op):
    """Why a record that nothing writes cannot be written, and what to do."""
    if op.name in REFUSED:
        return REFUSED[op.name]
    if not getattr(op, "portable", True):
        return "it is a Python function of its own, which runs in Python alone. Say it with ops of minigrad"
    if getattr(op, "draws", False) and op.kind == "call":
        return "it draws random numbers in a way of its own. Draw with rand, randn or bernoulli; or call .eval() before"
    if op.kind in ("call", "layer"):
        return ("which ops it is hangs on shapes or numbers that are not known. Give example inputs, jit.save(m, path, "
                "inputs=(x, ...)); where that does not help, save jit.trace(m, (x,)), for these shapes")  # fmt: skip
    return "ONNX has no operator for it. Save a graph without it: the model alone, not its training step"


def emitter(name):
    """The function that writes a record, or None."""
    if name in EMIT:
        return EMIT[name]
    return by_formula(name) if name in BY_FORMULA and name not in REFUSED else None


def by_formula(name):
    """A record's formula, as what writes it."""
    forward = OPS[name].forward
    return lambda *inputs, **attributes: forward(XP, *inputs, **attributes)
