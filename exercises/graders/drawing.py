"""The recorded graph with the offending nodes marked: by a frame and a flag with the code, never by colour alone."""

from xml.sax.saxutils import escape

from viz import text
from viz.picture import picture
from viz.scene import drawn
from viz.svg import svg

MARK = "#a3123a"
ROOM = 24  # pixels above the picture, so that a flag on its uppermost node fits


def marked_svg(graph, values, flag):
    """SVG text of `graph` with a mark around the nodes that made or hold these values (ids).

    Errors: ValueError when nothing was recorded, LayoutError when there is too much to draw.
    """
    scene = drawn(graph)
    own = {}
    for node in picture(graph).nodes:  # beside a value's own node, numbers that left and results may stand for it
        own.setdefault(node.value, node.key)
    wanted = {own[value] for value in values}
    marks = [line for node in scene["nodes"] if node["key"] in wanted for line in _mark(node, flag)]
    plain = svg(scene)
    if not marks:
        return plain
    head, _, rest = plain.partition("\n")
    size = f'width="{_px(scene["width"])}" height="{_px(scene["height"])}" viewBox="0 0 '
    taller = f'width="{_px(scene["width"])}" height="{_px(scene["height"] + ROOM)}" viewBox="0 -{ROOM} '
    head = head.replace(size, taller).replace(f' {_px(scene["height"])}" role', f' {_px(scene["height"] + ROOM)}" role')
    return f"{head}\n{rest.rpartition('</svg>')[0]}" + "\n".join([*marks, "</svg>\n"])


def _mark(node, flag):
    x, y, w, h = node["x"] - node["w"] / 2 - 6, node["y"] - node["h"] / 2 - 6, node["w"] + 12, node["h"] + 12
    size = text.width(flag, 11) + 14
    yield (f'<rect x="{_px(x)}" y="{_px(y)}" width="{_px(w)}" height="{_px(h)}" rx="10" fill="none" stroke="{MARK}" '
           'stroke-width="2.6" stroke-dasharray="7 4"/>')
    yield f'<rect x="{_px(x)}" y="{_px(y - 17)}" width="{_px(size)}" height="18" rx="4" fill="{MARK}"/>'
    yield (f'<text x="{_px(x + size / 2)}" y="{_px(y - 4)}" font-size="11" font-weight="700" text-anchor="middle" '
           f'fill="#ffffff">{escape(flag)}</text>')


def _px(number):
    return f"{number:.1f}".removesuffix(".0")
