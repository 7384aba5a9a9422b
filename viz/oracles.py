"""`viz.oracle`: predict what overwriting a value between forward and backward does, and then see it done."""

import traitlets

from viz import text, words
from viz.moments import ROW
from viz.outline import table
from viz.overwriting import OUTCOMES, WAYS, Experiment
from viz.scripts import STATIC, script
from viz.widget import GraphWidget


class Oracle(GraphWidget):
    """The picture of a run, a value to be chosen in it, three ways to overwrite it and three guesses.

    values: [key of its box, name] of what can be overwritten. ways: [way, how it is written]. way: the one that is
    chosen. guess: what the reader last predicted, {"key", "way", "guess"}. answer: what then was seen. tried: for each
    key of a box what was found there, as tags. score: how many predictions were right, and how many there were.
    """

    _esm = script("oracle.js")
    _css = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "oracle.css"))
    values = traitlets.List().tag(sync=True)
    ways = traitlets.List([list(pair) for pair in WAYS.items()]).tag(sync=True)
    way = traitlets.Enum(list(WAYS), "no_grad").tag(sync=True)
    guess = traitlets.Dict().tag(sync=True)
    answer = traitlets.Dict().tag(sync=True)
    tried = traitlets.Dict().tag(sync=True)
    score = traitlets.List([0, 0]).tag(sync=True)

    def __init__(self, experiment, **traits):
        super().__init__(experiment.run, fold=None, **traits)
        self._experiment = experiment
        self._keys = self._boxes()
        self.values = [[self._keys[value], words.value_name(experiment.graph, value)] for value in experiment.values]

    def _prepare(self, view, shown):
        for node in shown.nodes:
            node.room = ROW if node.kind != "output" else 0  # of the tags of three ways, one sits on the border

    def try_(self, value, guess=None, way="no_grad"):
        """Overwrite a value, given by its name, by `#2` as the result of op 2, or by the number of that op, and see: an
        Answer with `outcome`, `reason` and, when something was predicted, `right`.

        guess: "fine", "error" or "silently wrong". way: "no_grad" (`with no_grad(): y.mul_(2)`), "in place"
        (`y.mul_(2)`), or "data" (`y.data.mul_(2)`). Errors: ValueError for any other value, guess or way.

        >>> import minigrad as mg
        >>> asked = oracle(lambda x: x ** 2, mg.tensor([1.0, 3.0], requires_grad=True))
        >>> print(asked.try_("x", guess="fine"))
        with no_grad(): x.mul_(2): error (predicted: fine, wrong). It is kept by pow (#1): backward finds version 1 \
where 0 was kept.
        >>> asked.try_("#1").outcome, asked.try_("x", way="data").outcome
        ('fine', 'silently wrong')
        """
        for given, known, what in ((way, WAYS, "way"), (guess, (None, *OUTCOMES), "guess")):
            if given not in known:
                raise ValueError(f"no {what} {given!r}; it is one of {', '.join(map(repr, filter(None, known)))}")
        return self._answer(self._find(value), way, guess)

    def _answer(self, found, way, guess):
        answer = self._experiment.trial(found, way, guess)
        key = self._keys[found]
        tag = f"{answer.outcome.split()[-1]}: {way}"
        tags = [old for old in self.tried.get(key, ()) if not old.endswith(f": {way}")]
        with self.hold_sync():
            self.error, self.tried = "", self.tried | {key: [*tags, tag]}
            self.answer = {"key": key, "outcome": answer.outcome, "guess": guess, "right": answer.right,
                           "code": answer.code, "reason": answer.reason, "words": str(answer)}
            if guess:
                self.score = [self.score[0] + answer.right, self.score[1] + 1]
        return answer

    def answers(self):
        """Try every value in every way and print what comes of it, one line each; nothing is scored.

        >>> import minigrad as mg
        >>> oracle(lambda x: x.exp(), mg.tensor([1.0], requires_grad=True)).answers()
        value  in place  no_grad  data            because
        x      error     fine     fine            No op keeps it: backward has no use for these numbers.
        #1     error     error    silently wrong  It is kept by exp (#1), whose rule is g * y.
        """
        rows = []
        for value in self._experiment.values:
            found = {way: self._experiment.trial(value, way) for way in WAYS}
            why = text.clean(found["data"].reason.partition(": backward uses")[0], 160)
            rows.append([words.value_name(self._experiment.graph, value), *[one.outcome for one in found.values()],
                         why if why.endswith(".") else why + "."])
        print("\n".join(table(["value", *WAYS, "because"], rows)))

    def text(self):
        """The widget as plain text: the last answer, then the outline."""
        return "\n\n".join(part for part in (self.answer.get("words", ""), super().text()) if part)

    def __repr__(self):
        return f"Oracle({len(self.values)} values; {self.score[0]} of {self.score[1]} predictions right)"

    @traitlets.observe("guess")
    def _asked(self, change):
        asked = change.new
        try:
            value = next(value for value in self._experiment.values if self._keys[value] == asked["key"])
            self._answer(value, asked["way"], asked["guess"])
        except Exception as error:  # of the reader's own function: it has to be seen in the widget
            self.error = f"{type(error).__name__}: {text.clean(error, 300)}"

    def _boxes(self):
        """Value id -> key of its box: what was given, then the ops, stand first in a picture that is not folded."""
        graph, keys = self._experiment.graph, [node["key"] for node in self.scene["nodes"]]
        made = [*graph.sources(), *(graph.values[step.output] for step in graph.steps)]
        return {value.id: key for value, key in zip(made, keys or map(str, range(len(made))), strict=False)}

    def _find(self, what):
        graph = self._experiment.graph
        for value in self._experiment.values:
            name = words.value_name(graph, value)
            number = (graph.values[value].producer or 0) + 1
            if what in (name, graph.values[value].name) or (name[0] == "#" and what in (number, f"#{number}")):
                return value
        known = ", ".join(words.value_name(graph, value) for value in self._experiment.values)
        raise ValueError(f"no value {what!r} that could be overwritten; there are: {known}")


def oracle(function, *args, **kwargs):
    """An Oracle for what `function(*args, **kwargs)` runs, to be shown in a notebook; `Oracle.try_` asks it from code.
    Each try runs the function again, on copies of the tensors.

    Errors: ValueError when nothing that it returns requires a gradient.
    """
    return Oracle(Experiment(function, args, kwargs))
