"""What a graph is called through: a function that runs it, or a module with the parameters under their names."""

from __future__ import annotations

from ..nn import Module, Parameter
from .run import run

_DEEPEST = 64  # so many dots of a name become submodules


class TracedFunction:
    """A function's graph; calling it runs the graph. `graph` and `code` show it."""

    def __init__(self, graph, original):
        self.graph, self.original = graph, original
        self.__name__, self.__doc__ = graph.name, getattr(original, "__doc__", None)

    @property
    def code(self):
        """The graph as a Python function."""
        return self.graph.code

    def __call__(self, *inputs):
        return run(self.graph, inputs)

    def __repr__(self):
        return f"<traced {self.__name__}, {len(self.graph.steps)} steps>"


class GraphModule(Module):
    """What `jit.trace` makes of a module, and what `jit.load` gives.

    The tree of submodules is made of the dotted names of the graph's parameters, so `state_dict()` fits that of the
    module that was recorded. `like` is that module: what it holds and the graph does not use is taken over as well.
    Tensors are shared, not copied. `axes` are names of lengths that are open, see `jit.save`.
    """

    def __init__(self, graph, axes=None, like=None):
        super().__init__()
        object.__setattr__(self, "graph", graph)
        object.__setattr__(self, "axes", axes or {})
        named = dict(like.state_dict(keep_vars=True)) if like is not None else {}
        named |= {value.name: tensor for value, tensor in graph.parameters.items()}
        for name, tensor in named.items():
            self._place(name, tensor)

    def _place(self, name, tensor):
        """Register a tensor where its name says; a name that says nothing (from a foreign file) is one as a whole."""
        parts, owner, grown = name.split("."), self, []
        for part in parts[:-1]:
            inner = owner._modules.get(part)
            if inner is None and _is_free(owner, part) and len(parts) <= _DEEPEST:
                inner = Module()
                grown.append((owner, part, inner))
            if inner is None:
                break
            owner = inner
        else:
            if _is_free(owner, parts[-1]):
                for outer, part, inner in grown:
                    outer._modules[part] = inner
                self._enter_into(owner, parts[-1], tensor)
                return
        self._enter_into(self, name, tensor)

    @staticmethod
    def _enter_into(owner, name, tensor):
        (owner._parameters if isinstance(tensor, Parameter) else owner._buffers)[name] = tensor

    @property
    def code(self):
        """The graph as a Python function."""
        return self.graph.code

    def forward(self, *inputs):
        """Run the graph."""
        return run(self.graph, inputs)

    def extra_repr(self):
        return f"graph of {sum(1 for _ in self.graph.every_step())} steps"


def _is_free(owner, name):
    return bool(name) and name not in vars(owner) and not hasattr(owner, name)
