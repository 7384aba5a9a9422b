"""`viz.lifetime`: which graphs are alive while a loop runs, and which names keep them."""

import time

import numpy as np

from minigrad import events, memory, modes
from minigrad.node import Node
from viz import holders, names
from viz.chart import chart
from viz.graph import union
from viz.lives import Holder, Lives, Mark
from viz.modules import Weak
from viz.notes import span
from viz.still import by_night, still

PAUSE = 0.1  # seconds between two pictures while a loop is running


def lifetime(every="backward"):
    """Count the recorded ops that are alive, and what they keep, at the end of each turn of a loop; and find the names
    that keep those of earlier turns. Graphs are known by weak references, so nothing lives longer for it.

    A turn ends with each backward, or with each step of an optimizer (`every="step"`), or, from the first call of
    `life.mark()` on, where the loop says so. `for x in life.turns(data):` is a loop with a mark behind every turn.
    Errors: ValueError for another `every`.

    >>> import minigrad as mg
    >>> w, total = mg.ones(2, requires_grad=True), 0.0
    >>> with lifetime() as life:
    ...     for _ in life.turns(range(3)):
    ...         loss = (w * w).sum()
    ...         total += loss
    >>> life.verdict()
    'Rising: 3 turns are alive at once, 9 nodes. Held by total.'
    >>> [mark.nodes for mark in life.marks]
    [3, 6, 9]
    """
    if every not in _ENDS:
        raise ValueError(f'lifetime(): every must be "backward", "step" or None, not {every!r}')
    return Lifetime(_ENDS[every])


class Lifetime:
    """What `lifetime()` returns: a `with` block, and what was seen in it."""

    def __init__(self, end):
        self.lives = Lives()
        self._end = end  # the kind of event that ends a turn, None when only `mark` does
        self._nodes, self._turn = Weak(), 1  # grad_fn -> the turn in which it was made
        self._widget, self._drawn_at = None, 0.0

    def __enter__(self):
        modes.add_watcher(self._hear)
        return self

    def __exit__(self, *exception):
        modes.remove_watcher(self._hear)
        self._draw()

    def _hear(self, event):
        if type(event) is events.OpRan:
            node = event.output.grad_fn
            if event.recorded and self._nodes.get(node) is None:
                self._nodes.put(node, self._turn)
        elif type(event) is self._end:
            self._mark(None)

    # ---- what the learner uses

    def mark(self, name=None):
        """A turn ends here. With the first call the automatic marks are over, and those made are forgotten."""
        if self._end is not None:
            self._end, self._turn = None, 1
            self.marks.clear()
            for node, _ in self._nodes.alive():
                self._nodes.put(node, 1)
        self._mark(name)

    def turns(self, things):
        """The same things one by one, with a mark behind each turn."""
        for thing in things:
            yield thing
            self.mark()

    @property
    def marks(self):
        """The marks in order; see `viz.lives.Mark`."""
        return self.lives.marks

    def verdict(self):
        """One sentence: rising, or flat."""
        return self.lives.verdict()

    def names(self):
        """The names that hold nodes of earlier turns at the last mark."""
        return self.lives.names()

    def text(self):
        """The table and the verdict."""
        return "\n\n".join(part for part in (self.lives.table(), self.verdict()) if part)

    def svg(self):
        """The chart as SVG text. Errors: ValueError before the first mark."""
        return chart(self.lives)

    @property
    def widget(self):
        """The chart as a widget that follows the loop; its `chosen` is the number of the mark that is looked at."""
        if self._widget is None:
            from viz.lifewidget import LifeWidget

            self._widget = LifeWidget()
            self._draw()
        return self._widget

    def __repr__(self):
        return f"Lifetime({self.verdict()})"

    def _repr_mimebundle_(self, **options):
        data, metadata = self.widget._repr_mimebundle_(**options)
        data["text/plain"] = self.text()  # for a front end that cannot run the widget
        if self.marks:
            picture = self.svg()
            data["image/svg+xml"] = by_night(picture)
            data["text/html"] = still(picture, self.verdict(), self.text(), "Chart")
        return data, metadata

    # ---- looking

    def _mark(self, name):
        alive = self._nodes.alive()
        earlier = {id(node): turn for node, turn in alive if turn < self._turn}
        held = _holders(alive, earlier, names.learner_frame()) if earlier else ()
        self.marks.append(Mark(str(name or self._turn), len(alive), len(earlier), _kept(node for node, _ in alive),
                               len({turn for _, turn in alive}), held))
        self._turn += 1
        if time.perf_counter() - self._drawn_at > PAUSE:
            self._draw()

    def _draw(self):
        if self._widget is not None:
            self._widget.show(self.lives)
            self._drawn_at = time.perf_counter()


_ENDS = {"backward": events.BackwardEnded, "step": events.Stepped, None: None}


def _kept(nodes):
    """How many bytes these nodes keep for backward; memory that several keep counts once."""
    pieces = set()
    for node in nodes:
        for array in node.kept_arrays().values():
            if getattr(array, "nbytes", 0) and not isinstance(array, np.generic):
                owner = memory.owner(array)
                pieces.add((id(owner), *span(array, owner)))
    return union(pieces)


def _holders(alive, earlier, frame):
    """A Holder for each name that leads to nodes of earlier turns, and one for those that no name leads to."""
    reached, free, by_things = {}, dict(earlier), {}
    for name, thing in holders.found(frame):
        node = thing if isinstance(thing, Node) else thing.grad_fn
        if node is not None and id(node) not in reached:
            reached[id(node)] = _behind(node, earlier)
        if node is not None and reached[id(node)]:
            by_things.setdefault(id(node), []).append(name)
            for number in reached[id(node)]:
                free.pop(number, None)
    made = _together(by_things, reached, earlier)
    if free:
        made.append(Holder(None, len(free), tuple(sorted(set(free.values())))))
    return tuple(made)


def _together(by_things, reached, earlier):
    """Holders by name; places of one list become one name."""
    nodes_of, made = {}, []
    for thing, found in by_things.items():
        for name in found:
            nodes_of[name] = nodes_of.get(name, set()) | reached[thing]
    for name, parts in holders.together(nodes_of):
        nodes = set().union(*(nodes_of[part] for part in parts))
        made.append(Holder(name, len(nodes), tuple(sorted({earlier[number] for number in nodes}))))
    return made


def _behind(node, wanted):
    """The nodes among `wanted` (by id) that this one keeps alive, itself among them."""
    found, seen, waiting = set(), {id(node)}, [node]
    while waiting:
        node = waiting.pop()
        if id(node) in wanted:
            found.add(id(node))
        for parent in getattr(node, "parents", ()):
            if parent is not None and id(parent) not in seen:
                seen.add(id(parent))
                waiting.append(parent)
    return found
