"""Graph and picture -> what each moment of the run adds to the picture, as plain JSON for the stepper and for pages.

The picture as it is after moment k is the scene with the first k + 1 of these laid over it, one after the other; the
first one is what was given. So a step in either direction is a sum over a list, and needs nobody to be asked.
"""

import itertools
from collections import Counter

from viz import ledger, seen, stepping, text, words
from viz.graph import Number, covered
from viz.picture import LABEL, SUBTITLE, TAG

ROW = 17  # px of a row of tags
AROUND = 2  # lines of a script that are shown before and after those that ran
BESIDE = 44  # px beside the words of a shut box
LATER = "grad", "no gradient"  # tags that tell of what has come back, or has not


def moments(view, shown):
    """One dictionary for the start and for each moment of `stepping.steps`. view: what is seen of the graph, by
    `viz.seen`; shown: the Picture of it.

    what, words: the moment and its caption. now: the key of the box it is about. nodes, edges: keys that are solid from
    now on; flows: keys of edges with the words beside the arrow that runs back along them from now on; again: another
    backward begins, and the flows of the one before are gone. tags, grads, ledger: by the key of a box, what they are
    from now on. rows: name and words of what is to be known. line, called: script, line and text of the op and of the
    call of backward. kept: bytes held for backward. details, under: by the key of a shut box, its rows and the line
    below its title from now on.
    """
    return _Telling(view, shown).all()


def make_room(shown, told):
    """Have room kept in a Picture for everything that its moments will write into it."""
    lines, rows, under, widths = {}, {}, {}, {}
    for moment in told:
        for key, said in moment["flows"].items():
            lines.setdefault(key, []).append(said)
        for key, tags in moment["tags"].items():
            rows[key] = max(rows.get(key, 0), len(tags))
            widths[key] = max([widths.get(key, 0), *(text.width(tag, TAG) + 14 for tag in tags)])
        under.update({key: max(under.get(key, ""), line, key=len) for key, line in moment["under"].items()})
    for edge in shown.edges:
        columns = itertools.zip_longest(*lines.get(edge.key, ()), fillvalue="")
        edge.room = tuple(max(column, key=lambda line: text.width(line, LABEL)) for column in columns)
    for node in shown.nodes:
        node.room = ROW / 2 * max(0, rows.get(node.key, 0) - 1)
        node.w = max(node.w, round(widths.get(node.key, 0)))
        if node.key in under:
            node.w = max(node.w, round(text.width(under[node.key], SUBTITLE)) + BESIDE)


def scripts(graph):
    """For each script that ran (first line, lines): from a little before what ran to a little after it."""
    ran = {}
    for part in (*graph.steps, *graph.history):
        source = getattr(part, "source", None)
        if source is not None and source.script is not None:
            ran.setdefault(source.script, []).append(source.line)
    return [_part(script.splitlines(), ran.get(number)) for number, script in enumerate(graph.scripts)]


def _part(lines, ran):
    if not ran:
        return [1, []]
    first = max(1, min(ran) - AROUND)
    return [first, [line.rstrip() for line in lines[first - 1:max(ran) + AROUND]]]


