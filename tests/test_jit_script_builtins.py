"""Functions of Python in jit.script, beside Python itself: len, range, zip, sum, min, round, isinstance, ..."""

# ruff: noqa: B009, B905, RUF017, RUF057, UP018, UP031, UP032  what is compiled here is written as learners write

import math
import numbers
import typing
from collections import namedtuple

import pytest

import minigrad as mg
from minigrad import Tensor, jit
from tests.test_jit_script import agree, rows
from tests.test_jit_script_errors import refused

Pair = namedtuple("Pair", "a b")
NUMBERS = [(mg.ones(2), n, r) for n in (-3, 0, 2) for r in (-2.5, 0.5, 3.0)]


def test_len_of_everything():
    def f(x, n: int, xs: list[Tensor]):
        known = len("abc") + len({"a": x}) + len((1, 2)) * len([x]) + len(range(4))
        counted = len(range(n)), len(range(n, 5)), len(range(5, n, -1)), len(range(0, n, 2)), len(range(2, -7))
        return len(x), len(xs), len(x.shape), known, counted

    agree(f, *[(rows(2), n, [mg.ones(1)] * 2) for n in (-2, 0, 1, 6)])


def test_ranges_in_both_directions_with_steps():
    def f(n: int):
        t = [0, 0, 0, 0, 0]
        for i in range(n, 6, 2):
            t[0] = t[0] * 10 + i
        for i in range(6, n, -3):
            t[1] = t[1] * 10 + i
        for i in range(-1, n):
            t[2] = t[2] * 10 + i
        for i in range(3, -1, -1):
            t[3] = t[3] * 10 + i
        for i in reversed(range(n)):
            t[4] = t[4] * 10 + i
        for i in reversed(range(1, n)):
            t[4] = t[4] * 10 + i
        return t

    agree(f, *[(n,) for n in range(-3, 8)])


def test_reversed_things():
    def f(x, xs: list[Tensor]):
        turned = [y * 2 for y in reversed(xs)]
        n = 0
        for i in reversed((1, 2, 3)):
            n = n * 10 + i
        for i in reversed(range(2, 5)):
            n = n * 10 + i
        for key in reversed(["a", "b"]):
            n = n * 10 + len(key)
        return turned, n, list(reversed([x, x + 1]))

    agree(f, *[(mg.ones(1), [mg.ones(2) * i for i in range(n)]) for n in range(4)])


def test_enumerate_and_zip_go_over_what_is_known_and_what_is_not():
    def f(x, n: int):
        total = x[0] * 0
        for i, row, w in zip(range(9), x, [x[0] * 2, x[0] * 3]):
            total = total + row * i * w
        for i, (k, row) in enumerate(zip(range(n, 9), x), n):
            total = total + row * i + k
        for a, b in zip([1, 2, 3], range(2)):
            total = total + a * b
        for _ in zip():
            total = total * 0
        pairs = list(enumerate([x, 2], start=n)) + list(enumerate(iterable=(1,)))
        return total, pairs, list(zip(["a", "b"], [x, n])), tuple(zip((1, 2), range(5)))

    agree(f, (rows(3), 2), (rows(2), -1))


def test_zip_strict():
    @jit.script
    def f(x, n: int):
        total = x[0] * 0
        for row, k in zip(x, range(n), strict=True):
            total = total + row * k
        for a, b in zip([1, 2], (3, 4), strict=True):
            total = total + a * b
        return total

    assert f(mg.ones(2, 2), 2).tolist() == [12, 12]
    with pytest.raises(ValueError, match="as many things of each"):
        f(mg.ones(2, 2), 3)

    def g(x):
        for a, b in zip([1, 2], [3], strict=True):  #! not 2 and 1 | | «zip([1, 2], [3], strict=True)»
            x = x + a * b
        return x

    refused(g)


