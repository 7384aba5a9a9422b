"""What a trace will not do again, each with its line: what was seen on the way, and what other inputs show."""

from __future__ import annotations

from .capture import attempt
from .graph import ops_in, used_in
from .parting import first_parting, name_of, same_but_for_numbers
from .places import where

_LEFT = {
    "bool": "a tensor decides which way Python goes, and only this way is in the trace. Use jit.script or jit.cond",
    "int": "a tensor became a Python int here, and the trace will have this number for ever. Keep it a tensor",
    "float": "a tensor became a Python float here, and the trace will have this number for ever. Keep it a tensor",
    "item": "a tensor became a Python number here, and the trace will have this number for ever. Keep it a tensor",
    "carried": "a number that a loop has carried is looked at here, and the trace will have that of the example for "
               "ever. Carry a tensor",
    "tolist": "a tensor became a list of Python numbers here, and the trace does not follow them. Keep it a tensor",
    "looked": "numbers of a tensor were looked at here, and what was made of them is fixed in the trace. Use other ops",
    "numpy": "a tensor became a NumPy array here, and the trace does not follow it. Use ops of minigrad",
}


def lost(recording, runs):
    """Messages, each once, in the order of the lines that ran. `runs` are those with other inputs (checking.Again)."""
    seen, messages = set(), []

    def say(source, message):
        if (source, message) not in seen:
            seen.add((source, message))
            messages.append(f"{where(source).removesuffix(':') if source else recording.graph.name}: {message}.")

    known = depending(recording.graph)
    reads = [(source, how) for source, how, value, _ in recording.reads if value in known]
    for source, how in reads:
        say(source, _LEFT[how])
    for source, _ in recording.gathered:
        if source not in {place for place, _ in reads}:
            say(source, "this tensor is made of Python's numbers, and is a constant in the trace")
    for source, what in recording.hooks:
        say(source, f"{what} waits for a gradient here, and a trace has no hooks. Change the gradient with ops")
    for leaf in _left_with_gradients(recording):
        say(None, f"backward() leaves a .grad in {leaf}, and a trace leaves none. Return what autograd.grad gives")
    loops = list(unrolled(recording, runs))
    for sources, turns, axes in loops:
        more = ", ".join(str(source.line) for source in sources[1:])
        more = f" (with line {more})" if more else ""
        say(sources[0], f"a loop was unrolled{more}: its {turns} turns are {turns} copies in the trace, as many as "
                        f"{axes} is long. Inputs of another length get {turns} turns. Use jit.script or jit.scan")
    if not messages:
        for source, message in frozen(recording, runs):
            say(source, message)
    return messages


def depending(graph):
    """The values that may be others in another run: from outside, drawn at random, and what is made of them."""
    known = {*graph.inputs, *graph.parameters}
    for step in graph.steps:
        if any(getattr(inner, "draws", False) for inner in ops_in(step)) or not known.isdisjoint(used_in([step])):
            known.update(step.outputs)
    return known


def _left_with_gradients(recording):
    """Names of parameters whose .grad the run has left behind."""
    held = {id(tensor): value.name for value, tensor in recording.held.items()}
    for key, (leaf, how) in recording.leaves.items():
        if how != "cleared" and key in held and getattr(leaf, "_grad", None) is not None:
            yield held[key]


# Loops


def unrolled(recording, runs=()):
    """Loops that turn as often as an input is long: ([Source, ...] of its lines, how often, which axis).

    Where a run with another length came through, it is known which lines turned more often. Otherwise those count that
    turned just as often as some axis is long.
    """
    mine, found = turns_of(recording), {}
    longer = [run for run in runs if run.what == "lengths"]
    for again in longer:
        i, axis = again.axes[0]
        name = f"axis {axis} of {recording.graph.inputs[i].name}"
        for calls, steps in turns_of(again.recording).items():
            before = mine.get(calls, ())
            if len(steps) > len(before) > 1 and _in_one_place(steps):
                _enter(found, before, name)
    if not longer and not recording.stepped:  # an optimizer walks its parameters: no loop of the code
        lengths = {n: f"axis {axis} of {value.name}" for value in reversed(recording.graph.inputs)
                   for axis, n in reversed(list(enumerate(value.shape or ())))}  # fmt: skip
        for steps in mine.values():
            if len(steps) > 1 and len(steps) in lengths and _in_one_place(steps):
                _enter(found, steps, lengths[len(steps)])
    return [(sorted(lines, key=lambda source: source.line), turns, name)
            for (_, turns), (lines, name) in found.items()]  # fmt: skip


def _in_one_place(steps):
    """Whether they are not one layer after the other."""
    return len({step.module for step in steps}) == 1


def _enter(found, steps, name):
    """One more line of the loops that were found: one loop for each function and number of turns."""
    source, turns = steps[0].source, len(steps)
    inner = source.function.startswith("<")  # a comprehension belongs to the line that it stands in
    key = next((key for key, (lines, _) in found.items() if key[1] == turns and inner
                and any((line.file, line.line) == (source.file, source.line) for line in lines)),
               ((source.file, source.function), turns))  # fmt: skip
    lines, _ = found.setdefault(key, ([], name))
    if all((line.file, line.line) != (source.file, source.line) for line in lines):
        lines.append(source)


def turns_of(recording):
    """The steps of each line, by all calls that led there: more than one where a loop came by again."""
    turns = {}
    for step, calls in recording.ways.items():
        if step.source is not None:
            inside = next((i for i, (code, _) in enumerate(calls) if code is attempt.__code__), len(calls))
            turns.setdefault(calls[:inside], []).append(step)
    return turns


# What other inputs show


def frozen(recording, runs):
    """Numbers that went past the recording, and are others for other inputs: (Source, message)."""
    for again in runs:
        parts = first_parting(recording.graph, again.recording.graph)
        if parts is None or (again.what == "lengths" and not again.silently):
            continue
        step, other = parts
        source = (step or other).source if step or other else None
        if step is None and other is None:
            yield source, "a part of the result depends on the input out of sight of the trace, and is fixed in it"
        elif not same_but_for_numbers(step, other):
            those = "inputs of another length" if again.what == "lengths" else "other inputs"
            yield source, (f"{those} go another way here ({_name(step)} in the trace, then {_name(other)}), and "
                           "no tensor says so. Decide it with a tensor, and use jit.script or jit.cond")  # fmt: skip
        elif again.what == "lengths":
            i, axis = again.axes[0]
            name = recording.graph.inputs[i].name
            yield source, (f"a number in this line depends on how long axis {axis} of {name} is, and is fixed in the "
                           "trace. Use jit.script, or an op that knows the length (mean for sum / n)")  # fmt: skip
        else:
            yield source, ("a number in this line was taken from the input out of sight (through .array, NumPy or the "
                           "shape of a selection), and is fixed in the trace. Use ops of minigrad")  # fmt: skip
        return


def _name(step):
    return "nothing more" if step is None else name_of(step)
