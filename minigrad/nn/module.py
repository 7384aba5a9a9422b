"""Modules: a model is a tree of them, with parameters as leaves."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

from .. import mode
from ..creation import zeros
from ..errors import ShapeError
from ..events import ModuleEntered, ModuleLeft
from ..optim import clear_grad
from ..tensor import Tensor


class Parameter(Tensor):
    """A leaf that a module owns and an optimizer may change. Made from a tensor; shares its memory."""

    __slots__ = ()

    def __new__(cls, data, requires_grad=True):
        return super().__new__(cls, data.array if isinstance(data, Tensor) else data, requires_grad)

    def __repr__(self):
        return "Parameter containing:\n" + super().__repr__()


class LoadedKeys(namedtuple("LoadedKeys", "missing_keys unexpected_keys")):
    """What `load_state_dict` did not find on one side or the other."""

    def __repr__(self):
        return super().__repr__() if any(self) else "<All keys matched successfully>"


class Module:
    """A part of a model: set parameters and submodules as attributes, say in `forward` what it computes.

    Call the module, not `forward`: the call is what hooks and watchers see.
    """

    def __init__(self):
        for name in ("_parameters", "_buffers", "_modules", "_forward_hooks"):
            object.__setattr__(self, name, OrderedDict())
        object.__setattr__(self, "training", True)

    # Attributes

    def __setattr__(self, name, value):
        if "_modules" not in self.__dict__:
            if isinstance(value, (Parameter, Module)):
                raise AttributeError(
                    f"cannot assign {name!r} before Module.__init__() call: begin with super().__init__()"
                )
            object.__setattr__(self, name, value)
        elif isinstance(value, Parameter):
            self._enter(self._parameters, name, value)
        elif isinstance(value, Module):
            self._enter(self._modules, name, value)
        elif value is not None and (name in self._parameters or name in self._modules):
            kind, wanted = ("parameter", "nn.Parameter") if name in self._parameters else ("child module", "nn.Module")
            raise TypeError(
                f"cannot assign {type(value).__name__} as {kind} {name!r} ({wanted} or None expected). "
                "To change the values of a parameter, use no_grad() and copy_()."
            )
        elif name in self._buffers and isinstance(value, Tensor):
            self._buffers[name] = value
        else:
            self._forget(name)
            object.__setattr__(self, name, value)

    def _enter(self, table, name, value):
        """Put into its table; what is replaced keeps its place, since the order is that of Sequential and saving."""
        self._forget(name, keep=table)
        table[name] = value

    def _forget(self, name, keep=None):
        for table in (self._parameters, self._buffers, self._modules, self.__dict__):
            if table is not keep:
                table.pop(name, None)

    def __getattr__(self, name):
        for table in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__.get(table, ()):
                return self.__dict__[table][name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name):
        if not any(name in table for table in (self._parameters, self._buffers, self._modules, self.__dict__)):
            raise AttributeError(name)
        self._forget(name)

    def register_buffer(self, name, tensor):
        """State that is not trained but saved and moved along, such as running statistics."""
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"cannot assign {type(tensor).__name__} as buffer {name!r} (Tensor or None expected)")
        self._enter(self._buffers, name, tensor)

    def add_module(self, name, module):
        """Set a submodule by name: for names that are no attribute names, such as "0"."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass: {name!r} has to be a module")
        setattr(self, name, module)

    # Running

    def forward(self, *inputs):
        """What the module computes; every module defines its own."""
        raise NotImplementedError(f"Module [{type(self).__name__}] is missing the required \"forward\" function")

    def __call__(self, *args, **kwargs):
        run = self._watched_forward if mode.state.watchers else self.forward
        output = run(*args, **kwargs)
        for hook in tuple(self._forward_hooks.values()):
            answer = hook(self, args, output)
            output = output if answer is None else answer
        return output

    def _watched_forward(self, *args, **kwargs):
        output = None
        mode.notify(ModuleEntered(self))
        try:
            output = self.forward(*args, **kwargs)
            return output
        finally:
            mode.notify(ModuleLeft(self, output))

    def register_forward_hook(self, hook):
        """Call `hook(module, inputs, output)` after each forward; what it returns (if not None) replaces the output."""
        handle = _HookHandle(self._forward_hooks)
        self._forward_hooks[handle] = hook
        return handle

    # The tree

    def named_children(self):
        """Pairs of name and direct submodule."""
        yield from self._modules.items()

    def children(self):
        """Direct submodules."""
        yield from self._modules.values()

    def named_modules(self, prefix="", seen=None):
        """Pairs of dotted name and module, this one first; a shared module comes once."""
        seen = set() if seen is None else seen
        if id(self) in seen:
            return
        seen.add(id(self))
        yield prefix, self
        for name, child in self._modules.items():
            yield from child.named_modules(f"{prefix}.{name}" if prefix else name, seen)

    def modules(self):
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def _named(self, table):
        seen = set()
        for prefix, module in self.named_modules():
            for name, tensor in getattr(module, table).items():
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    yield (f"{prefix}.{name}" if prefix else name), tensor

    def named_parameters(self):
        """Pairs of dotted name and parameter; a shared parameter comes once."""
        return self._named("_parameters")

    def parameters(self):
        """All parameters of this module and those below it."""
        return (p for _, p in self.named_parameters())

    def named_buffers(self):
        """Pairs of dotted name and buffer."""
        return self._named("_buffers")

    def buffers(self):
        """All buffers of this module and those below it."""
        return (b for _, b in self.named_buffers())

    # Switches and state

    def train(self, mode=True):
        """Set `training` on this module and all below it. It changes how layers compute, never what is recorded."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        object.__setattr__(self, "training", mode)
        for child in self.children():
            child.train(mode)
        return self

    def eval(self):
        """`train(False)`: dropout lets everything through, batch norm uses running statistics. Gradients still flow."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Freeze (False) or unfreeze all parameters."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Clear the gradients of all parameters."""
        for p in self.parameters():
            clear_grad(p, set_to_none)

    def apply(self, function):
        """Call `function` on every module below this one, then on this one."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    def to(self, *args, **kwargs):
        """Move all parameters and buffers, convert those that are floating-point, in place: they stay the same leaves.

        Errors: TypeError for a dtype that is not floating-point; DeviceError where the device is missing.
        """
        probe = zeros(()).to(*args, **kwargs)  # what is asked for, and an error before anything is changed
        if not probe.is_floating_point():
            raise TypeError(f"Module.to() only accepts floating-point dtypes, but got {probe.dtype}")
        with mode.no_grad():
            for tensor in [*self.parameters(), *self.buffers()]:
                floating = tensor.is_floating_point()
                for t in (tensor, getattr(tensor, "_grad", None)):
                    if t is not None:
                        t.array = (t.to(*args, **kwargs) if floating else t.to(probe.device)).array
        return self

    def state_dict(self):
        """Parameters and buffers by dotted name, detached: the values live on in the model."""
        return OrderedDict((name, t.detach()) for name, t in self._state())

    def _state(self, prefix=""):
        """Name and tensor of all state, in PyTorch's order; what is shared comes under each of its names."""
        for name, tensor in [*self._parameters.items(), *self._buffers.items()]:
            if tensor is not None:
                yield prefix + name, tensor
        for name, child in self._modules.items():
            yield from child._state(f"{prefix}{name}.")

    def load_state_dict(self, state_dict, strict=True):
        """Copy values in; the parameters stay the same objects, so an optimizer goes on seeing them.

        Returns the missing and the unexpected names, both empty unless `strict` is False.
        Errors: TypeError for values that are not tensors; ShapeError that lists missing and unexpected names, and
        shapes that differ. Nothing is copied unless all fits.
        """
        own = dict(self._state())
        for name, value in state_dict.items():
            if not isinstance(value, Tensor):
                raise TypeError(f"state_dict[{name!r}] must be a Tensor, not {type(value).__name__}")
        missing, unexpected = [n for n in own if n not in state_dict], [n for n in state_dict if n not in own]
        wrong = [
            f"{n}: {tuple(state_dict[n].shape)} for {tuple(t.shape)}"
            for n, t in own.items()
            if n in state_dict and tuple(state_dict[n].shape) != tuple(t.shape)
        ]
        if wrong or (strict and (missing or unexpected)):
            raise ShapeError(
                f"Error(s) in loading state_dict for {type(self).__name__}: missing {missing or 'none'}, "
                f"unexpected {unexpected or 'none'}, wrong shape {wrong or 'none'}"
            )
        with mode.no_grad():
            for name, tensor in own.items():
                if name in state_dict:
                    tensor.copy_(state_dict[name].detach())
        return LoadedKeys(missing, unexpected)

    def extra_repr(self):
        """What stands in the brackets when the module is printed."""
        return ""

    def __repr__(self):
        if not self._modules:
            return f"{type(self).__name__}({self.extra_repr()})"
        lines = [f"({name}): " + repr(child).replace("\n", "\n  ") for name, child in self._modules.items()]
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


class _HookHandle:
    def __init__(self, table):
        self.table = table

    def remove(self):
        """Take the hook away; a second call does nothing."""
        self.table.pop(self, None)
