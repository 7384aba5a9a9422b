"""Graphs you can watch: record a run, then see it as a text outline, as DOT, or as a picture.

`viz.diff(run, other)` says and draws how two runs differ.
`run.save("graph.html")` keeps it as a page to explore; so do .svg, .png, .pdf and .dot; as a film .gif and .steps.svg.
"""

import importlib

# What is public, and where it lives. Nothing is imported before it is used: `import viz` costs next to nothing
# and works without the packages that only the widgets need.
_PUBLIC = {
    "Diff": "viz.compare",
    "Graph": "viz.graph",
    "GraphWidget": "viz.widget",
    "Live": "viz.live",
    "Run": "viz.record",
    "accumulate": "viz.pieces",
    "branch_at": "viz.pieces",
    "captures": "viz.abreast",
    "coverage": "viz.meter",
    "detach_after": "viz.pieces",
    "diff": "viz.capture",
    "freeze": "viz.pieces",
    "from_json": "viz.record",
    "graph_of": "viz.capture",
    "lens": "viz.closeup",
    "lifetime": "viz.lifetimes",
    "no_grad_around": "viz.pieces",
    "oracle": "viz.oracles",
    "playground": "viz.panel",
    "show": "viz.live",
    "stepper": "viz.player",
    "steps": "viz.stepping",
    "watch": "viz.live",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'viz' has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_PUBLIC[name]), name)
    return found


def __dir__():
    return sorted([*globals(), *_PUBLIC])


def load_ipython_extension(shell):
    """`%load_ext viz` gives a notebook the cell magic `%%graph`."""
    from viz.magic import register

    register(shell)
