"""Methods of tensors, lists, dicts and text in jit.script, what is put into lists, and comprehensions."""

# ruff: noqa: RUF005, SIM118, SIM905, UP031, UP032  what is compiled here is written as learners write

import pytest

import minigrad as mg
from minigrad import Tensor, jit
from tests.test_jit_script import agree, rows
from tests.test_jit_script_errors import refused

LISTS = [([mg.ones(2) * i for i in range(n)],) for n in range(1, 5)]


def test_lengths_of_tensors():
    def f(x, n: int):
        many = x.size(0), x.size(dim=1), x.size(-1), x.shape[1], x.shape[-1], x.shape[n], x.size(n), x.size()[0]
        return many, x.numel(), x.nelement(), x.dim(), x.ndim, x.shape.numel(), mg.zeros(x.shape), x.reshape(x.size())

    agree(f, (rows(2), 0), (rows(4), 1))


def test_casts_to_each_dtype():
    names = "float double half long int short char byte bool".split()

    def f(x):
        y = x.abs()
        many = x.float(), x.double(), x.half(), x.long(), x.int(), x.short(), x.char(), y.byte(), x.bool()
        return many, x[0, 0].item() + 1, x.sum().item()

    scripted = agree(f, (rows(2),))
    assert [y.dtype for y in scripted(rows(2))[0]] == [getattr(rows(2), name)().dtype for name in names]


def test_lists_of_known_length():
    def f(x, n: int):
        xs = [x]
        xs.append(n)
        xs.extend((x * 2, 3))
        xs.extend(range(2))
        xs += (x, "a")
        xs += [n]
        xs.insert(0, "first")
        xs.insert(-1, "last but one")
        taken = xs.pop(1), xs.pop(), xs.pop(-1)
        xs.reverse()
        ys = xs.copy()
        ys[0:2] = [0, 0, 0]
        ys[-1] = x * 3
        zs = [1, 2]
        zs *= 2
        zs.clear()
        return xs, ys, taken, zs, [1, 2].index(2), [1, 1].count(1), [x, n][::-1], put_together(x, n)

    agree(f, (mg.ones(2), 3))


def put_together(x, n):
    return 2 * [x], [0] * 3, 2 * (n, 1), [x] + [n, x][:2]


def test_lists_of_unknown_length():
    def f(xs: list[Tensor]):
        ys = xs.copy()
        ys.append(xs[0] * 5)
        ys += [xs[-1]]
        ys.extend(xs)
        last, first = ys.pop(), ys.pop(0)
        ys.reverse()
        ys[0] = ys[0] + 1
        ys[len(xs) - 1] = last * 2
        zs = [x for x in ys]
        zs.clear()
        zs.extend((last, first))
        return ys, zs, xs[::-1], xs[1:], xs[:-1], xs[::2], xs + [last] + xs

    agree(f, *LISTS)


def test_dicts():
    def f(x, n: int):
        d = {"a": x, "b": n}
        d.update(c=1)
        d.update({"a": x * 2}, e="text")
        d.update([("g", n + 1)])
        d |= {"h": x}
        d["n"] = 1
        d["n"] += n
        d[2] = "two"
        taken = d.pop("b"), d.pop("z", 3), d.get("z"), d.get("a"), d.get("z", n)
        more = d.setdefault("a", 0), d.setdefault("s", n)
        seen = [k for k in d], [k for k in d.keys()], [v for v in d.values()], "a" in d, "z" not in d, len(d)
        other = d.copy()
        other.clear()
        for k, v in d.items():
            other[k] = v
        return d, taken, more, seen, other, {**d, "c": 2}, {"p": x} | {"q": n}, list({"u": 1}.items())

    agree(f, (mg.ones(2), 3))


def test_text_that_is_known():
    def f(x):
        words = "a,b".split(","), "-".join(["a", "b"]), "ab".startswith("a"), "{}".format(3), "%d" % 3, "a" * 3, "b"[0]
        shown = f"{1:>3}{'a'!r}{2.5:.2f}{'é'!a}{3!s}", "a" < "b", "abc"[::-1], "b" in "abc", str(2) + "x"
        return x, words, shown

    agree(f, (mg.ones(1),))


def test_what_stands_in_the_brackets_of_an_assignment_is_worked_out_once():
    def f(x):
        places = [0, 1]
        xs = [1, 2]
        xs[places.pop()] += 5
        return xs, places, x

    agree(f, (mg.ones(1),))


def test_comprehensions_over_what_is_known():
    def f(x, n: int):
        odd = [i if i > 1 else -i for i in range(4) if i != 2]
        deep = [[j * n for j in range(i)] for i in range(3)]
        chosen = [k for k in ("a", "b", "c") if k != "b" if k != "z"]
        return odd, deep, chosen, [(a, b) for a, b in enumerate([x, n])], [v for v in {"p": x}.values()]

    agree(f, (mg.ones(1), 2))


def test_comprehensions_over_what_is_not():
    def f(x, xs: list[Tensor]):
        kept = [row * 2 for row in x if row.sum() > 0 and row[0] < 8]
        pairs = [a * b for a, b in zip(x, xs, strict=False)]
        return kept, pairs, [y + i for i, y in enumerate(xs)]

    agree(f, *[(rows(n), [mg.ones(3)] * k) for n in range(5) for k in (0, 2)])


# What is refused


def f_size_written(x):
    x.shape[0] = 2  #! a shape cannot be written into | | «x.shape[0]»
    return x


def f_slice_of_a_shape(x):
    return x.shape[:2]  #! a shape is asked for one length | x.shape[0] | «x.shape[:2]»


def f_tolist(x):
    return x.tolist()  #! tolist() leaves the graph | .item() | «x.tolist()»


