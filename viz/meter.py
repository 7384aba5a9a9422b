"""`viz.coverage`: run a function on a whole data set and count how often each arm of each branch ran."""

import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from viz import branches, names, svg, text
from viz.outline import table
from viz.still import still

BAR, LEFT, ROW = 180, 16, 22  # px
TITLE, SIZE = 13, 12  # of letters
WIDEST = 64  # letters of a condition
_ELSEWHERE = tuple(str(Path(sysconfig.get_path(name)).resolve())
                   for name in ("stdlib", "platstdlib", "purelib", "platlib"))


@dataclass(slots=True)
class Arm:
    """One arm: its text (None where there is no `else`), its line, for how many inputs it ran, and how often in all."""

    text: str | None
    line: int
    inputs: int = 0
    times: int = 0


@dataclass(slots=True)
class Fork:
    """One branch of the code and its two arms. reached: for how many inputs its condition was asked. chained: an `elif`
    follows, which tells of the other arm."""

    test: str
    line: int
    yes: Arm
    no: Arm
    where: tuple = ()
    reached: int = 0
    chained: bool = False

    def arms(self):
        """The arms to tell of."""
        return [self.yes] if self.chained else [self.yes, self.no]


@dataclass(slots=True)
class Coverage:
    """What `coverage` found. forks: in the order of the code. total: how many inputs there were."""

    name: str
    total: int
    forks: list = field(default_factory=list)

    def never(self):
        """The arms with code in them that no input took."""
        return [arm for fork in self.forks for arm in fork.arms() if _never(arm)]

    def outline(self):
        """A line for each arm: condition, count, and a bar of twenty signs."""
        rows = []
        for fork in self.forks:
            for arm in fork.arms():
                filled = round(20 * arm.inputs / max(1, self.total))
                rows.append([f"line {arm.line}", _shown(arm), f"{arm.inputs} of {self.total}",
                             "█" * filled + "░" * (20 - filled), _note(fork, arm)])
        return "\n".join([self.summary(), *[""] * bool(rows), *table(["", "arm", "inputs", "", ""], rows)[1:]])

    def summary(self):
        """One sentence: "route on 50 inputs: 1 branch, 1 arm never taken"."""
        never = len(self.never())
        found = f"{text.plural(len(self.forks), 'branch')}".replace("branchs", "branches")
        return f"{self.name} on {text.plural(self.total, 'input')}: " + (
            f"{found}, {text.plural(never, 'arm')} never taken" if self.forks else "no branch that could be found ran")

    def plain(self):
        """All of it as a JSON dictionary, for the widget: the summary, and each arm with its numbers and its note."""
        arms = [{"text": _shown(arm), "line": arm.line, "inputs": arm.inputs, "total": self.total,
                 "note": _note(fork, arm).lower(), "never": _never(arm), "first": number == 0}
                for fork in self.forks for number, arm in enumerate(fork.arms())]
        return {"summary": self.summary(), "arms": arms}

    def svg(self):
        """The meter as SVG text: a bar for each arm, how far it is filled, and the words."""
        rows = [arm for fork in self.forks for arm in fork.arms()]
        wide = max([180, *(text.width(_told(arm), SIZE) * (1.1 if _never(arm) else 1) for arm in rows)]) + 16
        width = max(LEFT + wide + BAR + 190, text.width(self.summary(), TITLE) + 2 * LEFT)
        lines = svg.head(self.summary(), width, 44 + ROW * len(rows) + 8 * len(self.forks), svg.FIT)
        lines.append(svg.words(LEFT, 24, self.summary(), TITLE, fill=svg.INK, weight=600, anchor="start"))
        y = 44
        for fork in self.forks:
            for arm in fork.arms():
                lines += _bar(fork, arm, self.total, LEFT + wide, y)
                y += ROW
            y += 0 if fork.chained else 8
        return "\n".join([*lines, "</svg>\n"])

    def __str__(self):
        return self.outline()

    def __repr__(self):
        return f"<Coverage: {self.summary()}>"

    @property
    def widget(self):
        """A new widget of the meter."""
        from viz.meterwidget import MeterWidget

        return MeterWidget(meter=self.plain())

    def _repr_mimebundle_(self, **options):
        # A front end that cannot run the widget shows the picture or the text.
        data, metadata = self.widget._repr_mimebundle_(**options)
        picture, outline = self.svg(), self.outline()
        return data | {"text/plain": outline, "image/svg+xml": picture,
                       "text/html": still(picture, self.summary(), outline, "Meter")}, metadata


def _never(arm):
    """Whether there is code in this arm that no input took."""
    return arm.text is not None and not arm.inputs


def _shown(arm):
    return text.clean(arm.text, WIDEST) if arm.text is not None else "else: go on"


def _told(arm):
    """The same with its line."""
    return f"{_shown(arm)}   (line {arm.line})"


def _note(fork, arm):
    """What is to be said beside the count: never taken, or how often in all where that is more."""
    if not arm.inputs:
        return "NEVER TAKEN" if arm.text is not None and fork.reached else "" if fork.reached else "never asked"
    return f"{arm.times:,} times" if arm.times > arm.inputs else ""


