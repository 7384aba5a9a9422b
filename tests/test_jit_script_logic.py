"""What is true in jit.script: and, or, comparisons, in; and how many values are unpacked."""

# ruff: noqa: RUF021, RUF060, SIM221, SIM222, SIM223, SIM300  what is compiled here is written as learners write

import pytest

import minigrad as mg
from minigrad import Tensor, jit
from minigrad.jit.graph import If
from tests.test_jit_script import agree, fresh, plain, rows, run_code
from tests.test_jit_script_errors import refused

CASES = [(x, n, r) for x in (mg.tensor([2.0, -1.0]), mg.tensor([-2.0, 1.0])) for n in (0, 1, 3) for r in (0.0, 2.5)]


def test_and_and_or_give_one_of_their_sides():
    def f(x, n: int, r: float):
        numbers = n or 5, n and 5, r or 0.5, r and n * 1.0, n and n + 1 or 7, n or 0 or 9
        tensors = x[0] > 0 and x[1] > 0, x[0] > 0 or x[1], (x[0] * 0) or x, x[1] and x * 2
        known = 0 or x, "" or "a", 3 and n, None or r, [] or [n], True and x, "a" and False
        return numbers, tensors, known, n > 0 and r > 1, n > 5 or r > 1

    agree(f, *CASES)


def test_of_a_bool_and_a_comparison_the_truth():
    @jit.script
    def f(x, n: int):
        yes = x[0] > 0 and n > 2
        no = n > 2 or mg.gt(x[0], 0)
        return yes, no

    assert f(mg.ones(1), 3) == (True, True) and f(-mg.ones(1), 3) == (False, True) and f(-mg.ones(1), 1)[1] is False


def test_the_side_of_a_list_that_holds_something():
    def f(xs: list[Tensor], x):
        ys = xs or [x]
        zs = xs and [x, x]
        return ys[0], ys, zs, not xs, bool(xs), 1 if xs else 2

    agree(f, ([], mg.ones(1)), ([mg.zeros(1)], mg.ones(1)), ([mg.zeros(1)] * 3, mg.ones(1)))


def test_conditions_ask_for_the_truth_alone():
    def f(x, n: int, r: float):
        i = 0
        while (i < n or i < 2) and not (i > 5 or x.sum() > 100):
            i += 1
        while i and n and r:
            i -= 1
        if n and r or x[0]:
            x = x * 2
        assert n or not n, "either"
        return x, i, not (n or r), not (n and x[0]), (1 if n or r else 2)

    scripted = agree(f, *CASES)
    with pytest.raises(jit.UnsupportedError):
        jit.script(mixed)
    assert any(type(step) is If for step in scripted.graph.every_step())


def mixed(x, n: int):
    return n and x


def test_what_is_not_asked_for_is_not_worked_out():
    def f(x, n: int):
        safe = n and 6 // n
        ratio = n != 0 and 6 / n > 2
        return safe, ratio, n == 0 or 6 % n, x

    def g(x, n: int):
        return (n or 1) and 6 // (n or 1), x

    with pytest.raises(jit.UnsupportedError, match="a bool or an int"):
        jit.script(f)
    agree(g, (mg.ones(1), 0), (mg.ones(1), 3))


def test_comparisons_in_a_chain():
    def f(x, n: int, r: float):
        numbers = 0 < n < 3, 1 < n > 2 > 0, n == 1 == 1.0, 0 <= r != n, not 0 < n < 3, n < 2 < 1
        return numbers, 0 < x[0] < 5, 3 > x[0] > x[1], 0 < x[0] < n + 5

    agree(f, *CASES)


def test_the_code_has_the_brackets_that_it_needs():
    def f(x, n: int):
        number = not (n > 0 and n < 3), (2 - n) * 3, (-n) ** 2, (-2) ** n, -(n + 1), 9 - (n - 1), (n > 1) + (n > 2)
        tensor = (x + x.exp()) * 2, (-x) ** 2, -(x + x.abs()), 2 - (x - x.sum()), (-x)[0], (x + x)[0], (-x).sum()
        return number, tensor, (-x).size(0), (n + abs(n)) * 2

    scripted = agree(f, *[(mg.tensor([2.0, -1.0]), n) for n in (0, 1, 3)])
    one, two = fresh([mg.tensor([2.0, -1.0]), 3]), fresh([mg.tensor([2.0, -1.0]), 3])
    numbers = [x for x in run_code(scripted.graph)(*one) if not isinstance(x, Tensor)]
    assert str(plain(numbers)) == str(plain([x for x in f(*two) if not isinstance(x, Tensor)]))


def test_an_argument_of_a_call_has_no_brackets_around_all_of_it():
    def f(x, y):
        return (x + y).exp() + mg.where(x > 0, (x + 1) * (y + 2), -x)

    code = jit.trace(f, (mg.ones(2), mg.ones(2))).code
    assert "exp(x + y)" in code and "* (y + 2)\n" in code and ", -x)" in code and "((" not in code


def test_equal_same_and_contained():
    def f(x, n: int, r: float, m: Tensor | None = None):
        equal = n == "a", "a" != n, n == 1, n != r, x[0] == x[1], 1 == True, "a" == "a"
        same = x is x, x is None, n is not None, None is None, m is None
        inside = n in (0, 1), n not in [3], n in {3: 1}, "a" in {"a": x}, "b" in "abc", 3 in [n, 1], 2 in range(3)
        counted = n in range(2), 0 in range(n), True in range(n), n in range(n, 5), n in range(5, 0, -2)
        odd = None in (x, None), n in [], x[0] in (2.0, 7.0), x[0] in [x[1]], None == n  # noqa: E711
        return equal, same, inside, counted, odd

    agree(f, *CASES)


