"""What jit.script does not take: the line with a caret under the very expression, and what to write instead."""

# ruff: noqa: E731, F821, F841  what is compiled here is written as learners write

import functools
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import Tensor, jit, nn
from minigrad.jit.script.builder import Builder
from minigrad.op import OPS


def outer(x):
    return recursive(x)


def recursive(x):
    if x.sum() > 0:
        return outer(x - 1)
    return x


def wrapping(function):
    @functools.wraps(function)
    def wrapper(*given):
        return function(*given) + 1

    return wrapper


@wrapping
def wrapped(x):
    return x * 2


def stars(*xs):
    return xs[0]


def appended(xs, x):
    xs.append(x)


def no_source():
    space = {}
    exec("def made(x):\n    return x", space)
    return space["made"]


MADE = no_source()
SHARED = [1, 2]


# Each function holds one thing that is not supported: behind "#!" is what the error says, behind "|" what it advises.
# The caret has to stand under what is between « and ».


def f_try(x):
    try:  #! try/except is not supported | check the condition with an if | «try»
        return x
    except ValueError:
        return -x


def f_with(x):
    with mg.no_grad():  #! with is not supported | x.detach() | «with»
        return x


def f_lambda(x):
    g = lambda y: y  #! lambda is not supported | name with def | «lambda y: y»
    return g(x)


def f_fstring(x):
    print(f"{x}")  #! an f-string is not supported | takes several things | «f"{x}"»
    return x


def f_global(x):
    global SHARED  #! global is not supported | argument | «global SHARED»
    return x


def f_yield(x):
    return mg.stack(list((yield x)))  #! yield is not supported | mg.stack | «yield x»


def f_generator(x):
    return sum(row for row in x)  #! a generator expression is not supported | brackets | «(row for row in x)»


def f_set(x):
    return {1, 2}  #! a set is not supported | tuple or a list | «{1, 2}»


def f_walrus(x):
    return (y := x) + y  #! := | line of its own | «y := x»


def f_del(x):
    y = x
    del y  #! del is not supported | a graph frees | «del y»
    return x


def f_import(x):
    import math  #! import inside a function | top of the file | «import math»

    return x * math.pi


def f_class(x):
    class A:  #! a class inside a function | top of the file | «class»
        pass

    return x


def f_match(x, n: int):
    match n:  #! match is not supported | if and elif | «match»
        case 1:
            return x
    return -x


def f_stars(x):
    return stars(x, x)  #! takes *xs | one argument for each value, or a list | «stars(x, x)»


def f_stars_of_its_own(*xs):  #! f_stars_of_its_own takes *xs | or a list | «def»
    return xs[0]


def f_wrapped(x):
    return wrapped(x)  #! takes *given | or a list | «wrapped(x)»


def f_numpy(x):
    return np.exp(x)  #! exp of NumPy works on arrays | mg.exp | «np.exp(x)»


def f_numpy_function(x):
    return np.linalg.norm(x)  #! norm of NumPy | mg.norm | «np.linalg.norm(x)»


def f_to_numpy(x):
    return x.numpy() * 2  #! numpy() leaves the graph | .item() | «x.numpy()»


def f_backward(x):
    x.sum().backward()  #! backward() is not supported | outside | «x.sum().backward()»
    return x


def f_in_place(x):
    y = x * 2
    y.add_(1)  #! add_ changes a tensor in its place | x = x.add(...) | «y.add_(1)»
    return y


def f_inplace_argument(x):
    return F.relu(x, inplace=True)  #! relu with inplace=True | Leave inplace out | «F.relu(x, inplace=True)»


def f_write_into(x):
    x[0] = 1  #! a tensor cannot be written into | mg.where | «x[0]»
    return x


def f_added_in_place(x):
    x += 1  #! x may share its memory with another tensor | Write x = x + 1 | «x += 1»
    return x


def f_added_to_a_view(x):
    total = mg.zeros(2)
    part = total[0]
    total += 1  #! total may share its memory | Write total = total + 1 | «total += 1»
    return part


