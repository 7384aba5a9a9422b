"""Each tool's best picture of a module: {view: SVG}, with every option on that tells a learner more.

A tool is a function of the module, its input, and how often backward has been called before the picture is taken.
"""

import tempfile
import warnings
from pathlib import Path


def viz(model, x, backwards=0):
    """minigrad's own."""
    return {"picture": _run(model, x, backwards).svg()}


def page(model, x, backwards=0):
    """The same as the page that it is to be explored in, with the details of each node."""
    return {"page": _run(model, x, backwards).html()}


def _run(model, x, backwards):
    import viz as views

    with views.watch() as run:
        loss = model(x).sum()
    for i in range(backwards):
        loss.backward(retain_graph=i < backwards - 1)
    return run


def torchviz(model, x, backwards=0):
    """Zagoruyko (2018): the backward graph from grad_fn, through Graphviz."""
    from torchviz import make_dot

    loss = model(x).sum()
    dot = make_dot(loss, params=dict(model.named_parameters()), show_attrs=True, show_saved=True)
    for i in range(backwards):
        loss.backward(retain_graph=i < backwards - 1)
    return {"backward": dot.pipe("svg").decode()}


def torchview(model, x, backwards=0):
    """Kurttutan (2023): modules and functions of one forward, through Graphviz."""
    from torchview import draw_graph

    if backwards:
        _again(model, x, backwards)
    drawn = draw_graph(model, input_data=x, expand_nested=True, depth=10, roll=True, save_graph=False)
    return {"forward": drawn.visual_graph.pipe("svg").decode()}


def torchlens(model, x, backwards=0):
    """Taylor & Kriegeskorte (2023): every operation of one forward, and the backward graph, through Graphviz."""
    import torchlens as lens

    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        trace = lens.trace(model, x)
        path = Path(folder) / "graph"
        trace.draw(vis_outpath=str(path), vis_fileformat="svg", vis_save_only=True, vis_mode="rolled",
                   show_saved_for_backward=True)  # fmt: skip
        found = {"forward, rolled": path.with_suffix(".svg").read_text("utf-8")}
        if backwards:
            _again(model, x, backwards - 1)
            trace = lens.trace(model, x, capture=None)
            trace.log_backward(trace[trace.output_layers[0]].out.sum())
            trace.draw_backward(vis_outpath=str(path), vis_fileformat="svg", vis_save_only=True)
            found["backward"] = path.with_suffix(".svg").read_text("utf-8")
    return found


def _again(model, x, times):
    for _ in range(times):
        model(x).sum().backward()


READ = {"viz": page, "torchviz": torchviz, "torchview": torchview, "torchlens": torchlens}  # for what is read in them
TOOLS = {"viz": viz, "torchviz": torchviz, "torchview": torchview, "torchlens": torchlens}


def library(tool):
    """minigrad or torch, whichever the tool looks at."""
    import importlib

    return importlib.import_module("minigrad" if tool == "viz" else "torch")
