"""Graph -> DOT: once to be read and styled by anybody (`to_dot`), once with nothing but sizes, to be laid out."""

import unicodedata
from collections import Counter
from itertools import pairwise

from viz import fold as folding
from viz import seen, text, ways, words
from viz.picture import LABEL, TITLE, picture

# Borders stay apart for all usual kinds of colour vision, and the pale fills follow them. What a colour says, the words
# in the box say as well. Comparisons and cuts are never filled.
KIND_COLOURS = {
    "elementwise": "#e0effd", "activation": "#e1edde", "reduce": "#f9f2df", "matmul": "#eae3f6", "shape": "#f2f4f7",
    "index": "#d9e6e7", "loss": "#f8e8ee", "copy": "#eae2da",
}
KIND_BORDERS = {  # the hues of the widget's style sheet, mixed with ink as there; tests/test_viz_palette.py judges both
    "elementwise": "#2c78c0", "activation": "#326f29", "reduce": "#a9872d", "matmul": "#5c3b9d", "shape": "#868fa0",
    "index": "#0a4b54", "loss": "#a25576", "copy": "#5e3611",
}
GIVEN = "#eeeeef"
SIGNS = {"added": "+", "gone": "−", "changed": "~"}  # of what the picture of a difference marks
STOP = 16  # px that the bars or the 0 on an edge take beside its label
INK, QUIET, FLOW = "#1f2430", "#8a8f98", "#c05503"


def to_dot(graph, fold=None):
    """The recorded run as a `graphviz.Digraph`; dashed boxes ran but were not recorded.

    Node names are n0, n1, ...; what learners named stands only in labels, where it is quoted. fold: as in `Run.svg`.
    Errors: ValueError when nothing is recorded, or for another fold.

    >>> from viz.graph import Graph
    >>> graph = Graph()
    >>> x = graph.add_value(role="leaf", shape=(), dtype="float32", name="x", requires_grad=True)
    >>> y = graph.add_step("exp", "elementwise", [x.id], ("a",), shape=(), dtype="float32")
    >>> print(to_dot(graph).source.splitlines()[0])
    digraph run {
    """
    way = folding.way(words.require_steps(graph), fold)
    return digraph(picture(graph, None if way is None else seen.seen(graph, way)))


def digraph(shown):
    """A Picture as a `graphviz.Digraph`."""
    import graphviz

    digraph = graphviz.Digraph(
        "run", graph_attr={"rankdir": "LR", "nodesep": "0.35", "ranksep": "0.45", "bgcolor": "transparent"},
        node_attr={"fontname": "Helvetica", "fontsize": str(TITLE), "color": INK, "fontcolor": INK},
        edge_attr={"fontname": "Helvetica", "fontsize": str(LABEL), "color": QUIET, "fontcolor": INK,
                   "arrowsize": "0.7"})
    for number, node in enumerate(shown.nodes):
        digraph.node(f"n{number}", _label(node), **_node_style(node))
    for edge in shown.edges:
        digraph.edge(f"n{edge.tail}", f"n{edge.head}", quoted(_edge_words(edge)), **_edge_style(edge))
    _frame(digraph, shown)
    return digraph


def _frame(digraph, shown):
    """Open boxes as clusters, one inside the other."""
    import graphviz

    frames = shown.frames()
    style = {"fontname": "Helvetica", "fontcolor": INK, "color": QUIET, "style": "rounded"}
    made = {box.key: graphviz.Digraph(f"cluster_{number}", graph_attr=style | {"label": quoted(seen.title(box))})
            for number, (box, _) in enumerate(frames)}
    outside = {inner.key: outer.key for node in shown.nodes for inner, outer in pairwise(node.around)}
    for number, node in enumerate(shown.nodes):
        if node.around:
            made[node.around[0].key].node(f"n{number}")
    for box, _ in reversed(frames):  # inner ones first: what is put in is copied
        made.get(outside.get(box.key), digraph).subgraph(made[box.key])


def quoted(shown):
    """Text as a DOT label that shows exactly these words: no escapes, no HTML, no control characters."""
    import graphviz

    plain = "".join(char for char in shown if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))
    return graphviz.escape(plain.replace("&", "&amp;"))  # Graphviz reads entities in every label


def _label(node):
    title = f"{SIGNS[node.mark]} {node.title}" if node.mark else node.title
    lines = [title, node.subtitle, *(f"[{badge}]" for badge in node.badges)]
    return r"\n".join(quoted(line) for line in lines)


def _node_style(node):
    style = _kind_style(node)
    if node.mark == "gone":
        return style | {"style": "dotted", "color": QUIET, "fontcolor": QUIET}
    return style | {"penwidth": "3"} if node.mark == "added" else style


