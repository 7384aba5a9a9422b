"""The backward walk: from a result to every leaf that it was computed from.

Two passes without recursion, so that a chain of a million ops is no problem. The first finds the nodes that more than
one other will send a gradient to. The second runs the rules of a node as soon as all that will come has come, and sends
the contributions on. A leaf's edge (`AccumulateGrad`) has no rules: what arrives there is added to `.grad`.

Ordinarily rules run on bare arrays. With `create_graph` they run on tensors, and so are recorded themselves. They also
do while all that happens is put down as a graph (`state.staging`, see jit/recording.py); then nothing is recorded for a
further backward, but each op of the rules is told.
"""

from __future__ import annotations

import numpy as np

from . import memory, modes
from .accumulate import add_to_grad, land, own
from .device import module_of
from .errors import DeviceError, GradError, ShapeError
from .events import BackwardEnded, BackwardStarted, Freed
from .hooks import as_tensor, grad_mode, run_hooks
from .modes import notify, state
from .node import Node
from .rules import run_rules, run_rules_carefully
from .shortcuts import scalar
from .tensor import AccumulateGrad, Tensor

_ndarray = np.ndarray


def backward(tensor, gradient=None, retain_graph=None, create_graph=False, inputs=None):
    """Compute the gradient of `tensor` and add it to `.grad` of each leaf that it was computed from.

    `gradient` weighs the elements of a tensor that has more than one (same shape). `retain_graph` keeps saved tensors
    for a further backward; `create_graph` records the backward pass itself, for higher derivatives; `inputs` restricts
    what is accumulated to these tensors.
    Errors: GradError when nothing was recorded, for a non-scalar without `gradient`, when saved tensors are freed or
    were overwritten since; ShapeError when `gradient` has another shape.

    >>> import minigrad as mg
    >>> w = mg.tensor(2.0, requires_grad=True)
    >>> (w * w * 3).backward()
    >>> w.grad
    tensor(12.)
    """
    if inputs is None and not (create_graph or modes.special) and isinstance(tensor, Tensor):
        edge, g = tensor._edge, _plain_gradient(tensor.array, gradient)
        if edge is not None and g is not None:  # by far the commonest: one result, and all leaves
            arrived = {}
            left = _follow(edge, g, retain_graph, arrived)
            if left:
                _run(left, arrived, retain_graph, False, None)
            else:
                land(arrived)
            return
    targets = None
    if inputs is not None:
        inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
        if not inputs:
            raise GradError("'inputs' argument to backward() cannot be empty; leave it out to reach every leaf")
        targets = {_edge_of(x): x for x in inputs}
    roots, gradients = ((tensor,), (gradient,)) if isinstance(tensor, Tensor) else (tensor, gradient)
    found = _walk(roots, gradients, _keep(retain_graph, create_graph), create_graph, targets)
    for edge, x in (targets or {}).items():
        if found.get(edge) is not None:
            add_to_grad(x, own(found[edge], create_graph), create_graph)


def grad(
    outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=None,
    is_grads_batched=False, materialize_grads=False,
):  # fmt: skip
    """Gradients of `outputs` with respect to `inputs`, as a tuple, or for a dict as a dict; `.grad` is not touched.

    Errors: GradError for an input that the outputs do not depend on, unless `allow_unused` (then its place is None) or
    `materialize_grads` (then zeros). Batches of gradients (`is_grads_batched`) are not in minigrad: use a loop.

    >>> import minigrad as mg
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> (first,) = mg.autograd.grad(x * x * x, x, create_graph=True)
    >>> mg.autograd.grad(first, x)
    (tensor(18.),)
    """
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    names = list(inputs) if isinstance(inputs, dict) else None
    inputs = inputs.values() if names is not None else inputs
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if is_grads_batched:
        raise NotImplementedError("is_grads_batched is not in minigrad: call grad() once for each row")
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True")
    if not inputs:
        raise GradError("grad requires non-empty inputs.")
    if grad_outputs is None:
        grad_outputs = (None,) * len(outputs)
    grad_outputs = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    if len(grad_outputs) != len(outputs):
        raise GradError(f"got {len(outputs)} outputs and {len(grad_outputs)} grad_outputs: give one for each output")
    edges = [_edge_of(x) for x in inputs]
    found = _walk(outputs, grad_outputs, _keep(retain_graph, create_graph), create_graph, dict.fromkeys(edges))
    if materialize_grads:
        found = {edge: Tensor(module_of(x.array).zeros_like(x.array)) if found.get(edge) is None else found[edge]
                 for edge, x in zip(edges, inputs, strict=True)}  # fmt: skip
    if not allow_unused and any(found.get(edge) is None for edge in edges):
        missing = next(i for i, edge in enumerate(edges) if found.get(edge) is None)
        raise GradError(
            f"One of the differentiated Tensors (input {missing}) appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior; its gradient is then None."
        )
    made = [g if g is None or isinstance(g, Tensor) else as_tensor(own(g)) for g in map(found.get, edges)]
    return tuple(made) if names is None else dict(zip(names, made, strict=True))


