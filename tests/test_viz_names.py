"""What things are called in a recorded run, and which line of the learner's code they come from."""

import linecache

import minigrad as mg
from minigrad import nn
from viz.record import Run


def leaf(*values):
    return mg.tensor(list(values), requires_grad=True)


def test_parameters_are_called_as_the_outermost_module_calls_them():
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with Run() as run:
        y = net(mg.ones(1, 2))
    names = {value.name for value in run.graph.values if value.role == "parameter"}
    assert names == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert {step.module for step in run.graph.steps} == {"0", "1", "2"}
    assert run.graph.modules["1"] == "Tanh" and run.graph.modules[""] == "Sequential"
    del y


def test_two_modules_keep_their_parameters_apart():
    body, head = nn.Linear(2, 3), nn.Linear(3, 1)
    with Run() as run:
        y = head(body(mg.ones(1, 2)))
    names = {value.name for value in run.graph.values if value.role == "parameter"}
    assert names == {"body.weight", "body.bias", "head.weight", "head.bias"}
    assert {step.module for step in run.graph.steps} == {"body", "head"}
    del y


def test_parts_of_one_module_are_called_by_their_place_in_it():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    with Run() as run:
        y = net[1](net[0](mg.ones(1, 2)))
    assert {value.name for value in run.graph.values if value.role == "parameter"} == {
        "0.weight", "0.bias", "1.weight", "1.bias"}
    del y


class Router(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(1, 1), nn.Linear(1, 1)

    def forward(self, x):
        return self.left(x) if x.sum() > 0 else self.right(x)


def test_the_arm_not_taken_is_there_without_a_gradient():
    router = Router()
    with Run() as run:
        y = router(mg.ones(1, 1)).sum()
    y.backward()
    lacking = {value.name for value in run.graph.values if run.graph.lacks_gradient(value)}
    assert lacking == {"right.weight", "right.bias"}
    assert "right.weight  parameter  (1, 1)" in run.outline() and "not used, no gradient" in run.outline()
    assert [read.how for read in run.graph.reads] == ["bool"]


def test_names_inside_functions_are_read_off_the_code():
    def block(a, n):
        h = a * a
        for _ in range(n):
            h = (h + a).tanh()
        return h

    with Run() as run:
        out = block(leaf(0.5), 2)
    assert [run.graph.values[step.output].name for step in run.graph.steps] == ["h", None, "h", None, "out"]
    assert run.graph.values[0].name == "a"
    assert [step.iteration for step in run.graph.steps] == [0, 0, 0, 1, 1]
    del out


def test_a_call_of_several_ops_names_its_result_only():
    logits, target = mg.zeros(2, 3).requires_grad_(), mg.tensor([0, 2])

    def step(scores):
        loss = mg.functional.cross_entropy(scores, target)
        return loss

    with Run(look_up=False) as run:
        out = step(logits)
    names = [run.graph.values[step.output].name for step in run.graph.steps]
    assert names[-1] == "loss" and set(names[:-1]) <= {None}
    del out


def test_given_names_win():
    x = leaf(1.0)
    with Run() as run:
        run.name({"speed": x})
        y = x * 2
    assert run.graph.values[0].name == "speed"
    del y


CELL = """\
x = mg.tensor([3.0], requires_grad=True)
with Run() as run:
    y = x * x
    for i in range(2):
        y = y + x
"""


def run_cell(filename):
    """Run CELL as a notebook does: compiled under a made-up file name that only linecache knows."""
    linecache.cache[filename] = len(CELL), None, CELL.splitlines(True), filename
    space = {"mg": mg, "Run": Run}
    exec(compile(CELL, filename, "exec"), space)
    return space["run"]


def test_source_lines_of_a_cell_without_its_file_name():
    first, second = run_cell("/tmp/ipykernel_1/17.py"), run_cell("<ipython-input-9-abc>")
    assert first.outline() == second.outline() and first.digest() == second.digest()
    assert [(step.source.line, step.source.text, step.iteration) for step in first.graph.steps] == [
        (3, "y = x * x", 0), (5, "y = y + x", 0), (5, "y = y + x", 1)]
    assert first.to_json() == second.to_json() and "ipykernel" not in first.to_json()


def test_code_without_source_is_recorded_all_the_same():
    space = {"mg": mg, "Run": Run}
    exec("x = mg.ones(2)\nwith Run() as run:\n    y = x * 2", space)
    assert space["run"].graph.steps[0].source.line == 3
    assert space["run"].graph.values[0].name == "x"