def test_lists_tuples_and_dicts_of_things():
    def f(x, xs: list[Tensor]):
        made = dict(zip(["a", "b"], [x, 2])), dict([("c", x)]), dict(a=x), dict({"a": 1}, b=x), dict()
        plain = list(range(3)), list("ab"), list({"p": 1}), tuple([x, 1]), tuple("ab"), list(), tuple()
        other = list(xs)
        other.append(x)
        return made, plain, other, list({"p": x}.items()), len(xs)

    agree(f, (mg.ones(2), [mg.zeros(2)]))


def test_conversions_round_towards_zero():
    def f(x, n: int, r: float):
        known = int(2.9), int(-2.9), int("7"), float("inf"), bool(""), int(True), int(), float(), bool(), str(3), str()
        made = int(r), int(-r), float(n), bool(n), bool(r), int(n > 1), int(x.sum()), float(x[0]), bool(x.sum() > 0)
        return known, made, int(r + 0.7), str("a") + str(None)

    agree(f, *NUMBERS)


def test_division_modulo_and_rounding_follow_the_sign_as_in_python():
    def f(x, n: int, r: float):
        whole = n // 2, n % 2, -n // 2, n % -2, divmod(n, 2), divmod(n, -2), round(n), n**2
        real = r // 2, r % 2, r % -2, divmod(r, 2), round(r), round(r + 0.5), round(2.567, 2), divmod(7, 2)
        return whole, real, math.floor(r), math.ceil(r), 2 - x, 2**x, x % -2, x**n

    def g(x):
        return x // 2, x % -2, -x // 2, 5 // (x + 1), -x % 3, x >> 1, x & 1, x | 1, ~x, x ^ 3, 1 << (x & 1)

    agree(f, *NUMBERS, (mg.tensor([-1.5, 2.25]), 1, 1.5))
    agree(g, (mg.tensor([-3, 4]),))


def test_powers():
    def f(x, n: int):
        return pow(2, 3, 5), pow(n, 3, 5), pow(n, 2), pow(base=x, exp=2), pow(2, n), n**-1, isinstance(n**-1, float)

    agree(f, *[(mg.ones(2), n) for n in (1, 2, 5)])


def test_functions_of_math_and_abs():
    def f(x, n: int, r: float):
        known = math.sqrt(4), math.log(8, 2), math.sin(2), math.prod([2, 3]), math.pi, abs(-2), math.gcd(4, 6)
        made = math.log(n, 2), math.log(r, n + 1), math.log(n), math.sqrt(n), math.exp(r), abs(-n), abs(-r), abs(x)
        return known, made

    agree(f, *[(mg.tensor([-1.0, 2.0]), n, r) for n in (1, 3) for r in (0.5, 2.0)])


def test_smallest_largest_sorted():
    def f(x, n: int, r: float):
        known = max("a", "b"), min([3, 1]), max(["b", "aa"], key=len), max([], default=3), min(3, 1, 2)
        lists = sorted([3, 1, 2], reverse=True), sorted({"b": 1, "a": 2}), sorted(["b", "aa"], key=len)
        return known, lists, min(n, 1), max([n, 0, 2]), min((n, 2)), max(True, n), max(r, 0.5, 1.0), min(n, r, 0)

    agree(f, *NUMBERS)


def test_sum_any_and_all():
    def f(x, n: int):
        sums = sum([x, x * 2]), sum([n, 1]), sum([n, 2.5], 1), sum([x], start=x), sum(range(4)), sum([]), sum((1, n))
        lists = sum([[x], [n]], [])
        truths = any([n > 1, x.sum() > 100]), all([n > 1, True]), all([]), any([]), any((n, 0)), all((n, x.sum()))
        return sums, lists, truths

    agree(f, *[(mg.ones(2) * a, n) for a in (-1.0, 60.0) for n in (0, 2)])


