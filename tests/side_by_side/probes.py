"""What a learner must be able to see, asked of each tool: a small program is drawn, and its picture is read.

A probe makes a module with `m`, says how many backward passes come before the picture, and what has to be readable
then. So the table says what was found in a picture, not what a manual promises.
"""

import html
import re
from dataclasses import dataclass


def words(svg):
    """What can be read in a picture: the text between the tags, of a page also that of its data."""
    bare = re.sub(r"<(style|title)[^>]*>.*?</\1>", " ", svg, flags=re.S)
    data = " ".join(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', svg, flags=re.S))
    bare = re.sub(r"<script.*?</script>", " ", bare, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", bare)) + data.encode().decode("unicode_escape")


@dataclass(frozen=True)
class Probe:
    """A question, the forward that is drawn, and what the answer looks like in words."""

    question: str
    forward: object
    found: str
    backwards: int = 0


def _square(m, self, x):
    return x * x


def _without_recording(m, self, x):
    with m.no_grad():
        kept = m.exp(x)
    return kept * self.weight


def _detached(m, self, x):
    return x.detach() * self.weight


def _left(m, self, x):
    return x * x.sum().item() * self.weight


def _named(m, self, x):
    speed = x * 2
    return speed * self.weight


def _branch(m, self, x):
    if x.sum() > 1e9:
        return self.other * x
    return self.weight * x


def _broadcast(m, self, x):
    return (x + m.ones(4, 1)) * self.weight


PROBES = [
    Probe("the shape of what flows", _broadcast, r"4[, ×x]+1"),
    Probe("values (35.25 squared is 1242.5625)", _square, r"1\.?24[23]"),
    Probe("the gradient after backward (70.5)", _square, r"70\.5", 1),
    Probe("a gradient that has grown in two backwards (141)", _square, r"141", 2),
    Probe("names of the learner's variables", _named, r"\bspeed\b"),
    Probe("the line of the learner's code", _named, r"speed = x \* 2"),
    Probe("an op under no_grad", _without_recording, r"(?i)\bexp"),
    Probe("that no_grad is why it is not recorded", _without_recording, r"(?i)no_grad"),
    Probe("where detach cuts", _detached, r"(?i)detach"),
    Probe("a value that left by item()", _left, r"(?i)item|escape"),
    Probe("what is saved for backward, in bytes", _square, r"(?i)saved[^<]*\d+ ?b"),
    Probe("that backward has freed it", _square, r"(?i)freed", 1),
    Probe("the branch that was not taken", _branch, r"(?i)not taken|untaken"),
    Probe("a parameter without a gradient, said as None", _branch, r"(?i)\bnone\b|no gradient", 1),
]


def ask(tool, library, probe):
    """Whether the tool's picture of the probe's program answers its question. Errors come out as they are."""
    m = library

    class Program(m.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = m.nn.Parameter(m.tensor([2.0]))
            self.other = m.nn.Parameter(m.tensor([3.0]))

        def forward(self, x):
            return probe.forward(m, self, x)

    x = m.tensor([35.25], requires_grad=True)
    views = tool(Program(), x, probe.backwards)
    return any(re.search(probe.found, words(view)) for view in views.values())
