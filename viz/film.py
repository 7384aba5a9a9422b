"""Graph -> one SVG file that plays: forward one op after another, then backward, and from the beginning again."""

import hashlib
import math
import re
from collections import defaultdict
from dataclasses import dataclass, field

from viz import svg, text, words
from viz.graph import Number
from viz.scene import MARGIN, drawn

FADE = 0.25  # seconds in which something comes up
GHOST = 0.14  # how much is seen of what has not happened yet
REST = 2  # steps that the whole picture stays before it starts over
CAPTION, WIDEST = 14, 110  # size in pixels and letters of the line below the picture
NOW = "#0072b2"  # around the box of an op that runs


@dataclass
class Stage:
    """One moment of the film: what it is called, what to say, and the box that is acting."""

    phase: str
    words: str
    box: str | None = None
    back: bool = False

    @property
    def colour(self):
        return svg.FLOW if self.back else NOW if self.box else svg.SOFT


@dataclass
class Film:
    """The stages, and for each thing in the picture the number of the one in which it appears.

    nodes: by key, and tags by the key of their node. edges: by the key of the edge, flows the same for the way back.
    mark: what its classes begin with, so that two films in one page keep apart.
    """

    mark: str
    stages: list = field(default_factory=list)
    nodes: dict = field(default_factory=dict)
    tags: dict = field(default_factory=dict)
    edges: dict = field(default_factory=dict)
    flows: dict = field(default_factory=dict)


def steps_svg(graph, seconds=1.4):
    """The recorded run as an animated SVG, each step on view for so many `seconds`.

    It plays by style sheet alone, in every browser and wherever one shows images; a reader who prefers reduced motion,
    and a program that plays nothing, sees the whole picture at rest. Errors: ValueError when nothing is recorded or
    `seconds` is not positive, LayoutError when the graph is too large.
    """
    if not 0 < seconds < math.inf:
        raise ValueError(f"seconds has to be a positive number, not {seconds}")
    film, top, lines = _shot(graph, seconds)
    style = _style(film.mark, len(film.stages), seconds)
    return "\n".join([*top, f"<style>{style}</style>", *lines])


def frames(graph):
    """The film as still pictures, one SVG text for each step, for formats that play no style sheet."""
    film, top, lines = _shot(graph)
    whole = "\n".join([*top, *lines])
    moving = re.compile(f'(?:opacity="0" )?class="{film.mark}-([shn])(\\d+)"(?: opacity="0")?')

    def at(stage):
        def seen(found):
            letter, its = found[1], int(found[2])
            there = its == stage if letter == "n" else its <= stage
            return f'opacity="{1 if there else GHOST if letter == "s" else 0}"'

        return moving.sub(seen, whole)

    return [at(stage) for stage in range(len(film.stages))]


def _shot(graph, seconds=0.0):
    """(film, the lines at the top, those of the picture), each moving thing with its class."""
    scene = drawn(graph)
    film = _film(graph, scene, "v" + hashlib.sha256(repr((scene, seconds)).encode("utf-8", "replace")).hexdigest()[:8])
    captions = [f"{stage.phase}  {stage.words}" for stage in film.stages]
    width = max(scene["width"], *(text.width(line, CAPTION) + 2 * MARGIN for line in captions))
    top = svg.head(f"{scene['summary']}, step by step", width, scene["height"] + 46, svg.FIT)
    return film, top, [*_body(scene, film), *_captions(scene["height"], film), *_bar(width, scene["height"] + 36, film),
                       "</svg>\n"]


# ---------------------------------------------------------------- what happens when


def _film(graph, scene, mark):
    """The story of the run, from what was given to the last gradient."""
    film, into = Film(mark), defaultdict(list)
    for edge in scene["edges"]:
        into[edge["to"]].append(edge)
    ops = [node["key"] for node in scene["nodes"] if node["kind"] == "op"]
    given = [node for node in scene["nodes"] if node["kind"] in ("leaf", "parameter", "input")]
    film.nodes |= {node["key"]: 0 for node in given}
    names = ", ".join(node["title"] for node in given) or "nothing"
    film.stages.append(Stage("given", text.clean(names, WIDEST)))
    for step, key in zip(graph.steps, ops, strict=True):
        film.nodes[key] = len(film.stages)
        film.edges |= {edge["key"]: len(film.stages) for edge in into[key]}
        film.stages.append(_forward(graph, step, key))
    for step, key in zip(graph.steps[::-1], ops[::-1], strict=True):
        edges = [edge for edge in into[key] if edge["flows"]]
        film.flows |= {edge["key"]: len(film.stages) for edge in edges}
        film.tags |= {edge["from"]: len(film.stages) for edge in edges}  # where several meet, the last one counts
        if edges:
            film.stages.append(_backward(graph, step, key))
    film.stages.append(Stage("done", graph.counts()))
    for edge in scene["edges"]:  # to what comes with its maker: escapes, copies, and arms that were not taken
        if edge["key"] not in film.edges:
            film.nodes[edge["to"]] = max(film.nodes.get(edge["to"], 0), film.nodes.setdefault(edge["from"], 0))
            film.edges[edge["key"]] = film.nodes[edge["to"]]
    for node in scene["nodes"]:
        film.nodes.setdefault(node["key"], 0)
        _when_told(film, node, into[node["key"]])
    return film


