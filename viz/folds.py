"""Folding as the reader meets it: frames around open boxes, what can be opened and shut, and the boxes as text."""

from viz import canonical, seen, text, words
from viz import fold as folding
from viz.fold import Box
from viz.outline import table

NONE = {"way": None, "shut": [], "open": []}
LANE = folding.LANE
PAD, HEAD = 10, 24  # px around what is in a frame, and above it for its name
ROWS = 100  # of the text


def state(graph, view, way):
    """What can be opened and shut in a scene: keys and titles. In a graph that is not folded, whether there is
    something to fold."""
    if way is None:
        parts = folding.tree(graph, "all")
        return {"way": None, "shut": [], "open": [box.key for box in parts if isinstance(box, Box)]}
    opened = {box.key: box for around in view.around for box in around}
    return {"way": way, "shut": [part.key for part in view.items if isinstance(part, Box)],
            "open": [[key, seen.title(box)] for key, box in opened.items()]}


def told(graph, opened=None):
    """The sentence on a graph that was folded by itself."""
    nodes = len(graph.steps) + len(graph.sources())
    return f"This graph has {nodes:,} nodes. Past {folding.PAST:,} it is folded by itself: click a box to open it."


def extents(shown, centres):
    """Key -> (left, top, right, low) of the frame around what is in each open box."""
    extents = {}
    for box, nodes in reversed(shown.frames()):
        inner = [extents[other.key] for other in {b.key: b for node in nodes for b in shown.nodes[node].around}.values()
                 if other.key in extents and other.start >= box.start and other.stop <= box.stop]
        own = [_sides(shown.nodes[node], centres[node]) for node in nodes]
        lefts, tops, rights, lows = zip(*own, *inner, strict=True)
        wide = text.width(seen.title(box), 12) + 60
        left, top = min(lefts) - PAD, min(tops) - HEAD
        beside = box.below / 3  # px for the ways back
        extents[box.key] = left - beside, top, max(*rights, left + wide) + PAD + beside, max(lows) + PAD + box.below
    return extents


def frames(shown, centres):
    """A frame around what is in each open box, where it holds nothing else: key, title, and its corner and size; of a
    block that has run, also what became of it."""
    found, sides = [], extents(shown, centres)
    for box, nodes in reversed(shown.frames()):
        side, inside = sides[box.key], set(nodes)
        clear = all(node in inside or not _meet(side, _sides(shown.nodes[node], centre))
                    for node, centre in enumerate(centres))
        if clear or box.block is not None:
            found.append(words_of(box) | {"x": side[0], "y": side[1], "w": round(side[2] - side[0], 1),
                                          "h": round(side[3] - side[1], 1)})
    return found[::-1]


def words_of(box):
    """What a frame says: its key and title, and of a block that has run whether it did."""
    ran = {"ran": "idle" if box.block.idle else "ran"} if box.block and box.block.ran else {}
    return {"key": box.key, "title": seen.title(box)} | ran


def retold(frames, view):
    """The same frames where they are, with the words of the open boxes of this view."""
    now = {box.key: words_of(box) for around in view.around for box in around}
    places = "x", "y", "w", "h", "shift"
    return [{name: frame[name] for name in places} | now.get(frame["key"], frame) for frame in frames]


def _sides(node, centre):
    above = 8 if node.box is not None else 0  # the boxes behind a shut one
    return (centre[0] - node.w / 2, centre[1] - node.h / 2 - above, centre[0] + node.w / 2,
            centre[1] + node.h / 2 + 9 * bool(node.badges))


def _meet(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def room(found, placed):
    """What frames need (left, above, right, below) beyond the layout."""
    return (max([0, *(-frame["x"] for frame in found)]), max([0, *(-frame["y"] for frame in found)]),
            max([0, *(frame["x"] + frame["w"] - placed.width for frame in found)]),
            max([0, *(frame["y"] + frame["h"] - placed.height for frame in found)]))


def outline(graph, fold):
    """The boxes of a folded graph as an indented table, each with what is inside, what goes in and what comes out; of a
    loop its first turn. Errors: ValueError when nothing is recorded, or for a fold that is none."""
    way = folding.way(words.require_steps(graph), fold)
    rows, used = [], graph.consumers()
    _rows(graph, folding.tree(graph, way) if way else range(len(graph.steps)), used, 0, rows)
    more = [f"... {len(rows) - ROWS:,} rows not shown ..."] if len(rows) > ROWS else []
    lines = table(["box or op", "ops", "keeps", "parameters", "goes in", "comes out"], rows[:ROWS])
    return "\n".join([graph.counts(), "", *lines, *more, "", f"digest {canonical.digest(graph)}"])


def _rows(graph, parts, used, depth, rows):
    for part in parts:
        start, stop = folding.span(part)
        box = part if isinstance(part, Box) else Box("op", "", start, stop, ())
        own = {source for step in graph.steps[start:stop] for source in step.inputs if isinstance(source, int)
               and graph.values[source].role == "parameter"}
        have = sum(source in graph.gradients for source in own)
        kept = graph.saved_bytes(start, stop)
        name = seen.title(part) if isinstance(part, Box) else f"#{part + 1} {words.op_title(graph.steps[part])}"
        rows.append(["  " * depth + name, f"{stop - start:,}", text.nbytes(kept) if kept else "",
                     f"{len(own)}, {have} with grad" if own else "", _values(graph, seen.inputs(graph, box, own)),
                     _values(graph, seen.outputs(graph, box, used))])
        if isinstance(part, Box) and len(rows) <= ROWS:
            _rows(graph, part.parts[:1] if part.kind == "loop" else part.parts, used, depth + 1, rows)


def _values(graph, values):
    shown = [f"{words.value_name(graph, value, 16)} {text.shape(graph.values[value].shape)}" for value in values[:3]]
    return ", ".join(shown) + (f", … {len(values) - 3:,} more" if len(values) > 3 else "")
