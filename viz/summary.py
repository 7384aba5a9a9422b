"""What is kept of an array: its numbers, or their range; and how they are told, without what is only rounding."""

import math
from dataclasses import dataclass

from viz import text

NOISE = {"float64": 1e-12, "float32": 1e-6, "float16": 1e-6}  # of the largest number; what is smaller is rounding
KEEP = 64  # arrays with more numbers than this are kept as smallest, mean and largest only


# Not frozen: making a frozen record takes five times as long, and every op makes some.
@dataclass(slots=True)
class Summary:
    """What is kept of an array: all its numbers when there are few, else smallest, mean and largest, and a `sample` of
    at most 2 KEEP numbers, evenly spaced.

    `short` and `long` write numbers that are tiny beside the largest one as 0.0: a millionth of it, in float64 1e-12.
    Such a number is what is left where larger ones cancel, it is as large as the rounding of these, and that differs
    from one machine and one linear algebra library to the next. The fields keep what was computed.

    >>> Summary((2,), "float32", [3e-8, 0.5]).short(), Summary((2,), "float64", [3e-8, 0.5]).short()
    ('[0.0, 0.5]', '[3e-08, 0.5]')
    """

    shape: tuple
    dtype: str
    values: object = None
    low: float | None = None
    mean: float | None = None
    high: float | None = None
    sample: tuple = ()

    @property
    def has_nan(self):
        """Whether some element is not a number."""
        return math.prod(self.shape) > 0 and any(number != number for number in self._range())

    def short(self, limit=6):
        """One line for a table: the numbers when there are at most `limit`, else their range."""
        if self.values is not None and math.prod(self.shape) <= limit:
            return text.numbers(self.told(self.values))
        low, mean, high = self.told(list(self._range()))
        return f"{text.number(low)} to {text.number(high)}, mean {text.number(mean)}"

    def flat(self):
        """All numbers in a row, where all are kept."""
        return _flat(self.values)

    def brief(self):
        """A few letters for the side of an arrow: up to two numbers, else the range."""
        if self.values is not None and math.prod(self.shape) <= 2:
            return text.numbers(self.told(self.values))
        low, _, high = (text.number(end) for end in self.told(list(self._range())))
        return f"all {low}" if low == high else f"{low} to {high}"

    def long(self):
        """Everything that is kept, as `tensor(...)` with one row per line."""
        if self.values is None:
            return f"tensor of shape {text.shape(self.shape)}: {self.short()}"
        rows = self.told(self.values)
        if len(self.shape) > 1:
            return "tensor([" + ",\n        ".join(text.numbers(row) for row in rows) + "])"
        return f"tensor({text.numbers(rows)})"

    def told(self, values):
        """The numbers without what is only rounding. Integers have none."""
        if self.dtype not in NOISE:
            return values
        sizes = [abs(value) for value in _flat(values) if math.isfinite(value)]
        return _floored(values, max(sizes, default=0.0) * NOISE[self.dtype])

    def _range(self):
        if self.values is None:
            return self.low, self.mean, self.high
        flat = list(self.flat())
        if not flat or any(value != value for value in flat):
            return (math.nan,) * 3
        try:
            mean = math.fsum(flat) / len(flat)
        except OverflowError:  # the sum is beyond a float, the mean is not
            mean = math.fsum(number / len(flat) for number in flat)
        except ValueError:  # inf and -inf
            mean = math.nan
        return min(flat), mean, max(flat)


def _floored(values, least):
    if isinstance(values, list | tuple):
        return [_floored(value, least) for value in values]
    return 0.0 if abs(values) < least else values


def _flat(values):
    if isinstance(values, list | tuple):
        for value in values:
            yield from _flat(value)
    else:
        yield values
