"""Graphs to save: an op by itself, what a module ran, and graphs with branches, loops and lists."""

import minigrad as mg
from minigrad import modes
from minigrad.events import OpRan
from minigrad.jit.graph import Block, Graph, If, Loop, Step, Value
from minigrad.jit.prims import PRIMS
from minigrad.jit.tree import Leaf
from minigrad.op import OPS


def graph_of_op(op, inputs, attributes, out="y"):
    """y = op(x0, x1, ...); numbers stand in the graph as they are."""
    values = [x if isinstance(x, (bool, int, float)) else Value(f"x{i}", "tensor", tuple(x.shape), mg.tensor(x).dtype)
              for i, x in enumerate(inputs)]  # fmt: skip
    y = Value(out)
    tensors = [value for value in values if isinstance(value, Value)]
    return Graph(tensors, [Step(op, tuple(values), attributes, (y,))], [y], name=op.name)


def recorded(module, *inputs):
    """What a module ran on these inputs, as a graph: straight on, without branches."""
    graph, known, steps = Graph(name=type(module).__name__), {}, []
    graph.inputs = [known.setdefault(id(x), Value(f"x{i}" if i else "x", "tensor", tuple(x.shape), x.dtype))
                    for i, x in enumerate(inputs)]  # fmt: skip
    keep = [*inputs]
    for name, tensor in module.named_parameters():
        graph.parameters[known.setdefault(id(tensor), Value(name, "tensor", tuple(tensor.shape), tensor.dtype))] = (
            tensor
        )
    for name, tensor in module.named_buffers():
        graph.constants[known.setdefault(id(tensor), Value(name, "tensor", tuple(tensor.shape), tensor.dtype))] = tensor

    def value_of(x):
        if not isinstance(x, mg.Tensor):
            return x
        if id(x) not in known:
            keep.append(x)
            known[id(x)] = Value(f"c{len(graph.constants)}", "tensor", tuple(x.shape), x.dtype)
            graph.constants[known[id(x)]] = x
        return known[id(x)]

    def watcher(event):
        if isinstance(event, OpRan):
            out = event.output
            operands = tuple(map(value_of, event.inputs))
            keep.append(out)
            known[id(out)] = Value(f"{event.op.name}.{len(steps)}", "tensor", tuple(out.shape), out.dtype)
            steps.append(Step(event.op, operands, dict(event.attributes), (known[id(out)],)))

    with modes.watch(watcher):
        result = module(*inputs)
    results = result if isinstance(result, tuple) else (result,)
    graph.steps, graph.outputs = steps, [known[id(x)] for x in results]
    if isinstance(result, tuple):
        graph.form = tuple(Leaf(i) for i in range(len(results)))
    return graph


def step(name, inputs, out, kind="tensor", **attributes):
    """A step with one result, and that result."""
    made = Value(out, kind)
    return Step(OPS.get(name) or PRIMS[name], tuple(inputs), attributes, (made,)), made


def turns(length=True):
    """Each row of x goes into the state; rows whose sum is below 0 are taken away. Any number of rows."""
    x = Value("x", "tensor", (None, 3), mg.float32)
    weight = Value("cell.weight", "tensor", (3, 3), mg.float32)
    n_step, n = step("tensor.size", [x], "n", "int", dim=0)
    zero_step, h0 = step("tensor.full", [0.0], "h0", shape=(3,))
    turn, h = Value("turn", "int"), Value("h")
    row_step, row = step("index", [x], "row", index=turn)
    sum_step, total = step("sum", [row], "total")
    ask_step, below = step("lt", [total, 0], "below")
    product_step, product = step("matmul", [weight, h], "product")
    added_step, added = step("add", [product, row], "added")
    less_step, less = step("sub", [h, row], "less")
    new, out = Value("new"), Value("out")
    branch = If(below, Block([], [less_step], [less]), Block([], [product_step, added_step], [added]), (new,))
    tanh_step, new_h = step("tanh", [new], "new_h")
    body = Block([turn, h], [row_step, sum_step, ask_step, branch, tanh_step], [True, new_h])
    graph = Graph([x], [n_step, zero_step, Loop(n, True, (h0,), body, (out,))], [out, n], name="turns")
    graph.form = (Leaf(0), Leaf(1))
    graph.parameters[weight] = mg.nn.Parameter(mg.tensor([[0.5, -1.0, 0.2], [0.1, 0.3, 0.9], [-0.4, 0.2, 0.6]]))
    return graph


def halvings():
    """x is halved while its sum is over 1; what it was each time is kept in a list and stacked, with x behind."""
    x = Value("x", "tensor", (2,), mg.float32)
    new_step, items = step("list.new", [], "items", "list")
    sum_step, first = step("sum", [x], "first")
    gt_step, begin = step("gt", [first, 1.0], "begin")
    turn, h, inner = Value("turn", "int"), Value("h"), Value("inner", "list")
    append_step, more = step("list.append", [inner, h], "more", "list")
    half_step, half = step("mul", [h, 0.5], "half")
    again_sum, rest = step("sum", [half], "rest")
    again_step, again = step("gt", [rest, 1.0], "again")
    body = Block([turn, h, inner], [append_step, half_step, again_sum, again_step], [again, half, more])
    last, every = Value("last"), Value("every", "list")
    loop = Loop(None, begin, (x, items), body, (last, every))
    end_step, whole = step("list.append", [every, last], "whole", "list")
    stack_step, out = step("list.stack", [whole], "out", dim=0)
    length_step, count = step("list.len", [whole], "count", "int")
    graph = Graph(
        [x], [new_step, sum_step, gt_step, loop, end_step, stack_step, length_step], [out, count], name="halvings"
    )
    graph.form = (Leaf(0), Leaf(1))
    return graph


class LeNet(mg.nn.Module):
    """A small one."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = mg.nn.Conv2d(1, 4, 3, padding=1), mg.nn.Conv2d(4, 6, 3)
        self.norm, self.fc = mg.nn.BatchNorm2d(4), mg.nn.Linear(12, 10)

    def forward(self, x):
        x = mg.nn.functional.max_pool2d(self.norm(self.conv1(x)).relu(), 2)
        x = mg.nn.functional.avg_pool2d(self.conv2(x).relu(), 1)
        return self.fc(x.reshape(x.shape[0], -1))
