"""What things are called in a recorded run, and which line of the learner's code they come from."""

import linecache

import pytest

import minigrad as mg
from minigrad import nn
from viz import words
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
        loss = mg.nn.functional.cross_entropy(scores, target)
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


def inside(function):
    """Names of the sources of a run of `function()` whose variables nobody outside can see."""
    with Run(look_up=False) as run:
        kept = function()
    del kept
    return [value.name for value in run.graph.sources()]


W, N = mg.ones(3, requires_grad=True), 3


@pytest.mark.parametrize("function", [
    lambda w, n: w * 2, lambda w, n: 2 - w, lambda w, n: n * w, lambda w, n: -1.5 + w, lambda w, n: w**n,
    lambda w, n: w.sum(0), lambda w, n: mg.sum(w, 0), lambda w, n: w[0],
])  # fmt: skip
def test_a_number_beside_a_tensor_does_not_hide_its_name(function):
    assert inside(lambda: function(leaf(1.0), 3)) == ["w"]


@pytest.mark.parametrize("function", [lambda: W * 2, lambda: 2 - W, lambda: N * W, lambda: W.sum(0), lambda: W[0]])
def test_nor_that_of_a_variable_outside(function):
    assert inside(function) == ["W"]


def test_an_attribute_beside_a_number_has_its_name_and_a_number_gives_none_away():
    class Block:
        def __init__(self):
            self.scale, self.n = leaf(2.0), 3

        def run(self):
            return 2 * self.scale

        def other(self):
            return self.n * leaf(1.0)

    assert inside(Block().run) == ["scale"]
    assert inside(Block().other) == [None]


def test_a_tensor_that_goes_only_into_a_module_or_a_library_function_has_the_name_of_its_variable():
    layer = nn.Linear(2, 1)

    def forward():
        rows, truth = mg.ones(4, 2), mg.zeros(4, 1)
        return mg.nn.functional.mse_loss(layer(rows), truth)

    assert inside(forward) == ["rows", "weight", "bias", "truth"]


def test_each_batch_of_a_loop_has_the_name_of_the_loop_variable():
    def epoch():
        for batch in [mg.ones(2, 3), mg.ones(1, 3)]:
            batch.exp()

    assert inside(epoch) == ["batch", "batch"]


def test_of_two_names_for_one_tensor_the_one_in_the_code_counts():
    def body(first):
        second = first
        return second * 2

    assert inside(lambda: body(leaf(1.0))) == ["second"]


def test_the_learners_own_copy_of_the_local_variables_stays_as_it_is():
    def body():
        x = leaf(1.0)
        mine = locals()
        x * 2
        return mine["x"] is x

    with Run():
        assert body()


def test_a_gradient_is_called_after_its_owner():
    net = nn.Linear(2, 1)
    with Run() as run:
        net(mg.ones(1, 2)).sum().backward()
        with mg.no_grad():
            for p in net.parameters():
                p -= 0.1 * p.grad
    assert {"weight.grad", "bias.grad"} < {value.name for value in run.graph.sources()}


def test_buffers_have_dotted_names_as_parameters_have():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).eval()
    with Run() as run:
        y = net(mg.ones(4, 2))
    named = {value.name: value.role for value in run.graph.sources()}
    assert named["1.running_mean"] == named["1.running_var"] == "input"
    assert named["1.weight"] == "parameter"
    net.train()
    with Run() as run:
        y = net(mg.ones(4, 2))
    assert "1.running_mean" not in {value.name for value in run.graph.sources()}  # training does not read it
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
    first, second = run_cell("kernel/ipykernel_1/17.py"), run_cell("<ipython-input-9-abc>")
    assert first.outline() == second.outline() and first.digest() == second.digest()
    assert [(step.source.line, step.source.text, step.iteration) for step in first.graph.steps] == [
        (3, "y = x * x", 0), (5, "y = y + x", 0), (5, "y = y + x", 1)]
    assert first.to_json() == second.to_json() and "ipykernel" not in first.to_json()


def test_code_without_source_is_recorded_all_the_same():
    space = {"mg": mg, "Run": Run}
    exec("x = mg.ones(2)\nwith Run() as run:\n    y = x * 2", space)
    assert space["run"].graph.steps[0].source.line == 3
    assert space["run"].graph.values[0].name == "x"


def test_what_goes_without_saying_is_not_said():
    x = mg.tensor([1.2], requires_grad=True)
    with Run() as run:
        y = x.round() + x.round(decimals=1)
    assert y.requires_grad and [words.op_title(step) for step in run.graph.steps[:2]] == ["round", "round decimals=1"]