def f_unknown_name(x):
    return x + wieght  #! nothing is called wieght here | hand it in | «wieght»


def f_too_early(x):
    y = x + z  #! z has no value here yet | on every way | «z»
    z = y
    return z


def f_one_arm(x):
    if x.sum() > 0:
        y = x * 2
    return y  #! y gets a value in the first arm of an if only | Give y a value on every way | «y»


def f_in_loop_only(x):
    for row in x:
        last = row
    return last  #! last gets its value in the loop, which may not run | before the if or the loop | «last»


def f_kind_in_arms(x):
    y = 1
    if x.sum() > 0:  #! y is a tensor in one arm and an int in the other | mg.tensor(0.0) in place of 0 | «if»
        y = x
    return y


def f_result_kinds(x):
    if x.sum() > 0:  #! the result is a tensor on one way and an int on the other | Begin with a tensor | «if»
        return x
    return 3


def f_kind_in_loop(x):
    total = 0
    for row in x:  #! total is an int before the loop and a tensor after a turn | mg.tensor(0.0) in place | «for»
        total = total + row
    return total


def f_int_to_float(x):
    n = 0
    while n < 3:  #! n is an int before the loop and a float after a turn | 0.0 in place of 0 | «while»
        n = n + 0.5
    return x * n


def f_none_to_tensor(x):
    best = None
    for row in x:  #! best is None before the loop and a tensor after a turn | keep a bool | «for»
        best = row
    return best


def f_no_return(x):  #! gives a value on some ways | Put a return at its end | «def»
    if x.sum() > 0:
        return x


def f_attribute(x):
    x.name = 3  #! an attribute cannot be written to | outside | «x.name»
    return x


def f_dtype(x):
    return mg.zeros(2, dtype=x.dtype)  #! x.dtype is not known | zeros_like | «x.dtype»


def f_no_method(x):
    return x.sun()  #! a tensor has no method sun | | «x.sun()»


def f_recursion(x):
    return recursive(x)  # the error stands where the circle closes


def f_no_source(x):
    return MADE(x)  #! made cannot be compiled: its source is not to be had | @jit.ignore | «MADE(x)»


def f_two_names(x):
    a = [x]
    b = a
    a.append(x)  #! a list of 1 that has two names is not changed | ys = xs + [...] | «a.append(x)»
    return b


def f_two_names_through_a_loop(x):
    a = []
    b = a
    for row in x:
        a.append(row)  #! a list of 0 that has two names is not changed | ys = xs + [...] | «a.append(row)»
    return b


def f_two_names_in_the_next_turn(x):
    a, b = [x], [x]
    for row in x:
        a.append(row)  #! a list of 1 that has two names is not changed | ys = xs + [...] | «a.append(row)»
        a = b
    return b


def f_two_names_through_an_if(x):
    a, b = [x], [x]
    if x.sum() > 0:
        a = b
    a.append(x)  #! a list of 1 that has two names is not changed | ys = xs + [...] | «a.append(x)»
    return b


def f_two_names_in_a_list(x):
    a = [x]
    both = [a]
    a.append(x)  #! a list of 1 that has two names is not changed | ys = xs + [...] | «a.append(x)»
    return both


def f_two_names_of_a_tensor(x):
    a = mg.zeros(2)
    b = a
    for row in x:
        a += row  #! a may share its memory with another tensor | Write a = a + row | «a += row»
    return b


def f_two_names_from_turn_to_turn(x):
    total, last, seen = mg.zeros(2), mg.zeros(2), mg.zeros(2)
    for row in x:
        total += row  #! total may share its memory with another tensor | Write total = total + row | «total += row»
        seen = seen + last
        last = total
    return seen


def f_two_names_of_a_tensor_in_an_if(x):
    a, b = mg.zeros(2), mg.zeros(2)
    if x.sum() > 0:
        a = b
    a += x  #! a may share its memory with another tensor | Write a = a + x | «a += x»
    return b


def f_argument_list(x, more: list[Tensor]):
    more.append(x)  #! from outside is not changed | Make one of its own | «more.append(x)»
    return x