def _bar(fork, arm, total, x, y):
    """The words of one arm, its bar, and its count."""
    never, note = _never(arm), _note(fork, arm).lower()
    yield svg.words(LEFT, y + 11, _told(arm), SIZE, fill=svg.WARN if never else svg.INK, anchor="start",
                    weight=600 if never else 400)
    yield svg.rect(x, y, BAR, 14, 3, f'fill="{svg.PAPER}" stroke="{svg.WARN if never else svg.QUIET}"'
                   + (' stroke-dasharray="4 3"' if never else ""))
    if arm.inputs:
        yield svg.rect(x, y, max(3, BAR * arm.inputs / total), 14, 3, f'fill="{svg.KIND_BORDERS["elementwise"]}"')
    told = f"{arm.inputs} of {total}" + f", {note}" * bool(note)
    yield svg.words(x + BAR + 10, y + 11, told, SIZE, fill=svg.WARN if never else svg.INK, anchor="start",
                    weight=600 if never else 400)


def coverage(function, inputs):
    """Run `function` on each of the inputs and say for each branch in the learner's code for how many each arm ran.

    An input that is a tuple is given as several arguments. Branches are `if`, `elif` and `a if b else c` in the
    function and in whatever code of the learner's it calls; libraries are left out. An error of the function ends the
    run and comes up as it is. Errors: TypeError when the function cannot be called, or the inputs not gone through.

    >>> def sign(x):
    ...     return 1 if x > 0 else -1
    >>> coverage(sign, [])
    <Coverage: sign on 0 inputs: no branch that could be found ran>
    """
    if not callable(function):
        raise TypeError(f"coverage() takes a function and its inputs, not an object of type {type(function).__name__}")
    try:
        every = list(inputs)
    except TypeError:
        raise TypeError("coverage() goes through its inputs one by one: give a list of them, not an object of type "
                        f"{type(inputs).__name__}") from None
    tracer, before = _Tracer(), sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 tells of no instructions unless some frame has asked before
    for one in every:
        sys.settrace(tracer.call)
        try:
            function(*one) if isinstance(one, tuple) else function(one)
        finally:
            sys.settrace(before)
        tracer.next_input()
    name = text.clean(getattr(function, "__name__", type(function).__name__), 40)
    return Coverage(name, len(every), sorted(tracer.forks.values(), key=lambda fork: fork.where))


@dataclass(frozen=True, slots=True, eq=False)
class _Ask:
    """A condition in a code object: where its instructions and those of its first arm stand."""

    key: tuple
    offsets: frozenset
    yes: frozenset
    first: int


class _Tracer:
    """Follows the learner's code by instructions: the one that comes after a condition is in the arm that runs."""

    def __init__(self):
        self.forks = {}  # (file, span of the condition) -> Fork
        self.tables = {}  # id of code -> (code, where its instructions stand, for those of branches)
        self.taken = set()  # (fork, arm) of the input that runs
        self.files = {}

    def call(self, frame, event, argument):
        """The trace function of a new frame."""
        code = frame.f_code
        table = self.tables.get(id(code))
        if table is None:
            table = self.tables[id(code)] = code, self._table(code)
        if not table[1]:
            return None
        frame.f_trace = step = _Frame(self, table[1]).step  # Python 3.13 wants this before it is asked for instructions
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return step

    def _table(self, code):
        """Offset of an instruction -> the conditions that it belongs to."""
        if _library(code.co_filename):
            return {}
        found, asks = branches.of_code(code), {}
        self.files.setdefault(code.co_filename, len(self.files))
        positions = list(code.co_positions())
        for branch in found:
            seen = [number * 2 for number, position in enumerate(positions) if branches.inside(position, branch.span)]
            arms = [way is None or any(branches.inside(position, way.span) for position in positions)
                    for way in (branch.yes, branch.no)]
            if seen and all(arms) and branches.clear(branch):  # the compiler leaves out what can never run
                key = code.co_filename, branch.span
                self.forks.setdefault(key, self._fork(code.co_filename, branch))
                yes = frozenset(number * 2 for number, position in enumerate(positions)
                                if branches.inside(position, branch.yes.span))
                jumps = [number * 2 for number, position in enumerate(positions) if position == branch.whole]
                ask = _Ask(key, frozenset([*seen, *jumps]), yes, min(seen))
                for offset in seen:  # a condition can stand in a condition: the outer one comes first
                    asks.setdefault(offset, []).append(ask)
        return asks

    def _fork(self, file, branch):
        yes, no = branch.yes, branch.no
        return Fork(branch.text, branch.line, Arm(yes.text, yes.line),
                    Arm(no.text, no.line) if no else Arm(None, branch.line), (self.files[file], branch.span),
                    chained=no is not None and no.chained)

    def took(self, key, first):
        """A branch has gone into its first arm, or into the other."""
        fork = self.forks[key]
        arm = fork.yes if first else fork.no
        arm.times += 1
        arm.inputs += (key, first) not in self.taken
        fork.reached += not {(key, True), (key, False)} & self.taken
        self.taken.add((key, first))

    def next_input(self):
        """One input is done."""
        self.taken.clear()


class _Frame:
    """One call of a function: the conditions that are being asked, inner ones last."""

    def __init__(self, tracer, asks):
        self.tracer, self.asks, self.asked = tracer, asks, []

    def step(self, frame, event, argument):
        """An instruction of this frame is next; or what was asked has failed, and has no answer."""
        if event == "exception":
            self.asked.clear()
        elif event == "opcode":
            at = frame.f_lasti
            while self.asked and (at not in self.asked[-1].offsets or at == self.asked[-1].first):
                ask = self.asked.pop()
                self.tracer.took(ask.key, at in ask.yes)
            self.asked += [ask for ask in self.asks.get(at, ()) if ask not in self.asked]
        return self.step


@cache
def _library(file):
    """Whether a file is none of the learner's: of this project's machinery, of Python, or installed."""
    return file.startswith((*names._INSIDE, *_ELSEWHERE, "<frozen", "<string>")) or "site-packages" in file