def f_register_hook(x):
    x.register_hook(None)  #! register_hook() is not supported | outside | «x.register_hook(None)»
    return x


def f_no_method_of_a_list(x):
    return [x].sort()  #! a list has no method sort | append, extend | «[x].sort()»


def f_no_method_of_a_dict(x):
    return {"a": x}.popitem()  #! a dict has no method popitem | items, keys | «{"a": x}.popitem()»


def f_no_method_of_a_number(x, n: int):
    return n.bit_length()  #! an int has no method bit_length | | «n.bit_length()»


def f_no_method_of_text(x):
    return "a".nothing()  #! 'a' has no method nothing | | «"a".nothing()»


def f_append_two(x):
    xs = [x]
    xs.append(x, x)  #! append(): too many positional arguments | | «xs.append(x, x)»
    return xs


def f_append_none(x):
    xs = [x]
    xs.append()  #! append(): missing a required argument | | «xs.append()»
    return xs


def f_append_a_number(x):
    xs = []
    for row in x:
        xs.append(row)
    xs.append(3)  #! a list that grows in a loop holds tensors, not an int | mg.tensor(n) | «xs.append(3)»
    return xs


def f_extend_by_a_number(x, n: int):
    xs = [x]
    xs.extend(n)  #! a for cannot go over an int | | «xs.extend(n)»
    return xs


def f_index(x):
    return [1, 2].index(5)  #! ValueError: | | «[1, 2].index(5)»


def f_index_of_a_tensor(x):
    return [x].index(x)  #! a list has no method index | append | «[x].index(x)»


def f_insert(x, n: int):
    xs = [x]
    xs.insert(n, x)  #! the place in a list has to be known | the number itself | «xs.insert(n, x)»
    return xs


def f_insert_into_a_long_list(xs: list[Tensor]):
    ys = list(xs)
    ys.insert(0, xs[0])  #! this needs a list whose length is known | + for lists | «ys.insert(0, xs[0])»
    return ys


def f_pop(x, n: int):
    xs = [x, x]
    xs.pop(n)  #! the place in a list has to be known | the number itself | «xs.pop(n)»
    return xs


def f_pop_from_nothing(x):
    xs = []
    xs.pop()  #! IndexError: pop from empty list | | «xs.pop()»
    return x


def f_pop_from_the_middle(xs: list[Tensor]):
    ys = list(xs)
    ys.pop(1)  #! pop takes the first or the last | xs.pop(0) | «ys.pop(1)»
    return ys


def f_no_name(x):
    [x].append(x)  #! a list of 1 from outside is not changed | | «[x].append(x)»
    return x


def f_pop_of_a_dict(x):
    d = {"a": x}
    d.pop("b")  #! KeyError: 'b' | | «d.pop("b")»
    return d


def f_get_of_a_number(x, n: int):
    return {1: x}.get(n)  #! a key of a dict has to be known | text | «{1: x}.get(n)»


def f_key_that_is_a_list(x):
    return {[1]: x}  #! TypeError: | | «[1]»


def f_key_that_is_not_there(x):
    return {"a": x}["b"]  #! KeyError: 'b' | | «{"a": x}["b"]»


def f_star_of_a_tensor(x):
    return {**x}  #! ** takes a dict, not a tensor | | «x»


def f_two_names_of_a_dict(x):
    a = {"a": x}
    b = a
    a |= {"b": x}  #! a dict that has two names is not changed | own | «a |= {"b": x}»
    return b


def f_two_names_repeated(x):
    a = [x]
    b = a
    a *= 2  #! a list of 1 that has two names is not changed | own | «a *= 2»
    return b


def f_place_that_is_not_there(x):
    xs = [1, 2]
    xs[5] = 5  #! IndexError: | | «xs[5]»
    return xs


def f_place_in_a_list_of_numbers(x, n: int):
    xs = [1, 2]
    xs[n] = 5  #! the place in a list of 2 has to be known | | «xs[n]»
    return xs


def f_number_into_a_list_of_tensors(xs: list[Tensor]):
    ys = list(xs)
    ys[0] = 5  #! a list of tensors does not take an int here | mg.tensor | «ys[0]»
    return ys


def f_part_of_a_long_list(xs: list[Tensor]):
    ys = list(xs)
    ys[0:1] = xs  #! only single tensors are put into a list of unknown length | | «ys[0:1]»
    return ys


def f_into_a_tuple(x):
    xs = (1, 2)
    xs[0] = 5  #! a tuple of 2 cannot be written into | | «xs[0]»
    return xs


def f_comprehension_of_two(x):
    return [a + b for a in [1] for b in [2]]  #! goes over one thing | for inside | «[a + b for a in [1] for b in [2]]»


def f_comprehension_of_numbers(x):
    return [1 for row in x]  #! known only when the graph runs, and it holds more than tensors | mg.tensor(n) | «1»


def f_format_that_does_not_fit(x):
    return f"{1:zz}"  #! ValueError: | | «f"{1:zz}"»


def f_text_and_number(x, n: int):
    return "a" + n  #! text cannot be made of what is known only | print(x) | «"a" + n»


def f_repeated(x, n: int):
    return [x] * n  #! a list of 1 and an int cannot be put together | Append in a for | «[x] * n»


FUNCTIONS = {name: made for name, made in list(globals().items()) if name.startswith("f_")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_refused(name):
    assert refused(FUNCTIONS[name]) is None


def test_an_argument_stays_as_it_was():
    xs = [mg.ones(1)]

    @jit.script
    def f(xs: list[Tensor]):
        ys = xs.copy()
        ys.append(xs[0])
        return ys

    assert len(f(xs)) == 2 and len(xs) == 1
