"""Graph -> one HTML file: the view of the widget without a kernel, a server or a network.

Words reach the page in two ways only: as JSON in a script that is no script, from where they are set as text, and
escaped in the still picture and the outline for readers without JavaScript. The policy in the page allows the one style
sheet and the one script that are written here, by their hashes, and nothing else: no request, no `eval`, no handler.
"""

import base64
import hashlib
import json

from viz import folds, moments
from viz import scene as scenes
from viz.scripts import STATIC, script
from viz.svg import escaped, svg

TURNED = 400  # nodes; a larger graph is there forward only
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main id="graph"></main>
<noscript><div class="still">
{picture}
<pre>{outline}</pre>
</div></noscript>
<script type="application/json" id="scene">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def html(graph):
    """The page of a recorded graph, to be stepped through and turned.

    Nothing is folded, for who would unfold it? What is too large is there in words.
    """
    told, turned = [], {}

    def prepare(view, shown):
        told.extend(moments.moments(view, shown))
        moments.make_room(shown, told)

    scene = scenes.scene(graph, fold=None, prepare=prepare) | {"folds": folds.NONE}
    if 0 < len(scene["nodes"]) <= TURNED:
        turned = {way: scenes.scene(graph, fold=None, direction=way) | {"folds": folds.NONE}
                  for way in ("backward", "both")}
    return page(scene, told, moments.scripts(graph), turned)


def page(scene, told=(), code=(), turned=()):
    """The page of a scene, of what is told of each moment of it beside which code, and of the scenes of its other
    directions. A `note` stands below it."""
    style = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "steps.css", "page.css"))
    source = script("page.js")
    picture = svg(scene, fit=False) if scene["nodes"] else ""
    data = {"scene": scene, "moments": list(told), "code": list(code), "turned": dict(turned)}
    return PAGE.format(policy=_policy(style, source), title=escaped(f"Graph: {scene['summary']}"), style=style,
                       picture=picture, outline=escaped(scene["outline"]), data=_harmless(data), script=source)


def _policy(style, code):
    only = {"style": _hash(style), "script": _hash(code)}
    return ("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
            + "; ".join(f"{kind}-src 'sha256-{digest}'" for kind, digest in only.items()))


def _hash(source):
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _harmless(data):
    """JSON in which nothing can end the script around it: ASCII without the characters of markup."""
    source = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return source.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
