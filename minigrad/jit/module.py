"""A module around a graph: the parameters under their names, and `forward` runs the graph."""

from __future__ import annotations

from ..nn import Module, Parameter
from .run import run


class GraphModule(Module):
    """What `jit.trace` makes of a module, and what a file is loaded as.

    The tree of submodules is made of the dotted names of the graph's parameters, so `state_dict()` fits that of the
    module that was recorded. Parameters are shared with it, not copied.
    """

    def __init__(self, graph):
        super().__init__()
        object.__setattr__(self, "graph", graph)
        for value, tensor in graph.parameters.items():
            owner, *rest = self, *value.name.split(".")
            for part in rest[:-1]:
                if part not in owner._modules:
                    owner.add_module(part, Module())
                owner = owner._modules[part]
            if isinstance(tensor, Parameter):
                owner.register_parameter(rest[-1], tensor)
            else:
                owner.register_buffer(rest[-1], tensor)

    @property
    def code(self):
        """The graph as a Python function."""
        return self.graph.code

    def forward(self, *inputs):
        """Run the graph."""
        return run(self.graph, inputs)

    def extra_repr(self):
        return f"graph of {sum(1 for _ in self.graph.every_step())} steps"
