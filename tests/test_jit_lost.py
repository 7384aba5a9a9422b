"""What a trace does not keep is told, with its line; what could be kept is, and nothing else is told."""

import re
import warnings

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import jit, nn
from tests.test_jit_trace import close

X = mg.tensor([[1.0, -2.0, 0.5], [0.3, 4.0, -1.0]])


def told(func, *examples):
    """The warnings of tracing func, and the trace."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        traced = jit.trace(func, examples)
    return [str(warning.message) for warning in caught], traced


# Values that leave for Python


def takes_a_branch(x):
    if x.sum() > 0:  # line 0
        return x * 2
    return x


def makes_an_int(x):
    return x * int(x.max())


def makes_a_float(x):
    return x * float(x.max())


def asks_for_the_item(x):
    return x * x.max().item()


def makes_a_list(x):
    return x * sum(x[0].tolist())


def goes_to_numpy(x):
    return x * float(np.abs(x.numpy()).max())


def gathers_numbers(x):
    return x * mg.tensor([x[0, 0], 2.0, 3.0])


def repeats(x):
    while (x * x).sum() < 1000:
        x = x * 2
    return x


LEFT = [
    (takes_a_branch, "if x.sum() > 0", "a tensor decides which way Python goes"),
    (makes_an_int, "return x * int(x.max())", "became a Python int"),
    (makes_a_float, "return x * float(x.max())", "became a Python float"),
    (asks_for_the_item, "return x * x.max().item()", "became a Python number"),
    (makes_a_list, "return x * sum(x[0].tolist())", "became a list of Python numbers"),
    (goes_to_numpy, "return x * float(np.abs(x.numpy()).max())", "became a NumPy array"),
    (gathers_numbers, "return x * mg.tensor([x[0, 0], 2.0, 3.0])", "made of Python's numbers"),
    (repeats, "while (x * x).sum() < 1000:", "a tensor decides which way Python goes"),
]  # fmt: skip


@pytest.mark.parametrize(("func", "line", "what"), LEFT)
def test_a_value_that_leaves_is_told_once_with_its_line(func, line, what):
    messages, _ = told(func, X)
    number = func.__code__.co_firstlineno
    matches = [m for m in messages if what in m]
    assert len(matches) == 1 and line in matches[0]
    where = re.match(rf"{func.__name__}, test_jit_lost.py line (\d+): ", matches[0])
    assert number < int(where[1]) < number + 4


def test_the_warning_stands_at_the_line_that_called_trace():
    with pytest.warns(jit.TracerWarning) as caught:
        jit.trace(takes_a_branch, X)
    assert caught[0].filename == __file__


# Loops


def turns_for_each_row(x):
    total = x[0] * 0
    for row in x:
        total = total + row
    return total


def turns_by_length(x):
    total = x[0]
    for i in range(1, len(x)):
        total = total * x[i]
    return total


def in_a_list(x):
    return mg.stack([row * 2 for row in x])


def _each(x):
    for i in range(x.shape[0]):
        yield x[i] * 2


def by_a_helper(x):
    return sum(_each(x))


def in_several_lines(x):
    total = x[0] * 0
    for row in x:
        a = row * 2
        total = total + a
    return total


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.RNNCell(3, 4)

    def forward(self, x):
        h = mg.zeros(1, 4)
        for t in range(x.size(0)):
            h = self.cell(x[t : t + 1], h)
        return h


@pytest.mark.parametrize(("func", "text"), [
    (turns_for_each_row, "for row in x"), (turns_by_length, "total * x[i]"), (in_a_list, "for row in x"),
    (by_a_helper, "yield x[i] * 2"), (in_several_lines, "unrolled (with line "),
    (Recurrent(), "self.cell(x[t : t + 1], h)"),
])  # fmt: skip
@pytest.mark.parametrize("check_trace", [True, False])
def test_an_unrolled_loop_is_told(func, text, check_trace):
    rows = mg.cat([X, X[:1]])
    rows = mg.cat([rows, rows]) if func is not turns_by_length or check_trace else rows
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        jit.trace(func, rows, check_trace=check_trace)
    messages = [str(w.message) for w in caught]
    if func is turns_by_length and not check_trace:
        assert not messages  # one turn less than the axis is long: only another length shows it
    else:
        assert any("a loop was unrolled" in m and "axis 0 of x is long" in m for m in messages)
        assert any(text in m for m in messages) and sum("a loop was unrolled" in m for m in messages) <= 2


class Layers(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(3)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).relu()
        return x


def weights_in_a_list(x):
    for w in [mg.eye(3), mg.ones(3, 3), mg.eye(3)]:
        x = x @ w
    return x


def twice_in_a_line(x):
    return x.sin() + x.sin()


def by_while_loop(x):
    def turn(i, total):
        return i + 1, total + x[i]

    return jit.while_loop(lambda i, total: i < len(x), turn, (0, mg.zeros(x.shape[1])))[1]


@pytest.mark.parametrize("rows", range(1, 7))
@pytest.mark.parametrize("func", [by_while_loop, jit.script(turns_for_each_row)])
def test_a_loop_that_is_kept_is_not_unrolled(func, rows):
    """However many steps it takes to write it down: none of them is a turn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jit.trace(func, mg.ones(rows, 3), check_trace=False)


