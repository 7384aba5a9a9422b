"""Where the labels of arrows stand: close to their own arrow, and off boxes, other arrows, other labels and frames."""

from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from math import atan2, cos, hypot, sin

from viz import folds, text
from viz.picture import LABEL

MANY = 350  # arrows; in larger pictures labels stay where the layout has put them
SOME = 150  # arrows; in larger pictures they get the best of few places
CELL = 24  # px of the grid in which things that may be in the way are looked up
SIGN = 6  # points of an arrow from its end to the bars or the 0 on it
BACK = 7  # px below an arrow where the gradient runs back
NEAR = 7  # px that another arrow should stay away from a label
GAP = 5  # px from one point of an arrow to the next
LEVEL = 12  # points at most of a level stretch
GOOD = 8  # what a place may cost before others are looked at
COARSE = 50, 42, 58, 34, 66, 26, 74, 18, 82  # hundredths of the way along an arrow
FINE = sorted({*range(6, 96, 3)} - {*COARSE}, key=lambda percent: abs(percent - 50))


def labelled(shown, placed):
    """The same layout with every label at its arrow."""
    if len(placed.edges) > MANY:
        return placed
    lines = [points_of(curve, tip) for curve, tip, _ in placed.edges]
    grid, edges = _Grid(() if len(lines) > SOME else FINE), []
    for (x, y), node in zip(placed.nodes, shown.nodes, strict=True):
        low = node.h / 2 + tags(node, 11)
        grid.fill((x - node.w / 2 - 2, y - node.h / 2 - 2, x + node.w / 2 + 2, y + low))
    for frame in frames(shown, placed):
        grid.frame(frame)
    lanes, known = {}, set()  # the arrows of one source may share the first part of their way
    for number, line in enumerate(lines):
        for (x, y, _), (x2, _, _) in zip(line, [*line[1:], line[-1]], strict=True):
            if x2 - x > 2 * GAP:
                lanes[x, y] = max(lanes.get((x, y), 0), x2)
            if (x, y) not in known:
                grid.points[x // CELL, y // CELL].append((number, x, y))
            known.add((x, y))
        if shown.edges[number].stop:
            x, y, _ = line[SIGN if shown.edges[number].stop == "frozen" else -SIGN:][0]
            grid.fill((x - 8, y - 8, x + 8, y + 8))
    for (x, y), x2 in lanes.items():
        grid.fill((x, y - 1, x2, y + 1), 30)
    for number, (edge, line) in enumerate(zip(shown.edges, lines, strict=True)):
        curve, tip, given = placed.edges[number]
        settle = grid.settle_on_lane if edge.back else grid.settle
        edges.append((curve, tip, settle(line, edge.label_size(), given, number)))
    rooms = {number: grid.settle(lines[number], edge.room_size(), below_label(edge, edges[number][2]), number, True)
             for number, edge in enumerate(shown.edges) if edge.room}
    return replace(placed, edges=edges, rooms=rooms)


def frames(shown, placed):
    """The frames of a picture (`viz.folds.frames`), each with the `shift` of its name to the right, where an arrow
    would go through it else."""
    found = folds.frames(shown, placed.nodes)
    lines = [points_of(curve, tip) for curve, tip, _ in placed.edges] if found else []
    for frame in found:
        band, wide = frame["y"] - 2, _name_width(frame)
        met = [(start[0] - frame["x"], end[0] - frame["x"]) for line in lines for start, end in pairwise(line)
               if max(start[1], end[1]) > band and min(start[1], end[1]) < band + 25]
        free = (shift for shift in range(0, int(frame["w"] - wide) + 1, 12)
                if not any(max(stretch) > shift + 4 and min(stretch) < shift + wide for stretch in met))
        frame["shift"] = next(free, 0)
    return found


def _name_width(frame):
    """px from the left side of a frame to behind its name and the sign before it."""
    return 32 + 1.06 * text.width(frame["title"], LABEL)


def tags(node, half):
    """How far tags reach below a box: half of the row that sits on its border, and the rows that may come below it."""
    return half * bool(node.badges or node.room) + 2 * node.room


def below_label(edge, label):
    """The centre of the room for lines that may come, right below the label of an edge."""
    return label[0], label[1] + (edge.label_size()[1] + edge.room_size()[1]) / 2


def _places(line, size, percents, below=False):
    """(x, y, how unwelcome) of the places where the label of an arrow may stand: above it, on it, below it. below: it
    had better be there, where the gradient runs back."""
    for percent in percents:
        x, y, angle = line[(len(line) - 1) * percent // 100]
        across, along = abs(sin(angle)), abs(cos(angle))
        off = (across * size[0] + along * size[1]) / 2 + 2
        far = abs(percent - 50) / 12
        for side, more, unwelcome in ((-1, 0, 3 * below), (0, 0, _on_it(angle, size) + 9 * below),
                                      (1, BACK, 3 * (not below))):
            away = side * (off + more)
            yield x - away * sin(angle), y + away * cos(angle), far + unwelcome


def _on_it(angle, size):
    """How unwelcome it is that an arrow goes through its label: two lines on a level arrow would be struck through."""
    return 6 if abs(sin(angle)) > 0.5 or size[1] < 20 else 30


def _given(line, size, given):
    """How unwelcome the place is that the layout has given: it may be far from the arrow, or right on it."""
    gap, angle = min((hypot(max(0, abs(x - given[0]) - size[0] / 2), max(0, abs(y - given[1]) - size[1] / 2)), angle)
                     for x, y, angle in line)
    return 7 + (3 * max(0, gap - 4) if gap else _on_it(angle, size))


class _Grid:
    """Boxes and arrows by the cells of a grid, to see quickly what a label would cover."""

    def __init__(self, fine=FINE):
        self.fine = fine
        self.boxes, self.points = defaultdict(list), defaultdict(list)

    def fill(self, box, weight=100):
        """Something is here, and to cover it costs so much."""
        for cell in _cells(box):
            self.boxes[cell].append((box, weight))

    def frame(self, frame):
        """The lines of a frame, and its name."""
        left, top, right, low = frame["x"], frame["y"], frame["x"] + frame["w"], frame["y"] + frame["h"]
        name = left + frame["shift"]
        self.fill((name, top, name + _name_width(frame), top + 22))
        for x, y, x2, y2 in ((left, top, right, top), (left, low, right, low), (left, top, left, low),
                             (right, top, right, low)):
            self.fill((x - 1, y - 1, x2 + 1, y2 + 1), 40)

    def settle(self, line, size, given, mine, below=False):
        """The best place for a label of this size along its arrow; it is taken from now on."""
        best = self.best(line, size, COARSE, mine, below)
        if best[0] > GOOD:
            more = [self.best(line, size, self.fine, mine, below)] if self.fine else []
            best = min(best, *more, (_given(line, size, given) + self.cost(*given, size, mine), *given))
        return self.take(best, size)

    def settle_on_lane(self, line, size, given, mine):
        """The same for a way back: above its lane, where nothing crosses it, the nearer to the middle the better."""
        along = [x for x, y, _ in line if 0 < y - given[1] < size[1]]
        left, right = min(along) + size[0] / 2 + 10, max(along) - size[0] / 2 - 10
        xs = [given[0], *(left + (right - left) * step / 24 for step in range(25) if right > left)]
        costs = [self.cost(x, given[1], size, mine) + abs(x - given[0]) / 50 for x in xs]
        return self.take(min((cost, x, given[1]) for cost, x in zip(costs, xs, strict=True)), size)

    def take(self, best, size):
        """The centre of the best place, which is taken from now on."""
        _, x, y = best
        self.fill((x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2))
        return x, y

    def best(self, line, size, percents, mine, below):
        """(what it costs, x, y) of the best of the places so far along an arrow."""
        return min((unwelcome + self.cost(x, y, size, mine), x, y)
                   for x, y, unwelcome in _places(line, size, percents, below))

    def cost(self, x, y, size, mine):
        """What a label there would cover, as a number."""
        left, top, right, low = x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2
        cells = _cells((left - NEAR, top - NEAR, right + NEAR, low + NEAR))
        boxes = {box for cell in cells for box in self.boxes.get(cell, ())}
        total = sum(weight for box, weight in boxes
                    if left < box[2] and box[0] < right and top < box[3] and box[1] < low)
        for number, px, py in (point for cell in cells for point in self.points.get(cell, ())):
            if number != mine and left - NEAR < px < right + NEAR and top - NEAR < py < low + NEAR:
                total += 20 if left < px < right and top < py < low else 4
        return total


def _cells(box):
    left, top, right, low = (int(side // CELL) for side in box)
    return [(x, y) for x in range(left, right + 1) for y in range(top, low + 1)]


def points_of(curve, tip):
    """An arrow as points a few px apart, each with the direction there; of a long level stretch only some points."""
    dense = [curve[0]]
    for at in range(0, len(curve) - 3, 3):
        a, b, c, d = curve[at:at + 4]
        steps = max(4, int(hypot(d[0] - a[0], d[1] - a[1]) / GAP))
        steps = min(steps, LEVEL) if a[1] == b[1] == c[1] == d[1] else steps
        for k in (step / steps for step in range(1, steps + 1)):
            weights = (1 - k) ** 3, 3 * k * (1 - k) ** 2, 3 * k * k * (1 - k), k**3
            dense.append(tuple(sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1)))
    dense.append(tip)
    return [(*here, atan2(after[1] - before[1], after[0] - before[0]))
            for before, here, after in zip([dense[0], *dense[:-1]], dense, [*dense[1:], dense[-1]], strict=True)]
