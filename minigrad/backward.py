"""The backward walk: from a result to every leaf that it was computed from.

Two passes without recursion, so that a chain of a million ops is no problem. The first counts, for each node, how many
consumers will send it a gradient. The second takes nodes whose count has reached zero, runs their rules, and passes
the contributions on. A leaf's edge (`AccumulateGrad`) has no rules: what arrives there is added to `.grad`.
"""

from __future__ import annotations

import weakref

import numpy as np

from . import ops
from .axes import unbroadcast
from .device import module_of
from .errors import DeviceError, DtypeError, GradError, ShapeError
from .events import Accumulated, BackwardEnded, BackwardStarted, Freed, RuleRan
from .mode import notify, state
from .tensor import AccumulateGrad, Tensor


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
    targets = None
    if inputs is not None:
        inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
        if not inputs:
            raise GradError("'inputs' argument to backward() cannot be empty; leave it out to reach every leaf")
        targets = {_edge_of(x): x for x in inputs}
    found = _walk((tensor,), (gradient,), _keep(retain_graph, create_graph), create_graph, targets)
    for edge, x in (targets or {}).items():
        if found.get(edge) is not None:
            _add_to_grad(x, found[edge], create_graph)


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=False):
    """Gradients of `outputs` with respect to `inputs`, as a tuple; `.grad` is not touched.

    Errors: GradError for an input that the outputs do not depend on, unless `allow_unused` (then its place is None).

    >>> import minigrad as mg
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> (first,) = mg.autograd.grad(x * x * x, x, create_graph=True)
    >>> mg.autograd.grad(first, x)
    (tensor(18.),)
    """
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None:
        grad_outputs = (None,) * len(outputs)
    grad_outputs = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    if len(grad_outputs) != len(outputs):
        raise GradError(f"got {len(outputs)} outputs and {len(grad_outputs)} grad_outputs: give one for each output")
    edges = [_edge_of(x) for x in inputs]
    found = _walk(outputs, grad_outputs, _keep(retain_graph, create_graph), create_graph, dict.fromkeys(edges))
    if not allow_unused and any(found.get(edge) is None for edge in edges):
        missing = next(i for i, edge in enumerate(edges) if found.get(edge) is None)
        raise GradError(
            f"One of the differentiated Tensors (input {missing}) appears to not have been used in the graph. "
            "Set allow_unused=True if this is the desired behavior; its gradient is then None."
        )
    return tuple(g if g is None or isinstance(g, Tensor) else _own(g) for g in map(found.get, edges))


def retain_grad(tensor):
    """Keep `.grad` on a non-leaf too. Nothing to do on a leaf.

    >>> import minigrad as mg
    >>> h = mg.tensor(2.0, requires_grad=True) * 3
    >>> h.retain_grad()
    >>> (h * h).backward()
    >>> h.grad
    tensor(12.)
    """
    if tensor._edge is None:
        raise GradError("can't retain_grad on Tensor that has requires_grad=False")
    if not tensor.is_leaf and not tensor.retains_grad:
        _hooks(tensor).append(_Retain(tensor))


def register_hook(tensor, hook):
    """Call `hook(gradient)` when the gradient of `tensor` is known; what it returns (if not None) replaces it.

    Returns a handle whose `remove()` takes the hook away.
    """
    if tensor._edge is None:
        raise GradError("cannot register a hook on a tensor that doesn't require gradient")
    hooks = _hooks(tensor)
    hooks.append(hook)
    return _Handle(hooks, hook)


class _Handle:
    def __init__(self, hooks, hook):
        self.hooks, self.hook = hooks, hook

    def remove(self):
        """Take the hook away; a second call does nothing."""
        if self.hook in self.hooks:
            self.hooks.remove(self.hook)


class _Retain:
    """The hook behind `retain_grad()`; it runs after all others, and holds its tensor weakly."""

    def __init__(self, tensor):
        self.retains = weakref.ref(tensor)


def _hooks(tensor):
    if tensor._edge.hooks is None:
        tensor._edge.hooks = []
    return tensor._edge.hooks


def _keep(retain_graph, create_graph):
    return create_graph if retain_graph is None else retain_graph


