"""The colours of viz/static as they come out in each theme, and how far apart they are for whom."""

import re
from math import cbrt

from viz.scripts import STATIC

THEMES = {  # paper and ink: our own, and those of JupyterLab
    "light": ("#ffffff", "#1f2430"), "dark": ("#14171d", "#e8eaf0"),
    "JupyterLab light": ("#ffffff", "#000000"), "JupyterLab dark": ("#111111", "#ffffff"),
}


def rules(name="graph.css"):
    """(selector, property, value) of each declaration of a style sheet; inside of @media its words stand before."""
    text = re.sub(r"/\*.*?\*/", "", (STATIC / name).read_text("utf-8"), flags=re.DOTALL)
    around, found = [], []
    for words, sign in re.findall(r"([^{};]*)([{};])", text):
        words = " ".join(words.split())
        if sign == "{":
            around.append(words)
        elif words:
            prop, _, value = words.partition(":")
            found.append((" ".join(around), prop.strip(), value.strip()))
        if sign == "}":
            around.pop()
    return found


def variables(theme, strong=False):
    """Name -> value of the custom properties that hold in a theme, with more contrast or without."""
    paper, ink = THEMES[theme]
    known = {}
    for selector, prop, value in rules():
        whole = selector.startswith(".vg, .vc") or (strong and selector.startswith('.vg[data-contrast="more"],'))
        if prop.startswith("--") and whole:
            known[prop] = value
    return known | {"--paper": paper, "--ink": ink}


def colour(value, known):
    """(red, green, blue) of a value between 0 and 1, as the browser works it out."""
    value = value.strip()
    if value.startswith("var("):
        return colour(known[value[4:-1].split(",")[0]], known)
    if value.startswith("color-mix("):
        first, share, second = re.fullmatch(r"color-mix\(in srgb, (.+?) ([\d.]+)%, (.+)\)", value).groups()
        part = float(share) / 100
        other = colour("var(--paper)" if second == "transparent" else second, known)  # what is seen through it
        return tuple(a * part + b * (1 - part) for a, b in zip(colour(first, known), other, strict=True))
    digits = re.fullmatch(r"#([0-9a-f]{6})", value)[1]
    return tuple(int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4))


def _linear(rgb):
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]


def contrast(one, other):
    """The ratio that WCAG 2 defines, from 1 to 21."""
    bright, dim = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in map(_linear, (one, other))), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


# What is left of linear red, green and blue for eyes without one kind of cones (Machado, Oliveira, Fernandes 2009).
EYES = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def distance(one, other, eyes="usual"):
    """How different two colours look, a hundredth being about as little as one can see (Oklab, Ottosson 2020)."""
    return sum((a - b) ** 2 for a, b in zip(_oklab(one, eyes), _oklab(other, eyes), strict=True)) ** 0.5


def _times(matrix, vector):
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _oklab(rgb, eyes):
    seen = [min(max(part, 0.0), 1.0) for part in _times(EYES[eyes], _linear(rgb))]
    cones = _times(((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
                    (0.0883024619, 0.2817188376, 0.6299787005)), seen)
    return _times(((0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
                   (0.0259040371, 0.7827717662, -0.8086757660)), [cbrt(cone) for cone in cones])
