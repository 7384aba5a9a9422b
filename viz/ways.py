"""The ways back in the loops of a captured graph: lanes along the bottom of the frame, outside of the layout."""

from viz import folds, text
from viz.picture import LABEL


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
    return curve, end, (max((left + right) / 2, left + wide / 2 + 12), y - 7)


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
