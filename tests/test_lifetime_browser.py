"""The lifetime chart in a real browser, under the strict policy of the other widgets; and the pin on a leaf."""

import minigrad as mg
import viz
from minigrad import optim
from tests.test_widget_browser import BOOT, FILES, STATIC, page, script, show  # noqa: F401  fixtures
from viz.lifewidget import plain

BOOT_LIFE = BOOT.replace("import controls", 'import life from "./life.js";\nimport controls').replace(
    "{ graph, controls, code }", "{ graph, controls, code, life }")


def lives(leak=True):
    """A loop of five turns that leaks or not."""
    w, losses = mg.ones(50, requires_grad=True), []
    with viz.lifetime() as life:
        for _ in life.turns(range(5)):
            loss = (w * w).sum()
            losses.append(loss if leak else loss.item())
    return life.lives


def start(page, monkeypatch, drawing):  # noqa: F811
    monkeypatch.setitem(FILES, "/boot.js", ("text/javascript", BOOT_LIFE))
    monkeypatch.setitem(FILES, "/life.js", ("text/javascript", script("life.js")))
    css = "".join((STATIC / name).read_text("utf-8") for name in ("graph.css", "life.css"))
    monkeypatch.setitem(FILES, "/graph.css", ("text/css", css))
    page.reload()
    page.wait_for_selector("body[data-ready]", state="attached")
    page.evaluate("([kind, traits]) => start(kind, traits)", ["life", {"life": drawing, "chosen": -1}])


def test_the_chart_says_what_the_table_says_and_is_walked_by_keyboard(page, monkeypatch):  # noqa: F811
    start(page, monkeypatch, plain(lives()))
    verdict = page.get_by_role("status").inner_text()
    assert verdict == "Rising: 5 turns are alive at once, 10 nodes. Held by losses[0 to 3]."
    words, tags = page.locator(".vl-words"), page.locator(".vl-tag")
    assert words.inner_text() == "Turn 5: 10 live nodes, 200 B saved, 8 of earlier turns, held by"
    assert tags.all_inner_texts() == ["losses[0 to 3] (turns 1 to 4)"]
    page.get_by_role("slider", name="Turn").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert words.inner_text().startswith("Turn 3: 6 live nodes")
    assert tags.all_inner_texts() == ["losses[0 to 1] (turns 1 to 2)"]
    assert page.evaluate("model.get('chosen')") == 2
    page.get_by_text("All turns in words").click()
    assert "losses[0 to 3] (turns 1 to 4)" in page.get_by_label("The table").inner_text()


def test_it_follows_the_loop_and_a_flat_line_has_no_tags(page, monkeypatch):  # noqa: F811
    start(page, monkeypatch, plain(viz.lifetime().lives))
    assert page.get_by_role("status").inner_text() == "Nothing is marked yet."
    page.evaluate("life => model.set('life', life)", plain(lives(leak=False)))
    assert page.get_by_role("status").inner_text().startswith("Flat: no graph outlives its turn")
    assert page.locator(".vl-words").inner_text() == "Turn 5: 2 live nodes, 200 B saved, all of this turn"
    assert page.locator(".vl-tag").count() == 0 and page.locator(".vl-dot.vl-alive").count() == 5
    page.locator(".vl-chart").click(position={"x": 5, "y": 60})
    assert page.locator(".vl-words").inner_text().startswith("Turn 1:")


def test_a_name_cannot_become_markup(page, monkeypatch):  # noqa: F811
    drawing = plain(lives())
    drawing["marks"][-1]["holders"] = ["<img src=x onerror=alert(1)>"]
    start(page, monkeypatch, drawing | {"verdict": "<b>no</b>"})
    assert page.locator(".vl-tag").inner_text() == "<img src=x onerror=alert(1)>"
    assert page.locator("img, b").count() == 0


def test_a_leaf_that_an_optimizer_holds_has_a_pin(page):  # noqa: F811
    w, b = mg.tensor(3.0, requires_grad=True), mg.tensor(1.0, requires_grad=True)
    opt = optim.SGD([w], lr=0.1)
    with viz.watch() as run:
        y = w * w + b
    y.backward()
    opt.step()
    show(page, run.scene())
    assert page.locator(".vg-pin title").all_text_contents() == ["held by SGD"]
    assert page.get_by_role("button", name="w, leaf requiring grad, = 3.0, held by SGD, grad").count() == 1
    page.get_by_role("button", name="b, leaf").click()
    panel = page.locator(".vg-panel")
    assert "no optimizer" in panel.inner_text()
    page.get_by_role("button", name="w, leaf").click()
    assert "held by SGD" in panel.inner_text() and "SGD sets the value: 3.0 -> 2.4" in panel.inner_text()
