"""What each line of the learner's code does in a recorded graph, and which lines do something else than in another."""

import inspect
from collections import Counter, defaultdict
from dataclasses import dataclass

from viz import text
from viz.graph import Visit

ROWS = 120  # lines of one function that are shown
NAMED = 4  # ops that a line names


@dataclass(frozen=True)
class Block:
    """The source of one function: its name, the number of its first line in its file, and its lines."""

    title: str
    start: int
    lines: tuple


def block(function):
    """The source of a function as a Block, or None where there is none to be had.

    >>> block(len) is None
    True
    """
    try:
        lines, start = inspect.getsourcelines(function)
    except (OSError, TypeError, IndexError, SyntaxError):
        return None
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    title = getattr(function, "__qualname__", "").rpartition("<locals>.")[2]
    return Block(title, max(start, 1), tuple(line[indent:].rstrip() for line in lines[:ROWS]))


def behaviour(graph):
    """What each line does: (number, text of the line) -> facts, in the order in which they happened.

    A fact is (op, recorded, reason, shape, whether a gradient came back) or, of a backward that the line has called,
    ("backward", how many ops it went through).
    """
    facts, passes = defaultdict(list), Counter()
    for step in graph.steps:
        if step.source is not None and not step.backward:
            value = graph.values[step.output]
            facts[step.source.line, step.source.text].append(
                (text.clean(step.op, 24), step.recorded, step.reason, value.shape, step.output in graph.gradients))
    for visit in graph.history:
        if isinstance(visit, Visit) and visit.source is not None:
            passes[visit.source.line, visit.source.text] += 1
    for line, count in passes.items():
        facts[line].append(("backward", count))
    return dict(facts)


def changed(before, after):
    """Line -> in words, what it does otherwise than before; lines that do the same are not in it. Both: `behaviour`."""
    found = {line: _difference(before.get(line, ()), after.get(line, ())) for line in {**before, **after}}
    return {line: said for line, said in found.items() if said}


def _difference(old, new):
    if list(old) == list(new):
        return ""
    said, (old, went), (new, goes) = [], _apart(old), _apart(new)
    if [fact[0] for fact in old] != [fact[0] for fact in new]:
        said.append(_other_ops(old, new))
    else:
        said += _same_ops(old, new)
    if went != goes:
        said.append(f"backward goes through {text.plural(goes, 'op')}, before {went}")
    return "; ".join(said)


def _apart(facts):
    return ([fact for fact in facts if fact[0] != "backward"],
            sum(fact[1] for fact in facts if fact[0] == "backward"))


def _other_ops(old, new):
    if not old:
        return f"runs now: {_ops(_names(new))}"
    if not new:
        return f"does not run any more: {_ops(_names(old))}"
    more, less = _names(new) - _names(old), _names(old) - _names(new)
    if not more and not less:
        return "runs the same ops in another order"
    said = f"runs {_ops(more)} " + (f"in place of {_ops(less)}" if less else "as well")
    if not more:
        said = f"no {_ops(less)} here now"
    counts = [(sum(fact[1] for fact in facts), len(facts)) for facts in (new, old)]
    recorded, before = (f"{some} of {all_}" for some, all_ in counts)
    return said if all(some == all_ for some, all_ in counts) else f"{said}; {recorded} recorded, before {before}"


def _names(facts):
    return Counter(fact[0] for fact in facts)


def _ops(counted):
    shown = [op if count == 1 else f"{op} x {count}" for op, count in counted.items()]
    return ", ".join(shown[:NAMED]) + (", …" if len(shown) > NAMED else "")


def _same_ops(old, new):
    pairs = list(zip(old, new, strict=True))
    lost = [b for a, b in pairs if a[1] and not b[1]]
    if lost:
        why = {"no_grad": " (no_grad)", "no input requires grad": " (no input requires grad)"}.get(lost[0][2], "")
        yield f"no longer recorded: {_ops(_names(lost))}{why}"
    if won := [b for a, b in pairs if b[1] and not a[1]]:
        yield f"recorded now: {_ops(_names(won))}"
    if not lost and not won and any(a[2] != b[2] for a, b in pairs):
        yield f"not recorded, now because of {next(b[2] for a, b in pairs if a[2] != b[2])}"
    reshaped = next(((a[3], b[3]) for a, b in pairs if a[3] != b[3]), None)
    if reshaped:
        yield f"gives {text.shape(reshaped[1])}, before {text.shape(reshaped[0])}"
    if not lost and any(a[4] and not b[4] for a, b in pairs):
        yield "no gradient comes back any more"
    if not won and any(b[4] and not a[4] for a, b in pairs):
        yield "a gradient comes back now"


def marked(blocks, said):
    """Blocks as plain data: [{"title", "lines": [[number, text, words]]}], the words "" where nothing has changed."""
    return [{"title": one.title, "lines": [
        [number, _shown(line), said.get((number, line.strip()), "")]
        for number, line in enumerate(one.lines, one.start)]} for one in blocks]


def _shown(line):
    bare = line.lstrip()
    return " " * (len(line) - len(bare)) + text.clean(bare, 160)


def told(shown):
    """Marked blocks as text: `>` and words on the lines that changed."""
    rows = [row for one in shown for row in one["lines"]]
    wide = max((len(line) for _, line, said in rows if said), default=0)
    lines = [f"{'>' if said else ' '} {number:>4}  {line:<{wide}}  {said}".rstrip() for number, line, said in rows]
    return "\n".join(lines)
