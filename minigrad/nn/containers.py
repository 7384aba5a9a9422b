"""Containers: modules and parameters in sequences and dicts, registered so that parameters() finds them."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index as as_index

from .. import modes
from ..tensor import Tensor
from .module import Module
from .parameter import Parameter


def _position(i, length):
    """A place counted from either end. Errors: IndexError where there is none."""
    i = as_index(i)
    if not -length <= i < length:
        raise IndexError(f"index {i} is out of range")
    return i % length


class Sequential(Module):
    """Modules one after the other, given one by one or as a dict of names.

    >>> import minigrad as mg
    >>> Sequential(mg.nn.Linear(2, 3), mg.nn.Tanh())(mg.ones(1, 2)).shape
    Size([1, 3])
    """

    def __init__(self, *args):
        super().__init__()
        named = args[0] if len(args) == 1 and isinstance(args[0], dict) else dict(enumerate(args))
        for name, module in named.items():
            self.add_module(str(name), module)

    def forward(self, input):
        if modes.special:
            for module in self._modules.values():
                input = module(input)
            return input
        for module in self._modules.values():  # a module without hooks that nobody watches: its call does no more
            input = module(input) if module._hooked else module.forward(input)
        return input

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return iter(self._modules.values())

    def _name_at(self, i):
        return list(self._modules)[_position(i, len(self))]

    def _rebuilt(self, modules):
        """Put these in, numbered from 0."""
        self._modules.clear()
        for i, module in enumerate(modules):
            self.add_module(str(i), module)
        return self

    def __getitem__(self, i):
        if isinstance(i, slice):
            return type(self)(dict(list(self._modules.items())[i]))
        return self._modules[self._name_at(i)]

    def __setitem__(self, i, module):
        self.add_module(self._name_at(i), module)

    def __delitem__(self, i):
        for name in list(self._modules)[i] if isinstance(i, slice) else [self._name_at(i)]:
            del self._modules[name]
        self._rebuilt(list(self._modules.values()))

    def __add__(self, other):
        return Sequential(*self, *other)

    def append(self, module):
        """Add one module at the end; returns the container."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules):
        """Add several modules at the end; returns the container."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, i, module):
        """Put a module before place i."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass: only modules go in here")
        modules = list(self)
        modules.insert(i, module)
        return self._rebuilt(modules)

    def pop(self, i):
        """Take the module at place i out, and return it."""
        module = self[i]
        del self[i]
        return module


class ModuleList(Sequential):
    """A list whose modules are registered, so that parameters() finds them. It has no forward: loop over it.

    >>> from minigrad import nn
    >>> layers = ModuleList(nn.Linear(2, 2) for _ in range(3))
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    """

    def __init__(self, modules=None):
        super().__init__()
        self.extend(modules or ())

    def forward(self, *inputs):
        raise NotImplementedError(
            "Module [ModuleList] is missing the required \"forward\" function: a ModuleList only holds modules. "
            "Write `for layer in layers: x = layer(x)`, or use Sequential."
        )

    def __getitem__(self, i):
        return type(self)(list(self)[i]) if isinstance(i, slice) else super().__getitem__(i)

    def __add__(self, other):
        return ModuleList([*self, *other])

    def __iadd__(self, modules):
        return self.extend(modules)

    def __repr__(self):
        """Neighbours that print alike are counted."""
        shown = []
        for text in map(repr, self):
            if shown and shown[-1][0] == text:
                shown[-1][1] += 1
            else:
                shown.append([text, 1])
        lines, first = [], 0
        for text, count in shown:
            place = f"({first})" if count == 1 else f"({first}-{first + count - 1})"
            lines.append(f"{place}: " + f"{count} x " * (count > 1) + text.replace("\n", "\n  "))
            first += count
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)" if lines else f"{type(self).__name__}()"


class _Keyed(Module):
    """What dicts of modules and of parameters have in common; `_table` holds the entries."""

    def __getitem__(self, key):
        return self._table[key]

    def __delitem__(self, key):
        del self._table[key]

    def __len__(self):
        return len(self._table)

    def __iter__(self):
        return iter(self._table)

    def __contains__(self, key):
        return key in self._table

    def clear(self):
        """Take everything out."""
        self._table.clear()

    def pop(self, key):
        """Take one entry out, and return it."""
        return self._table.pop(key)

    def keys(self):
        """The names."""
        return self._table.keys()

    def values(self):
        """The entries."""
        return self._table.values()

    def items(self):
        """Pairs of name and entry."""
        return self._table.items()

    def update(self, entries):
        """Set several: a mapping, or pairs of name and entry."""
        for key, value in entries.items() if hasattr(entries, "items") else entries:
            self[key] = value


class ModuleDict(_Keyed):
    """A dict whose modules are registered. It has no forward.

    >>> import minigrad as mg
    >>> list(ModuleDict({"left": mg.nn.ReLU(), "right": mg.nn.Tanh()}))
    ['left', 'right']
    """

    def __init__(self, modules=None):
        super().__init__()
        self.update(modules or {})

    @property
    def _table(self):
        return self._modules

    def __setitem__(self, key, module):
        self.add_module(key, module)


class ParameterList(Module):
    """A list whose parameters are registered; tensors that are put in become parameters."""

    def __init__(self, values=None):
        super().__init__()
        self.extend(values or ())

    def __len__(self):
        return len(self._parameters)

    def __iter__(self):
        return iter(self._parameters.values())

    def __getitem__(self, i):
        if isinstance(i, slice):
            return type(self)(list(self)[i])
        return self._parameters[str(_position(i, len(self)))]

    def __setitem__(self, i, value):
        self._parameters[str(_position(i, len(self)))] = _as_parameter(value)

    def append(self, value):
        """Add one parameter at the end; returns the list."""
        self._parameters[str(len(self))] = _as_parameter(value)
        return self

    def extend(self, values):
        """Add several parameters at the end; returns the list."""
        for value in values:
            self.append(value)
        return self

    __iadd__ = extend

    def __repr__(self):
        return _listed(self, self._parameters)


class ParameterDict(_Keyed):
    """A dict whose parameters are registered; tensors that are put in become parameters."""

    def __init__(self, parameters=None):
        super().__init__()
        self.update(parameters if isinstance(parameters, Mapping) else dict(parameters or ()))

    @property
    def _table(self):
        return self._parameters

    def __setitem__(self, key, value):
        self._parameters[key] = _as_parameter(value)

    __repr__ = ParameterList.__repr__


def _as_parameter(value):
    if not isinstance(value, Tensor):
        raise TypeError(f"a list or dict of parameters holds tensors, not {type(value).__name__}")
    return value if isinstance(value, Parameter) else Parameter(value)


def _listed(module, parameters):
    lines = [f"({n}): Parameter containing: [{p.dtype} of size {_size(p)}]" for n, p in parameters.items()]
    name = type(module).__name__
    return f"{name}(\n    " + "\n    ".join(lines) + "\n)" if lines else f"{name}()"


def _size(p):
    return "x".join(map(str, p.shape))
