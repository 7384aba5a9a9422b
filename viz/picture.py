"""What is drawn of a graph, before anybody knows where: nodes with their words and sizes, edges with their labels.

DOT, SVG and the widget all start from the same `Picture`, so they always show the same things.
"""

from collections import Counter
from dataclasses import dataclass, field

from viz import text, words
from viz.graph import Number

TITLE, SUBTITLE, TAG, LABEL = 13, 11, 9.5, 12  # font sizes in pixels; the style sheet of the widget has the same
HEIGHT = 48
LINE = 13  # from one line of a label to the next
WIDEST = 26  # characters of a title; longer ones are shortened, the detail has them in full
NUMBER = "= -0.0000"  # room for any usual number, so that a box keeps its width while a slider moves


@dataclass(slots=True)
class Node:
    """A box: a source (leaf, parameter, input), an op, or an output marker. `w` and `h` in pixels."""

    key: str
    kind: str
    title: str
    subtitle: str
    op_kind: str | None = None
    recorded: bool = True
    reason: str | None = None
    badges: list = field(default_factory=list)
    value: int = 0
    step: int | None = None
    w: float = 0
    h: float = HEIGHT


@dataclass(slots=True)
class Edge:
    """An arrow between two nodes, given by their place in `Picture.nodes`."""

    key: str
    tail: int
    head: int
    label: str
    argument: str | None
    recorded: bool
    flows: bool
    tracks: bool

    def lines(self):
        """The lines of its label: the name of the argument where that matters, then the shape."""
        return [self.argument, self.label] if self.argument else [self.label]

    def label_size(self):
        """Width and height of the label in pixels."""
        lines = self.lines()
        return max(text.width(line, LABEL) for line in lines), LINE * len(lines)


@dataclass(slots=True)
class Picture:
    nodes: list
    edges: list


def picture(graph):
    """The Picture of a recorded graph: every source, every step, and a marker for each result that nobody used."""
    nodes, place = [], {}
    keys, used = Counter(), graph.consumers()
    for value in graph.sources():
        place[value.id] = len(nodes)
        nodes.append(_source_node(graph, value, bool(used[value.id]), keys))
    for step in graph.steps:
        place[step.output] = len(nodes)
        nodes.append(_op_node(graph, step, keys))
    edges = [edge for step in graph.steps for edge in _edges_into(graph, step, nodes, place)]
    for value in graph.results_unused():
        step = graph.steps[value.producer]
        maker = place[value.id]
        nodes.append(_sized(Node(f"out:{nodes[maker].key}", "output", text.clean(value.name or "", WIDEST) or "result",
                                 _content(value), recorded=step.recorded, reason=step.reason, value=value.id)))
        edges.append(Edge(f"{nodes[maker].key}>out", maker, len(nodes) - 1, text.shape(value.shape), None,
                          step.recorded, False, value.requires_grad))
    return Picture(nodes, edges)


def _source_node(graph, value, used, keys):
    # A source keeps its key when requires_grad is switched, so that the picture can show the change in place.
    key = _numbered(keys, f"source:{text.clean(value.name or '', 80)}")
    shown = text.clean(value.name or "", WIDEST) or value.role
    node = Node(key, value.role, shown, _content(value), badges=words.source_badges(graph, value, used), value=value.id)
    return _sized(node, room_for="no gradient" if value.wants_gradient else "")


def _op_node(graph, step, keys):
    line = text.clean(step.source.text, 80) if step.source else ""
    key = _numbered(keys, f"op:{step.module or ''}:{line}:{step.op}")
    value = graph.values[step.output]
    named = f"{text.clean(value.name or '', 16)} {_content(value)}".strip()
    title = text.clean(words.op_title(step), WIDEST)
    return _sized(Node(key, "op", title, named, step.kind, step.recorded, step.reason, words.op_badges(graph, step),
                       value.id, step.id))


def _numbered(keys, key):
    keys[key] += 1
    return f"{key}#{keys[key] - 1}"


def _content(value):
    """A single number is shown as such; of anything larger, the shape."""
    if value.data is not None and value.data.values is not None and all(size == 1 for size in value.shape):
        return f"= {value.data.short()}"
    return text.shape(value.shape)


def _edges_into(graph, step, nodes, place):
    for position, source in enumerate(step.inputs):
        if isinstance(source, Number):
            continue
        value = graph.values[source]
        maker = graph.steps[value.producer] if value.producer is not None else None
        sent = step.contributions[position] if step.contributions else None
        yield Edge(f"{nodes[place[source]].key}>{nodes[place[step.output]].key}:{position}",
                   place[source], place[step.output], text.shape(value.shape), words.argument(step, position),
                   step.recorded and (maker is None or maker.recorded), sent is not None, value.requires_grad)


def _sized(node, room_for=""):
    # Tags sit on the lower border. Room is kept for the one that may come, so that nothing moves when it does.
    tags = max(sum(text.width(badge, TAG) + 14 for badge in node.badges), text.width(room_for, TAG) + 14)
    number = node.subtitle[:node.subtitle.find("= ")] + NUMBER if "= " in node.subtitle else ""
    under = max(text.width(node.subtitle, SUBTITLE), text.width(number, SUBTITLE))
    edge = 28 if node.kind == "parameter" else 22  # its border is double
    node.w = round(max(56, text.width(node.title, TITLE) * 1.06 + edge, under + edge, tags))
    return node
