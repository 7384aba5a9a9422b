"""The branches and loops of a captured graph in words."""

from dataclasses import replace

from viz import text, words
from viz.captured import Captured
from viz.graph import Graph


def around(graph, step):
    """The innermost block that a step stands in: `then, not taken`."""
    found = [block for block in graph.blocks if block.start <= step < block.stop]
    return told(found[-1]) if found else ""


def told(block):
    """A block in a few words, with what became of it when it ran."""
    return text.clean(block.name, 60) + (f", {block.ran}" if block.ran else "")


def rows(graph):
    """[name, steps, what became of it, what goes back from where to where] of each block."""
    found, open_ = [], []
    for block in graph.blocks:
        open_ = [stop for stop in open_ if stop > block.start]
        steps = f"#{block.start + 1} to #{block.stop}" if block.stop - block.start > 1 else f"#{block.start + 1}"
        back = ", ".join(f"{words.value_name(graph, value, 16)} -> #{step + 1}" for value, step, _ in block.back)
        found.append(["  " * len(open_) + text.clean(block.name, 60), steps, block.ran or "", back])
        open_.append(block.stop)
    return found


def ways(graph):
    """Which way a run went, a line for each if and loop, in the order of the code; of an unknown one `?`."""
    lines = []
    for number, block in enumerate(graph.blocks):
        if block.kind == "if":
            arms = [arm for arm in graph.blocks[number:] if arm.kind in ("then", "else") and head(graph, arm) is block]
            lines.append(f"{text.clean(block.name)}: " + ", ".join(f"{arm.kind} {arm.ran or '?'}" for arm in arms))
        elif block.kind == "loop":
            lines.append(f"{text.clean(block.name)}: {block.ran or '?'}")
    return "\n".join(lines)


def head(graph, arm):
    """The `if` that an arm belongs to: the last one that begins before it and ends behind it."""
    return [one for one in graph.blocks if one.kind == "if" and one.start < arm.start and one.stop >= arm.stop][-1]


def idle_steps(graph):
    """Numbers of the steps that are known not to have run."""
    return {step for block in graph.blocks if block.idle for step in range(block.start, block.stop)}


def arrows(graph, place):
    """(tail, head, label, block, whether it goes back) of what is drawn beside the data: from an `if` to the first step
    of each arm, and in a loop from what a turn gives to where the next one takes it. place: value id -> place."""
    def at(step):
        return place.get(graph.steps[step].output)

    for block in graph.blocks:
        found = [(place.get(value), at(step), text.clean(name, 30), True) for value, step, name in block.back]
        if block.kind in ("then", "else"):
            found.append((at(head(graph, block).start), at(block.start), block.kind, False))
        for tail, first, label, back in found:
            if None not in (tail, first) and tail != first:
                yield tail, first, label, block, back


def bare(graph):
    """What a recorded run and a captured graph can both have: ops, edges, shapes, names and numbers, the last as far as
    they are known; neither doors to Python nor arms that were not taken."""
    if graph.captured:
        return replace(graph, captured=replace(graph.captured, declared={}), untaken=[])
    values = [replace(value, role="input", requires_grad=False) if value.role in ("leaf", "input") else value
              for value in graph.values]
    steps = [replace(step, recorded=True, reason=None, saved=(), freed=False, contributions=()) for step in graph.steps]
    results = tuple(value.id for value in graph.results_unused())
    return Graph(values, steps, modules=graph.modules, scripts=graph.scripts, captured=Captured("", results))


def known(graph):
    """Whether all shapes and dtypes are known, or it is a recorded run."""
    return not graph.captured or all(value.shape is not None and None not in value.shape and value.dtype != "?"
                                     for value in graph.values)


def loose(graph):
    """The same graph, compared by anything but shapes and dtypes."""
    return replace(graph, captured=replace(graph.captured, declared={value.id: (None, "?") for value in graph.values}))
