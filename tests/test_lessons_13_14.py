"""The tasks of lessons 13 and 14: right answers of different style pass, wrong ones are told what is wrong."""

import re

import checks_13
import checks_14
import pytest

import minigrad as mg
from minigrad import jit

pytest.importorskip("onnxruntime")

# 13: counterexamples


def choose(x):
    """One arm is kept."""
    return x * x if x.sum() > 2 else x + x


def average(x):
    """The loop is unrolled."""
    return sum(x[i] for i in range(len(x))) / len(x)


TASKS = {"choose": (choose, mg.tensor([3.0])), "average": (average, mg.ones(3))}


@pytest.mark.parametrize(("name", "numbers", "said"), [
    ("choose", [1.0], "right"), ("choose", [-1.0], "right"), ("choose", [2.0], "not yet"), ("choose", [0.0], "not yet"),
    ("choose", [3.0], "not yet"), ("choose", [-1.0, 0.5], "nearly"), ("average", [1.0], "right"),
    ("average", [1.0, 1.0], "nearly"), ("average", [1.0, 2.0, 3.0], "not yet"), ("average", [1.0] * 4, "not yet"),
])  # fmt: skip
def test_a_counterexample_is_one_and_is_short(name, numbers, said):
    told = checks_13.check_counterexamples({name: mg.tensor(numbers)}, {name: TASKS[name]})
    assert told.startswith(said), told


@pytest.mark.parametrize("given", [None, 3.0, mg.tensor(3.0)])
def test_what_is_no_vector_is_asked_for_again(given):
    told = checks_13.check_counterexamples({"choose": given}, {"choose": TASKS["choose"]})
    assert "give a tensor with one axis" in told


# 13: a tracer

OPS = {"add": lambda a, b: a + b, "mul": lambda a, b: a * b, "tanh": lambda a: a.tanh()}


def tracer(put):
    """A `record` whose stand-ins do this at each op."""

    class StandIn:
        def __init__(self, name, steps):
            self.name, self.steps = name, steps

        __add__ = lambda self, other: put(self, "add", other)  # noqa: E731
        __mul__ = lambda self, other: put(self, "mul", other)  # noqa: E731
        tanh = lambda self: put(self, "tanh")  # noqa: E731

    def record(function):
        steps = []
        return steps, function(StandIn("x", steps)).name

    return record


def named(self, op, *others, name=None, keep=True):
    inputs = [self.name, *(getattr(other, "name", other) for other in others)]
    name = name or f"v{len(self.steps)}"
    if keep:
        self.steps.append((name, op, inputs))
    return type(self)(name, self.steps)


def replay(steps, result, x, look_up=True):
    known = {"x": x}
    for name, op, inputs in steps:
        known[name] = OPS[op](*(known.get(i, i) if look_up else x for i in inputs))
    return known[result]


def by_numbers(steps, result, x):
    """The right numbers, without a way back."""
    return replay(steps, result, x.detach()) if steps else x


def test_a_tracer_that_is_right_passes():
    assert checks_13.check_tracer(tracer(named), replay).startswith("Right")
    other = tracer(lambda self, op, *others: named(self, op, *others, name=f"{op}_{len(self.steps)}"))
    assert checks_13.check_tracer(other, lambda steps, result, x: replay(steps, result, x)).startswith("Right")


@pytest.mark.parametrize(("put", "play", "said"), [
    (lambda self, op, *others: self, replay, "recorded nothing; eager mode records mul"),
    (lambda self, op, *others: named(self, op, *others, keep=False), replay, "recorded nothing"),
    (lambda self, op, *others: named(self, "mul", *others), replay, "KeyError|TypeError|recorded"),
    (lambda self, op, *others: named(self, op, *others, name="v"), replay, "two steps have the same name"),
    (named, lambda steps, result, x: x, "the replay gives"),
    (named, lambda steps, result, x: replay(steps, result, x, look_up=False), "TypeError|the replay gives"),
    (named, by_numbers, "RuntimeError|GradError|the gradient through the replay is|does not require grad"),
])  # fmt: skip
def test_a_tracer_that_is_wrong_is_told_what_is(put, play, said):
    told = checks_13.check_tracer(tracer(put), play)
    assert told.startswith("not yet") and re.search(said, told), told