def f_changes_its_argument(x):
    xs = [x]
    appended(xs, x)  # in the function below
    return xs


def f_list_in_condition(x):
    xs = [x, x]
    if x[0] > 0 and xs.pop()[0] > 0:  #! a list is not changed within a condition | own | «x[0] > 0 and xs.pop()[0] > 0»
        return x
    return xs[0]


def f_from_outside(x):
    SHARED.append(3)  #! from outside is not changed | Make one of its own | «SHARED.append(3)»
    return x


def f_list_of_numbers(x):
    out = []
    for i in range(x.size(0)):  #! out is a list of 0 before the loop and a list of 1 after | holds tensors | «for»
        out.append(i)
    return out


def f_message(x):
    assert x.sum() > 0, str(x)  #! text cannot be made | print | «str(x)»
    return x


def f_loop_else(x):
    for row in x:
        if row.sum() > 3:
            break
    else:
        x = -x  #! else behind a loop is not supported | Keep a bool | «x = -x»
    return x


def f_builtin(x):
    return map(mg.exp, [x])  #! map is not supported | [f(x) for x in xs] | «map(mg.exp, [x])»


def f_wrong_arguments(x):
    return mg.softmax(x, dmi=1)  #! softmax | | «mg.softmax(x, dmi=1)»


def f_wrong_call(x):
    return f_added_in_place(x, x)  #! f_added_in_place(): too many positional arguments | | «f_added_in_place(x, x)»


def f_star_argument(x):
    return mg.stack([*x])  #! * takes a tuple or list of known length, not a tensor | + for lists | «*x»


def f_add_none(x):
    return x + None  #! a tensor and None cannot be put together | Convert one | «x + None»


def f_unpack(x):
    a, b = (x, x, x)  #! 3 values for 2 names | | «a, b»
    return a


def f_range_of_float(x, r: float):
    for _ in range(r):  #! range() takes ints, not a float | int() | «range(r)»
        x = x + 1
    return x


def f_over_number(x, n: int):
    for _ in n:  #! a for cannot go over an int | range(n) | «n»
        x = x + 1
    return x


def f_sum_of_tensor_rows(x):
    return max(x, x)  #! max() takes numbers | mg.maximum | «max(x, x)»


def f_complex(x):
    return x * 2j  #! complex is not supported | float | «2j»


def f_decorated(x):
    @staticmethod  #! a decorator on a function within | top of the file | «staticmethod»
    def g(y):
        return y

    return g(x)


def f_key(x, n: int):
    found = {}
    found[n] = x  #! a key of a dict has to be known | text | «found[n]»
    return found


def f_index(x, n: int):
    return (x, "a")[n]  #! the index into a tuple of 2 has to be known | enumerate | «(x, "a")[n]»


FUNCTIONS = {name: made for name, made in list(globals().items()) if name.startswith("f_")}


def refused(function, module=None):
    """Check the error of a function (of the module whose forward it is), by what stands behind #! in it.

    Returns the lines of the error where nothing does.
    """
    lines, first = inspect.getsourcelines(function)
    found = [(i, line) for i, line in enumerate(lines) if "#!" in line]
    with pytest.raises(jit.UnsupportedError) as raised:
        jit.script(function if module is None else module)
    message = str(raised.value).split("\n")
    if not found:
        return message
    ((number, line),) = found
    _, _, comment = line.partition("#!")
    says, advice, marked = re.fullmatch(r"(.*?)\|(.*)\|\s*«(.*)»\s*", comment.rstrip("\n")).groups()
    assert message[0].startswith(f"{Path(inspect.getfile(function)).name}:{first + number}: ")
    assert says.strip() in message[0] and message[1] == "    " + line.strip()
    start = message[2].index("^")
    assert message[1][start : start + message[2].count("^")] == marked
    assert advice.strip() in "\n".join(message[3:]) and (advice.strip() == "") <= (len(message) <= 4)
    return None


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_shows_the_place_and_says_what_to_write(name):
    message = refused(FUNCTIONS[name])
    if name == "f_changes_its_argument":
        assert "a list of 1 that has two names" in message[0] and message[1] == "    xs.append(x)"
    elif name == "f_recursion":
        line = inspect.getsourcelines(recursive)[1]
        assert "recursive calls itself" in message[0] and message[1] == "    return recursive(x)"
        assert f"It is called in recursive, test_jit_script_errors.py:{line + 2}." in message
    else:
        assert message is None


