"""jit.script: each part of the language beside the same function in plain Python, with values and gradients."""

# ruff: noqa: B905, F821, RUF005  what is compiled here is written as learners write

import builtins
import inspect
import json
import math
import re

import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import Tensor, jit
from minigrad.jit import Graph
from minigrad.jit.prims import PRIMS
from minigrad.jit.tree import flatten

SCALE = mg.tensor(3.0)
DEPTH = 2


def leaves(what):
    return flatten(what)[0]


def agree(function, *cases, scripted=None):
    """Script and Python give the same on all cases: results, and gradients of their sum; again after JSON."""
    scripted = scripted or jit.script(function)
    for case in cases:
        one, two = fresh(case), fresh(case)
        expected, got = function(*one), scripted(*two)
        assert str(plain(got)) == str(plain(expected))
        graph, inputs = scripted._compiled.graph_for(scripted._compiled.signature.bind(fresh(case), {}))
        if not graph.parameters and not graph.constants:
            assert str(plain(list(leaves(run_code(graph)(*inputs))))) == str(plain(leaves(expected)))
        again = Graph.from_json(json.loads(json.dumps(graph.to_json())))
        assert str(plain(again(*inputs))) == str(plain(expected)) and str(again) == str(graph)
        for root, other in zip(leaves(expected), leaves(got), strict=True):
            if root.requires_grad or other.requires_grad:
                assert str(grads(root, one)) == str(grads(other, two))
    return scripted


def run_code(graph):
    """The graph's `.code` as a function. Short names there are those of ops and primitives."""
    known = {"mg": mg, "F": F, **{name: getattr(mg, name) for name in mg.__all__}, **mg.op.OPS}
    for name, record in PRIMS.items():
        known[name.rpartition(".")[2]] = either(known.get(name.rpartition(".")[2]), record, name)
    known |= {
        "bool": bool,
        "int": int,
        "float": float,
        "abs": abs,
    }
    dtypes = {name: x.numpy for name, x in vars(mg).items() if isinstance(x, type(mg.float32))}
    known |= {name: dtype for name, dtype in dtypes.items() if not hasattr(builtins, name)}
    exec(graph.code, known)
    return known[graph.name]


def either(op, prim, name):
    """What two records share a name: numbers go to the one, tensors to the other."""
    if op is None or not name.startswith("number."):
        return prim
    return lambda *args, **named: (op if any(isinstance(x, Tensor) for x in args) else prim)(*args, **named)


def fresh(case):
    made = []
    for x in case:
        if isinstance(x, Tensor):
            x = x.detach().clone()
            x = x.requires_grad_() if x.is_floating_point() else x
        elif isinstance(x, dict):
            x = dict(zip(x, fresh(x.values()), strict=True))
        made.append(fresh(x) if isinstance(x, list) else x)
    return made


def plain(what):
    return what.detach().tolist() if isinstance(what, Tensor) else jit.graph.rebuilt(what, plain)


def grads(root, inputs):
    tracked = [x for x in leaves(inputs) if x.requires_grad]
    return mg.autograd.grad(root.sum(), tracked, allow_unused=True, retain_graph=True) if tracked else ()


def rows(n):
    return mg.arange(3.0 * n).reshape(n, 3) - 4


LENGTHS = [(rows(n),) for n in range(6)]
SIGNS = [(mg.tensor([1.0, -3.0]),), (mg.tensor([2.0, 5.0]),), (mg.tensor([0.0, 0.0]),)]


# Branches


def test_if_elif_else_on_tensors():
    def f(x):
        if x.sum() > 5:
            y = x * 2
        elif x.sum() == 0:
            y = x + 1
        else:
            y = -x
        return y * x

    agree(f, *SIGNS)


def test_if_without_else_and_nested():
    def f(x):
        y = x
        if x[0] > 0:
            y = y * 2
            if x[1] > 0:
                y = y + 10
        return y

    agree(f, *SIGNS)


