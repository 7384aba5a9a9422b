"""What is left of a widget where it cannot run: a saved notebook, a page made of one, a kernel that is gone."""

import base64

from viz.svg import escaped

VIEW = "application/vnd.jupyter.widget-view+json"


def still(picture, summary, outline, what="Graph"):
    """A still picture with its outline, as HTML that any front end shows, one that trusts nothing too. what: it is.

    >>> still("<svg/>", "1 op", "a < b")[:44]
    '<img alt="Graph: 1 op" style="max-width:100%'
    """
    data = base64.b64encode(picture.encode()).decode()
    return (f'<img alt="{escaped(f"{what}: {summary}")}" style="max-width:100%;height:auto" '
            f'src="data:image/svg+xml;base64,{data}">\n'
            f"<details><summary>The {what.lower()} as text</summary>\n<pre>{escaped(outline)}</pre></details>")


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
