"""Folding for the picture of a difference: long rows of ops that both graphs have become one box each, and what is then
still a long row is cut into stretches. Works on any Picture whose nodes come after those that they are made from.
"""

from math import ceil, sqrt

from viz import text
from viz.fold import Box, boxes, visible
from viz.picture import Edge, Node, Picture

LEAST = 4  # ops in a row that are worth a box
ROW = 60  # parts next to each other; of more, stretches are made
OWN = 3  # sources of a box; more are drawn inside


def tree(shown):
    """The ops of a Picture as nested boxes: a tuple of Boxes and places of nodes, in order."""
    near = set()  # what is shown with a difference, so that it can be seen where it sits
    for edge in shown.edges:
        if edge.mark or shown.nodes[edge.tail].mark or shown.nodes[edge.head].mark:
            near |= {edge.tail, edge.head}
    parts, row = [], []
    for place, node in enumerate(shown.nodes):
        if node.kind == "op" and not node.mark and place not in near:
            row.append(place)
        elif node.kind == "op":
            parts += _row(row)
            parts.append(place)
            row = []
    parts += _row(row)
    parts = tuple(_cut(parts, "ops"))
    for number, box in enumerate(boxes(parts)):
        box.key = f"box:{box.name}#{number}"
    return parts


def _row(row):
    return [_box(f"{len(row):,} ops alike", tuple(_cut(row, "alike")))] if len(row) >= LEAST else row


def _cut(parts, what):
    """A row of parts, in boxes when it is long."""
    if len(parts) <= ROW:
        return list(parts)
    size = ceil(sqrt(len(parts))) if len(parts) <= ROW**2 else ceil(len(parts) / ROW)
    some = [tuple(_cut(parts[at:at + size], what)) for at in range(0, len(parts), size)]
    counted = [len(_places(inside)) for inside in some]
    return [_box(f"{count:,} {what}", inside) if what == "ops" else _box(f"{count:,} ops alike", inside)
            for count, inside in zip(counted, some, strict=True)]


def _box(name, parts):
    places = _places(parts)
    return Box("stretch", name, places[0], places[-1] + 1, parts)


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
    """(the Picture with all boxes shut but those with the keys in `opened`, what can be opened and shut)."""
    seen = list(visible(parts, opened))
    owner = {place: part for part, _ in seen if isinstance(part, Box) for place in _places((part,))}
    _put_sources_away(shown, owner)
    around = {part: boxes_ for part, boxes_ in seen if not isinstance(part, Box)}
    inside = {}
    for place in sorted(owner):
        inside.setdefault(owner[place].key, []).append(shown.nodes[place])
    nodes, moved = [], {}
    for place, node in enumerate(shown.nodes):
        box = owner.get(place)
        if box is None:
            node.around = around.get(place, ())
            moved[place] = len(nodes)
            nodes.append(node)
        elif place == box.start:  # its first op; what goes in stands before it
            node = _box_node(box, inside[box.key])
            node.around = next(outer for part, outer in seen if part is box)
            nodes.append(node)
    at = {node.key: place for place, node in enumerate(nodes)}
    moved |= {place: at[box.key] for place, box in owner.items()}
    open_ = {box.key: box for _, boxes_ in seen for box in boxes_}
    state = {"way": "all", "shut": [part.key for part, _ in seen if isinstance(part, Box)],
             "open": [[key, box.name] for key, box in open_.items()]}
    return Picture(nodes, _edges(shown, nodes, moved)), state


def _put_sources_away(shown, owner):
    """Let sources that one box alone uses be inside of it, where they are many."""
    users, own = {}, {}
    for edge in shown.edges:
        users.setdefault(edge.tail, set()).add(edge.head)
    for place, node in enumerate(shown.nodes):
        if node.kind in ("input", "leaf", "parameter") and not node.mark:
            found = {owner[user].key if user in owner else None for user in users.get(place, ())}
            if len(found) == 1 and None not in found:
                own.setdefault(found.pop(), []).append(place)
    by_key = {box.key: box for box in owner.values()}
    for key, places in own.items():
        if len(places) > OWN:
            owner.update(dict.fromkeys(places, by_key[key]))


def _box_node(box, inside):
    ops = [node for node in inside if node.kind == "op"]
    marks = [node.mark for node in ops]
    counted = [f"{marks.count(mark):,} {mark}" for mark in ("added", "gone", "changed") if mark in marks]
    mark = (marks[0] if len(set(marks)) == 1 else "changed") if counted else ""
    node = Node(box.key, "box", box.name, ", ".join(counted) or "the same in both", box=None,
                recorded=any(node.recorded for node in ops), mark=mark,
                value=[node.value for node in ops if (node.mark == "gone") == (mark == "gone")][-1])
    rows = [["ops inside", f"{len(ops):,}"], ["difference", ", ".join(counted) or "none"],
            ["from", f"{ops[0].title} {ops[0].subtitle}"], ["to", f"{ops[-1].title} {ops[-1].subtitle}"],
            ["given inside", text.clean(", ".join(node.title for node in inside if node.kind != "op"), 200)]]
    node.sources = tuple(row for row in rows if row[1])
    node.w = round(max(text.width(node.title, 13) * 1.06, text.width(node.subtitle, 11)) + 44)
    return node


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