def test_if_on_numbers_and_what_is_known():
    def f(x, n: int, wide: bool, how: str = "twice", shift: Tensor | None = None):
        if how == "twice":
            x = x * 2
        if shift is not None:
            x = x + shift
        if wide and n > 2:
            x = x * n
        elif not wide or n < 0:
            x = x - n
        return x

    scripted = agree(f, *[(mg.ones(2), n, wide) for n in (-1, 2, 3) for wide in (True, False)])
    agree(f, (mg.ones(2), 1, True, "once"), (mg.ones(2), 1, True, "once", mg.ones(2)), scripted=scripted)
    assert len(scripted._compiled.graphs) == 3  # one for each text, and for shift given or not


def test_early_return_in_all_places():
    def f(x):
        if x[0] > 1:
            return x * 2
        for i in range(3):
            if x[1] > i:
                return x + i
            x = x + 0.5
            if x[0] > 100:
                break
        else_ = x * 3
        if else_.sum() > 1:
            if else_[0] > 0:
                return else_
            else_ = else_ + 7
        return else_ - 1

    agree(f, *[(mg.tensor([a, b]),) for a in (-3.0, 0.5, 2.0) for b in (-9.0, 0.0, 0.4, 2.5)])


def test_conditional_expression_and_short_circuits():
    def f(x, n: int):
        y = x * 2 if x.sum() > 0 else -x
        if x.size(0) > 0 and x[0] > 0:
            y = y + 1
        if x.size(0) == 0 or x[0] < 0:
            y = y - 5
        return y * (n if n > 2 else 0.5 * 2) if 0 <= n < 9 else y

    def g(x, n: int):
        y = x * 2 if x.sum() > 0 else -x
        if x.size(0) > 0 and x[0] > 0:
            y = y + 1
        return y if 0 <= n < 9 or not n else y * n

    with pytest.raises(jit.UnsupportedError, match="an int or a float"):
        jit.script(f)
    agree(g, *[(x, n) for x in (mg.ones(2), -mg.ones(2), mg.zeros(0)) for n in (-1, 0, 3, 9)])


def test_an_arm_that_returns_may_leave_a_name_as_something_else():
    def f(x):
        n = 1
        if x.sum() > 5:
            n = x * 3
            return n
        if x[0] > 0:
            fresh = x + n
        else:
            raise ValueError("nothing")
        return fresh * 2

    agree(f, *SIGNS[:2])


def test_the_right_side_of_and_is_left_alone_where_it_would_fail():
    def f(x, n: int):
        if n != 0 and 6 % n == 0:
            return x * 2
        if n == 0 or 12 // n == 3:
            return x * 3
        return x

    agree(f, *[(mg.ones(1), n) for n in (0, 3, 4, 5)])


def test_known_conditions_leave_one_arm():
    def f(x):
        if DEPTH > 5:
            return undefined_name
        return x * SCALE

    scripted = agree(f, *SIGNS)
    assert "if" not in str(scripted.graph) and len(scripted.graph.constants) == 1


# Loops


def test_while():
    def f(x):
        turns = 0
        while x.abs().max() > 1 and turns < 20:
            x = x / 2
            turns += 1
        return x, turns

    agree(f, *SIGNS, (mg.tensor([1000.0]),))


def test_for_over_range_in_all_forms():
    def f(x, n: int):
        total = 0
        for i in range(n):
            total += i
        for i in range(2, n):
            x = x + i
        for i in range(n, 0, -2):
            x = x * 1.5 + i
        for i in range(1, x.shape[0], 3):
            total = total + i
        for i in range(3):
            x = x - i
        for _ in range(0):
            x = x * 0
        return x, total

    agree(f, *[(mg.ones(n), n) for n in range(6)])


def test_for_over_a_tensor():
    def f(x):
        total = mg.zeros(3)
        for row in x:
            total = total + row * row
        for i, row in enumerate(x):
            total = total + i * row
        for i, (a, b) in enumerate(zip(x, x * 2), 1):
            total = total + a * b * i
        return total

    agree(f, *LENGTHS)


def test_break_and_continue():
    def f(x):
        total = mg.zeros(3)
        for i in range(len(x)):
            if x[i].sum() < -10:
                continue
            if x[i].sum() > 12:
                total = total * 2
                break
            if i % 2 == 1:
                total = total - x[i]
                continue
            total = total + x[i]
        return total

    agree(f, *LENGTHS)