@pytest.mark.parametrize("func", [
    Layers(), nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), weights_in_a_list, twice_in_a_line,
    nn.GRU(3, 4), nn.BatchNorm1d(3), lambda x: x.reshape(x.shape[0], -1) * 2, lambda x: x.mean(),
    lambda x: x.softmax(-1),    lambda x: x[x > 0].mean(), lambda x: F.dropout(x), lambda x: x.unique().sum() * 0 + 1,
    lambda x: F.cross_entropy(x, mg.tensor([0, 1])), lambda x: mg.zeros(3) + x, lambda x: x.clone().requires_grad_(),
])  # fmt: skip
def test_no_false_alarm(func):
    messages, _ = told(func, X)
    assert [m for m in messages if "unique" not in m] == []


# What went past the recording


def by_array(x):
    return x * mg.Tensor(x.array.max(keepdims=True))


def by_shape(x):
    return x.sum(0) / x.shape[0]


def by_shape_of_selection(x):
    return x[x > 0].sum() / x[x > 0].shape[0]


def by_python_state(x):
    return x * 2, x.array.max() > 3


def branch_by_array(x):
    return x * 2 if x.array.sum() > 0 else x.sin()


@pytest.mark.parametrize(("func", "what"), [
    (by_array, "a number in this line was taken from the input out of sight"),
    (by_shape, "a number in this line depends on how long axis 0 of x is"),
    (by_shape_of_selection, "a number in this line was taken from the input out of sight"),
    (by_python_state, "a part of the result depends on the input out of sight"),
    (branch_by_array, r"other inputs go another way here \(mul in the trace, then sin\)"),
])  # fmt: skip
def test_what_went_past_the_recording_is_noticed_with_other_inputs(func, what):
    messages, _ = told(func, X)
    assert len(messages) == 1 and re.search(what, messages[0])
    assert func.__name__ in messages[0] or func is by_python_state


# Functions of the library that look at numbers: recorded right, or told of

SCORES, OTHER = mg.tensor([[1.0, -2.0, 0.5], [0.3, 4.0, -1.0]]), mg.tensor([[-1.0, 2.0, 0.1], [1.3, 0.4, 2.0]])
ROWS, ROWS_2 = mg.tensor([2, -100]), mg.tensor([-100, 1])
WEIGHT = mg.tensor([[3.0, 4.0], [0.1, 0.2], [6.0, 8.0], [1.0, 1.0]])


def clipped(x):
    w = x.detach().requires_grad_()
    w.grad = mg.autograd.grad((w**3).sum(), w)[0]
    norm = nn.utils.clip_grad_norm_(w, 1.0)
    return w.grad, norm


def clipped_by_value(x):
    w = x.detach().requires_grad_()
    w.grad = mg.autograd.grad((w**3).sum(), w)[0]
    nn.utils.clip_grad_value_(w, 1.0)
    return w.grad


def with_multinomial(x):
    return mg.multinomial(x.softmax(-1), 2) * x.sum()