class _Telling:
    """The moments one after the other, and what holds between them."""

    def __init__(self, view, shown):
        graph = self.graph = view.graph
        self.steps = stepping.steps(graph)
        self.edges = {edge.key for edge in shown.edges}
        given = [value.id for value in graph.sources() if value.id not in view.within]
        keys = [node.key for node in shown.nodes]
        self.key = dict(zip(given, keys, strict=False))  # value id -> key of the box that shows it
        self.key |= {step.output: keys[len(given) + view.owner[step.id]] for step in graph.steps}
        self.key |= {value: keys[len(given) + place] for value, place in view.within.items()}
        self.single = {node.key for node in shown.nodes if node.box is None}
        self.boxes = {node.key: node for node in shown.nodes if node.box is not None}
        self.badges = {node.key: node.badges for node in shown.nodes}
        self.used, self.done = graph.consumers(), 0  # how many steps have run
        self.ends = {}  # key of a box -> keys of its output marker and of the arrow to it
        for edge in shown.edges:
            if shown.nodes[edge.head].kind == "output":
                self.ends[keys[edge.tail]] = keys[edge.head], edge.key
        self.kept, self.pills, self.adds, self.called = {}, {}, {}, None
        self.books = {}  # value id -> what its ledger tells of each entry
        self.spans, self.bytes = {}, 0  # number of a memory -> what is kept of it, and how often

    def all(self):
        """The whole list."""
        sources = [self.key[value.id] for value in self.graph.sources() if self.key[value.id] in self.single]
        names = ", ".join(words.value_name(self.graph, value.id) for value in self.graph.sources()) or "nothing"
        start = self._frame("given", f"given: {text.clean(names, 120)}", None)
        start |= {"nodes": sources, "tags": {key: self._lasting(key) for key in self.badges}}
        for key in self.boxes:
            self._tell_of_box(start, key)
        return [start, *[self._moment(moment, number == len(self.steps))
                         for number, moment in enumerate(self.steps, 1)]]

    def _frame(self, what, told, now):
        return {"what": what, "words": told, "now": now, "nodes": [], "edges": [], "flows": {}, "tags": {}, "grads": {},
                "ledger": {}, "details": {}, "under": {}, "rows": [], "line": None, "called": None, "kept": 0,
                "again": False}

    def _moment(self, moment, last):
        changed = {moment.value, *(value for value, _ in moment.counts), *(self.pills if moment.again else ())}
        self.pills = {} if moment.again else self.pills
        for value, count in moment.counts:
            self.pills[value] = f"waits for {count}" if count else "ready"
            if count is None:
                del self.pills[value]
        told = getattr(self, f"_{moment.what}")(moment)
        called = moment.called or told.pop("by", None)
        frame = self._frame(moment.what, moment.caption, self.key[moment.value]) | told
        frame |= {"line": _place(moment.source), "called": _place(called), "kept": self.bytes}
        frame["tags"] = {self.key[value]: self._tags(value) for value in sorted(changed)
                         if self.key[value] in self.single}
        if frame["now"] in self.boxes:
            self._tell_of_box(frame, frame["now"])
            if moment.what == "grad":
                frame["tags"][frame["now"]] = self._tags_of_box(frame["now"])
        if last:
            frame["tags"] |= {key: tags for key, tags in self.badges.items()
                              if any(tag.startswith("no gradient") for tag in tags)}
        return frame

    # ---- one function for each kind of moment

    def _forward(self, moment):
        step = self.graph.steps[self.graph.values[moment.value].producer]
        key, value = self.key[moment.value], self.graph.values[moment.value]
        self.done = step.id + 1
        if step.saved:
            self._keep(step, 1)
        edges = [edge for position, source in enumerate(step.inputs) if not isinstance(source, Number)
                 if (edge := self._edge(source, key, position))]
        rows = [["op", f"{words.op_title(step)} of {words.inputs(self.graph, step)}"],
                ["result", value.data.short() if value.data else text.shape(value.shape)],
                ["keeps", self._saved(step) if step.saved else "" if step.recorded else "nothing: not recorded"],
                ["not recorded", "" if step.recorded else words.why(step)]]
        end = self.ends.get(key, ())
        return {"nodes": [key, *end[:1]], "edges": [*edges, *end[1:]], "rows": [row for row in rows if row[1]]}

    def _backward(self, moment):
        visit = self.graph.history[moment.place]
        step, key = self.graph.steps[visit.step], self.key[moment.value]
        self.called, flows = visit.source, {}
        rows = [["gets", visit.gradient.short()]]
        for sent in moment.sent:
            edge = self._edge(sent.value, key, sent.position)
            if edge:
                flows[edge] = [f"← {sent.brief}", *([f"Σ {sent.summed}"] if sent.summed else [])]
            way = " = ".join(filter(None, [sent.rule, sent.filled]))
            way = ", ".join(filter(None, [way, sent.summed]))
            rows.append([f"to {words.value_name(self.graph, sent.value, 24)}",
                         f"{way} = {sent.gradient}" if way else sent.gradient])
        if moment.frees and step.saved:
            rows.append(["lets go of", self._saved(step)])
            self._keep(step, -1)
        grads = {key: visit.gradient.long()} if key in self.single else {}
        return {"again": moment.again, "flows": flows, "rows": rows, "grads": grads}

    def _grad(self, moment):
        booking, graph = self.graph.history[moment.place], self.graph
        entries, key = graph.ledger[booking.value][:booking.entry + 1], self.key[booking.value]
        entry = entries[-1]
        if entry.what in ("add", "zero"):
            self.adds[booking.value] = self.adds.get(booking.value, 0) + 1 if entry.what == "add" else 0
        rows = [["ledger" if number == 0 else "", words.entry(line)] for number, line in enumerate(entries)]
        told = {"rows": rows, "by": self.called if entry.what == "add" else None}
        if key in self.single:
            if booking.value not in self.books:
                self.books[booking.value] = ledger.by_entry(graph, booking.value)
            told["ledger"] = {key: ledger.in_lines(self.books[booking.value][:booking.entry + 1])}
            if entry.what != "step":
                told["grads"] = {key: entry.total.long() if entry.total else None}
        return told

    # ---- words and keys

    def _tags(self, value):
        """The tags of the box of this value, as they are now."""
        step, tags = self.graph.values[value].producer, self._lasting(self.key[value])
        if step in self.kept:
            names = ", ".join(dict.fromkeys(words.saved_name(self.graph, self.graph.steps[step], item)
                                            for item in self.graph.steps[step].saved))
            tags.append(f"{'keeps' if self.kept[step] else 'freed'} {names}")
        if value in self.pills:
            tags.append(self.pills[value])
        elif value in self.adds:
            count = self.adds[value]
            tags.append("grad cleared" if not count else "grad" if count == 1 else f"grad, {count} adds")
        return tags

    def _tags_of_box(self, key):
        """The tags of a shut box, with how many of the leaves inside have a gradient by now."""
        inside = [value for value in self.graph.sources() if self.key[value.id] == key and value.wants_gradient]
        have = sum(bool(self.adds.get(value.id)) for value in inside)
        return [*([f"grad on {have} of {len(inside)}"] if have else []), *self._lasting(key)]

    def _tell_of_box(self, frame, key):
        """What is to be said of a shut box, as it is now."""
        node = self.boxes[key]
        now = seen.Now(self.done, frozenset(step for step, kept in self.kept.items() if kept),
                       frozenset(value for value, count in self.adds.items() if count))
        rows = seen.rows(self.graph, node.box, node.sources, self.used, now)
        frame["details"][key] = [list(row) for row in rows]
        frame["under"][key] = seen.subtitle(self.graph, node.box, now)

    def _lasting(self, key):
        return [tag for tag in self.badges[key] if not tag.startswith(LATER)]

    def _edge(self, source, key, position):
        """The key of the arrow from a value to this box; None where there is none, as inside a shut box."""
        way = f"{self.key[source]}>{key}"
        return next((edge for edge in (f"{way}:{position}", way) if edge in self.edges), None)

    def _saved(self, step):
        return ", ".join(dict.fromkeys(
            f"{words.saved_name(self.graph, step, item)} {text.shape(item.shape)} {item.nbytes} bytes"
            for item in step.saved))

    def _keep(self, step, more):
        """The step keeps what it saves (1), or lets it go (-1). Memory that several steps keep counts once."""
        self.kept[step.id] = more > 0
        for item in step.saved:
            if item.buffer is not None:
                spans = self.spans.setdefault(item.buffer, Counter())
                self.bytes -= covered(+spans)
                spans[tuple(item.span)] += more
                self.bytes += covered(+spans)


def _place(source):
    return None if source is None else [source.script, source.line, text.clean(source.text, 200)]
