"""How long graphs live, turn by turn: plain data, and its table and chart. Nothing in here refers to a tensor.

>>> lives = Lives([Mark("1", 3, 0, 16, 1), Mark("2", 6, 3, 16, 2, (Holder("total", 3, (1,)),))])
>>> print(lives.table())
turn  live nodes              of earlier turns  saved bytes  held by
1     ##########           3                    16 B
2     #################### 6  3                 16 B         total (turn 1)
"""

from dataclasses import dataclass, field

from viz import text
from viz.outline import table

BAR = 20  # characters of the longest bar
SHOWN = 4  # holders in one line


@dataclass(frozen=True, slots=True)
class Holder:
    """A name that keeps nodes of earlier turns alive. name: None for those that no name leads to.
    turns: which turns they were made in."""

    name: str | None
    nodes: int
    turns: tuple = ()

    def told(self):
        """`total (turns 1 to 3)`."""
        name = text.clean(self.name, 40) if self.name else "something without a name here"
        return f"{name} ({_turns(self.turns)})"


@dataclass(frozen=True, slots=True)
class Mark:
    """The moment at the end of a turn. nodes: recorded ops that are alive. earlier: how many of them are of turns
    before this one. nbytes: what they keep for backward. graphs: how many turns have a node that is alive."""

    name: str
    nodes: int
    earlier: int
    nbytes: int
    graphs: int
    holders: tuple = ()


@dataclass(slots=True)
class Lives:
    """The marks of a run, in order."""

    marks: list = field(default_factory=list)

    def most_graphs(self):
        """From how many turns nodes were alive at once, at most: 1 where no graph outlives its turn."""
        return max((mark.graphs for mark in self.marks), default=0)

    def grows(self):
        """Whether ever more turns were alive, to the end: graphs that are kept turn after turn, and never let go."""
        counts = [mark.graphs for mark in self.marks]
        return len(counts) > 2 and counts[-1] > 2 and counts == sorted(counts) and counts[-1] > counts[len(counts) // 2]

    def names(self):
        """The names that hold nodes of earlier turns at the last mark."""
        return [holder.name for holder in self.marks[-1].holders if holder.name] if self.marks else []

    def verdict(self):
        """One sentence."""
        if not self.marks:
            return "Nothing is marked yet."
        last, held = self.marks[-1], ", ".join(self.names()) or "something without a name here"
        if self.grows():
            return (f"Rising: {last.graphs} turns are alive at once, {text.plural(last.nodes, 'node')}. "
                    f"Held by {text.clean(held, 80)}.")
        if self.most_graphs() > 1:
            return f"At most {self.most_graphs()} turns are alive at once." + (f" Held by {text.clean(held, 80)}."
                                                                              if last.holders else "")
        return f"Flat: no graph outlives its turn, at most {text.plural(max(m.nodes for m in self.marks), 'node')}."

    def table(self):
        """A line for each mark, with a bar for its live nodes."""
        longest = max((mark.nodes for mark in self.marks), default=0) or 1
        width = max((len(f"{mark.nodes:,}") for mark in self.marks), default=1)
        rows = []
        for mark in self.marks:
            bar = "#" * -(-mark.nodes * BAR // longest)
            held = [holder.told() for holder in mark.holders[:SHOWN]]
            held += [f"{len(mark.holders) - SHOWN} more"] if len(mark.holders) > SHOWN else []
            rows.append([mark.name, f"{bar:<{BAR}} {mark.nodes:>{width},}", f"{mark.earlier:,}" if mark.earlier else "",
                         text.nbytes(mark.nbytes) if mark.nbytes else "", ", ".join(held)])
        return "\n".join(table(["turn", "live nodes", "of earlier turns", "saved bytes", "held by"], rows))


def _turns(turns):
    if len(turns) == 1:
        return f"turn {turns[0]}"
    if turns == tuple(range(turns[0], turns[-1] + 1)):
        return f"turns {turns[0]} to {turns[-1]}"
    return f"{len(turns)} turns"
