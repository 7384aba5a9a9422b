"""The difference of two graphs as one picture: what both have is drawn as ever; what only the second has is marked +,
what only the first has is a ghost with −, what has changed is marked ~ and tells what it was before.

What both have in long rows is folded to "n ops alike" where the picture would be too large to read.
"""

from dataclasses import dataclass

from viz import dot, folds, layout, page, text, words
from viz import scene as scenes
from viz.alike import fold_up, tree
from viz.difference import LINES, kind
from viz.fold import PAST
from viz.marked import outline
from viz.picture import SUBTITLE, TAG, Picture, picture

ASIDES = "escape", "ghost"  # kinds of nodes that are no part of the graph
KEY = "+ only in the second graph, − only in the first, ~ changed"


def overlay(diff):
    """The Picture of a Diff, nothing folded. Errors: ValueError when neither graph holds an op."""
    if not diff.before.steps:
        words.require_steps(diff.after)
    order = [{pair[side] for pair in (*diff.order, *_owners(diff))} for side in (0, 1)]
    return _Overlay(diff, _compared(picture(diff.before), order[0]), _compared(picture(diff.after), order[1])).whole()


def _compared(shown, values):
    """The part of a Picture that two graphs are compared by."""
    kept = [place for place, node in enumerate(shown.nodes) if node.kind == "ghost" or node.value in values]
    now = {place: number for number, place in enumerate(kept)}
    edges = [edge for edge in shown.edges if edge.tail in now and edge.head in now]
    for edge in edges:
        edge.tail, edge.head = now[edge.tail], now[edge.head]
    return Picture([shown.nodes[place] for place in kept], edges)


def _owners(diff):
    """(id before, id after) of values that were read and are no part of the graphs."""
    known = [{pair[side] for pair in diff.order} for side in (0, 1)]
    owners = dict.fromkeys(_owner(aside) for aside in diff.asides if aside.kind == "door")
    return [pair for pair in owners if not (pair[0] in known[0] - {None} or pair[1] in known[1] - {None})]


def _owner(aside):
    """(id before, id after) of the value that a door leads out from."""
    return tuple(key and key[0] for key in aside.keys)


def _by_name(nodes):
    """What a node is called -> its place: a value or a result by its id, a door and a ghost as in `viz.asides`."""
    found, ghosts = {}, 0
    for place, node in enumerate(nodes):
        if node.kind == "ghost":
            found["ghost", ghosts] = place
            ghosts += 1
        elif node.kind == "escape":
            found["door", (node.value, node.title)] = place
        else:
            found["output" if node.kind == "output" else "", node.value] = place
    return found


@dataclass
class _Overlay:
    """Puts the pictures of both graphs on top of each other."""

    diff: object
    before: Picture
    after: Picture

    def whole(self):
        """One Picture, in the order of the Diff, each value with its doors; results and ghosts last."""
        one, other = map(_by_name, (self.before.nodes, self.after.nodes))
        self.nodes, self.olds, self.news = [], {}, {}
        doors, ghosts = {}, []
        for aside in self.diff.asides:
            keys = [None if key is None else (aside.kind, key) for key in aside.keys]
            if aside.kind == "ghost":
                ghosts.append(keys)
            else:
                doors.setdefault(_owner(aside), []).append(keys)
        for old, new in [*_owners(self.diff), *self.diff.order]:
            self.put(one.get(("", old)), other.get(("", new)))
            ways = [*doors.get((old, new), ()), *doors.get((old, None), ()), *doors.get((None, new), ())]
            for first, second in ways if None not in (old, new) else doors.get((old, new), ()):
                self.put(one.get(first), other.get(second))
        for first, second in [*[(("output", old), ("output", new)) for old, new in self.diff.order], *ghosts]:
            self.put(one.get(first), other.get(second))
        return Picture(self.nodes, self.edges())

    def put(self, first, second):
        """One more node, for these places in the two pictures, if it is in one of them."""
        if first is not None:
            self.olds[first] = len(self.nodes)
        if second is not None:
            self.news[second] = len(self.nodes)
        if (first, second) != (None, None):
            self.nodes.append(self.node(first, second))

    def node(self, first, second):
        """The node that stands for both; what is gone has a key that nothing else has."""
        if second is None:
            node = self.before.nodes[first]
            node.key, node.badges = f"gone:{node.key}", []
            return _marked(node, "gone", "gone")
        node = self.after.nodes[second]
        if first is None:
            return _marked(node, "added", "added")
        if node.kind in ASIDES:
            was = self.before.nodes[first].subtitle
            if node.kind == "escape" and was != node.subtitle:
                node.subtitle = f"{was} → {node.subtitle.removeprefix('= ')}"
            return _roomy(node)
        pair = self.before.nodes[first].value, node.value
        rows = [] if node.kind == "output" else self.diff.changed.get(pair, [])
        other = self.diff.values.get(pair, [])
        for what, old, new in other:
            if what == "value" and node.subtitle.endswith(f"= {new}"):
                node.subtitle = f"{node.subtitle[:-len(new)]}{old} → {new}"
            elif what in ("value", "name") and node.kind in ("parameter", "leaf", "input"):
                node.badges = [f"other {what}", *node.badges]
        if not rows:
            return _roomy(node)
        what = kind(rows)
        named = ", ".join(what for what, _, _ in rows[:2]) + (", …" if len(rows) > 2 else "")
        return _marked(node, "changed", f"changed: {named}" if what == "changed" else what)

    def edges(self):
        """The arrows of the second graph, and as ghosts those that only the first one has."""
        ways = {}
        for edge in self.before.edges:
            edge.tail, edge.head = self.olds[edge.tail], self.olds[edge.head]
            ways.setdefault(self.way(edge), []).append(edge)
        for edge in self.after.edges:
            edge.tail, edge.head = self.news[edge.tail], self.news[edge.head]
            had = ways.get(self.way(edge))
            if had:
                had.pop()
            elif self.tells(edge):
                edge.mark = "added"
        gone = [edge for edges in ways.values() for edge in edges if self.tells(edge)]
        for edge in gone:
            edge.key, edge.mark, edge.flows = f"gone:{edge.key}", "gone", False
        return [edge for edge in self.after.edges + gone if edge.tail < edge.head or not edge.broken]

    def tells(self, edge):
        """Whether an arrow that only one graph has is a difference. In graphs that are alike it is not settled which of
        several nodes that nothing tells apart is which; but what hangs on a door or a ghost is settled."""
        return not self.diff.alike or bool(self.nodes[edge.tail].mark or self.nodes[edge.head].mark)

    def way(self, edge):
        """Equal for arrows that go the same way; where operands commute it does not matter which one they are."""
        return edge.tail, edge.head, edge.argument


