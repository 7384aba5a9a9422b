"""Ways through a script that few take: loops that are unrolled and left early, containers in arms, outer names."""

# ruff: noqa: B007, E714, F821  what is compiled here is written as learners write

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, jit, nn
from tests.test_jit_script import agree, plain
from tests.test_jit_script_errors import refused

CASES = [(mg.tensor([a, 1.0]), n) for a in (-5.0, 0.5, 3.0) for n in (0, 1, 4)]


def test_unrolled_loops_that_are_left_early():
    def f(x, n: int):
        for key in ("a", "bb", "ccc", "dddd"):
            if x.sum() > len(key):
                x = x - 0.5
                continue
            if len(key) > n:
                break
            x = x * 2 + len(key)
        for k in [1, 2, 3]:
            if k == 2:
                continue
            x = x + k
            if k * n > 8:
                return x * 100, 0, 0
        for _ in "ab":
            break
        for seen in ("a", "b"):
            if seen == "a":
                break
        for key, (m, layer) in (("a", (1, mg.exp)), ("b", (2, mg.sin))):
            x = layer(x * m)
            if x.sum() > n:
                break
        return x, len(seen), m

    agree(f, *CASES)


def test_nested_loops_known_and_not():
    def f(x, n: int):
        for key in ("a", "bb"):
            for i in range(n):
                if i > len(key):
                    break
                for m in (1, 2):
                    if m * i == 2:
                        continue
                    x = x + m * i
            while x.sum() > 20:
                x = x / 2
                if x[0] < 3:
                    return x
        return x * 3

    agree(f, *CASES)


def test_while_with_continue_and_endless_loops():
    def f(x, n: int):
        i = 0
        while i < 6:
            i += 1
            if i == n:
                continue
            if i > n + 2:
                break
            x = x + i
        while True:
            x = x * 2
            if x.abs().sum() > 100:
                return x, i
            x = x + 1

    agree(f, *CASES)


def test_containers_in_arms_and_loops():
    def f(x, n: int):
        table = {"a": {"b": x, "n": 0}, "c": [x, x]}
        for i in range(n):
            table["a"]["b"] = table["a"]["b"] + i
            table["a"]["n"] += i
            table["c"][0] = table["c"][1] * i
        if x.sum() > 0:
            pair, key, many = (x, 1), "same", [x]
        else:
            pair, key, many = (x * 2, 1), "same", [x, x]
        if n > 2:
            lost = [x]
            return x, table, pair, many
        else:
            lost = [x * 2, x]
        return x + len(key), table, pair, lost

    agree(f, *CASES)


def test_an_arm_that_returns_leaves_lists_numbers_and_tuples_behind():
    def f(x, n: int):
        values, count, pair = [x], 1, (x, 2)
        if x.sum() > 3:
            values, count, pair = [], 0, (x, x)
            return x
        for _ in range(n):
            values.append(x)
            if len(values) > 3:
                return mg.stack(values).sum(0)
        return x * count + pair[1] * len(values)

    agree(f, *CASES)


def test_statements_that_say_little():
    def f(x, n: int):
        """A text that is not looked at."""
        y: Tensor
        z: int = 2
        pass
        ...
        "a text"
        y = +x
        k = +n - -z
        if n > 0:
            pass
        else:
            y = y * 2
        for _ in range(n):
            def g(a):
                while a > 5:
                    break
                return a * 2

            y = y + g(n)
        assert True
        return y, k, [x, y, x][:n], [x, y][n - n], [x, y, x][n:], not (x is None)

    agree(f, *CASES)


def test_numbers_of_numpy_and_names_from_outside():
    half, late = np.float32(0.5), None

    def f(x):
        return x * half + np.pi + half * 2 + (x > half).float() * late

    late = 3
    agree(f, (mg.ones(2),))

    def g(x):
        return x + never  #! nothing is called never here | hand it in | «never»

    def h():
        return never

    assert refused(g) is None
    if late is None:
        never = 1


def test_annotations_that_are_text():
    def f(x: "Tensor", n: "int", r: "float" = 0.5, *, more: "Nothing" = None):
        return x * n + r if more is None else x

    @jit.script
    def tuples(pair: tuple[Tensor, int] = (mg.ones(1), 2), extra: "tuple[int, ...]" = (1, 2)):
        return pair[0] * pair[1] + extra[1]

    agree(f, (mg.ones(2), 3))
    assert tuples().tolist() == [4] and tuples((mg.ones(1), 5)).tolist() == [7]
    with pytest.raises(TypeError, match="expected a value of type 'int' for argument 'n', but got float"):
        jit.script(f)(mg.ones(2), 2.5)
    with pytest.raises(TypeError, match="cannot take set"):
        tuples(extra={1})


