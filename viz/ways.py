"""The ways back in the loops of a captured graph, in lanes along the bottom of the frame; which layout is tidy."""

from viz import folds, text
from viz.picture import LABEL


def in_arms(shown):
    """The places of the nodes that stand in an arm of a branch."""
    return [place for place, node in enumerate(shown.nodes)
            if any(box.block is not None and box.block.kind in ("then", "else") for box in node.around)]


def untidy(shown, placed):
    """How much of a layout leads astray: arrows through an arm that they have nothing to do with, `else` above `then`.
    """
    extents, total = folds.extents(shown, placed.nodes), 0
    arms = {box.key: box for place in in_arms(shown) for box in shown.nodes[place].around
            if box.block is not None and box.block.kind in ("then", "else")}
    for key, box in arms.items():
        left, top, right, low = extents[key]
        inside = {place for place, node in enumerate(shown.nodes) if box in node.around}
        for edge, (curve, _, _) in zip(shown.edges, placed.edges, strict=True):
            if not {edge.tail, edge.head} & inside:
                total += 2 * any(left < x < right and top < y < low for x, y in _along(curve))
    for key, box in {box.key: box for node in shown.nodes for box in node.around if box.block is not None}.items():
        left, top, right = extents[key][0] + 8, extents[key][1] + 4, extents[key][0] + 20 + text.width(box.name, LABEL)
        total += sum(any(left < x < right and top < y < top + 16 for x, y in _along(curve))
                     for curve, _, _ in placed.edges)  # through its title
    thens, elses = ([extents[key][1] for key, box in arms.items() if box.block.kind == kind]
                    for kind in ("then", "else"))
    return total + sum(below < above for above, below in zip(thens, elses, strict=False))


def _along(curve, steps=8):
    """Points of a curve of several pieces."""
    for at in range(0, len(curve) - 3, 3):
        for t in (step / steps for step in range(steps + 1)):
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield tuple(sum(w * point[axis] for w, point in zip(weights, curve[at:at + 4], strict=True))
                        for axis in (0, 1))


def lanes(shown, placed):
    """(curve points, tip, centre of the label) of the ways back of a picture, by their place among its edges."""
    extents, taken, made = folds.extents(shown, placed.nodes), {}, {}
    for number, edge in enumerate(shown.edges):
        if edge.back:
            tail, head = shown.nodes[edge.tail], shown.nodes[edge.head]
            inside = {box.key for box in tail.around}
            box = next((box for box in head.around if box.key in inside and box.below), None)
            lane = taken[box and box.key] = taken.get(box and box.key, -1) + 1
            low = extents[box.key][3] - box.below if box else max(y for _, y in placed.nodes) + 40
            sides = [_sides(node, centre) for node, centre in zip(shown.nodes, placed.nodes, strict=True)
                     if box is None or box in node.around]
            start, end = (_sides(shown.nodes[node], placed.nodes[node]) for node in (edge.tail, edge.head))
            right = max(side[2] for side in sides if _below(side, start)) + 9 + 5 * lane
            left = min(side[0] for side in sides if _below(side, end)) - 12 - 5 * lane
            made[number] = _around((start[2], placed.nodes[edge.tail][1] + 10), right, low + (lane + 0.8) * folds.LANE,
                                   left, (end[0], placed.nodes[edge.head][1] + 12), edge)
    return made


def _sides(node, centre):
    return centre[0] - node.w / 2, centre[1], centre[0] + node.w / 2


def _below(side, other):
    """Whether a box is at the height of another one or below it, and above or below a part of it."""
    return side[1] >= other[1] and side[0] < other[2] + 10 and other[0] - 10 < side[2]


def _around(start, right, y, left, end, edge):
    """Out to the right, down to the lane, along it to the left, and up into another box from its left."""
    corners = [start, (right, start[1]), (right, y), (left, y), (left, end[1]), (end[0] - 7, end[1])]
    curve = [start]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        for x, y_ in _corner(before, corner, after):
            curve.append((x, y_))
    curve += [curve[-1], corners[-1], corners[-1]]
    wide = text.width(edge.label, LABEL)
    return curve, end, (max((left + right) / 2, left + wide / 2 + 12), y - 8.5)


def _corner(before, corner, after, most=8):
    """Two pieces of a curve: straight to just before a corner, and round it."""
    ends = []
    for other in (before, after):
        dx, dy = other[0] - corner[0], other[1] - corner[1]
        far = abs(dx) + abs(dy) or 1
        near = min(most, far / 2)
        ends.append((corner[0] + dx / far * near, corner[1] + dy / far * near))
    first, last = ends
    return [before if before == first else first, first, first, corner, corner, last]