def test_what_kind_it_is():
    def f(x, n: int, r: float, xs: list[Tensor]):
        def g(y):
            return y

        ints = isinstance(n, int), isinstance(n, float), isinstance(n > 1, int), isinstance(n, bool), isinstance(r, int)
        wide = isinstance(n, int | float), isinstance(n, numbers.Number), isinstance(n, (str, (int,)))
        more = isinstance(x, Tensor | None), isinstance(xs, list), isinstance(xs, tuple), isinstance(x.shape, tuple)
        rest = isinstance("a", str), isinstance(None, type(None)), isinstance((x,), tuple), isinstance({}, dict)
        kinds = type(n) is int, type(n > 1) is bool, type(r) is float, type(x) is Tensor, type(xs) is list
        calls = callable(g), callable(x.sum), callable(n), callable(x), callable(len), callable(None)
        has = hasattr(n, "kind"), hasattr(n, "real"), hasattr(x, "sum"), hasattr(x, "fresh"), hasattr("a", "upper")
        return ints, wide, more, rest, kinds, calls, has, getattr(x, "nothing", 4), getattr(x, "ndim"), g(x)

    agree(f, (mg.ones(2), 3, 0.5, [mg.ones(1)]))


def test_casts_and_named_tuples():
    def f(x, n: int):
        pair = Pair(x, b=n)
        if x.sum() > 0:
            pair = Pair(x * 2, n + 1)
        a, b = pair
        known = Pair(1, 2).index(2), (1, 2).count(2), (5).bit_length()
        return typing.cast(int, n), tuple(pair), pair.a * pair[1], a + b, known

    @jit.script
    def g(x):
        return Pair(x, 1)

    agree(f, (mg.ones(2), 3), (-mg.ones(2), 3))
    assert type(g(mg.ones(2))) is Pair and g(mg.ones(2)).b == 1


# What they do not take


def f_len(x, n: int):
    return len(n)  #! an int has no len() | | «len(n)»


def f_len_of_a_zip(x):
    return len(zip([1], [2]))  #! a zip has no len() | | «len(zip([1], [2]))»


def f_len_of_none(x):
    return len(None)  #! TypeError: object of type 'NoneType' has no len() | | «len(None)»


def f_len_of_two(x):
    return len(x, x)  #! len(): too many positional arguments | | «len(x, x)»


def f_range(x):
    return range(1, 2, 3, 4)  #! range() takes one to three ints | | «range(1, 2, 3, 4)»


def f_range_step(x, n: int):
    for i in range(0, 6, n):  #! the step of a range has to be known | the number itself | «range(0, 6, n)»
        x = x + i
    return x


def f_range_without_step(x):
    for i in range(0, 6, 0):  #! ValueError: range() arg 3 must not be zero | | «range(0, 6, 0)»
        x = x + i
    return x


def f_reversed_range(x, n: int):
    for i in reversed(range(0, n, 2)):  #! only a range with step 1 is turned round | n - 1 | «reversed(range(0, n, 2))»
        x = x + i
    return x


def f_reversed_tensor(x):
    return list(reversed(x))  #! reversed() does not take a tensor | x.flip(0) | «reversed(x)»


def f_enumerate(x):
    return enumerate()  #! enumerate(): missing a required argument: 'iterable' | | «enumerate()»


def f_zip(x):
    return zip([x], how=1)  #! zip() takes strict alone by its name | | «zip([x], how=1)»


def f_zip_of_numbers(x):
    for row, k in zip(x, [1, 2]):  #! a list of anything but tensors go side by side | range(n) | «zip(x, [1, 2])»
        x = x + row * k
    return x


def f_list_of_a_tensor(x):
    return list(x)  #! list() does not take a tensor | [x for x in xs] | «list(x)»


def f_tuple_of_a_shape(x):
    return tuple(x.shape)  #! tuple() does not take a shape | rows, columns = x.shape | «tuple(x.shape)»


def f_tuple_of_a_list(xs: list[Tensor]):
    return tuple(xs)  #! tuple() takes what has a known length | Use a list | «tuple(xs)»


