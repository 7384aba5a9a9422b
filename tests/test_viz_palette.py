"""The colours of the widgets: enough contrast in every theme (WCAG AA), and kinds of ops that stay apart for all."""

import itertools
import re

import pytest

from tests import palette
from viz import dot, svg
from viz.still import night

TEXT, GRAPHIC = 4.5, 3.0  # the least ratio of WCAG 2.2 for words, and for lines and signs that mean something
APART = 0.05  # in Oklab; 0.02 is told apart side by side
SHEETS = "graph.css", "steps.css", "oracle.css", "life.css", "meter.css"
SURFACES = "var(--paper)", "var(--wash)"
LIT = "color-mix(in srgb, var(--accent) 12%, var(--paper))"
PRESSED = "color-mix(in srgb, var(--ink) 8%, var(--paper))"
FLAG = "color-mix(in srgb, var(--ink) 88%, var(--paper))"
ON = {  # words that stand on something else than paper or wash
    ".vg-kind-output:not(.vg-unrecorded) .vg-name": (FLAG,), ".vg-kind-output:not(.vg-unrecorded) .vg-sub": (FLAG,),
    ".vs .vg-tag-ready text": ("var(--gradient)",), ".vo .vg-tag-error text": ("var(--warn)",),
    ".vs .vg-tag-keeps text": ("color-mix(in srgb, var(--ink) 14%, var(--paper))",),
    ".vs-number": (*SURFACES, "color-mix(in srgb, var(--accent) 17%, var(--paper))",
                   "color-mix(in srgb, var(--gradient) 12%, var(--paper))"),
    ".vg-tag-warn text": ("var(--warn)",), ".vg-chip.vg-tag-warn": ("var(--warn)",),
    '.vc-option[aria-checked="true"]': ("var(--accent)",), ".vk-number": (*SURFACES, LIT), ".vk-mark": (*SURFACES, LIT),
    ".vk-words": (*SURFACES, LIT), '.vg-button[aria-expanded="true"], .vg-button[aria-pressed="true"]': (PRESSED,),
    ".vg, .vc, .vk, .vg-full": (*SURFACES, LIT, "color-mix(in srgb, var(--warn) 7%, var(--paper))"),
}
QUIET = "var(--line)", "var(--paper)", "none", "transparent"  # the edges of cards and the gaps around lines say nothing
VALUE = re.compile(r"color-mix\(.*\)|var\(--[\w-]+\)|#[0-9a-f]{6}")
WORDS = re.compile(r"(text|label|\.vg-name|\.vg-sub)$")
SIGNS = re.compile(r"(head|Head|knob)$", re.IGNORECASE)
HUES = {match[1]: value for selector, prop, value in palette.rules()
        if (match := re.fullmatch(r"\.vg-op-(\w+)", selector)) and prop == "--hue"}
OWN = {"--hue": [*HUES.values()], "--mark": [value for _, prop, value in palette.rules() if prop == "--mark"]}
BORDER = "color-mix(in srgb, {} 74%, var(--ink))"

looks = pytest.mark.parametrize(("theme", "strong"), [*itertools.product(palette.THEMES, (False, True))])


def colours():
    """(selector, property, value) of what has a colour of its own; the system's own colours are not ours to judge."""
    for selector, prop, value in itertools.chain.from_iterable(map(palette.rules, SHEETS)):
        if "forced-colors" in selector or prop.startswith("--") or "data-contrast" in selector:
            continue
        if found := VALUE.search(value):
            yield selector.removeprefix("@media (prefers-reduced-motion: reduce) "), prop, found[0]


def weak(theme, strong, pairs, least):
    known, found = palette.variables(theme, strong), []
    for what, front, back in pairs:
        name = next((name for name in OWN if name in front + back), "")  # of which each kind has its own
        for hue in OWN.get(name, ("",)):
            ratio = palette.contrast(*(palette.colour(value, known | {name: hue}) for value in (front, back)))
            if ratio < least:
                found.append(f"{what}: {front.replace(f'var({name})', hue)} on {back}: {ratio:.2f}")
    return found


