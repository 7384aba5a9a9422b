"""Arms that were not taken, as ghosts that are never wrong; and the meter that counts arms over a data set."""

import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
import viz
from minigrad import nn
from tests.test_viz_boundaries import leaf, ran
from viz.record import Run
from viz.still import VIEW

ROUTER = """
class Router(mg.nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = mg.nn.Linear(1, 1), mg.nn.Linear(1, 1)

    def forward(self, x, branch="auto"):
        if branch == "right" or (branch == "auto" and x > 0):
            y = 2 * self.right(x)
        else:
            y = self.left(x)
        return y

router = Router()
"""


def ghosts(run):
    """(text, line, names of parameters) of each ghost."""
    return [(arm.source.text, arm.source.line, [run.graph.values[value].name for value in arm.parameters])
            for arm in run.graph.untaken]


@pytest.mark.parametrize(("x", "branch", "arm"), [
    (1.5, "auto", ("else: y = self.left(x)", 11, ["left.weight", "left.bias"])),
    (1.5, "left", ("if branch == 'right' or (branch == 'auto' and x > 0): y = 2 * self.right(x)", 9,
                   ["right.weight", "right.bias"])),
])
def test_the_arm_not_taken_is_a_ghost_with_none_on_its_parameters(x, branch, arm):
    run = ran(f"{ROUTER}y = router(mg.tensor([{x}]), {branch!r})\ny.backward()")
    assert ghosts(run) == [arm]
    scene = run.scene()
    [ghost] = [node for node in scene["nodes"] if node["kind"] == "ghost"]
    assert ghost["subtitle"] == f"not taken (line {arm[1]})"
    hung = [edge for edge in scene["edges"] if edge["to"] == ghost["key"] and edge["from"].startswith("source")]
    assert [edge["label"] for edge in hung] == ["grad: None"] * 2
    name = arm[2][0]
    assert f"not taken, line {arm[1]}: {arm[0][:20]}" in run.outline() and f"{name}.grad: None" in run.outline()
    assert viz.from_json(run.to_json()).graph == run.graph


def test_no_ghost_where_both_arms_ran():
    assert ghosts(ran(f"{ROUTER}router(mg.tensor([1.5]))\nrouter(mg.tensor([-1.5]))")) == []


def test_the_digest_knows_nothing_of_ghosts():
    run = ran(f"{ROUTER}y = router(mg.tensor([1.5]))")
    bare = viz.from_json(run.to_json())
    bare.graph.untaken.clear()
    assert bare.digest() == run.digest() and bare.svg() != run.svg()


CASES = [
    ("y = a * x if x > t else b * x", [("else: b * x", 1, [])]),
    ("if x > t:\n    y = a * x\nelse:\n    y = b * x", [("else: y = b * x", 4, [])]),
    ("if not x > t:\n    y = a * x\n    z = y\nelse:\n    y = b * x", [("if not x > t: y = a * x …", 2, [])]),
    ("if x < t:\n    y = a * x\nelif x > 5:\n    y = b * x\nelse:\n    y = x * 3",
     [("if x < t: y = a * x", 2, []), ("elif x > 5: y = b * x", 4, [])]),
    ("if x > t:\n    y = a * x\nelif a > b:\n    y = b * x", [("elif a > b: …", 3, [])]),
    ("if x > t:\n    y = a * x", []),  # there is no other arm
    ("y = [a * n if n > t else b * n for n in (x, x + 1)]", [("else: b * n", 1, [])]),
    ("y = [a * n if n > t else b * n for n in (x, t - 1)]", []),  # each arm ran once
    ("for n in (x, t - 1):\n    if n > t:\n        y = a * n\n    else:\n        y = b * n", []),
    # Nothing is known of these.
    ("y = a * x if (x > t).all() else b * x", [("else: b * x", 1, [])]),
    ("if x - 2:\n    y = a * x\nelse:\n    y = b * x", [("if x - 2: y = a * x", 2, [])]),
    ("if not x - 2:\n    y = a * x\nelse:\n    y = b * x", [("else: y = b * x", 4, [])]),
    ("flag = True\nif flag:\n    y = a * x\nelse:\n    y = b * x", []),
    ("if x > t and True:\n    y = a * x\nelse:\n    y = b * x", []),
    ("if t < x < 9:\n    y = a * x\nelse:\n    y = b * x", []),
    ("y = x * 1\nwhile y < 9:\n    y = y * 2\nelse:\n    y = b * x", []),
]


@pytest.mark.parametrize(("code", "wanted"), CASES)
def test_what_a_tensor_decided(code, wanted):
    assert ghosts(ran(code, x=leaf(2.0), t=leaf(1.0), a=leaf(3.0), b=leaf(4.0))) == wanted


def test_a_condition_that_was_a_plain_number_another_time_proves_nothing():
    code = "def f(n):\n    if n > 1:\n        return x * 2\n    else:\n        return x * 3\ny = f(x)\nz = f(0.5)"
    assert ghosts(ran(code, x=leaf(2.0))) == []


