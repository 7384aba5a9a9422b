"""Running what was described: a session finds the steps that are needed, and keeps the values of Variables."""

from __future__ import annotations

import threading

from .. import modes
from ..creation import tensor
from ..jit.graph import Graph as Steps
from ..jit.graph import Step, Value, values_in
from ..jit.places import where
from ..jit.run import run, run_step
from ..jit.text import type_of
from ..jit.tree import Leaf, flatten, unflatten
from ..op import OPS
from ..tensor import Tensor
from .building import Operation, Placeholder, Variable
from .errors import FeedError, GraphError, RunError, StaticError, UninitializedError
from .gradients import read_by
from .graph import built, get_default_graph, zeros_like
from .node import Node

_local = threading.local()


def plain(graph):
    """The executor that runs step after step, as eager mode would."""
    return lambda *inputs: run(graph, inputs)


def default_session():
    """The session of the `with` block around. Errors: StaticError where there is none."""
    if not getattr(_local, "stack", None):
        raise StaticError("there is no session here: use `with static.Session():`, or session.run(node)")
    return _local.stack[-1]


class Session:
    """Runs nodes of one graph, the default one unless given, and keeps the values of its Variables from run to run.

    `executor` makes something to call of the steps that a run needs, a `jit.Graph`; so a compiler can be put in.

    >>> from minigrad import static
    >>> graph = static.Graph()
    >>> with graph.as_default():
    ...     x = static.placeholder("float32", [None], name="x")
    ...     y = x * 2 + 1
    >>> with static.Session(graph=graph) as session:
    ...     session.run({"y": y}, feed_dict={x: [1.0, 2.0]})
    {'y': tensor([3., 5.])}
    """

    def __init__(self, graph=None, executor=plain):
        self.graph, self.executor = graph or get_default_graph(), executor
        self.values = {}  # Variable -> Tensor
        self._made = {}  # what is fetched and fed -> (steps, what the executor made of them, what is assigned first)

    def __enter__(self):
        _local.stack = [*getattr(_local, "stack", []), self]
        self._inside = self.graph.as_default()
        self._inside.__enter__()
        return self

    def __exit__(self, *exception):
        _local.stack.remove(self)
        self._inside.__exit__(*exception)

    def run(self, fetches, feed_dict=None):
        """The values of `fetches`: a node, an operation (it gives None), a name, or lists, tuples and dicts of them.

        `feed_dict` gives values to placeholders, or to any node in the place of what would be computed.
        Errors: FeedError for a placeholder that is needed and not fed, or fed with what does not fit;
        UninitializedError; RunError for a node that fails, with the line that built it.
        """
        leaves, form = flatten(fetches, (Node, Operation, str))
        leaves = [self._found(leaf) for leaf in leaves]
        if not leaves or (form != fetches and not isinstance(form, (Leaf, tuple, list, dict))):
            raise TypeError(f"run() takes nodes, operations, names, and lists, tuples, dicts of them, not {fetches!r}")
        fed = dict(self._fed(*pair) for pair in (feed_dict or {}).items())
        wanted = [node.value for leaf in leaves for node in (leaf.nodes if isinstance(leaf, Operation) else (leaf,))]
        made = self._computed(list(dict.fromkeys(wanted)), fed)
        return unflatten(form, [None if isinstance(leaf, Operation) else made[leaf.value] for leaf in leaves])

    def steps(self, fetches, feeds=()):
        """The `jit.Graph` of what a run of these nodes needs, and of nothing else."""
        values = [node.value for node in (fetches if isinstance(fetches, (list, tuple)) else [fetches])]
        fed = [node.value for node in feeds or self.graph.placeholders.values()]
        return self._steps(values, fed, checked=False)[0]

    def _found(self, given):
        node = self.graph.get_tensor_by_name(given) if isinstance(given, str) else given
        if node.graph is not self.graph:
            raise FeedError(f"{node.name} belongs to another graph than this session's: Session(graph=...)")
        return node

    def _fed(self, node, given):
        node = self._found(node)
        if not isinstance(node, Node):
            raise FeedError(f"{node.name} is an operation, and takes no value")
        value = node.value
        given = given if isinstance(given, Tensor) else tensor(given, dtype=value.dtype)
        if value.dtype is not None and given.dtype is not value.dtype:
            raise FeedError(f"{node.name} is {type_of(value)} and was fed {given.dtype}: use .to('{value.dtype.name}') "
                            f"({built(value, self.graph)})")  # fmt: skip
        fits = value.shape is None or (len(value.shape) == given.ndim and all(
            n is None or n == m for n, m in zip(value.shape, given.shape, strict=True)))  # fmt: skip
        if not fits:
            raise FeedError(f"{node.name} is {type_of(value)} and was fed a tensor of shape {tuple(given.shape)} "
                            f"({built(value, self.graph)})")  # fmt: skip
        return value, given.detach()

    # Running

    def _computed(self, wanted, fed):
        key = (tuple(wanted), tuple(fed), tuple(self.values))
        if key not in self._made:
            steps, first = self._steps(wanted, list(fed))
            if steps.updates:
                _copied(steps)
            self._made[key] = steps, self.executor(steps), first
        steps, call, first = self._made[key]
        with modes.no_grad():
            try:
                results = call(*fed.values())
            except Exception as error:
                if self.executor is not plain:  # which step it was, only the plain one knows
                    self._explain(steps, fed)
                raise self._failed(error) from error
        made = dict(zip([*wanted, *(value for value, _ in first if value not in wanted)], results, strict=True))
        for value, variable in first:
            self.values[variable] = made[value]
        return {value: self._apart(result) for value, result in made.items()}

    def _explain(self, steps, fed):
        try:
            plain(steps)(*fed.values())
        except Exception as error:
            raise self._failed(error) from error

    def _apart(self, result):
        """A result that no later run will change."""
        return result.detach().clone() if isinstance(result, Tensor) else result

    def _failed(self, error):
        step, walk = None, error.__traceback__
        while walk is not None:
            if walk.tb_frame.f_code is run_step.__code__:
                step = walk.tb_frame.f_locals["step"]
            walk = walk.tb_next
        if step is None:
            return RunError(f"the run failed: {type(error).__name__}: {error}")
        return RunError(f"node {step.outputs[0].name}:0 ({step.op.name}), built in {where(step.source)}, failed when "
                        f"it ran: {type(error).__name__}: {error}")  # fmt: skip

    def _needed(self, wanted, fed, checked):
        """All values that a run must have, and the steps that make them."""
        graph, needed, chosen, todo = self.graph, set(fed), set(), list(wanted)
        while todo:
            value = todo.pop()
            if value in needed:
                continue
            needed.add(value)
            if checked:
                self._check_source(value, wanted)
            step = graph.makers.get(value)
            if step is not None and step not in chosen:
                chosen.add(step)
                todo += read_by(step)
                for one in (step, *(inner for block in step.blocks for inner in block.every_step())):
                    todo += graph.after.get(one, ())
        return needed, chosen

    def _steps(self, wanted, fed, checked=True):
        """The steps that these values need, and the pairs (Value, Variable) that get a first value."""
        graph = self.graph
        needed, chosen = self._needed(wanted, fed, checked)
        made = {value for step in chosen for value in step.outputs}.difference(fed)
        assigned = [(value, variable) for value, variable in graph.assigned.items() if value in made]
        if len({variable for _, variable in assigned}) < len(assigned):
            names = ", ".join(f"{value.name}:0" for value, _ in assigned)
            raise GraphError(f"one Variable gets two values in this run, by {names}: run one after the other, or group "
                             "what is to happen into one assign")  # fmt: skip
        first = [(value, variable) for value, variable in assigned if variable not in self.values]
        steps = Steps(list(fed), [step for step in graph.blocks[0].steps if step in chosen], name="run")
        steps.outputs = list(dict.fromkeys([*wanted, *(value for value, _ in first)]))
        steps.form = [Leaf(i) for i in range(len(steps.outputs))]
        steps.updates = [(variable.value, value) for value, variable in assigned
                         if variable in self.values and variable.value not in fed]  # fmt: skip
        held = needed.difference(fed).union(value for value, _ in steps.updates)
        steps.parameters = {value: self.values[variable] if variable in self.values else zeros_like(value)
                            for value, variable in graph.variables.items() if value in held}  # fmt: skip
        steps.constants = {value: numbers for value, numbers in graph.constants.items() if value in held}
        return steps, first

    def _check_source(self, value, wanted):
        node = self.graph.nodes.get(value.name)
        last = ", ".join(f"{v.name}:0" for v in wanted)
        if isinstance(node, Placeholder):
            raise FeedError(f"placeholder {node.name} ({type_of(value)}, {built(value, self.graph)}) is needed for "
                            f"{last} and was not fed. Pass feed_dict={{{value.name}: ...}}")  # fmt: skip
        if isinstance(node, Variable) and node not in self.values:
            raise UninitializedError(
                f"Variable {node.name} ({built(value, self.graph)}) is needed for {last} and has no value in this "
                "session. Run global_variables_initializer() first: each session keeps values of its own"
            )


def _eval(self, feed_dict=None):
    """`session.run(self, feed_dict)` in the session of the `with` block around."""
    return default_session().run(self, feed_dict)


Node.eval = _eval


def _copied(steps):
    """Let results be copies: one that shares memory with a Variable would change with it at the end of the run."""
    for i, value in enumerate(steps.outputs):
        copy = Value(f"{value.name}.result", value.kind, value.shape, value.dtype, value.device)
        if value.kind == "tensor":
            steps.steps.append(Step(OPS["clone"], (value,), {}, (copy,)))
            steps.outputs[i] = copy


__all__ = ["Session", "Value", "default_session", "plain", "values_in"]
