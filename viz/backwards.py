"""The graph that backward walks: the same places, the arrows turned, and what each node keeps until it is freed.

It is made from the picture of the forward graph, so that both can stand under one another, op above op. What was not
recorded is there as a ghost: the node that would be there.
"""

from dataclasses import replace

from viz import boundaries, canonical, text, words
from viz.graph import Number
from viz.outline import outline as forward
from viz.outline import table
from viz.picture import HEIGHT, SUBTITLE, TAG, WIDEST, Picture

DIRECTIONS = "forward", "backward", "both"
ROW, MOST = 14, 4  # px of a line that tells of one saved tensor, and how many of them a node shows


def check(direction):
    """The direction, if it is one. Errors: ValueError for what is none."""
    if direction not in DIRECTIONS:
        raise ValueError(f'direction must be "forward", "backward" or "both", not {direction!r}')
    return direction


def ghosts(graph):
    """The steps that were not recorded though something would have flowed through them: step id -> why, as a tag."""
    found, would = {}, set()
    for step in graph.steps:
        sources = [source for source in step.inputs if not isinstance(source, Number)]
        if not step.recorded and any(source in would or graph.values[source].requires_grad for source in sources):
            found[step.id] = f"cut: {text.clean(step.op, 16)}" if step.reason == "cut" else (
                "not recorded: no_grad" if step.reason == "no_grad" else "not recorded")
            if step.reason != "cut" or step.op == "detach":  # no truth value and no whole number would be recorded
                would.add(step.output)
    return found


def turned(graph, shown):
    """The Picture of the backward graph, from that of the forward graph. Sizes are its own, places are to be found."""
    unrecorded, kept, nodes = ghosts(graph), {}, []
    for place, node in enumerate(shown.nodes):
        back = _node(graph, node, unrecorded)
        if back is not None:
            kept[place] = len(nodes)
            nodes.append(back)
    edges = []
    for edge in shown.edges:
        if edge.broken or edge.tail not in kept or edge.head not in kept:
            continue
        if edge.tracks or not nodes[kept[edge.tail]].recorded:
            gradient = edge.gradient
            single = gradient is not None and all(size == 1 for size in gradient.shape)
            edges.append(replace(edge, key=f"back:{edge.key}", tail=kept[edge.tail], head=kept[edge.head], turned=True,
                                 label=gradient.short() if single else edge.label, argument=None,
                                 flows=edge.flows or gradient is not None))
    return Picture(nodes, edges)


def _node(graph, node, unrecorded):
    """What stands for a node of the forward picture on the way back; None for what has no part in it."""
    value = graph.values[node.value]
    gradient = graph.gradients.get(value.id)
    if node.kind == "op":
        step = graph.steps[node.step]
        if not step.recorded and step.id not in unrecorded:
            return None
        cut = step.reason == "cut"
        badges = [unrecorded[step.id]] if not step.recorded else [tag for tag in node.badges if tag.startswith("zero")]
        rows = saved_rows(graph, step)
        badges += ["freed"] if step.freed and rows else []
        told = text.clean(value.name or "", 16) if gradient is None else _amount("gets", gradient)
        title = text.clean(step.op if cut else boundaries.grad_fn(step.op), WIDEST)
        return _sized(replace(node, title=title, subtitle=told, badges=badges, rows=rows))
    if node.kind == "output":
        told = "no gradient yet" if gradient is None else _amount("starts with", gradient)
        return _sized(replace(node, subtitle=told)) if node.recorded else None
    if node.kind == "box":
        return replace(node) if node.recorded else None
    if value.wants_gradient and node.kind in ("leaf", "parameter"):
        told = "grad None" if gradient is None else _amount("grad", gradient)
        return _sized(replace(node, title="AccumulateGrad", subtitle=f"{node.title}  {told}"))
    if node.kind == "parameter":
        return _sized(replace(node, subtitle="takes no gradient", recorded=False))
    earlier = value.requires_grad and node.kind == "input"
    return _sized(replace(node, subtitle="goes on before this run")) if earlier else None


