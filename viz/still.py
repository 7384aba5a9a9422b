"""What is left of a widget where it cannot run: a saved notebook, a page made of one, a kernel that is gone."""

import base64
import colorsys
import re

from viz.svg import INK, PAPER, WIDE, escaped

VIEW = "application/vnd.jupyter.widget-view+json"
NIGHT = {PAPER: "#14171d", INK: "#e8eaf0"}  # as in the style sheet of the widget


def still(picture, summary, outline, what="Graph"):
    """A still picture with its outline, as HTML that any front end shows, one that trusts nothing too. what: it is.

    >>> still("<svg/>", "1 op", "a < b")[:44]
    '<img alt="Graph: 1 op" style="max-width:100%'
    """
    data = base64.b64encode(by_night(picture).encode()).decode()
    wide = re.match(r'<svg [^>]*?width="(\d+)', picture)
    most = "none" if wide and int(wide[1]) >= WIDE else "100%"  # what nobody could read any more is scrolled
    return (f'<img alt="{escaped(f"{what}: {summary}")}" style="max-width:{most};height:auto" '
            f'src="data:image/svg+xml;base64,{data}">\n'
            f"<details><summary>The {what.lower()} as text</summary>\n<pre>{escaped(outline)}</pre></details>")


def by_night(picture):
    """The same SVG with a style sheet of its own that turns light and dark round in a dark theme: nothing from outside
    reaches into an image. Where a page has the SVG in it, the class keeps the rules off what else is there.

    >>> print(by_night('<svg><path fill="#ffffff"/></svg>').replace("><", ">\\n<"))
    <svg class="vn">
    <style>@media (prefers-color-scheme: dark){.vn [fill="#ffffff"]{fill:#14171d}}</style>
    <path fill="#ffffff"/>
    </svg>
    """
    used = sorted(set(re.findall(r'(fill|stroke)="(#[0-9a-f]{6})"', picture)))
    rules = "".join(f'.vn [{what}="{colour}"]{{{what}:{night(colour)}}}' for what, colour in used)
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    return re.sub("<svg([^>]*>)", rf'<svg class="vn"\1{style}', picture, count=1) if rules else picture


def night(colour):
    """The colour that stands for one on light paper where paper is dark: of the same hue, and as far from the paper."""
    hue, light, strong = colorsys.rgb_to_hls(*(int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)))
    pale = light > 0.85  # the ground of a box, which is to stay quiet
    mixed = colorsys.hls_to_rgb(hue, 1 - 0.9 * light + 0.04 * pale, strong * (0.4 if pale else 0.85))
    return NIGHT.get(colour) or "#" + "".join(f"{round(255 * part):02x}" for part in mixed)


def keep_still(model, **where):
    """For the server of JupyterLab, before it writes a notebook: outputs keep picture and words, not the view of a
    widget. Its model ends with the page or the kernel, and JupyterLab would then show an error in its place.

    >>> output = {"output_type": "display_data", "data": {VIEW: {"model_id": "1"}, "text/plain": "a graph"}}
    >>> keep_still({"type": "notebook", "content": {"cells": [{"outputs": [output]}]}})
    >>> output["data"]
    {'text/plain': 'a graph'}
    """
    if model.get("type") != "notebook" or not model.get("content"):
        return
    for cell in model["content"].get("cells", ()):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if len(data) > 1:  # something is left to be shown
                data.pop(VIEW, None)
