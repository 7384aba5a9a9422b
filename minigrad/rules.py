"""Running the rules of one node: what reached it goes in, what it sends to its parents comes out."""

from __future__ import annotations

import numpy as np

from . import memory, modes, ops
from .axes import unbroadcast
from .device import module_of
from .errors import GradError
from .events import RuleRan
from .hooks import as_tensor, run_node_hooks
from .modes import notify, state
from .node import Node
from .shortcuts import channel_sums, column_sums
from .tensor import Tensor

_ndarray = np.ndarray


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
    """What the node sends to each of its parents: the rule, then the sum over broadcast axes. Bare arrays."""
    saved = node.saved
    if saved is None or node.epoch != memory.epoch:
        saved = _saved_of(node)
    plan, xp = node.plan, np if type(g) is _ndarray else module_of(g)
    run = plan.quick if xp is np else plan.contributions
    sent = run(g, saved, xp) if plan.shared is None else run(g, saved, xp, plan.shared(g, saved, xp)[0])
    if node.sources is None:
        return sent
    return [None if given is None else _as_the_source(given, *source)
            for given, source in zip(sent, node.sources)]  # noqa: B905  behind the last rule there may be more operands


def _summed(g, shape):
    if g.ndim == 2 and shape == g.shape[1:]:
        return column_sums(g)
    if g.ndim > 2 and shape[-1:] == (1,) and _whole(shape, g.ndim) == (1, g.shape[1]) + (1,) * (g.ndim - 2):
        return channel_sums(g).reshape(shape)
    return unbroadcast(g, shape)


def _whole(shape, axes):
    return (1,) * (axes - len(shape)) + shape


def _as_the_source(g, shape, dtype):
    """Undo for a gradient what broadcasting and promotion did to the operand."""
    if g.shape != shape:
        g = _summed(g, shape)
    return g if g.dtype is dtype else g.astype(dtype)


def run_rules_carefully(node, g, create):
    """The same for tensors, custom functions, hooks, watchers and anomaly mode."""
    if state.staging is not None:
        state.staging.goes_back(node)
    sent = pairs_sent(node, g) if type(node) is Node else node.run_backward(g, create)
    if node.hooks:
        sent = run_node_hooks(node, sent, g, create)
    if modes.special and state.anomaly:
        _look_for_nan(node, sent)
    if modes.special and state.watchers and _are_gradients(g, *(given for _, given in sent)):
        notify(RuleRan(node, as_tensor(g), _by_argument(node, sent)))
    return sent


def _are_gradients(*given):
    """Whether these can be shown. Several at once, on their way to a custom function with several results, cannot."""
    return all(one is None or hasattr(one, "dtype") for one in given)


def pairs_sent(node, g):
    """What the rules give, as pairs (parent, contribution)."""
    given = _run_rules_on_tensors(node, g) if isinstance(g, Tensor) else run_rules(node, g)
    return [pair for pair in zip(node.parents, given) if pair[0] is not None]  # noqa: B905  as above


def _by_argument(node, sent):
    """What is sent, in the order of the op's arguments; None where nothing is."""
    tracked = [i for i, parent in enumerate(node.parents) if parent is not None]
    places = [None] * len(node.parents)
    for i, (_, contribution) in zip(tracked, sent, strict=True):
        places[i] = None if contribution is None else as_tensor(contribution)
    return tuple(places)


def _run_rules_on_tensors(node, g):
    saved, shared = _saved_of(node), None
    if node.plan.shared is not None and state.staging is not None and not state.grad:
        sent = state.staging.rules_as_one(node, g)
    else:
        saved = _saved_as_tensors(node) if saved else ()
        if node.plan.shared is not None:
            (shared,) = node.plan.shared(g, saved, ops)
        sent = node.plan.contributions(g, saved, ops, shared)
    if node.sources is None:
        return sent
    return [None if given is None else _tensor_as_the_source(given, *source)
            for given, source in zip(sent, node.sources)]  # noqa: B905  behind the last rule there may be more operands


def _tensor_as_the_source(g, shape, dtype):
    g = unbroadcast(g, shape)
    return g if g.array.dtype == dtype else g.astype(dtype)


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
    plan, again = node.plan, node.op.byproducts
    found = {name: _as_it_was(node, name, kept) if name in plan.tensors and name not in again else kept
             for name, kept in zip(plan.names, node.saved, strict=True)}  # fmt: skip
    for name in again.keys() & found.keys():
        if state.grad:
            function, needs = again[name]
            found[name] = function(*[ops if need == "xp" else found[need] for need in needs])
        else:  # only told, not recorded
            found[name] = as_tensor(found[name])
    return [found[name] for name in plan.names]


def _as_it_was(node, name, array):
    """One saved array with its edge; an operand that was promoted is promoted again, recorded."""
    tensor = Tensor(np.asarray(array) if isinstance(array, np.generic) else array)  # a plain number was kept as one
    if name == "y":
        tensor._edge = node
        return tensor
    i = node.op.arguments.index(name)
    source = node.sources[i] if node.sources else None
    tensor._edge = node.parents[i]
    if source is None or source[1] == array.dtype or not state.grad:  # or only told, not recorded
        return tensor
    tensor._put_array(array.astype(source[1]))
    if state.staging is not None:
        state.staging.put_back(tensor, array)
    return tensor.astype(array.dtype)
