"""Elements that are not there: given one in the place of an array, a formula writes itself down in C.

The formulas are the ops' own, by the way that they take on a GPU. Each ufunc becomes the expression for one element
that gives what NumPy gives, with NumPy's dtypes. Half precision is worked out in single, and rounded after each
function, as NumPy does.
"""

from __future__ import annotations

import re
import string
from typing import NamedTuple

import numpy as np

from ..errors import CaptureError
from ..symbols import Symbol, _ref_of, _type_of

LONG = 60  # characters of an expression that gets a name of its own
C_TYPES = {"float16": "float", "float32": "float", "float64": "double", "int8": "signed char", "int16": "short",
           "int32": "int", "int64": "long long", "uint8": "unsigned char", "bool": "bool"}  # fmt: skip

# What a ufunc is in C: of floats, where {f} is the ending of functions of single precision, of whole numbers, of truths
_SAME = {"add": "({0} + {1})", "subtract": "({0} - {1})", "multiply": "({0} * {1})", "negative": "(-{0})",
         "positive": "{0}", "square": "({0} * {0})", "sign": "(({0} > 0) - ({0} < 0))"}  # fmt: skip
_COMPARED = {"equal": "({0} == {1})", "not_equal": "({0} != {1})", "less": "({0} < {1})", "greater": "({0} > {1})",
             "less_equal": "({0} <= {1})", "greater_equal": "({0} >= {1})", "logical_not": "(!{0})",
             "logical_and": "({0} && {1})", "logical_or": "({0} || {1})", "logical_xor": "(!{0} != !{1})"}  # fmt: skip
_NAMES = {"absolute": "fabs", "power": "pow", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
          "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh"} | {name: name for name in (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "hypot", "copysign", "fmod", "floor", "ceil", "trunc", "rint", "fmax", "fmin")}  # fmt: skip
_TWO = ("power", "arctan2", "hypot", "copysign", "fmod", "fmax", "fmin")
_FLOATS = _SAME | _COMPARED | {
    name: f"{c}{{f}}({{0}}, {{1}})" if name in _TWO else f"{c}{{f}}({{0}})" for name, c in _NAMES.items()
} | {
    "divide": "({0} / {1})", "reciprocal": "(1 / {0})", "isnan": "({0} != {0})", "isinf": "(fabs{f}({0}) == {inf})",
    "isfinite": "(fabs{f}({0}) < {inf})", "signbit": "(copysign{f}(1, {0}) < 0)",
    "maximum": "({0} >= {1} || {0} != {0} ? {0} : {1})", "minimum": "({0} <= {1} || {0} != {0} ? {0} : {1})",
}  # fmt: skip
_WHOLE = _SAME | _COMPARED | {
    "absolute": "({0} < 0 ? -{0} : {0})", "maximum": "({0} >= {1} ? {0} : {1})", "minimum": "({0} <= {1} ? {0} : {1})",
    "fmax": "({0} >= {1} ? {0} : {1})", "fmin": "({0} <= {1} ? {0} : {1})", "fmod": "({0} % {1})",
    "floor_divide": "({0} / {1} - ({0} % {1} != 0 && ({0} < 0) != ({1} < 0)))",
    "remainder": "({0} % {1} + ({0} % {1} != 0 && ({0} < 0) != ({1} < 0) ? {1} : 0))",
    "bitwise_and": "({0} & {1})", "bitwise_or": "({0} | {1})", "bitwise_xor": "({0} ^ {1})", "invert": "(~{0})",
}  # fmt: skip
_TRUTHS = _COMPARED | {
    "add": "({0} || {1})", "multiply": "({0} && {1})", "maximum": "({0} || {1})", "minimum": "({0} && {1})",
    "bitwise_and": "({0} && {1})", "bitwise_or": "({0} || {1})", "bitwise_xor": "({0} != {1})", "invert": "(!{0})",
}  # fmt: skip
_BY_KIND = {"f": _FLOATS, "i": _WHOLE, "u": _WHOLE, "b": _TRUTHS}


_INFINITE = "__int_as_float(0x7f800000)", "__longlong_as_double(0x7ff0000000000000LL)"  # single, double


class Term(NamedTuple):
    """An expression in C, and the dtype of its value."""

    text: str
    dtype: np.dtype