RECORDED = [
    (lambda x, t: F.cross_entropy(x, t), (SCORES, ROWS), (OTHER, ROWS_2)),
    (lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), (SCORES, ROWS), (OTHER, ROWS_2)),
    (lambda x, t: F.nll_loss(x, t, weight=mg.tensor([1.0, 2.0, 3.0])), (SCORES, ROWS), (OTHER, ROWS_2)),
    (lambda i: F.embedding(i, WEIGHT.clone(), max_norm=1.0), (mg.tensor([0, 1]),), (mg.tensor([2, 3]),)),
    (lambda x, m: x.masked_scatter(m, x * 2), (SCORES, SCORES > 0), (OTHER, OTHER < 0)),
    (clipped, (SCORES,), (OTHER,)), (clipped_by_value, (SCORES,), (OTHER * 0.1,)),
    (lambda x: F.max_pool1d(x, 2, return_indices=True)[1], (SCORES,), (OTHER,)),
    (lambda x: mg.bernoulli(x.sigmoid()), (SCORES,), (OTHER,)),
    (lambda x: mg.empty(2, 3).bernoulli_(x.sigmoid()), (SCORES,), (OTHER,)),
    (lambda x: mg.normal(x, x.abs()), (SCORES,), (OTHER,)),
    (with_multinomial, (SCORES,), (OTHER,)),
    (lambda x: mg.multinomial(x.softmax(-1), 5, True), (SCORES,), (OTHER,)),
    (lambda x: mg.randperm(5) * x.sum(), (SCORES,), (OTHER,)),
    (lambda x: x.quantile(0.3, dim=1) + x.median(), (SCORES,), (OTHER,)),
    (lambda x: x.topk(2).values * x.sort(dim=0).indices[0, :2], (SCORES,), (OTHER,)),
    (lambda x: F.gaussian_nll_loss(x, x * 2, x.abs()), (SCORES,), (OTHER,)),
    (lambda x, i: mg.zeros(2, 3).scatter_reduce(1, i, x, "mean"), (SCORES, SCORES.argsort()), (OTHER, OTHER.argsort())),
]  # fmt: skip


@pytest.mark.parametrize(("func", "examples", "others"), RECORDED)
def test_what_looks_at_numbers_is_recorded_as_ops(func, examples, others):
    messages, traced = told(func, *examples)
    assert [m for m in messages if "depends on how long axis" not in m] == []
    mg.manual_seed(5)
    got = traced(*others)
    mg.manual_seed(5)
    wanted = func(*others)
    assert all(map(close, got, wanted)) if isinstance(wanted, tuple) else close(got, wanted)


@pytest.mark.parametrize(("func", "examples"), [
    (lambda t: F.one_hot(t), (mg.tensor([0, 2]),)),
    (lambda x, i: mg.zeros(2, 3).scatter_reduce(1, i, x, "amax"), (SCORES, SCORES.argsort())),
    (lambda x, n: x.repeat_interleave(n, dim=0), (SCORES, mg.tensor([1, 2]))),
    (lambda x: x.unique(), (SCORES,)), (lambda t: mg.bincount(t), (mg.tensor([1, 1, 3]),)),
    (lambda x: mg.histc(x, 4), (SCORES,)), (lambda x: mg.isin(x, x[0]), (SCORES,)),
    (lambda x, q: x.quantile(q), (SCORES, mg.tensor(0.5))),
    (lambda x: x * mg.allclose(x, x * 1), (SCORES,)), (lambda x: x * (1.0 in x), (SCORES,)),
    (lambda x: x * mg.equal(x, x * 1), (SCORES,)),
    (lambda t, o: F.embedding_bag(t, WEIGHT, o), (mg.tensor([0, 1, 2]), mg.tensor([0, 2]))),
    (lambda x, n: nn.utils.rnn.pack_padded_sequence(x, n).data, (mg.ones(3, 2, 1), mg.tensor([3, 2]))),
])  # fmt: skip
def test_what_looks_at_numbers_for_python_is_told(func, examples):
    messages, _ = told(func, *examples)
    assert messages and "test_jit_lost.py" in messages[0]
