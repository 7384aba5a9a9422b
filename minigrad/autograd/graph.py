"""Looking at the graph, and deciding how what backward needs is kept: what PyTorch calls `torch.autograd.graph`.

PyTorch's names for what a node has saved, `_saved_self`, `_saved_other`, `_saved_result` and the like, are hung on Node
here. They cost an op nothing: they are worked out, when somebody asks, from the names that the op's rules have.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from functools import partial

from .. import memory, rules
from ..backward import fan_out
from ..errors import GradError
from ..hooks import OnTheWay, Packed, grad_mode
from ..modes import state
from ..node import Handle, Node, add_hook
from ..op import OPS
from ..operands import NUMBERS
from ..tensor import AccumulateGrad, Tensor

__all__ = ["Node", "disable_saved_tensors_hooks", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks"]

_forbidden = threading.local()  # its message, while hooks on saved tensors are refused


class saved_tensors_hooks:
    """Inside the block, what ops save for backward is kept as `pack(tensor)`; `unpack` makes a tensor of it again.

    So saved tensors can be counted, written to disk, or kept in fewer bits. `pack` runs unrecorded and may return
    anything, but must not change its argument. `unpack` runs in the mode of its moment: recorded in a backward with
    `create_graph`, though no gradient goes through it. Of nested blocks the innermost one counts. Who changes a tensor
    in place after `pack` has made something else of it is not noticed.
    Errors: TypeError when `unpack` does not return a tensor, GradError when `pack` changes its argument.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> with saved_tensors_hooks(lambda t: t.tolist(), mg.tensor):
    ...     y = x.exp()
    >>> y.grad_fn._saved_result
    tensor([2.7183, 7.3891], grad_fn=<ExpBackward0>)
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook, self.unpack_hook, self._before = pack_hook, unpack_hook, []

    def __enter__(self):
        if getattr(_forbidden, "message", None) is not None:
            raise GradError(_forbidden.message)
        self._before.append(state.packing)
        state.packing = self

    def __exit__(self, *exception):
        state.packing = self._before.pop()

    def pack(self, tensor):
        """What is kept in the place of this tensor."""
        version = tensor._version
        with grad_mode(False):
            packed = Packed(self.pack_hook(tensor), self.unpack_hook)
        if tensor._version != version:
            raise GradError("A saved tensor pack hook is modifying its input in place. Change a .clone() instead.")
        return packed

    def node(self, plain, inputs):
        """The node of an op that ran in the block, in the place of a plain one that would keep arrays."""
        given = {name: x for name, x in zip(plain.op.names_of(inputs), inputs, strict=True) if isinstance(x, Tensor)}
        node = PackedNode()
        for field in ("epoch", "hooks", "parents", "plan", "sources"):
            setattr(node, field, getattr(plain, field))
        if hasattr(plain, "made_at"):
            node.made_at = plain.made_at
        names, count = plain.plan.tensors, len(plain.plan.tensors)
        node.saved = tuple(
            array if isinstance(array, NUMBERS) else self.pack(_as_given(given.get(name), array))
            for name, array in zip(names, plain.saved, strict=False)
        ) + plain.saved[count:]
        return node


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message):
    """Inside the block, `saved_tensors_hooks` is refused with this message, and the block within its own.

    >>> with disable_saved_tensors_hooks("saved as they are, here"):
    ...     save_on_cpu().__enter__()
    Traceback (most recent call last):
    minigrad.errors.GradError: saved as they are, here
    """
    if state.packing is not None:
        raise GradError(error_message)
    before = getattr(_forbidden, "message", None)
    _forbidden.message = error_message
    try:
        yield
    finally:
        _forbidden.message = before


def _as_given(x, array):
    """The operand itself; where it was promoted before it was saved, or is the result, a tensor around the array."""
    return x if x is not None and x.array is array else Tensor(array)


def _unpacked(kept):
    return kept.unpack().array if type(kept) is Packed else kept


class PackedNode(Node):
    """A node whose saved tensors went through `saved_tensors_hooks`."""

    __slots__ = ()

    def run_backward(self, g, create):
        """What the rules send, of what is unpacked for them."""
        kept = self.saved
        try:
            with grad_mode(create):
                self.saved = kept and tuple(map(_unpacked, kept))
            return rules.pairs_sent(self, g)
        finally:
            self.saved = kept

    def kept_arrays(self):
        """None of its own: they are with whoever packed them."""
        return {}