def f_dict_of_a_tensor(x):
    return dict([x, x])  #! dict() does not take a list of 2 of anything but pairs | | «dict([x, x])»


def f_dict_of_two(x):
    return dict({}, {})  #! dict() takes one value in jit.script, and names | | «dict({}, {})»


def f_dict_with_unknown_keys(x, n: int):
    return dict([(n, x)])  #! a key of a dict has to be known | Use text | «dict([(n, x)])»


def f_int(xs: list[Tensor]):
    return int(xs)  #! int() does not take a list of tensors | | «int(xs)»


def f_int_of_text(x):
    return int("a")  #! ValueError: invalid literal for int() | | «int("a")»


def f_float(x):
    return float(1, 2)  #! float() | | «float(1, 2)»


def f_sqrt(x):
    return math.sqrt(x)  #! sqrt of math takes a number | mg.sqrt(x) | «math.sqrt(x)»


def f_abs(xs: list[Tensor]):
    return abs(xs)  #! abs() does not take a list of tensors here | | «abs(xs)»


def f_log(x):
    return math.log(0)  #! ValueError: | | «math.log(0)»


def f_sin(x, n: int):
    return math.sin(n)  #! sin is not supported | outside | «math.sin(n)»


def f_max_of_a_shape(x):
    return max(x.shape)  #! max() takes numbers | x.max() | «max(x.shape)»


def f_min_of_nothing(x):
    return min()  #! TypeError: min expected at least 1 argument, got 0 | | «min()»


def f_sum_of_a_tensor(x):
    return sum(x)  #! sum() does not take a tensor | x.sum(0) | «sum(x)»


def f_sum_of_a_list(xs: list[Tensor]):
    return sum(xs)  #! sum() does not take a list of tensors | mg.stack(xs).sum(0) | «sum(xs)»


def f_sum_of_a_range(n: int):
    return sum(range(n))  #! sum() does not take a range | in a for | «sum(range(n))»


def f_any(x):
    return any(x > 1)  #! any() does not take a tensor | x.any() | «any(x > 1)»


def f_round(x):
    return round(x)  #! round() takes one number | mg.round(x) | «round(x)»


def f_round_to_digits(r: float):
    return round(r, 2)  #! round() takes one number | round(r * 100) / 100 | «round(r, 2)»


def f_sorted(x, n: int):
    return sorted([n, 1])  #! sorted() takes what is known | x.sort() | «sorted([n, 1])»


def f_isinstance(x):
    return isinstance(x)  #! isinstance(): missing a required argument | | «isinstance(x)»


def f_isinstance_of_text(x):
    return isinstance(x, "Tensor")  #! TypeError: | | «isinstance(x, "Tensor")»


def f_getattr(x):
    return getattr(x)  #! getattr() takes a thing, a name, and maybe a default | | «getattr(x)»


def f_print(x):
    print(x, file=None)  #! print() takes sep and end alone | | «print(x, file=None)»



def f_super(x):
    return super().forward(x)  #! super() stands in methods of modules alone | Base.forward(self) | «super()»


def f_str(x, n: int):
    return "a" + str(n)  #! text cannot be made of what is known only | print(x) | «str(n)»


def f_format(x, n: int):
    return "{}".format(n)  #! text cannot be made of what is known only | print(x) | «"{}".format(n)»


def f_percent(x, n: int):
    return "%d" % n  #! text cannot be made of what is known only | print(x) | «"%d" % n»


def f_named_tuple(x):
    return Pair(x)  #! missing 1 required positional argument | | «Pair(x)»


def f_set_of(x):
    return set([1])  #! set is not supported | tuple or a list | «set([1])»


FUNCTIONS = {name: made for name, made in list(globals().items()) if name.startswith("f_")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_they_do_not_take(name):
    assert refused(FUNCTIONS[name]) is None
