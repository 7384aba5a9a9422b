"""Graph -> scene: one plain JSON dictionary with everything that a drawing needs, words and places."""

from math import hypot

from viz import backwards, blocks, boundaries, canonical, closeup, folds, labels, layout, ledger, seen, text, words
from viz import fold as folding
from viz.picture import picture

MARGIN = 14
HEAD = 22  # px for the name of a half, where both directions are drawn


def scene(graph, before=None, fold="auto", opened=None, direction="forward", prepare=None):
    """The scene of a recorded graph, for `viz/static` and `viz.svg`. Never raises for size or emptiness: then `nodes`
    is empty and `notice` says what to do.

    before: the scene that is on view now. While boxes and arrows are the same ones, they stay where they are in it.
    fold: what is drawn as one box: "modules", "loops", "all" of it, "auto" (all, in a graph too large to be read
    otherwise) or None. opened: keys of the boxes that are open; None: as at first.
    direction: "forward", "backward", or "both", one under the other. prepare: called with the view and its forward
    Picture before a place is looked for, to ask for room.
    """
    digest = canonical.digest(graph)
    told = backwards.outline(graph, direction, digest)
    base = {"width": 0, "height": 0, "nodes": [], "edges": [], "summary": graph.counts(), "notice": "",
            "digest": digest, "outline": told, "glossary": words.glossary(told), "folds": folds.NONE}
    try:
        return base | drawn(graph, before, fold, opened, direction, prepare)
    except ValueError as error:
        message = str(error)
        return base | {"notice": message[0].upper() + message[1:] + "."}


def drawn(graph, before=None, fold=None, opened=None, direction="forward", prepare=None):
    """Width, height, nodes and edges of the picture. Errors: ValueError when empty, LayoutError when too large."""
    words.require_steps(graph)
    way = folding.way(graph, fold)
    if way is None:
        layout.check_size(len(graph.steps) + len(graph.sources()))
    view = seen.everything(graph) if way is None else seen.seen(graph, way, opened)
    shown = picture(graph, view)
    layout.check_size(len(shown.nodes))
    if prepare is not None and direction == "forward":
        prepare(view, shown)
    used, back = graph.consumers(), backwards.check(direction) != "forward" and backwards.turned(graph, shown)
    halves = {"forward": [shown], "backward": [back], "both": [shown, back]}[direction]
    lens = closeup.Lens(graph)
    nodes = [_node(graph, node, used, lens) for half in halves for node in half.nodes]
    edges = [_edge(half, edge) for half in halves for edge in half.edges]
    if direction == "both":
        _apart(nodes[len(shown.nodes):], edges[:len(shown.edges)], edges[len(shown.edges):])
    more = {"summary": graph.counts(), "folds": folds.state(graph, view, way)}
    if fold == "auto" and way not in (None, folding.BLOCKS):
        more["notice"] = folds.told(graph, opened)
    return more | (_kept(nodes, edges, before, view) or (
        _placed(halves[0], nodes, edges) if len(halves) == 1 else _stacked(shown, back, nodes, edges)))


def of_two(shown, before, after):
    """Width, height, nodes and edges of a Picture of two graphs: of what is gone the words come from the first."""
    sides = {gone: (graph, graph.consumers(), closeup.Lens(graph)) for gone, graph in ((True, before), (False, after))}
    nodes = []
    for node in shown.nodes:
        graph, used, lens = sides[node.mark == "gone"]
        nodes.append(_node(graph, node, used, lens) | {"mark": node.mark})
    return _placed(shown, nodes, [_edge(shown, edge) | {"mark": edge.mark} for edge in shown.edges])


def _apart(nodes, upper, lower):
    """Keys of their own for the lower half, and all gradients there."""
    for node in nodes:
        node["key"] = f"back:{node['key']}"
    for edge in lower:
        edge["from"], edge["to"] = f"back:{edge['from']}", f"back:{edge['to']}"
    for edge in upper:
        edge["flows"] = False


