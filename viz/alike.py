"""Folding for the picture of a difference: long rows of ops that both graphs have become one box each, and so do long
rows of the same difference; what is then still a long row is cut into stretches. Works on any Picture whose nodes come
after those that they are made from.
"""

from itertools import groupby
from math import ceil, sqrt

from viz import text
from viz.fold import Box, boxes, visible
from viz.picture import SUBTITLE, TITLE, Edge, Node, Picture

LEAST = 4  # ops alike in a row that are worth a box
MARKED = 12  # the same for a row of one and the same difference
ROW = 60  # parts next to each other; of more, stretches are made
WORDS = {"": "the same in both", "added": "only in the second graph", "gone": "only in the first graph",
         "changed": "changed"}
OWN = 3  # sources of a box; more are drawn inside


def tree(shown):
    """The ops of a Picture as nested boxes: a tuple of Boxes and places of nodes, in order."""
    near = set()  # what is shown with a difference, so that it can be seen where it sits
    for edge in shown.edges:
        if edge.mark or shown.nodes[edge.tail].mark or shown.nodes[edge.head].mark:
            near |= {edge.tail, edge.head}

    def kind(place):
        node = shown.nodes[place]
        return node.badges[0] if node.mark else "alike" if place not in near else ""

    parts = []
    for what, row in groupby((place for place, node in enumerate(shown.nodes) if node.kind == "op"), kind):
        row = tuple(row)
        long = what and len(row) >= (LEAST if what == "alike" else MARKED)
        parts += [_box(row, what)] if long else row
    parts = tuple(_cut(parts, ""))
    for number, box in enumerate(boxes(parts)):
        box.key = f"box:{box.name}#{number}"
    return parts


def _cut(parts, what):
    """A row of parts, in boxes when it is long."""
    if len(parts) <= ROW:
        return list(parts)
    size = max(ceil(sqrt(len(parts))), ceil(len(parts) / ROW))
    return [_box(parts[at:at + size], what) for at in range(0, len(parts), size)]


def _box(parts, what):
    places = _places(parts)
    name = f"{len(places):,} ops {what}".rstrip()
    return Box("stretch", name, places[0], places[-1] + 1, tuple(_cut(parts, what)))


def _places(parts):
    """The places of all nodes in parts, in order."""
    found, waiting = [], list(reversed(parts))
    while waiting:
        part = waiting.pop()
        if isinstance(part, Box):
            waiting += reversed(part.parts)
        else:
            found.append(part)
    return found


def fold_up(shown, parts, opened):
    """(the Picture with all boxes shut but those with the keys in `opened`, what can be opened and shut, what is to be
    told of each shut box: its key -> rows)."""
    seen = list(visible(parts, opened))
    owner = {place: part for part, _ in seen if isinstance(part, Box) for place in _places((part,))}
    around = {place: boxes_ for part, boxes_ in seen for place in _places((part,))}
    _take_sources_along(shown, owner, around)
    inside = {}
    for place in sorted(owner):
        inside.setdefault(owner[place].key, []).append(shown.nodes[place])
    nodes, moved, told = [], {}, {}
    for place, node in enumerate(shown.nodes):
        box = owner.get(place)
        if box is None:
            node.around = around.get(place, ())
            moved[place] = len(nodes)
            nodes.append(node)
        elif place == box.start:  # its first op; what goes in stands before it
            node, told[box.key] = _box_node(box, inside[box.key])
            node.around = around[place]
            nodes.append(node)
    at = {node.key: place for place, node in enumerate(nodes)}
    moved |= {place: at[box.key] for place, box in owner.items()}
    open_ = {box.key: box for _, boxes_ in seen for box in boxes_}
    state = {"way": "all", "shut": [part.key for part, _ in seen if isinstance(part, Box)],
             "open": [[key, box.name] for key, box in open_.items()]}
    return Picture(nodes, _edges(shown, nodes, moved)), state, told


def _take_sources_along(shown, owner, around):
    """Let sources that are used once be where they are used: inside a shut box, if it has many, or around open ones."""
    users, own = {}, {}
    for edge in shown.edges:
        users.setdefault(edge.tail, set()).add(edge.head)
    for place, node in enumerate(shown.nodes):
        user = users[place].pop() if len(users.get(place, ())) == 1 else None
        if user is None or node.kind not in ("input", "leaf", "parameter"):
            continue
        around[place] = around.get(user, ())
        if user in owner and not node.mark:
            own.setdefault(owner[user].key, (owner[user], []))[1].append(place)
    for box, places in own.values():
        if len(places) > OWN:
            owner.update(dict.fromkeys(places, box))


def _box_node(box, inside):
    ops = [node for node in inside if node.kind == "op"]
    marks = [node.mark for node in ops]
    counted = [f"{marks.count(mark):,} {mark}" for mark in ("added", "gone", "changed") if mark in marks]
    mark = (marks[0] if len(set(marks)) == 1 else "changed") if counted else ""
    under = WORDS[mark] if len(set(marks)) == 1 else ", ".join(counted)
    node = Node(box.key, "box", box.name, under, recorded=any(node.recorded for node in ops), mark=mark,
                value=[node.value for node in ops if (node.mark == "gone") == (mark == "gone")][-1])
    rows = [["ops inside", f"{len(ops):,}"], ["difference", ", ".join(counted) or "none"],
            ["from", f"{ops[0].title} {ops[0].subtitle}"], ["to", f"{ops[-1].title} {ops[-1].subtitle}"],
            ["given inside", text.clean(", ".join(node.title for node in inside if node.kind != "op"), 200)]]
    node.w = round(max(text.width(node.title, TITLE) * 1.06, text.width(node.subtitle, SUBTITLE)) + 44)
    return node, [row for row in rows if row[1]]


def _edges(shown, nodes, moved):
    """The arrows between what is seen: between the same two nodes, if one of them is a box, only one."""
    edges, merged = [], {}
    for edge in shown.edges:
        tail, head = moved[edge.tail], moved[edge.head]
        if tail == head:
            continue
        if "box" not in (nodes[tail].kind, nodes[head].kind):
            edge.tail, edge.head = tail, head
            edges.append(edge)
            continue
        merged.setdefault((tail, head), []).append(edge)
    for (tail, head), some in merged.items():
        labels, marks = {edge.label for edge in some}, {edge.mark for edge in some}
        label = labels.pop() if len(labels) == 1 else f"{len(some):,} tensors"
        edges.append(Edge(f"{nodes[tail].key}>{nodes[head].key}", tail, head, label, None,
                          any(edge.recorded for edge in some), any(edge.flows for edge in some),
                          any(edge.tracks for edge in some), marks.pop() if len(marks) == 1 else ""))
    return edges
