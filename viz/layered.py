"""A layout of our own, in time that grows with the size of the picture only: for graphs that would keep Graphviz busy.

Columns by depth, rows on a grid, so that chains are straight lines. What is used far from where it was made (the
weights of an unrolled network, a skip connection) runs in a lane above the columns and comes down where it is used.
"""

from collections import defaultdict

from viz.picture import HEIGHT

ROW = HEIGHT + 32
LANE = 15
TIP = 7


def layered(shown):
    """(width, height, centres, edges) of a Picture, as `viz.layout.Layout` has them."""
    column = columns(shown)
    rows = _rows(shown, column)
    lanes = _lanes(shown, column)
    centre_of, gap_of, width = _across(shown, column)
    apart = max([ROW, *(node.h + ROW - HEIGHT for node in shown.nodes)])  # a node that tells what it keeps is higher
    above, half = 20 + max(lanes.values()) * LANE if lanes else 0, (apart - ROW + HEIGHT) / 2
    top = above + half - min(rows, default=0) * apart
    centres = [(centre_of[c], top + row * apart) for c, row in zip(column, rows, strict=True)]
    height = max((y for _, y in centres), default=0) + half + 8
    ways = _Ways(shown, column, centres, gap_of, {tail: 8 + lane * LANE for tail, lane in lanes.items()})
    return width, height, centres, [ways.way(edge) for edge in shown.edges]


def columns(shown):
    """For each node its depth, and then as close to its first use as it can stand."""
    into, out = defaultdict(list), defaultdict(list)
    for edge in shown.edges:
        into[edge.head].append(edge.tail)
        out[edge.tail].append(edge.head)
    column = [0] * len(shown.nodes)
    for node in range(len(column)):  # nodes come in an order in which every edge goes forward
        column[node] = max((column[tail] + 1 for tail in into[node]), default=0)
    for node in reversed(range(len(column))):
        column[node] = min((column[head] - 1 for head in out[node]), default=column[node])
    return column


def excess(shown):
    """By how many columns the edges are longer than one, in all: what makes Graphviz slow."""
    column = columns(shown)
    return sum(column[edge.head] - column[edge.tail] - 1 for edge in shown.edges)


def _rows(shown, column):
    """A row for each node: ops in line with what they continue, what is given in line with its first use or below."""
    made_from, used_by = defaultdict(list), {}
    for edge in shown.edges:
        made_from[edge.head].append(edge.tail)
        used_by.setdefault(edge.tail, edge.head)
    rows, taken = [0] * len(column), defaultdict(set)
    for node in (n for n in range(len(column)) if made_from[n]):
        near = [rows[tail] for tail in made_from[node] if made_from[tail] and column[tail] == column[node] - 1]
        rows[node] = _free(taken[column[node]], round(sum(near) / len(near)) if near else 0)
    for node in (n for n in range(len(column)) if not made_from[n]):
        rows[node] = _free(taken[column[node]], rows[used_by[node]] if node in used_by else 1)
    return rows


def _free(taken, wanted):
    """The free row nearest to the wanted one, below rather than above."""
    distance = 0
    while wanted + distance in taken and wanted - distance in taken:
        distance += 1
    row = wanted + distance if wanted + distance not in taken else wanted - distance
    taken.add(row)
    return row


def _lanes(shown, column):
    """A lane for each node that is used beyond the next column; lanes are shared by spans that do not overlap."""
    reach = {}
    for edge in shown.edges:
        if column[edge.head] - column[edge.tail] > 1:
            reach[edge.tail] = max(reach.get(edge.tail, 0), column[edge.head])
    lanes, ends = {}, []
    for tail in sorted(reach, key=lambda node: (column[node], -reach[node], node)):
        lane = next((number for number, end in enumerate(ends) if end <= column[tail]), len(ends))
        ends[lane:lane + 1] = [reach[tail]]
        lanes[tail] = lane
    return lanes


def _across(shown, column):
    """x of each column's centre, (left, right) of the gap before each column, and the whole width."""
    widest, label = defaultdict(float), defaultdict(float)
    for node, c in zip(shown.nodes, column, strict=True):
        widest[c] = max(widest[c], node.w)
    for edge in shown.edges:
        label[column[edge.head]] = max(label[column[edge.head]], edge.label_size()[0], edge.room_size()[0])
    centre_of, gap_of, x = {}, {}, 0.0
    for c in sorted(widest):
        left = x
        if c:
            x += label[c] + 42
        gap_of[c] = left, x
        centre_of[c] = x + widest[c] / 2
        x += widest[c]
    return centre_of, gap_of, x


class _Ways:
    """Curves for edges, entering a box at as many places as it has edges."""

    def __init__(self, shown, column, centres, gap_of, lane_of):
        self.nodes, self.column, self.centres = shown.nodes, column, centres
        self.gap_of, self.lane_of = gap_of, lane_of
        self.count, self.seen = defaultdict(int), defaultdict(int)
        for edge in shown.edges:
            self.count[edge.head] += 1

    def way(self, edge):
        """(curve points, tip, centre of the label) of one edge. Call it once for each, in order."""
        (x0, y0), (x1, y1) = self.centres[edge.tail], self.centres[edge.head]
        start = x0 + self.nodes[edge.tail].w / 2, y0
        count, number = self.count[edge.head], self.seen[edge.head]
        self.seen[edge.head] += 1
        y1 += (number - (count - 1) / 2) * min(14, (HEIGHT - 10) / count)
        tip = x1 - self.nodes[edge.head].w / 2, y1
        points, end = [start], (tip[0] - TIP, y1)
        if self.column[edge.head] - self.column[edge.tail] > 1:
            y = self.lane_of[edge.tail]
            for x in (self.gap_of[self.column[edge.tail] + 1][1], self.gap_of[self.column[edge.head]][0]):
                points += _bend(points[-1], (x, y))
        points += _bend(points[-1], end)
        x, y = _between(points[-4:], 0.7)
        return points, tip, (x, y - edge.label_size()[1] / 2 - 1 if abs(points[-4][1] - y1) < 16 else y)


def _bend(start, end):
    """A curve that leaves and arrives horizontally."""
    middle = (start[0] + end[0]) / 2
    return [(middle, start[1]), (middle, end[1]), end]


def _between(curve, t):
    weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
    return tuple(sum(weight * point[axis] for weight, point in zip(weights, curve, strict=True)) for axis in (0, 1))
