"""What is drawn of a graph, before anybody knows where: nodes with their words and sizes, edges with their labels.

DOT, SVG and the widget all start from the same `Picture`, so they always show the same things.
"""

from collections import Counter
from dataclasses import dataclass, field

from viz import blocks, boundaries, text, words
from viz import seen as views
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
    """A source (leaf, parameter, input), an op, a shut box, an output marker, an "escape" to Python, or the "ghost" of
    an arm that was not taken. `w` and `h` in pixels.
    around: the open boxes that it stands in, innermost first. sources: what is inside a shut box. detail: rows of what
    is to be said of an escape or a ghost. rows: [what the node keeps, whether it is gone], in the backward picture.
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
    detail: tuple = ()
    rows: list = field(default_factory=list)
    mark: str = ""
    room: float = 0


@dataclass(slots=True)
class Edge:
    """An arrow between two nodes, given by their place in `Picture.nodes`. stop: what a gradient meets on the way back
    (`viz.boundaries.at`). broken: only numbers came this way, through Python. gradient: what was last sent back.
    turned: it is drawn from its head to its tail. mark: as in Node. room: lines that may come to it, beside its label.
    back: it goes back to an earlier node, for the next turn of a loop."""

    key: str
    tail: int
    head: int
    label: str
    argument: str | None
    recorded: bool
    flows: bool
    tracks: bool
    stop: str | None = None
    broken: bool = False
    gradient: object = None
    turned: bool = False
    mark: str = ""
    room: tuple = ()
    back: bool = False

    def lines(self):
        """The lines of its label: the name of the argument where that matters, then the shape."""
        return [self.argument, self.label] if self.argument else [self.label]

    def label_size(self):
        """Width and height of the label in pixels."""
        return _size(self.lines())

    def room_size(self):
        """The same of the lines that may come."""
        return _size(self.room) if self.room else (0, 0)


def _size(lines):
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
    keys, used, left, late = Counter(), graph.consumers(), _Left(graph), {}
    nodes, place = left.nodes, left.place
    for value in graph.sources():
        key = _numbered(keys, f"source:{text.clean(value.name or '', 80)}")
        if value.id in view.within:
            continue
        source = _source_node(graph, value, used[value.id], key, view)
        if value.id in left.made and used[value.id]:
            late[value.id] = source  # it comes after what it was made of
        else:
            left.put([value.id], source)
    inside = {}
    for value, owner in view.within.items():
        inside.setdefault(owner, []).append(value)
    for number, part in enumerate(view.items):
        steps = graph.steps[part.start:part.stop] if isinstance(part, Box) else [graph.steps[part]]
        named = [_numbered(keys, _step_key(step)) for step in steps]
        for source in [value for step in steps for value in step.inputs if late and value in late]:
            if source in late:
                left.put([source], late.pop(source))
        node = (_box_node(graph, part, tuple(inside.get(number, ()))) if isinstance(part, Box)
                else _op_node(graph, steps[0], named[0]))
        node.around = view.around[number]
        left.put([step.output for step in steps], node)
    edges = []
    for part in view.items:
        edges += (_edges_into_box(graph, part, nodes, place) if isinstance(part, Box)
                  else _edges_into(graph, graph.steps[part], nodes, place))
    edges = _bundled(edges, nodes) if view.parts else edges
    edges += left.edges()
    edges += _outputs(graph, left)
    if graph.blocks:
        edges = _with_ways(graph, view, nodes, edges, place)
    return Picture(nodes, edges)


def _with_ways(graph, view, nodes, edges, place):
    """The edges of a captured graph: ways into arms and back are shown, and what did not run as what it is."""
    idle = blocks.idle_steps(graph)
    for node in nodes:
        steps = range(node.box.start, node.box.stop) if node.box else () if node.step is None else (node.step,)
        if steps and all(step in idle for step in steps):
            node.recorded, node.reason = False, "did not run"
    edges = [edge for edge in edges if edge.argument != "if"]
    for edge in edges:
        edge.recorded = edge.recorded and nodes[edge.head].recorded and nodes[edge.tail].recorded
    for number, (tail, head, label, block, back) in enumerate(blocks.arrows(graph, place)):
        edges.append(Edge(f"way:{number}:{nodes[tail].key}>{nodes[head].key}", tail, head, label, None, not block.idle,
                          False, True, broken=block.idle and not back, back=back))
    return edges


def _outputs(graph, left):
    """A marker behind each node that holds a result which nobody used; gives the edges there."""
    nodes, unused = left.nodes, {}
    for value in graph.results_unused():
        if value.id not in left.decided:
            unused.setdefault(left.place[value.id], []).append(value)
    for maker, values in unused.items():
        nodes.append(_output_node(graph, values, nodes[maker]))
        yield Edge(f"{nodes[maker].key}>out", maker, len(nodes) - 1, _shapes(values), None, nodes[-1].recorded, False,
                   values[-1].requires_grad, gradient=graph.gradients.get(values[-1].id))


class _Left:
    """The nodes, and beside each the escapes to Python of what it holds; then the edges there, and arms not taken.
    place: value id -> place of the node that holds it."""

    def __init__(self, graph):
        self.graph, self.nodes, self.place = graph, [], {}
        self.reads, self.copies = boundaries.by_value(graph), boundaries.copies(graph)
        self.made = {back.value for back in graph.returns}
        self.decided = {read.value for read in graph.reads if read.how == "bool"}  # what an `if` used is no result
        self.boxes, self.ways = {}, []  # place of a read -> place of its box; (tail, head) of the ways there

    def put(self, values, node):
        """One more node, which holds these values, and their escapes."""
        tail = len(self.nodes)
        self.place |= dict.fromkeys(values, tail)
        self.nodes.append(node)
        if not self.reads:
            return
        places = [place for value in values for place in self.reads.get(value, ())]
        for escape in boundaries.escapes(self.graph, places):
            self.boxes |= dict.fromkeys(escape.reads, len(self.nodes))
            self.ways.append((tail, len(self.nodes), [self.graph.values[self.graph.reads[place].value]
                                                      for place in escape.reads]))
            key = f"left:{escape.title}:{self.nodes[tail].key}"
            self.nodes.append(_sized(Node(
                key, "escape", escape.title, boundaries.gave(self.graph, escape.reads), recorded=False, reason="left",
                value=self.graph.reads[escape.reads[0]].value, h=38, around=self.nodes[tail].around,
                detail=tuple(boundaries.read_rows(self.graph, escape)))))

    def edges(self):
        """The ways to Python, those back from there, and what an arm that was not taken would have used."""
        place = self.place
        for tail, head, values in self.ways:
            tracks = any(value.requires_grad for value in values)
            yield self._edge(tail, head, _shapes([values[0]]), tracks=tracks, stop="cut" if tracks else None)
        seen = set()
        for back in self.graph.returns:
            read = self.graph.reads[back.read]
            copied = back.read in self.copies
            tail = place.get(read.value) if copied else self.boxes.get(back.read)
            head = place.get(back.value if back.step is None else self.graph.steps[back.step].output)
            if tail is not None and head is not None and tail != head and (tail, head) not in seen:
                seen.add((tail, head))
                what = "the array" if read.how == "numpy" else "a number" if read.how == "tolist" else "the number"
                argument, label = ("numbers only", "tensor([…])") if copied else (
                    what, f"{boundaries.read_title(read)} gave")
                stop = "cut" if copied and self.graph.values[read.value].requires_grad else None
                yield self._edge(tail, head, label, argument, stop=stop, broken=True)
        for number, arm in enumerate(self.graph.untaken):
            yield from self._arm(number, arm)

    def _arm(self, number, arm):
        head, graph, place = len(self.nodes), self.graph, self.place
        rows = [["arm", text.clean(arm.source.text, 200)], ["line", str(arm.source.line)],
                ["branch", f"{arm.test.line}: {text.clean(arm.test.text, 72)}"],
                ["ran", "no, and cannot: the graph does not hold it" if graph.captured else "no, not in this run"]]
        state = "lost" if graph.captured else "not taken"
        self.nodes.append(_sized(Node(f"arm:{number}:{text.clean(arm.source.text, 80)}", "ghost",
                                      text.clean(arm.source.text, WIDEST + 6), f"{state} (line {arm.source.line})",
                                      recorded=False, reason=state, detail=tuple(rows))))
        if arm.read in self.boxes:
            yield self._edge(self.boxes[arm.read], head, "otherwise", broken=True)
        tested = [step.output for step in graph.steps if step.source and step.source.line == arm.test.line]
        if graph.captured and tested:
            yield self._edge(place[tested[-1]], head, "otherwise", broken=True)
        for value in arm.parameters:
            if value in place:
                yield self._edge(place[value], head, "has a grad" if value in graph.gradients else "grad: None")

    def _edge(self, tail, head, label, argument=None, tracks=False, **more):
        return Edge(f"{self.nodes[tail].key}>{self.nodes[head].key}", tail, head, label, argument, False, False, tracks,
                    **more)


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
                              bool(step.contributions) and step.contributions[position] is not None,
                              boundaries.at(graph, step, position)))
    for tail, (values, flows) in came.items():
        stops = {stop for _, _, stop in flows}
        yield Edge(f"{nodes[tail].key}>{nodes[here].key}", tail, here, _shapes(list(values.values())), None,
                   any(recorded for recorded, _, _ in flows), any(sent for _, sent, _ in flows),
                   any(value.requires_grad for value in values.values()), stops.pop() if len(stops) == 1 else None)


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
    shown = text.dotted(value.name or "", WIDEST) or value.role
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
                   step.recorded and _made_recorded(graph, source), sent is not None, value.requires_grad,
                   boundaries.at(graph, step, position), gradient=sent)


def _sized(node, room_for=""):
    # Tags sit on the lower border. Room is kept for the one that may come, so that nothing moves when it does.
    tags = max(sum(text.width(badge, TAG) + 14 for badge in node.badges), text.width(room_for, TAG) + 14)
    given, is_, number = node.subtitle.partition("= ")
    number = given + ("= False" if number in ("True", "False") else NUMBER) if is_ else ""
    under = max(text.width(node.subtitle, SUBTITLE), text.width(number, SUBTITLE))
    edge = 28 if node.kind == "parameter" else 22  # its border is double
    node.w = round(max(56, text.width(node.title, TITLE) * 1.06 + edge, under + edge, tags))
    return node