def test_modules_by_their_global_names():
    code = "def f(x, go_left):\n    return left(x) if go_left else right(x)\ny = f(mg.ones(1, 1), {})"
    parts = {"left": nn.Linear(1, 1), "right": nn.Linear(1, 1)}
    assert ghosts(ran(code.format(True), **parts)) == [("else: right(x)", 2, [])]
    assert ghosts(ran(code.format(False), **parts)) == [("if go_left: left(x)", 2, [])]
    assert ghosts(ran(code.format(True) + "\nz = f(y, False)", **parts)) == []


def test_a_name_that_has_changed_its_meaning_proves_nothing():
    code = ("def f(x, go):\n    h = x * 2\n    return part(h) if go else h\n"
            "y = f(mg.ones(1, 1), True)\npart = mg.nn.Linear(1, 1)")
    assert ghosts(ran(code, part=nn.Linear(1, 1))) == []


def test_an_arm_that_may_have_begun_proves_nothing():
    """Its first call is another one, which may have failed before the module was reached."""
    code = f"{ROUTER.replace('self.left(x)', 'self.left(x.exp())')}y = router(mg.tensor([1.5]))"
    assert ghosts(ran(code)) == []
    code = f"{ROUTER.replace('y = self.left(x)', 'z = x * 2; y = self.left(x)')}y = router(mg.tensor([1.5]))"
    assert ghosts(ran(code)) == []


def test_without_its_source_nothing_is_said():
    names = {"mg": mg, "x": leaf(2.0)}
    with Run() as run:
        exec(compile("y = x * 2 if x > 1 else x * 3", "<nowhere>", "exec"), names)
    assert ghosts(run) == [] and len(run.graph.reads) == 1


def test_a_run_that_goes_on_thinks_again():
    code = f"{ROUTER}view = viz.watch(router)\ny = router(mg.tensor([1.5]))\n"
    run = ran(code, viz=viz)
    view = run.cell["view"]
    assert [arm.source.text for arm in view.run.graph.untaken] == ["else: y = self.left(x)"]
    y = run.cell["y"] * 2
    y.backward()
    assert [arm.source.text for arm in view.run.graph.untaken] == ["else: y = self.left(x)"]
    view.close()


def test_words_of_a_stranger_in_an_arm_stay_words():
    code = 'y = x * 2 if x > 1 else [x, "</text><script>alert(1)</script> 🦀 \\u202e"]'
    run = ran(code, x=leaf(2.0))
    ElementTree.fromstring(run.svg())
    assert "<script" not in run.svg() and "<script>alert" not in run.html() and len(ghosts(run)) == 1
    assert run.dot().source and run.steps_svg() and "\u202e" not in run.outline()


# ---------------------------------------------------------------- the meter


def measured(code, inputs, **names):
    run = ran(code, **names)
    return viz.coverage(run.cell["f"], inputs)


METER = """\
f on 5 inputs: 2 branches, 1 arm never taken

line 3  if x > 0: y = 1     3 of 5  ████████████░░░░░░░░
line 5  elif x < -9: y = 2  0 of 5  ░░░░░░░░░░░░░░░░░░░░  NEVER TAKEN
line 7  else: y = 3         2 of 5  ████████░░░░░░░░░░░░"""


def test_the_meter_counts_how_often_each_arm_ran():
    code = "def f(x):\n    if x > 0:\n        y = 1\n    elif x < -9:\n        y = 2\n    else:\n        y = 3"
    cover = measured(code, [1, 2, 3, -1, -2])
    assert str(cover) == METER and [arm.text for arm in cover.never()] == ["elif x < -9: y = 2"]
    assert repr(cover) == "<Coverage: f on 5 inputs: 2 branches, 1 arm never taken>"
    tensors = measured(code, [mg.tensor(float(n)) for n in (1, 2, 3, -1, -2)])
    assert str(tensors) == METER and tensors.svg() == cover.svg()
    ElementTree.fromstring(cover.svg())
    assert cover.svg().count("never taken") == 3 and "3 of 5" in cover.svg()


def test_the_meter_shows_itself_as_a_table_with_a_picture_for_where_no_widget_runs():
    code = "def f(x):\n    if x > 0:\n        y = 1\n    elif x < -9:\n        y = 2\n    else:\n        y = 3"
    cover = measured(code, [1, 2, 3, -1, -2])
    data, _ = cover._repr_mimebundle_()
    assert {VIEW, "text/plain", "text/html", "image/svg+xml"} == set(data)
    assert data["text/plain"] == METER and "Meter: f on 5 inputs" in data["text/html"]
    assert cover.widget.meter == {"summary": "f on 5 inputs: 2 branches, 1 arm never taken", "arms": [
        {"text": "if x > 0: y = 1", "line": 3, "inputs": 3, "total": 5, "note": "", "never": False, "first": True},
        {"text": "elif x < -9: y = 2", "line": 5, "inputs": 0, "total": 5, "note": "never taken", "never": True,
         "first": True},
        {"text": "else: y = 3", "line": 7, "inputs": 2, "total": 5, "note": "", "never": False, "first": False}]}


