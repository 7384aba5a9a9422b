"""Right answers of different style. All of them must pass. A tracer is two functions; the class only holds them."""

import minigrad as mg
from exercises.graders.tracer import listen


class places:
    """Every value has a number; a step says for each input whether it is such a number or the thing itself."""

    def record(function, example):
        with listen() as heard:
            result = function(*example)
        place = {id(x): number for number, x in enumerate(example)}
        steps = []
        for op, inputs, output in heard:
            steps.append((op, [(True, place[id(x)]) if id(x) in place else (False, x) for x in inputs]))
            place[id(output)] = len(place)
        return steps, place[id(result)]

    def replay(tape, inputs):
        steps, result = tape
        values = list(inputs)
        for op, sources in steps:
            values.append(op(*[values[x] if known else x for known, x in sources]))
        return values[result]


class whole_run:
    """The tape is what was heard; a replay sets new tensors in the place of the old ones."""

    def record(function, example):
        with listen() as heard:
            result = function(*example)
        return example, heard, result

    def replay(tape, inputs):
        example, heard, result = tape
        new = {id(old): x for old, x in zip(example, inputs, strict=True)}
        for op, old, output in heard:
            new[id(output)] = op(*[new.get(id(x), x) for x in old])
        return new[id(result)]


class from_the_result:
    """From the result backward, each op when it is needed, and once: what runs aside is left out."""

    def record(function, example):
        with listen() as heard:
            result = function(*example)
        made = {id(output): (op, inputs, output) for op, inputs, output in heard}
        return list(example), made, result

    def replay(tape, inputs):
        example, made, result = tape
        done = {id(old): x for old, x in zip(example, inputs, strict=True)}

        def value(x):
            if id(x) in done:
                return done[id(x)]
            if id(x) not in made:
                return x
            op, sources, _ = made[id(x)]
            done[id(x)] = op(*map(value, sources))
            return done[id(x)]

        return value(result)


TRACERS = [places, whole_run, from_the_result]


def shortest():
    return {"turn": mg.tensor([1.0, 0.0]), "fold": mg.ones(4), "stretch": mg.tensor([1.0, 2.0])}


def negative_numbers():
    turn = mg.tensor([-1, -3]).float()
    return dict(turn=turn, fold=mg.tensor([0.0, 0.0, 0.0, -2.0]), stretch=turn * 2)


COUNTEREXAMPLES = [shortest, negative_numbers]
