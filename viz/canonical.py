"""The canonical form of a recorded graph, and its digest: the same for every way to write the same graph.

It covers ops, kinds, shapes, dtypes, attributes, what was recorded and why not, edges, the role and requires_grad of
leaves, how often each leaf was added to and cleared, and which leaves hold a gradient. It does not cover names,
numbering, values, the order of commuting operands, source lines, or time.
"""

from collections import Counter
from hashlib import blake2b

from viz.graph import Number

WORK = 3000  # (nodes that look alike) x (nodes): up to here they are told apart one by one


def digest(graph):
    """Twelve hexadecimal characters; equal for graphs that differ in naming, order or values only.

    >>> from viz.graph import Graph
    >>> def product(first, second):
    ...     graph = Graph()
    ...     leaves = [graph.add_value(role="leaf", shape=(), dtype="float32") for _ in range(2)]
    ...     graph.add_step("mul", "elementwise", [leaves[first].id, leaves[second].id], ("a", "b"), shape=(),
    ...                    dtype="float32", commutes=True)
    ...     return digest(graph)
    >>> product(0, 1) == product(1, 0), product(0, 0) == product(0, 1)
    (True, False)
    """
    return hashed(canonical(graph))[:12]


def canonical(graph):
    """The graph as a sorted list of texts, one for each node, that do not depend on naming or order."""
    nodes = Nodes(graph)
    colours = nodes.refined([hashed(label) for label in nodes.labels])
    lines = sorted(f"{label} {colour}" for label, colour in zip(nodes.labels, colours, strict=True))
    if graph.blocks:
        lines += _blocks(graph, dict(zip(nodes.ids, colours, strict=True)))
    alike = [colour for colour, count in Counter(colours).items() if count > 1]
    twins = [node for node, colour in enumerate(colours) if colour in set(alike)]
    if 0 < len(twins) * len(colours) <= WORK:
        # Colours alone cannot tell one ring of eight from two rings of four. Marking one node at a time can.
        lines += sorted(nodes.marked(colours, node) for node in twins)
    return lines


def _blocks(graph, colours):
    """A line for each branch and loop of a captured graph: what is in it, and what goes back to where."""
    return sorted(hashed((block.kind, sorted(colours[step.output] for step in graph.steps[block.start:block.stop]),
                          [(colours[value], colours[graph.steps[step].output]) for value, step, _ in block.back]))
                  for block in graph.blocks)


def sources_of(graph):
    """The sources that belong to the form. A tensor that was only read does not: no edge ties it to the graph."""
    read = {read.value for read in graph.reads}
    used = {source for step in graph.steps for source in step.inputs if source in read} if read else ()
    return [value for value in graph.sources()
            if value.id in used or value.id not in read or value.role == "parameter"]


class Nodes:
    """The nodes of a graph (sources, then steps) with labels and links, ready for refining.

    A node is a place in these lists. ids: of its value. inputs: places, -1 for a plain number. ordered: whether it
    matters which input is which. consumers: pairs of the place of a user and the position there, -1 where it does not
    matter. Colours are one text for each node, equal for nodes that are not told apart.
    """

    def __init__(self, graph):
        sources = sources_of(graph)
        self.ids = [value.id for value in sources] + [step.output for step in graph.steps]
        self.labels = [_source_label(graph, value) for value in sources]
        self.labels += [_step_label(graph, step) for step in graph.steps]
        place = {value.id: number for number, value in enumerate(sources)}
        place |= {step.output: len(sources) + step.id for step in graph.steps}
        self.inputs = [()] * len(sources) + [
            tuple(-1 if isinstance(source, Number) else place[source] for source in step.inputs)
            for step in graph.steps]
        self.ordered = [True] * len(sources) + [not step.commutes for step in graph.steps]
        self.consumers = [[] for _ in self.labels]
        for node, inputs in enumerate(self.inputs):
            for position, source in enumerate(inputs):
                if source >= 0:
                    self.consumers[source].append((node, position if self.ordered[node] else -1))

    def refined(self, colours):
        """Mix into each node's colour everything that it was made from, then everything that was made from it,
        until this tells no more nodes apart."""
        kinds = 0
        while len(set(colours)) > kinds:
            kinds = len(set(colours))
            colours = self.downwards(self.upwards(colours))
        return colours

    def marked(self, colours, node):
        """A summary of the graph as seen from one marked node."""
        colours = list(colours)
        colours[node] = hashed("marked " + colours[node])
        return hashed(sorted(self.refined(colours)))

    def upwards(self, colours):
        """Mix into each colour those of everything that the node was made from."""
        colours = list(colours)
        for node, inputs in enumerate(self.inputs):
            if inputs:
                parts = [colours[source] if source >= 0 else "number" for source in inputs]
                colours[node] = hashed([colours[node], *(parts if self.ordered[node] else sorted(parts))])
        return colours

    def downwards(self, colours):
        """Mix into each colour those of everything that was made from the node."""
        colours = list(colours)
        for node in range(len(colours) - 1, -1, -1):
            uses = sorted((colours[consumer], position) for consumer, position in self.consumers[node])
            colours[node] = hashed([colours[node], *uses])
        return colours


def _source_label(graph, value):
    entries = [entry.what for entry in graph.ledger.get(value.id, ())]
    shape, dtype = _looks(graph, value)
    return repr((value.role, shape, dtype, value.requires_grad, entries.count("add"),
                 entries.count("zero"), value.id in graph.gradients))


def _looks(graph, value):
    """Shape and dtype; of a captured graph as they were known before it ran."""
    shape, dtype = graph.captured.declared.get(value.id, (value.shape, value.dtype)) if graph.captured else (
        value.shape, value.dtype)
    return shape if shape is None else tuple(shape), dtype


def _step_label(graph, step):
    value = graph.values[step.output]
    shape, dtype = _looks(graph, value)
    attributes = sorted((name, repr(what)) for name, what in step.attributes.items())
    return repr((step.op, step.kind, attributes, shape, dtype, step.recorded, step.reason))


def hashed(what):
    """Sixteen hexadecimal characters for the text of anything."""
    return blake2b(str(what).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()
