"""Programs drawn at random, as source: script and Python have to agree on results and gradients."""

import itertools
import json
import linecache

from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import jit
from minigrad.jit import Graph

TENSORS, INTS = ("a", "b", "c"), ("p", "q")
number = itertools.count()

ints = st.recursive(
    st.sampled_from([*INTS, "n", "x.size(0)", "len(x)"]) | st.integers(-3, 5).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]}) % 7")
    | st.tuples(inner, st.sampled_from(["min", "max"]), inner).map(lambda t: f"{t[1]}({t[0]}, {t[2]})"), max_leaves=3,
)  # fmt: skip
tensors = st.recursive(
    st.sampled_from([*TENSORS, "x.sum(0)", "mg.ones(3)"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"mg.tanh({t[0]} {t[1]} {t[2]})")
    | inner.map(lambda t: f"-{t}") | st.tuples(inner, ints).map(lambda t: f"({t[0]} + ({t[1]}) * 0.1)")
    | inner.map(lambda t: f"helper({t})"), max_leaves=3,
)  # fmt: skip
simple = st.one_of(
    st.tuples(ints, st.sampled_from(["<", ">=", "==", "!="]), ints).map(" ".join),
    st.tuples(tensors, st.sampled_from([".sum() > 0", "[0] < 0.3", ".max() >= 0.5"])).map(lambda t: f"({t[0]}){t[1]}"),
)  # fmt: skip
conditions = st.recursive(simple, lambda inner: st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(
    lambda t: f"({t[0]}{t[1]}{t[2]})") | inner.map(lambda t: f"not ({t})"), max_leaves=2)  # fmt: skip
assignments = st.one_of(
    st.tuples(st.sampled_from(TENSORS), tensors).map(" = ".join),
    st.tuples(st.sampled_from(INTS), ints).map(" = ".join),
    st.tuples(st.sampled_from(INTS), ints).map(" += ".join), st.just("a, b = b, a"), st.just("p, c = q, a * 0.5"),
    st.tuples(tensors, conditions, tensors).map(lambda t: f"c = {t[0]} if {t[1]} else {t[2]}"),
    tensors.map(lambda t: f"ys.append({t})"), st.just("b = pair[0]"), tensors.map(lambda t: f"pair = (pair[1], {t})"),
    st.tuples(tensors, simple).map(lambda t: f"zs = [row + {t[0]} for row in x if row.sum() > 0]; p = len(zs)"),
)  # fmt: skip
RESULT = "return a, {'b': b, 'p': p}, pair"


def indented(lines):
    return ["    " + line for line in lines]


def branch(test, then, orelse):
    return [f"if {test}:", *indented(then), *(["else:", *indented(orelse)] if orelse else [])]


def statements(inside_loop):
    """Blocks of statements, as lists of lines."""
    ends = st.just([RESULT]) | (st.sampled_from([["break"], ["continue"]]) if inside_loop else st.nothing())
    plain = assignments.map(lambda line: [line])

    def grown(inner):
        loops = statements_in_loop if not inside_loop else inner
        return st.one_of(
            st.tuples(conditions, inner, inner | st.just([])).map(lambda t: branch(*t)),
            st.tuples(conditions, ends).map(lambda t: branch(*t, [])),
            st.tuples(st.sampled_from(["i in range(n)", "i in range(3)", "i in range(1, x.size(0), 2)"]), loops).map(
                lambda t: [f"for {t[0]}:", "    p += i", *indented(t[1])]),
            loops.map(lambda t: ["for k, row in enumerate(x):", "    c = c + row * k", *indented(t)]),
            st.tuples(conditions, loops).map(
                lambda t: [f"while turns < 4 and {t[0]}:", "    turns += 1", *indented(t[1])]),
            st.lists(inner, min_size=2, max_size=3).map(lambda t: [line for part in t for line in part]),
        )  # fmt: skip

    return st.recursive(plain, grown, max_leaves=4)


statements_in_loop = statements(True)
HEAD = ["def program(x, n: int):", "    a, b, c, p, q, turns = x.sum(0), mg.ones(3), mg.zeros(3), 0, n, 0",
        "    pair, ys = (a, b), [a]"]  # fmt: skip
TAIL = ["    p += len(ys)", "    a = a + mg.stack(ys).sum(0)", "    " + RESULT]


def helper(x):
    if x.sum() > 1:
        return x * 0.5
    return x + 0.25


def built(body):
    """The program as a function with source."""
    text = "\n".join([*HEAD, *indented(body), *TAIL]) + "\n"
    name = f"<program {next(number)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {"mg": mg, "helper": helper}
    exec(compile(text, name, "exec"), space)
    return space["program"], name


def outcome(function, x, n):
    x = x.detach().clone().requires_grad_()
    a, rest, pair = function(x, n)
    total = a.sum() + (rest["b"] * 2).sum() + pair[0].sum() * 3 + pair[1].sum()
    grad = mg.autograd.grad(total, x, allow_unused=True)[0] if total.requires_grad else None
    return str([a.tolist(), rest["b"].tolist(), rest["p"], [part.tolist() for part in pair],
                mg.zeros(x.shape).tolist() if grad is None else grad.tolist()])  # fmt: skip


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.lists(statements(False), min_size=1, max_size=4).map(lambda parts: [line for part in parts for line in part]))
def test_programs_agree(body):
    program, name = built(body)
    try:
        scripted = jit.script(program)
        again = Graph.from_json(json.loads(json.dumps(scripted.graph.to_json())))
        for rows, n in ((0, 2), (1, 0), (3, 1), (4, 4)):
            x = mg.randn(rows, 3, generator=mg.Generator().manual_seed(rows))
            expected = outcome(program, x, n)
            assert outcome(scripted, x, n) == expected
            assert outcome(again, x, n) == expected
    finally:
        del linecache.cache[name]