def _edge_of(x):
    if not isinstance(x, Tensor):
        raise TypeError(f"expected a Tensor to differentiate with respect to, not {type(x).__name__}")
    if x._edge is None:
        raise GradError("One of the differentiated Tensors does not require grad. Make it with requires_grad=True.")
    return x._edge


def _as_tensor(g):
    return g if isinstance(g, Tensor) else Tensor(np.asarray(g) if isinstance(g, np.generic) else g)


def _own(g):
    """A gradient with memory of its own: what a rule hands out may be shared, or a broadcast view."""
    if isinstance(g, Tensor):
        return ops.clone(g)
    return Tensor(g.copy() if type(g) is np.ndarray else module_of(g).array(g))


# The walk


def _walk(roots, gradients, retain, create, targets):
    """Run the backward pass. Returns the gradients that reached `targets` (edges); None means every leaf."""
    watched, before = bool(state.watchers), state.grad
    if watched:
        notify(BackwardStarted(roots))
    state.grad = bool(create)  # not through set_grad_enabled: this switch is no news to watchers
    try:
        start = _start(roots, gradients, create)
        pending = _count_consumers(start)
        wanted = _leading_to(targets, pending) if targets is not None else None
        return _run(start, pending, retain, create, targets, wanted)
    finally:
        state.grad = before
        if watched:
            notify(BackwardEnded(roots))


def _start(roots, gradients, create):
    """The first gradients: ones for scalars, what the caller gave for the rest."""
    start = {}
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
            gradient = Tensor(module_of(array).ones_like(array))
        elif not isinstance(gradient, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
        elif gradient.array.shape != array.shape:
            raise ShapeError(f"Mismatch in shape: grad_output has shape {gradient.shape}, the output has {root.shape}")
        elif gradient.array.dtype.kind != "f":
            raise DtypeError(f"grad_output must be floating-point as the output is, not {gradient.dtype}")
        elif gradient.device != root.device:
            raise DeviceError(f"grad_output is on {gradient.device}, the output on {root.device}. Use .to(device).")
        if gradient.array.dtype != array.dtype:
            gradient = gradient.astype(array.dtype)
        gradient = gradient if create else gradient.array
        start[root._edge] = start[root._edge] + gradient if root._edge in start else gradient
    return start


def _count_consumers(start):
    """For every node that can be reached: how many edges lead to it from others that can be reached."""
    pending = dict.fromkeys(start, 0)
    stack = list(start)
    while stack:
        for parent in stack.pop().parents:
            if parent is None:
                continue
            if parent in pending:
                pending[parent] += 1
            else:
                pending[parent] = 1
                stack.append(parent)
    return pending


def _leading_to(targets, pending):
    """The nodes from which some target can be reached; backward goes nowhere else."""
    consumers = {}
    for node in pending:
        for parent in node.parents:
            if parent is not None:
                consumers.setdefault(parent, []).append(node)
    wanted, stack = set(), [edge for edge in targets if edge in pending]
    while stack:
        edge = stack.pop()
        if edge not in wanted:
            wanted.add(edge)
            stack.extend(consumers.get(edge, ()))
    return wanted


def _run(start, pending, retain, create, targets, wanted):
    """Run the rules. `.grad` changes only when all of them have run, so an error leaves every `.grad` as it was."""
    gradients, found, landed = start, {}, []
    ready = [edge for edge, count in pending.items() if not count]
    while ready:
        node = ready.pop()
        parents, g = node.parents, gradients.pop(node, None)
        if g is not None and (wanted is None or node in wanted):
            if node.hooks:
                g = _run_hooks(node, g, create, landed)
            if targets is not None and node in targets:
                found[node] = g
            if type(node) is AccumulateGrad:
                if targets is None:
                    landed.append((node.variable, g))
            elif wanted is None or not wanted.isdisjoint(parents):
                _run_rules(node, g, gradients, create)
                if not retain and node.plan.tensors:  # shapes and numbers stay: they allow a second backward
                    node.saved = None
                    if state.watchers:
                        notify(Freed(node))
        for parent in parents:
            if parent is not None:
                pending[parent] -= 1
                if not pending[parent]:
                    ready.append(parent)
    for tensor, g in landed:
        if tensor is not None and tensor._edge is not None:  # a leaf may be gone, or frozen, by now
            _add_to_grad(tensor, g, create)
    return found


def _run_rules(node, g, gradients, create):
    """Send each parent its contribution: the rule, then the sum over broadcast axes."""
    saved = node.saved
    if saved is None:
        raise GradError(
            f"Trying to backward through the graph a second time: the tensors that {node.name()} had saved are freed. "
            "Run the forward again, or pass retain_graph=True to the first backward."
        )
    for version, then in node.versions:
        if version[0] != then:
            raise _overwritten(node)
    if create and saved:
        saved = _saved_as_tensors(node)
    plan, parents, sources = node.plan, node.parents, node.sources
    if plan.wants_xp:
        saved = (*saved, ops if create else module_of(g))
    sent = [None] * len(parents) if state.watchers else None
    for i, rule, needs in plan.rules:
        contribution = rule(g, saved[needs[0]]) if len(needs) == 1 else rule(g, *[saved[k] for k in needs])
        if sources is not None:
            shape, dtype = sources[i]
            contribution = unbroadcast(contribution, shape)
            if (contribution.array if create else contribution).dtype != dtype:
                contribution = contribution.astype(dtype)
        parent = parents[i]
        before = gradients.get(parent)
        gradients[parent] = contribution if before is None else before + contribution
        if sent is not None:
            sent[i] = _as_tensor(contribution)
    if sent is not None:
        notify(RuleRan(node, _as_tensor(g), tuple(sent)))


def _overwritten(node):
    name, (version, then) = next(
        (name, pair) for name, pair in zip(node.plan.tensors, node.versions, strict=True) if pair[0][0] != pair[1]
    )
    return GradError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"{node.name()} saved '{name}' at version {then}, it is now at version {version[0]}. "
        "Write the change out of place (y = y + 1 in place of y += 1), or change a .clone()."
    )


