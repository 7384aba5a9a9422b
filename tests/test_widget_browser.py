"""The graph and the controls in a real browser: a page with a made-up model, a strict security policy and no server."""

import itertools

import pytest

from viz.scripts import STATIC, script

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>graph</title>
<link rel="stylesheet" href="graph.css"></head><body><div id="out"></div><script type="module" src="boot.js"></script>
</body></html>"""
BOOT = """
import graph from "./graph.js";
import controls from "./controls.js";
import code from "./code.js";
class Model {
  constructor(traits) { this.traits = traits; this.listeners = {}; this.saves = []; }
  get(name) { return this.traits[name]; }
  set(name, value) {
    if (this.traits[name] === value) return;
    this.traits[name] = value;
    for (const act of this.listeners["change:" + name] || []) act();
  }
  on(event, act) { (this.listeners[event] ||= []).push(act); }
  off(event, act) { this.listeners[event] = (this.listeners[event] || []).filter((other) => other !== act); }
  save_changes() { this.saves.push(structuredClone(this.traits)); }
}
window.widgets = { graph, controls, code };
window.start = (kind, traits) => {
  const el = document.getElementById("out");
  el.replaceChildren();
  window.model = new Model(traits);
  window.stop = window.widgets[kind].render({ model: window.model, el });
};
document.body.dataset.ready = "true";
"""
FILES = {
    "/": ("text/html", PAGE), "/boot.js": ("text/javascript", BOOT),
    "/graph.js": ("text/javascript", script("graph.js")),
    "/controls.js": ("text/javascript", script("controls.js")), "/code.js": ("text/javascript", script("code.js")),
    "/graph.css": ("text/css", (STATIC / "graph.css").read_text("utf-8")),
}


def node(key, kind="op", x=0, y=60, **more):
    return {"key": key, "kind": kind, "op_kind": "elementwise" if kind == "op" else None, "title": key,
            "subtitle": "(3,)", "x": x, "y": y, "w": 70, "h": 44, "recorded": True, "reason": None, "badges": [],
            "detail": [["shape", "(3,)"]], "value": "tensor([1.0, 2.0, 3.0])", "grad": None, "ledger": []} | more


def edge(start, end, **more):
    return {"key": f"{start}>{end}", "from": start, "to": end, "label": "(3,)", "argument": None, "recorded": True,
            "tracks": True, "flows": False, "path": "M 40 60 C 60 60 80 60 100 60", "lx": 70, "ly": 50} | more


def scene(nodes, edges, digest="d1"):
    return {"width": 500, "height": 160, "nodes": nodes, "edges": edges, "summary": f"{len(nodes)} nodes",
            "digest": digest, "outline": "w\nmul <- w", "notice": ""}


def chain(recorded=True, square=False):
    cut = {} if recorded else {"recorded": False, "reason": "no_grad", "badges": ["no_grad"]}
    grad = {"grad": "tensor([2.0])", "badges": ["grad"], "ledger": ["+ 2.0 -> 2.0  (backward 1)"]} if recorded else {}
    nodes = [node("w", "parameter", 40, **grad), node("mul", x=180, **cut), node("y", "output", 320)]
    edges = [edge("w", "mul", recorded=recorded, flows=recorded), edge("mul", "y", recorded=recorded)]
    if square:
        nodes.insert(2, node("square", x=250, y=120))
    return scene(nodes, edges, f"d{recorded}{square}")


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    yield from opened(page)


@pytest.fixture
def still_page(browser):
    page = browser.new_page(viewport={"width": 1000, "height": 700}, reduced_motion="reduce")
    yield from opened(page)


def opened(page):
    """The page, ready; afterwards no error and no forbidden request may have happened."""
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)

    def serve(route):
        kind, body = FILES.get(route.request.url.removeprefix("http://graph.test"), (None, None))
        if kind is None:
            trouble.append(f"asked for {route.request.url}")
            return route.abort()
        return route.fulfill(body=body, headers={"content-type": f"{kind}; charset=utf-8",
                                                 "content-security-policy": POLICY})

    page.route("**/*", serve)
    page.goto("http://graph.test/")
    page.wait_for_selector("body[data-ready]", state="attached")
    yield page
    page.close()
    assert [line for line in trouble if "favicon" not in line] == []


def show(page, drawing, **traits):
    page.evaluate("([kind, traits]) => start(kind, traits)", ["graph", {
        "scene": drawing, "selected": "", "size": "normal", "note": "", "error": "", "stale": False} | traits])
    page.wait_for_selector("#out[data-drawn='1'][data-settled=true]")


def change(page, drawing):
    page.evaluate("drawing => model.set('scene', drawing)", drawing)


def settle(page):
    page.wait_for_selector("#out[data-settled=true]")


def place(page, key):
    return page.locator(f".vg-node[data-key={key}]").get_attribute("transform")


def focused(page):
    return page.evaluate("document.activeElement.dataset.key")


def test_every_node_edge_shape_and_tag_is_on_the_page(page):
    show(page, chain())
    assert page.locator(".vg-name").all_text_contents() == ["w", "mul", "y"]
    assert page.locator(".vg-edge-label").all_text_contents() == ["(3,)", "(3,)"]
    assert page.locator(".vg-tag").all_text_contents() == ["grad"]
    assert page.get_by_role("button", name="w, parameter, (3,), grad, 1 out").count() == 1
    assert page.locator("#out").get_attribute("data-digest") == "dTrueFalse"


def test_only_an_edge_with_a_gradient_has_the_second_arrow(page):
    show(page, chain())
    backs = page.locator(".vg-edge-back").evaluate_all("all => all.map(path => path.getAttribute('d') !== '')")
    assert backs == [True, False]


def test_what_was_not_recorded_is_dashed_and_says_why(page):
    show(page, chain(recorded=False))
    box = page.locator(".vg-node[data-key=mul] .vg-shape")
    assert box.evaluate("shape => getComputedStyle(shape).strokeDasharray") != "none"
    assert page.get_by_role("button", name="mul, operation, elementwise, (3,), not recorded, no_grad").count() == 1
    row = chain(recorded=False)
    row["nodes"][1]["badges"] = []  # the tag stands where no_grad begins; the spoken words say it of each
    change(page, row)
    assert page.locator(".vg-tag").all_text_contents() == []
    assert page.get_by_role("button", name="mul, operation, elementwise, (3,), not recorded, no_grad").count() == 1


def test_a_change_keeps_nodes_adds_new_ones_and_says_so(page):
    show(page, chain())
    page.locator(".vg-node[data-key=mul]").evaluate("group => { group.mark = 1; }")
    change(page, chain(recorded=False, square=True))
    caption = page.get_by_role("status").first
    assert caption.text_content() == "1 op is no longer recorded: mul; 1 new node: square; 1 gradient is gone: w"
    assert page.locator(".vg-node[data-key=mul]").evaluate("group => group.mark") == 1
    assert page.locator(".vg-fresh").evaluate_all("all => all.map(g => g.dataset.key)") == ["mul", "square"]
    settle(page)
    change(page, chain())
    settle(page)
    assert page.locator(".vg-node[data-key=square]").count() == 0


def test_a_new_scene_in_the_middle_of_a_change_wins(page):
    show(page, chain())
    home = place(page, "y")
    far = chain()
    far["nodes"][2]["x"] = 460
    change(page, far)
    page.wait_for_timeout(100)
    change(page, chain())
    settle(page)
    assert place(page, "y") == home


def test_a_node_that_is_leaving_can_come_back(page):
    show(page, chain(square=True))
    change(page, chain())
    page.wait_for_timeout(60)
    change(page, chain(square=True))
    settle(page)
    square = page.locator(".vg-node[data-key=square]")
    assert (square.count(), square.get_attribute("opacity"), square.get_attribute("aria-hidden")) == (1, "1.00", None)


def test_without_motion_the_new_picture_stands_at_once(still_page):
    show(still_page, chain())
    far = chain()
    far["nodes"][2]["x"] = 460
    moved = still_page.evaluate("""drawing => { model.set('scene', drawing);
        return document.querySelector('[data-key=y]').getAttribute('transform'); }""", far)
    assert moved == "translate(460 60)"


def test_keys_follow_edges_open_and_close(page):
    show(page, chain())
    page.get_by_role("button", name="Larger, for a projector").focus()
    page.keyboard.press("Tab")
    if focused(page) is None:  # the stage itself may be a stop, since it scrolls
        page.keyboard.press("Tab")
    assert focused(page) == "w"
    page.keyboard.press("ArrowRight")
    assert focused(page) == "mul"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    panel = page.locator(".vg-panel")
    assert "tensor([1.0, 2.0, 3.0])" in panel.text_content()
    assert "+ 2.0 -> 2.0  (backward 1)" in panel.text_content()
    assert page.evaluate("model.get('selected')") == "w"
    page.keyboard.press("Escape")
    assert not panel.is_visible()
    assert (focused(page), page.evaluate("model.get('selected')")) == ("w", "")


def test_shift_enter_is_left_to_the_cell_around_and_opens_nothing(page):
    page.evaluate("""() => {
        const cell = document.createElement("div"), out = document.getElementById("out");
        Object.assign(cell, { className: "jp-Cell", tabIndex: -1 });
        out.before(cell);
        cell.append(out);
        window.ran = [];
        cell.addEventListener("keydown", (event) => ran.push([event.key, event.shiftKey, event.target === cell]));
    }""")
    show(page, chain())
    mul = page.locator("[data-key=mul]")
    mul.press("Shift+Enter")
    slider = {"kind": "slider", "name": "x", "low": 0, "high": 4, "step": 1, "digits": 0}
    assert page.evaluate("model.get('selected')") == "" and page.evaluate("ran.at(-1)") == ["Enter", True, True]
    page.evaluate("traits => { stop(); start('controls', traits) }", {
        "controls": [slider], "values": {"x": 1}, "asked": 0, "done": 0, "size": "normal"})
    page.get_by_role("slider").press("Shift+Enter")
    assert page.evaluate("ran.filter(([key]) => key === 'Enter')") == [["Enter", True, True]] * 2
    assert page.evaluate("document.activeElement.className") == "jp-Cell"


def test_an_open_panel_follows_the_new_scene_and_closes_when_its_node_goes(page):
    show(page, chain(square=True), selected="square")
    assert page.locator(".vg-panel h3").text_content() == "square"
    again = chain(square=True)
    again["nodes"][2]["value"] = "tensor([9.0])"
    change(page, again)
    assert "tensor([9.0])" in page.locator(".vg-panel").text_content()
    change(page, chain())
    assert not page.locator(".vg-panel").is_visible()


def test_the_size_button_says_what_it_does_next(page):
    show(page, chain())
    page.get_by_role("button", name="Larger, for a projector").click()
    back = page.get_by_role("button", name="Normal size")
    assert (back.text_content(), back.get_attribute("title")) == ("Normal size", "Normal size")
    back.click()
    assert page.get_by_role("button", name="Larger, for a projector").text_content() == "Larger"


def test_the_digest_is_explained_where_it_stands(page):
    show(page, chain())
    digest = page.locator(".vg-digest")
    assert digest.text_content() == "digest dTrueFal"
    assert "same structure gives the same letters" in digest.get_attribute("title")


def test_the_text_view_explains_its_words(page):
    show(page, chain() | {"glossary": [["ledger", "what changed it"], ["<b>", "<i>"]]})
    page.get_by_role("button", name="Outline: the whole graph in words").click()
    assert page.locator(".vg-outline dt").all_text_contents() == ["ledger", "<b>"]
    assert page.locator(".vg-outline dd").all_text_contents() == ["what changed it", "<i>"]


def test_an_argument_stands_above_the_shape(page):
    show(page, scene([node("a"), node("b", x=200)], [edge("a", "b", argument="weight")]))
    lines = page.locator(".vg-edge-label text")
    assert lines.all_text_contents() == ["weight", "(3,)"]
    name, shape = (lines.nth(number).bounding_box()["y"] for number in (0, 1))
    size = float(lines.first.evaluate("text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a"))
    assert shape - name == pytest.approx(13 / 12 * size, abs=0.5)


def test_a_picture_that_is_a_little_too_wide_is_seen_whole_and_a_wide_one_stays_legible(page):
    stage = "document.querySelector('.vg-stage')"
    for width, whole in ((1300, True), (1800, False)):
        show(page, chain() | {"width": width})
        assert page.evaluate(f"{stage}.scrollWidth <= {stage}.clientWidth") == whole
        letters = page.locator(".vg-edge-label").first.evaluate("text => 12 * text.getScreenCTM().a")
        assert letters >= 7.9 if whole else letters >= 9.5


def test_without_its_kernel_a_picture_is_grey_says_what_to_do_and_cannot_be_pressed(page):
    show(page, chain())
    page.evaluate("model.set('gone', 'The kernel was restarted: run this cell again.')")
    assert page.get_by_text("The kernel was restarted: run this cell again.").is_visible()
    assert page.locator(".vg-content").evaluate("part => part.inert && getComputedStyle(part).opacity < 0.5")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.body")
    show(page, chain(), gone="The kernel was restarted: run this cell again.")  # drawn when it was gone already
    assert page.locator(".vg-lost").count() == 1


def test_the_outline_that_opens_comes_into_view(page):
    show(page, chain())
    page.set_viewport_size({"width": 900, "height": 120})
    page.get_by_role("button", name="Outline").click()
    page.wait_for_function("document.querySelector('.vg-outline').getBoundingClientRect().top < innerHeight")


def test_a_view_that_the_front_end_marks_as_cut_off_is_grey_until_the_mark_goes(page):
    show(page, chain())
    mark = "on => document.getElementById('out').classList.toggle('jupyter-widgets-disconnected', on)"
    page.evaluate(mark, True)
    page.get_by_text("The kernel was restarted: run the cells above, then run this cell again.").wait_for()
    page.evaluate(mark, False)
    page.wait_for_selector(".vg-lost", state="detached")
    assert not page.locator(".vg-content").evaluate("part => part.inert")


@pytest.mark.parametrize(("status", "words"), [
    ("restarting", "was restarted"), ("autorestarting", "was restarted"), ("dead", "has stopped"), ("busy", None),
])  # fmt: skip
def test_the_status_of_the_kernel_is_noted_on_the_model(page, status, words):
    show(page, chain())
    page.evaluate(NOTE_STATUS, status)
    gone = page.evaluate("model.get('gone') || null")
    assert gone is words is None or words in gone


NOTE_STATUS = """status => {
    const signal = () => ({ acts: [], connect(act) { this.acts.push(act); }, disconnect() {} });
    const session = { statusChanged: signal(), kernelChanged: signal() };
    model.widget_manager = { context: { sessionContext: session } };
    widgets.graph.initialize({ model });
    session.statusChanged.acts.forEach((act) => act(session, status));
}"""


def test_key_and_text_open_and_say_so(page):
    show(page, chain())
    for name, part in [("How to read this", ".vg-legend"), ("Outline: the whole graph in words", ".vg-outline")]:
        button = page.get_by_role("button", name=name)
        assert not page.locator(part).is_visible()
        button.click()
        assert page.locator(part).is_visible()
        assert button.get_attribute("aria-expanded") == "true"
    assert page.locator(".vg-outline pre").text_content() == "w\nmul <- w"
    assert "no gradient can come back" in page.locator(".vg-legend").text_content()


HOSTILE = ["<img src=x onerror='window.hacked=1'>", "</text><script>window.hacked=1</script>",
           '"><svg/onload=hacked=1>', "javascript:hacked=1", "\u202eright to left", "a\nb\0c", "🙂" * 50, "x" * 10_000,
           "&lt;b&gt;", "${hacked=1}"]


def test_hostile_words_stay_words(page):
    nodes = [node(word, x=40 * i, title=word, subtitle=word, badges=[word], detail=[[word, word]], value=word,
                  grad=word, ledger=[word], reason=word, recorded=False) for i, word in enumerate(HOSTILE)]
    edges = [edge(a, b, label=b, argument=a, path="M <script> C 1 e 2") for a, b in itertools.pairwise(HOSTILE)]
    drawing = scene(nodes, edges) | {"summary": HOSTILE[0], "outline": HOSTILE[1], "digest": HOSTILE[2]}
    show(page, drawing, selected=HOSTILE[0], note=HOSTILE[0], error=HOSTILE[1])
    page.get_by_role("button", name="How to read this").click()
    assert page.locator("#out script, #out img, #out b").count() == 0
    assert page.evaluate("window.hacked") is None
    assert page.locator(".vg-nodes .vg-node").count() == len(HOSTILE)
    assert page.locator(".vg-panel h3").text_content() == HOSTILE[0]
    boxes = page.locator(".vg-nodes .vg-name").evaluate_all("all => all.map(text => text.getBBox().width)")
    assert max(boxes) <= 80


def test_an_empty_scene_says_what_to_do_and_an_error_keeps_the_old_picture_pale(page):
    show(page, scene([], []) | {"width": 0, "height": 0, "notice": "Run the cell above first."})
    assert page.get_by_text("Run the cell above first.").is_visible()
    change(page, chain())
    page.evaluate("() => { model.set('stale', true); model.set('error', 'ValueError: no'); }")
    assert page.get_by_role("alert").text_content() == "ValueError: no"
    assert page.locator(".vg-nodes .vg-node").count() == 3
    assert page.locator(".vg-stale .vg-svg").count() == 1


def test_a_node_that_is_reached_by_key_comes_into_view_and_the_edges_tell_where_there_is_more(page):
    far = chain() | {"width": 3000}
    far["nodes"][2]["x"] = 2900
    show(page, far)
    page.locator(".vg-node[data-key=w]").focus()
    stage = page.locator(".vg-stage")
    more = "stage => ['vg-more-left', 'vg-more-right'].map(name => stage.classList.contains(name))"
    assert stage.evaluate(more) == [False, True]
    page.keyboard.press("End")
    assert focused(page) == "y"
    page.wait_for_selector(".vg-more-left")
    assert stage.evaluate(more) == [True, False]
    inside = """stage => { const box = stage.getBoundingClientRect();
        const node = stage.querySelector('[data-key=y] .vg-shape').getBoundingClientRect();
        return node.left > box.left + 10 && node.right < box.right - 10; }"""
    assert stage.evaluate(inside)


def test_zoom_makes_it_larger_and_fit_brings_it_back(page):
    show(page, chain() | {"width": 3000})
    wide = page.locator(".vg-stage > svg")
    first = float(wide.get_attribute("width"))
    page.get_by_role("button", name="Zoom in").click()
    assert float(wide.get_attribute("width")) > first
    page.get_by_role("button", name="Fit all of the graph").click()
    assert float(wide.get_attribute("width")) <= page.locator(".vg-stage").evaluate("stage => stage.clientWidth")


def test_sixty_nodes_are_drawn_and_the_time_is_told(page, capsys):
    def grid(recorded):
        nodes = [node(f"n{i}", x=60 + 120 * (i // 5), y=40 + 70 * (i % 5), recorded=recorded or i % 2 == 0,
                      reason=None if recorded or i % 2 == 0 else "no_grad") for i in range(60)]
        edges = [edge(f"n{i - 5}", f"n{i}", flows=recorded) for i in range(5, 60)]
        return scene(nodes, edges, f"grid{recorded}") | {"width": 1500, "height": 400}

    show(page, grid(True))
    times = []
    for turn in range(6):
        change(page, grid(turn % 2 == 1))
        times.append(float(page.locator("#out").get_attribute("data-draw-ms")))
    assert page.locator(".vg-nodes .vg-node").count() == 60
    with capsys.disabled():
        print(f"\n60 nodes: {sorted(times)[len(times) // 2]:.1f} ms of script per new scene")


def test_stopping_leaves_nothing_behind(page):
    show(page, chain())
    page.evaluate("stop()")
    assert page.locator("#out > *").count() == 0
    change(page, chain(recorded=False))
    assert page.locator("#out").get_attribute("data-drawn") == "1"
