"""Which nodes of two recorded graphs are the same one.

Nodes are found by structure, from strong evidence to weak: made alike and used alike; made alike; used alike; run by
the same line in the same turn. First comes what is unique on both sides; then the neighbours of what was found, so that
a choice between look-alikes falls by what they hang on; then look-alikes in order; at last the longest sequence of ops
that both graphs have left. So what was inserted in the middle is all that is found to be new.

Names are no structure. They decide between nodes that are alike in all else, and a given tensor with another name and
other numbers is another tensor, unless all around it is alike.
"""

from collections import defaultdict
from heapq import heapify, heappop, heappush

from viz import canonical

MOST = 4e8  # (ops left over in one graph) x (in the other): up to here their common sequence is looked for, in 50 MB

EXACT = ("made", "used")
KEYS = (EXACT, ("known",), ("loosely_made", "loosely_used", "made"), ("loosely_made", "loosely_used", "used"),
        ("loosely_made", "loosely_used"), ("made",), ("used",), ("placed",), ("loosely_made",), ("loosely_used",))


def match(before, after, digests):
    """Pairs (id before, id after) of the values that are the same, with None for the side that lacks one, in an order
    in which everything comes after what it was made from in either graph.

    digests: of the two graphs; where they are equal, every node has its counterpart. Exchanging the graphs exchanges
    the sides and changes nothing else.

    >>> from viz.graph import Graph
    >>> def made(*ops):
    ...     graph = Graph()
    ...     last = graph.add_value(role="leaf", shape=(), dtype="float32")
    ...     for op in ops:
    ...         last = graph.add_step(op, "elementwise", [last.id], ("a",), shape=(), dtype="float32")
    ...     return graph
    >>> match(made("exp", "tanh", "neg"), made("exp", "neg"), ("0", "1"))
    [(0, 0), (1, 1), (2, None), (3, 2)]
    """
    sides, alike = [_Side(before), _Side(after)], digests[0] == digests[1]
    contents = [repr((graph.steps, graph.values)) for graph in (before, after)] if alike else digests
    turn = slice(None, None, -1 if contents[0] > contents[1] else 1)
    _Matching(*sides[turn], alike).run()  # whichever comes first in the question, the same one is looked at first
    if not alike:
        _ordered(*sides[turn])  # for what it parts
    first, second = sides
    order = [(old, new) for new, old in enumerate(second.partner)] if alike else _ordered(first, second)
    return [(None if old is None else first.ids[old], None if new is None else second.ids[new]) for old, new in order]


class _Side:
    """One of the two graphs: its nodes by their places, the place of the partner of each, and what may make it known:
    lists of texts, None where there is nothing to go by."""

    def __init__(self, graph):
        self.nodes = nodes = canonical.Nodes(graph)
        self.ids, self.partner = nodes.ids, [None] * len(nodes.ids)
        values = [graph.values[node] for node in nodes.ids]
        steps = [None if value.producer is None else graph.steps[value.producer] for value in values]
        self.ops = ["given" if step is None else f"op {step.op}" for step in steps]
        self.name = [value.name for value in values]
        self.number = [value.data.long() if step is None and value.data else None
                       for value, step in zip(values, steps, strict=True)]
        self.known = [name and number and repr((name, number, value.dtype))
                      for name, number, value in zip(self.name, self.number, values, strict=True)]
        self.placed = [step and step.source and repr((step.op, step.module, step.source.text, step.iteration))
                       for step in steps]
        full, bare = ([canonical.hashed(label) for label in labels] for labels in (nodes.labels, self.ops))
        self.made, self.used = nodes.upwards(full), nodes.downwards(full)
        self.loosely_made = [colour if step else None
                             for colour, step in zip(nodes.upwards(bare), steps, strict=True)]
        self.loosely_used = nodes.downwards(bare)
        self.seen_as = [None if step is None else repr((step.op, value.shape, value.dtype))
                        for value, step in zip(values, steps, strict=True)]

    def key(self, names):
        """For each node one key of several kinds of evidence, None where one of them is lacking."""
        columns = [getattr(self, name) for name in names]
        return [None if None in row else row for row in zip(*columns, strict=True)]

    def left(self, key=None):
        """The places without a partner; with a key only those that have one."""
        return [node for node, other in enumerate(self.partner) if other is None and (not key or key[node])]