def _stacked(shown, back, nodes, edges):
    """The forward graph above the backward graph, each node above the one that undoes it."""
    wide = backwards.together(shown, back)
    placed, count = layout.place(wide), len(shown.nodes)
    upper = _placed(wide, nodes[:count], edges[:len(shown.edges)], placed, HEAD)
    for node, drawn_as in zip(shown.nodes, nodes, strict=False):
        drawn_as["h"] = node.h
    at = {node.key: place for node, place in zip(shown.nodes, placed.nodes, strict=True)}
    widths = {node.key: node.w for node in wide.nodes}
    ways = {f"back:{edge.key}": way for edge, way in zip(shown.edges, placed.edges, strict=True)}
    places = layout.Layout(placed.width, placed.height, [at[node.key] for node in back.nodes],
                           [ways[edge.key] for edge in back.edges])
    for node in back.nodes:
        node.w = widths[node.key]
    lower = _placed(back, nodes[count:], edges[len(shown.edges):], places, upper["height"] + HEAD)
    heads = [{"x": MARGIN, "y": 18, "title": "Forward: values"},
             {"x": MARGIN, "y": upper["height"] + 18, "title": "Backward: gradients"}]
    return {"width": max(upper["width"], lower["width"]), "height": lower["height"], "nodes": nodes, "edges": edges,
            "frames": [*upper["frames"], *lower["frames"]], "heads": heads}


def _placed(shown, nodes, edges, placed=None, above=0):
    """Width, height, nodes, edges and frames where a layout puts them, a fresh one or `placed`, so many px `above`."""
    placed = layout.place(shown) if placed is None else placed
    frames = labels.frames(shown, placed)
    room = folds.room(frames, placed)
    left, top = MARGIN + room[0], MARGIN + room[1] + above
    for node, drawn_as, (x, y) in zip(shown.nodes, nodes, placed.nodes, strict=True):
        drawn_as.update(x=round(x + left, 1), y=round(y + top, 1), w=node.w, h=node.h)
    for number, (edge, way) in enumerate(zip(edges, placed.edges, strict=True)):
        edge.update(_way(*(_turned(*way) if edge.get("turned") else way), left, top))
        if edge.get("room"):
            x, y = placed.rooms.get(number) or labels.below_label(shown.edges[number], way[2])
            edge.update(rx=round(x + left, 1), ry=round(y + top, 1))
    for frame in frames:
        frame.update(x=round(frame["x"] + left, 1), y=round(frame["y"] + top, 1))
    return {"width": round(placed.width + room[0] + room[2] + 2 * MARGIN, 1),
            "height": round(placed.height + room[1] + room[3] + 2 * MARGIN + above, 1),
            "nodes": nodes, "edges": edges, "frames": frames}


def _turned(curve, tip, label):
    """The same way from its head to its tail: there the line ends a little early, so that its arrow has room."""
    x, y = curve[0]
    x1, y1 = next((point for point in curve if point != curve[0]), (x + 1, y))
    far = hypot(x1 - x, y1 - y)
    end = x + (x1 - x) * 7 / far, y + (y1 - y) * 7 / far
    start = tip[0], curve[-1][1]
    return [start, start, curve[-1], *curve[-1:0:-1], end], (x, y), label


def _kept(nodes, edges, before, view):
    """Width, height, nodes, edges and frames where they are in the scene before; None where that does not fit any more.

    A box that moves says that the graph has another structure, and while a reader turns a slider it has not.
    """
    if not before or _structure(nodes, edges) != _structure(before["nodes"], before["edges"]):
        return None
    if any(node["w"] > old["w"] for node, old in zip(nodes, before["nodes"], strict=True)):
        return None
    nodes = [node | {key: old[key] for key in ("x", "y", "w", "h")}
             for node, old in zip(nodes, before["nodes"], strict=True)]
    edges = [edge | {key: old[key] for key in ("path", "lx", "ly", "rx", "ry") if key in old}
             for edge, old in zip(edges, before["edges"], strict=True)]
    return {"width": before["width"], "height": before["height"], "nodes": nodes, "edges": edges,
            "frames": folds.retold(before.get("frames", []), view), "heads": before.get("heads", [])}


def _structure(nodes, edges):
    return [node["key"] for node in nodes], [
        (edge["key"], edge["label"], edge["argument"], edge.get("room")) for edge in edges]