def _kind_style(node):
    if node.kind == "box":
        return {"shape": "box3d", "style": "filled" if node.recorded else "dashed", "fillcolor": GIVEN, "color": QUIET}
    if node.kind == "op":
        if node.recorded:
            return {"shape": "box", "style": "filled", "fillcolor": KIND_COLOURS.get(node.op_kind, GIVEN),
                    "color": KIND_BORDERS.get(node.op_kind, INK)}
        return {"shape": "box", "style": "dashed", "color": QUIET}
    if node.kind == "ghost":
        return {"shape": "box", "style": "dashed,rounded", "color": QUIET, "fontcolor": QUIET}
    if node.kind == "parameter":
        return {"shape": "box", "style": "rounded,filled", "fillcolor": GIVEN, "peripheries": "2"}
    if node.kind == "leaf":
        return {"shape": "box", "style": "rounded,filled", "fillcolor": GIVEN, "penwidth": "1.6"}
    if node.kind == "input":
        return {"shape": "box", "style": "rounded", "color": QUIET}
    return {"shape": "cds", "style": "solid" if node.recorded else "dashed", "color": INK if node.recorded else QUIET}


def _edge_words(edge):
    return f"{edge.argument} {edge.label}" if edge.argument else edge.label


def _edge_style(edge):
    if edge.mark == "gone":
        return {"style": "dotted"}
    style = {} if edge.recorded else {"style": "dotted" if edge.broken else "dashed"}
    style |= {"penwidth": "2.6"} if edge.mark == "added" else {}
    if edge.stop:  # a bar stops a gradient; that a gradient is 0 is said in the box
        style |= {"arrowhead": "normal" if edge.stop == "zero" else "normaltee"}
    return style | {"color": FLOW, "penwidth": "1.8", "dir": "both", "arrowtail": "empty"} if edge.flows else style


def layout_source(shown, turned=""):
    """DOT with sizes only. No text is measured, so the layout does not depend on the fonts of the machine,
    and nothing that a learner typed reaches the layout program. turned: "arms" tells the nodes in arms in backward
    order; "over" asks for a layout that will be turned upside down."""
    # Captured graphs are long, for every condition is an op; and no gradient needs room for its arrow.
    tight = any(box.block for node in shown.nodes for box in node.around)
    least, apart = (20, 0.16) if tight else (26, 0.24)
    lines = [f'digraph {{ graph [rankdir=LR nodesep=0.42 ranksep={apart}]',
             'node [shape=box fixedsize=true label=""]', "edge [arrowsize=0.7]"]
    sized = [f"n{number} [width={node.w / 72:.4f} height={(node.h + 2 * node.room) / 72:.4f}]"
             for number, node in enumerate(shown.nodes)]
    inside = ways.in_arms(shown) if turned == "arms" else ()
    backwards = dict(zip(inside, inside[::-1], strict=True))
    lines += [sized[backwards.get(number, number)] for number in range(len(sized))]
    lines += _clusters(shown, *("bt" if turned == "over" else "tb"))
    entering = Counter(edge.head for edge in shown.edges)
    for number, edge in enumerate(shown.edges):
        (wide, high), (wider, higher) = edge.label_size(), edge.room_size()
        tagged = len(shown.nodes[edge.tail].badges) > 1  # a row of tags may be wider than its box
        beside = 10 * (entering[edge.head] > 2) + STOP * bool(edge.stop) + 12 * tagged
        label = _blank(max(wide + beside, wider, least), high + higher)
        # Heavier edges are drawn straighter: the chain of ops becomes the spine, what is given joins from the side.
        weight = 1 if shown.nodes[edge.tail].step is None else 8
        lines.append(f"n{edge.tail}:e -> n{edge.head}:w [id=e{number} weight={weight} label={label}]")
    lines += [f"n{inside} -> n{behind} [style=invis]" for inside, behind in _behind(shown)]
    return "\n".join([*lines, "}"])


def _behind(shown):
    """(node, result) for each result of a loop: the node in its frame that is farthest on. So the result stands behind
    the frame, and its arrow does not go through the ways back along the bottom."""
    deep = [0] * len(shown.nodes)
    for edge in sorted((edge for edge in shown.edges if not edge.back), key=lambda edge: edge.head):
        deep[edge.head] = max(deep[edge.head], deep[edge.tail] + 1)
    for edge in shown.edges:
        for box in shown.nodes[edge.tail].around:
            if box.below and shown.nodes[edge.head].kind == "output":
                inside = [place for place, node in enumerate(shown.nodes) if box in node.around]
                yield max(inside, key=lambda place: deep[place]), edge.head


def _clusters(shown, top, bottom):
    """Open boxes as clusters, so that nothing else comes to stand between what is in them."""
    waiting = []
    for number, (box, nodes) in enumerate(shown.frames()):
        while waiting and box.start >= waiting[-1]:
            waiting.pop()
            yield "}"
        waiting.append(box.stop)
        if box.below:  # another one around it, for the lanes at its bottom
            waiting.append(box.stop)
            lanes = _blank(60, box.below)
            yield f"subgraph cluster_below_{number} {{ margin={box.below / 3:.0f} labelloc={bottom} label={lanes}"
        wide = 60 if box.block is None else text.width(seen.title(box), 12) + 60
        own = "; ".join(f"n{node}" for node in nodes if shown.nodes[node].around[0] is box)
        yield f"subgraph cluster_{number} {{ margin=12 labelloc={top} label={_blank(wide, 16)} {own}"
    yield "}" * len(waiting)


def _blank(width, height):
    return (f'<<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0" FIXEDSIZE="TRUE" '
            f'WIDTH="{width:.0f}" HEIGHT="{height}"><TR><TD></TD></TR></TABLE>>')