def _marked(node, mark, tag):
    node.mark, node.badges = mark, [tag, *node.badges]
    return _roomy(node)


def _roomy(node):
    """The same node, wide enough for what was written on it."""
    tags = sum(text.width(badge, TAG) + 14 for badge in node.badges) + 8
    node.w = round(max(node.w, tags, text.width(node.subtitle, SUBTITLE) + 24))
    return node


# ---------------------------------------------------------------- scenes


def drawn(diff, fold="auto", opened=None):
    """Width, height, nodes and edges of the picture of a Diff, as `viz.scene.drawn`. Errors: ValueError when there is
    nothing to draw or for another fold, LayoutError when it is too large.

    fold: "all" folds what both have in long rows, "auto" does in a picture too large to be read, None nothing.
    opened: keys of the boxes that are open.
    """
    if fold not in ("auto", "all", None):
        raise ValueError(f'fold must be "all" (what both graphs have), "auto" or None for a difference, not {fold!r}')
    shown = overlay(diff)
    more, told = {"summary": diff.summary, "folds": folds.NONE}, {}
    if fold == "all" or (fold == "auto" and len(shown.nodes) > PAST):
        if fold == "auto" and not opened:
            more["notice"] = (f"Both graphs together have {len(shown.nodes):,} nodes. Past {PAST:,} long rows of what "
                              "is alike are folded: click a box to open it.")
        shown, more["folds"], told = fold_up(shown, tree(shown), opened or set())
    if len(shown.nodes) > layout.LIMIT:
        raise layout.LayoutError(f"this picture would have {len(shown.nodes):,} nodes, and it holds at most "
                                 f"{layout.LIMIT:,}: open one box at a time, or read the outline, which has no limit")
    scene = more | scenes.of_two(shown, diff.before, diff.after)
    pairs = {new: (old, new) for old, new in diff.pairs}
    for node, entry in zip(shown.nodes, scene["nodes"], strict=True):
        if node.kind == "box":
            entry.update(detail=told[node.key], value=None, grad=None, ledger=[])
        elif node.kind != "output" or node.mark:
            pair = None if node.kind in ASIDES else pairs.get(node.value)
            entry["detail"] = _detail(diff, node, pair, entry["detail"])
    return scene


def _detail(diff, node, pair, rows):
    """The rows of a node, with "before -> after" where that differs, and first of all what the difference is."""
    if node.mark in ("added", "gone"):
        return [["difference", {"added": "added: only in the second graph", "gone": "gone: only in the first graph"}
                 [node.mark]], *rows]
    changed = [*diff.changed.get(pair, []), *diff.values.get(pair, [])]
    told = {what: f"{old} -> {new}" for what, old, new in changed}
    here = [[what, told.pop(what, is_)] for what, is_ in rows]
    kinds = [f"{noun}{', '.join(what for what, _, _ in rows)}" for noun, rows in (
        ("changed: ", diff.changed.get(pair)), ("other ", diff.values.get(pair))) if rows]
    first = [["difference", "; ".join(kinds)]] if kinds else []
    return [*first, *([what, said] for what, said in told.items()), *here]


def scene(diff, fold="auto", opened=None):
    """The scene of a Diff for the widget and the page; never raises for size or emptiness, `notice` says what is
    wrong."""
    told = outline(diff)
    base = {"width": 0, "height": 0, "nodes": [], "edges": [], "summary": diff.summary, "notice": "",
            "digest": diff.digests[1] if diff.alike else "", "outline": told, "glossary": words.glossary(told),
            "folds": folds.NONE}
    try:
        return base | drawn(diff, fold, opened)
    except ValueError as error:
        message = str(error)
        return base | {"notice": message[0].upper() + message[1:] + "."}


def told_below(diff):
    """The line below a still picture: what differs, and how it is marked."""
    if diff.alike:
        return f"the {diff.summary}; digest {diff.digests[1]}"
    return f"{diff.summary}   ({KEY})"


def html(diff):
    """The page of a Diff. Nothing is folded, for who would unfold it, unless the picture would be too large. Errors:
    ValueError when neither graph holds an op."""
    small = len(overlay(diff).nodes) <= layout.LIMIT
    shown = scene(diff, None if small else "auto")
    if not small and shown["nodes"]:
        shown["notice"] = "Long rows of what is alike are folded."
    return page.page(shown | {"folds": folds.NONE, "note": "\n".join(diff.lines()[:LINES])})


def to_dot(diff):
    """The picture of a Diff as a `graphviz.Digraph`: what is gone is dotted, what was added has thick lines."""
    return dot.digraph(overlay(diff))