@looks
def test_all_words_can_be_read(theme, strong):
    pairs = []
    for selector, prop, value in colours():
        if prop == "color" or (prop == "fill" and WORDS.search(selector)):
            pairs += [(selector, value, back) for back in ON.get(selector, SURFACES)]
    fills = [value for selector, prop, value in colours() if prop == "fill" and selector.endswith(".vg-shape")
             and "output" not in selector]
    pairs += [("in a box", front, back) for front in ("var(--ink)", "var(--soft)") for back in fills]
    assert len(pairs) > 60 and weak(theme, strong, pairs, TEXT) == []


@looks
def test_all_lines_and_signs_can_be_seen(theme, strong):
    pairs = [(selector, value, "var(--paper)") for selector, prop, value in colours()
             if (prop in ("stroke", "outline", "accent-color") or prop.startswith("border")
                 or (SIGNS.search(selector) and prop in ("fill", "background"))) and value not in QUIET]
    assert len(pairs) > 30 and weak(theme, strong, pairs, GRAPHIC) == []


@pytest.mark.parametrize("eyes", palette.EYES)
@pytest.mark.parametrize("theme", palette.THEMES)
def test_kinds_of_operations_look_different_to_all_eyes(theme, eyes):
    known = palette.variables(theme)
    borders = {kind: palette.colour(BORDER.format(hue), known) for kind, hue in HUES.items()}
    near = [(a, b) for a, b in itertools.combinations(borders, 2)
            if palette.distance(borders[a], borders[b], eyes) < APART]
    assert set(borders) == set(dot.KIND_BORDERS) and near == []


def test_both_lists_of_hues_in_the_style_sheet_are_the_same():
    tints = {match[1]: value for selector, prop, value in palette.rules()
             if (match := re.fullmatch(r"\.vg-tint\.vg-op-(\w+)", selector)) and prop == "--hue"}
    [plain] = [value for selector, prop, value in palette.rules() if selector == ".vg-tint" and prop == "--hue"]
    assert tints | {"shape": plain} == HUES


@pytest.mark.parametrize("eyes", palette.EYES)
def test_kinds_look_different_in_a_picture_as_well(eyes):
    borders = {kind: palette.colour(value, {}) for kind, value in dot.KIND_BORDERS.items()}
    near = [(a, b) for a, b in itertools.combinations(borders, 2)
            if palette.distance(borders[a], borders[b], eyes) < APART]
    assert near == []


@pytest.mark.parametrize("theme", [str, night], ids=["by day", "by night"])
def test_a_picture_can_be_read(theme):
    fills = [svg.PAPER, dot.GIVEN, *dot.KIND_COLOURS.values()]
    words = [(front, back) for front in (dot.INK, svg.SOFT) for back in fills]
    words += [(front, svg.PAPER) for front in ("#5c626b", svg.WARN, svg.FLOW, *svg.MARKS.values())]
    words += [(svg.PAPER, svg.FLAG)]
    signs = [(front, svg.PAPER) for front in (dot.QUIET, dot.FLOW, *dot.KIND_BORDERS.values())]
    for pairs, least in ((words, TEXT), (signs, GRAPHIC)):
        ratios = {pair: palette.contrast(*(palette.colour(theme(value), {}) for value in pair)) for pair in pairs}
        assert {pair: ratio for pair, ratio in ratios.items() if ratio < least} == {}


def test_the_measures_are_the_published_ones():
    white, black, grey = ((1, 1, 1), (0, 0, 0), palette.colour("#767676", {}))
    assert palette.contrast(white, black) == pytest.approx(21)
    assert palette.contrast(white, grey) == pytest.approx(4.54, abs=0.01)
    assert palette.distance(white, black) == pytest.approx(1, abs=1e-3)
    red, green = palette.colour("#a05030", {}), palette.colour("#607020", {})
    assert palette.distance(red, green, "deuteranopia") < palette.distance(red, green) / 2
    assert palette.colour("color-mix(in srgb, #ff0000 50%, var(--paper))", {"--paper": "#ffffff"}) == (1, 0.5, 0.5)
