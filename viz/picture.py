"""What is drawn of a graph, before anybody knows where: nodes with their words and sizes, edges with their labels.

DOT, SVG and the widget all start from the same `Picture`, so they always show the same things.
"""

from collections import Counter
from dataclasses import dataclass, field

from viz import seen as views
from viz import text, words
from viz.fold import Box
from viz.graph import Number

TITLE, SUBTITLE, TAG, LABEL = 13, 11, 9.5, 12  # font sizes in pixels; the style sheet of the widget has the same
HEIGHT = 48
LINE = 13  # from one line of a label to the next
WIDEST = 26  # characters of a title; longer ones are shortened, the detail has them in full
MANY = 4  # arrows from one source; of more, one stands for all when the graph is folded
NUMBER = "= -0.0000"  # room for any usual number, so that a box keeps its width while a slider moves


@dataclass(slots=True)
class Node:
    """A source (leaf, parameter, input), an op, a shut box, or an output marker. `w` and `h` in pixels.
    around: the open boxes that it stands in, innermost first. sources: what is inside a shut box.
    mark: in the picture of a difference "added", "gone" or "changed".
    room: pixels that are kept free above and below for tags that may come."""

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
    box: Box | None = None
    sources: tuple = ()
    around: tuple = ()
    mark: str = ""
    room: float = 0


@dataclass(slots=True)
class Edge:
    """An arrow between two nodes, given by their place in `Picture.nodes`. room: lines that may come to its label."""

    key: str
    tail: int
    head: int
    label: str
    argument: str | None
    recorded: bool
    flows: bool
    tracks: bool
    mark: str = ""
    room: tuple = ()

    def lines(self):
        """The lines of its label: the name of the argument where that matters, then the shape."""
        return [self.argument, self.label] if self.argument else [self.label]

    def label_size(self):
        """Width and height of the label in pixels."""
        lines = *self.lines(), *self.room
        return max(text.width(line, LABEL) for line in lines), LINE * len(lines)


@dataclass(slots=True)
class Picture:
    nodes: list
    edges: list

    def frames(self):
        """(open box, places of the nodes in it), outer boxes first."""
        found = {}
        for place, node in enumerate(self.nodes):
            for box in reversed(node.around):
                found.setdefault(box.key, (box, []))[1].append(place)
        return sorted(found.values(), key=lambda frame: (frame[0].start, -frame[0].stop))


def picture(graph, view=None):
    """The Picture of a recorded graph: every source, every step, and a marker for each result that nobody used; of what
    is in the shut boxes of a view (`viz.seen`), the box."""
    view = view or views.everything(graph)
    nodes, place = [], {}
    keys, used = Counter(), graph.consumers()
    for value in graph.sources():
        key = _numbered(keys, f"source:{text.clean(value.name or '', 80)}")
        if value.id not in view.within:
            place[value.id] = len(nodes)
            nodes.append(_source_node(graph, value, used[value.id], key, view))
    inside = {}
    for value, owner in view.within.items():
        inside.setdefault(owner, []).append(value)
    for number, part in enumerate(view.items):
        steps = graph.steps[part.start:part.stop] if isinstance(part, Box) else [graph.steps[part]]
        named = [_numbered(keys, _step_key(step)) for step in steps]
        place |= {step.output: len(nodes) for step in steps}
        node = (_box_node(graph, part, tuple(inside.get(number, ()))) if isinstance(part, Box)
                else _op_node(graph, steps[0], named[0]))
        node.around = view.around[number]
        nodes.append(node)
    edges = []
    for part in view.items:
        edges += (_edges_into_box(graph, part, nodes, place) if isinstance(part, Box)
                  else _edges_into(graph, graph.steps[part], nodes, place))
    edges = _bundled(edges, nodes) if view.parts else edges
    unused = {}
    for value in graph.results_unused():
        unused.setdefault(place[value.id], []).append(value)
    for maker, values in unused.items():
        nodes.append(_output_node(graph, values, nodes[maker]))
        edges.append(Edge(f"{nodes[maker].key}>out", maker, len(nodes) - 1, _shapes(values), None,
                          nodes[-1].recorded, False, values[-1].requires_grad))
    return Picture(nodes, edges)


def _output_node(graph, values, maker):
    """The marker of results that nobody used: of a shut box one for all."""
    value = values[-1]
    step = graph.steps[value.producer]
    shown = text.clean(value.name or "", WIDEST) or "result" if len(values) == 1 else f"{len(values):,} results"
    return _sized(Node(f"out:{maker.key}", "output", shown, _content(value) if len(values) == 1 else _shapes(values),
                       recorded=step.recorded, reason=step.reason, value=value.id))


