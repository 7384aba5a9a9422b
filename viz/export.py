"""A recorded graph as a file: the ending of its name says which kind."""

import os

from minigrad.serialization import write_whole
from viz import film, page, words
from viz.dot import to_dot
from viz.scene import drawn
from viz.svg import svg

SHARP = 192  # dots per inch of a PNG: two for each pixel of the picture
MOST_DOTS = 16_000  # along one side of a PNG; larger pictures are drawn less sharp

# The picture and its title come in from outside, so nothing in them is read as Typst.
SHEET = b"""#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", alt: sys.inputs.title)"""


def save(graph, path):
    """Write a graph as SVG, PNG, PDF, HTML or DOT, whole or not at all.

    Errors: ValueError for an unknown ending and when nothing is recorded, LayoutError when it is too large to draw
    (HTML and DOT hold it all the same), ModuleNotFoundError for PNG and PDF without the package `typst`.
    """
    name = os.fspath(path)
    ending = next((ending for ending in FORMATS if name.lower().endswith(ending)), None)
    if ending is None:
        raise ValueError(f"cannot save as {name!r}: its ending has to be one of {', '.join(FORMATS)}")
    content = FORMATS[ending](words.require_steps(graph))
    write_whole(name, [content.encode() if isinstance(content, str) else content])


def png(graph):
    """The picture as the bytes of a PNG file, two dots for each pixel."""
    scene = drawn(graph)
    largest = max(scene["width"], scene["height"])
    return _typeset(scene, "png", ppi=min(SHARP, 96 * MOST_DOTS / largest))


def pdf(graph):
    """The picture as the bytes of a PDF file of one page; its words are text that can be searched and copied."""
    return _typeset(drawn(graph), "pdf")


def _typeset(scene, kind, **how):
    try:
        import typst
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"a picture as .{kind} needs the package typst (pip install typst); "
                                  ".svg and .html need nothing", name="typst") from error
    inputs = {"svg": svg(scene), "title": scene["summary"]}
    return typst.compile(SHEET, format=kind, sys_inputs=inputs, **how)


FORMATS = {  # a longer ending stands before the shorter one that it holds
    ".steps.svg": film.steps_svg,
    ".svg": lambda graph: svg(drawn(graph)),
    ".png": png,
    ".pdf": pdf,
    ".html": page.html,
    ".dot": lambda graph: to_dot(graph).source,
}
