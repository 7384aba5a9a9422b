"""The panel over several captures in a real browser: one slider moves all, and words say what the marks say."""

import pytest

import minigrad as mg
import viz
from minigrad import jit
from tests.test_widget_browser import BOOT, FILES, STATIC, page, script  # noqa: F401  fixtures

PARTS = BOOT.replace("import controls", 'import abreast from "./abreast.js";\nimport controls').replace(
    "{ graph, controls, code }", "{ graph, controls, code, abreast }") + """
window.models = {};
window.mount = (name, kind, traits) => {
  const el = document.createElement("div");
  el.dataset.part = name;
  document.getElementById("out").append(el);
  models[name] = new Model(traits);
  widgets[kind].render({ model: models[name], el });
  if (kind === "controls") models[name].on("change:asked", () => ask(models[name].get("values")));
};
window.update = (name, traits) => {
  for (const [trait, value] of Object.entries(traits)) models[name].set(trait, value);
};
"""
KINDS = {"Rows": "abreast", "GraphWidget": "graph", "Controls": "controls", "Code": "code"}


def hinge(x):
    if x > 0:
        y = x * 2
    else:
        y = x.neg()
        y = y.exp()
    return y + 1


def panel():
    with pytest.warns(jit.TracerWarning, match="only this way"):
        traced = jit.trace(hinge, mg.tensor(1.0), check_trace=False)
    return viz.captures({"trace": traced, "script": jit.script(hinge), "eager": hinge}, x=(-2.0, 2.0))


def put(page, monkeypatch, shown):  # noqa: F811
    """The panel on the page; its slider asks Python, which answers as the kernel would."""
    monkeypatch.setitem(FILES, "/boot.js", ("text/javascript", PARTS))
    monkeypatch.setitem(FILES, "/abreast.js", ("text/javascript", script("abreast.js")))
    css = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "abreast.css"))
    monkeypatch.setitem(FILES, "/graph.css", ("text/css", css))

    def traits(widget):
        return {name: value for name, value in widget.get_state().items() if not name.startswith("_")}

    asked = []
    page.expose_function("ask", lambda values: asked.append(values))
    page.reload()
    page.wait_for_selector("body[data-ready]", state="attached")
    children = {f"{number}": child for number, child in enumerate(shown.widget.children)}
    for name, child in children.items():
        page.evaluate("part => mount(...part)", [name, KINDS[type(child).__name__], traits(child)])

    def answer():
        """What the kernel does when the slider has moved: outside of the handler, where the page can be asked."""
        while not asked:
            page.wait_for_timeout(10)
        shown.controls.values = asked.pop()
        shown.controls.asked += 1
        for name, child in children.items():
            page.evaluate("part => update(...part)", [name, traits(child)])

    return answer


def test_one_slider_moves_all_of_them(page, monkeypatch):  # noqa: F811
    shown = panel().set(x=1.0)
    answer = put(page, monkeypatch, shown)
    table = page.get_by_role("table")
    assert table.locator("tr").nth(0).inner_text().split("\t") == [
        "trace", "gives 3.0", "= as eager", "lost: else: y = x.neg() …"]
    assert page.get_by_role("status").nth(0).inner_text() == "x=1: all give the same"
    page.get_by_role("slider", name="x").focus()
    page.keyboard.press("Home")
    answer()
    assert table.locator("tr").nth(0).inner_text().split("\t")[1:3] == ["gives -3.0", "≠ other than eager"]
    assert table.locator("tr").nth(1).inner_text().split("\t")[1:] == [
        "gives 8.389", "= as eager", "if x > 0: then not taken, else taken"]
    assert page.get_by_role("status").nth(0).inner_text() == "x=-2: trace differs"
    frames = page.locator(".vg-frame")
    titles = [frames.nth(number).locator("text").text_content() for number in range(frames.count())]
    assert titles == ["if x > 0", "then · not taken", "else · taken"]
    assert page.locator(".vg-frame-idle text").evaluate("text => getComputedStyle(text).textDecorationLine"
                                                        ) == "line-through"
    lost = page.locator(".vg-absent .vg-name")
    assert lost.text_content() == "else: y = x.neg() …"
    assert lost.evaluate("text => getComputedStyle(text).textDecorationLine") == "line-through"
    assert page.locator("[data-part] h4").all_inner_texts() == ["trace", "script", "eager"]


def test_an_arm_that_was_not_taken_did_not_run_which_is_not_called_unrecorded(page, monkeypatch):  # noqa: F811
    shown = panel().set(x=1.0)
    answer = put(page, monkeypatch, shown)
    script = page.locator("[data-part]").filter(has=page.locator(".vg-frame"))
    script.get_by_role("button", name="How to read this").click()
    here = script.locator(".vg-key").first.inner_text()
    assert "it did not run" in here and "nothing came this way" in here and "an arm that was not taken" in here
    assert "recorded" not in here and "through Python" not in here
    page.get_by_role("slider", name="x").focus()
    page.keyboard.press("Home")
    answer()
    assert script.locator(".vg-caption").inner_text().removeprefix("Changed  ") == (
        "1 op does not run any more: mul 2; 2 ops run now: neg, exp")