def test_the_meter_follows_modules_and_what_they_call():
    run = ran(ROUTER)
    cover = viz.coverage(run.cell["router"], [mg.tensor([n]) for n in (-1.0, 1.0, 2.0)])
    assert [(arm.inputs, arm.line) for fork in cover.forks for arm in fork.arms()] == [(2, 9), (1, 11)]
    cover = viz.coverage(run.cell["router"], [(mg.tensor([1.0]), "left")])
    assert [arm.inputs for fork in cover.forks for arm in fork.arms()] == [0, 1]


def test_how_often_is_told_where_it_is_more_than_the_inputs():
    code = "def f(xs):\n    for x in xs:\n        if x > 0:\n            continue\n        if x:\n            pass"
    assert measured(code, [[1, 2, -1], [-1]]).outline().splitlines()[2:] == [
        "line 4  if x > 0: continue  1 of 2  ██████████░░░░░░░░░░  2 times",
        "line 3  else: go on         2 of 2  ████████████████████",
        "line 6  if x: pass          2 of 2  ████████████████████",
        "line 5  else: go on         0 of 2  ░░░░░░░░░░░░░░░░░░░░"]


@pytest.mark.parametrize("short", ["pass", "continue", "break", "..."])
def test_an_arm_that_leaves_no_trace_is_not_counted_wrong(short):
    assert measured(f"def f(xs):\n    for x in xs:\n        if x: {short}\n        y = x", [[1, 0]]).forks == []


def test_an_error_of_the_function_comes_up_and_tracing_ends():
    before = sys.gettrace()
    with pytest.raises(ZeroDivisionError):
        measured("def f(x):\n    return 1 if 1 / x else 2", [1, 0])
    assert sys.gettrace() is before
    code = "def f(x):\n    try:\n        return 1 if 1 / x else 2\n    except ZeroDivisionError:\n        return 3"
    caught = measured(code, [1, 0])
    assert [arm.inputs for arm in caught.forks[0].arms()] == [1, 0]  # no answer is no arm


@pytest.mark.parametrize("bad", [(3, []), (len, 3)])
def test_what_the_meter_cannot_take(bad):
    with pytest.raises(TypeError, match="coverage"):
        viz.coverage(*bad)


def test_a_library_has_no_branches_here():
    assert viz.coverage(sorted, [[3, 1]]).forks == []
    assert "no branch that could be found ran" in str(viz.coverage(nn.Linear(1, 1), [mg.ones(1)]))


CONDITIONS = ["{x} > {n}", "not {x} > {n}", "{x} > {n} and {x} < 3", "{x} > {n} or {x} < -2", "-2 < {x} < {n}",
              "(1 if {x} > {n} else 0)", "{x}", "not {x}", "{x} - {n}", "abs({x})", "not not bool({x})",
              "{x} and {x} > {n}", "any(k > {n} for k in range({x}))", "[k for k in range({x}) if k > {n}]"]


@st.composite
def programs(draw, depth=0):
    """Lines of a function body that counts for itself which arms run."""
    lines = []
    for _ in range(draw(st.integers(1, 2))):
        test = draw(st.sampled_from(CONDITIONS)).format(x="x", n=draw(st.integers(-2, 2)))
        kind = draw(st.sampled_from(["if", "if else", "elif", "loop", "choice"]))
        inner = draw(programs(depth + 1)) if depth < 2 else ["x = x + 1"]
        other = ["x = x - 2"]
        if kind == "choice":
            lines.append(f"x = seen(x, @) if {test} else seen(x, @)")
            continue
        body = [f"if {test}:", *("    " + line for line in ["seen(x, @)", *inner])]
        if kind in ("if else", "elif"):
            body += ["elif x == 0:", "    seen(x, @)"] * (kind == "elif")
            body += ["else:", *("    " + line for line in ["seen(x, @)", *other])]
        lines += ["for _ in range(3):", *("    " + line for line in body)] if kind == "loop" else body
    return lines


@settings(max_examples=60, deadline=None)
@given(programs(), st.lists(st.integers(-4, 4), max_size=5))
def test_the_meter_agrees_with_code_that_counts_itself(lines, inputs):
    numbered, counts = [], {}
    for line in ["def f(x):", *("    " + line for line in lines), "    return x"]:
        while "@" in line:
            line = line.replace("@", str(len(counts)), 1)
            counts[len(counts)] = 0
        numbered.append(line)

    def seen(x, place):
        counts[place] += 1
        return x

    cover = measured("\n".join(numbered), inputs, seen=seen)
    found = [arm.times for fork in cover.forks for arm in fork.arms() if arm.text is not None and "seen(" in arm.text]
    own = [count for place, count in counts.items() if place in _told(cover)]
    assert sorted(found) == sorted(own)


def _told(cover):
    """The places that arms of the meter begin with."""
    texts = [arm.text for fork in cover.forks for arm in fork.arms() if arm.text is not None and "seen(" in arm.text]
    return {int(text.rpartition("seen(x, ")[2].split(")")[0]) for text in texts}