def test_an_int_goes_where_a_float_is_asked_for():
    @jit.script
    def f(x, r: float):
        return x * r, isinstance(r, float)

    assert f(mg.ones(1), 2)[0].tolist() == [2] and f(mg.ones(1), 2)[1]


def test_a_scripted_holder_is_gone_over_as_the_module_is():
    chain = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    scripted = jit.script(chain)
    assert len(scripted) == 2 and [type(part) for part in scripted] == [nn.Linear, nn.ReLU]
    assert scripted[1] is chain[1] and mg.equal(scripted(mg.ones(1, 2)), chain(mg.ones(1, 2)))


class Looped(nn.Module):
    """A layer that counts, in a loop that is unrolled and in one that is not."""

    def __init__(self):
        super().__init__()
        self.norm, self.late = nn.BatchNorm1d(2), nn.BatchNorm1d(2)

    def forward(self, x, n: int):
        for _ in range(2):
            x = self.norm(x) * 2 + 1
        for _ in range(n):
            x = self.late(x)  #! counts its batches in training | Call eval() | «self.late(x)»
        return x


class Twice(nn.Module):
    """A layer that is used in both turns, and a loop over layers that is left early."""

    def __init__(self):
        super().__init__()
        self.norm, self.layers = nn.BatchNorm1d(2), nn.ModuleList([nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)])

    def forward(self, x):
        for _ in range(2):
            x = self.norm(x) * 2 + 1
        for layer in self.layers:
            x = layer(x)
            if x.sum() > 3:
                break
        return x


def test_a_counter_in_a_loop():
    module = Looped()
    assert refused(Looped.forward, module) is None
    x = mg.tensor([[1.0, 2.0], [3.0, 5.0]])
    module.eval()
    assert mg.equal(jit.script(module)(x, 2), module(x, 2))


def test_a_layer_that_is_used_twice_counts_twice():
    mg.manual_seed(0)
    one = Twice()
    two = copy.deepcopy(one)
    scripted = jit.script(two)
    for a in (1.0, -3.0, 5.0):
        x = mg.tensor([[1.0, 2.0], [a, 5.0]])
        assert mg.equal(scripted(x), one(x))
    assert [str(plain(b)) for b in two.buffers()] == [str(plain(b)) for b in one.buffers()]
    assert two.norm.num_batches_tracked.item() == 6


def f_attribute(x):
    x.count += 1  #! an attribute cannot be written to | outside | «x.count»
    return x


def f_while_else(x):
    while x.sum() > 3:
        x = x / 2
    else:
        x = -x  #! else behind a loop is not supported | Keep a bool | «x = -x»
    return x


def f_too_few(x):
    return mg.add(x)  #! TypeError: add() missing 1 required positional argument: 'other' | | «mg.add(x)»


def f_none(x):
    return mg.exp(None)  #! TypeError: exp(): argument 'x' must be a Tensor, not NoneType | | «mg.exp(None)»


def f_function_as_operand(x):
    return mg.stack([x, f_none])  #! expected Tensor as element 1 | | «mg.stack([x, f_none])»


def f_print_a_function(x):
    print(x, len, f_none)  #! a function cannot be handed to this function | | «print(x, len, f_none)»


def f_over_an_object(x):
    for y in SOME:  #! a for cannot go over a set | a list or a tuple of it outside | «SOME»
        x = x + y
    return x


SOME = {1, 2}


def f_two(x):
    return len([x]), abs(x, x)  #! abs(): too many positional arguments | | «abs(x, x)»


def f_type_of_two(x):
    return type(x, x)  #! type() takes one value | | «type(x, x)»


def f_later(x):
    for row in x:
        if row.sum() > 0:
            y = row
        x = x + y  #! y gets a value in the first arm of an if only | every way | «y»
    return x


def f_text_of_a_loop(x):
    for key in ("a", "bb"):
        if x.sum() > 0:
            break
        x = x * 2
    return x * len(key)  #! where the loop has left key is known only when the graph runs | every way | «key»


def f_lost_in_a_loop(x):
    y = x
    for row in x:  #! y is a tensor before the loop and None after a turn | keep a bool | «for»
        y = None
    return y


FUNCTIONS = {name: made for name, made in list(globals().items()) if name.startswith("f_")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_refused(name):
    assert refused(FUNCTIONS[name]) is None