def _shapes(values):
    """The shape of one value; of several `12 × (3, 4)`."""
    shapes = {text.shape(value.shape) for value in values}
    if len(values) == 1:
        return shapes.pop()
    return f"{len(values):,} × {shapes.pop()}" if len(shapes) == 1 else f"{len(values):,} tensors"


def _box_node(graph, box, sources):
    steps = graph.steps[box.start:box.stop]
    recorded = any(step.recorded for step in steps)
    node = Node(box.key, "box", views.title(box), views.subtitle(graph, box), recorded=recorded,
                reason=None if recorded else steps[0].reason, badges=views.badges(graph, box, sources),
                value=steps[-1].output, box=box, sources=sources)
    node = _sized(node)
    node.w += 22  # room for the sign that it opens
    return node


def _edges_into_box(graph, box, nodes, place):
    """One arrow from each node that something comes from."""
    came, here = {}, place[graph.steps[box.start].output]
    for step in graph.steps[box.start:box.stop]:
        for position, source in enumerate(step.inputs):
            tail = None if isinstance(source, Number) else place.get(source)  # None: inside as well
            if tail is not None and tail != here:
                values, flows = came.setdefault(tail, ({}, []))
                values[source] = graph.values[source]
                flows.append((step.recorded and _made_recorded(graph, source),
                              bool(step.contributions) and step.contributions[position] is not None))
    for tail, (values, flows) in came.items():
        yield Edge(f"{nodes[tail].key}>{nodes[here].key}", tail, here, _shapes(list(values.values())), None,
                   any(recorded for recorded, _ in flows), any(sent for _, sent in flows),
                   any(value.requires_grad for value in values.values()))


def _bundled(edges, nodes):
    """The same edges, but where a source is used in more than MANY places (the weights of an unrolled loop) one arrow
    to the first of them stands for all and says so."""
    users = {}
    for edge in edges:
        if nodes[edge.tail].step is None and nodes[edge.tail].box is None:
            users.setdefault(edge.tail, []).append(edge)
    gone = set()
    for uses in users.values():
        if len({edge.head for edge in uses}) > MANY:
            uses[0].argument = ", ".join(filter(None, [uses[0].argument, f"to all {len(uses)}"]))
            uses[0].flows, uses[0].tracks = any(edge.flows for edge in uses), any(edge.tracks for edge in uses)
            gone.update(edge.key for edge in uses[1:])
    return [edge for edge in edges if edge.key not in gone]


def _made_recorded(graph, source):
    maker = graph.values[source].producer
    return maker is None or graph.steps[maker].recorded


def _source_node(graph, value, uses, key, view):
    # A source keeps its key when requires_grad is switched, so that the picture can show the change in place.
    shown = text.clean(value.name or "", WIDEST) or value.role
    node = Node(key, value.role, shown, _content(value), badges=words.source_badges(graph, value, bool(uses)),
                value=value.id)
    if view.parts and value.role == "parameter" and uses:
        places = sorted({view.owner[step.id] for step, _ in uses})
        node.badges += [f"{len(uses):,} uses"] if len(places) > 1 else []
        wanted = [set(box.key for box in view.around[place]) for place in places]
        node.around = tuple(box for box in view.around[places[0]] if all(box.key in keys for keys in wanted))
    return _sized(node, room_for="no gradient" if value.wants_gradient else "")


def _step_key(step):
    return f"op:{text.clean(step.module or '', 80)}:{text.clean(step.source.text, 80) if step.source else ''}:{step.op}"


def _op_node(graph, step, key):
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
        sent = step.contributions[position] if step.contributions else None
        yield Edge(f"{nodes[place[source]].key}>{nodes[place[step.output]].key}:{position}",
                   place[source], place[step.output], text.shape(value.shape), words.argument(step, position),
                   step.recorded and _made_recorded(graph, source), sent is not None, value.requires_grad)


def _sized(node, room_for=""):
    # Tags sit on the lower border. Room is kept for the one that may come, so that nothing moves when it does.
    tags = max(sum(text.width(badge, TAG) + 14 for badge in node.badges), text.width(room_for, TAG) + 14)
    number = node.subtitle[:node.subtitle.find("= ")] + NUMBER if "= " in node.subtitle else ""
    under = max(text.width(node.subtitle, SUBTITLE), text.width(number, SUBTITLE))
    edge = 28 if node.kind == "parameter" else 22  # its border is double
    node.w = round(max(56, text.width(node.title, TITLE) * 1.06 + edge, under + edge, tags))
    return node