def grad_between(outputs, inputs, grad_outputs):
    """The same as if `inputs` had neither a history nor hooks of their own; None where nothing comes. Keeps the graph.

    This is for recordings: what lies behind the inputs is seen to where a replay's gradients are handed on.
    """
    edges = [x._edge for x in inputs]
    found = _walk(outputs, grad_outputs, True, False, dict.fromkeys(edges), frozenset(edges))
    return [g if g is None or isinstance(g, Tensor) else as_tensor(own(g)) for g in map(found.get, edges)]


def _keep(retain_graph, create_graph):
    return create_graph if retain_graph is None else retain_graph


def _edge_of(x):
    if not isinstance(x, Tensor):
        raise TypeError(f"expected a Tensor to differentiate with respect to, not {type(x).__name__}")
    if x._edge is None:
        raise GradError("One of the differentiated Tensors does not require grad. Make it with requires_grad=True.")
    return x._edge


# The walk


def _walk(roots, gradients, retain, create, targets, ends=()):
    """Run the backward pass. Returns the gradients that reached `targets` (edges); None means every leaf.

    Nothing is sent on from `ends`, which are among the targets.
    """
    watched = modes.special and bool(state.watchers)
    if watched:
        notify(BackwardStarted(roots))
    try:
        on_tensors = create or state.staging is not None
        start = _start(roots, gradients, on_tensors).items()
        if not on_tensors:  # rules on bare arrays ask for no mode
            return _run(start, {}, retain, create, targets, ends)
        with grad_mode(create):
            return _run(start, {}, retain, create, targets, ends)
    finally:
        if watched:
            notify(BackwardEnded(roots))


def _start(roots, gradients, on_tensors):
    """The first gradients: ones for scalars, what the caller gave for the rest."""
    start = {}
    for given in gradients:
        if given is not None and not isinstance(given, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(given).__name__}")
    for i, (root, gradient) in enumerate(zip(roots, gradients, strict=True)):
        if root._edge is None:
            raise GradError(
                f"element {i} of tensors does not require grad and does not have a grad_fn: nothing was recorded. Was "
                "it computed under no_grad, after detach(), or from tensors without requires_grad=True?"
            )
        array = root.array
        if gradient is None:
            if array.size != 1:
                raise GradError(
                    f"grad can be implicitly created only for scalar outputs; this one has shape {root.shape}. "
                    "Reduce it first (.sum(), .mean()) or pass gradient= with one weight per element."
                )
            gradient = Tensor(_one_like(array))
        elif gradient.array.shape != array.shape:
            raise ShapeError(f"Mismatch in shape: grad_output has shape {gradient.shape}, the output has {root.shape}")
        elif gradient.device != root.device:
            raise DeviceError(f"grad_output is on {gradient.device}, the output on {root.device}. Use .to(device).")
        if gradient.array.dtype is not array.dtype:
            gradient = gradient.astype(array.dtype)
        gradient = gradient if on_tensors else gradient.array
        start[root._edge] = start[root._edge] + gradient if root._edge in start else gradient
    return start


def _plain_gradient(array, gradient):
    """The bare gradient to begin with where there is nothing to say against it, else None."""
    if type(array) is not _ndarray:
        return None
    if gradient is None:
        return None if array.ndim else scalar(1, array.dtype)
    if not isinstance(gradient, Tensor):
        return None
    g = gradient.array
    return g if type(g) is _ndarray and g.dtype is array.dtype and g.shape == array.shape else None


def _one_like(array):
    """d y / d y. Nobody writes to a gradient on its way, so one such number serves all."""
    if array.ndim or module_of(array) is not np:
        return module_of(array).ones_like(array)
    return scalar(1, array.dtype)


def fan_out(start):
    """How many more gradients than one will reach a node, for those where it is more than one; and all nodes.

    `start` are the nodes that gradients have reached already, one twice if two have.
    """
    seen, more, stack = set(), {}, []
    take, put, note, parents = stack.pop, stack.append, seen.add, start
    while True:
        for parent in parents:
            if parent is not None:
                if parent in seen:
                    more[parent] = more.get(parent, 0) + 1
                else:
                    note(parent)
                    put(parent)
        if not stack:
            return more, seen
        parents = take().parents


