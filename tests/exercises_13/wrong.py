"""Wrong answers. With each: the code and reason that must be found, and the grades that are right all the same."""

import minigrad as mg
from exercises.graders.tracer import listen
from tests.exercises_13 import right

TRACERS, COUNTEREXAMPLES = [], []


def planted(code, reason, holds="", rows=TRACERS):
    """Enter a wrong answer in the list."""
    return lambda answer: rows.append((answer, code, reason, holds)) or answer


@planted("M53", "called-again")
class function_on_the_tape:
    def record(function, example):
        function(*example)
        return function

    def replay(tape, inputs):
        return tape(*inputs)


@planted("M53", "called-twice", "VG")
class run_beforehand:
    def record(function, example):
        function(*example)
        return right.places.record(function, example)

    replay = right.places.replay


@planted("", "never-called")
class never_called:
    def record(function, example):
        with listen() as heard:
            pass
        return heard

    def replay(tape, inputs):
        return inputs[0]


@planted("M54", "result-kept")
class result_on_the_tape:
    def record(function, example):
        return function(*example)

    def replay(tape, inputs):
        return tape


@planted("M54", "input-kept")
class first_input_only:
    def record(function, example):
        with listen() as heard:
            result = function(*example)
        return example[0], heard, result

    def replay(tape, inputs):
        first, heard, result = tape
        new = {id(first): inputs[0]}
        for op, old, output in heard:
            new[id(output)] = op(*[new.get(id(x), x) for x in old])
        return new[id(result)]


@planted("M54", "results-kept")
class only_inputs_replaced:
    def record(function, example):
        with listen() as heard:
            result = function(*example)
        return example, heard, result

    def replay(tape, inputs):
        example, heard, result = tape
        new = {id(old): x for old, x in zip(example, inputs, strict=True)}
        made = {id(output): op(*[new.get(id(x), x) for x in old]) for op, old, output in heard}
        return made[id(result)]


@planted("M54", "remembers", "S")
class values_kept_from_the_first_replay:
    def record(function, example):
        return (*right.places.record(function, example), [])

    def replay(tape, inputs):
        steps, result, values = tape
        if not values:
            values.extend(inputs)
            for op, sources in steps:
                values.append(op(*[values[x] if known else x for known, x in sources]))
        return values[result]


@planted("M05", "weight-copied")
class weight_as_numbers:
    def record(function, example):
        steps, result = right.places.record(function, example)
        return [(op, [(known, mg.tensor(x.tolist(), dtype=x.dtype) if isinstance(x, mg.Tensor) else x)
                      for known, x in sources]) for op, sources in steps], result  # fmt: skip

    replay = right.places.replay


@planted("M18", "cut", "V")
class without_recording:
    record = right.places.record

    def replay(tape, inputs):
        with mg.no_grad():
            return right.places.replay(tape, inputs)


@planted("M18", "cut", "VS")
class detached_result:
    record = right.places.record

    def replay(tape, inputs):
        result = right.places.replay(tape, inputs)
        return mg.tensor(result.tolist(), dtype=result.dtype)


@planted("", "computed-again", "VG")
class computed_where_it_is_used:
    record = right.from_the_result.record

    def replay(tape, inputs):
        example, made, result = tape
        given = {id(old): x for old, x in zip(example, inputs, strict=True)}

        def value(x):
            if id(x) in given or id(x) not in made:
                return given.get(id(x), x)
            op, sources, _ = made[id(x)]
            return op(*map(value, sources))

        return value(result)


@planted("", "mixed-up")
class a_chain:
    def record(function, example):
        with listen() as heard:
            function(*example)
        return example, heard

    def replay(tape, inputs):
        example, heard = tape
        new, last = {id(old): x for old, x in zip(example, inputs, strict=True)}, None
        for op, old, _ in heard:
            last = op(*[new.get(id(x), last) if isinstance(x, mg.Tensor) else x for x in old])
        return last