def _amount(what, summary):
    """`grad = 7.0`, of more than one number the shape."""
    single = all(size == 1 for size in summary.shape)
    return f"{what} {summary.short()}" if single else f"{what} {text.shape(summary.shape)}"


def saved_rows(graph, step):
    """[words, whether it is gone] of each tensor that a step keeps: name, shape, bytes and version."""
    told = [f"{words.saved_name(graph, step, item)} {text.shape(item.shape)} {text.nbytes(item.nbytes)} v{item.version}"
            for item in step.saved]
    told = list(dict.fromkeys(told))
    more = [f"and {len(told) - MOST + 1} more"] if len(told) > MOST else []
    return [[row, step.freed] for row in (told[:MOST - 1] + more if more else told)]


def _sized(node):
    rows = max((text.width(row, SUBTITLE) + 24 for row, _ in node.rows), default=0)
    tags = sum(text.width(badge, TAG) + 16 for badge in node.badges)
    title, under = text.width(node.title, 13) * 1.06 + 28, text.width(node.subtitle, SUBTITLE) + 28
    high = HEIGHT + ROW * len(node.rows) + 4 * bool(node.rows)
    return replace(node, w=round(max(56, title, under, rows, tags)), h=high)


def together(shown, back):
    """The forward picture with room in each place for what stands there in either direction."""
    sizes = {node.key: node for node in back.nodes}
    return Picture([replace(node, w=max(node.w, sizes[node.key].w), h=max(node.h, sizes[node.key].h))
                    if node.key in sizes else node for node in shown.nodes], shown.edges)


def outline(graph, direction="backward", digest=None):
    """The graph as text in this direction; the backward part is a table in the order in which backward comes to the
    nodes. Errors: ValueError for another direction."""
    if check(direction) == "forward" or not graph.steps:
        return forward(graph, digest)
    digest = digest or canonical.digest(graph)
    upper = forward(graph, digest).removesuffix(f"\n\ndigest {digest}") if direction == "both" else graph.counts()
    return "\n\n".join([upper, "\n".join(_table(graph)), f"digest {digest}"])


def _table(graph):
    unrecorded, rows = ghosts(graph), []
    for step in reversed(graph.steps):
        if step.recorded or step.id in unrecorded:
            name = boundaries.grad_fn(step.op) if step.reason != "cut" else step.op
            gradient = graph.gradients.get(step.output) if step.recorded else None
            rows.append([name if step.recorded else f"({name})", f"of {words.value_name(graph, step.output, 24)}",
                         gradient.short() if gradient else "", _sends(graph, step), _keeps(graph, step),
                         "" if step.recorded else unrecorded[step.id]])
    for value in graph.sources():
        if value.wants_gradient:
            grad = graph.gradients.get(value.id)
            rows.append(["AccumulateGrad", f"of {words.value_name(graph, value.id, 24)}", "",
                         f"grad {grad.short()}" if grad else "grad None", "", ""])
        elif value.role == "parameter":
            rows.append(["(AccumulateGrad)", f"of {words.value_name(graph, value.id, 24)}", "", "", "", "frozen"])
    return table(["backward", "", "gets", "sends", "keeps", "not there"], rows)


def _sends(graph, step):
    if not step.contributions:
        known = [words.value_name(graph, source, 24) for position, source in enumerate(step.inputs)
                 if not isinstance(source, Number) and graph.values[source].requires_grad]
        return f"to {', '.join(known)}" if known and step.recorded else ""
    return ", ".join(f"{sent.short()} to {words.value_name(graph, source, 24)}"
                     for source, sent in zip(step.inputs, step.contributions, strict=True) if sent is not None)


def _keeps(graph, step):
    kept = ", ".join(row.replace(" v", " version ") for row, _ in saved_rows(graph, step))
    return f"freed ({kept})" if kept and step.freed else kept
