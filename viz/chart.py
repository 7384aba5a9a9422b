"""Lives -> SVG: live nodes and saved bytes over the turns, and the names that hold what is left of earlier turns."""

from viz import text
from viz.dot import FLOW, INK, QUIET
from viz.svg import FIT, PAPER, SOFT, WARN, escaped, head, px, words

LEFT, WIDTH, TOP = 76, 400, 62  # px: where the lines begin, how far they go, and below what
HIGH, LOW, GAP = 132, 54, 46  # of the upper and the lower part, and between them
SIZE, NAMES, TICKS = 12, 6, 8  # of letters; names that are shown; numbers below the lines
EARLIER = "of earlier turns"


def chart(lives):
    """The chart as SVG text that stands alone. Errors: ValueError when nothing is marked."""
    if not lives.marks:
        raise ValueError("nothing is marked yet: run a loop inside `with viz.lifetime() as life:`")
    marks, verdict = lives.marks, lives.verdict()
    alive, earlier = [mark.nodes for mark in marks], [mark.earlier for mark in marks]
    upper = _Part(len(marks), TOP, HIGH, max(alive))
    lower = _Part(len(marks), TOP + HIGH + GAP, LOW, max(mark.nbytes for mark in marks))
    ends = _ends(upper, marks[-1])
    room = max(1.06 * text.width(told, SIZE) + 24 * tag for told, _, _, tag in ends) + 34
    width = max(LEFT + WIDTH + room, 1.06 * text.width(verdict, 13) + 40)
    lines = head(verdict, width, TOP + HIGH + GAP + LOW + 40, FIT)
    lines.append(words(18, 27, verdict, 13, WARN if lives.grows() else INK, weight=600, anchor="start"))
    lines += upper.frame("live nodes", f"{max(alive):,}")
    lines += upper.line(alive, INK, [f"turn {mark.name}: {mark.nodes:,} live nodes, {mark.earlier:,} {EARLIER}"
                                     + "".join(f"\n{holder.told()}" for holder in mark.holders) for mark in marks])
    if any(earlier):
        lines += upper.line(earlier, WARN, [], filled=True)
    lines += [part for told, y, colour, tag in ends for part in _end(told, y, colour, tag)]
    lines += lower.frame("saved for backward", text.nbytes(max(mark.nbytes for mark in marks)))
    lines += lower.line([mark.nbytes for mark in marks], FLOW, [])
    lines += lower.names([mark.name for mark in marks])
    return "\n".join([*lines, "</svg>\n"])


class _Part:
    """One of the two parts of the chart: where its numbers are."""

    def __init__(self, count, top, height, most):
        self.count, self.top, self.low, self.most = count, top, top + height, most or 1

    def at(self, place, number):
        """The point of a number."""
        along = place / (self.count - 1) if self.count > 1 else 1
        return LEFT + WIDTH * along, self.low - (self.low - self.top) * number / self.most

    def frame(self, name, most):
        """Its lines at zero and at the largest number, and what it is about."""
        for y, label in ((self.low, "0"), (self.top, most)):
            yield f'<path d="M {LEFT} {px(y)} H {LEFT + WIDTH}" stroke="{QUIET}" stroke-width="0.7" opacity="0.6"/>'
            yield words(LEFT - 10, y + 4, label, SIZE, SOFT, anchor="end")
        yield words(LEFT, self.top - 11, name, SIZE, SOFT, weight=600, anchor="start")

    def line(self, numbers, colour, told, filled=False):
        """A line through the numbers with a dot for each; the pointer gets what is told of it."""
        points = [self.at(place, number) for place, number in enumerate(numbers)]
        way = " L ".join(f"{px(x)} {px(y)}" for x, y in points)
        if filled:
            yield (f'<path d="M {px(points[0][0])} {px(self.low)} L {way} V {px(self.low)} Z" fill="{colour}" '
                   'fill-opacity="0.13"/>')
        dash = ' stroke-dasharray="6 3"' if filled else ""
        yield f'<path d="M {way}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"{dash}/>'
        size = 3.4 if len(points) <= 60 else 1.6
        for place, (x, y) in enumerate(points):
            title = f"<title>{escaped(told[place])}</title>" if told else ""
            yield (f'<circle cx="{px(x)}" cy="{px(y)}" r="{size}" fill="{PAPER if filled else colour}" '
                   f'stroke="{colour}">{title}</circle>')

    def names(self, names):
        """What the marks are called, some of them where they are many."""
        every = -(-len(names) // TICKS)
        for place, name in enumerate(names):
            if place % every == 0 or (place == len(names) - 1 and place % every > every / 2):
                yield words(self.at(place, 0)[0], self.low + 17, text.clean(name, 10), SIZE, SOFT)
        yield words(LEFT - 10, self.low + 17, "turn", SIZE, SOFT, anchor="end")


def _ends(part, mark):
    """What stands at the right end of the lines, from above: words, height, colour, whether it is a name tag."""
    found = [(f"{mark.nodes:,} alive", part.at(0, mark.nodes)[1], INK, False)]
    if mark.earlier:
        found.append((f"{mark.earlier:,} {EARLIER}, held by", part.at(0, mark.earlier)[1], WARN, False))
        shown = [holder.told() for holder in mark.holders[:NAMES]]
        shown += [f"{len(mark.holders) - NAMES} more names"] if len(mark.holders) > NAMES else []
        found += [(told, found[1][1], WARN, True) for told in shown]
    last, placed = part.top - 30, []
    for told, y, colour, tag in found:
        last = max(y, last + 21)
        placed.append((told, last, colour, tag))
    return placed


def _end(told, y, colour, tag):
    left = LEFT + WIDTH + 14
    if tag:  # like a luggage label: a string, a hole, a name
        wide = 1.06 * text.width(told, SIZE) + 18
        shape = f"M {px(left)} {px(y)} l 7 -9 h {px(wide)} v 18 h -{px(wide)} Z"
        yield f'<path d="{shape}" fill="{PAPER}" stroke="{colour}"/>'
        yield f'<circle cx="{px(left + 8)}" cy="{px(y)}" r="1.8" fill="none" stroke="{colour}"/>'
        left += 16
    yield words(left, y + 4, told, SIZE, colour, weight=600, anchor="start")