def test_bits_of_bools():
    def f(n: int, r: float):
        a, b = n > 0, r > 1
        return a & b, a | b, a ^ b, a + b, -a, a * 3, a == b

    agree(f, *[(n, r) for n in (0, 1) for r in (0.0, 2.0)])


def test_unpacking():
    def f(x, xs: list[Tensor], n: int):
        rows, columns = x.shape
        (a, b), [c, d] = x, xs
        e, (g, [h, i]) = {"p": x, "q": n}, range(2)[::1] and (1, [2, 3])
        j, k = "xy"
        m, o = zip([1, n], [3, 4], strict=False)
        p, q = enumerate([x, n])
        s = t = n
        s += 1
        u, v, w = range(3)
        for y, (z, _) in [(1, (2, 3))]:
            n = n * y + z
        return rows, columns, a * b, c + d, e, g, h, i, j, k, m, o, p, q, s, t, u, v, w, n

    agree(f, (rows(2), [mg.ones(3), mg.zeros(3)], 4))


@pytest.mark.parametrize("n", [1, 3])
def test_as_many_values_as_names_are_unpacked(n):
    @jit.script
    def lengths(x):
        a, b = x.shape
        return a + b

    @jit.script
    def parts(x):
        a, b = x
        return a + b

    @jit.script
    def listed(xs: list[Tensor]):
        a, b = xs
        return a + b

    for function, x in [(lengths, mg.ones(*[2] * n)), (parts, mg.ones(n)), (listed, [mg.ones(1)] * n)]:
        with pytest.raises(ValueError, match="unpacking takes 2 values here"):
            function(x)
    assert "if not (x.dim() == 2): raise ValueError('unpacking takes 2 values here" in lengths.code


def test_messages_are_worked_out_where_they_are_known():
    @jit.script
    def f(x, n: int):
        if n > 2:
            raise ValueError(f"at most {1 + 1}")
        if n > 1:
            raise KeyError
        if n > 0:
            raise RuntimeError("n is " + str(n))
        if n < -1:
            raise StopIteration(3) from None
        return x

    x = mg.ones(1)
    cases = [(3, ValueError, "at most 2"), (1, RuntimeError, r"'n is ' \+ str\(n\)"), (-2, RuntimeError, "3")]
    for n, kind, says in cases:
        with pytest.raises(kind, match=f"^{says}(\n|$)"):
            f(x, n)
    with pytest.raises(KeyError) as raised:
        f(x, 2)
    assert raised.value.args == () and len(f.graph.constants) == 0


def f_bool_or_int(x, n: int):
    return n > 2 and n  #! this is a bool or an int | one kind | «n > 2 and n»


def f_float_or_int(r: float):
    return r or 5  #! this is a float or an int | one kind | «r or 5»


def f_shapes(x):
    return x.shape == (2, 2)  #! whole shapes cannot be compared | x.size(0) | «x.shape == (2, 2)»


def f_truth_of_a_shape(x):
    return 1 if x.shape else 2  #! a shape is neither true nor false | a number | «x.shape»


def f_tuples(x, n: int):
    return (n, 1) == (2, 1)  #! a tuple of 2 and a tuple of 2 cannot be compared | Compare numbers | «(n, 1) == (2, 1)»


def f_in_a_tensor(x):
    return 1.0 in x  #! in does not look into a tensor | (x == n).any() | «1.0 in x»


def f_in_a_list(xs: list[Tensor]):
    return xs[0] in xs  #! in does not look into a list of tensors | with a for | «xs[0] in xs»


def f_float_in_a_range(n: int):
    return 2.5 in range(n)  #! in does not look into a range | n < end | «2.5 in range(n)»


def f_minus_a_list(xs: list[Tensor]):
    return -xs  #! a list of tensors has no unary - | | «-xs»


def f_not_of_an_int(n: int):
    return ~n  #! an int has no ~ | not | «~n»


def f_bits_of_ints(n: int):
    return n & 1  #! an int and an int cannot be put together | Convert | «n & 1»


def f_types_that_do_not_add(x):
    return [1] + (2,)  #! TypeError: can only concatenate list | | «[1] + (2,)»


def f_over_a_shape(x):
    for n in x.shape:  #! a for cannot go over a shape | x.dim() | «x.shape»
        x = x * n
    return x


def f_star_of_a_shape(x):
    return mg.zeros(*x.shape)  #! * takes a tuple or list of known length, not a shape | mg.zeros(x.shape) | «*x.shape»


def f_unpack_a_number(n: int):
    a, _ = n  #! an int is not unpacked | | «a, _»
    return a


def f_unpack_the_rest(x):
    _, *b = [x, x]  #! * in this place is not supported | one by one | «*b»
    return b


def f_raise_again(x):
    raise  #! this form of raise is not supported | Raise ValueError("why") | «raise»


def f_assert_a_number(x, n: int):
    assert n > 0, n  #! the message of an assert has to be plain text | "what is wrong" | «n»
    return x


FUNCTIONS = {name: made for name, made in list(globals().items()) if name.startswith("f_")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_refused(name):
    assert refused(FUNCTIONS[name]) is None
