"""Boundaries: where a gradient stops, where it turns to zeros, what left for Python, and what is known to come back."""

import linecache
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import viz
from viz import boundaries
from viz.picture import picture
from viz.record import Run


def ran(code, **names):
    """The run of a piece of a learner's code, which stands in a file of its own, as a notebook cell does."""
    file = f"<cell {hash(code)}>"
    linecache.cache[file] = len(code), None, code.splitlines(True), file
    names = {"mg": mg, **names}
    with Run(look_up=False) as run:
        exec(compile(code, file, "exec"), names)
    run.cell = names
    return run


def leaf(*values):
    return mg.tensor(list(values) if len(values) > 1 else values[0], requires_grad=True)


def told(run):
    """The lines of the outline behind its tables: what was read, and the boundaries."""
    lines = run.outline().split("\n\ndigest")[0].splitlines()
    return [line for line in lines if line.startswith(("read back", "copied", "cut:", "zero:", "frozen:", "not rec"))]


def marks(run):
    return [(run.scene()["edges"][place]["from"].partition("#")[0], edge.stop)
            for place, edge in enumerate(picture(run.graph).edges) if edge.stop]


DETACHED = ("cut: x -> #1 detach: detach hands on the numbers without their history; "
            "without it the gradient would go on")
GOLDEN = {
    "y = x.detach() * w": [DETACHED],
    "y = (x > 1) * w": ["cut: x -> #1 gt: gt gives True or False, which has no slope"],
    "y = x.argmax() * w": ["cut: x -> #1 argmax: argmax gives whole numbers, which have no slope"],
    "y = x.long() * w": ["cut: x -> #1 to_integer: to_integer gives whole numbers, which have no slope"],
    "y = x.round() * w": ["zero: x -> #1 round: round is flat: the gradient is there, and it is 0"],
    "with mg.no_grad():\n    y = x * 2": [
        "not recorded: x -> #1 mul: recording was off (no_grad); with it on this would be MulBackward0"],
    "y = x[0] * x[1].item()": [
        "read back #2 by item(), line 1: y = x[0] * x[1].item(); what it gave came back into #3 mul"],
    "y = x * float(x[1])": [
        "read back #1 by float(), line 1: y = x * float(x[1]); what it gave came back into #2 mul"],
    "y = x * x.tolist()[1]": [
        "read back x by tolist(), line 1: y = x * x.tolist()[1]; what it gave came back into #1 mul"],
    "y = mg.from_numpy(x.detach().numpy()) * w": [
        "read back #1 by numpy(), line 1: y = mg.from_numpy(x.detach().numpy()) * w; what it gave came back into "
        "input 2", DETACHED],
    "t = mg.tensor([x[0], x[1].item()])\ny = t * w": [
        "copied #1 by tensor([…]), line 1: t = mg.tensor([x[0], x[1].item()]); into t",
        "read back #2 by item(), line 1: t = mg.tensor([x[0], x[1].item()]); what it gave came back into t"],
    "if x[0] > 1:\n    y = x\nelse:\n    y = x * 2": [
        "read back #2 by bool(), line 1: if x[0] > 1:",
        "cut: #1 -> #2 gt: gt gives True or False, which has no slope"],
}


@pytest.mark.parametrize("code", GOLDEN)
def test_each_boundary_is_told_in_the_outline(code):
    assert sorted(told(ran(code, x=leaf(0.2, 1.7), w=leaf(1.0, 2.0)))) == sorted(GOLDEN[code])


def test_a_frozen_parameter_takes_no_gradient_and_the_rest_does():
    net = mg.nn.Linear(2, 1)
    net.weight.requires_grad_(False)
    run = ran("y = net(x).sum()", net=net, x=leaf(1.0, 2.0))
    assert told(run) == ["frozen: weight -> #1 linear: it asks for no gradient"]
    assert marks(run) == [("source:weight", "frozen")]


def test_two_kinds_of_nothing_look_different():
    """M07: a comparison cuts, rounding and a hard clip send zeros."""
    x, w = leaf(0.2, 1.7), leaf(1.0, 2.0)
    run = ran("a = (x > 1) * w\nb = x.round() * w\nc = x.clamp(5, 6) * w\n(a + b + c).sum().backward()", x=x, w=w)
    assert sorted(marks(run)) == [("source:x", "cut"), ("source:x", "zero"), ("source:x", "zero")]
    drawn = run.svg()
    assert drawn.count("<circle") == 2 and ">cut: gt<" in drawn and ">zero: round<" in drawn
    assert "zero: x -> #5 clamp: the gradient is there, and it is 0 here" in run.outline()
    assert x.grad.tolist() == [0.0, 0.0]


