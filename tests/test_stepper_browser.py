"""Stepping through a run in a real browser: by button, key, slider and by itself, and what a screen reader is told."""

import pytest

import minigrad as mg
import viz
from tests.test_widget_browser import FILES, page, show  # noqa: F401
from viz.player import Stepper
from viz.scripts import script

FILES |= {"/steps.js": ("text/javascript", script("steps.js")), "/steps.css": ("text/css", Stepper._css)}
START = """async ([name, traits]) => {
    const { default: widget } = await import(`./${name}.js`);
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: `./${name}.css` });
    document.head.append(sheet);
    await new Promise((done) => { sheet.onload = done; });
    stop();
    window.model = new model.constructor(traits);
    window.stop = widget.render({ model, el: document.getElementById("out") });
}"""


def begin(page, name, widget, *traits):  # noqa: F811
    """The widget on the page, with its own script and style sheet and these traits of its own."""
    show(page, widget.scene)
    traits = {trait: getattr(widget, trait) for trait in traits}
    page.evaluate(START, [name, {"scene": widget.scene, "selected": "", "size": "normal", "note": "", "error": "",
                                 "stale": False} | traits])


@pytest.fixture
def step(page):  # noqa: F811
    x, b = mg.tensor([[1.0, 2.0], [3.0, 4.0]]), mg.tensor([0.5, 0.5], requires_grad=True)
    with viz.watch() as run:
        y = x * b
        z = y.tanh() + y
        z.sum().backward()
    step = viz.stepper(run)
    begin(page, "steps", step, "moments", "code", "at")
    return step


def at(page):  # noqa: F811
    return page.evaluate("model.get('at')")


def titles(page, kind):  # noqa: F811
    return page.locator(f".vg-node.vs-{kind} .vg-name").all_text_contents()


def test_what_is_to_come_is_faint_and_what_happens_is_lit(page, step):  # noqa: F811
    assert titles(page, "later") == ["mul", "tanh", "add", "sum", "result"] and titles(page, "now") == []
    assert page.locator(".vs-line").count() >= 3 and page.locator(".vs-lit").count() == 0  # the code, and no line lit
    assert page.locator(".vs-facts").text_content().startswith("nextpress Next →")
    results = [page.locator(f".vg-node.vg-kind-{kind} .vg-sub").last for kind in ("op", "output")]
    assert [result.text_content() for result in results] == ["= ?", "= ?"]
    page.get_by_role("button", name="To the end").click()
    assert results[0].text_content().startswith("= ") and "?" not in results[1].text_content()
    page.get_by_role("button", name="To the start").click()
    page.get_by_role("button", name="One moment on").click()
    assert titles(page, "now") == ["mul"] and "mul" not in titles(page, "later")
    faint = page.locator(".vg-node.vs-later").first.evaluate("node => Number(getComputedStyle(node).opacity)")
    assert 0 < faint < 0.4
    assert page.locator(".vs-line.vs-lit").text_content().endswith("y = x * b")
    assert page.locator(".vg-edge-back[d='']").count() == page.locator(".vg-edge").count()  # nothing came back yet


def test_on_the_way_back_numbers_stand_on_the_edges_and_pills_at_the_nodes(page, step):  # noqa: F811
    page.evaluate("model.set('at', 6)")
    assert page.locator(".vs-lit.vs-sent").all_text_contents() == ["← all 1.0", "← all 1.0"]
    pills = page.locator(".vg-tag").all_text_contents()
    assert sorted(pills) == ["keeps #2", "keeps x", "ready", "waits for 1", "waits for 1"]
    assert page.locator(".vs-line.vs-call").text_content().endswith("z.sum().backward()")
    page.get_by_role("button", name="One moment on").click()
    page.get_by_role("button", name="One moment on").click()
    assert "Σ (2, 2) summed to (2,)" in page.locator(".vs-sent.vs-lit").all_text_contents()
    assert "g * a, (2, 2) summed to (2,) = [5.329, 7.123]" in page.locator(".vs-facts").text_content()
    assert page.locator(".vg-tag-freed").all_text_contents() == ["freed x", "freed #2"]
    page.get_by_role("button", name="To the end").click()
    assert "ledger+ [5.329, 7.123]" in page.locator(".vs-facts").text_content()
    for _ in range(9):
        page.get_by_role("button", name="One moment back").click()
    assert at(page) == 0 and page.locator(".vg-tag, .vs-sent").count() == 0


def test_keys_step_and_a_live_region_tells(page, step):  # noqa: F811
    slider = page.get_by_role("slider", name="Moment of the run")
    slider.focus()
    for key, expected in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 9), ("Home", 0),
                          ("PageDown", 1), ("PageUp", 0)]:
        page.keyboard.press(key)
        assert at(page) == expected
    page.keyboard.press("PageDown")
    assert page.get_by_role("status").first.text_content() == step.moments[1]["words"]
    assert slider.get_attribute("aria-valuetext") == f"1 of 9: {step.moments[1]['words']}"
    page.locator(".vg-node").first.focus()
    page.keyboard.press("PageDown")  # a presenter's remote sends these, wherever the focus is
    assert at(page) == 2
    page.keyboard.press("ArrowRight")  # on a node arrows follow edges, as ever
    assert at(page) == 2 and page.evaluate("document.activeElement.dataset.key").startswith("op:")


def test_it_plays_by_itself_and_stops_at_the_end(page, step):  # noqa: F811
    page.clock.install()
    page.evaluate("model.set('at', 7)")
    page.get_by_role("slider").press(" ")
    assert (at(page), page.get_by_role("button", name="Pause").count()) == (8, 1)
    page.clock.run_for(5000)
    assert (at(page), page.get_by_role("button", name="Play").count()) == (9, 1)


def test_the_details_are_those_of_the_moment(page, step):  # noqa: F811
    page.locator(".vg-kind-leaf").click()
    panel = page.locator(".vg-panel")
    assert "Gradient" not in panel.text_content() and "Ledger" not in panel.text_content()
    page.get_by_role("button", name="To the end").click()
    assert "Gradienttensor([5.329, 7.123])" in panel.text_content()
    assert "Ledgerbackward 1 adds from #1 mul: [5.329, 7.123] -> [5.329" in panel.text_content()


def test_without_steps_it_is_a_plain_picture(page):  # noqa: F811
    begin(page, "steps", Stepper(), "moments", "code", "at")
    assert not page.locator(".vs-bar").is_visible() and page.locator(".vg-notice").is_visible()
