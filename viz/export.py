"""A recorded graph as a file: the ending of its name says which kind."""

import io
import os

from minigrad.serialization import write_whole
from viz import film, overlay, page, words
from viz.dot import to_dot
from viz.layout import LayoutError
from viz.scene import drawn
from viz.svg import PAPER, svg

SHARP = 192  # dots per inch of a PNG: two for each pixel of the picture
MOST_DOTS = 16_000  # along one side of a PNG; larger pictures are drawn less sharp
SLIDE_DOTS = 1920  # along one side of a GIF, which nobody looks at closer than on a slide
MOST_FRAMES = 120  # of a GIF
STEP_MS, REST_MS = 1400, 4200  # how long a step stays, and the whole picture at the end

# The picture and its title come in from outside, so nothing in them is read as Typst.
SHEET = b"""#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", alt: sys.inputs.title)"""


def save(graph, path):
    """Write a graph as SVG, PNG, PDF, GIF, HTML or DOT, whole or not at all.

    Errors: ValueError for an unknown ending and when nothing is recorded, LayoutError when it is too large to draw
    (HTML and DOT hold it all the same), ModuleNotFoundError for PNG, PDF and GIF without the packages that make them.
    """
    _write(words.require_steps(graph), path, FORMATS)


def save_diff(diff, path):
    """The same for a Diff, which has no film."""
    _write(diff, path, DIFF_FORMATS)


def _write(thing, path, formats):
    name = os.fspath(path)
    ending = next((ending for ending in FORMATS if name.lower().endswith(ending)), None)  # of a film, .steps.svg
    if ending not in formats:
        raise ValueError(f"cannot save as {name!r}: its ending has to be one of {', '.join(formats)}")
    content = formats[ending](thing)
    write_whole(name, [content.encode() if isinstance(content, str) else content])


def png(scene):
    """A scene as the bytes of a PNG file, two dots for each pixel."""
    largest = max(scene["width"], scene["height"])
    return _typeset(svg(scene), scene["summary"], "png", ppi=min(SHARP, 96 * MOST_DOTS / largest))


def pdf(scene):
    """A scene as the bytes of a PDF file of one page; its words are text that can be searched and copied."""
    return _typeset(svg(scene), scene["summary"], "pdf")


def gif(graph):
    """The film of a run as the bytes of an animated GIF. Errors: LayoutError when it has more than MOST_FRAMES steps.
    """
    pictures = film.frames(graph)
    if len(pictures) > MOST_FRAMES:
        raise LayoutError(f"a GIF holds at most {MOST_FRAMES} steps, and this run has {len(pictures)}: "
                          "save it as .steps.svg, or watch a smaller part")
    image = _pillow()
    size = [float(part) for part in pictures[0].split('viewBox="0 0 ')[1].split('"')[0].split()]
    ppi = min(SHARP, 96 * SLIDE_DOTS / max(size))
    drawings = [image.open(io.BytesIO(_typeset(picture, "", "png", ppi=ppi))).convert("RGBA") for picture in pictures]
    paper = image.new("RGBA", drawings[0].size, PAPER)
    whole, *others = [image.alpha_composite(paper, drawing).convert("RGB") for drawing in reversed(drawings)]
    last = whole.quantize(dither=image.Dither.NONE)  # its colours are those of all frames: what stays does not flicker
    first, *more = [*(other.quantize(palette=last, dither=image.Dither.NONE) for other in reversed(others)), last]
    held, told = io.BytesIO(), [STEP_MS] * len(others) + [REST_MS]
    first.save(held, "GIF", save_all=True, append_images=more, duration=told, loop=0, optimize=False)
    return held.getvalue()


def _pillow():
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("a film as .gif needs the package pillow (pip install pillow); "
                                  ".steps.svg needs nothing", name="PIL") from error
    return Image


def _typeset(picture, title, kind, **how):
    try:
        import typst
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"a picture as .{kind} needs the package typst (pip install typst); "
                                  ".svg and .html need nothing", name="typst") from error
    inputs = {"svg": picture, "title": title}
    return typst.compile(SHEET, format=kind, sys_inputs=inputs, **how)


FORMATS = {  # a longer ending stands before the shorter one that it holds
    ".steps.svg": film.steps_svg,
    ".svg": lambda graph: svg(drawn(graph)),
    ".png": lambda graph: png(drawn(graph)),
    ".pdf": lambda graph: pdf(drawn(graph)),
    ".gif": gif,
    ".html": page.html,
    ".dot": lambda graph: to_dot(graph).source,
}
DIFF_FORMATS = {
    ".svg": lambda diff: diff.svg(),
    ".png": lambda diff: png(overlay.drawn(diff)),
    ".pdf": lambda diff: pdf(overlay.drawn(diff)),
    ".html": overlay.html,
    ".dot": lambda diff: overlay.to_dot(diff).source,
}