def _saved_as_tensors(node):
    """Saved arrays as tensors that know where they came from, so that rules on them are recorded."""
    rebuilt, versions = [], iter(node.versions)
    for name, kept in zip(node.plan.names, node.saved, strict=True):
        if name in node.plan.tensors:
            version, _ = next(versions)
            kept = _as_it_was(node, name, kept, version)
        rebuilt.append(kept)
    return rebuilt


def _as_it_was(node, name, array, version):
    """One saved array with its edge and version counter; an operand that was promoted is promoted again, recorded."""
    tensor = Tensor(np.asarray(array) if isinstance(array, np.generic) else array)  # a plain number was kept as one
    if name == "y":
        tensor._edge, tensor._version = node, version
        return tensor
    i = node.op.arguments.index(name)
    source = node.sources[i] if node.sources else None
    if source is None or source[1] == array.dtype:
        tensor._edge, tensor._version = node.parents[i], version if isinstance(version, list) else [0]
        return tensor
    tensor.array = array.astype(source[1])
    tensor._edge = node.parents[i]
    return tensor.astype(array.dtype)


def _run_hooks(node, g, create, landed):
    """Users' hooks first, in their order; then what retain_grad() asked for."""
    for hook in [h for h in node.hooks if not isinstance(h, _Retain)]:
        answer = hook(_as_tensor(g))
        if answer is not None:
            g = _checked_answer(answer, g, create)
    for hook in node.hooks:
        if isinstance(hook, _Retain) and hook.retains() is not None:
            landed.append((hook.retains(), g))
    return g


def _checked_answer(answer, g, create):
    if not isinstance(answer, Tensor):
        raise TypeError(f"a hook must return a Tensor or None, but this one returned {type(answer).__name__}")
    if answer.array.shape != tuple(g.shape):
        raise ShapeError(f"a hook has changed the size of the gradient from {tuple(g.shape)} to {answer.shape}")
    answer = answer.astype(g.dtype)
    return answer if create else answer.array


def _add_to_grad(tensor, g, create):
    """tensor.grad += g: in place, so that the .grad somebody holds is the one that grows."""
    old = getattr(tensor, "_grad", None)
    if old is None:
        new = _own(g)
    elif create:
        new = old + g
    elif old._edge is not None:
        new = old + _as_tensor(g)
    else:
        old.array += g
        old._version[0] += 1
        new = old
    tensor._grad = new
    if state.watchers:
        notify(Accumulated(tensor, _as_tensor(g), new))
