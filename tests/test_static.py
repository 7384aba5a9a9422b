"""minigrad.static: a graph is described first and run later, and is the same as eager mode but for that."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import jit, static
from minigrad.jit.check import check
from minigrad.op import OPS
from tests.samples import SAMPLES

few = settings(max_examples=6, derandomize=True, deadline=None, database=None)
some = settings(max_examples=60, derandomize=True, deadline=None, database=None)
X = mg.tensor([[1.0, -2.0, 0.5], [0.3, 4.0, -1.0]])


@pytest.fixture(autouse=True)
def graph():
    with static.Graph().as_default() as graph:
        yield graph


def close(got, wanted):
    return got.shape == wanted.shape and got.dtype is wanted.dtype and mg.allclose(got, wanted, 1e-6, 1e-9, True)


def run(fetches, feeds=None):
    with static.Session() as session:
        session.run(static.global_variables_initializer())
        return session.run(fetches, feeds)


# Nothing has a value


def test_a_node_shows_what_it_is_and_that_it_has_no_value():
    x = static.placeholder("float32", [None, 3], name="x")
    assert repr(x @ mg.ones(3, 2)) == "<node matmul:0 = matmul, float32[?, 2]: no value before a session runs it>"
    assert (x.name, x.op, x.shape, x.ndim, x.dtype) == ("x:0", "placeholder", (None, 3), 2, mg.float32)


@pytest.mark.parametrize("ask", [
    bool, int, float, list, len, np.asarray, lambda x: 3 in x, lambda x: x.item(), lambda x: x.numpy(),
    lambda x: x.tolist(), lambda x: [1, 2][x], lambda x: x.backward(), lambda x: 1 if x > 0 else 2,
    lambda x: range(x),
])  # fmt: skip
def test_asking_for_a_value_is_refused_with_a_remedy(ask):
    x = static.placeholder("float32", [], name="x")
    with pytest.raises(static.NoValueError, match=r"has no value: the graph is only being described here\. "):
        ask(x)


def test_eager_ops_on_nodes_are_refused_with_a_remedy():
    x = static.placeholder("float32", [3], name="x")
    for ask in (lambda: mg.relu(x), lambda: mg.ones(3) + x, lambda: mg.nn.functional.relu(x)):
        with pytest.raises(TypeError, match="It has no value yet: use the op of this name"):
            ask()
    with pytest.raises(static.NoValueError):
        mg.tensor(x)
    with pytest.raises(static.NoValueError):
        f"{x:.2f}"


def test_nothing_is_computed_while_it_is_described():
    state = mg.get_rng_state()
    y = static.log(static.randn([3])) / static.zeros([3])
    assert mg.equal(mg.get_rng_state(), state) and y.shape == (3,)


# Running


def test_fetches_may_be_nested_and_named():
    x = static.placeholder("float32", [None, 3], name="x")
    y = static.sum(x * 2, dim=1, name="y")
    found = run({"both": (y, [x]), "name": "y:0", "short": "y"}, {x: X})
    assert close(found["both"][0], (X * 2).sum(1)) and close(found["both"][1][0], X)
    assert close(found["name"], found["short"])
    assert close(run(y, {"x:0": X.tolist()}), (X * 2).sum(1))
    with static.Session():
        assert close(y.eval({x: X}), (X * 2).sum(1))


def test_only_what_the_fetches_need_runs():
    x = static.placeholder("float32", [None], name="x")
    unused = static.placeholder("float32", [None], name="unused")
    y, _ = x * 2, static.log(unused) + static.Variable([1.0])
    assert close(static.Session().run(y, {x: [1.0]}), mg.tensor([2.0]))
    assert [step.op.name for step in static.Session().steps(y, [x]).steps] == ["mul"]
    loss = static.sum(x * static.Variable([1.0], name="w"))
    assert "%w : float32[1]" in str(check(static.Session().steps(loss)))


def test_any_node_can_be_fed():
    x = static.placeholder("float32", [None], name="x")
    middle = x * 2
    assert close(run(middle + 1, {middle: [10.0]}), mg.tensor([11.0]))


def test_arrays_tensors_and_numbers_meet_nodes_from_either_side():
    x = static.placeholder("float32", [3], name="x")
    y = np.ones(3, "float32") + x
    z = 2 ** (1 - y / 4 @ mg.eye(3)) // 1 % 3
    fed = mg.tensor([1.0, 2.0, 5.0])
    eager = 2 ** (1 - (fed + 1) / 4 @ mg.eye(3)) // 1 % 3
    assert close(run(z, {x: fed}), eager)


def test_indexing_methods_and_aliases():
    x = static.placeholder("float32", [None, 3], name="x")
    i = static.placeholder("int64", [None], name="i")
    nodes = [x[0], x[:, 1:], x[i], x[x > 0], x.T, x.reshape(-1), x.sum(dim=0), static.reduce_mean(x, 1),
             static.concat([x, x], dim=0), static.cast(x, "int64"), -x, abs(x), static.softmax(x, dim=1)]  # fmt: skip
    n = mg.tensor([1, 0, 1])
    eager = [X[0], X[:, 1:], X[n], X[X > 0], X.T, X.reshape(-1), X.sum(0), X.mean(1), mg.cat([X, X]), X.long(), -X,
             X.abs(), X.softmax(1)]  # fmt: skip
    assert all(map(close, run(nodes, {x: X, i: n}), eager))
    assert nodes[3].shape is None


def test_lengths_are_numbers_when_the_graph_runs():
    x = static.placeholder("float32", [None, 3], name="x")
    n = static.size(x, 0)
    mean, flat = x.sum(dim=0) / n, static.reshape(x, (n * 3,))
    for rows in (X, mg.cat([X, X, X])):
        assert close(run(mean, {x: rows}), rows.mean(0)) and close(run(flat, {x: rows}), rows.reshape(-1))
    assert run(n * 2 + 1, {x: X}) == 5


def test_results_are_the_readers_own():
    w = static.Variable(X, name="w")
    more = w.assign_add(mg.ones(2, 3))
    with static.Session() as session:
        session.run(static.global_variables_initializer())
        first, row = session.run([w, w[0]])
        first.add_(100)
        session.run(more)
        assert close(row, X[0]) and close(session.run(w), X + 1) and close(w.initial_value.eval(), X)


# Errors, far from their line


def test_an_error_names_the_node_and_the_line_that_built_it():
    x = static.placeholder("float32", [None, None], name="x")
    hidden = static.matmul(x, mg.ones(3, 4), name="hidden")  # wrong for what is fed below
    y = static.relu(hidden) * 2
    with pytest.raises(static.RunError) as caught:
        run(y, {x: mg.ones(2, 5)})
    line = test_an_error_names_the_node_and_the_line_that_built_it.__code__.co_firstlineno + 2
    text = str(caught.value)
    assert text.startswith("node hidden:0 (matmul), built in test_an_error_names_the_node_and_the_line_that_built_it, "
                           f"test_static.py line {line}: hidden = static.matmul(x, ")  # fmt: skip
    assert "failed when it ran: ShapeError: matmul(a: (2, 5)" in text
    assert isinstance(caught.value.__cause__, mg.ShapeError)


def test_an_error_inside_of_a_loop_is_found_too():
    x = static.placeholder("float32", [None], name="x")
    _, y = static.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y @ mg.ones(2, 2)), [0, x])
    with pytest.raises(static.RunError, match=r"node matmul(\.\d)?:0 \(matmul\), built in <lambda>"):
        run(y, {x: [1.0, 2.0, 3.0]})


def test_a_missing_feed_says_what_needs_it():
    x = static.placeholder("float32", [None, 3], name="x")
    told = "placeholder x:0 (float32[?, 3], built in test_a_missing_feed_says_what_needs_it, test_static.py line "
    more = r"\d+: x = .* is needed for y:0 and was not fed. Pass feed_dict=\{x: \.\.\.\}"
    with pytest.raises(static.FeedError, match=re.escape(told) + more):
        run(static.sum(x * 2, name="y"))


@pytest.mark.parametrize(("fed", "told"), [
    (mg.ones(3), r"x:0 is float32\[\?, 3\] and was fed a tensor of shape \(3,\)"),
    (mg.ones(2, 4), r"was fed a tensor of shape \(2, 4\)"),
    (mg.ones(2, 3, dtype="float64"), r"was fed minigrad.float64: use .to\('float32'\)"),
])  # fmt: skip
def test_a_feed_that_does_not_fit_is_refused(fed, told):
    x = static.placeholder("float32", [None, 3], name="x")
    with pytest.raises(static.FeedError, match=told):
        run(x * 2, {x: fed})


def test_a_variable_without_a_value_is_refused():
    w = static.Variable([1.0], name="w")
    double = w * 2
    told = r"w:0 \(built in .* is needed for mul:0 and has no value in this session. Run global_variables_initializer\("
    with pytest.raises(static.UninitializedError, match=told):
        static.Session().run(double)
    first, second = static.Session(), static.Session()
    first.run(static.global_variables_initializer())
    assert close(first.run(double), mg.tensor([2.0]))
    with pytest.raises(static.UninitializedError):
        second.run(double)


def test_graphs_do_not_mix():
    x = static.placeholder("float32", [3], name="x")
    with static.Graph().as_default():
        y = static.placeholder("float32", [3], name="y")
        with pytest.raises(static.GraphError, match="two graphs"):
            x + y
        with pytest.raises(static.FeedError, match="another graph than this session's"):
            static.Session().run(x)
    with pytest.raises(static.GraphError, match="no node 'nothing'"):
        static.Session().run("nothing")


def test_wrong_arguments_are_refused_at_once():
    x = static.placeholder("float32", [3], name="x")
    with pytest.raises(TypeError, match="unexpected argument 'dmi'"):
        static.sum(x, dmi=0)
    with pytest.raises(TypeError, match="must be a node, tensor, array or number, not 'a'"):
        static.add(x, "a")
    with pytest.raises(TypeError, match="takes nodes, operations, names"):
        static.Session().run(3)


# Variables


def test_assignments_come_into_force_at_the_end_of_the_run():
    a, b = static.Variable([1.0], name="a"), static.Variable([2.0], name="b")
    swap = static.group(a.assign(b), b.assign(a))
    with static.Session() as session:
        session.run(static.global_variables_initializer())
        new, old = session.run([a.assign(b + 10), a])
        assert close(new, mg.tensor([12.0])) and close(old, mg.tensor([1.0]))
        assert session.run(swap) is None and [x.item() for x in session.run([a, b])] == [2.0, 12.0]


def test_two_values_for_one_variable_are_refused():
    w = static.Variable(lambda: 1.0, name="w")
    a, b = w.assign_add(1.0), w.assign_add(10.0)
    with static.Session() as session:
        session.run(static.global_variables_initializer())
        with pytest.raises(static.GraphError, match=r"two values in this run, by assign:0, assign\.1:0: run"):
            session.run([a, b])
        session.run(a)
        session.run(b)
        assert session.run(w).item() == 12
    with pytest.raises(static.NoValueError, match="a node never changes"):
        w[0] = 1.0


def test_an_assignment_of_another_shape_is_refused():
    w = static.Variable([1.0, 2.0], name="w")
    x = static.placeholder("float32", [None], name="x")
    with pytest.raises(static.RunError, match=r"Variable w has shape \(2,\), and was to get a value of shape \(3,\)"):
        run(w.assign(x), {x: [1.0, 2.0, 3.0]})


def test_initial_values_may_be_drawn_and_may_follow_others():
    a = static.Variable(static.randn([4], std=0.1), name="a")
    b = static.Variable(a.initial_value * 0 + 1, trainable=False, name="b")
    mg.manual_seed(0)
    found = run([a, b])
    mg.manual_seed(0)
    assert close(found[0], mg.randn(4) * 0.1) and close(found[1], mg.ones(4))
    assert static.trainable_variables() == [a] and static.global_variables() == [a, b]


def test_control_dependencies_run_along():
    count = static.Variable(0, name="count")
    more = count.assign_add(1)
    x = static.placeholder("float32", [], name="x")
    with static.control_dependencies([more]):
        y = x * 2
    z = x * 3
    with static.Session() as session:
        session.run(static.global_variables_initializer())
        session.run([y], {x: 1.0})
        session.run([z], {x: 1.0})
        assert session.run(count).item() == 1


def test_name_scopes():
    with static.name_scope("layer"), static.name_scope("inner"):
        x = static.placeholder("float32", [], name="x")
        y = x + 1
    assert (x.name, y.name, (y + 1).name) == ("layer/inner/x:0", "layer/inner/add:0", "add:0")


# Branches and loops


def test_cond_takes_one_arm_and_gradients_come_back_through_it():
    x = static.placeholder("float32", [None], name="x")
    w = static.Variable([3.0], name="w")
    y = static.cond(static.sum(x) > 0, lambda: {"y": x * w}, lambda: {"y": static.exp(x) + w * 0})["y"]
    dx, dw = static.gradients(static.sum(y), [x, w])
    for fed in ([1.0, 2.0], [-1.0, -2.0]):
        a, b = mg.tensor(fed, requires_grad=True), mg.tensor([3.0], requires_grad=True)
        eager = a * b if a.sum() > 0 else a.exp() + b * 0
        eager.sum().backward()
        assert all(map(close, run([y, dx, dw], {x: fed}), [eager.detach(), a.grad, b.grad]))
    with pytest.raises(static.GraphError, match="same number of nodes, nested alike"):
        static.cond(static.sum(x) > 0, lambda: x, lambda: (x, x))
    with pytest.raises(static.GraphError, match="assign outside of cond"):
        static.cond(static.sum(x) > 0, lambda: w.assign(w * 2), lambda: w)


def test_a_node_of_an_arm_is_not_known_outside():
    x, kept = static.placeholder("float32", [], name="x"), []
    static.cond(x > 0, lambda: kept.append(x * 2) or x, lambda: x)
    with pytest.raises(static.GraphError, match="was made inside of a cond or while_loop"):
        kept[0] + 1


def test_while_loop_turns_as_often_as_it_has_to_and_is_differentiated():
    x, w = static.placeholder("float32", [], name="x"), static.Variable(2.0, name="w")
    turns, y = static.while_loop(lambda i, y: y < 50.0, lambda i, y: (i + 1, y * w), [0, x])
    dx, dw = static.gradients(y, [x, w])
    for fed in (1.0, 30.0, 60.0):
        a, b, n = mg.tensor(fed, requires_grad=True), mg.tensor(2.0, requires_grad=True), 0
        eager = a * 1
        while eager < 50:
            eager, n = eager * b, n + 1
        (eager + b * 0).backward()
        found = run([y, dx, dw, turns], {x: fed})
        assert all(map(close, found[:3], [eager.detach(), a.grad, b.grad])) and found[3].item() == n
    with pytest.raises(static.GraphError, match="must return 2 values"):
        static.while_loop(lambda i, y: y < 1, lambda i, y: y, [0, x])
    some = static.while_loop(lambda y: y < 1e9, lambda y: y * 2, [x], maximum_iterations=3)
    assert run(some, {x: 1.0})[0].item() == 8


# Gradients: those of eager mode


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_gradients_of_every_op(name):
    @few
    @given(SAMPLES[name], st.booleans())
    def check(row, known):
        arrays, attributes = row
        op = OPS[name]
        with static.Graph().as_default() as graph:
            tensors, nodes = [], []
            for i, (argument, array) in enumerate(zip(op.names_of(arrays), arrays, strict=True)):
                tracked = op.rules[argument] is not None
                tensors.append(mg.Tensor(np.array(array), requires_grad=tracked))
                shape = array.shape if known else [None] * array.ndim
                nodes.append(static.placeholder(tensors[-1].dtype, shape, name=f"x{i}"))
            y, eager = getattr(static, name)(*nodes, **attributes), op(*tensors, **attributes)
            weights = mg.arange(eager.numel(), dtype=eager.dtype).reshape(eager.shape) + 1
            wanted = [x for x in tensors if x.requires_grad]
            xs = [node for node, x in zip(nodes, tensors, strict=True) if x.requires_grad]
            ds = static.gradients(y, xs, weights)
            feeds = {node: x.detach() for node, x in zip(nodes, tensors, strict=True)}
            made, *got = static.Session(graph=graph).run([y, *(d for d in ds if d is not None)], feeds)
            assert close(made, eager.detach())
            found = [g for g in mg.autograd.grad(eager, wanted, weights, allow_unused=True) if g is not None]
            assert len(found) == len(got) and all(map(close, got, found))

    check()


def test_the_way_back_of_a_model_is_made_of_ops_that_can_be_seen():
    x, y = static.placeholder("float32", [None, 3], name="x"), static.placeholder("float32", [None, 2], name="y")
    w, b = static.Variable(mg.ones(3, 2), name="w"), static.Variable(mg.zeros(2), name="b")
    loss = static.mean((static.tanh(x @ w + b) - y) ** 2)
    dw, _ = static.gradients(loss, [w, b])
    names = [step.op.name for step in static.Session().steps(dw).steps]
    assert not [name for name in names if name.endswith(".grad")] and names.count("matmul") == 2
    assert dw.name.startswith("gradients/")


@pytest.mark.parametrize("name", ["maximum", "minimum", "pow", "mul", "atan2"])
def test_gradients_where_numbers_are_equal_or_zero(name):
    a, b = mg.tensor([1.0, 0.0, 2.0], requires_grad=True), mg.tensor([1.0, 0.0, 5.0], requires_grad=True)
    x, y = static.placeholder("float32", [None], name="x"), static.placeholder("float32", [None], name="y")
    eager = getattr(mg.ops, name)(a, b)
    eager.sum().backward()
    nodes = static.gradients(getattr(static, name)(x, y), [x, y])
    assert all(map(close, run(nodes, {x: a.detach(), y: b.detach()}), [a.grad, b.grad]))
    assert type(nodes[0]) is static.Node and {nodes[0]: 1}[nodes[0]] == 1 and nodes[0] != nodes[1]


@pytest.mark.parametrize("exponent", [2, 3.0, 0.5, -1, 0])
def test_gradients_of_powers_of_one_exponent_twice(exponent):
    a = mg.tensor([1.5, 0.5], requires_grad=True)
    x = static.placeholder("float32", [None], name="x")
    (first,) = static.gradients(x**exponent, [x])
    (second,) = static.gradients(first, [x])
    (eager,) = mg.autograd.grad((a**exponent).sum(), a, create_graph=True)
    again = mg.autograd.grad(eager.sum(), a)[0] if eager.requires_grad else a.detach() * 0
    found = run([first, first * 0 if second is None else second], {x: a.detach()})
    assert all(map(close, found, [eager.detach(), again]))


def test_what_a_loss_does_not_depend_on_has_no_gradient():
    x, z = static.placeholder("float32", [], name="x"), static.placeholder("float32", [], name="z")
    assert static.gradients(x * 2, [z]) == [None]
    with pytest.raises(static.GraphError, match="depends on no trainable Variable"):
        static.train.GradientDescentOptimizer(0.1).minimize(x * 2)


LEAVES = st.sampled_from(["x", "w", 0.5, 2.0])
UNARY = ["tanh", "sigmoid", "exp", "relu", "neg", "softplus", "sin"]
BINARY = ["add", "sub", "mul", "maximum", "logaddexp", "minimum"]


def deeper(parts):
    return st.one_of(
        st.tuples(st.sampled_from(UNARY), parts), st.tuples(st.sampled_from(BINARY), parts, parts),
        st.tuples(st.sampled_from(["softmax", "cumsum"]), parts).map(lambda t: (*t, "dim")),
    )  # fmt: skip


SHAPES = [((2, 3), (3,)), ((3,), (2, 1)), ((2, 3), (2, 3)), ((1,), (4,))]
EXPRESSIONS = st.recursive(LEAVES, deeper, max_leaves=8)


def evaluated(expression, known, ops):
    if isinstance(expression, (float, str)):
        return known.get(expression, expression)
    name, *parts = expression
    if parts[-1] == "dim":
        part = evaluated(parts[0], known, ops)
        return part if isinstance(part, float) else getattr(ops, name)(part, dim=-1)
    parts = [evaluated(part, known, ops) for part in parts]
    if all(isinstance(part, float) for part in parts):
        return parts[0]
    return getattr(ops, name)(*parts)


@some
@given(EXPRESSIONS, st.sampled_from(SHAPES), st.integers(0, 99))
def test_static_is_eager_in_values_and_gradients(expression, shapes, seed):
    rng = np.random.default_rng(seed)
    x, w = (mg.Tensor(rng.uniform(-1, 1, shape), requires_grad=True) for shape in shapes)
    y = evaluated(expression, {"x": x, "w": w}, mg.ops) * 1.0
    if isinstance(y, float):
        return
    with static.Graph().as_default() as graph:
        node = static.placeholder("float64", [None] * len(shapes[0]), name="x")
        held = static.Variable(w.detach(), name="w")
        again = evaluated(expression, {"x": node, "w": held}, static) * 1.0
        ds = static.gradients(again, [node, held])
        with static.Session(graph=graph) as session:
            session.run(static.global_variables_initializer())
            made, *got = session.run([again, *(d for d in ds if d is not None)], {node: x.detach()})
    assert close(made, y.detach())
    found = mg.autograd.grad(y.sum(), [x, w], allow_unused=True)
    assert all(map(close, got, [g for g in found if g is not None]))


# A model, whole


def test_training_is_what_it_is_in_eager_mode():
    mg.manual_seed(0)
    data, labels = mg.randn(16, 3), mg.randint(2, (16,))
    w, b = mg.randn(2, 3) * 0.1, mg.zeros(2)
    x, t = static.placeholder("float32", [None, 3], name="x"), static.placeholder("int64", [None], name="t")
    sw, sb = static.Variable(w, name="w"), static.Variable(b, name="b")
    loss = static.cross_entropy(static.linear(x, sw, sb), t)
    step = static.train.GradientDescentOptimizer(0.5).minimize(loss)
    w.requires_grad_(), b.requires_grad_()
    optimizer = mg.optim.SGD([w, b], lr=0.5)
    with static.Session() as session:
        session.run(static.global_variables_initializer())
        for _ in range(5):
            optimizer.zero_grad()
            eager = mg.nn.functional.cross_entropy(mg.nn.functional.linear(data, w, b), labels)
            eager.backward()
            optimizer.step()
            _, found = session.run([step, loss], {x: data, t: labels})
            assert close(found, eager.detach())
        assert close(session.run(sw), w.detach()) and close(session.run(sb), b.detach())


def test_momentum():
    w, v = mg.tensor(3.0), 0.0
    held = static.Variable(3.0, name="w")
    step = static.train.MomentumOptimizer(0.1, 0.9).minimize(held * held)
    with static.Session() as session:
        session.run(static.global_variables_initializer())
        for _ in range(4):
            session.run(step)
            v = 0.9 * v + 2 * w
            w = w - 0.1 * v
        assert close(session.run(held), w)


def test_the_graph_is_one_of_jit(graph):
    x = static.placeholder("float32", [None], name="x")
    y = static.sum(static.cond(static.sum(x) > 0, lambda: x * 2, lambda: -x))
    plain = graph.as_graph_def()
    assert "if %gt" in str(graph) and str(graph) == str(plain) and repr(graph).startswith("<static graph of 6 steps")
    again = jit.Graph.from_json(plain.to_json())
    assert close(again(X[0])[0], run(y, {x: X[0]}))


def test_an_executor_can_be_put_in(graph):
    seen = []

    def counting(steps):
        seen.append(len(steps.steps))
        return lambda *inputs: steps(*inputs)

    x = static.placeholder("float32", [None, 3], name="x")
    y = x @ mg.ones(3, 2)
    session = static.Session(graph=graph, executor=counting)
    assert close(session.run(y, {x: X}), X @ mg.ones(3, 2)) and close(session.run(y, {x: X}), X @ mg.ones(3, 2))
    assert seen == [1]

    def broken(steps):
        def call(*inputs):
            raise ZeroDivisionError("somewhere in made code")

        return call

    wrong = static.placeholder("float32", [None, None], name="wrong")
    z = wrong @ mg.ones(3, 2)
    with pytest.raises(static.RunError, match=r"node matmul\.1:0 \(matmul\), built in"):
        static.Session(graph=graph, executor=broken).run(z, {wrong: mg.ones(2, 2)})
    with pytest.raises(static.RunError, match="the run failed: ZeroDivisionError"):
        static.Session(graph=graph, executor=broken).run(y, {x: X})
