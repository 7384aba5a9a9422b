"""What each turn of a loop asks of one matrix is asked once: products that leave the loop, and the gradients they get.

A loop over time that is written by hand has, in each turn, a product of its own input (which needs no turn before it),
and going back one product for the gradient of each matrix. products.py and sums.py say which of them go together, and
cells.py when all calls of a cell are those of its layer; turns.py is for loops that a graph still has.
"""

from __future__ import annotations

from ...graph import Graph, Names, values_in
from ..dead import dead
from .cells import FEWEST as FEWEST_CELLS
from .cells import MOST_ROWS as CELLS
from .cells import layers
from .order import in_blocks
from .products import keys, products
from .stacks import FEWEST, Stacks
from .sums import sums
from .turns import hoisted


def batching(graph):
    """Make one product of products with one matrix that do not need each other, and of a sum of products.

    And one record of the calls of a cell that follow each other.
    Results are equal to rounding. A step that draws random numbers stays in its place among its like.

    >>> import minigrad as mg
    >>> from minigrad.jit.capture import record
    >>> def f(x, w, h):
    ...     for t in range(4):
    ...         h = mg.tanh(x[t] @ w + h)
    ...     return h
    >>> graph = record(f, (mg.ones(4, 2, 3), mg.ones(3, 3), mg.zeros(2, 3)))[0].graph
    >>> [step.op.name for step in batching(graph).steps]
    ['reshape', 'matmul', 'reshape', 'index', 'index', 'index', 'index', 'add', 'tanh', ... 'add', 'tanh']
    """
    if _nothing_comes_again(graph):
        return graph
    names = Names(_names(graph))
    updates = [new for _, new in graph.updates]

    def change(steps, outputs):
        stacks = Stacks(steps, names)
        wanted = [*outputs, *updates]
        steps = layers(products(steps, stacks), wanted, stacks)
        return hoisted(sums(steps, wanted, stacks), names)

    new = in_blocks(change, graph, Graph(name=graph.name, form=graph.form))
    new.parameters, new.constants = dict(graph.parameters), dict(graph.constants)
    new.updates = list(graph.updates)
    return dead(new)


def _nothing_comes_again(graph):
    """Whether there are too few products, sums and cells for anything to go together, as in most models."""
    if any(step.blocks for step in graph.steps):
        return False
    ops = [step.op.name for step in graph.steps]
    cells = sum(map(ops.count, CELLS))
    return cells < FEWEST_CELLS and ops.count("add") < FEWEST - 1 and not keys(graph.steps)


def _names(graph):
    values = [*graph.inputs, *graph.held()]
    for step in graph.every_step():
        values += [*step.outputs, *(v for block in step.blocks for v in block.inputs)]
    return [value.name for value in values_in(values)]
