"""Modules: a model is a tree of them, with parameters as leaves."""

from __future__ import annotations

from collections import OrderedDict

from .. import modes
from ..creation import zeros
from ..dtype import as_dtype
from ..optim import clear_grad
from ..tensor import Tensor
from . import hooks, state
from .parameter import Buffer, Parameter

_TABLES = (
    "_parameters", "_buffers", "_modules", "_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks",
    "_backward_hooks",
)  # fmt: skip

_NAMED = ("_modules", "_parameters", "_buffers")


class Module:
    """A part of a model: set parameters and submodules as attributes, say in `forward` what it computes.

    Call the module, not `forward`: the call is what hooks and watchers see.

    >>> import minigrad as mg
    >>> class Scale(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = Parameter(mg.tensor([2.0]))
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> [name for name, _ in Scale().named_parameters()]
    ['factor']
    """

    training = True
    _hooked = False  # set on the first hook: until then a call goes straight to forward

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "__call__" in cls.__dict__:  # more happens at a call than forward
            cls._hooked = True

    def __init__(self):
        for name in _TABLES:
            object.__setattr__(self, name, OrderedDict())
        object.__setattr__(self, "_non_persistent_buffers_set", set())
        object.__setattr__(self, "training", True)

    # Attributes

    def __setattr__(self, name, value):
        modes.structure += 1
        if "_modules" not in self.__dict__:
            if isinstance(value, (Parameter, Module)):
                raise AttributeError(
                    f"cannot assign {name!r} before Module.__init__() call: begin with super().__init__()"
                )
            object.__setattr__(self, name, value)
        elif isinstance(value, Parameter):
            self._enter(self._parameters, name, value)
        elif isinstance(value, Module) and name not in self._parameters:
            self._enter(self._modules, name, value)
        elif name in self._parameters or name in self._modules:
            kind, wanted = ("parameter", "nn.Parameter") if name in self._parameters else ("child module", "nn.Module")
            if value is not None:
                raise TypeError(
                    f"cannot assign {type(value).__name__} as {kind} {name!r} ({wanted} or None expected). "
                    "To change the values of a parameter, use no_grad() and copy_()."
                )
            (self._parameters if kind == "parameter" else self._modules)[name] = None
        elif isinstance(value, Buffer):
            self._forget(name)
            self.register_buffer(name, value, value.persistent)
        elif name in self._buffers:
            self._buffers[name] = _checked_buffer(name, value)
        else:
            object.__setattr__(self, name, value)

    def _enter(self, table, name, value):
        """Put into its table; what is replaced keeps its place, since the order is that of Sequential and saving."""
        modes.structure += 1
        self._forget(name, keep=table)
        table[name] = value

    def _forget(self, name, keep=None):
        modes.structure += 1
        for table in (self._parameters, self._buffers, self._modules, self.__dict__):
            if table is not keep:
                table.pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __getattr__(self, name):
        own = self.__dict__
        for kind in _NAMED if "_modules" in own else ():
            if name in own[kind]:
                return own[kind][name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name):
        if not any(name in table for table in (self._parameters, self._buffers, self._modules, self.__dict__)):
            raise AttributeError(name)
        self._forget(name)

    def __dir__(self):
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def _check_name(self, name, table, what):
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {type(name).__name__}")
        if not name or "." in name:
            raise KeyError(f'{what} name can\'t be empty string "" or contain ".": {name!r}')
        if hasattr(self, name) and name not in table:
            raise KeyError(f"attribute {name!r} already exists")

    def register_parameter(self, name, param):
        """Set a parameter by name; None keeps its place, e.g. for a layer without bias."""
        self._check_name(name, self._parameters, "parameter")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign {type(param).__name__!r} object to parameter {name!r} (nn.Parameter or None required)"
            )
        self._parameters[name] = param

    def register_buffer(self, name, tensor, persistent=True):
        """State that is not trained but moved along, and saved unless `persistent` is False. `self.NAME` is the tensor.

        Errors: KeyError for a name with a dot or one that is taken, TypeError for what is neither tensor nor None.
        """
        self._check_name(name, self._buffers, "buffer")
        self._buffers[name] = _checked_buffer(name, tensor)
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def add_module(self, name, module):
        """Set a submodule by name: for names that are no attribute names, such as "0"."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass: {name!r} has to be a module")
        self._check_name(name, self._modules, "module")
        self._modules[name] = module

    def register_module(self, name, module):
        """The same as `add_module`."""
        self.add_module(name, module)

    # Running

    def forward(self, *inputs):
        """What the module computes; every module defines its own."""
        raise NotImplementedError(f"Module [{type(self).__name__}] is missing the required \"forward\" function")

    def __call__(self, *args, **kwargs):
        if self._hooked:
            return hooks.call(self, args, kwargs)
        if modes.special and modes.state.watchers:
            return hooks.watched(self, args, kwargs)
        return self.forward(*args, **kwargs)

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Call `hook(module, args)` before each forward; what it returns (if not None) replaces the arguments."""
        return hooks.register(self, "_forward_pre_hooks", hook, prepend, with_kwargs=with_kwargs)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Call `hook(module, args, output)` after each forward; what it returns (if not None) replaces the output.

        With `always_call` it runs also when forward has raised. Returns a handle: `handle.remove()` takes it off again.
        """
        options = {"with_kwargs": with_kwargs, "always_call": always_call}
        return hooks.register(self, "_forward_hooks", hook, prepend, **options)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Call `hook(module, grad_output)` when backward reaches the outputs; what it returns replaces grad_output."""
        return hooks.register(self, "_backward_pre_hooks", hook, prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Call `hook(module, grad_input, grad_output)` when the gradients of all inputs are known.

        Both are tuples with None where nothing flows. What it returns (if not None) replaces grad_input; that differs
        from PyTorch in needing a module of one recorded input.
        """
        return hooks.register(self, "_backward_hooks", hook, prepend)

    # The tree

    def named_children(self):
        """Pairs of name and direct submodule; a shared module comes once."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self):
        """Direct submodules."""
        return (child for _, child in self.named_children())

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Pairs of dotted name and module, this one first; a shared module comes once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate=True):
        """This module and all below it."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def _named(self, table, prefix, recurse, remove_duplicate):
        seen = set()
        every = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in every:
            for name, tensor in getattr(module, table).items():
                if tensor is not None and tensor not in seen:
                    if remove_duplicate:
                        seen.add(tensor)
                    yield (f"{path}.{name}" if path else name), tensor

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Pairs of dotted name and parameter; a shared parameter comes once."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """All parameters of this module and (with `recurse`) those below it."""
        return (p for _, p in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Pairs of dotted name and buffer."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """All buffers of this module and (with `recurse`) those below it."""
        return (b for _, b in self.named_buffers(recurse=recurse))

    def get_submodule(self, target):
        """The module under a dotted name; "" is this one. Errors: AttributeError where there is none."""
        module = self
        for name in target.split(".") if target else ():
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def get_parameter(self, target):
        """The parameter under a dotted name. Errors: AttributeError where there is none."""
        return self._get_owned(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target):
        """The buffer under a dotted name. Errors: AttributeError where there is none."""
        return self._get_owned(target, "_buffers", "a buffer")

    def _get_owned(self, target, table, what):
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if not hasattr(owner, name):
            raise AttributeError(f"{type(owner).__name__} has no attribute `{name}`")
        if getattr(owner, table).get(name) is None:
            raise AttributeError(f"`{name}` is not {what}")
        return getattr(owner, name)

    # Switches and state

    def train(self, mode=True):
        """Set `training` on this module and all below it. It changes how layers compute, never what is recorded."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        modes.structure += 1
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

    def apply(self, fn):
        """Call `fn` on every module below this one, then on this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def to(self, *args, **kwargs):
        """Move all parameters and buffers, convert those that are floating-point, in place: they stay the same leaves.

        Errors: TypeError for a dtype that is not floating-point; DeviceError where the device is missing.
        """
        kwargs.pop("non_blocking", None)
        probe = zeros(()).to(*args, **kwargs)  # what is asked for, and an error before anything is changed
        if not probe.is_floating_point():
            raise TypeError(f"nn.Module.to only accepts floating-point dtypes, but got desired dtype={probe.dtype}")
        with modes.no_grad():
            for tensor in [*self.parameters(), *self.buffers()]:
                floating = tensor.is_floating_point()
                for t in (tensor, getattr(tensor, "_grad", None)):
                    if t is not None:
                        t._put_array((t.to(*args, **kwargs) if floating else t.to(probe.device)).array)
        return self

    def type(self, dst_type):
        """All parameters and buffers in this floating-point dtype."""
        return self.to(as_dtype(dst_type))

    def float(self):
        """Floating-point parameters and buffers as float32."""
        return self.to(as_dtype("float32"))

    def double(self):
        """Floating-point parameters and buffers as float64."""
        return self.to(as_dtype("float64"))

    def half(self):
        """Floating-point parameters and buffers as float16."""
        return self.to(as_dtype("float16"))

    def cpu(self):
        """Everything to main memory."""
        return self.to("cpu")

    def cuda(self, device=None):
        """Everything to a GPU."""
        return self.to("cuda" if device is None else device if isinstance(device, str) else f"cuda:{device}")

    def state_dict(self, *, destination=None, prefix="", keep_vars=False):
        """Parameters and buffers by dotted name, detached: the values live on in the model. For `mg.save`.

        >>> from minigrad import nn
        >>> list(nn.Sequential(nn.Linear(2, 1), nn.Tanh()).state_dict())
        ['0.weight', '0.bias']
        """
        return state.state_dict(self, destination, prefix, keep_vars)

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copy values in; the parameters stay the same objects, so an optimizer goes on seeing them.

        Returns the missing and the unexpected names, both empty unless `strict` is False.
        Errors: RuntimeError that lists missing and unexpected names, shapes that differ and what is no tensor. Nothing
        is copied unless all fits (PyTorch copies what does).
        """
        return state.load_state_dict(self, state_dict, strict, assign)

    # Printing

    def extra_repr(self):
        """What stands in the brackets when the module is printed."""
        return ""

    def _get_name(self):
        return type(self).__name__

    def __repr__(self):
        own = self.extra_repr()
        if not self._modules:
            return f"{self._get_name()}({own})"
        lines = own.splitlines() + [f"({n}): " + repr(m).replace("\n", "\n  ") for n, m in self._modules.items()]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


def _checked_buffer(name, value):
    if value is not None and not isinstance(value, Tensor):
        raise TypeError(f"cannot assign {type(value).__name__!r} object to buffer {name!r} (Tensor or None required)")
    return value
