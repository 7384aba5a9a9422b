"""Scene -> SVG text that stands alone: no style sheet, no script, no ids, so that many fit in one notebook page."""

import re
from math import hypot
from xml.sax.saxutils import escape

from viz import text
from viz.dot import FLOW, GIVEN, INK, KIND_BORDERS, KIND_COLOURS, QUIET
from viz.picture import LABEL, LINE, SUBTITLE, TAG, TITLE

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
WARN = "#8e2160"
ROW = 14  # px from one line of what is kept to the next
MARKS = {"added": "#00664b", "gone": "#5c626b", "changed": "#7a5200"}  # in the picture of a difference
DOTS = ' stroke-dasharray="0.5 4.5" stroke-linecap="round"'
BELOW = 12  # letters of the line below the picture
WIDE = 1600  # wider pictures keep their size and are scrolled; shrunk, nobody could read them
FIT = ' style="max-width:100%;height:auto"'
QUIET_TAGS = ("frozen", "freed", "not used", "only read", "needs no grad", "no_grad", "parameter", "parameters", "leaf",
              "leaves", "uses", "not recorded", "other value", "other name")
PAPER, FLAG, SOFT = "#ffffff", "#2f343f", "#4a4f57"


def svg(scene, below="", fit=True):
    """The picture of a scene (from `viz.scene.drawn`) as SVG text, with one line of words `below` it.

    fit: shrink to the room there is, by a style attribute; without it, it can stand under any security policy.

    The shapes say what the colours say: rounded boxes were given, double borders are parameters, stacks with a plus are
    folded, frames are around what is unfolded, dashed is what ran without being recorded, an arrow back beside an edge
    is a gradient that came back along it, two bars across an edge stop it, a 0 on it makes it zeros, and a box that is
    open to the right leads out to Python. So does the widget.
    """
    room = text.width(below, BELOW) + 24 if below else 0
    lines = head(scene["summary"], max(scene["width"], room), scene["height"] + (BELOW + 12 if below else 0),
                 FIT if fit and scene["width"] < WIDE else "")
    for one in scene.get("frames", ()):
        lines += frame(one)
    for one in scene.get("heads", ()):
        lines.append(words(one["x"], one["y"], one["title"], TITLE, fill=SOFT, weight=600, anchor="start"))
    for one in scene["edges"]:
        lines += [*edge(one), *flow(one)]
    for one in scene.get("frames", ()):
        lines.append(frame_name(one))
    for one in scene["edges"]:
        lines += label(one)
    for one in scene["nodes"]:
        lines.append("<g>" + "\n".join([*box(one), *tags(one), *sign(one), "</g>"]))
    if below:
        lines.append(words(room / 2, scene["height"] + BELOW, below, BELOW, fill=SOFT))
    return "\n".join([*lines, "</svg>\n"])