class _Matching:
    """Gives the nodes of two sides their partners."""

    def __init__(self, first, second, alike):
        self.first, self.second, self.alike = first, second, alike
        self.fresh = []  # pairs whose neighbours were not yet looked at

    def run(self):
        """From strong evidence to weak."""
        keys = [EXACT] if self.alike else KEYS
        for names in keys:
            for olds, news in self.groups(names):
                if len(olds) == len(news) == 1:
                    self.join(*olds, *news)
        self.spread()
        for names in [(*EXACT, "name"), *keys]:
            for olds, news in self.groups(names):
                if names[:2] == EXACT or len(olds) == len(news):
                    self.in_order(olds, news)
        if not self.alike:
            for names in [("seen_as",), ("ops",), ("made",)]:
                self.in_sequence(names)

    def groups(self, names):
        """Lists of the nodes of both sides that have the same key and no partner."""
        found = []
        for side in (self.first, self.second):
            key, groups = side.key(names), defaultdict(list)
            for node in side.left(key):
                groups[key[node]].append(node)
            found.append(groups)
        return [(olds, found[1][key]) for key, olds in found[0].items() if key in found[1]]

    def in_order(self, olds, news):
        """Pair the nodes of two lists in order; each pair may settle later ones."""
        olds, news = iter(olds), iter(news)
        while True:
            old = next((node for node in olds if self.first.partner[node] is None), None)
            new = next((node for node in news if self.second.partner[node] is None), None)
            if old is None or new is None:
                return
            self.join(old, new)
            self.spread()

    def in_sequence(self, names):
        """Pair what is left as the longest sequence of keys that both have."""
        one, other = self.first.key(names), self.second.key(names)
        olds, news = self.first.left(one), self.second.left(other)
        for old, new in common([one[node] for node in olds], [other[node] for node in news]):
            self.join(olds[old], news[new])
        self.spread()

    def join(self, old, new):
        """Make these two the same node, if that can be."""
        first, second = self.first, self.second
        if first.partner[old] is not None or second.partner[new] is not None or first.ops[old] != second.ops[new]:
            return
        exact = first.made[old] == second.made[new] and first.used[old] == second.used[new]
        if exact or not (self.alike or self.contradicted(old, new)):
            first.partner[old], second.partner[new] = new, old
            self.fresh.append((old, new))

    def contradicted(self, old, new):
        """Whether two given tensors have nothing in common: neither the name nor the numbers."""
        pairs = [(getattr(self.first, what)[old], getattr(self.second, what)[new]) for what in ("name", "number")]
        return all(None not in pair and pair[0] != pair[1] for pair in pairs)

    def spread(self):
        """Go from nodes that are the same to their neighbours."""
        while self.fresh:
            old, new = self.fresh.pop()
            self.join_inputs(old, new)
            self.join_consumers(old, new)

    def join_inputs(self, old, new):
        one, other = self.first.nodes, self.second.nodes
        if one.ordered[old]:
            for source, its in zip(one.inputs[old], other.inputs[new], strict=False):
                if source >= 0 and its >= 0:
                    self.join(source, its)
            return
        for evidence in ("made", "loosely_made", "ops"):
            for source in one.inputs[old]:
                for its in other.inputs[new]:
                    if min(source, its) >= 0 and getattr(self.first, evidence)[source] == getattr(
                            self.second, evidence)[its]:
                        self.join(source, its)

    def join_consumers(self, old, new):
        """Those that are the only one of their kind."""
        found = []
        for side, node in ((self.first, old), (self.second, new)):
            kinds = defaultdict(set)
            for user, position in side.nodes.consumers[node]:
                if side.partner[user] is None:
                    kinds[side.ops[user], position].add(user)
            found.append(kinds)
        for kind, users in found[0].items():
            if len(users) == len(found[1].get(kind, ())) == 1:
                self.join(*users, *found[1][kind])


def common(first, second):
    """Pairs of places of a longest common subsequence of two lists; none where that would take too much.

    Bit j of a row is 0 where one more item of `second` up to j helps: all columns are worked out in one addition.

    >>> common("abcxd", "abyycd")
    [(0, 0), (1, 1), (2, 4), (4, 5)]
    """
    if len(first) * len(second) > MOST:
        return []
    where = defaultdict(int)
    for place, item in enumerate(second):
        where[item] |= 1 << place
    row = full = (1 << len(second)) - 1
    rows = [row]
    for item in first:
        new = row & where.get(item, 0)
        row = ((row + new) | (row - new)) & full
        rows.append(row)
    pairs, one, other = [], len(first), len(second)
    while one and other:
        if rows[one] >> (other - 1) & 1:
            other -= 1
        elif not rows[one - 1] >> (other - 1) & 1:
            one -= 1
        else:
            one, other = one - 1, other - 1
            pairs.append((one, other))
    return pairs[::-1]


def _ordered(first, second):
    """All nodes of both sides, (old, new), each after its inputs in either graph. Where two pairs would each have to
    come before the other (as when two ops changed places), one of them is parted: it is gone here and added there."""
    return _Order(first, second).run()


class _Order:
    """Takes nodes as soon as all their inputs are taken, those of the second graph in its own order. A node has the
    number of its place in the second graph; one that only the first graph has comes behind these."""

    def __init__(self, first, second):
        self.first, self.second, self.news = first, second, len(second.ids)
        self.ranks, self.order, self.done = self.wanted(), [], set()
        self.waiting = [sum(source >= 0 for source in inputs) for inputs in second.nodes.inputs] + [0] * len(first.ids)
        for old, inputs in enumerate(first.nodes.inputs):
            self.waiting[self.number(old)] += sum(source >= 0 for source in inputs)
        numbers = [*range(self.news), *(self.number(old) for old, new in enumerate(first.partner) if new is None)]
        self.ready = [(self.ranks[number], number) for number in numbers if not self.waiting[number]]
        heapify(self.ready)

    def wanted(self):
        """Where each node wants to stand: one that is gone behind what ran before it."""
        ranks, last = [(new, 0) for new in range(self.news)], -1
        for old, new in enumerate(self.first.partner):
            last = last if new is None else max(last, new)
            ranks.append((last, old + 1))
        return ranks

    def number(self, old):
        new = self.first.partner[old]
        return self.news + old if new is None else new

    def run(self):
        stuck = 0
        while self.ready or len(self.order) < self.news + self.first.partner.count(None):
            if self.ready:
                _, number = heappop(self.ready)
                self.take(*((number - self.news, None) if number >= self.news
                            else (self.second.partner[number], number)))
                continue
            while stuck in self.done:
                stuck += 1
            new = self.first.partner[stuck]  # all that it is made of before is taken; after, something waits behind it
            self.first.partner[stuck] = self.second.partner[new] = None
            self.take(stuck, None)
        return self.order

    def take(self, old, new):
        self.order.append((old, new))
        users = []
        if new is not None:
            users += [user for user, _ in self.second.nodes.consumers[new]]
        if old is not None:
            self.done.add(old)
            users += [self.number(user) for user, _ in self.first.nodes.consumers[old]]
        for number in users:
            self.waiting[number] -= 1
            if not self.waiting[number]:
                heappush(self.ready, (self.ranks[number], number))