def _leading_to(targets, nodes):
    """The nodes from which some target can be reached; backward goes nowhere else."""
    consumers = {}
    for node in nodes:
        for parent in node.parents:
            if parent is not None:
                consumers.setdefault(parent, []).append(node)
    wanted, stack = set(), [edge for edge in targets if edge in nodes]
    while stack:
        edge = stack.pop()
        if edge not in wanted:
            wanted.add(edge)
            stack.extend(consumers.get(edge, ()))
    return wanted


def _run(sent, arrived, retain, create, targets, ends=()):
    """Run the rules. `.grad` changes only when all of them have run, so an error leaves every `.grad` as it was.

    `sent` are pairs of an edge and a gradient, `arrived` is what has reached leaves so far.
    """
    landed, found, more, wanted, leaf, op_ran = [], {}, None, None, AccumulateGrad, Node
    start = dict.fromkeys([edge for edge, _ in sent])
    if create or modes.special or targets:  # everything is looked at with care
        leaf = op_ran = None
        more, nodes = fan_out([edge for edge, _ in sent])
        wanted = None if targets is None else _leading_to(targets, nodes)
    held, ready = {}, []
    while True:
        for parent, g in sent:
            if parent is None:
                continue
            if type(parent) is leaf and parent.hooks is None:
                arrived[parent] = _plus(arrived.get(parent), g)
            elif more is None or parent not in more:
                ready.append((parent, g))
            else:
                g = _plus(held.pop(parent, None), g)
                if more[parent]:
                    more[parent] -= 1
                    held[parent] = g
                else:
                    ready.append((parent, g))
        if not ready:
            break
        if more is None and len(ready) > 1:
            sent, ready = ready, []
            more, _ = fan_out([parent for parent, _ in sent])
            continue
        node, g = ready.pop()
        if type(node) is op_ran and node.hooks is None and g is not None:
            sent = zip(node.parents, run_rules(node, g))  # noqa: B905  as many by construction
            if not retain and node.plan.tensors:  # shapes and numbers stay: they allow a second backward
                node.saved = None
        else:
            if node in ends and g is not None:
                found[node], g = g, None
            sent = _visit(node, g, retain, create, targets, wanted, found, landed, start)
    parent = node = g = sent = None  # no name may hold a gradient that could be taken over as it is
    land(arrived)
    for edge, g in landed:
        tensor = edge.variable if type(edge) is AccumulateGrad else edge
        if tensor is not None and tensor._edge is not None:
            add_to_grad(tensor, own(g, create), create)
    return found


def _follow(node, g, retain, arrived):
    """The walk for as long as one gradient alone is under way: nothing else can reach its node, so nothing is counted.

    That is to the end for most models, as what arrives at leaves is put aside. Returns what is left to be sent.
    """
    leaf = AccumulateGrad
    while type(node) is Node and node.hooks is None and g is not None:
        plan, saved = node.plan, node.saved
        if plan.shared or node.sources or saved is None or node.epoch != memory.epoch or type(g) is not _ndarray:
            sent = zip(node.parents, run_rules(node, g))  # noqa: B905  as many by construction
        else:
            sent = zip(node.parents, plan.quick(g, saved, np))  # noqa: B905
        if not retain and plan.tensors:
            node.saved = None
        node = None
        for parent, part in sent:
            if parent is None:
                continue  # a number, or what wants no gradient
            if type(parent) is leaf and parent.hooks is None:
                if parent in arrived:
                    part = _plus(arrived[parent], part)
                arrived[parent] = part
            elif node is None:
                node, g = parent, part
            else:
                return [(node, g), (parent, part), *sent]
    return () if node is None else ((node, g),)


def _plus(before, g):
    """What has reached one place so far, and now g; either may be None."""
    return g if before is None else before if g is None else before + g


def _visit(node, g, retain, create, targets, wanted, found, landed, start):
    """A node with hooks, targets, watchers, tensors for gradients, or with nothing to send on."""
    if g is None or (wanted is not None and node not in wanted):
        return [(parent, None) for parent in node.parents if parent is not None]
    if node.hooks:
        if type(g) is _ndarray and not g.flags.writeable:  # the 1 that many begin with, say, and a hook may write to it
            g = g.copy()
        g = run_hooks(node, g, create, landed, start if wanted is None else wanted)
    if targets is not None and node in targets:
        found[node] = g
    if type(node) is AccumulateGrad:
        if targets is None:
            landed.append((node, g))
        return ()
    if wanted is not None and wanted.isdisjoint(node.parents):
        return [(parent, None) for parent in node.parents if parent is not None]
    sent = run_rules_carefully(node, g, create)
    if not retain and node.plan.tensors:
        node.saved = None
        if modes.special and state.watchers:
            notify(Freed(node))
    return sent