def _node(graph, node, used, lens):
    value = graph.values[node.value]
    around = [box.key for box in node.around]
    if node.detail or node.box is not None:
        rows = node.detail or seen.rows(graph, node.box, node.sources, used)
        return {"key": node.key, "kind": node.kind, "op_kind": None, "title": node.title, "subtitle": node.subtitle,
                "w": node.w, "h": node.h, "recorded": node.recorded, "reason": node.reason, "badges": node.badges,
                "detail": [list(row) for row in rows], "value": None, "grad": None, "ledger": [], "around": around}
    gradient = None if node.kind == "output" else graph.gradients.get(value.id)
    return {
        "key": node.key, "kind": node.kind, "op_kind": node.op_kind, "title": node.title, "subtitle": node.subtitle,
        "w": node.w, "h": node.h,
        "recorded": node.recorded, "reason": node.reason, "badges": node.badges,
        "detail": _detail(graph, node, value) + ([] if graph.captured else lens.rows(value)),
        "pictures": {name: closeup.drawing(what) for name, what in (("Value", value.data), ("Gradient", gradient))},
        "value": value.data.long() if value.data else None,
        "grad": gradient.long() if gradient else None,
        "ledger": [] if node.kind == "output" else ledger.lines(graph, value.id),
        "around": around, "pins": words.pins(graph, value) if node.kind in ("leaf", "parameter") else "",
    } | ({"rows": node.rows} if node.rows else {}) | (
        {"called": "random mask"} if node.kind == "input" and value.called == "mask" else {})


def _detail(graph, node, value):
    rows = [["name", text.clean(value.name, 200)]] if value.name else []
    if value.called == "mask":
        rows.append(["made by", "dropout itself: a random mask, no input of yours"])
    if node.kind == "op":
        rows += _op_rows(graph, graph.steps[node.step])
    rows += [["shape", text.shape(value.shape)], ["dtype", value.dtype], ["device", value.device]]
    if not graph.captured or value.role == "parameter":  # of the rest it is not known before it runs
        rows.append(["requires_grad", str(value.requires_grad)])
    rows += [["optimizer", told] for told in [words.pins(graph, value)] if told and node.kind != "output"]
    reads = [read.how for read in graph.reads if read.value == value.id]
    if reads and node.kind != "output":
        rows.append(["read back", ", ".join(reads)])
    return rows


def _op_rows(graph, step):
    rows = [["op", words.op_title(step)], ["inputs", words.inputs(graph, step)],
            ["in", blocks.around(graph, step.id)] if graph.captured else
            ["recorded", "yes" if step.recorded else f"no: {words.why(step)}"],
            ["no gradient" if not step.recorded else "on the way back", _stopped(graph, step)],
            ["source", words.source(step)], ["module", words.module(graph, step)]]
    saved = [(words.saved_name(graph, step, item), item) for item in step.saved]
    kept = ", ".join(f"{name} {text.shape(item.shape)} {item.nbytes} bytes" for name, item in saved)
    if step.freed:
        kept = f"freed by backward ({kept})" if kept else "freed by backward"
    return [row for row in [*rows, ["saved for backward", kept]] if row[1]]


def _stopped(graph, step):
    told = [f"{words.value_name(graph, source, 24)}: {boundaries.why(graph, step, position)}"
            for position, source in enumerate(step.inputs) if boundaries.at(graph, step, position)]
    return "; ".join(dict.fromkeys(told))


def _edge(shown, edge):
    return {
        "key": edge.key, "from": shown.nodes[edge.tail].key, "to": shown.nodes[edge.head].key,
        "label": edge.label, "argument": edge.argument, "recorded": edge.recorded, "flows": edge.flows,
        "tracks": edge.tracks,
    } | {name: what for name, what in (("stop", edge.stop), ("broken", edge.broken), ("turned", edge.turned),
                                       ("room", list(edge.room))) if what}


def _way(curve, tip, label, left, top):
    start, *rest = [f"{x + left:.1f} {y + top:.1f}" for x, y in curve]
    end = f"{tip[0] + left:.1f} {tip[1] + top:.1f}"
    return {"path": f"M {start} C {' '.join(rest)} L {end}",
            "lx": round(label[0] + left, 1), "ly": round(label[1] + top, 1)}