class Writer:
    """Writes what Elements are told, as C. `lines` are the values that have a name."""

    def __init__(self):
        self.lines, self.parts = [], {}  # parts: the text of what has a name for itself -> its Term

    def ufunc(self, ufunc, operands, shape, dtype):
        """The term of a ufunc. Errors: CaptureError for one that is not written here."""
        given = (*(x.dtype if isinstance(x, Term) else _type_of(x) for x in operands), *(None,) * ufunc.nout)
        loop = ufunc.resolve_dtypes(given)
        template = _BY_KIND.get(loop[0].kind, {}).get(ufunc.__name__)
        if template is None or ufunc.nout > 1:
            raise CaptureError(f"np.{ufunc.__name__} of {loop[0]} is not written in C")
        return self.put(template, [self.cast(x, d) for x, d in zip(operands, loop, strict=False)], loop[ufunc.nin])

    def put(self, template, terms, dtype, rounds=True):
        """The template with these terms in it. What it names twice, or is long, gets a name first."""
        used = [field for _, field, *_ in string.Formatter().parse(template)]
        texts = [self.part(term).text if used.count(str(i)) > 1 or len(term.text) > LONG else term.text
                 for i, term in enumerate(terms)]  # fmt: skip
        wide = terms[0].dtype == "float64"
        text = template.format(*texts, f="" if wide else "f", inf=_INFINITE[wide])
        if dtype == "float16" and rounds:
            text = f"rounded({text})"
        elif (rounds and dtype.kind in "iu" and dtype.itemsize < 4) or template == _SAME["sign"]:  # which are int in C
            text = f"({C_TYPES[dtype.name]}){text}"
        return Term(text, dtype)

    def part(self, term):
        """The term by a name: the same for the same."""
        if re.fullmatch(r"[\w.]+|\(-[\w.]+\)", term.text):  # a variable, or a number
            return term
        if term.text not in self.parts:
            self.parts[term.text] = self.named(term, f"t{len(self.parts)}")
        return self.parts[term.text]

    def named(self, term, name):
        """The term as a variable."""
        self.lines.append(f"const {C_TYPES[term.dtype.name]} {name} = {_bare(term.text)};")
        return Term(name, term.dtype)

    def cast(self, x, dtype):
        """A term or number in this dtype."""
        if not isinstance(x, Term):
            return Term(literal(np.asarray(x).astype(dtype)[()], dtype), dtype)
        if x.dtype == dtype or (x.dtype == "float16" and dtype == "float32"):
            return Term(x.text, dtype)
        if dtype == "bool":
            return Term(f"({x.text} != 0)", dtype)
        text = f"({C_TYPES[dtype.name]}){x.text}"
        return Term(f"rounded({text})" if dtype == "float16" else text, dtype)


def _bare(text):
    """The expression without brackets around the whole of it."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if not depth:
            return text[1:-1] if text[0] == "(" and i == len(text) - 1 else text
    return text


def literal(number, dtype):
    """A number as C writes it, exactly.

    >>> literal(0.1, np.dtype("float32")), literal(-2, np.dtype("int64"))
    ('0.1f', '(-2LL)')
    """
    number = np.asarray(number).astype(dtype)[()]
    if dtype.kind == "b":
        return "true" if number else "false"
    if dtype.kind in "iu":
        text = f"{number}{'LL' if dtype.itemsize == 8 else ''}"
        lowest = dtype.kind == "i" and number == np.iinfo(dtype).min
        text = f"({number + 1}{text[len(str(number)):]} - 1)" if lowest else text
    elif number != number:
        return "__longlong_as_double(0x7ff8000000000000LL)" if dtype == "float64" else "__int_as_float(0x7fc00000)"
    elif np.isinf(number):
        text = f"{'-' * bool(number < 0)}{_INFINITE[dtype == 'float64']}"
    else:
        text = repr(float(str(number.astype("float32" if dtype == "float16" else dtype))))
        text = text if dtype == "float64" else f"{text}f"
    return f"({text})" if text.startswith("-") else text


class Element(Symbol):
    """One element of an array, as a formula sees the array."""

    __slots__ = ()

    @property
    def xp(self):
        return Maths(self.builder)

    def astype(self, dtype, copy=True):
        """The element in another dtype."""
        dtype = np.dtype(getattr(dtype, "numpy", dtype))
        return Element(self.builder, self.shape, dtype, self.builder.cast(self.ref, dtype))


class Maths:
    """Stands for the array module: its functions of single elements, as CuPy has them."""

    __name__ = "cupy"  # formulas that have a way of their own for NumPy go the other way

    def __init__(self, writer):
        self.writer = writer

    def __getattr__(self, name):
        found = getattr(np, name, None)
        if not isinstance(found, (np.ufunc, float)):
            raise CaptureError(f"xp.{name} is no function of single elements")
        return found

    def where(self, condition, a, b):
        """a or b."""
        kinds = [x.dtype if hasattr(x, "dtype") else x for x in (a, b)]
        dtype = np.result_type(*kinds)
        terms = [self.writer.cast(_ref_of(x), d) for x, d in ((condition, np.dtype(bool)), (a, dtype), (b, dtype))]
        return Element(self.writer, (), dtype, self.writer.put("({0} ? {1} : {2})", terms, dtype, rounds=False))

    def clip(self, x, low=None, high=None):
        """x between two numbers; nan stays."""
        x = x if low is None else np.maximum(x, low)
        return x if high is None else np.minimum(x, high)

    def nan_to_num(self, x, nan=0.0, posinf=None, neginf=None):
        """Numbers in the place of nan and the infinities."""
        most = np.finfo(x.dtype)
        x = self.where(x == -np.inf, x.dtype.type(most.min if neginf is None else neginf), x)
        x = self.where(x == np.inf, x.dtype.type(most.max if posinf is None else posinf), x)
        return self.where(x != x, x.dtype.type(nan), x)

    def full_like(self, x, value):
        """A number that may be changed."""
        return Element(self.writer, (), x.dtype, self.writer.cast(value, x.dtype))