def test_zeros_are_marked_where_they_begin_only():
    x = leaf(0.2, 1.7)
    run = ran("h = x * 2\ny = (h.exp() * 0.0).sum()\ny.backward()", x=x)
    assert [edge.stop for edge in picture(run.graph).edges] == [None, None, "zero", None, None]


def test_a_gradient_of_zero_that_came_is_no_boundary():
    run = ran("y = (x * 2).sum()\ny.backward(mg.tensor(0.0))", x=leaf(1.0, 2.0))
    assert marks(run) == []


# ---------------------------------------------------------------- what comes back


def returns(run):
    reads = run.graph.reads
    return [(reads[back.read].how, back.step, back.position, back.value) for back in run.graph.returns]


def test_only_the_very_number_is_said_to_come_back():
    x = leaf(3.0)
    assert returns(ran("y = x * x.item()", x=x)) == [("item", 0, 1, None)]
    assert returns(ran("x.item()\ny = x * 3.0", x=x)) == []  # an equal number is no proof
    assert returns(ran("y = x * (2 * x.item())", x=x)) == []
    assert returns(ran("n = x.item()\ny = n * x\nz = y * n", x=x)) == [("item", 0, 1, None), ("item", 1, 1, None)]


def test_numbers_that_python_shares_prove_nothing():
    small, large = mg.tensor(3), mg.tensor(3000)
    assert returns(ran("n = small.item()\ny = small * 3", small=small)) == []
    assert returns(ran("n = large.item()\ny = large * n", large=large)) == [("item", 0, 1, None)]
    assert returns(ran("n = large.item()\ny = large * 3000", large=large)) == []
    assert returns(ran("b = bool(x > 2)\ny = x * True", x=leaf(3.0))) == []


def test_a_tensor_that_is_there_for_its_number_only_is_drawn_and_not_in_the_digest():
    x, w = leaf(3.0), leaf(2.0)
    run, plain = ran("y = w * x.item()", x=x, w=w), ran("y = w * 3.0", w=w)
    assert [node["title"] for node in run.scene()["nodes"]] == ["w", "x", "item()", "mul 3.0", "y"]
    assert "only read" in run.outline() and run.digest() == plain.digest()
    assert run.diff(plain).summary == "same graph, 1 door gone" and not run.diff(plain)
    assert run.diff(run).summary == "same graph"


def test_a_read_of_what_the_graph_does_not_know_is_left_out():
    run = ran("x.item()\ny = w * 2", x=leaf(3.0), w=leaf(1.0))
    assert run.graph.reads == [] and len(run.graph.sources()) == 1


def test_tensor_of_tensors_records_no_op_that_nobody_wrote():
    """M05: only numbers go into `tensor([...])`; `stack` keeps the history."""
    a, b = leaf(1.0), leaf(2.0)
    run = ran("t = mg.tensor([a, b])\ny = (t * t).sum()", a=a, b=b)
    assert [step.op for step in run.graph.steps] == ["mul", "sum"]
    broken = [(edge["from"], edge["to"], edge["argument"]) for edge in run.scene()["edges"] if edge.get("broken")]
    assert broken == [(f"source:{name}#0", "source:t#0", "numbers only") for name in "ab"]


def test_tensor_that_nobody_used_is_a_door_out():
    run = ran("h = x * 2\nt = mg.tensor([h])", x=leaf(1.0))
    assert [node["title"] for node in run.scene()["nodes"]] == ["x", "mul 2", "tensor([…])", "h"]


def test_what_an_if_used_is_no_result():
    titles = [node["title"] for node in ran("if x > 1:\n    y = x * 2", x=leaf(2.0)).scene()["nodes"]]
    assert titles == ["x", "gt 1", "if", "mul 2", "y"]


@pytest.mark.parametrize(("line", "title"), [
    ("if x > 1: pass", "if"), ("y = 1 if x > 1 else 2", "if"), ("while x > 9: pass", "while"),
    ("assert x > 1", "assert"),
    ("y = bool(x > 1)", "bool()"), ("y = not (x > 1)  # if not", "bool()"), ("y = x.item()", "item()"),
    ("y = int(x)", "int()"), ('y = f"{x:.2f}"', 'f"…"'), ('y = f"{x.item()}"', "item()"),
])
def test_the_box_says_what_asked(line, title):
    run = ran(f"h = x * 1\n{line}", x=leaf(2.0))
    assert boundaries.read_title(run.graph.reads[-1]) == title


