"""Text for pictures and outlines: numbers with a fixed format, safe short names, and widths in a browser's font."""

import unicodedata

# Marks that change the direction of the text around them could make a label read as something else.
_DIRECTION = dict.fromkeys([0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def clean(text, limit=60):
    """`text` on one line, without control characters, and at most `limit` characters long.

    >>> clean("a\\nb"), clean("x" * 100, limit=5)
    ('a b', 'xxxx…')
    """
    text = str(text)[: 4 * limit + 100].translate(_DIRECTION)  # a 10 kB name is cut before the slow part
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if char.isspace() else _visible(char) for char in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def dotted(name, limit):
    """The same, but of a path that is too long the end: there it says which of the tensors of a module it is.

    >>> dotted("encoder.layers.10.attention.weight", 20), dotted("w" * 9, 5)
    ('….attention.weight', 'wwww…')
    """
    whole = clean(name, 200)
    parts = whole.split(".")
    ends = ["…." + ".".join(parts[at:]) for at in range(1, len(parts))]
    return whole if len(whole) <= limit else next((end for end in ends if len(end) <= limit), clean(name, limit))


def _visible(char):
    return "\ufffd" if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") else char


def number(value):
    """One number with four significant digits, the same on every machine.

    >>> number(3.0), number(1/3), number(0.99999), number(8103.08), number(7), number(True), number(float("nan"))
    ('3.0', '0.3333', '1.000', '8103', '7', 'True', 'nan')
    """
    if isinstance(value, bool | int):
        return str(value)
    value = float(value)
    if value == 0.0:
        return "0.0"  # also for -0.0, whose sign depends on the machine
    value = float(f"{value:.6g}")  # first without the last digits, else noise in them decides which way 0.15625 rounds
    text = f"{value:.4g}"
    if not text.lstrip("-").isdigit():
        return text
    return f"{text}.0" if value == int(text) else f"{value:#.4g}".rstrip(".")  # 1.000 for what only rounds to 1


def numbers(values):
    """Nested lists of numbers as text, as in `[[1.0, 2.0], [3.0, 4.0]]`."""
    if isinstance(values, list | tuple):
        return "[" + ", ".join(numbers(value) for value in values) + "]"
    return number(values)


def shape(sizes):
    """A shape as Python writes it.

    >>> shape([3, 4]), shape([3]), shape([]), shape([None, 4]), shape(None)
    ('(3, 4)', '(3,)', '()', '(?, 4)', '?')

    None: not known before it runs.
    """
    if sizes is None:
        return "?"
    return str(tuple("?" if size is None else int(size) for size in sizes)).replace("'", "")


def plural(count, noun):
    """`count` and its noun: `plural(2, "leaf")` is "2 leaves"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1] + 'ves' if noun.endswith('f') else noun + 's'}"


def nbytes(count):
    """A number of bytes in a few characters.

    >>> nbytes(288), nbytes(4096), nbytes(3_500_000)
    ('288 B', '4.1 kB', '3.5 MB')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def plain(value):
    """An attribute of an op as JSON can hold it, without addresses: numbers, text, None and tuples of these."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, slice):
        parts = ["" if part is None else str(plain(part)) for part in (value.start, value.stop, value.step)]
        return ":".join(parts[:2] if value.step is None else parts)
    if value is Ellipsis:
        return "..."
    if isinstance(value, list | tuple):
        return tuple(plain(item) for item in value)
    named = getattr(value, "name", None) or getattr(value, "__name__", None)
    if isinstance(named, str):  # dtypes, devices, functions
        return named
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return plain(getattr(value, "array", value).item())
    if hasattr(value, "shape"):
        return f"array {shape(value.shape)}"
    return type(value).__name__


def attributes(mapping):
    """Attributes as `axis=1, keepdims=True`; those that are None or False say nothing and are left out."""
    shown = {key: value for key, value in mapping.items() if value is not None and value is not False}
    return ", ".join(f"{key}={_attribute(value)}" for key, value in shown.items())


def _attribute(value):
    if isinstance(value, tuple):
        return "(" + ", ".join(_attribute(item) for item in value) + ("," if len(value) == 1 else "") + ")"
    return number(value) if isinstance(value, float) else str(value)


# Advance widths in thousandths of the font size. They follow the widest of the usual interface fonts, so that
# a box drawn with any of them is large enough.
_NARROW = dict.fromkeys("ijlI.,:;'!| ", 330) | dict.fromkeys("frt()[]{}-/\\\"*", 420)
_WIDE = dict.fromkeys("mwMW@%→—", 960) | dict.fromkeys("GOQDHNUCV…+=<>#&~", 810)


def width(text, size):
    """Width in pixels of `text` set in a font of `size` pixels, estimated a little generously."""
    return sum(_advance(char) for char in text) * size / 1000


def _advance(char):
    if char in _NARROW:
        return _NARROW[char]
    if char in _WIDE:
        return _WIDE[char]
    if char.isascii():
        return 700 if char.isupper() else 620
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Cf"):
        return 0
    return 1150 if unicodedata.east_asian_width(char) in "WF" else 800