def test_while_true_with_break_and_return():
    def f(x):
        n = 0
        while True:
            n += 1
            if x.sum() > 20:
                return x
            x = x + 1
            if n >= 5:
                break
        return x * 2

    agree(f, (mg.ones(3),), (mg.ones(3) * 10,), (-mg.ones(3),))


def test_nested_loops_leave_the_right_one():
    def f(x):
        total = mg.zeros(3)
        for i in range(len(x)):
            for j in range(3):
                if j > i:
                    break
                if x[i, j] < 0:
                    continue
                total = total + x[i] * j
            while total.sum() > 30:
                total = total - 7
                if total[0] < -5:
                    return total
        return total + 1

    agree(f, *LENGTHS)


def test_lists_grow_in_loops():
    def f(x):
        out = []
        state = mg.zeros(3)
        for row in x:
            state = mg.tanh(state + row)
            if state.sum() > 0:
                out.append(state)
            else:
                out.append(-state)
        out.append(state)
        return mg.stack(out), mg.cat(out), len(out), out[-1] + out[0]

    agree(f, *LENGTHS)


def test_lists_in_and_out():
    def f(xs: list[Tensor], k: int):
        ys = [x * 2 for x in xs]
        total = mg.zeros(2)
        for i, (x, y) in enumerate(zip(xs, ys)):
            total = total + x * y * i
        if len(ys) > 2:
            ys.pop()
            ys[0] = total
        return ys + [total], ys[k]

    agree(f, *[([mg.ones(2) * i for i in range(n)], 0) for n in range(1, 5)])


def test_comprehensions():
    def f(x, n: int):
        squares = [row * row for row in x if row.sum() > 0]
        known = [k * x.sum() for k in (1, 2, 3)]
        counted = [x.sum() + i for i in range(n)]
        both = mg.stack(known).sum()
        if len(squares) > 0:
            both = both + mg.stack(squares).sum()
        if n > 0:
            both = both * mg.stack(counted).sum()
        return both, [len(squares), len(counted)]

    agree(f, *[(rows(n), n) for n in range(5)])


def test_tuples_and_dicts():
    def f(x, y):
        a, (b, c) = x, (y, x + y)
        a, b = b, a
        found = {"sum": a + c, "parts": (a, b)}
        found["more"] = found["sum"] * 2
        for name, value in found.items():
            if name == "more":
                c = c + value
        for i in range(2):
            a, b = b, a + b * i
        return {"c": c, "pair": (a, b), "n": len(found), "none": None, "name": "f"}

    agree(f, (mg.ones(2), mg.arange(2.0)))


def test_dict_arguments():
    def f(batch: dict[str, Tensor]):
        out = batch["x"] * 2
        if "mask" in batch:
            out = out * batch["mask"]
        return {key: out}

    key = "out"

    def g(batch: dict[str, Tensor]):
        out = batch["x"] * 2
        if "mask" in batch:
            out = out * batch["mask"]
        return {"out": out}

    agree(g, ({"x": mg.ones(2)},), ({"x": mg.ones(2), "mask": mg.zeros(2)},))
    with pytest.raises(RuntimeError, match="Call it once"):
        _ = jit.script(g).graph
    assert f({"x": mg.ones(1)}) and jit.script(f)({"x": mg.ones(1)})["out"].item() == 2


def test_tuple_arguments_and_sizes():
    def f(pair: tuple[Tensor, Tensor], n: int = 2):
        a, b = pair
        rows, columns = a.shape
        if a.dim() == 2 and a.numel() > 3:
            a = a.reshape(columns, rows)
        return a.sum() * n + b, rows + columns, a.shape[-1]

    agree(f, ((mg.ones(2, 3), mg.ones(1)),), ((mg.ones(3, 1), mg.ones(1)), 5))


def test_numbers():
    def f(x, n: int, r: float):
        a = abs(n) // 2 + n % 3 - n**2 + max(n, 1) * min(n, 2, 5)
        b = math.sqrt(r) + math.floor(r) - math.exp(-r) + float(n) / 2
        c = int(x.sum()) + int(r) + bool(n)
        d = x[0].item() * 2
        return a, b, c, d, not n, n > 1 > r, float(x[1]), -r

    agree(f, *[(mg.tensor([1.5, 2.25]), n, r) for n in (-2, 0, 3) for r in (0.5, 4.0)])


