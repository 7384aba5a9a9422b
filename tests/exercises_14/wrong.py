"""Wrong answers. With each: the code and reason that must be found, and the grades that are right all the same."""

import warnings

import minigrad as mg
from minigrad import jit
from tests.exercises_14 import right

ANSWERS = []
OPEN = {"x": [0]}


def planted(code, reason, holds=""):
    """Enter a wrong answer in the list."""
    return lambda answer: ANSWERS.append((answer, code, reason, holds)) or answer


def traced(keep, path):
    """What somebody writes who does not listen to the tracer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jit.save(jit.trace(keep, mg.ones(3)), path, dynamic_axes=OPEN)


@planted("M52", "traced", "G")
class traced_as_it_is:
    def keep(x):
        if x.sum() > 1:
            y = x.tanh()
        else:
            y = 0.25 - x
        state = mg.tensor(0.0)
        for number in y:
            state = 0.5 * state + number
        return state

    def ship(keep, path):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            jit.save(jit.trace(keep, mg.ones(3)), path, dynamic_axes={"x": [0]})


@planted("M50", "one-arm", "G")
class branch_of_python:
    def keep(x):
        y = x.tanh() if x.sum() > 1 else 0.25 - x
        return jit.scan(lambda state, number: (0.5 * state + number, None), mg.tensor(0.0), y)[0]

    ship = traced


@planted("M51", "unrolled", "G")
class loop_of_python:
    def keep(x):
        y = jit.cond(x.sum() > 1, lambda x: x.tanh(), lambda x: 0.25 - x, (x,))
        state = mg.tensor(0.0)
        for number in y:
            state = 0.5 * state + number
        return state

    ship = traced


@planted("M51", "fixed-length", "G")
class length_not_declared:
    keep = right.cond_and_scan.keep

    def ship(keep, path):
        jit.save(jit.trace(keep, mg.ones(3)), path)


@planted("", "no-branch", "VG")
class chosen_afterwards:
    def keep(x):
        y = mg.where(x.sum() > 1, x.tanh(), 0.25 - x)
        return jit.scan(lambda state, number: (0.5 * state + number, None), mg.tensor(0.0), y)[0]

    ship = traced


@planted("", "empty-arm", "VG")
class computed_before_the_branch:
    def keep(x):
        y = jit.cond(x.sum() > 1, lambda a, b: a, lambda a, b: b, (x.tanh(), 0.25 - x))
        return jit.scan(lambda state, number: (0.5 * state + number, None), mg.tensor(0.0), y)[0]

    ship = traced


@planted("", "no-loop", "VG")
class powers_of_a_half:
    def keep(x):
        y = jit.cond(x.sum() > 1, lambda x: x.tanh(), lambda x: 0.25 - x, (x,))
        left = mg.flip(mg.cumsum(x * 0 + 1, 0), [0]) - 1
        return (y * 0.5**left).sum()

    ship = traced


@planted("", "edge", "S")
class larger_or_equal:
    def keep(x):
        y = jit.cond(x.sum() >= 1, lambda x: x.tanh(), lambda x: 0.25 - x, (x,))
        return jit.scan(lambda state, number: (0.5 * state + number, None), mg.tensor(0.0), y)[0]

    ship = traced


@planted("", "other-values", "S")
class from_the_back:
    def keep(x):
        y = jit.cond(x.sum() > 1, lambda x: x.tanh(), lambda x: 0.25 - x, (x,))
        return jit.scan(lambda state, number: (state + 0.5 * number, None), mg.tensor(0.0), y)[0]

    ship = traced


@planted("M04", "read-back")
class through_numbers:
    def keep(x):
        state = 0.0
        for number in x.tolist():
            state = 0.5 * state + (mg.tensor(number).tanh().item() if sum(x.tolist()) > 1 else 0.25 - number)
        return mg.tensor(state)

    ship = traced


@planted("M18", "cut", "VS")
class detached:
    def keep(x):
        return right.cond_and_scan.keep(x.detach())

    ship = traced


@planted("", "no-tensor", "S")
class one_axis_too_many:
    def keep(x):
        return right.cond_and_scan.keep(x).reshape(1)

    ship = traced


@planted("", "no-file", "G")
class never_saved:
    keep = right.cond_and_scan.keep

    def ship(keep, path):
        return jit.trace(keep, mg.ones(3))


@planted("", "no-model", "G")
class not_a_model:
    keep = right.cond_and_scan.keep

    def ship(keep, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(jit.trace(keep, mg.ones(3)).code)


@planted("", "changed", "G")
class touched_afterwards:
    keep = right.cond_and_scan.keep

    def ship(keep, path):
        import onnx

        traced(keep, path)
        model = onnx.load(path)
        model.doc_string = "my own file"
        onnx.save(model, path)


@planted("", "other-program", "GS")
class another_function_in_the_file:
    keep = right.cond_and_scan.keep

    def ship(keep, path):
        traced(lambda x: right.cond_and_scan.keep(x * 2), path)


@planted("", "raised", "G")
class not_captured:
    keep = right.cond_and_scan.keep

    def ship(keep, path):
        jit.save(keep, path)


@planted("", "raised", "S")
class not_for_short_inputs:
    def keep(x):
        return right.cond_and_scan.keep(x) + 0 * x[2]

    ship = traced
