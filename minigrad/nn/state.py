"""The state of a module as a dict, and back."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Mapping

from .. import modes
from ..tensor import Tensor
from .parameter import Parameter


class _IncompatibleKeys(namedtuple("_IncompatibleKeys", "missing_keys unexpected_keys")):
    """What `load_state_dict` did not find on one side or the other."""

    __slots__ = ()

    def __repr__(self):
        return super().__repr__() if any(self) else "<All keys matched successfully>"


def entries(module, prefix=""):
    """(name, owner's table, key) of all that is saved, in PyTorch's order; what is shared comes under each name."""
    for table in (module._parameters, module._buffers):
        for key, tensor in table.items():
            if tensor is not None and key not in module._non_persistent_buffers_set:
                yield prefix + key, table, key
    for key, child in module._modules.items():
        if child is not None:
            yield from entries(child, f"{prefix}{key}.")


def state_dict(module, destination=None, prefix="", keep_vars=False):
    """Values by dotted name, sharing memory with the module; detached unless `keep_vars`."""
    destination = OrderedDict() if destination is None else destination
    for name, table, key in entries(module, prefix):
        destination[name] = table[key] if keep_vars else table[key].detach()
    return destination


def load_state_dict(module, state, strict=True, assign=False):
    """Copy values in (or with `assign` put the given tensors in their place), all or nothing."""
    if not isinstance(state, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    own = {name: (table, key) for name, table, key in entries(module)}
    missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
    errors = []
    if strict and missing:
        errors.append(f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if strict and unexpected:
        errors.append(f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    errors += [text for name in own if name in state for text in _misfit(name, own[name], state[name])]
    if errors:
        raise RuntimeError(
            f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(errors)
        )
    with modes.no_grad():
        for name, (table, key) in own.items():
            if name in state and assign:
                table[key] = _in_the_place_of(table[key], state[name])
            elif name in state:
                table[key].copy_(state[name].detach())
    return _IncompatibleKeys(missing, unexpected)


def _quoted(names):
    return ", ".join(f'"{name}"' for name in names)


def _misfit(name, place, value):
    """What is wrong with one value, in words; nothing when it fits."""
    table, key = place
    if not isinstance(value, Tensor):
        yield (
            f'While copying the parameter named "{name}", expected a Tensor from checkpoint but received '
            f"{type(value)}. Make one with minigrad.from_numpy(...)."
        )
    elif value.shape != table[key].shape:
        yield (
            f"size mismatch for {name}: copying a param with shape {value.shape} from checkpoint, the shape in "
            f"current model is {table[key].shape}."
        )


def _in_the_place_of(old, value):
    if not isinstance(old, Parameter):
        return value
    return value if isinstance(value, Parameter) else Parameter(value, requires_grad=old.requires_grad)
