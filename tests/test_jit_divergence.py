"""jit.divergence: the smallest input where a trace and its function part, and the first op that differs."""

import warnings

import pytest

import minigrad as mg
from minigrad import jit, nn


def traced(func, *examples):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jit.trace(func, examples)


def by_sign(x):
    if x.sum() > 0:
        return x * 2
    return x.exp()


def by_rows(x):
    total = x[0] * 0
    for row in x:
        total = total + row
    return total


def by_count(x):
    return x.sum(0) / x.shape[0]


def test_the_smallest_input_is_found_and_the_op_with_both_lines():
    trace = traced(by_sign, mg.ones(2))
    given = [mg.tensor([-2.0, -1.0]), mg.tensor([1.0, 1.0]), mg.tensor([0.0, -0.5]), mg.tensor([-3.0, 1.0])]
    found = jit.divergence(trace, by_sign, given)
    assert found and found.inputs[0] is given[2] and found.tried == 4
    assert mg.equal(found.recorded, given[2] * 2) and mg.equal(found.eager, given[2].exp())
    assert (found.step.op.name, found.other.op.name) == ("mul", "exp")
    assert found.source is found.other.source and found.source.text == "return x.exp()"
    assert found.step.source.text == "return x * 2"
    text = repr(found)
    for part in ("smallest of 4 inputs tried", "x = tensor([ 0.0000, -0.5000])", "recorded gives tensor([ 0., -1.])",
                 "the trace has mul(%x, 2), by_sign, test_jit_divergence.py line", "the run has exp(%x)"):  # fmt: skip
        assert part in text


def test_none_is_false_and_says_how_many_were_tried():
    found = jit.divergence(traced(by_sign, mg.ones(2)), by_sign, [mg.ones(2), mg.ones(3)])
    assert not found and repr(found) == "no divergence: the recorded graph and the function agree on all 2 inputs tried"


@pytest.mark.parametrize(("func", "example", "shape", "ops"), [
    (by_sign, mg.ones(2), (1,), ("mul", "exp")), (by_rows, mg.ones(3, 2), None, None),
    (by_count, mg.ones(3, 2), None, ("div", "div")),
])  # fmt: skip
def test_the_sweep_of_its_own_finds_branches_and_lengths(func, example, shape, ops):
    found = jit.divergence(traced(func, example), func)
    assert found and (shape is None or tuple(found.inputs[0].shape) == shape)
    assert ops is None or (found.step.op.name, found.other.op.name) == ops
    assert jit.divergence(traced(func, example), func).inputs[0].shape == found.inputs[0].shape


def test_lengths_are_swept_by_a_range_or_a_generator():
    trace = traced(by_rows, mg.ones(3, 2))
    found = jit.divergence(trace, by_rows, range(4, 9))
    assert tuple(found.inputs[0].shape) == (4, 2) and found.step is None and found.other.op.name == "index"
    assert "the trace has nothing more" in repr(found)

    def longer():
        yield from (mg.ones(n, 2) for n in (7, 5, 3))

    assert tuple(jit.divergence(trace, by_rows, longer).inputs[0].shape) == (5, 2)


def test_an_error_on_one_side_parts_them_and_one_on_both_does_not():
    trace = traced(by_rows, mg.ones(3, 2))
    found = jit.divergence(trace, by_rows, [mg.ones(2, 2)])
    assert isinstance(found.recorded, IndexError) and "recorded gives IndexError: index(x: (2, 2)" in repr(found)
    assert not jit.divergence(trace, by_rows, [mg.ones(0, 2)])


def test_modules_are_swept_as_they_are_and_left_so():
    mg.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
    trace = traced(net, mg.randn(4, 3))
    before = [t.clone() for t in net.state_dict().values()]
    state = mg.get_rng_state()
    assert not jit.divergence(trace, net, [mg.randn(4, 3), mg.randn(4, 3)])
    assert all(mg.equal(a, b) for a, b in zip(before, net.state_dict().values(), strict=True))
    assert not mg.equal(state, mg.get_rng_state())  # randn was called here; the sweep itself drew nothing lasting


def test_a_module_that_has_changed_its_mode_parts():
    net = nn.Dropout(0.5)
    trace = traced(net, mg.ones(8))
    net.eval()
    found = jit.divergence(trace, net, [mg.ones(8)])
    assert found.step.op.name == "random.draw" and found.other is None


def test_inputs_that_are_no_tensors_are_refused():
    with pytest.raises(TypeError, match=r"divergence\(\): input 0 is 'a', a str"):
        jit.divergence(traced(by_sign, mg.ones(2)), by_sign, ["a"])


def test_the_check_of_a_trace_hands_in_arrays_without_axes_too():
    """A number in the place of such an array went through the graph, and ended the check with an AttributeError."""
    def f(x, s):
        x[x > 0] = s
        return s == x, s

    x, s = mg.tensor([1.0, -2.0, 3.0]), mg.tensor(-0.5)
    assert [y.tolist() for y in jit.trace(f, (x.clone(), s))(x.clone(), s)] == [[True, False, True], -0.5]