# Who shares what with whom: such a program is compiled right, or refused.

sharing = st.sampled_from([
    "a = b", "b = a", "a += c", "b += 1", "a = a + c", "c = b[:]", "b = c.reshape(3)", "a = mg.zeros(3)",
    "a = xs[0]", "xs.append(a)", "ys.append(b)", "ys = xs", "xs = ys + [a]", "xs = [a]", "ys = [b, c]", "pair = (a, b)",
    "a, b = pair", "xs[0] = b", "ys += [c]", "xs = list(ys)", "table = {'a': a}", "b = table['a']", "table['a'] = c",
    "xs = [mg.zeros(3), b]", "c = a.relu()", "c = mg.stack(xs).sum(0)", "a = a if x.sum() > 0 else b",
    "b = x.sum(0)", "xs.pop()",
])  # fmt: skip
sharing_blocks = st.recursive(
    sharing.map(lambda line: [line]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda t: [line for part in t for line in part]),
        inner.map(lambda t: ["for row in x:", *indented(t)]),
        st.tuples(inner, inner | st.just([])).map(lambda t: branch("x.sum() > n", *t)),
        inner.map(lambda t: branch("n > 1", t, [])),
    ),
    max_leaves=9,
)  # fmt: skip


def shared_program(body):
    """The program as a function, and the name of its source."""
    head = ["def program(x, n: int):", "    a, b, c = mg.zeros(3), mg.ones(3), x.sum(0)",
            "    xs, ys, pair, table = [b, c], [a, c], (a, c), {'a': mg.ones(3)}"]  # fmt: skip
    text = "\n".join([*head, *indented(body), "    return a, b, c, xs, ys, pair, table"]) + "\n"
    name = f"<program {next(number)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    space = {"mg": mg}
    exec(compile(text, name, "exec"), space)
    return space["program"], name


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(sharing_blocks, min_size=3, max_size=7).map(lambda parts: [line for part in parts for line in part]))
def test_what_is_shared_is_right_or_refused(body):
    program, name = shared_program(body)
    try:
        scripted = jit.script(program)
    except jit.UnsupportedError:
        return
    finally:
        del linecache.cache[name]
    for rows, n in ((0, 0), (1, 2), (2, 1), (3, 0)):
        x = mg.randn(rows, 3, generator=mg.Generator().manual_seed(rows))
        try:
            expected = program(x, n)
        except (IndexError, mg.ShapeError):  # there was nothing to pop, or to stack
            continue
        assert str(scripted(x, n)) == str(expected)