def test_many_reads_of_one_value_share_a_box():
    run = ran("h = x * 2\nfor _ in range(1000):\n    h.item()", x=leaf(2.0))
    [box] = [node for node in run.scene()["nodes"] if node["kind"] == "escape"]
    assert (box["title"], box["subtitle"]) == ("item()", "1,000 times")


def test_reads_keep_nothing_alive():
    import gc
    import weakref

    x = leaf(1.0, 2.0)
    with Run() as run:
        h = x * 2
        n = [h.tolist(), h.detach().numpy(), mg.tensor([h[0]])]
        seen = [weakref.ref(what) for what in (x, h, *n[1:])]
        del x, h, n
        gc.collect()
        assert [reference() for reference in seen] == [None] * 4
    assert len(run.graph.reads) == 3


def test_folded_boxes_have_their_doors_too():
    net = mg.nn.Sequential(*[mg.nn.Linear(2, 2) for _ in range(6)])
    run = ran("y = net(x).sum()\ny.item()\nz = y * y.item()", net=net, x=mg.ones(1, 2))
    for fold in ("modules", "loops", "all"):
        titles = [node["title"] for node in run.scene(fold=fold)["nodes"]]
        assert "item()" in titles and run.svg(fold=fold).count("item() gave") == 1


def test_a_shut_box_under_no_grad_stops_what_goes_in():
    code = "h = x * 2\nwith mg.no_grad():\n    y = net(h)\nz = net(h)"
    run = ran(code, net=mg.nn.Sequential(mg.nn.Linear(2, 2), mg.nn.Tanh()), x=leaf(1.0, 2.0))
    marked = {edge["to"]: edge.get("stop") for edge in run.scene(fold="modules")["edges"]
              if edge["to"].startswith("box:")}
    assert list(marked.values()) == ["off", None]


def test_words_of_a_stranger_stay_words():
    hostile = 'if x > 1: y = x * 2  # </text><script>alert("1")</script> 🦀 & \'"'
    run = ran(hostile, x=leaf(2.0))
    drawn = run.svg()
    ElementTree.fromstring(drawn)
    assert "<script" not in drawn and "<script>alert" not in run.html() and "🦀" in run.outline()
    assert run.dot().source and run.steps_svg()


OPS = ["exp", "detach", "round", "item", "times", "if", "tensor", "none"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(OPS), min_size=1, max_size=8), st.booleans())
def test_reading_changes_no_digest_and_every_view_works(ops, backward):
    def program(x, read):
        h = x * 1.5
        for op in ops:
            if op in ("exp", "detach", "round"):
                h = getattr(h, op)()
            elif op == "item" and read:
                h.item()
            elif op == "tensor" and read:
                mg.tensor([h, h.tolist()])
            elif op == "if":
                positive = h > 0
                if read:
                    bool(positive)
            elif op == "times":
                h = h * (h.item() if read else 2.5)
            elif op == "none":
                with mg.no_grad():
                    h = h + 1
        if backward and h.requires_grad:
            h.backward()

    runs = []
    for read in (False, True):
        with Run() as run:
            program(leaf(0.5), read)
        runs.append(run)
    plain, run = runs
    assert plain.digest() == run.digest() and not plain.graph.reads
    assert viz.from_json(run.to_json()).to_json() == run.to_json()  # as text, for nan is not equal to itself
    scene, drawn = run.scene(), run.svg()
    keys = [node["key"] for node in scene["nodes"]]
    assert len(set(keys)) == len(keys) and len({edge["key"] for edge in scene["edges"]}) == len(scene["edges"])
    assert all(edge["from"] in keys and edge["to"] in keys for edge in scene["edges"])
    ElementTree.fromstring(drawn)
    stopped = sum(line.startswith(("cut:", "zero:", "not recorded:")) for line in run.outline().splitlines())
    assert stopped == sum(edge.get("stop") is not None for edge in scene["edges"]) - sum(
        edge.get("stop") is not None and edge["to"].startswith("left:") for edge in scene["edges"])
    run.steps_svg()