# Functions


def helper(x, times: int = 2, *, negate: bool = False):
    """With defaults and a keyword."""
    for _ in range(times):
        x = x * 2
    if negate:
        return -x
    return x


def second(x, y):
    if x.sum() > y.sum():
        return x, y
    return y, x


def test_calls_of_functions():
    def f(x):
        big, small = second(x, helper(x, negate=True))
        return helper(big, 3) - helper(times=1, x=small)

    agree(f, *SIGNS)


def test_functions_within_see_the_variables_around():
    def f(x):
        shift = x * 2

        def moved(y, n):
            return y + shift * n

        x = moved(x, 1)
        return moved(x, 2)

    agree(f, *SIGNS)


def test_scripted_functions_call_each_other():
    inner = jit.script(helper)

    def f(x):
        return inner(x) + 1

    agree(f, *SIGNS)


def test_functions_of_minigrad_by_their_many_names():
    def f(x):
        y = F.softmax(x, dim=1) + mg.sigmoid(x).tanh() - x.relu() @ mg.eye(3)
        values, places = x.max(dim=1)
        y = y + x.mean(dim=0, keepdim=True) + x.T.T + x.std()
        a, b, c = mg.unbind(x, 1)
        parts = x.chunk(2)
        y = y + mg.stack([a, b, c], dim=1) + mg.where(x > 0, x, 0.0) + x.clamp(min=0)
        y = y + F.layer_norm(x, (3,)) + F.pad(x, (0, 0)) + mg.cat([x[:, :1], x[:, 1:]], dim=1)
        z = mg.einsum("ij,ij->i", x, x) + values + x.sum(1) + x[:, -1] + x[..., 0]
        return y, z, places, x.argmax(), x.view(-1), x.transpose(0, 1), len(parts), x[x > 0], x.long(), x.float() / 3

    agree(f, (rows(2),), (rows(4),))


def test_losses_and_new_tensors():
    def f(x, target):
        loss = F.cross_entropy(x, target) + F.mse_loss(x, mg.zeros_like(x)) * 0.5
        loss += mg.zeros(2, x.size(1)).sum() + mg.ones(3).sum() + mg.full((2,), 0.5).sum()
        return loss + mg.tensor(2.0) + mg.arange(x.size(0)).sum() + mg.tensor([1.0, 2.0]).sum()

    agree(f, (rows(2), mg.tensor([0, 2])), (rows(3), mg.tensor([1, 1, 0])))


def test_a_tensor_made_anew_may_be_added_to_in_its_place():
    def f(x):
        total = mg.zeros(3)
        for row in x:
            total += row
            if total.sum() > 40:
                return total, 0
        n = 1
        n *= 3
        return total, n

    agree(f, *LENGTHS)


def test_comparisons_in_a_chain_stop_where_one_fails():
    def f(x):
        if 0 < x.sum() < x.size(0) < x.abs().sum():
            return x * 2
        return -x

    agree(f, *SIGNS, (mg.tensor([1.5, -0.75]),), (mg.ones(1) * 1.5,))


def test_lists_of_ones_own_may_be_changed():
    def f(xs: list[Tensor]):
        ys = list(xs)
        ys.append(xs[0])
        ys.reverse()
        zs = ys[1:] + [ys[0] * 2]
        known = [ys[0], ys[1]]
        known.insert(1, ys[0] * 3)
        zs = zs + [known.pop(0), known[0]]
        zs[-1] = zs[0] + 1
        for i in range(len(zs)):
            zs[i] = zs[i] * i
        return zs, ys

    agree(f, *[([mg.ones(2) * i for i in range(1, n)],) for n in range(2, 5)])


# Effects


def test_print_shows_at_every_run(capsys):
    @jit.script
    def f(x, n: int):
        for i in range(n):
            print("turn", i, x.sum(), sep="|")
        return x

    f(mg.ones(2), 2), f(mg.ones(2), 1)
    assert capsys.readouterr().out == "turn|0|tensor(2.)\nturn|1|tensor(2.)\nturn|0|tensor(2.)\n"
    assert "print('turn', i, sum(x), sep='|')" in f.code or "print('turn', i, sum_, sep='|')" in f.code


