"""Graph -> scene: one plain JSON dictionary with everything that a drawing needs, words and places."""

from viz import canonical, layout, outline, text, words
from viz.picture import picture

MARGIN = 14


def scene(graph):
    """The scene of a recorded graph, for `viz/static/graph.js` and `viz.svg`. Never raises for size or emptiness:
    then `nodes` is empty and `notice` says what to do."""
    digest = canonical.digest(graph)
    base = {"width": 0, "height": 0, "nodes": [], "edges": [], "summary": graph.counts(), "notice": "",
            "digest": digest, "outline": outline.outline(graph, digest)}
    try:
        return base | drawn(graph)
    except ValueError as error:
        message = str(error)
        return base | {"notice": message[0].upper() + message[1:] + "."}


def drawn(graph):
    """Width, height, nodes and edges of the picture. Errors: ValueError when empty, LayoutError when too large."""
    words.require_steps(graph)
    layout.check_size(len(graph.steps) + len(graph.sources()))
    shown = picture(graph)
    placed = layout.place(shown)
    return {
        "summary": graph.counts(),
        "width": round(placed.width + 2 * MARGIN, 1),
        "height": round(placed.height + 2 * MARGIN, 1),
        "nodes": [_node(graph, node, place) for node, place in zip(shown.nodes, placed.nodes, strict=True)],
        "edges": [_edge(shown, edge, way) for edge, way in zip(shown.edges, placed.edges, strict=True)],
    }


def _node(graph, node, place):
    value = graph.values[node.value]
    gradient = None if node.kind == "output" else graph.gradients.get(value.id)
    return {
        "key": node.key, "kind": node.kind, "op_kind": node.op_kind, "title": node.title, "subtitle": node.subtitle,
        "x": round(place[0] + MARGIN, 1), "y": round(place[1] + MARGIN, 1), "w": node.w, "h": node.h,
        "recorded": node.recorded, "reason": node.reason, "badges": node.badges,
        "detail": _detail(graph, node, value),
        "value": value.data.long() if value.data else None,
        "grad": gradient.long() if gradient else None,
        "ledger": [] if node.kind == "output" else [words.entry(entry) for entry in graph.ledger.get(value.id, ())],
    }


def _detail(graph, node, value):
    rows = [["name", text.clean(value.name, 200)]] if value.name else []
    if node.kind == "op":
        rows += _op_rows(graph, graph.steps[node.step])
    rows += [["shape", text.shape(value.shape)], ["dtype", value.dtype], ["device", value.device],
             ["requires_grad", str(value.requires_grad)]]
    reads = [read.how for read in graph.reads if read.value == value.id]
    if reads and node.kind != "output":
        rows.append(["read back", ", ".join(reads)])
    return rows


def _op_rows(graph, step):
    rows = [["op", words.op_title(step)], ["inputs", words.inputs(graph, step)],
            ["recorded", "yes" if step.recorded else f"no: {words.why(step)}"],
            ["source", words.source(step)], ["module", words.module(graph, step)]]
    saved = [(words.saved_name(graph, step, item), item) for item in step.saved]
    kept = ", ".join(f"{name} {text.shape(item.shape)} {item.nbytes} bytes" for name, item in saved)
    if step.freed:
        kept = f"freed by backward ({kept})" if kept else "freed by backward"
    return [row for row in [*rows, ["saved for backward", kept]] if row[1]]


def _edge(shown, edge, way):
    curve, tip, label = way
    start, *rest = [f"{x + MARGIN:.1f} {y + MARGIN:.1f}" for x, y in curve]
    end = f"{tip[0] + MARGIN:.1f} {tip[1] + MARGIN:.1f}"
    return {
        "key": edge.key, "from": shown.nodes[edge.tail].key, "to": shown.nodes[edge.head].key,
        "label": edge.label, "argument": edge.argument, "recorded": edge.recorded, "flows": edge.flows,
        "tracks": edge.tracks, "path": f"M {start} C {' '.join(rest)} L {end}",
        "lx": round(label[0] + MARGIN, 1), "ly": round(label[1] + MARGIN, 1),
    }
