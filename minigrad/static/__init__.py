"""Define, then run: a graph is described once, and a session runs what it is asked for.

The steps are those of minigrad.jit, and their ops the records that eager mode runs. Here they are only written down:
no node has a value before a run, and what is wrong with one shows when it runs, not in the line that built it.

>>> import minigrad as mg
>>> from minigrad import static
>>> with static.Graph().as_default() as graph:
...     x = static.placeholder("float32", [None, 1], name="x")
...     wanted = static.placeholder("float32", [None, 1], name="wanted")
...     w = static.Variable([[0.0]], name="w")
...     loss = static.mean((x @ w - wanted) ** 2)
...     step = static.train.GradientDescentOptimizer(0.1).minimize(loss)
...     start = static.global_variables_initializer()
>>> loss
<node mean:0 = mean, float32[]: no value before a session runs it>
>>> with static.Session(graph=graph) as session:
...     session.run(start)
...     for _ in range(50):
...         session.run(step, {x: [[1.0], [2.0]], wanted: [[3.0], [6.0]]})
...     session.run(w)
tensor([[3.]])
"""

from . import train
from .building import (
    Operation,
    Variable,
    constant,
    control_dependencies,
    global_variables,
    global_variables_initializer,
    group,
    no_op,
    ones,
    placeholder,
    rand,
    randn,
    size,
    trainable_variables,
    zeros,
)  # fmt: skip
from .control import cond, while_loop
from .errors import FeedError, GraphError, NoValueError, RunError, StaticError, UninitializedError
from .gradients import gradients
from .graph import Graph, get_default_graph, name_scope, reset_default_graph
from .node import FUNCTIONS, Node
from .session import Session, default_session, plain

_TENSORFLOW = {
    "reduce_sum": "sum", "reduce_mean": "mean", "reduce_max": "amax", "reduce_min": "amin", "reduce_prod": "prod",
    "multiply": "mul", "subtract": "sub", "divide": "div", "negative": "neg", "equal": "eq", "not_equal": "ne",
    "greater": "gt", "less": "lt", "greater_equal": "ge", "less_equal": "le", "concat": "cat", "transpose": "permute",
    "identity": "clone", "stop_gradient": "detach", "expand_dims": "unsqueeze",
}  # fmt: skip  names that TensorFlow has for ops of minigrad; arguments are those of the op
globals().update({name: made for name, made in FUNCTIONS.items() if name not in globals()})
globals().update({name: FUNCTIONS[op] for name, op in _TENSORFLOW.items()})
get_default_session, random_normal, random_uniform = default_session, randn, rand

__all__ = [
    "FeedError", "Graph", "GraphError", "NoValueError", "Node", "Operation", "RunError", "Session", "StaticError",
    "UninitializedError", "Variable", "cond", "constant", "control_dependencies", "default_session",
    "get_default_graph", "get_default_session", "global_variables", "global_variables_initializer", "gradients",
    "group", "name_scope", "no_op", "ones", "placeholder", "plain", "rand", "randn", "random_normal",
    "random_uniform", "reset_default_graph", "size", "train", "trainable_variables", "while_loop", "zeros",
    *(name for name in FUNCTIONS if name not in ("size",)), *_TENSORFLOW,
]  # fmt: skip