class save_on_cpu(saved_tensors_hooks):
    """Inside the block, what ops save is kept in the computer's memory, and brought back to its device for backward.

    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> with save_on_cpu():
    ...     y = x * x
    >>> y.backward()
    >>> x.grad
    tensor(4.)
    """

    def __init__(self, pin_memory=False, device_type="cuda"):
        super().__init__(lambda t: (t.device, t.detach().cpu()), lambda kept: kept[1].to(device=kept[0]))


# A hook on several tensors at once


class _Handles(Handle):
    def __init__(self, handles):
        self.handles = handles

    def remove(self):
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(tensors, fn, *, mode="all"):
    """Call `fn` once in a backward: with the list of the gradients of `tensors`, as soon as all are known that this
    backward comes to (the others are None); or, in mode "any", with the first that is known.

    Returns a handle whose `remove()` takes the hook away. What `fn` returns does not matter.
    Errors: GradError for a tensor that does not require grad, ValueError for another mode.

    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> y, z = x * 3, x * 4
    >>> handle = register_multi_grad_hook((y, z), print)
    >>> (y * z).backward()
    [tensor(8.), tensor(6.)]
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = [x for x in tensors if mode == "all" or x.requires_grad]
    if any(x._edge is None for x in tensors):
        raise GradError("cannot register a hook on a tensor that doesn't require gradient")
    edges, walks = [x._edge for x in tensors], {}

    def arrived(i, g, start):
        if id(start) not in walks:
            reached = start if isinstance(start, set) else fan_out(start)[1]
            walks[id(start)] = start, sum(edge in reached for edge in edges), {}  # held, so its id stays its own
        _, count, found = walks[id(start)]
        found[i] = g
        if len(found) == count:
            del walks[id(start)]
        if mode == "any" and len(found) == 1:
            fn(g)
        elif mode == "all" and len(found) == count:
            fn([found.get(i) for i in range(len(edges))])

    return _Handles([add_hook(edge, OnTheWay(partial(arrived, i))) for i, edge in enumerate(edges)])


# What a node has saved, under PyTorch's names

_SPELLED = {"a": "self", "x": "self", "b": "other", "y": "result"}
_OWN = {("pow", "b"): "exponent", ("matmul", "b"): "mat2"}
_metadata = weakref.WeakKeyDictionary()


def _spelled(op, name):
    argument, _, what = name.rpartition("_")
    if what == "shape" and argument in op.arguments:
        return _spelled(op, argument) + "_sym_sizes"
    return _OWN.get((op.name, name)) or _SPELLED.get(name, name)


def _may_save(op):
    """What a node of this op may have saved, {PyTorch's name: the rules' name}."""
    needs = {need for rule in op.rules.values() if rule for need in rule[1]} - {"xp", "shared", "i"}
    needs |= set(op.shared[1]) - {"xp"} if op.shared else set()
    return {_spelled(op, need): need for need in needs}


def _saved(node, spelled):
    known = _may_save(OPS[node.op.__name__]) if type(node) in (Node, PackedNode) else {}
    if spelled not in known:
        raise AttributeError(f"{node.name()!r} object has no attribute '_saved_{spelled}'")
    name, plan = known[spelled], node.plan
    if name not in plan.names:
        return None  # an argument that no gradient flows through did not ask for it
    if node.saved is None:
        raise GradError("Trying to backward through the graph a second time (or directly access saved tensors after "
                        "they have already been freed): pass retain_graph=True to backward to keep them.")  # fmt: skip
    kept = _unpacked(node.saved[plan.names.index(name)])
    if name not in plan.tensors or isinstance(kept, NUMBERS):
        return kept.item() if hasattr(kept, "item") else kept
    if memory.changed_since(kept, node.epoch):
        raise rules._overwritten(node, name, kept)
    parent = None if name == "y" else node.parents[node.op.arguments.index(name)]
    leaf = parent.variable if type(parent) is AccumulateGrad else None
    return leaf if leaf is not None and leaf.array is kept else rules._as_it_was(node, name, kept)


def _property(spelled):
    return property(lambda node: _saved(node, spelled), doc=f"What backward needs: {spelled}.")


for _name in {name for op in OPS.values() for name in _may_save(op)}:
    setattr(Node, f"_saved_{_name}", _property(_name))
Node.__dir__ = lambda node: [
    name for name in object.__dir__(node)
    if not name.startswith("_saved_")
    or (type(node) in (Node, PackedNode) and name[7:] in _may_save(OPS.get(node.op.__name__, node.op)))
]  # fmt: skip
Node.metadata = property(lambda node: _metadata.setdefault(node, {}), doc="A dict for whatever one wants to note.")
