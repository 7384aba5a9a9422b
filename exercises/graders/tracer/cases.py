"""The functions that the learner's tracer has to record: four that are shown, and hidden ones drawn from a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import minigrad as mg
from viz import text


@dataclass(frozen=True, slots=True)
class Case:
    """A function that is recorded on `example`, then replayed on each of `others`.

    make() gives (function, recorded, weights): `recorded` is what a tracer keeps of the function, without branches, and
    `weights` the tensors, by name, that both of them use and that are no inputs. Inputs are nested lists.
    """

    title: str
    make: Callable
    example: tuple
    others: tuple

    def named(self, weights, inputs):
        """What the tensors are called in the picture."""
        return weights | dict(zip(("x", "y", "z"), inputs, strict=False))


def tensors(inputs):
    """Inputs as tensors that want a gradient, in double precision, made anew."""
    return tuple(mg.tensor(numbers, dtype=mg.float64, requires_grad=True) for numbers in inputs)


# Those that learners see


def _twice():
    def twice(x, y):
        h = (x * y - 0.5).tanh()
        return h * (h + x)

    return twice, twice, {}


def _aside():
    def aside(x, y):
        d = (x - 2 * y) * y
        d.sum()  # runs, and nobody uses it
        return d

    return aside, aside, {}


def _gate():
    w = mg.tensor([3.0, -1.0], dtype=mg.float64, requires_grad=True)

    def gate(x):
        if x.sum() > 0:
            return x * w
        return x - 1

    return gate, lambda x: x * w, {"w": w}


def _grow():
    def grow(x):
        y = x + 1
        for i in range(len(x)):
            y = y * x[i]
        return y

    return grow, lambda x: (x + 1) * x[0] * x[1], {}


def examples():
    """What `check` runs in the learner's notebook."""
    return [
        Case("twice(x, y): a result that is used twice", _twice, ([0.5, -1.0], [2.0, 3.0]),
             (([1.0, 2.0], [-1.0, 0.5]), ([0.25, 1.0, -2.0], [1.0, 0.0, 3.0]))),
        Case("aside(x, y): two inputs with the same numbers, and an op aside", _aside, ([1.0, 1.0], [1.0, 1.0]),
             (([3.0, 2.0], [0.0, -1.0]),)),
        Case("gate(x): a branch, and a weight w that is no input", _gate, ([2.0, 1.0],),
             (([1.0, 4.0],), ([-5.0, 1.0],))),
        Case("grow(x): a loop over the length", _grow, ([2.0, 3.0],), (([-1.0, 4.0],), ([1.0, 2.0, 3.0],))),
    ]  # fmt: skip


# Those that a seed draws

OPS = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "largest": mg.maximum,
    "tanh": lambda a: a.tanh(), "sin": lambda a: a.sin(), "mean": lambda a: a.mean(dim=-1, keepdim=True),
}  # fmt: skip
PAIRS = ("add", "sub", "mul", "largest")


def drawn(seed):
    """Hidden cases from one seed: one to three inputs, some with weights, odd shapes, every second with a branch."""
    rng = np.random.default_rng(seed)
    return [_drawn(rng, inputs, shape, branch) for inputs, shape, branch in (
        (1, (3,), False), (2, (1, 2), True), (3, (2, 3), False), (1, (1,), True))]  # fmt: skip


def _drawn(rng, inputs, shape, branch):
    start = rng.normal(size=shape)
    program, other = (_program(rng, inputs + 1) for _ in range(2))
    numbers = [tuple((np.abs(rng.normal(size=shape)) * sign).tolist() for _ in range(inputs)) for sign in (1, 1, -1)]
    return Case(f"a function of {text.plural(inputs, 'input')}{' with a branch' * branch}",
                partial(_made, program, other if branch else None, start), numbers[0], tuple(numbers[1:]))  # fmt: skip


def _program(rng, known):
    """Rows (op, places of its inputs); a place is that of an input, of the weight, or of an earlier row."""
    rows = []
    for size in range(known, known + int(rng.integers(4, 8))):
        name = str(rng.choice(list(OPS)))
        rows.append((name, tuple(int(n) for n in rng.integers(0, size, size=1 + (name in PAIRS)))))
    return rows


def _made(program, other, start):
    """(function, recorded, weights) of two programs; with the second, the sum of the first input decides."""
    w = mg.tensor(start, dtype=mg.float64, requires_grad=True)

    def function(*inputs):
        if other is not None and not inputs[0].sum() > 0:
            return _run(other, [*inputs, w])
        return _run(program, [*inputs, w])

    return function, lambda *inputs: _run(program, [*inputs, w]), {"w": w}


def _run(program, values):
    """All inputs, the weight and the last row but one have a part in the result; the last row runs aside."""
    begun = len(values)
    for name, places in program:
        values.append(OPS[name](*(values[place] for place in places)))
    result = values[-2] * 0.5
    for value in values[:begun]:
        result = result + value * value
    return result
