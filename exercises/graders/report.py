"""What a learner is shown: expected properties, one finding with its code and hints, and the marked drawing.

`str(report)` is stable text; in a notebook the same stands beside the drawing. A report never contains the answer.
"""

import re
from dataclasses import dataclass, field
from html import escape

from exercises.graders.beliefs import mistake
from exercises.graders.drawing import MARK, marked_svg
from viz import text
from viz.graph import Graph, Source

GRADES = {"V": "values", "G": "gradients", "S": "structure"}
RIGHT, WRONG = "✓", "✗"


def _ink(colour):
    """A colour that can be read on light and on dark: mixed with the theme's own ink."""
    return f"color-mix(in srgb, {colour} 60%, var(--jp-ui-font-color0, #1f2430))"


INK = {"right": _ink("#1a7f4b"), "wrong": _ink(MARK)}
# The drawing is made for white paper. On a dark theme it is turned round, its hues kept.
ON_DARK = ('<style>[data-jp-theme-light="false"] .mg-drawing svg { filter: invert(0.92) hue-rotate(180deg); }</style>')


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that a right answer has. `expected` and `found` are for the learner and give no solution away."""

    grade: str
    expected: str
    found: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """Why an answer is wrong. code: of the misconception, "" where it is none. reason: a word for tests and teachers.

    marks: ids of the values whose nodes are marked in the drawing. source: the learner's line, where there is one.
    """

    code: str
    reason: str
    sentence: str
    hints: tuple
    marks: tuple = ()
    source: Source | None = None


@dataclass(slots=True)
class Report:
    """The outcome of one case. status: "right", "wrong", "not yet" (still to be written) or "not run" (its cell has not
    run; then the title is the name of the function)."""

    title: str
    status: str
    properties: list = field(default_factory=list)
    finding: Finding | None = None
    graph: Graph | None = None
    order: str = ""

    @property
    def answered(self):
        """Whether there was an answer to look at."""
        return self.status in ("right", "wrong")

    def passed(self, grade):
        """Whether everything of this grade ("V", "G", "S") is as it should be."""
        return self.answered and all(item.ok for item in self.properties if item.grade == grade)

    def verdict(self, grade):
        """On one grade: `G gradients: right`, or the first property that does not hold."""
        name = f"{grade} {GRADES[grade]}: "
        if not self.answered:
            return f"{name}not yet" + (f"; {self._first()}" if self.status == "not run" else "")
        missed = [item for item in self.properties if item.grade == grade and not item.ok]
        if not missed:
            return f"{name}right"
        why = f"\n  {mistake(self.finding.code)}" if self.finding and self.finding.code else ""
        return f"{name}not right yet\n  expected: {missed[0].expected}\n  found: {missed[0].found}{why}"

    def hint(self, number=1):
        """Hint 1, 2 or 3; each says more than the one before."""
        if self.finding is None:
            return "There is nothing to hint at." if self.status == "right" else "Write a first version, then check it."
        if number not in (1, 2, 3):
            return "There are three hints: 1, 2 and 3."
        return self.finding.hints[number - 1]

    # Text

    def __str__(self):
        return "\n".join([*self._head(), *self._table(), *self._finding()])

    __repr__ = __str__

    def _head(self):
        if self.status == "not run":
            return [f"not yet: {self._first()}"]
        if self.status == "not yet":  # nothing was tried, so no example is named
            return ["not yet: still to be written"]
        word = f"{RIGHT} right" if self.status == "right" else f"{WRONG} not right yet"
        return [f"{word} | {self.title}"]

    def _first(self):
        return f"first run the cell above that says `def {self.title}`"

    def _table(self):
        if not self.properties or not self.answered:
            return []
        lines = [f"  {RIGHT if item.ok else WRONG} {item.grade}  {item.expected}"
                 + ("" if item.ok else f"; found: {item.found}") for item in self.properties]
        return lines + ([f"  what ran: {self.order}"] if self.order else [])

    def _finding(self):
        if self.finding is None:
            return []
        lines = ["", self._name(), self.finding.sentence]
        if self.finding.source:
            lines.append(f"  your line {self.finding.source.line}: {self.finding.source.text}")
        if self.finding.marks:
            lines.append("  marked in the graph: " + ", ".join(self._marked()))
        return [*lines, f"  Hint 1 of 3: {self.finding.hints[0]}"]

    def _name(self):
        code = self.finding.code
        return mistake(code) if code else "This needs another look:"

    def _marked(self):
        names = []
        for mark in self.finding.marks:
            value = self.graph.values[mark]
            if value.producer is None:
                names.append(text.clean(value.name or value.role, 30))
            else:
                names.append(f"#{value.producer + 1} {self.graph.steps[value.producer].op}")
        return names

    # Notebook

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": self.html()}

    def html(self):
        """The report with the drawing; it stands alone, also in nbgrader's feedback."""
        ink = INK.get(self.status, "var(--jp-ui-font-color1, #5c626b)")
        frame = f"border:1px solid var(--jp-border-color1, #c4c4c4);border-left:5px solid {ink}"
        parts = [f'<div style="{frame};padding:8px 14px;line-height:1.5">',
                 f'<div style="font-weight:700;color:{ink}">{_prose(self._head()[0])}</div>']
        if self._table():
            parts.append(self._html_table())
        if self.finding is not None:
            parts += self._html_finding()
        parts.append(self._picture())
        return "\n".join([*(part for part in parts if part), "</div>"])

    def _html_table(self):
        rows, cell = [], "text-align:left;vertical-align:top;padding:1px 8px"
        for item in self.properties:
            sign, ink = (RIGHT, INK["right"]) if item.ok else (WRONG, INK["wrong"])
            found = "" if item.ok else f"<br><b>found:</b> {_prose(item.found)}"
            rows.append(f'<tr><td style="color:{ink};font-weight:700;{cell}">{sign}</td>'
                        f'<td style="{cell}">{item.grade} {GRADES[item.grade]}</td>'
                        f'<td style="{cell}">{_prose(item.expected)}{found}</td></tr>')
        order = f'<div>what ran: <code>{escape(self.order)}</code></div>' if self.order else ""
        return '<table style="margin:6px 0">' + "".join(rows) + "</table>" + order

    def _html_finding(self):
        found = self.finding
        yield f'<div style="margin-top:8px"><b>{escape(self._name())}</b><br>{_prose(found.sentence)}</div>'
        if found.source:
            yield (f'<div>your line {found.source.line}: <code>{escape(found.source.text)}</code></div>')
        for number, hint in enumerate(found.hints, 1):
            yield (f'<details><summary style="display:list-item;cursor:pointer">Hint {number} of 3</summary>'
                   f"{_prose(hint)}</details>")

    def _picture(self):
        if self.graph is None or not self.graph.steps:
            return ""
        marks = self.finding.marks if self.finding else ()
        flag = f"here: {self.finding.code or 'look'}" if self.finding else ""
        try:
            drawing = marked_svg(self.graph, marks, flag)
            return f'{ON_DARK}<div class="mg-drawing" style="overflow-x:auto;margin-top:8px">{drawing}</div>'
        except ValueError as error:  # too large to draw: the text says it all
            return f"<div>No picture: {escape(str(error))}.</div>"


def _prose(words):
    """Escaped text with `code` as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))
