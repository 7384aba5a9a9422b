"""The page on which the pictures stand side by side: no script, nothing from elsewhere."""

import base64
import re
from html import escape

from .models import MODELS
from .probes import PROBES

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 110rem; padding: 0 2rem; color: #1c2733; }
table { border-collapse: collapse; margin: 1rem 0 2rem; }
th, td { border-bottom: 1px solid #d5dbe1; padding: .35rem .9rem; text-align: left; vertical-align: top; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
figure { margin: 0; border: 1px solid #d5dbe1; border-radius: 8px; padding: .8rem; }
figure img { width: 100%; height: 30rem; object-fit: contain; }
.row figure:first-child { grid-column: 1 / -1; } .row figure:first-child img { height: 15rem; object-position: left; }
figcaption { font-weight: 600; }
"""


def line(found):
    """What one drawing came to, in words."""
    if "error" in found:
        return found["error"]
    shapes = ", ".join(f"{nodes(view)} shapes" for view in found["views"].values())
    return f"{found['seconds'] * 1000:,.0f} ms, {shapes}"


def tally(told):
    """How many questions are answered."""
    if "error" in told:
        return told["error"]
    return f"{sum(answer is True for answer in told.values())} of {len(told)} questions answered in the picture"


def nodes(svg):
    """How many boxes and the like a reader has to take in."""
    return len(re.findall(r"<(?:rect|ellipse|polygon|circle)\b", svg))


def html(drawn, told, missing):
    """The whole page."""
    tools = list(dict.fromkeys(name for name, _ in drawn))
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>Side by side</title>", f"<style>{STYLE}</style>",
             "<h1>The same models, drawn by each tool</h1>", _times(drawn, tools), _table(told, tools)]  # fmt: skip
    if missing:
        parts.append(f"<p>Not installed here: {escape(', '.join(missing))}.</p>")
    for model in MODELS:
        parts.append(f"<h2>{escape(model)}</h2><div class=row>")
        for name in tools:
            found = drawn[name, model]
            for view, svg in found.get("views", {}).items():
                parts.append(_figure(f"{name}: {view}, {line(found)}", svg, f"{model} drawn by {name}"))
            if "error" in found:
                parts.append(f"<figure><figcaption>{escape(name)}</figcaption><p>{escape(found['error'])}</p></figure>")
        parts.append("</div>")
    return "\n".join(parts)


def _figure(caption, svg, alternative):
    data = base64.b64encode(svg[svg.index("<svg") :].encode()).decode()
    return (f"<figure><figcaption>{escape(caption)}</figcaption>"
            f'<img alt="{escape(alternative)}" src="data:image/svg+xml;base64,{data}"></figure>')


def _times(drawn, tools):
    head = "".join(f"<th scope=col>{escape(name)}" for name in tools)
    rows = [f"<tr><th scope=row>{escape(model)}" + "".join(f"<td>{escape(line(drawn[name, model]))}" for name in tools)
            for model in MODELS]  # fmt: skip
    return f"<h2>From calling the model to the picture</h2><table><tr><td>{head}{''.join(rows)}</table>"


def _table(told, tools):
    head = "".join(f"<th scope=col>{escape(name)}" for name in tools)
    rows = []
    for probe in PROBES:
        cells = [told[name].get(probe.question, told[name].get("error", "")) for name in tools]
        told_as = [{True: "✓ yes", False: "no"}.get(cell, f"error: {cell}") for cell in cells]
        rows.append(f"<tr><th scope=row>{escape(probe.question)}" + "".join(f"<td>{escape(c)}" for c in told_as))
    return (f"<h2>What can be read in the picture</h2><p>Each question is a small program, drawn with every option on; "
            f"the words of the picture are searched.</p><table><tr><td>{head}{''.join(rows)}</table>")