def _when_told(film, node, edges):
    """An output comes with the op that made it; a tag with its box, unless it tells of a gradient or of its lack."""
    key, end = node["key"], len(film.stages) - 1
    if node["kind"] == "output":
        [edge] = edges
        film.nodes[key] = film.edges[edge["key"]] = film.nodes[edge["from"]]
    if "no gradient" in node["badges"]:
        film.tags[key] = end
    elif not any(badge.startswith("grad") for badge in node["badges"]):
        film.tags[key] = film.nodes[key]
    film.tags.setdefault(key, end)


def _forward(graph, step, key):
    value = graph.values[step.output]
    result = (_amount(value.data) if value.data else text.shape(value.shape)).removeprefix("= ")
    quiet = "" if step.recorded else f"  (not recorded: {words.why(step)})"
    phase = f"in backward {step.backward}" if step.backward else "forward"
    what = f"#{step.id + 1} {words.op_title(step)} of {words.inputs(graph, step)} → {result}{quiet}"
    return Stage(phase, text.clean(what, WIDEST), key)


def _backward(graph, step, key):
    sent = []
    for source, gradient in zip(step.inputs, step.contributions, strict=False):
        if gradient is not None and not isinstance(source, Number):
            sent.append(f"{words.value_name(graph, source, 24)} {_amount(gradient)}")
    return Stage("backward", text.clean(f"#{step.id + 1} {step.op} sends back: {', '.join(sent)}", WIDEST), key, True)


def _amount(summary):
    """A single number as such, of anything larger the shape: as in the boxes."""
    return f"= {summary.short()}" if all(size == 1 for size in summary.shape) else text.shape(summary.shape)


# ---------------------------------------------------------------- the picture


def _body(scene, film):
    """Everything in the picture, each thing with the class of the stage in which it comes: `s3`, or `n3` for what is
    there in that stage only."""
    boxes = {node["key"]: node for node in scene["nodes"]}
    lines = [_ring(boxes[stage.box], f"{film.mark}-n{number}", stage.colour)
             for number, stage in enumerate(film.stages) if stage.box]
    for edge in scene["edges"]:
        lines += _group(film, film.edges[edge["key"]], [*svg.edge(edge)])
        if edge["flows"]:
            lines += _group(film, film.flows[edge["key"]], [*svg.flow(edge)], hidden=True)
    for edge in scene["edges"]:
        lines += _group(film, film.edges[edge["key"]], svg.label(edge))
    for node in scene["nodes"]:
        lines += _group(film, film.nodes[node["key"]], svg.box(node))
        tags = [*svg.tags(node)]
        lines += _group(film, film.tags[node["key"]], tags, hidden=True) if tags else []
    return lines


def _group(film, stage, lines, hidden=False):
    """hidden: nothing is seen before; else a ghost."""
    return [f'<g class="{film.mark}-{"h" if hidden else "s"}{stage}">', *lines, "</g>"]


def _ring(node, name, colour):
    x, y, w, h = node["x"] - node["w"] / 2, node["y"] - node["h"] / 2, node["w"], node["h"]
    style = f'fill="none" stroke="{colour}" stroke-width="3" opacity="0" class="{name}"'
    return svg.rect(x - 5, y - 5, w + 10, h + 10, 11, style)


def _captions(top, film):
    """The line of each stage in one place. At rest the last one stands there."""
    for number, stage in enumerate(film.stages):
        shown = "" if number == len(film.stages) - 1 else ' opacity="0"'
        yield f'<g class="{film.mark}-n{number}"{shown}>'
        yield svg.words(MARGIN, top + 20, stage.phase, CAPTION, fill=stage.colour, weight=700, anchor="start")
        left = MARGIN + text.width(f"{stage.phase}  ", CAPTION) * 1.05
        yield svg.words(left, top + 20, stage.words, CAPTION, fill=svg.INK, anchor="start")
        yield "</g>"


def _bar(width, top, film):
    """How far it is: one piece for each stage."""
    each = (width - 2 * MARGIN) / len(film.stages)
    for number, stage in enumerate(film.stages):
        style = f'fill="{stage.colour}" class="{film.mark}-s{number}"'
        yield svg.rect(MARGIN + number * each, top, max(each - 2, each / 2), 3, 1.5, style)


def _style(mark, count, seconds):
    """The style sheet of the film. Without it, or at rest, all things are seen as they are at the end."""
    whole = (count + REST) * seconds

    def at(moment):
        return f"{100 * min(moment, whole) / whole:.3f}".rstrip("0").rstrip(".") + "%"

    rules = []
    for stage in range(count):
        start, end = stage * seconds, (stage + 1) * seconds if stage < count - 1 else whole
        comes = at(start + min(FADE, seconds / 2) * (stage > 0))
        rules += [f"@keyframes {mark}-{letter}{stage}{{0%,{at(start)}{{opacity:{before}}}{comes},to{{opacity:1}}}}"
                  for letter, before in (("s", GHOST), ("h", 0))]
        rules.append(f"@keyframes {mark}-n{stage}{{0%,{at(start)}{{opacity:0}}{comes},{at(end)}{{opacity:1}}"
                     f"{at(end + 0.01)},to{{opacity:{0 if stage < count - 1 else 1}}}}}")
        rules += [f".{mark}-{letter}{stage}{{animation:{mark}-{letter}{stage} {whole:g}s linear infinite}}"
                  for letter in "shn"]
    return "@media (prefers-reduced-motion:no-preference){" + "".join(rules) + "}"