def head(title, width, height, more=""):
    """The lines that a picture of this size begins with: its title and its paper."""
    width, height = px(width), px(height)
    return [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" font-family="{FONT}"{more}>',
            f"<title>{escaped(title)}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>']


def label(edge):
    """The words of an edge: the name of the argument where that matters, and the shape below it."""
    lines = [edge["argument"], edge["label"]] if edge["argument"] else [edge["label"]]
    top = edge["ly"] + 0.35 * LABEL - (len(lines) - 1) * LINE / 2
    return [words(edge["lx"], top + number * LINE, line, LABEL, fill=SOFT, halo=True)
            for number, line in enumerate(lines)]


def box(node):
    """A node without its tags; the pointer gets its details as a tooltip."""
    x, y, w, h = node["x"] - node["w"] / 2, node["y"] - node["h"] / 2, node["w"], node["h"]
    mark = node.get("mark")
    quiet = not node["recorded"] or mark == "gone"
    dash = DOTS if mark == "gone" else ' stroke-dasharray="5 3"' if quiet else ""
    detail = "\n".join(f"{name}: {what}" for name, what in node["detail"])
    lines = [f"<title>{escaped(node['title'])}\n{escaped(detail)}</title>"]
    border = QUIET if quiet or node["kind"] == "input" else KIND_BORDERS.get(node["op_kind"], INK)
    wide = {"added": 3, "gone": 2, "changed": 2}.get(mark, 1.3)
    stroke = f'stroke="{MARKS.get(mark, border)}" stroke-width="{wide}"{dash}'
    fill, ink, faint = PAPER, "#5c626b" if quiet else INK, SOFT
    if node["kind"] == "escape":
        stroke = f'stroke="{MARKS.get(mark, border)}" stroke-width="{wide}"{DOTS if mark == "gone" else ""}'
        lines.append(f'<path d="{_bracket(x, y, w, h)}" fill="{PAPER}" {stroke}/>')
    elif node["kind"] == "output":
        if not quiet:
            fill, ink, faint = FLAG, PAPER, PAPER
        lines.append(f'<path d="{_flag(x, y, w, h)}" fill="{fill}" {stroke}/>')
    else:
        if not quiet and node["kind"] != "input":
            fill = KIND_COLOURS.get(node["op_kind"], GIVEN)
        radius = 6 if node["kind"] in ("op", "box", "ghost") else h / 2
        if node["kind"] == "box":
            lines += [rect(x + inset, y - up, w - 2 * inset, 12, 5, f'fill="{fill}" {stroke}')
                      for inset, up in ((12, 8), (6, 4))]
        lines.append(rect(x, y, w, h, radius, f'fill="{fill}" {stroke}'))
        if node["kind"] == "box":
            lines.append(f'<path d="{_plus(x + w - 11, y + 11)}" fill="none" stroke="{border}" stroke-width="1.5"/>')
        if node["kind"] == "parameter":
            lines.append(rect(x + 3.5, y + 3.5, w - 7, h - 7, radius - 3.5, f'fill="none" {stroke}'))
    if node.get("pins"):
        lines += _pin(x + w - 24, y - 1)
    middle, rows = node["x"] - 9 * (node["kind"] == "box"), node.get("rows", ())  # clear of the plus
    top = node["y"] - (ROW * len(rows) + 4) / 2 if rows else node["y"]
    lines.append(words(middle, top - 5, node["title"], TITLE, fill=ink, weight=600,
                       struck=mark == "gone" or node.get("reason") == "lost"))
    lines.append(words(middle, top + 10, node["subtitle"], SUBTITLE, fill=faint))
    return lines + _kept(node, top + 10, rows)


def _kept(node, top, rows):
    """What a node keeps for backward, a line each; struck out when it is gone."""
    lines = []
    for number, (what, gone) in enumerate(rows):
        y = top + 4 + ROW * (number + 1)
        half = text.width(what, SUBTITLE) / 2 * 0.92
        lines.append(words(node["x"], y, what, SUBTITLE, fill=QUIET if gone else INK))
        if gone:
            lines.append(f'<path d="M {px(node["x"] - half)} {px(y - 3.5)} H {px(node["x"] + half)}" stroke="{SOFT}"/>')
    if rows:
        x, w = node["x"], node["w"] / 2 - 8
        lines.append(f'<path d="M {px(x - w)} {px(top + 5)} H {px(x + w)}" stroke="{QUIET}" stroke-width="0.6"/>')
    return lines


def _pin(x, y):
    """A pin through the upper right of a leaf: an optimizer holds it."""
    yield f'<path d="M {px(x)} {px(y + 3)} V {px(y + 11)}" fill="none" stroke="{INK}" stroke-width="1.5"/>'
    yield f'<circle cx="{px(x)}" cy="{px(y)}" r="4.4" fill="{INK}" stroke="{PAPER}" stroke-width="1.2"/>'


def _plus(x, y, arm=4):
    return f"M {px(x - arm)} {px(y)} H {px(x + arm)} M {px(x)} {px(y - arm)} V {px(y + arm)}"


def _bracket(x, y, w, h):
    """A box whose right side is open."""
    return (f"M {px(x + w)} {px(y)} H {px(x + 6)} Q {px(x)} {px(y)} {px(x)} {px(y + 6)} V {px(y + h - 6)} "
            f"Q {px(x)} {px(y + h)} {px(x + 6)} {px(y + h)} H {px(x + w)}")


def frame(frame):
    """The frame around an open box."""
    x, y, ran = frame["x"], frame["y"], frame.get("ran")
    look = {"ran": f'stroke="{INK}" stroke-width="2"', "idle": f'stroke="{QUIET}" stroke-dasharray="5 3"'}.get(
        ran, f'stroke="{QUIET}"')
    yield rect(x, y, frame["w"], frame["h"], 9, f'fill="{INK}" fill-opacity="0.03" {look}')


def frame_name(frame):
    """The name of a frame in its upper left corner, or beside an arrow that comes in there."""
    idle = frame.get("ran") == "idle"  # a browser gives a line through words the halo of the words, and hides them
    return words(frame["x"] + 10 + frame["shift"], frame["y"] + 15, frame["title"], LABEL, fill=SOFT, weight=600,
                 halo=not idle, anchor="start", struck=idle)


def _flag(x, y, w, h, tip=9):
    return (f"M {px(x)} {px(y)} H {px(x + w - tip)} L {px(x + w)} {px(y + h / 2)} "
            f"L {px(x + w - tip)} {px(y + h)} H {px(x)} Z")


def tags(node):
    """Small labels in a row, centred on the lower border."""
    badges = [badge for badge in node["badges"] if node["kind"] != "op" or badge != "grad"]  # its arrow says so
    sizes = [text.width(badge, TAG) + 10 + 4 * badge.count(" of ") for badge in badges]
    if sizes and node.get("mark"):
        sizes[0] += 8  # longer words, so that more may be missing in other fonts
    left = node["x"] - (sum(sizes) + 4 * (len(sizes) - 1)) / 2 if sizes else 0
    for badge, size in zip(badges, sizes, strict=True):
        strong = badge.startswith(("no gradient", "no optimizer"))  # the one that asks for attention is filled
        colour = FLOW if badge.startswith(("grad", "zero")) else "#5c626b" if badge.endswith(QUIET_TAGS) else WARN
        if badge == badges[0]:  # the mark in words stands first
            colour = MARKS.get(node.get("mark"), colour)
        middle = node["y"] + node["h"] / 2
        yield rect(left, middle - 7, size, 14, 7, f'fill="{colour if strong else PAPER}" stroke="{colour}"')
        yield words(left + size / 2, middle + 3.3, badge, TAG, fill=PAPER if strong else colour, weight=600)
        left += size + 4


def sign(node, x=14, y=-1, r=8):
    """On the upper border the sign of a difference: + in a disc, − in a dotted ring, ~ in a square on its tip."""
    mark = node.get("mark")
    if not mark:
        return
    x, y, colour = node["x"] - node["w"] / 2 + x, node["y"] - node["h"] / 2 + y, MARKS[mark]
    if mark == "changed":
        tips = [(x, y - r - 2), (x + r + 2, y), (x, y + r + 2), (x - r - 2, y)]
        yield f'<path d="M {" L ".join(f"{px(a)} {px(b)}" for a, b in tips)} Z" fill="{colour}"/>'
    else:
        look = f'fill="{PAPER}" stroke="{colour}" stroke-width="2"{DOTS}' if mark == "gone" else f'fill="{colour}"'
        yield f'<circle cx="{px(x)}" cy="{px(y)}" r="{r}" {look}/>'
    arms = {"added": f"M {px(x - 4)} {px(y)} H {px(x + 4)} M {px(x)} {px(y - 4)} V {px(y + 4)}",
            "gone": f"M {px(x - 4)} {px(y)} H {px(x + 4)}",
            "changed": f"M {px(x - 4.5)} {px(y + 1)} C {px(x - 2)} {px(y - 5)} {px(x + 2)} {px(y + 5)} "
                       f"{px(x + 4.5)} {px(y - 1)}"}
    yield f'<path d="{arms[mark]}" fill="none" stroke="{colour if mark == "gone" else PAPER}" stroke-width="2"/>'


def edge(edge):
    """The arrow along which a value moves."""
    points = _points(edge["path"])
    mark, turned = edge.get("mark"), edge.get("turned")
    colour = MARKS.get(mark, FLOW if turned and edge["flows"] else INK if edge["tracks"] else QUIET)
    dash = "" if edge["recorded"] else ' stroke-dasharray="1.5 4"' if edge.get("broken") else ' stroke-dasharray="5 3"'
    dash = DOTS if mark == "gone" else dash
    curve, _, _ = edge["path"].rpartition(" L ")
    wide = {"added": 2.8, "gone": 1.8}.get(mark, 1.2)
    yield f'<path d="{curve}" fill="none" stroke="{colour}" stroke-width="{wide}"{dash}/>'
    yield f'<path d="{_arrow(points[-2], points[-1], 7)}" fill="{colour}"/>'
    if edge.get("stop"):
        yield from _stop(edge["stop"], _along(points)[::-1 if turned else 1])


def _stop(stop, way):
    """What a gradient meets on its way back: two bars that stop it, at the parameter when that is frozen; or a 0."""
    place = 2 if stop == "frozen" else len(way) - 4
    (x, y), (x0, y0), (x1, y1) = way[place], way[place - 1], way[place + 1]
    length = hypot(x1 - x0, y1 - y0) or 1.0
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    if stop == "zero":
        yield f'<circle cx="{px(x)}" cy="{px(y)}" r="6.5" fill="{PAPER}" stroke="{FLOW}" stroke-width="1.3"/>'
        yield words(x, y + 3.4, "0", TAG, fill=FLOW, weight=700)
        return
    lines = [(x - 3 * dx, y - 3 * dy, x + 3 * dx, y + 3 * dy, f'stroke="{PAPER}" stroke-width="4"')]
    for a, b in ((x - 2.5 * dx, y - 2.5 * dy), (x + 2.5 * dx, y + 2.5 * dy)):
        lines.append((a + 6 * dy, b - 6 * dx, a - 6 * dy, b + 6 * dx, f'stroke="{INK}" stroke-width="1.6"'))
    for x0, y0, x1, y1, style in lines:
        yield f'<path d="M {px(x0)} {px(y0)} L {px(x1)} {px(y1)}" {style}/>'


def _along(points, step=8):
    """Points of a curve about `step` px apart."""
    way = [points[0]]
    for b, c, d in zip(*[iter(points[1:-1])] * 3, strict=True):
        a = way[-1]
        count = max(3, round(hypot(d[0] - a[0], d[1] - a[1]) / step))
        way += [tuple(_cubic(*along, k / count) for along in zip(a, b, c, d, strict=True)) for k in range(1, count + 1)]
    return [*way, points[-1]]


def flow(edge):
    """The arrow beside it, back along which a gradient came; nothing where none did."""
    if edge["flows"] and not edge.get("turned"):
        tip, *rest = _beside(_points(edge["path"]))
        x, y = tip
        rest = [point for point in rest if hypot(point[0] - x, point[1] - y) > 6] or rest  # the line ends in its head
        far = hypot(rest[0][0] - x, rest[0][1] - y)
        foot = x + (rest[0][0] - x) * 5 / far, y + (rest[0][1] - y) * 5 / far
        way = " L ".join(f"{px(x)} {px(y)}" for x, y in [foot, *rest])
        yield f'<path d="M {way}" fill="none" stroke="{FLOW}" stroke-width="1.6"/>'
        yield f'<path d="{_arrow(rest[0], tip, 7)}" fill="{FLOW}"/>'


def _beside(points, offset=5):
    """Points of the same curve a little to the side, from where it starts to just before its arrow."""
    start, *pieces, tip = points
    way = [start]
    for b, c, d in zip(*[iter(pieces)] * 3, strict=True):
        a, more = way[-1], [k / 12 for k in range(1, 13)]
        way += [tuple(_cubic(*along, k) for along in zip(a, b, c, d, strict=True)) for k in more]
    way.append(tip)
    beside = []
    for (x0, y0), (x, y), (x1, y1) in zip(way, way[1:], way[2:], strict=False):
        length = hypot(x1 - x0, y1 - y0) or 1.0
        if hypot(x - start[0], y - start[1]) > 2 and hypot(x - tip[0], y - tip[1]) > 8:
            beside.append((x - offset * (y1 - y0) / length, y + offset * (x1 - x0) / length))
    return beside if len(beside) > 1 else way


def _cubic(a, b, c, d, k):
    return (1 - k) ** 3 * a + 3 * (1 - k) ** 2 * k * b + 3 * (1 - k) * k**2 * c + k**3 * d


def _points(path):
    numbers = [float(word) for word in path.split() if word not in "MCL"]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _arrow(before, tip, size):
    """A triangle of length `size` whose point is at `tip`, coming from `before`."""
    dx, dy = tip[0] - before[0], tip[1] - before[1]
    length = hypot(dx, dy) or 1.0
    dx, dy = dx / length * size, dy / length * size
    base = tip[0] - dx, tip[1] - dy
    corners = [tip, (base[0] - dy * 0.42, base[1] + dx * 0.42), (base[0] + dy * 0.42, base[1] - dx * 0.42)]
    return "M " + " L ".join(f"{px(x)} {px(y)}" for x, y in corners) + " Z"


def rect(x, y, w, h, radius, style):
    return f'<rect x="{px(x)}" y="{px(y)}" width="{px(w)}" height="{px(h)}" rx="{px(radius)}" {style}/>'


def words(x, y, what, size, fill, weight=400, halo=False, anchor="middle", struck=False):
    around = f' stroke="{PAPER}" stroke-width="3.5" stroke-linejoin="round" paint-order="stroke"' if halo else ""
    around += ' text-decoration="line-through"' if struck else ""
    return (f'<text x="{px(x)}" y="{px(y)}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
            f'fill="{fill}"{around}>{escaped(what)}</text>')


def px(number):
    return f"{number:.1f}".removesuffix(".0")


def escaped(what):
    """Text as XML can hold it: no markup, and none of the characters that no XML may contain."""
    return escape(re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", what))