def test_assert_and_raise():
    @jit.script
    def f(x, n: int):
        assert n > 0, "n has to be positive"
        if x.sum() > 10:
            raise ValueError("too much")
        return x * n

    assert f(mg.ones(2), 2).tolist() == [2, 2]
    with pytest.raises(AssertionError, match="n has to be positive"):
        f(mg.ones(2), 0)
    with pytest.raises(ValueError, match="too much"):
        f(mg.ones(20), 1)


def test_random_numbers_are_drawn_at_every_run():
    @jit.script
    def f(x):
        return F.dropout(x, 0.5) + mg.rand(8) * 0

    mg.manual_seed(3)
    first, other = f(mg.ones(8)), f(mg.ones(8))
    mg.manual_seed(3)
    assert mg.equal(f(mg.ones(8)), first) and not mg.equal(first, other)


def test_ignored_functions_are_left_to_python():
    seen = []

    @jit.ignore
    def look(x):
        seen.append(x.tolist())
        return x * 2

    @jit.unused
    def never(x):
        return x.numpy()

    @jit.script
    def f(x):
        if x.sum() < 0:
            return never(x)
        return look(x) + 1

    x = mg.ones(2).requires_grad_()
    y = f(x)
    y.sum().backward()
    assert y.tolist() == [3, 3] and seen == [[1, 1]] and x.grad.tolist() == [2, 2]
    with pytest.raises(RuntimeError, match=r"never is marked with jit.unused"):
        f(-x)
    with pytest.raises(ValueError, match="a Python function of its own"):
        f.graph.to_json()


# What it looks like


@jit.script
def shown(x, n: int):
    total = mg.zeros(2)
    for i in range(n):
        if x.sum() > i:
            total = total + x
        else:
            break
    return total.softmax(0), n


GRAPH = """\
graph(%x : tensor, %n : int):
  %total : tensor = tensor.full(0.0, shape=(2,))
  %total.4 : tensor = loop %i < %n while True, with (%total.1 = %total)
      %sum : tensor = sum(%x)
      %gt : tensor = gt(%sum, %i)
      %bool : bool = tensor.bool(%gt)
      %total.3 : tensor = if %bool
        then:
          %total.2 : tensor = add(%total.1, %x)
          -> %total.2
        else:
          -> %total.1
      -> again if %bool: (%total.3)
  %softmax : tensor = softmax(%total.4, dim=0)
  return %softmax, %n
"""
CODE = """\
def shown(x: Tensor, n: int):
    total_4 = full(0.0, shape=(2,))
    again_i = True
    for i in range(n):
        if not again_i:
            break
        bool_1 = bool((sum(x) > i))
        if bool_1:
            total_2 = total_4 + x
            total_3 = total_2
        else:
            total_3 = total_4
        total_4 = total_3
        again_i = bool_1
    softmax_1 = softmax(total_4, dim=0)
    return softmax_1, n
"""


def test_text_and_code_are_what_was_written():
    assert re.sub(r"  # \S+:\d+", "", str(shown.graph)) + "\n" == GRAPH
    assert shown.code + "\n" == CODE
    places = [step.source for step in shown.graph.every_step()]
    first = inspect.getsourcelines(shown.__wrapped__)[1]
    assert {place.line - first for place in places} <= {2, 3, 4, 5, 8} and places[0].text == "total = mg.zeros(2)"
    assert repr(shown) == "<ScriptFunction shown>" and shown.__name__ == "shown"


def test_every_value_has_a_name_of_its_own_also_where_a_loop_is_gone_through_twice():
    one, two, three = mg.ones(3), mg.zeros(3), mg.ones(3) * 5

    @jit.script
    def f(x):
        ys = [x]
        for _ in range(x.size(0)):
            ys.append(x * one + two)
        return mg.stack(ys) + three

    made = [value for step in f.graph.every_step() for value in step.outputs]
    names = [value.name for value in (*f.graph.inputs, *f.graph.held(), *made)]
    assert len(names) == len(set(names))
