"""What lesson 13 shows beside its pictures, and the checks of its two tasks."""

import minigrad as mg
import viz
from exercises.graders.beliefs import mistake
from exercises.graders.traced import outcome, quietly


def short(result):
    """A tensor, or the kind of an error, as few words."""
    return type(result).__name__ if isinstance(result, Exception) else "[" + ", ".join(
        f"{number:g}" for number in result.reshape(-1).tolist()) + "]"  # fmt: skip


def same(a, b):
    """Whether two outcomes agree."""
    if isinstance(a, Exception) or isinstance(b, Exception):
        return type(a) is type(b)
    return a.shape == b.shape and mg.allclose(a.detach(), b.detach(), equal_nan=True)


def sweep(traced, function, inputs):
    """A table: each input, what the recorded graph and the function give, and whether they agree."""
    rows = [("input", "recorded", "eager", "")]
    for x in inputs:
        recorded, eager = outcome(traced, x), outcome(function, x)
        rows.append((short(x), short(recorded), short(eager), "✓" if same(recorded, eager) else "✗ they part"))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join("  ".join(part.ljust(width) for part, width in zip(row, widths)).rstrip() for row in rows)


# The first task


def check_counterexamples(mine, tasks):
    """Whether each input of `mine` shows where a task's trace and function part, with as few numbers as can be."""
    said = []
    for name, (function, example) in tasks.items():
        x, code = mine.get(name), "M51" if "unrolled" in function.__doc__ else "M50"
        traced = quietly(function, example)
        if not isinstance(x, mg.Tensor) or x.dim() != 1:
            said.append(f"not yet: {name}: give a tensor with one axis, mg.tensor([...])")
        elif same(outcome(traced, x), outcome(function, x)):
            both = short(outcome(function, x))
            said.append(f"not yet: {name}: at {short(x)} both give {both}. {mistake(code)}")
        elif len(x) > 1:
            said.append(f"nearly: {name}: they part at {short(x)}, and at something shorter as well")
        else:
            said.append(f"right: {name}: at {short(x)} the trace gives {short(outcome(traced, x))}, "
                        f"the function {short(outcome(function, x))}")  # fmt: skip
    return "\n".join(said)


# The second task: a tracer

PROGRAMS = {
    "x * x": lambda x: x * x,
    "(x * x + 3).tanh()": lambda x: (x * x + 3).tanh(),
    "x used four times": lambda x: (x + x) * (x * 0.5 + x.tanh()),
    "a result used twice": lambda x: (lambda h: h * h + h)(x.tanh()),
    "nothing at all": lambda x: x,
}


def check_tracer(record, replay):
    """Whether the recorded steps are those that eager mode records, and their replay gives its values and gradients."""
    for name, function in PROGRAMS.items():
        try:
            steps, result = record(function)
            wrong = _wrong(function, steps, result, replay)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            return f"not yet: {name}: {wrong}"
    return f"Right: {len(PROGRAMS)} programs recorded as eager mode records them, with its values and its gradients."


def _wrong(function, steps, result, replay):
    """What is wrong with the recording of one program; None for nothing."""
    x = mg.tensor([0.5, -1.0], requires_grad=True)
    with viz.watch() as run:
        eager = function(x)
    wanted = [step.op for step in run.graph.steps]
    found = [op for _, op, _ in steps]
    if found != wanted:
        return f"recorded {', '.join(found) or 'nothing'}; eager mode records {', '.join(wanted) or 'nothing'}"
    if len({name for name, *_ in steps}) < len(steps):
        return "two steps have the same name, so nobody can tell their results apart"
    for numbers in ([0.5, -1.0], [2.0, 0.0, 1.0]):
        x, other = (mg.tensor(numbers, requires_grad=True) for _ in range(2))
        eager, replayed = function(x), replay(steps, result, other)
        if not isinstance(replayed, mg.Tensor) or not same(eager, replayed):
            return f"at {numbers} the replay gives {replayed!r}, and it should be {short(eager)}"
        if replayed is not other:
            eager.sum().backward()
            replayed.sum().backward()
            if not same(x.grad, other.grad):
                return f"at {numbers} the gradient through the replay is {short(other.grad)}, not {short(x.grad)}"
    return None
