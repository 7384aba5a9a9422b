"""One CUDA kernel for a run of elementwise steps. Its text is made of the ops' own formulas.

Each thread takes one element after the other: what comes from outside is read once, what the steps make on the way
stays in registers, and what somebody outside wants is written. Shapes are part of the text, so where an operand is
broadcast its place follows from the number of the element.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ...op import Op
from ..errors import CaptureError
from ..generate.emit import common_dtype
from ..graph import Value, values_in
from .elements import C_TYPES, Element, Maths, Term, Writer

THREADS = 256  # of a block
KINDS = ("elementwise", "activation", "compare", "copy", "cut")  # of records whose formula may be one of elements
HALF = """\
__device__ inline float from_half(unsigned short bits)
{
    float wide;
    asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(bits));
    return wide;
}

__device__ inline unsigned short to_half(float wide)
{
    unsigned short bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(wide));
    return bits;
}

__device__ inline float rounded(float wide)
{
    return from_half(to_half(wide));
}

"""


@dataclass(frozen=True)
class Kernel:
    """A kernel: its arguments are the arrays of `arrays`, the numbers as one array of doubles where there are any, and
    the arrays that it writes, in this order. `half` says whether it needs the functions above.
    """

    name: str
    body: str
    count: int
    half: bool

    @property
    def text(self):
        """The whole source, for a CUDA compiler."""
        return (HALF if self.half else "") + 'extern "C" __global__ ' + self.body

    @property
    def blocks(self):
        """How many blocks of threads to launch: enough to keep any GPU busy, and each thread takes several elements."""
        return max(1, min(4096, -(-self.count // THREADS)))


def kernel(steps, inputs, outputs):
    """The kernel for these steps, which all have results of one shape; `inputs` are tensors and numbers.

    Errors: CaptureError for a step whose formula does more than functions of single elements.
    """
    space, writer, known = steps[0].output.shape, Writer(), {}
    numbers = [value for value in inputs if value.kind != "tensor"]
    names = _names([*inputs, *(step.output for step in steps)])
    for value in inputs:
        if value in numbers:
            text, dtype = f"in_numbers[{numbers.index(value)}]", np.dtype("float64")
        else:
            text, dtype = f"in_{names[value]}[{place(value.shape, space)}]", value.dtype.numpy
            text = f"from_half({text})" if dtype == "float16" else text
        known[value] = writer.named(Term(text, dtype), f"v_{names[value]}")
    before = None
    for step in steps:
        if step.source is not None and step.source != before:
            writer.lines.append(f"// {_where(step.source)}")
        before = step.source
        known[step.output] = writer.named(written(step, known, writer), f"v_{names[step.output]}")
    for value in outputs:
        text = f"to_half({known[value].text})" if value.dtype.numpy == "float16" else known[value].text
        writer.lines.append(f"out_{names[value]}[i] = {text};")
    name, count = _name(steps), int(np.prod(space))
    body = _function(name, _parameters(inputs, outputs, names), space, count, writer.lines)
    return Kernel(name, body, count, any(f"{word}(" in body for word in ("from_half", "to_half", "rounded")))


def written(step, known, writer):
    """The term of one step. Errors: CaptureError where its formula is not one of single elements."""
    op, out = step.op, step.output
    if not isinstance(op, Op) or op.kind not in KINDS or op.view or op.variadic or len(step.outputs) > 1:
        raise CaptureError(f"{op.name} is not worked out element by element")
    if values_in(step.attributes):
        raise CaptureError(f"{op.name} has a tensor among its attributes")
    mixed, wanted = common_dtype(step)
    operands = [_operand(x, known, writer, wanted if i in mixed else None) for i, x in enumerate(step.inputs)]
    try:
        result = op.forward(Maths(writer), *operands, **step.attributes)
    except CaptureError:
        raise
    except Exception as error:  # it asks an element for what only arrays have
        raise CaptureError(f"{op.name} is not written in C: {error}") from None
    if not isinstance(result, Element) or result.dtype != out.dtype.numpy:
        raise CaptureError(f"{op.name} gives something else than an element")
    return result.ref


def _operand(x, known, writer, dtype):
    """An operand as the formula gets it: of the common dtype; a number at hand stays one."""
    if not isinstance(x, Value):
        if type(x) is float and dtype is not None and dtype.kind == "f":
            return dtype.type(x)
        return np.asarray(x).astype(dtype or type(x))[()]
    term = known[x] if dtype is None else writer.cast(known[x], dtype)
    return Element(writer, (), term.dtype, term)


def place(shape, space):
    """Where the element of an operand of this shape stands that goes with element i of the space, in row order.

    >>> place((4, 8), (4, 8)), place((8,), (4, 8)), place((4, 1), (4, 8)), place((), (4, 8))
    ('i', 'i % 8', 'i / 8', '0')
    """
    shape = (1,) * (len(space) - len(shape)) + tuple(shape)
    runs = []  # of axes that are alike, from the last one: [length, whether the operand has but one element there]
    for n, mine in zip(reversed(space), reversed(shape), strict=True):
        if n != 1 and runs and runs[-1][1] == (mine == 1):
            runs[-1][0] *= n
        elif n != 1:
            runs.append([n, mine == 1])
    parts, below, step = [], 1, 1
    for k, (n, fixed) in enumerate(runs):
        if not fixed:
            text = "i" if below == 1 else f"i / {below}"
            text = text if k == len(runs) - 1 else f"{text} % {n}"
            parts.append(text if step == 1 else f"{text} * {step}")
            step *= n
        below *= n
    return " + ".join(parts) or "0"


# The text


def _function(name, parameters, space, count, lines):
    inside = "\n".join(f"        {line}" for line in lines)
    return f"""\
void {name}({", ".join(parameters)})
{{
    // {" x ".join(map(str, space)) or "1"} elements
    long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < {count}; i += step) {{
{inside}
    }}
}}
"""


def _parameters(inputs, outputs, names):
    found = [f"const {_stored(value)}* in_{names[value]}" for value in inputs if value.kind == "tensor"]
    if len(found) < len(inputs):
        found.append("const double* in_numbers")
    return found + [f"{_stored(value)}* out_{names[value]}" for value in outputs]


def _stored(value):
    """The type of an element in memory."""
    return "unsigned short" if value.dtype.numpy == "float16" else C_TYPES[value.dtype.name]


def _names(values):
    """A name in C for each value."""
    names, taken = {}, set()
    for value in values:
        wanted = name = re.sub(r"\W", "_", value.name, flags=re.ASCII)
        while name in taken:
            name = f"{wanted}_{len(taken)}"
        taken.add(name)
        names[value] = name
    return names


def _name(steps):
    words = [step.op.name for step in steps]
    return "fused_" + "_".join(words if len(words) < 6 else [*words[:4], "and", str(len(words) - 4), "more"])


def _where(source):
    """The line of source that a step stands for, as a comment may have it."""
    file = source.file.replace("\\", "/").rsplit("/", 1)[-1]
    text = re.sub(r"[^ -~]", "?", f"{file}:{source.line}: {source.text}")
    return text.rstrip("\\ ")