class Writes(nn.Module):
    def forward(self, x):
        self.seen = x
        return x


class Hooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.inner.register_forward_hook(lambda *given: None)

    def forward(self, x):
        return self.inner(x)


class Picks(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2)])

    def forward(self, x, n: int):
        return self.layers[n](x)


class Lacks(nn.Module):
    def forward(self, x):
        return self.nothing(x)


@pytest.mark.parametrize("module, says", [
    (Writes(), "an attribute cannot be written to in jit.script\n    self.seen = x\n    ^^^^^^^^^\nReturn the new"),
    (Hooked(), "Linear has hooks, which jit.script leaves out\n    return self.inner(x)\n           ^^^^^^^^"),
    (Picks(), "the index into a ModuleList has to be known while compiling\n    return self.layers[n](x)\n"
              "           ^^^^^^^^^^^^^^\nGo over it"),
    (Lacks(), "a Lacks has no attribute 'nothing'\n    return self.nothing(x)\n           ^^^^^^^^^^^^"),
])  # fmt: skip
def test_modules(module, says):
    with pytest.raises(jit.UnsupportedError) as raised:
        jit.script(module)
    assert says in str(raised.value)


class Called(nn.Module):
    def __call__(self, x):
        return x


def test_what_is_no_function():
    with pytest.raises(TypeError, match="Called has a __call__ of its own"):
        jit.script(Called())
    for wrong, says in [(3, "a function or a module, not int"), (nn.Linear, "not the class Linear"),
                        (nn.Linear(1, 1).forward, "the module itself"), (len, "has none in Python")]:  # fmt: skip
        with pytest.raises(TypeError, match=says):
            jit.script(wrong)
    with pytest.raises(
        jit.UnsupportedError, match=r"test_jit_script_errors.py:\d+: .* is not a function made with def"
    ):
        jit.script(lambda x: x)
    with pytest.raises(jit.UnsupportedError, match="the source of made cannot be read"):
        jit.script(MADE)
    assert issubclass(jit.UnsupportedError, RuntimeError)


def test_arguments_of_a_wrong_kind():
    @jit.script
    def f(x, n: int, names: list[str] = ()):
        return x * n

    with pytest.raises(TypeError, match=r"f\(\) expected a value of type 'int' for argument 'n', but got Tensor"):
        f(mg.ones(1), mg.ones(1))
    with pytest.raises(TypeError, match="expected a value of type 'Tensor' for argument 'x', but got int"):
        f(3, 3)
    with pytest.raises(TypeError, match="missing a required argument: 'n'"):
        f(mg.ones(1))
    with pytest.raises(TypeError, match="cannot take set"):
        f(mg.ones(1), 2, {1})
    assert f(mg.ones(1), 2, names=["a"]).item() == 2


def test_errors_of_a_run_are_those_of_the_ops():
    @jit.script
    def f(x, y: Tensor):
        return x @ y

    with pytest.raises(mg.ShapeError) as raised:
        f(mg.ones(2, 3), mg.ones(2, 3))
    line = inspect.getsourcelines(f.__wrapped__)[1] + 2
    assert [note.rpartition("f, ")[2] for note in raised.value.__notes__] == [
        f"test_jit_script_errors.py:{line}: return x @ y"]  # fmt: skip


def test_an_op_that_is_short_of_an_operand():
    """Sorting its arguments says so, before anything is put down."""
    builder = Builder("f")
    x = builder.wrap(builder.new("x"))
    with pytest.raises(TypeError, match=r"add\(\) missing argument 'b'; it takes \(a, b\)"):
        builder.run_op(OPS["add"], (x,), {})
    assert builder.graph.steps == []
