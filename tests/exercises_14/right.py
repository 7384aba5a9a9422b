"""Right answers of different style. All of them must pass. An answer is two functions; the class only holds them."""

import minigrad as mg
from minigrad import jit


class scripted:
    """Python's own branch and loop, on tensors, translated."""

    def keep(x):
        if x.sum() > 1:
            y = x.tanh()
        else:
            y = 0.25 - x
        state = mg.tensor(0.0)
        for i in range(x.shape[0]):
            state = 0.5 * state + y[i]
        return state

    def ship(keep, path):
        jit.save(jit.script(keep), path, mg.ones(3), dynamic_axes={"x": [0]})


class decorated:
    """What is handed on is the translated function already; the branch gives the result of a loop in each arm."""

    @jit.script
    def keep(x):
        i, state = 0, mg.zeros(())
        if x.sum() > 1:
            while i < len(x):
                state, i = state / 2 + mg.tanh(x[i]), i + 1
        else:
            while i < len(x):
                state, i = state / 2 + (0.25 - x[i]), i + 1
        return state

    def ship(keep, path):
        jit.save(keep, path, [(mg.ones(1),), (mg.ones(2),)])


class cond_and_scan:
    """Branch and loop as calls, traced."""

    def keep(x):
        y = jit.cond(x.sum() > 1, lambda x: x.tanh(), lambda x: 0.25 - x, (x,))
        state, _ = jit.scan(lambda state, number: (0.5 * state + number, None), mg.tensor(0.0), y)
        return state

    def ship(keep, path):
        jit.save(jit.trace(keep, mg.tensor([1.0, 2.0])), path, dynamic_axes={"x": {0: "length"}})


class while_loop:
    """A loop that counts and asks whether to go on; the example goes the other way."""

    def keep(numbers):
        y = jit.cond(numbers.sum() > 1, lambda: numbers.tanh(), lambda: 0.25 - numbers)

        def turn(i, state):
            return i + 1, 0.5 * state + y[i]

        return jit.while_loop(lambda i, state: i < y.shape[0], turn, (0, mg.zeros(())))[1]

    def ship(keep, path):
        example = mg.tensor([-1.0, 0.5, 0.25])
        with open(path, "wb") as file:
            jit.save(jit.trace(keep, example, check_trace=False), file, dynamic_axes={"numbers": [0]})


ANSWERS = [scripted, decorated, cond_and_scan, while_loop]
