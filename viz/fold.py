"""Folding: steps that belong together become one box. A box is a stretch of the steps in the order in which they ran,
so boxes nest, every step is in exactly one of them at each level, and no two boxes can wait for each other. The graph
itself is never changed: unfolding a box shows its steps again.

>>> from viz.graph import Graph
>>> graph = Graph(modules={"": "Cell"})
>>> h = graph.add_value(role="input", shape=(2,), dtype="float32", name="h")
>>> for turn in range(3):
...     for op in ("exp", "tanh"):
...         h = graph.add_step(op, "elementwise", [h.id], ("a",), shape=(2,), dtype="float32", module="")
>>> [(box.name, box.turns, box.start, box.stop) for box in tree(graph, "loops")]
[('exp, tanh', 3, 0, 6)]
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, sqrt

from viz import text
from viz.repeats import label, repeats

WAYS = "modules", "loops", "all"
BLOCKS = "blocks"  # the way of a captured graph that is not folded: its branches and loops are always boxes
LANE = 18  # px from one way back of a loop to the next
PAST = 80  # nodes, more than a screen shows in letters that can be read; a larger graph is folded by itself
DEEP = 10**6  # a level at which no step is in a module
ROW = 60  # turns next to each other; of more, stretches are made
LONG_ROW = 150  # the same for anything else


@dataclass(slots=True)
class Box:
    """Steps `start` to `stop - 1` as one. parts: numbers of steps and smaller boxes, in order.

    kind: "module" (one call of a module), "loop" (the same body `turns` times), "turn" (one time), or "stretch"
    (some of many turns or ops), or "block", of a captured graph. name: the class of a module, the ops, or the words of
    the block. path: the dotted path of a module. block: its viz.graph.Block. below: px that ways back take below it.
    """

    kind: str
    name: str
    start: int
    stop: int
    parts: tuple
    path: str | None = None
    turns: int = 1
    key: str = ""
    block: object = field(default=None, repr=False, compare=False)
    below: float = 0
    label: object = field(default=None, repr=False, compare=False)


def check(fold):
    """The way to fold, if it is one. Errors: ValueError for what is none."""
    if fold not in (None, "auto", *WAYS, BLOCKS):
        raise ValueError(f'fold must be "modules", "loops", "all", "auto" (folds past {PAST} nodes) or None, '
                         f"not {fold!r}")
    return fold


def way(graph, fold):
    """How this graph is folded: "auto" leaves small graphs as they are."""
    if check(fold) == "auto":
        fold = "all" if len(graph.steps) + len(graph.sources()) > PAST else None
    return BLOCKS if fold is None and graph.blocks else fold


def tree(graph, fold):
    """The steps of a graph as nested boxes: a tuple of Boxes and numbers of steps, in order.

    "modules": a box for each call of a module. "loops": one for what is done over and over. "all": both, and what is
    still a long row is cut into stretches.
    """
    maker = _Maker(graph)
    if fold == "modules":
        parts = maker.modules(0, len(graph.steps), 0)
    elif fold == BLOCKS:
        parts = maker.modules(0, len(graph.steps), DEEP)
    elif fold == "loops":
        parts = maker.inner_rolled(maker.modules(0, len(graph.steps), DEEP))
    else:
        parts = maker.everything(maker.modules(0, len(graph.steps), 0))
    return _keyed(tuple(parts), Counter())


def boxes(parts):
    """All boxes of a tree, each before those inside."""
    waiting = [part for part in reversed(parts) if isinstance(part, Box)]
    while waiting:
        box = waiting.pop()
        yield box
        waiting += [part for part in reversed(box.parts) if isinstance(part, Box)]


def first_open(parts):
    """Keys of the boxes that are open at first: a module that is alone shows what it is made of, and so do branches and
    loops of a captured graph."""
    opened, waiting = set(), [parts]
    while waiting:
        found = [part for part in waiting.pop() if isinstance(part, Box)]
        alone = len(found) == 1 and found[0].kind == "module" and any(isinstance(part, Box) for part in found[0].parts)
        for box in found:
            if alone or box.block is not None:
                opened.add(box.key)
                waiting.append(box.parts)
    return opened


def visible(parts, opened, around=()):
    """(part, open boxes around it, innermost first) of everything that is seen, in order."""
    for part in parts:
        if isinstance(part, Box) and part.key in opened:
            yield from visible(part.parts, opened, (part, *around))
        else:
            yield part, around


class _Maker:
    """Makes the boxes of one graph."""

    def __init__(self, graph):
        self.graph, self.chains, self.labels = graph, {}, {}
        self.blocks = {}  # first step -> the blocks that begin there, outer ones last
        for block in reversed(graph.blocks):
            self.blocks.setdefault(block.start, []).append(block)

    def chain(self, path):
        """The paths of the modules around a step, outermost first."""
        if path is None:
            return ()
        if path not in self.chains:
            words, known = path.split("."), self.graph.modules
            ways = ["", *(".".join(words[:count]) for count in range(1, len(words) + 1))] if path else [""]
            self.chains[path] = tuple(way for way in ways if way in known)
        return self.chains[path]

    def modules(self, start, stop, level, around=None):
        """Steps as parts: one box for each call of a module at this level, and for each block inside `around`."""
        at = start
        while at < stop:
            block = self.block(at, around, stop)
            end, name = self.piece(at, block, level)
            if name is not None:
                while end < stop:
                    further, same = self.piece(end, self.block(end, around, stop), level)
                    if same != name:
                        break
                    end = further
                yield from self.calls(name, at, end, level, around)
            elif block is not None:
                inside = tuple(self.modules(at, end, level, block))
                yield Box("block", block.name, at, end, inside, block=block,
                          below=LANE * len(block.back) + 8 if block.back else 0)
            else:
                yield at
            at = end

    def block(self, at, around, stop):
        """The outermost block inside `around` that begins at this step; None where none does."""
        found = self.blocks.get(at, ())
        inside = found[:found.index(around)] if around in found else [one for one in found if one.stop <= stop]
        return inside[-1] if inside else None

    def piece(self, at, block, level):
        """(the step after it, its module at this level or None) of a step, or of a block as a whole. An arm is never
        inside a module that its `if` is not in."""
        end = at + 1 if block is None else block.stop
        if block is not None and block.kind in ("then", "else"):
            return end, None
        chains = [self.chain(step.module) for step in self.graph.steps[at:end]]
        names = {chain[level] if len(chain) > level else None for chain in chains}
        return end, names.pop() if len(names) == 1 else None

    def calls(self, path, start, stop, level, around=None):
        """A box for each call of one module among steps that are all its own."""
        begins = [step for step in range(start + 1, stop) if path in self.graph.steps[step].entered]
        for first, end in pairwise([start, *begins, stop]):
            parts = tuple(self.modules(first, end, level + 1, around))
            if parts == (first,) and not self.owns(first):
                yield first  # a box around a lone relu says nothing
            else:
                yield Box("module", self.graph.modules[path], first, end, parts, path)

    def owns(self, step):
        """Whether parameters go into a step."""
        return any(self.graph.values[source].role == "parameter" for source in self.graph.steps[step].inputs
                   if isinstance(source, int))

    def label(self, part, path):
        """Equal for parts that may be turns of one loop."""
        if isinstance(part, Box):
            if part.label is None:
                inside = tuple(self.label(inner, path) for inner in part.parts)
                part.label = hash((part.kind, part.name, part.path if path else None, part.turns, inside))
            return part.label
        if (part, path) not in self.labels:
            self.labels[part, path] = hash(label(self.graph, self.graph.steps[part], path))
        return self.labels[part, path]

    def rolled(self, parts, path):
        """Parts with loops rolled up, inner and outer ones."""
        parts, before = list(parts), -1
        while len(parts) != before:
            before = len(parts)
            spans = [span(part) for part in parts]
            found = repeats(self.graph, spans, [self.label(part, path) for part in parts])
            for repeat in reversed(found):
                end = repeat.at + repeat.turns * repeat.period
                parts[repeat.at:end] = [self.loop(parts[repeat.at:end], repeat, path)]
        return parts

    def inner_rolled(self, parts):
        """Loops rolled up inside blocks and around them, whatever the modules."""
        parts = list(parts)
        for part in parts:
            if isinstance(part, Box):
                part.parts, part.label = tuple(self.inner_rolled(part.parts)), None
        return self.rolled(parts, path=False)

    def loop(self, parts, repeat, path):
        """One box for all turns of a loop."""
        turns = []
        for at in range(0, len(parts), repeat.period):
            body = parts[at:at + repeat.period]
            if len(body) > 1:
                body = self.rolled(body, path)
                name = f"turn {at // repeat.period + 1}"
                body = [Box("turn", name, span(body[0])[0], span(body[-1])[1], tuple(body))]
            turns += body
        name = self.named(parts[:repeat.period])
        start, stop = span(parts[0])[0], span(parts[-1])[1]
        return Box("loop", name, start, stop, tuple(_stretches(turns, ROW, "turns")), turns=repeat.turns)

    def named(self, parts):
        """What a body is called: by its modules, else by its ops."""
        found = [part.name for part in parts if isinstance(part, Box) and part.kind == "module"]
        names = found or [part.name if isinstance(part, Box) else self.graph.steps[part].op for part in parts]
        names = [text.clean(name, 24) for name in dict.fromkeys(names)]
        return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")

    def everything(self, parts):
        """Loops rolled up at every level, and long rows cut."""
        parts = list(parts)
        for part in parts:
            if isinstance(part, Box):
                part.parts, part.label = tuple(self.everything(part.parts)), None
        parts = self.rolled(parts, path=True)
        if len(parts) > ROW:
            for box in boxes(parts):
                box.label = None  # from here on it does not matter which module it was
            parts = self.rolled(parts, path=False)
        return _stretches(parts, LONG_ROW, "ops")


def span(part):
    """(first step, step after the last) of a part."""
    return (part.start, part.stop) if isinstance(part, Box) else (part, part + 1)


def _stretches(parts, row, what):
    """A row of parts, cut into stretches when it is long."""
    if len(parts) <= row:
        return parts
    size, cut = ceil(sqrt(len(parts))), []
    for at in range(0, len(parts), size):
        some = parts[at:at + size]
        first, end = (at + 1, at + len(some)) if what == "turns" else (span(some[0])[0] + 1, span(some[-1])[1])
        cut.append(Box("stretch", f"{what} {first} to {end}", span(some[0])[0], span(some[-1])[1], tuple(some),
                       turns=len(some) if what == "turns" else 1))
    return cut


def _keyed(parts, keys):
    """The same tree with a key for each box, which stays when values or numbers change."""
    for box in boxes(parts):
        base = f"box:{box.kind}:{text.clean(box.name if box.path is None else box.path, 80)}"
        box.key = f"{base}#{keys[base]}"
        keys[base] += 1
    return parts