# 14: who keeps what

RIGHT = {"traced": "one arm", "scripted": "both arms", "compiled": "an arm at a time", "static": "both arms"}


def test_the_match_is_checked_without_being_given_away():
    assert checks_14.check_match(RIGHT).startswith("Right")
    for name in RIGHT:
        told = checks_14.check_match(RIGHT | {name: "one arm" if RIGHT[name] != "one arm" else "both arms"})
        assert "1 of 4" in told and "M52" in told and RIGHT[name] not in told
    assert "choose from" in checks_14.check_match({})


# 14: a branch and a loop


def turn(x):
    return -x


def as_written(x):
    if x.sum() < 0:
        x = -x
    while x.sum() > 1:
        x = x / 2
    return x


def as_calls(x):
    x = jit.cond(x.sum() < 0, turn, lambda x: x, (x,))
    (x,) = jit.while_loop(lambda x: x.sum() > 1, lambda x: x / 2, (x,))
    return x


def no_loop(x):
    return -x if x.sum() < 0 else x


def no_branch(x):
    while x.sum() > 1:
        x = x / 2
    return x


def strict(x):
    if x.sum() < 0:
        x = -x
    while x.sum() >= 1:
        x = x / 2
    return x


def by_two(x):
    if x.sum() < 0:
        x = -x
    while x.sum() > 1:
        x = x / 3
    return x


def cut(x):
    if x.sum() < 0:
        x = -x
    while x.sum() > 1:
        x = x.detach() / 2 + 0 * x
    return x


def through_python(x):
    return x * sum(x.tolist())


@pytest.mark.parametrize("function", [as_written, as_calls])
def test_a_function_that_keeps_both_passes(function):
    assert checks_14.check_structure(function).startswith("Right")


@pytest.mark.parametrize(("function", "said"), [
    (no_loop, "no Loop"), (no_branch, "no If"), (by_two, "it should be"), (cut, "the gradient through"),
    (through_python, "tolist"), (strict, "it should be"),
])  # fmt: skip
def test_a_function_that_does_not_is_told_what_is_missing(function, said):
    told = checks_14.check_structure(function)
    assert told.startswith("not yet") and said in told, told


# 14: a file


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(checks_14, "SHELF", tmp_path)
    return tmp_path


def peaks(xs):
    best, found = xs[0], []
    for i in range(xs.shape[0]):
        if xs[i] > best:
            best = xs[i]
        found.append(best)
    return mg.stack(found)


def scanned(xs):
    return jit.scan(lambda best, x: (mg.maximum(best, x), mg.maximum(best, x)), xs[0], xs)[1]


def doubled(xs):
    return xs * 2


@pytest.mark.parametrize("function", [peaks, scanned])
def test_a_file_that_keeps_the_loop_and_its_length_open_passes(folder, function):
    jit.save(jit.script(function), folder / "peaks.onnx", mg.ones(3), dynamic_axes={"xs": [0]})
    assert checks_14.check_shipped("peaks.onnx", peaks).startswith("Right")


def test_a_file_that_does_not_is_told_of(folder):
    assert "there is no peaks.onnx" in checks_14.check_shipped("peaks.onnx", peaks)
    jit.save(jit.script(peaks), folder / "peaks.onnx", mg.ones(3))
    assert "does not run for 1 numbers. Is its length open?" in checks_14.check_shipped("peaks.onnx", peaks)
    traced = checks_13.quietly(peaks, mg.tensor([1.0, 2.0]))
    jit.save(traced, folder / "peaks.onnx", dynamic_axes={"xs": [0]})
    assert checks_14.check_shipped("peaks.onnx", peaks).startswith("not yet")
    jit.save(jit.script(doubled), folder / "peaks.onnx", mg.ones(3), dynamic_axes={"xs": [0]})
    assert "at [1.0] the file gives [2.0]" in checks_14.check_shipped("peaks.onnx", peaks)


def test_there_is_no_minigrad_elsewhere(folder):
    assert checks_14.elsewhere("print(1 + 1)") == "(minigrad: no such module)\n2"
    assert "ModuleNotFoundError" in checks_14.elsewhere("import minigrad")
