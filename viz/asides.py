"""What two graphs have beside their values and steps: doors to Python, and the ghosts of arms that were not taken.
Which of them are the same one, and which only one of the two graphs has.
"""

from dataclasses import dataclass, replace

from viz import boundaries, text, words


@dataclass(frozen=True, slots=True)
class Aside:
    """A door or a ghost of one graph or both. kind: "door" or "ghost". mark: "added", "gone" or "". name: in words.
    was, now: what it gave before and after, "" where it is not. keys: before and after, None where it is not; of a door
    (id of the value, title), of a ghost its place among the arms of the graph."""

    kind: str
    mark: str
    name: str
    was: str
    now: str
    keys: tuple

    def told(self):
        """The line of it in a list of differences; "" where nothing differs."""
        if self.mark:
            return f"{self.mark}: {self.kind} {self.name}"
        return f"value: {self.kind} {self.name}: {self.was} -> {self.now}" if self.was != self.now else ""


def asides(before, after, pairs):
    """The Asides of two graphs, doors first. pairs: (id before, id after) of the values that are the same."""
    place = _read_only(before, after, dict(pairs))
    found = [*_both(_doors(before), _doors(after), lambda key: (place.get(key[0]), key[1]))]
    places = [list(side) for side in map(_ghosts, (before, after))]
    for aside in _both(_ghosts(before), _ghosts(after), lambda key: key):
        found.append(replace(aside, keys=tuple(None if key is None else side.index(key)
                                               for side, key in zip(places, aside.keys, strict=True))))
    return found


def _read_only(before, after, place):
    """The same pairs and those of values that were read and never used: no part of the graph, they go by their names.
    """
    olds, news = ({}, {})
    for graph, known, named in ((before, set(place), olds), (after, set(place.values()), news)):
        for value in boundaries.by_value(graph):
            name = graph.values[value].name
            if value not in known:
                named[name, sum(other == name for other, _ in named)] = value
    return place | {value: news[name] for name, value in olds.items() if name in news}


def counted(found):
    """How many were added and are gone, as parts of a summary: `1 door gone`."""
    kinds = [(aside.kind, aside.mark) for aside in found if aside.mark]
    return [f"{text.plural(kinds.count(one), one[0])} {one[1]}" for one in dict.fromkeys(kinds)]


def _both(olds, news, moved):
    """olds, news: key -> (kind, name, what it gave). moved: the key after of a key before."""
    left = dict(news)
    for key, (kind, name, gave) in olds.items():
        new = moved(key)
        same = left.pop(new, None)
        yield (Aside(kind, "", same[1], gave, same[2], (key, new)) if same
               else Aside(kind, "gone", name, gave, "", (key, None)))
    for key, (kind, name, gave) in left.items():
        yield Aside(kind, "added", name, "", gave, (None, key))


def _doors(graph):
    found = {}
    for value, places in boundaries.by_value(graph).items():
        for escape in boundaries.escapes(graph, places):
            name = f"{escape.title} of {words.value_name(graph, value, 24)}"
            found[value, escape.title] = "door", name, boundaries.gave(graph, escape.reads).removeprefix("= ")
    return found


def _ghosts(graph):
    """The key of a ghost is the text of its branch, its own, and the how-manieth of these it is."""
    found, state = {}, "lost" if graph.captured else "not taken"
    for arm in graph.untaken:
        key = arm.test.text, arm.source.text
        key = (*key, sum(other[:2] == key for other in found))
        found[key] = "ghost", text.clean(arm.source.text, 60), state
    return found