@planted("", "mixed-up")
class same_numbers_same_tensor:
    def record(function, example):
        with listen() as heard:
            result = function(*example)
        known, steps = list(example), []

        def place(x):
            return next((n for n, other in enumerate(known) if isinstance(x, mg.Tensor) and mg.equal(other, x)), None)

        for op, inputs, output in heard:
            steps.append((op, [(place(x) is not None, x if place(x) is None else place(x)) for x in inputs]))
            known.append(output)
        return steps, next(n for n, other in enumerate(known) if other is result)

    replay = right.places.replay


@planted("", "ops-missing")
class last_step_left_out:
    def record(function, example):
        steps, _ = right.places.record(function, example)
        return steps[:-1], len(example) + len(steps) - 2

    replay = right.places.replay


@planted("", "other-result", "S")
class last_output:
    def record(function, example):
        steps, _ = right.places.record(function, example)
        return steps, len(example) + len(steps) - 1

    replay = right.places.replay


@planted("", "no-tensor", "S")
class returns_all_values:
    record = right.places.record

    def replay(tape, inputs):
        return [right.places.replay(tape, inputs)]


class Agreeable:
    """A result that claims to be equal to every other."""

    shape = ()

    def __eq__(self, other):
        return True

    __hash__ = None


@planted("", "no-tensor")
class claims_to_equal_anything:
    record = right.places.record

    def replay(tape, inputs):
        return Agreeable()


@planted("", "raised")
class compares_with_equals:
    def record(function, example):
        with listen() as heard:
            function(*example)
        return [(op, [list(example).index(x) for x in inputs]) for op, inputs, _ in heard]

    replay = right.places.replay


@planted("", "raised")
class numbers_forgotten:
    def record(function, example):
        steps, result = right.places.record(function, example)
        return [(op, [(known, x) for known, x in sources if known]) for op, sources in steps], result

    replay = right.places.replay


# Counterexamples


def instead(**changed):
    """The right inputs but for these."""
    return right.shortest() | {name: mg.tensor(numbers) for name, numbers in changed.items()}


@planted("M50", "agree-turn", rows=COUNTEREXAMPLES)
def the_same_arm():
    return instead(turn=[1.0, 5.0])


@planted("M50", "agree-turn", rows=COUNTEREXAMPLES)
def arms_that_agree():
    return instead(turn=[2.0, 0.0])


@planted("M51", "agree-fold", rows=COUNTEREXAMPLES)
def as_long_as_the_example():
    return instead(fold=[3.0, 4.0, 5.0])


@planted("M04", "agree-stretch", rows=COUNTEREXAMPLES)
def equal_numbers():
    return {"turn": mg.tensor([1.0, 0.0]), "fold": mg.tensor([1.0] * 4), "stretch": mg.tensor([7.0])}


@planted("", "trace-stops", rows=COUNTEREXAMPLES)
def shorter_than_the_example():
    return instead(fold=[1.0, 2.0])


@planted("", "function-stops", rows=COUNTEREXAMPLES)
def no_number_at_all():
    return instead(turn=[])


@planted("", "long-turn", "V", rows=COUNTEREXAMPLES)
def longer_than_needed():
    return instead(turn=[5.0, 4.0, 3.0], fold=[1.0] * 9)


@planted("", "long-fold", "V", rows=COUNTEREXAMPLES)
def many_turns():
    return instead(fold=[1.0] * 9)


@planted("", "long-stretch", "V", rows=COUNTEREXAMPLES)
def many_numbers():
    return instead(stretch=[1.0, 2.0, 3.0])


@planted("", "missing", rows=COUNTEREXAMPLES)
def one_is_missing():
    return {"turn": mg.tensor([1.0, 0.0])}


@planted("", "missing", rows=COUNTEREXAMPLES)
def in_a_list():
    return list(right.shortest().values())


@planted("", "no-row", rows=COUNTEREXAMPLES)
def not_a_number():
    return instead(turn=[float("nan"), 1.0])


@planted("", "no-row", rows=COUNTEREXAMPLES)
def plain_lists():
    return {"turn": [1.0, 0.0], "fold": [1.0] * 4, "stretch": [1.0, 2.0]}


@planted("", "raised", rows=COUNTEREXAMPLES)
def raises():
    return right.shortest()["Turn"]
