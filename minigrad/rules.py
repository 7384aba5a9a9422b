"""Running the rules of one node: what reached it goes in, what it sends to its parents comes out."""

from __future__ import annotations

import numpy as np

from . import memory, mode, ops
from .axes import unbroadcast
from .device import module_of
from .errors import GradError
from .events import RuleRan
from .hooks import as_tensor, run_node_hooks
from .mode import notify, state
from .node import Node
from .tensor import Tensor


def _saved_of(node):
    """What the node has saved, if it is still there and still what it was."""
    if node.saved is None:
        raise GradError(
            f"Trying to backward through the graph a second time: the tensors that {node.name()} had saved are freed. "
            "Run the forward again, or pass retain_graph=True to the first backward."
        )
    if node.epoch != memory.epoch:
        for name, array in zip(node.plan.tensors, node.saved, strict=False):
            if not isinstance(array, np.generic) and memory.changed_since(array, node.epoch):
                raise _overwritten(node, name, array)
    return node.saved


def run_rules(node, g):
    """What the node sends, as (parent, contribution): the rule, then the sum over broadcast axes. Bare arrays."""
    saved = node.saved
    if saved is None or node.epoch != memory.epoch:
        saved = _saved_of(node)
    plan, sources, parents = node.plan, node.sources, node.parents
    if plan.wants_xp:
        saved = (*saved, np if type(g) is np.ndarray else module_of(g))
        if plan.shared:
            saved = _with_shared(plan, g, saved)
    sent = []
    for i, rule, needs in plan.rules:
        contribution = rule(g, saved[needs[0]]) if len(needs) == 1 else rule(g, *[saved[k] for k in needs])
        if sources is not None:
            shape, dtype = sources[i]
            if contribution.shape != shape:
                contribution = unbroadcast(contribution, shape)
            if contribution.dtype is not dtype:
                contribution = contribution.astype(dtype)
        sent.append((parents[i], contribution))
    return sent


def _with_shared(plan, g, saved):
    """What was saved, and behind it what several rules need, worked out once."""
    shared, needs = plan.shared
    return *saved, shared(g, *[saved[k] for k in needs])


def run_rules_carefully(node, g, create):
    """The same for tensors, custom functions, hooks, watchers and anomaly mode."""
    if type(node) is not Node:
        sent = node.run_backward(g, create)
    else:
        sent = _run_rules_on_tensors(node, g) if create else run_rules(node, g)
    if node.hooks:
        sent = run_node_hooks(node, sent, g, create)
    if mode.special and state.anomaly:
        _look_for_nan(node, sent)
    if mode.special and state.watchers and hasattr(g, "dtype"):
        notify(RuleRan(node, as_tensor(g), _by_argument(node, sent)))
    return sent


def _by_argument(node, sent):
    """What is sent, in the order of the op's arguments; None where nothing is."""
    tracked = [i for i, parent in enumerate(node.parents) if parent is not None]
    places = [None] * len(node.parents)
    for i, (_, contribution) in zip(tracked, sent, strict=True):
        places[i] = None if contribution is None else as_tensor(contribution)
    return tuple(places)


def _run_rules_on_tensors(node, g):
    saved = _saved_of(node)
    saved = (*_saved_as_tensors(node), ops) if saved else (ops,)
    if node.plan.shared:
        saved = _with_shared(node.plan, g, saved)
    sent = []
    for i, rule, needs in node.plan.rules:
        contribution = rule(g, *[saved[k] for k in needs])
        if node.sources is not None:
            shape, dtype = node.sources[i]
            contribution = unbroadcast(contribution, shape)
            if contribution.array.dtype != dtype:
                contribution = contribution.astype(dtype)
        sent.append((node.parents[i], contribution))
    return sent


def _look_for_nan(node, sent):
    for i, (_, contribution) in enumerate(sent):
        if contribution is not None and bool((contribution != contribution).any()):
            where = getattr(node, "made_at", None)
            told = f"The forward call was:\n{where}" if where else "Run forward in detect_anomaly() too to see where."
            raise GradError(f"Function '{node.name()}' returned nan values in its {i}th output. {told}")


def _overwritten(node, name, array):
    return GradError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"{node.name()} saved '{name}' at version {memory.version(array, node.epoch)}, it is now at version "
        f"{memory.version(array)}. Write the change out of place (y = y + 1 in place of y += 1), or change a .clone()."
    )


def _saved_as_tensors(node):
    """Saved arrays as tensors that know where they came from, so that rules on them are recorded."""
    names, tensors = node.plan.names, node.plan.tensors
    return [_as_it_was(node, name, kept) if name in tensors else kept
            for name, kept in zip(names, node.saved, strict=True)]  # fmt: skip


def _as_it_was(node, name, array):
    """One saved array with its edge; an operand that was promoted is promoted again, recorded."""
    tensor = Tensor(np.asarray(array) if isinstance(array, np.generic) else array)  # a plain number was kept as one
    if name == "y":
        tensor._edge = node
        return tensor
    i = node.op.arguments.index(name)
    source = node.sources[i] if node.sources else None
    tensor._edge = node.parents[i]
    if source is None or source[1] == array.dtype:
        return tensor
    tensor._put_array(array.astype(source[1]))
    return tensor.astype(array.dtype)
